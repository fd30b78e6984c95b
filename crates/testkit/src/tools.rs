//! What a kernel test needs of the machine, and what it says where that is missing.

use std::{env, fs, io::Write as _, path::PathBuf};

/// The interpreter of workload scripts.
const PYTHON: &str = "python";

/// Whether a test that needs root, a cgroup2 file system and `programs` can run here. Where it cannot, the reason and what
/// to install are printed in a line that begins with `skipped: `.
///
/// # Panics
/// With `CI=true` in the environment, where nothing may be left out.
pub(crate) fn available(programs: &[&str]) -> bool {
    let Some(reason) = missing(programs) else { return true };
    assert!(env::var("CI").as_deref() != Ok("true"), "with CI=true no test may be skipped: {reason}");
    // The test harness holds back what `println!` says in a test that passes.
    let _ = writeln!(std::io::stdout(), "\nskipped: {reason}");
    false
}

fn missing(programs: &[&str]) -> Option<String> {
    // SAFETY: a call without arguments that cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return Some("kernel tests need root: run them with sudo".to_owned());
    }
    if let Err(error) = geophone_probe::requirements::cgroup2_root() {
        return Some(error.to_string());
    }
    let missing: Vec<_> = programs.iter().copied().filter(|program| find(program).is_none()).collect();
    let remedy = "`cargo xtask test --install` installs what tests need, on Debian as root";
    (!missing.is_empty()).then(|| format!("not installed: {}; {remedy}", missing.join(", ")))
}

/// Where a program is, if it is anywhere on the path or where Debian keeps those that are not for everybody. `python` is
/// the one that has the packages of the workload scripts.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    if program == PYTHON {
        return python();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let postgres = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let postgres = postgres.map(|version| version.path().join("bin"));
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(system).chain(postgres).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// `GEOPHONE_PYTHON`, or what `cargo xtask test --install` has put below the target directory, which this test runs in, if
/// that has the packages of today.
fn python() -> Option<PathBuf> {
    if let Some(python) = env::var_os("GEOPHONE_PYTHON") {
        return Some(python.into());
    }
    let program = env::current_exe().ok()?;
    let folder = program.ancestors().map(|folder| folder.join("python")).find(|folder| folder.is_dir())?;
    let installed = fs::read_to_string(folder.join("requirements.txt")).ok()?;
    let python = folder.join("bin/python");
    (installed == include_str!("../workloads/requirements.txt") && python.is_file()).then_some(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_or_not() {
        assert!(find("sh").is_some());
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
