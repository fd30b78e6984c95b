//! What a machine must offer, and a sentence for each thing that it does not.

use std::{
    fs::{self, File},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::{Family, ProbeError};

/// A capability of Linux (include/uapi/linux/capability.h).
struct Capability {
    bit: u32,
    name: &'static str,
}

const NET_ADMIN: Capability = Capability { bit: 12, name: "CAP_NET_ADMIN" };
const SYS_ADMIN: Capability = Capability { bit: 21, name: "CAP_SYS_ADMIN" };
const PERFMON: Capability = Capability { bit: 38, name: "CAP_PERFMON" };
const BPF: Capability = Capability { bit: 39, name: "CAP_BPF" };

/// Checks that this process may load and attach the programs of a family.
///
/// # Errors
/// [`ProbeError::MissingCapabilities`] names what is missing. A `/proc` that cannot be read is no error: the kernel will
/// say no by itself.
pub fn check_capabilities(family: Family) -> Result<(), ProbeError> {
    match fs::read_to_string("/proc/self/status").ok().as_deref().and_then(effective_capabilities) {
        Some(effective) => missing_capabilities(effective, family),
        None => Ok(()),
    }
}

fn effective_capabilities(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

fn missing_capabilities(effective: u64, family: Family) -> Result<(), ProbeError> {
    let has = |capability: &Capability| effective & 1 << capability.bit != 0;
    // CAP_SYS_ADMIN includes the two that were split off from it in Linux 5.8.
    let needed: &[Capability] = match family {
        Family::Packets => &[BPF, PERFMON, NET_ADMIN],
        Family::Syscalls => &[BPF, PERFMON],
    };
    let missing: Vec<_> = needed
        .iter()
        .filter(|needed| !has(needed) && (needed.bit == NET_ADMIN.bit || !has(&SYS_ADMIN)))
        .map(|needed| needed.name)
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(ProbeError::MissingCapabilities { missing: missing.join(", ") }) }
}

/// Checks that the kernel's lockdown mode lets programs read kernel memory, as `bpf_probe_read_kernel` does.
///
/// # Errors
/// [`ProbeError::LockedDown`] in confidentiality mode (`LOCKDOWN_BPF_READ_KERNEL`, include/linux/security.h).
pub fn check_lockdown() -> Result<(), ProbeError> {
    match fs::read_to_string("/sys/kernel/security/lockdown") {
        Ok(modes) if modes.contains("[confidentiality]") => {
            Err(ProbeError::LockedDown { mode: "confidentiality".to_owned() })
        }
        _ => Ok(()),
    }
}

/// Where the cgroup2 file system is mounted: at `/sys/fs/cgroup`, at `/sys/fs/cgroup/unified` beside version 1, or
/// wherever else this process's mount table says.
///
/// # Errors
/// [`ProbeError::NoCgroup2`] where it is not.
pub fn cgroup2_root() -> Result<PathBuf, ProbeError> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    cgroup2_mount(&mounts).ok_or(ProbeError::NoCgroup2)
}

/// Opens the cgroup at `path`, or that of all processes.
pub(crate) fn cgroup(path: Option<&Path>) -> Result<File, ProbeError> {
    /// The kind of the file system (include/uapi/linux/magic.h).
    const CGROUP2_SUPER_MAGIC: rustix::fs::FsWord = 0x6367_7270;
    let path = path.map_or_else(cgroup2_root, |path| Ok(path.to_owned()))?;
    let open = || {
        let directory = File::options().read(true).custom_flags(libc::O_DIRECTORY).open(&path)?;
        let kind = rustix::fs::fstatfs(&directory)?.f_type;
        Ok((directory, kind))
    };
    match open() {
        Ok((directory, CGROUP2_SUPER_MAGIC)) => Ok(directory),
        Ok(_) => Err(ProbeError::NotCgroup2 { path }),
        Err(source) => Err(ProbeError::Cgroup { path, source }),
    }
}

/// The mount point of cgroup2 whose root is the hierarchy's own root, or, failing that (in a container), any.
fn cgroup2_mount(mountinfo: &str) -> Option<PathBuf> {
    let mut mounts: Vec<(bool, PathBuf)> = mountinfo
        .lines()
        .filter_map(|line| {
            // proc(5): id, parent, device, root, mount point, options, optional fields, `-`, type, source, super options.
            let (before, after) = line.split_once(" - ")?;
            if after.split(' ').next()? != "cgroup2" {
                return None;
            }
            let mut fields = before.split(' ').skip(3);
            let (root, point) = (fields.next()?, fields.next()?);
            Some((root != "/", Path::new(&unescape(point)).to_owned()))
        })
        .collect();
    mounts.sort();
    mounts.into_iter().next().map(|(_, point)| point)
}

/// Undoes the kernel's escaping of blanks and backslashes in mount points (`\040`).
fn unescape(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |field, (escaped, plain)| field.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_capabilities_are_named() {
        let all = 1 << BPF.bit | 1 << PERFMON.bit | 1 << NET_ADMIN.bit;
        let missing_capabilities = |effective| missing_capabilities(effective, Family::Packets);
        assert!(missing_capabilities(all).is_ok());
        assert!(
            missing_capabilities(1 << SYS_ADMIN.bit | 1 << NET_ADMIN.bit).is_ok(),
            "CAP_SYS_ADMIN includes two of them"
        );
        let error = missing_capabilities(1 << PERFMON.bit).unwrap_err().to_string();
        assert!(error.contains("lacks CAP_BPF, CAP_NET_ADMIN:"), "{error}");
    }

    #[test]
    fn system_calls_need_no_rights_over_the_network() {
        assert!(missing_capabilities(1 << BPF.bit | 1 << PERFMON.bit, Family::Syscalls).is_ok());
        assert!(missing_capabilities(1 << BPF.bit | 1 << NET_ADMIN.bit, Family::Syscalls).is_err());
    }

    #[test]
    fn capabilities_are_read_from_the_status_file() {
        assert_eq!(effective_capabilities("Name:\tx\nCapPrm:\t00\nCapEff:\t000000c000001000\n"), Some(0xc0_0000_1000));
        assert_eq!(effective_capabilities("Name:\tx\n"), None);
    }

    #[test]
    fn what_is_no_cgroup_is_named() {
        use std::error::Error as _;
        let refusal = |path: &str| cgroup(Some(Path::new(path))).unwrap_err();
        let absent = refusal("/nowhere/at/all");
        assert_eq!(absent.to_string(), "cannot open the cgroup /nowhere/at/all");
        assert!(absent.source().unwrap().to_string().contains("No such file"), "{absent:?}");
        assert!(refusal("/proc/self/stat").source().unwrap().to_string().contains("Not a directory"));
        let other = refusal("/proc");
        assert!(matches!(other, ProbeError::NotCgroup2 { .. }) && other.to_string().contains("findmnt"), "{other}");
    }

    #[test]
    fn cgroup2_is_found_wherever_it_is_mounted() {
        let hybrid = "29 23 0:26 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n\
                      38 23 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        assert_eq!(cgroup2_mount(hybrid), Some("/sys/fs/cgroup/unified".into()));
        let container =
            "9 1 0:5 /sub /mnt/a\\040b rw - cgroup2 none rw\n10 1 0:5 / /host rw master:1 - cgroup2 none rw\n";
        assert_eq!(cgroup2_mount(container), Some("/host".into()), "the hierarchy's root is preferred");
        assert_eq!(cgroup2_mount(container.lines().next().unwrap()), Some("/mnt/a b".into()));
        assert_eq!(cgroup2_mount("29 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"), None);
    }
}
