//! Records of processes that begin to run a program, and that end.

use crate::assert_size;

/// A process runs a program since now (`sched_process_exec`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct ExecRecord {
    /// [`crate::record::Kind::Exec`].
    pub kind: u32,
    /// The process.
    pub tgid: u32,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    pub at_ns: u64,
    /// Id of its cgroup in cgroup2.
    pub cgroup: u64,
    /// The task's name, padded with zeroes.
    pub comm: [u8; 16],
    /// Path of the program as it was given to `execve`, ended by a zero byte, cut at the field's end.
    pub path: [u8; 128],
}

assert_size!(ExecRecord, 168);

/// A process has ended (`sched_process_exit` of its last thread's group leader).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ExitRecord {
    /// [`crate::record::Kind::Exit`].
    pub kind: u32,
    /// The process.
    pub tgid: u32,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    pub at_ns: u64,
}

assert_size!(ExitRecord, 16);
