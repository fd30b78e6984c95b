//! What one test has for itself: the machine's attention, a cgroup, a network namespace and a folder.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{cgroup::Cgroup, netns::NetNs, process::Place, tools};

/// A test's own cgroup, network namespace and folder. Rooms are used one at a time, by all processes of the machine.
/// Dropping it kills what runs in the cgroup and takes everything away, also when the test panics.
#[derive(Debug)]
pub struct Room {
    // Dropped in this order: first the processes.
    cgroup: Cgroup,
    netns: NetNs,
    folder: Folder,
    peer: PathBuf,
    _lock: File,
}

impl Room {
    /// A room for a test that uses `programs`, or `None`, said aloud, where that cannot be had on this machine. `peer` is
    /// where the kit's own program was built: `env!("CARGO_BIN_EXE_geophone-testkit-peer")`.
    ///
    /// # Panics
    /// With `CI=true` in the environment instead of returning `None`, and where the machine does not do as root says.
    pub fn open(peer: &str, programs: &[&str]) -> Option<Self> {
        static ROOMS: AtomicU64 = AtomicU64::new(0);
        if !tools::available(&[&["ip"], programs].concat()) {
            return None;
        }
        let lock = File::create(env::temp_dir().join("geophone-testkit.lock")).expect("the lock file can be made");
        lock.lock().expect("the lock can be had");
        let name = format!("{}-{}", std::process::id(), ROOMS.fetch_add(1, Ordering::Relaxed));
        Some(Self {
            cgroup: Cgroup::create(&name).expect("root may make a cgroup"),
            netns: NetNs::create(),
            folder: Folder::create(&name),
            peer: peer.into(),
            _lock: lock,
        })
    }

    /// In its cgroup and its first network namespace.
    pub const fn place(&self) -> Place<'_> {
        self.place_in(&self.netns)
    }

    /// In its cgroup and another network namespace.
    pub const fn place_in<'a>(&'a self, netns: &'a NetNs) -> Place<'a> {
        Place { cgroup: &self.cgroup, netns }
    }

    /// Its cgroup.
    pub const fn cgroup(&self) -> &Cgroup {
        &self.cgroup
    }

    /// Its first network namespace.
    pub const fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// Its folder, which everybody may read.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The kit's own program under another name, by which it will be known.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn peer(&self, name: &str) -> PathBuf {
        let path = self.folder.0.join(name);
        if !path.exists() && fs::hard_link(&self.peer, &path).is_err() {
            fs::copy(&self.peer, &path).expect("the kit's own program can be copied");
        }
        path
    }
}

/// A folder that is removed when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    /// Makes a folder, and removes those that a killed test has left: the lock says that nobody uses them.
    fn create(name: &str) -> Self {
        const PREFIX: &str = "geophone-testkit-";
        let parent = env::temp_dir();
        for left in fs::read_dir(&parent).expect("the folder for temporary files can be read").flatten() {
            if left.file_name().to_string_lossy().starts_with(PREFIX) {
                let _ = fs::remove_dir_all(left.path());
            }
        }
        let path = parent.join(format!("{PREFIX}{name}"));
        fs::create_dir(&path).expect("a folder can be made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
