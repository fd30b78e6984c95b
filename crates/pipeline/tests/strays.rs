//! Packets with a connection's addresses and numbers that are not its own: of an earlier connection, delayed, or sent by a
//! third party. They must not end a connection, nor hide what passes on it.

mod support;

use geophone_model::capture::{CaptureEvent, Packet, TcpFlags, TcpHeader};
use geophone_pipeline::Config;
use support::{Recorded, Run, Scene, Script, View};

const OPENING: &str = "1 c syn\n2 s syn\n3 c ack";
const GET: &str = r#""GET /a HTTP/1.1\r\nHost: x\r\n\r\n""#;
const OK: &str = r#""HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok""#;
const NONE: TcpFlags = TcpFlags(0);

/// What becomes of a call at 4 and 6 and another one at 7 and 8, with packets between the first request and its response.
fn calls_with(strays: impl FnOnce(&mut Script) -> Vec<Recorded>) -> Run {
    let mut run = Run::new(Config::default());
    let mut script = Script::new(Scene::new(View::Tap));
    run.script(&mut script, &format!("{OPENING}\n4 c {GET}"));
    for stray in strays(&mut script) {
        run.event(&stray);
    }
    run.script(&mut script, &format!("6 s {OK}\n7 c {GET}\n8 s {OK}"));
    run
}

#[track_caller]
fn check_harmless(strays: impl FnOnce(&mut Script) -> Vec<Recorded>) {
    let run = calls_with(strays);
    assert_eq!(
        run.said,
        "#0 same_point GET x/a 200 request 4-4/28 response 6-6/40\n\
         #0 same_point GET x/a 200 request 7-7/28 response 8-8/40\n"
    );
    assert_eq!(run.pipeline.ledger()[1].to_string(), "reassembly bytes: seen 136 = passed 136");
    assert_eq!(run.pipeline.connections().opened, 1);
}

/// A packet without data at 5, at the speaker's next number, changed by `forge`.
fn forged(script: &mut Script, by_client: bool, flags: TcpFlags, forge: impl FnOnce(&mut TcpHeader)) -> Recorded {
    let mut recorded = script.clone().packet(5, by_client, flags, None, b"");
    if let CaptureEvent::Packet(Packet { tcp: Some(header), .. }) = &mut recorded.event {
        forge(header);
    }
    recorded
}

fn ahead(number: &mut u32, by: u32) {
    *number = number.wrapping_add(by);
}

#[test]
fn an_acknowledgement_of_what_was_not_sent_hides_nothing() {
    for by in [1, 50_000, 100_000_000, 1_500_000_000] {
        check_harmless(|script| vec![forged(script, true, NONE, |header| ahead(&mut header.ack, by))]);
    }
}

#[test]
fn an_acknowledgement_of_what_was_not_sent_does_not_ward_off_a_reset() {
    let mut run = Run::new(Config::default());
    let mut script = Script::new(Scene::new(View::Tap));
    run.script(&mut script, &format!("{OPENING}\n4 c {GET}"));
    run.event(&forged(&mut script, true, NONE, |header| ahead(&mut header.ack, 1_500_000_000)));
    run.script(&mut script, "6 s rst");
    assert_eq!(run.said, "#0 same_point GET x/a no_response request 4-4/28 end 6\n");
}

#[test]
fn an_end_from_outside_of_the_window_ends_nothing() {
    for flags in [TcpFlags::FIN, TcpFlags::RST] {
        for by in [2_000_000_000, 100_000_000, 1_000u32.wrapping_neg()] {
            check_harmless(|script| vec![forged(script, false, flags, |header| ahead(&mut header.seq, by))]);
        }
    }
}

#[test]
fn an_end_from_before_what_passed_ends_nothing() {
    let mut run = calls_with(|_| Vec::new());
    run.said.clear();
    let mut script = Script::new(Scene::new(View::Tap));
    script.advance(true, 56);
    script.advance(false, 80);
    run.script(&mut script, &format!("9 c {GET}"));
    run.event(&forged(&mut script, false, TcpFlags::FIN, |header| ahead(&mut header.seq, 1u32.wrapping_neg())));
    run.script(&mut script, &format!("10 s {OK}"));
    assert_eq!(run.said, "#0 same_point GET x/a 200 request 9-9/28 response 10-10/40\n");
}

#[test]
fn a_strange_syn_is_answered_by_the_connection_that_is_there() {
    // RFC 5961 section 4: with an acknowledgement that says what it expects, twice here.
    check_harmless(|script| {
        vec![
            forged(script, true, TcpFlags::SYN, |header| {
                (header.seq, header.ack, header.flags) = (77_777, 0, TcpFlags::SYN);
            }),
            forged(script, false, NONE, |_| {}),
            forged(script, true, TcpFlags::SYN, |header| {
                (header.seq, header.ack, header.flags) = (88_888, 0, TcpFlags::SYN);
            }),
            forged(script, false, NONE, |_| {}),
        ]
    });
    check_harmless(|script| vec![forged(script, false, TcpFlags::SYN, |header| header.seq = 77_777)]);
}

#[test]
fn a_syn_that_is_accepted_begins_a_connection() {
    // Its acceptance is seen, or only what the client says next.
    for accepted in ["11 s syn", "12 c ack", ""] {
        let mut run = calls_with(|_| Vec::new());
        run.said.clear();
        let mut script = Script::new(Scene { client_isn: 5_000_000, server_isn: 9_000_000, ..Scene::new(View::Tap) });
        run.script(&mut script, "10 c syn");
        assert_eq!(run.pipeline.connections().replaced, 0, "it may be a stray");
        run.script(&mut script, &format!("{accepted}\n13 c {GET}\n14 s {OK}"));
        assert_eq!(run.said, "#1 same_point GET x/a 200 request 13-13/28 response 14-14/40\n", "{accepted}");
        assert_eq!(run.pipeline.connections().replaced, 1);
    }
}

#[test]
fn a_half_open_connection_is_found_out_and_begun_anew() {
    // RFC 9293 section 3.5.1: the server has an old connection with these addresses, and says so; the client resets that,
    // and says SYN again.
    for ahead_by in [900_000, 101_000_000, 3_000_000_000] {
        let mut run = Run::new(Config::default());
        let mut script = Script::new(Scene::new(View::Tap));
        let syn = script.event("1 c syn").unwrap();
        let first = script.scene.client_isn.wrapping_add(1).wrapping_add(ahead_by);
        run.event(&syn);
        run.event(&forged(&mut script, false, NONE, |header| (header.seq, header.ack) = (300, first)));
        run.event(&forged(&mut script, true, TcpFlags::RST, |header| {
            (header.seq, header.ack, header.flags) = (first, 0, TcpFlags::RST);
        }));
        let mut again = Script::new(Scene::new(View::Tap));
        run.script(&mut again, "6 c syn\n7 s syn\n8 c ack");
        run.script(&mut again, &format!("9 c {GET}\n10 s {OK}"));
        assert_eq!(run.said, "#0 same_point GET x/a 200 request 9-9/28 response 10-10/40\n", "{ahead_by}");
        assert_eq!(run.pipeline.ledger()[1].to_string(), "reassembly bytes: seen 68 = passed 68", "{ahead_by}");
    }
}
