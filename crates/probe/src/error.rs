//! What can go wrong when a capture is opened or read.

use std::path::PathBuf;

/// The error of an underlying library, as text and source.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a capture could not be opened or read. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The process may not load or attach the programs.
    #[error(
        "live capture lacks {missing}: run it as root, or give the binary the capabilities \
         (setcap cap_bpf,cap_perfmon,cap_net_admin+ep FILE)"
    )]
    MissingCapabilities {
        /// The capabilities by their names, separated by commas.
        missing: String,
    },
    /// The file system of control groups, version 2, is not mounted.
    #[error(
        "no cgroup2 file system is mounted, and packets are captured at its root: \
         mount it with `mount -t cgroup2 none /sys/fs/cgroup/unified` after making that directory, \
         name one in the config, or capture system calls instead"
    )]
    NoCgroup2,
    /// A directory that was named as cgroup cannot be opened.
    #[error("cannot open the cgroup {}", path.display())]
    Cgroup {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What was named as cgroup is something else.
    #[error(
        "{} is not a directory of a cgroup2 file system: `findmnt -t cgroup2` tells where there is one, \
         and `0::` in /proc/PID/cgroup where in it a process is",
        path.display()
    )]
    NotCgroup2 {
        /// What was named.
        path: PathBuf,
    },
    /// The kernel's lockdown mode forbids programs to read its memory.
    #[error(
        "the kernel is locked down ({mode}), which forbids eBPF programs to read kernel memory: \
         boot with `lockdown=integrity` or `lockdown=none`"
    )]
    LockedDown {
        /// The mode that is on.
        mode: String,
    },
    /// The object was compiled for another version of this crate.
    #[error(
        "the kernel object has another interface than this program (wanted version {wanted}): rebuild it with `cargo xtask ebpf`"
    )]
    ObjectVersion {
        /// The version that this crate speaks.
        wanted: u32,
    },
    /// The kernel refused the object or one of its maps.
    #[error("the kernel refused the object")]
    Load {
        /// Why.
        source: Source,
    },
    /// The object does not have a map or program that it must have.
    #[error("the kernel object has no {kind} `{name}`: rebuild it with `cargo xtask ebpf`")]
    ObjectIncomplete {
        /// Map or program.
        kind: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A program that is needed was refused or could not be attached.
    #[error("cannot attach {hook}: {reason}")]
    Attach {
        /// The hook.
        hook: &'static str,
        /// Why, with the verifier's last words where it was the verifier.
        reason: String,
    },
    /// A map could not be read or written.
    #[error("cannot access the kernel's map `{map}`")]
    Map {
        /// The map.
        map: &'static str,
        /// Why.
        source: Source,
    },
    /// The capture was asked for more than it can do.
    #[error("{what}")]
    Config {
        /// What was asked, and what can be had.
        what: String,
    },
}
