//! Live capture by the program as a process: needs root, and cgroup2.

#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

mod clock;
mod disk;
mod program;
mod rights;
mod traffic;

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command, thread, time::Duration};

use crate::program::{Folder, Geophone, can_capture, geophone};

#[test]
fn requests_are_counted_to_the_unit_and_a_signal_drains_the_ring() {
    if can_capture(&[]) {
        counts_to_the_unit("by-packets", "packets", |_| geophone());
    }
}

#[test]
fn system_calls_are_counted_to_the_unit_too() {
    if can_capture(&[]) {
        counts_to_the_unit("by-system-calls", "syscalls", |_| geophone());
    }
}

/// What a program captures live, and records in a folder, is what was asked and answered.
fn counts_to_the_unit(test: &str, capture: &str, program: impl Fn(&Folder) -> Command) {
    const REQUESTS: usize = 500;
    let folder = Folder::new(test);
    let recording = folder.path_of("recording.geocap");
    let geophone = Geophone::start(program(&folder), &["--capture", capture, "--record", &recording]);
    let failed = traffic::exchange(test, REQUESTS);

    // Whatever is still in the ring belongs to the result.
    let ledger = geophone.terminate();
    assert!(ledger.contains("aggregate exchanges") && !ledger.contains("OFF BY"), "{ledger}");

    // The recording says the same, to whoever reads it later.
    assert_eq!(fs::metadata(&recording).unwrap().permissions().mode() & 0o777, 0o600);
    let replay = traffic::replay(&recording);
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    assert_eq!(traffic::counted(&replay, test), (REQUESTS as u64, failed as u64));
    assert!(!String::from_utf8_lossy(&replay.stdout).contains("secret"), "queries do not leave the parser");
}

#[test]
fn a_terminal_that_is_closed_ends_it_with_its_books() {
    if !can_capture(&[]) {
        return;
    }
    let ended = Geophone::start(geophone(), &[]).end_by("HUP");
    assert!(
        ended.status.success() && ended.stdout.contains("hook packets: seen"),
        "{}: {}",
        ended.status,
        ended.stdout
    );
    // Started by nohup(1), it outlives its terminal.
    let mut program = Command::new("nohup");
    program.arg(env!("CARGO_BIN_EXE_geophone"));
    let mut geophone = Geophone::start(program, &[]);
    geophone.signal("HUP");
    thread::sleep(Duration::from_millis(500));
    assert!(geophone.is_running());
    geophone.terminate();
}

#[test]
fn the_api_follows_live() {
    const TEST: &str = "followed-live";
    if !can_capture(&[]) {
        return;
    }
    let geophone = Geophone::start(geophone(), &[]);
    traffic::exchange(TEST, 20);
    let rows = geophone.exchanges(TEST, 20);
    assert!(rows.iter().all(|row| row["operation"] == traffic::operation(TEST)), "{rows:?}");
    geophone.terminate();
}

/// A recorder that is killed has written all but the last second or so, though it does not fill a block.
#[test]
fn a_killed_recorder_leaves_what_was_recorded() {
    const TEST: &str = "killed-recorder";
    const REQUESTS: usize = 50;
    if !can_capture(&[]) {
        return;
    }
    let folder = Folder::new(TEST);
    let recording = folder.path_of("recording.geocap");
    let geophone = Geophone::start(geophone(), &["--record", &recording]);
    let failed = traffic::exchange(TEST, REQUESTS);
    let counted = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        traffic::counted(&traffic::replay(&recording), TEST).0 == REQUESTS as u64
    });
    assert!(counted, "within some seconds all of it is in the file");
    geophone.kill();

    let replay = traffic::replay(&recording);
    assert_eq!(replay.status.code(), Some(1));
    let error = String::from_utf8_lossy(&replay.stderr);
    assert!(error.contains("its recorder was killed"), "{error}");
    assert_eq!(traffic::counted(&replay, TEST), (REQUESTS as u64, failed as u64));
}

#[test]
fn a_cgroup_that_is_none_is_named_once() {
    if !can_capture(&[]) {
        return;
    }
    for (path, words) in [
        ("/nowhere/at/all", "cannot open the cgroup /nowhere/at/all: No such file or directory (os error 2)"),
        ("/proc", "/proc is not a directory of a cgroup2 file system"),
    ] {
        let output = geophone().args(["--listen", "127.0.0.1:0", "--for", "1s", "--cgroup", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(words) && error.matches("os error").count() < 2, "{error}");
    }
}

#[test]
fn without_cgroup2_the_flags_that_help_are_named() {
    if !can_capture(&["unshare", "umount"]) {
        return;
    }
    let unmounted = "umount --lazy --all --types cgroup2 && exec \"$0\" --listen 127.0.0.1:0 --for 1s";
    let program = env!("CARGO_BIN_EXE_geophone");
    let output = Command::new("unshare").args(["--mount", "sh", "-c", unmounted, program]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    for words in ["no cgroup2 file system is mounted", "`--cgroup DIRECTORY`", "`--capture syscalls`"] {
        assert!(error.contains(words), "`{words}` is not in: {error}");
    }
}

#[test]
fn an_address_of_a_network_is_warned_about() {
    if !can_capture(&[]) {
        return;
    }
    let output = geophone().args(["--listen", "0.0.0.0:0", "--for", "100ms"]).output().unwrap();
    assert!(output.status.success());
    let (said, warned) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Open http://127.0.0.1:"), "{said}");
    assert!(warned.contains("Warning: 0.0.0.0 is no loopback address"), "{warned}");
}

#[test]
fn it_ends_by_itself_when_it_was_told_to() {
    if can_capture(&[]) {
        let ended = Geophone::start(geophone(), &["--for", "300ms"]).wait();
        assert!(ended.status.success(), "{}", ended.stderr);
    }
}
