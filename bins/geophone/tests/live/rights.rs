//! Live capture with the capabilities that it says it needs (README, "What it needs"), and with one less.

use std::{fs, os::unix::fs as unix, process::Command};

use crate::{
    counts_to_the_unit,
    program::{Folder, can_capture},
};

/// The user and the group that own nothing.
const NOBODY: u32 = 65_534;

/// What each way to capture needs, by the names that `setpriv` knows.
const PACKETS: [&str; 3] = ["bpf", "perfmon", "net_admin"];
const SYSCALLS: [&str; 2] = ["bpf", "perfmon"];

/// The program, run by the user `nobody` with these capabilities and no others. It is copied, as a target directory may lie
/// in a home that is closed.
fn as_nobody(folder: &Folder, capabilities: &[&str]) -> Command {
    let binary = folder.path_of("geophone");
    if !fs::exists(&binary).unwrap() {
        fs::copy(env!("CARGO_BIN_EXE_geophone"), &binary).unwrap();
        unix::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let set = capabilities.iter().fold("-all".to_owned(), |set, capability| format!("{set},+{capability}"));
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()]);
    command.args(["bounding-set", "inh-caps", "ambient-caps"].map(|kind| format!("--{kind}={set}")));
    command.arg(binary).current_dir("/");
    command
}

#[test]
fn three_capabilities_are_enough() {
    if can_capture(&["setpriv"]) {
        counts_to_the_unit("three-capabilities", "packets", |folder| as_nobody(folder, &PACKETS));
    }
}

#[test]
fn two_are_enough_for_system_calls() {
    if can_capture(&["setpriv"]) {
        counts_to_the_unit("two-capabilities", "syscalls", |folder| as_nobody(folder, &SYSCALLS));
    }
}

#[test]
fn one_less_is_named() {
    if !can_capture(&["setpriv"]) {
        return;
    }
    let folder = Folder::new("one-less");
    for (capture, needed) in [("packets", &PACKETS as &[&str]), ("syscalls", &SYSCALLS)] {
        for missing in needed {
            let rest: Vec<_> = needed.iter().copied().filter(|capability| capability != missing).collect();
            let arguments = ["--listen", "127.0.0.1:0", "--for", "1s", "--capture", capture];
            let output = as_nobody(&folder, &rest).args(arguments).output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{capture} without {missing}: {error}");
            let sentence = format!("live capture lacks CAP_{}: run it as root", missing.to_uppercase());
            assert!(error.contains(&sentence), "{capture} without {missing}: {error}");
        }
    }
}
