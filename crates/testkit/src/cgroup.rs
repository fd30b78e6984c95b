//! A cgroup of one test's own.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::clock::wait_for;

/// What the names of the kit's cgroups begin with.
const PREFIX: &str = "geophone-testkit-";

/// A cgroup below the root of cgroup2. Dropping it kills everything in it and takes it away.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
    /// Open for writing: a process that writes `0` into it moves itself.
    members: Arc<File>,
}

impl Cgroup {
    /// Makes a cgroup, and takes away those that a killed test has left. To be called by the holder of the
    /// [`Room`](crate::Room)'s lock only, as any other cgroup of the kit is taken for a leftover.
    ///
    /// # Errors
    /// Where there is no cgroup2 file system, or it cannot be written.
    pub fn create(name: &str) -> io::Result<Self> {
        let root = geophone_probe::requirements::cgroup2_root().map_err(io::Error::other)?;
        for left in fs::read_dir(&root)?.flatten() {
            if left.file_name().to_string_lossy().starts_with(PREFIX) {
                remove(&left.path());
            }
        }
        Self::make(root.join(format!("{PREFIX}{name}")))
    }

    /// Makes a cgroup within this one, which must outlive it.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn within(&self, name: &str) -> io::Result<Self> {
        Self::make(self.path.join(name))
    }

    fn make(path: PathBuf) -> io::Result<Self> {
        fs::create_dir(&path)?;
        let members = File::options().write(true).open(path.join("cgroup.procs"))?;
        Ok(Self { path, members: Arc::new(members) })
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn members(&self) -> Arc<File> {
        Arc::clone(&self.members)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Kills what is in a cgroup and removes it. A cgroup can be removed once its last process has been reaped.
fn remove(path: &Path) {
    if fs::write(path.join("cgroup.kill"), "1").is_err() {
        // Kernels before 5.14 cannot kill a whole cgroup.
        for pid in fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default().lines() {
            if let Ok(pid) = pid.parse() {
                // SAFETY: a plain system call; the process is in a cgroup of the kit.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
        }
    }
    if !std::thread::panicking() {
        wait_for("an empty cgroup", Duration::from_secs(10), || fs::remove_dir(path).ok());
        return;
    }
    for _ in 0..500 {
        if fs::remove_dir(path).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
