//! System calls under the real kernel: what is captured of both ends is byte for byte what was sent.
//!
//! The process that captures is left out of its own capture, so the conversations are held by a child: this very program
//! with a conversation's name as its argument ([`conversation`]), which moves bytes by the calls of [`calls`]. Needs root;
//! without it, it says so and does nothing, except with `CI=true`, where that is a failure.

#![expect(clippy::print_stdout, reason = "a test program without a harness reports by itself")]

mod calls;
mod conversation;
mod observed;

use std::{collections::BTreeMap, env, panic, process::ExitCode};

use geophone_model::ledger::LedgerRow;
use geophone_probe::{Config, Family};
use geophone_probe_common::syscall::{CAPACITIES, MAX_PIECES};

use conversation::{ANSWER, ANSWER_LEN, LONG_LEN, QUESTION, QUESTION_LEN, VECTOR_LEN, VECTORS, pattern};
use observed::{Observed, Piece, Stream};

const TESTS: [(&str, fn()); 8] = [
    ("each_kind_of_call_shows_both_ends_byte_for_byte", each_kind_of_call_shows_both_ends_byte_for_byte),
    ("what_stays_in_the_kernel_is_a_gap_of_known_length", what_stays_in_the_kernel_is_a_gap_of_known_length),
    ("a_call_longer_than_is_looked_at_ends_in_a_gap", a_call_longer_than_is_looked_at_ends_in_a_gap),
    ("more_vectors_than_are_looked_at_end_in_a_gap", more_vectors_than_are_looked_at_end_in_a_gap),
    ("datagrams_are_seen_once_their_socket_has_a_cookie", datagrams_are_seen_once_their_socket_has_a_cookie),
    ("what_is_not_wanted_is_counted_and_not_copied", what_is_not_wanted_is_counted_and_not_copied),
    ("the_capturing_process_and_its_ports_are_left_out", the_capturing_process_and_its_ports_are_left_out),
    ("a_full_ring_is_accounted_for", a_full_ring_is_accounted_for),
];

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some(conversation::ROLE) {
        conversation::hold(&arguments.next().expect("a conversation's name"));
        return ExitCode::SUCCESS;
    }
    // SAFETY: a call without preconditions.
    if unsafe { libc::geteuid() } != 0 {
        assert!(env::var("CI").as_deref() != Ok("true"), "loading kernel programs needs root");
        println!("skipped: loading kernel programs needs root");
        return ExitCode::SUCCESS;
    }
    let filter = first.filter(|argument| !argument.starts_with('-')).unwrap_or_default();
    let mut failed = 0;
    for (name, test) in TESTS.into_iter().filter(|(name, _)| name.contains(&filter)) {
        let ok = panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        failed += u8::from(!ok);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn config() -> Config {
    let mut config = Config::default();
    config.family = Family::Syscalls;
    config.ring_bytes = 64 << 20;
    config
}

/// What a direction of a conversation must look like where all is captured.
fn whole(kind: u8, len: usize) -> Vec<Piece> {
    vec![Piece::Bytes(pattern(kind, len))]
}

fn each_kind_of_call_shows_both_ends_byte_for_byte() {
    for name in ["write", "writev", "pwritev2", "sendto", "sendmsg", "sendmmsg"] {
        let observed = Observed::conversation(&config(), name);
        let [client, server] = observed.ends(name);
        let (question, answer) = (whole(QUESTION, QUESTION_LEN), whole(ANSWER, ANSWER_LEN));
        assert_eq!(client, Stream { sent: question.clone(), received: answer.clone() }, "{name}: the client's end");
        assert_eq!(server, Stream { sent: answer, received: question }, "{name}: the server's end");
        observed.assert_balanced();
        assert_eq!(observed.withheld("ring_full"), 0, "{name}");
    }
}

fn what_stays_in_the_kernel_is_a_gap_of_known_length() {
    for name in ["sendfile", "splice", "trunc"] {
        let observed = Observed::conversation(&config(), name);
        let [client, server] = observed.ends(name);
        let gap = vec![Piece::Gap(QUESTION_LEN as u64)];
        let (question, answer) = (whole(QUESTION, QUESTION_LEN), whole(ANSWER, ANSWER_LEN));
        let (sent, received) = match name {
            "sendfile" => (gap, question),
            "splice" => (gap.clone(), gap),
            _ => (question, gap),
        };
        assert_eq!(client, Stream { sent, received: answer.clone() }, "{name}: the client's end");
        assert_eq!(server, Stream { sent: answer, received }, "{name}: the server's end");
        observed.assert_balanced();
        assert!(observed.withheld("opaque") > 0, "{name}");
    }
}

fn a_call_longer_than_is_looked_at_ends_in_a_gap() {
    let observed = Observed::conversation(&config(), "long");
    let [client, server] = observed.ends("long");
    let bytes = pattern(QUESTION, LONG_LEN);
    let captured = MAX_PIECES * CAPACITIES[CAPACITIES.len() - 1];
    assert!(captured < LONG_LEN);
    let sent = vec![Piece::Bytes(bytes[..captured].to_vec()), Piece::Gap((LONG_LEN - captured) as u64)];
    assert_eq!(client.sent, sent);
    assert_eq!(server.received, vec![Piece::Bytes(bytes)], "by many calls");
    observed.assert_balanced();
}

fn more_vectors_than_are_looked_at_end_in_a_gap() {
    let observed = Observed::conversation(&config(), "vectors");
    let [client, _] = observed.ends("vectors");
    let captured = MAX_PIECES * VECTOR_LEN;
    let bytes = pattern(QUESTION, VECTORS * VECTOR_LEN);
    let gap = Piece::Gap((bytes.len() - captured) as u64);
    assert_eq!(client.sent, vec![Piece::Bytes(bytes[..captured].to_vec()), gap]);
    observed.assert_balanced();
}

fn datagrams_are_seen_once_their_socket_has_a_cookie() {
    let observed = Observed::conversation(&config(), "datagrams");
    let [client, server] = observed.ends("datagrams");
    let sent = pattern(QUESTION, conversation::DATAGRAM_LEN);
    assert_eq!(client.sent, vec![Piece::Bytes(sent.clone())]);
    let room = conversation::DATAGRAM_ROOM;
    let received = vec![Piece::Bytes(sent[..room].to_vec()), Piece::Gap((sent.len() - room) as u64)];
    assert_eq!(server.received, received, "the buffer was shorter, and MSG_TRUNC told the whole length");
    observed.assert_balanced();
    assert!(observed.withheld("nameless_socket") >= 2, "{}", observed.calls());
}

fn what_is_not_wanted_is_counted_and_not_copied() {
    let observed = Observed::with_policy(&config(), "paused");
    let [client, server] = observed.ends("paused");
    let question = pattern(QUESTION, QUESTION_LEN);
    assert_eq!(client.sent, vec![Piece::Bytes(question.clone())], "the second question was not wanted");
    assert_eq!(server.received, vec![Piece::Bytes([question.clone(), question].concat())], "at this end it was");
    observed.assert_balanced();
    assert_eq!(observed.withheld("unwanted"), 1, "{}", observed.calls());
}

fn the_capturing_process_and_its_ports_are_left_out() {
    let observed = Observed::of(&config(), || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap().0;
        calls::write(&client, b"to myself");
        assert_eq!(calls::read(&server, 9), b"to myself");
        BTreeMap::from([("mine".to_owned(), [client.local_addr().unwrap(), server.local_addr().unwrap()])])
    });
    assert!(observed.is_silent("mine"));
    assert!(observed.withheld("own") >= 2, "{}", observed.calls());
    observed.assert_balanced();

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config = config();
    config.own_ports = vec![port];
    let observed = Observed::conversation(&config, &format!("write:{port}"));
    assert!(observed.is_silent(&format!("write:{port}")));
    assert!(observed.withheld("own") >= 4, "{}", observed.calls());
}

fn a_full_ring_is_accounted_for() {
    let mut config = config();
    config.ring_bytes = 64 << 10;
    let observed = Observed::without_draining(&config, "long");
    observed.assert_balanced();
    assert!(observed.withheld("ring_full") > 0, "{}", observed.calls());
    assert!(observed.lost > 0, "and the loss was said");
    let bytes: &LedgerRow = observed.bytes();
    assert!(bytes.seen >= 2 * LONG_LEN as u64, "{bytes}");
}
