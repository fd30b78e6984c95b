//! What a kernel test needs of the machine, and what it says where that is missing.

use std::{env, io::Write as _, path::PathBuf};

/// The package of Debian that has a program.
const PACKAGES: [(&str, &str); 8] = [
    ("nginx", "nginx-light"),
    ("curl", "curl"),
    ("h2load", "nghttp2-client"),
    ("wrk", "wrk"),
    ("dumpcap", "wireshark-common"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("capsh", "libcap2-bin"),
];

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
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| find(program).is_none())
        .map(|program| match PACKAGES.iter().find(|(name, _)| name == program) {
            Some((_, package)) => format!("{program} (apt-get install {package})"),
            None => (*program).to_owned(),
        })
        .collect();
    (!missing.is_empty()).then(|| format!("not installed: {}", missing.join(", ")))
}

/// Where a program is, if it is anywhere on the path or where Debian keeps those of the administrator.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(system).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        assert!(find("sh").is_some());
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
