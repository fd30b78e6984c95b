//! What a process may that has just the rights which capture needs, and what is said to one that has not.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
};

use geophone_testkit::{
    Room,
    peer::{Client, Kind, Server},
};

use crate::room;

/// The kit's `capture`, run by the user `nobody` with these capabilities and no others.
fn capture_as_nobody(room: &Room, capabilities: &str) -> Command {
    let mut command = Command::new("capsh");
    command.arg("--keep=1").arg("--user=nobody");
    if !capabilities.is_empty() {
        command.arg(format!("--inh={capabilities}")).arg(format!("--addamb={capabilities}"));
    }
    let run = format!("exec {} capture {}", room.peer("capture").display(), room.cgroup().path().display());
    command.args(["--", "-c", &run]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Kills and reaps when dropped.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn three_capabilities_are_enough() {
    const REQUESTS: u32 = 50;
    let Some(room) = room(&["capsh"]) else { return };
    let mut capture = Guard(capture_as_nobody(&room, "cap_bpf,cap_perfmon,cap_net_admin").spawn().unwrap());
    let mut said = BufReader::new(capture.0.stdout.take().unwrap());
    let mut hooks = Vec::new();
    loop {
        let mut line = String::new();
        let read = said.read_line(&mut line).unwrap();
        assert!(read > 0, "the capture has ended after {hooks:?}");
        match line.trim_end() {
            "ready" => break,
            hook => hooks.push(hook.to_owned()),
        }
    }
    assert_eq!(hooks.iter().filter(|hook| hook.contains(": attached (")).count(), 5, "{hooks:?}");
    let server = Server::start(&room, room.place(), "server", Kind::Threads, "127.0.0.1:8080");
    let counted = Client::new(server.address(), REQUESTS, &["/a"]).run(&room, room.place()).tally();
    assert_eq!(server.end().tally(), counted);
    drop(capture.0.stdin.take());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(capture.0.wait().unwrap().success());
    // A packet for each request and each answer, and two each with SYN and with FIN.
    assert!(rest.starts_with(&format!("packets {}\n", 2 * REQUESTS + 4)), "{rest}");
    assert!(rest.contains("hook packets: seen ") && !rest.contains("OFF BY"), "{rest}");
}

#[test]
fn without_them_it_is_said_what_is_missing() {
    let Some(room) = room(&["capsh"]) else { return };
    for (capabilities, missing) in [
        ("", "CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"),
        ("cap_bpf,cap_perfmon", "CAP_NET_ADMIN"),
        ("cap_bpf,cap_net_admin", "CAP_PERFMON"),
        ("cap_perfmon,cap_net_admin", "CAP_BPF"),
    ] {
        let output = capture_as_nobody(&room, capabilities).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(said.contains(&format!("live capture lacks {missing}: run it as root")), "{said}");
        assert!(said.contains("setcap cap_bpf,cap_perfmon,cap_net_admin+ep"), "{said}");
    }
}
