//! What a pipeline makes of conversations, event by event.

mod support;

use geophone_model::{ledger::Coverage, net::NetNs, time::Window};
use geophone_pipeline::Config;
use support::{Run, Scene, Script, View, check, check_with, parties};

const CALL: &str = r#"
    1 c syn
    2 s syn
    3 c "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    4 s "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
"#;

const GET: &str = r#""GET /a HTTP/1.1\r\nHost: x\r\n\r\n""#;
const OK: &str = r#""HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok""#;

#[test]
fn one_call_in_every_view() {
    for (view, observed) in
        [(View::Loopback, "same_point"), (View::Tap, "same_point"), (View::Client, "client"), (View::Server, "server")]
    {
        check(view, CALL, &format!("#0 {observed} GET x/a 200 request 3-3/28 response 4-4/40"));
    }
}

#[test]
fn system_calls_are_one_ends_view() {
    let script = format!(
        "0 c socket connected
         1 c {GET}
         2 s {OK}"
    );
    check(View::ClientCalls, &script, "#0 client GET x/a 200 request 1-1/28 response 2-2/40");
}

#[test]
fn a_system_call_that_was_not_seen_is_a_gap_at_once() {
    let script = format!(
        r#"
        0 c socket connected
        1 c {GET}
        2 s "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123"
        3 s passes 3
        4 s "789"
        "#
    );
    check(View::ClientCalls, &script, "#0 client GET x/a 200 request 1-1/28 response 2-4/47 response_gap");
}

#[test]
fn system_calls_that_are_counted_from_zero_again_go_on() {
    // The kernel's count of a stream is evicted when many others are counted.
    let script = format!(
        "0 c socket connected
         1 c {GET}
         2 s {OK}
         3 c @0 {GET}
         4 s @0 {OK}
         5 c @28 {GET}
         6 s @40 {OK}"
    );
    let calls = [(1, 2), (3, 4), (5, 6)]
        .map(|(asked, told)| format!("#0 client GET x/a 200 request {asked}-{asked}/28 response {told}-{told}/40"));
    check(View::ClientCalls, &script, &calls.join("\n"));
}

#[test]
fn retransmissions_and_disorder_show_in_times_alone() {
    check(
        View::Tap,
        r#"
        1 c syn
        2 s syn
        3 c @0 "GET /a HTTP/1.1\r\n"
        4 c @26 "\r\n"
        5 c @0 "GET /a HTTP/1.1\r\nHo"
        6 c @17 "Host: x\r\n"
        7 s @24 "-Length: 2\r\n\r\nok"
        8 s @0 "HTTP/1.1 200 OK\r\nContent"
        "#,
        "#0 same_point GET x/a 200 request 3-6/28 response 8-8/40",
    );
}

#[test]
fn data_with_the_syn_is_the_streams_first() {
    let scene = Scene::new(View::Server);
    let mut script = Script::new(scene);
    let flags = geophone_model::capture::TcpFlags::SYN;
    let opening = script.packet(1, true, flags, None, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut run = Run::new(Config::default());
    run.event(&opening);
    run.script(&mut script, &format!("2 s syn\n3 s {OK}"));
    assert_eq!(run.said, "#0 server GET x/a 200 request 1-1/28 response 3-3/40\n");
}

#[test]
fn a_connection_that_was_open_before_is_joined() {
    let script = format!(
        r#"
        1 s "half a response, of a request that was not seen"
        2 c {GET}
        3 s {OK}
        "#
    );
    check(View::Tap, &script, "#0 same_point GET x/a 200 request 2-2/28 response 3-3/40 joined_late");
}

#[test]
fn the_first_packets_of_a_connection_that_is_joined_may_be_swapped() {
    let call = |rest: &str| format!("1 c @10 \"HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"\n2 c @0 \"GET /ab/c \"\n{rest}");
    let mut script = Script::new(Scene::new(View::Tap));
    let mut run = Run::new(Config::default());
    run.script(&mut script, &call(""));
    script.advance(true, 31);
    run.script(&mut script, &format!("4 s {OK}"));
    assert!(run.said.starts_with("#0 same_point GET x/ab/c 200 request 2-"), "{}", run.said);
    assert_eq!(run.pipeline.ledger()[1].to_string(), "reassembly bytes: seen 71 = passed 71");
    // Without an answer the first bytes are waited for as long as others are.
    let mut run = Run::new(Config::default());
    run.script(&mut Script::new(Scene::new(View::Tap)), &call("900000000 tick"));
    assert!(run.pipeline.ledger()[1].to_string().ends_with("+ held 31"), "{}", run.pipeline.ledger()[1]);
    run.tick(1_000_000_001);
    assert!(run.pipeline.ledger()[1].to_string().starts_with("reassembly bytes: seen 31 = passed 31"));
}

#[test]
fn a_stray_acknowledgement_does_not_say_where_a_connection_begins() {
    for off_by in [100_000_000, 3_000_000_000] {
        let mut script = Script::new(Scene::new(View::Tap));
        let mut run = Run::new(Config::default());
        let isn = script.scene.server_isn;
        script.scene.server_isn = isn.wrapping_add(off_by);
        run.script(&mut script, &format!("1 c {GET}"));
        script.scene.server_isn = isn;
        run.script(&mut script, &format!("2 s {OK}\n3 c ack"));
        assert!(run.said.contains("GET x/a 200 request 1-1/28 response 2-2/40 joined_late"), "{}", run.said);
    }
}

#[test]
fn a_connection_that_was_joined_in_a_long_body_is_found_out_later() {
    let body = "no message begins here. ".repeat(60);
    let pieces: String = (0..20).map(|_| format!("1 s \"{body}\"\n")).collect();
    let call = format!("2 c {GET}\n3 s {OK}");
    let mut config = Config::default();
    let expected = "#0 same_point GET x/a 200 request 2-2/28 response 3-3/40 joined_late";
    check_with(config.clone(), Scene::new(View::Tap), &format!("{pieces}{call}"), expected);
    // But not for ever.
    config.late_search_bytes = 1000;
    check_with(config, Scene::new(View::Tap), &format!("{pieces}{call}"), "");
}

#[test]
fn a_handshake_that_comes_after_the_data_is_not_another_connection() {
    let mut script = Script::new(Scene::new(View::Tap));
    let events = [
        script.packet(3, true, geophone_model::capture::TcpFlags::default(), Some(0), b"GET /a HTTP/1.1\r\n\r\n"),
        script.packet(1, true, geophone_model::capture::TcpFlags::SYN, Some(0), b""),
        script.packet(2, false, geophone_model::capture::TcpFlags::SYN, Some(0), b""),
        script.packet(4, false, geophone_model::capture::TcpFlags::default(), Some(0), b"HTTP/1.1 204 No\r\n\r\n"),
    ];
    let mut run = Run::new(Config::default());
    events.iter().for_each(|event| run.event(event));
    assert_eq!(run.pipeline.connections().opened, 1);
    assert_eq!(run.said, "#0 same_point GET /a 204 request 3-3/19 response 4-4/19 joined_late\n");
}

#[test]
fn who_asks_is_told_by_the_kernel_the_handshake_or_the_protocol() {
    let said_by = |lines: &str| {
        let mut run = Run::new(Config::default());
        run.script(&mut Script::new(Scene::new(View::Client)), lines);
        run.said
    };
    let call = format!("3 c {GET}\n4 s {OK}");
    for opening in ["1 c syn\n2 s syn", "1 c syn", "0 c socket connected", "0 c socket connecting", ""] {
        let said = said_by(&format!("{opening}\n{call}"));
        assert!(said.starts_with("#0 client GET x/a 200"), "{opening}: {said}");
    }
    // What looks like a request comes from the end that the kernel calls the server: it is none.
    assert_eq!(said_by(&format!("0 c socket connected\n1 s {GET}\n2 c {OK}")), "");
    // Both ends have opened it: only the protocol can tell.
    assert!(said_by(&format!("1 c syn\n1 s syn alone\n2 s {GET}\n3 c {OK}")).starts_with("#0 server GET x/a"));
}

#[test]
fn the_kernel_may_speak_before_the_packets_or_after() {
    let party = |lines: &str| {
        let mut pipeline = geophone_pipeline::Pipeline::new(Config::default());
        let mut script = Script::new(Scene::new(View::Loopback));
        let mut parties_seen = Vec::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let recorded = script.event(line).unwrap();
            pipeline.event(&recorded.event(), &mut geophone_pipeline::NoPolicy);
            while let Some(exchange) = pipeline.poll() {
                parties_seen.push(parties(exchange));
            }
        }
        parties_seen
    };
    let known = ["10.0.0.1:40000 (11) -> 10.0.0.2:80 (22)"];
    assert_eq!(party(&format!("1 c syn\n2 s syn\n3 c {GET}\n4 s {OK}")), known);
    assert_eq!(party(&format!("1 c {GET}\n2 c socket connected\n3 s socket accepted\n4 s {OK}")), known);
    // A listener's cookie is nobody's.
    let unknown = ["10.0.0.1:40000 (11) -> 10.0.0.2:80 (?)"];
    assert_eq!(party(&format!("0 s socket listening\n1 c {GET}\n2 s {OK}")), unknown);
    assert_eq!(party(&format!("1 c {GET}\n2 s ack\n3 s socket listening\n4 s {OK}")), unknown);
}

#[test]
fn both_ends_of_a_path_between_two_namespaces_are_two_connections() {
    let mut run = Run::new(Config::default());
    let mut client = Script::new(Scene::new(View::Client));
    let mut server = Script::new(Scene { netns: NetNs(8), ..Scene::new(View::Server) });
    run.script(&mut client, &format!("1 c syn\n4 s syn\n5 c {GET}"));
    run.script(&mut server, &format!("2 c syn\n3 s syn\n6 c {GET}\n7 s {OK}"));
    run.script(&mut client, &format!("8 s {OK}"));
    assert_eq!(
        run.said,
        "#1 server GET x/a 200 request 6-6/28 response 7-7/40\n#0 client GET x/a 200 request 5-5/28 response 8-8/40\n"
    );
}

#[test]
fn an_unanswered_request_ends_with_its_connection() {
    let ended = |how: &str| format!("1 c syn\n2 s syn\n3 c {GET}\n{how}");
    let expected = "#0 same_point GET x/a no_response request 3-3/28 end 4";
    check(View::Loopback, &ended("4 s rst"), expected);
    check(View::Loopback, &ended("4 c rst"), expected);
    check(View::Loopback, &ended("4 s fin\n5 c fin"), expected);
    check(View::Loopback, &ended("4 c fin\n6 s fin"), &expected.replace("end 4", "end 6"));
    check(View::Loopback, &ended("4 c socket closed\n2000000000 tick"), expected);
}

#[test]
fn a_half_closed_connection_is_still_answered() {
    let script = format!("1 c syn\n2 s syn\n3 c {GET}\n4 c fin\n5 s {OK}\n6 s fin\n7 c ack");
    check(View::Loopback, &script, "#0 same_point GET x/a 200 request 3-3/28 response 5-5/40");
}

#[test]
fn a_reset_from_before_what_the_receiver_has_is_nobodys() {
    let script = format!("1 c syn\n2 s syn\n3 c {GET}\n4 s ack\n5 c @3 rst\n6 s {OK}");
    check(View::Tap, &script, "#0 same_point GET x/a 200 request 3-3/28 response 6-6/40");
}

#[test]
fn addresses_that_are_used_again_begin_a_connection() {
    let mut run = Run::new(Config::default());
    let first = Scene::new(View::Loopback);
    let second =
        Scene { client_isn: 5_000_000, server_isn: 9_000_000, client_cookie: 33, server_cookie: 44, ..first.clone() };
    run.script(&mut Script::new(first.clone()), &format!("1 c syn\n2 s syn\n3 c {GET}"));
    run.script(&mut Script::new(second), CALL);
    assert_eq!(
        run.said,
        "#0 same_point GET x/a no_response request 3-3/28 end 1\n#1 same_point GET x/a 200 request 3-3/28 response 4-4/40\n"
    );
    assert_eq!(run.pipeline.connections().replaced, 1);

    // After a proper end too.
    let third = Scene { client_isn: 77, server_isn: 88, client_cookie: 55, server_cookie: 66, ..first };
    run.said.clear();
    run.script(&mut Script::new(third.clone()), &format!("{CALL}\n5 c fin\n6 s fin\n7 c ack"));
    run.script(&mut Script::new(Scene { client_isn: 99_999, server_isn: 99, ..third }), CALL);
    assert_eq!(
        run.said,
        "#2 same_point GET x/a 200 request 3-3/28 response 4-4/40\n#3 same_point GET x/a 200 request 3-3/28 response 4-4/40\n"
    );
}

#[test]
fn what_comes_after_the_end_is_counted_and_no_connection() {
    let mut run = Run::new(Config::default());
    let mut script = Script::new(Scene::new(View::Tap));
    run.script(&mut script, CALL).script(&mut script, "5 c fin\n6 s fin\n7 c ack\n8 s @38 \"ok\"");
    assert_eq!(run.pipeline.connections().opened, 1);
    let flow = run.pipeline.ledger()[0].to_string();
    assert_eq!(flow, "flow packets: seen 8 = passed 6 + after_close 2");
    // Once it is forgotten, its addresses are new ones.
    run.script(&mut script, "3000000000 tick\n3000000001 c ack\n3000000002 c \"GET\"");
    assert_eq!(run.pipeline.connections().opened, 2);
    assert_eq!(
        run.pipeline.ledger()[0].to_string(),
        "flow packets: seen 10 = passed 7 + unknown_connection 1 + after_close 2"
    );
}

#[test]
fn lost_bytes_are_a_gap_when_the_peer_acknowledges_them() {
    let script = r#"
        1 c syn
        2 s syn
        3 c "POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\n123"
        4 c passes 3
        5 c "789"
        6 s "HTTP/1.1 204 No\r\n\r\n"
    "#;
    check(View::Tap, script, "#0 same_point POST /a 204 request 3-5/48 response 6-6/19 request_gap");
}

#[test]
fn lost_bytes_are_a_gap_when_patience_ends() {
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c {GET}
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123"
        5 s passes 3
        6 s "789"
        1000000005 tick
        1000000006 tick
        "#
    );
    check(View::Tap, &script, "#0 same_point GET x/a 200 request 3-3/28 response 4-6/47 response_gap");
}

#[test]
fn bytes_that_were_not_copied_are_a_gap_at_once() {
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c {GET}
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123"
        5 s uncopied 6
        "#
    );
    check(View::Tap, &script, "#0 same_point GET x/a 200 request 3-3/28 response 4-5/47 response_gap");
}

#[test]
fn a_large_body_is_not_wanted() {
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c {GET}
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n0123456789"
        5 s "came all the same"
        6 s passes 98973
        7 s unwanted 1000
        8 c {GET}
        9 s {OK}
        "#
    );
    // The stream's offset 0 is 200 - 1 before the wrap; the head has 43 bytes.
    let until = (u32::MAX - 199).wrapping_add(43 + 100_000);
    let expected = |first: &str, socket: u64, way: &str| {
        format!(
            "skip {socket} {way} Seq({until})
             #0 {first} GET x/a 200 request 3-3/28 response 4-7/100043
             #0 {first} GET x/a 200 request 8-8/28 response 9-9/40"
        )
    };
    check(View::Loopback, &script, &expected("same_point", 22, "Egress"));
    check(View::Client, &script, &expected("client", 11, "Ingress"));
    check(View::Server, &script, &expected("server", 22, "Egress"));
}

#[test]
fn a_small_body_is_not_worth_a_word() {
    let script = format!("1 c syn\n2 s syn\n3 c {GET}\n4 s \"HTTP/1.1 200 OK\\r\\nContent-Length: 20000\\r\\n\\r\\n\"");
    check(View::Loopback, &script, "");
}

#[test]
fn what_is_missing_and_was_wanted_is_a_gap_all_the_same() {
    // No wish was issued for the first body, so its hole is one.
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c {GET}
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n"
        5 s passes 19000
        6 s unwanted 1000
        7 c ack
        "#
    );
    check(View::Loopback, &script, "#0 same_point GET x/a 200 request 3-3/28 response 4-6/20042 response_gap");
}

#[test]
fn a_hole_takes_no_time_though_it_takes_time_to_know() {
    // Of a chunk that was not wanted, the packet with its end is lost.
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c {GET}
        4 s "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n"
        5 s passes 100000
        6 s "\r\n0\r\n\r\n"
        1000000007 tick
        "#
    );
    let until = (u32::MAX - 199).wrapping_add(54 + 100_000);
    let expected = format!(
        "skip 22 Egress Seq({until})
         #0 same_point GET x/a 200 request 3-3/28 response 4-6/100061 response_gap"
    );
    check(View::Loopback, &script, &expected);
}

#[test]
fn bodies_longer_than_a_wish_can_say_are_asked_for_again() {
    let head = r#""HTTP/1.1 200 OK\r\nContent-Length: 3000000000\r\n\r\n""#;
    let gib = 1u32 << 30;
    let script = format!(
        "1 c syn\n2 s syn\n3 c {GET}\n4 s {head}\n5 s passes {0}\n6 s unwanted 1000\n7 s passes {0}\n8 s unwanted 1000
         9 s passes {1}\n10 s unwanted 1000\n11 c {GET}\n12 s {OK}",
        gib - 1000,
        3_000_000_000 - 2 * (u64::from(gib)) - 1000,
    );
    let start = (u32::MAX - 199).wrapping_add(47);
    let expected = format!(
        "skip 22 Egress Seq({})
         skip 22 Egress Seq({})
         skip 22 Egress Seq({})
         #0 same_point GET x/a 200 request 3-3/28 response 4-10/3000000047
         #0 same_point GET x/a 200 request 11-11/28 response 12-12/40",
        start.wrapping_add(gib),
        start.wrapping_add(gib).wrapping_add(gib),
        start.wrapping_add(3_000_000_000),
    );
    check(View::Loopback, &script, &expected);
}

#[test]
fn what_speaks_no_known_protocol_is_left_alone() {
    let mut run = Run::new(Config::default());
    let mut script = Script::new(Scene::new(View::Client));
    run.script(
        &mut script,
        "1 c syn\n2 s syn\n3 c \"SSH-2.0-client\\r\\n\"\n4 s \"SSH-2.0-server\\r\\n\"\n5 c fin\n6 s fin",
    );
    assert_eq!(run.said, "skip 11 Egress Forever\nskip 11 Ingress Forever\nforget 11\n");
    assert_eq!(run.pipeline.ledger()[1].to_string(), "reassembly bytes: seen 32 = passed 0 + unrecognised 32");
}

#[test]
fn an_upgraded_connection_is_a_stream_until_it_ends() {
    let script = r#"
        1 c syn
        2 s syn
        3 c "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
        4 s "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
        5 c "frames"
        6 s "frames"
        7 c fin
        9 s fin
    "#;
    let mut run = Run::new(Config::default());
    run.script(&mut Script::new(Scene::new(View::Loopback)), script);
    let (wishes, exchange) = run.said.split_at(run.said.find('#').unwrap());
    assert_eq!(wishes, "skip 11 Egress Forever\nskip 22 Egress Forever\nforget 11\nforget 22\n");
    assert!(exchange.starts_with("#0 same_point GET /ws 101 request 3-3/"), "{exchange}");
    assert!(run.pipeline.ledger()[1].to_string().ends_with("+ unwanted 12"), "{}", run.pipeline.ledger()[1]);
}

#[test]
fn a_translated_address_is_kept_beside_the_packets() {
    // The client's socket was told 1.1.1.1:80; its packets leave for 10.0.0.2:80 and the answers arrive from 1.1.1.1:80.
    let scene = Scene::new(View::Client);
    let dialled = Scene { server: "1.1.1.1:80".parse().unwrap(), ..scene.clone() };
    for kernel_says in [true, false] {
        let (mut out, mut back) = (Script::new(scene.clone()), Script::new(dialled.clone()));
        let mut pipeline = geophone_pipeline::Pipeline::new(Config::default());
        let mut seen = Vec::new();
        let mut take = |recorded: &support::Recorded| {
            pipeline.event(&recorded.event(), &mut geophone_pipeline::NoPolicy);
            while let Some(exchange) = pipeline.poll() {
                seen.push(parties(exchange));
            }
        };
        if kernel_says {
            take(&back.event("0 c socket connected").unwrap());
        }
        take(&out.event("1 c syn").unwrap());
        take(&back.event("2 s syn").unwrap());
        take(&out.event(&format!("3 c {GET}")).unwrap());
        take(&back.event(&format!("4 s @0 {OK}")).unwrap());
        assert_eq!(pipeline.connections().opened, 1);
        assert_eq!(seen, ["10.0.0.1:40000 (11) -> 10.0.0.2:80 (?) dialled 1.1.1.1:80"]);
    }
}

#[test]
fn a_translated_address_on_the_loopback_device() {
    // The answers carry the server's cookie and the address that was dialled, which sorts before the client's.
    let scene = Scene::new(View::Loopback);
    let dialled = Scene { server: "1.1.1.1:80".parse().unwrap(), ..scene.clone() };
    let (mut out, mut back) = (Script::new(scene), Script::new(dialled));
    let mut run = Run::new(Config::default());
    run.script(&mut back, "0 c socket connected");
    run.script(&mut out, "1 c syn");
    run.script(&mut back, "2 s syn");
    run.script(&mut out, &format!("3 c {GET}"));
    run.script(&mut back, &format!("4 s @0 {OK}"));
    assert_eq!(run.said, "#0 same_point GET x/a 200 request 3-3/28 response 4-4/40\n");
}

#[test]
fn what_is_open_when_the_observation_stops_is_in_the_books_only() {
    let mut run = Run::new(Config::default());
    run.script(&mut Script::new(Scene::new(View::Tap)), &format!("1 c syn\n2 s syn\n3 c {GET}\n4 finish"));
    assert_eq!(run.said, "");
    assert_eq!(run.pipeline.ledger()[3].to_string(), "pair exchanges: seen 1 = passed 0 + abandoned 1");
    assert_eq!(run.pipeline.connections().abandoned, 1);
}

#[test]
fn a_silent_connection_expires() {
    let mut config = Config::default();
    config.idle_ns = 1_000_000_000;
    let mut run = Run::new(config);
    run.script(&mut Script::new(Scene::new(View::Tap)), &format!("1 c syn\n2 s syn\n3 c {GET}\n1000000002 tick"));
    assert_eq!(run.pipeline.connections().expired, 0);
    run.tick(1_000_000_003);
    assert_eq!((run.pipeline.connections().expired, run.pipeline.connections().open), (1, 0));
    assert_eq!(run.said, "");
}

#[test]
fn the_connection_that_was_silent_longest_makes_room() {
    let mut config = Config::default();
    config.max_connections = 2;
    let mut run = Run::new(config);
    let scene = |port: u16| Scene { client: format!("10.0.0.1:{port}").parse().unwrap(), ..Scene::new(View::Tap) };
    let (mut first, mut second, mut third) = (Script::new(scene(1)), Script::new(scene(2)), Script::new(scene(3)));
    let opening = "1 c syn\n2 s syn";
    run.script(&mut first, opening).script(&mut second, opening).script(&mut first, &format!("3 c {GET}"));
    run.script(&mut third, opening);
    assert_eq!((run.pipeline.connections().evicted, run.pipeline.connections().open), (1, 2));
    run.script(&mut first, &format!("4 s {OK}"));
    assert_eq!(run.said, "#0 same_point GET x/a 200 request 3-3/28 response 4-4/40\n");
    // One that is over makes room first.
    run.script(&mut first, "5 c fin\n6 s fin").script(&mut second, "7 c syn");
    assert_eq!(run.pipeline.connections().evicted, 1);
    run.script(&mut first, "8 c \"more\"");
    assert_eq!(run.pipeline.connections().evicted, 2);
}

#[test]
fn memory_is_bounded_by_the_budget() {
    let mut config = Config::default();
    config.memory_budget_bytes = 128 * 1024;
    let mut run = Run::new(config);
    for port in 1..200u16 {
        let scene = Scene { client: format!("10.0.0.1:{port}").parse().unwrap(), ..Scene::new(View::Tap) };
        run.script(&mut Script::new(scene), &format!("{port} c syn\n{port} c {GET}"));
        assert!(run.pipeline.memory_bytes() <= 128 * 1024 + 8192, "{}", run.pipeline.memory_bytes());
    }
    assert!(run.pipeline.connections().evicted > 100);
}

#[test]
fn a_queue_that_nobody_reads_is_bounded() {
    let mut config = Config::default();
    config.max_ready = 2;
    let mut pipeline = geophone_pipeline::Pipeline::new(config);
    let mut script = Script::new(Scene::new(View::Tap));
    let calls: String = (0..3).map(|_| format!("1 c {GET}\n2 s {OK}\n")).collect();
    for line in calls.lines() {
        pipeline.event(&script.event(line).unwrap().event(), &mut geophone_pipeline::NoPolicy);
        support::assert_balanced(&pipeline);
    }
    assert_eq!(pipeline.ledger()[3].to_string(), "pair exchanges: seen 3 = passed 0 + ready 2 + not_polled 1");
    assert!(pipeline.poll().is_some() && pipeline.poll().is_some() && pipeline.poll().is_none());
    support::assert_balanced(&pipeline);
}

#[test]
fn coverage_is_kept_by_window() {
    let mut config = Config::default();
    config.window_ns = 100;
    let mut run = Run::new(config);
    let script = r#"
        1 c syn
        2 s syn
        3 c "POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\n123"
        110 c passes 3
        120 c "789"
        130 s "HTTP/1.1 204 No\r\n\r\n"
        140 loss 5
        200 tick
    "#;
    run.script(&mut Script::new(Scene::new(View::Tap)), script);
    let mut take = |start| {
        run.pipeline.take_coverage(Window { start: geophone_model::time::Timestamp::from_ns(start), length_ns: 100 })
    };
    assert_eq!(take(0), Coverage { wanted_bytes: 42, delivered_bytes: 42, ..Coverage::default() });
    let second = Coverage { wanted_bytes: 3 + 3 + 19, delivered_bytes: 3 + 19, lost_records: 5, ..Coverage::default() };
    assert_eq!(take(100), second);
    assert_eq!(take(100), Coverage::default(), "it is taken once");
}

#[test]
fn datagrams_have_no_parser_yet() {
    let mut script = Script::new(Scene::new(View::Tap));
    let mut recorded = script.packet(1, true, geophone_model::capture::TcpFlags::default(), None, b"query");
    if let geophone_model::capture::CaptureEvent::Packet(packet) = &mut recorded.event {
        packet.tcp = None;
    }
    let mut run = Run::new(Config::default());
    run.event(&recorded);
    assert_eq!(run.pipeline.ledger()[0].to_string(), "flow packets: seen 1 = passed 0 + no_parser 1");
}

#[test]
fn a_handshake_that_is_answered_anew_is_one_connection() {
    // A server that restarts within a handshake chooses another number.
    let scene = Scene::new(View::Tap);
    let mut run = Run::new(Config::default());
    let mut script = Script::new(scene);
    run.script(&mut script, "1 c syn\n2 s syn");
    script.scene.server_isn = 123_456;
    run.script(&mut script, &format!("3 s syn\n4 c {GET}\n5 s {OK}"));
    assert_eq!(run.said, "#0 same_point GET x/a 200 request 4-4/28 response 5-5/40\n");
}

#[test]
fn a_refused_connection_leaves_nothing() {
    let mut run = Run::new(Config::default());
    run.script(&mut Script::new(Scene::new(View::Client)), "1 c syn\n2 s rst");
    assert_eq!((run.pipeline.connections().open, run.pipeline.connections().closed), (0, 1));
}

#[test]
fn a_pipeline_without_room_is_still_one() {
    let mut config = Config::default();
    (config.max_connections, config.max_sockets, config.held_bytes, config.max_windows) = (0, 0, 0, 0);
    check_with(config, Scene::new(View::Client), CALL, "#0 client GET x/a 200 request 3-3/28 response 4-4/40");
}

#[test]
fn what_is_known_of_a_socket_outlives_a_connection_that_was_given_up() {
    let mut config = Config::default();
    config.idle_ns = 1_000_000_000;
    let mut run = Run::new(config);
    let mut script = Script::new(Scene::new(View::Client));
    run.script(&mut script, &format!("1 c socket connected\n2 c {GET}\n3 s {OK}\n2000000000 tick"));
    assert_eq!((run.pipeline.connections().expired, run.said.lines().count()), (1, 1));
    // What looks like a request comes from the end that the kernel has called the server.
    run.script(&mut script, &format!("2000000001 s {GET}\n2000000002 c {GET}\n2000000003 s {OK}"));
    assert!(run.said.ends_with(
        "#1 client GET x/a 200 request 2000000002-2000000002/28 response 2000000003-2000000003/40 joined_late\n"
    ));
}

#[test]
fn what_is_left_out_beyond_the_parsers_word_is_lost() {
    let mut run = Run::new(Config::default());
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c {GET}
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        5 s unwanted 150
        "#
    );
    run.script(&mut Script::new(Scene::new(View::Tap)), &script);
    assert_eq!(run.said, "#0 same_point GET x/a 200 request 3-3/28 response 4-5/140\n");
    assert_eq!(run.pipeline.ledger()[1].to_string(), "reassembly bytes: seen 218 = passed 68 + unwanted 100 + cut 50");
}

#[test]
fn the_cookie_on_a_handshake_may_be_the_listeners() {
    let listener = 99;
    let mut script = Script::new(Scene { server_cookie: listener, ..Scene::new(View::Server) });
    let mut events = vec![script.event("1 c syn").unwrap(), script.event("2 s syn").unwrap()];
    // A source that does not give one for the data.
    script.scene.server_cookie = 0;
    events.extend([format!("3 c {GET}"), format!("4 s {OK}")].map(|line| script.event(&line).unwrap()));
    let lines = support::exchanges(Config::default(), &events);
    assert!(lines[0].ends_with("10.0.0.1:40000 (?) -> 10.0.0.2:80 (?)"), "{lines:?}");
}
