//! Whatever events come, in whatever order: no panic, the books balance after each, and what is held is bounded.

mod support;

use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut, Loss, Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    fact::Pid,
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_pipeline::{Config, Pipeline, Policy, PolicyKey, SkipUntil};
use proptest::prelude::*;
use support::{assert_balanced, assert_times};

const TEXTS: [&str; 10] = [
    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /b HTTP/1.1\r\nContent-Length: 100000\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "GET /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "\0\u{1}\u{2}",
    "",
];

/// One event, drawn from few endpoints and numbers, so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Packet {
        side: u8,
        reverse: bool,
        port: u16,
        cookie: u64,
        seq: u32,
        ack: u32,
        flags: u8,
        text: usize,
        more: u32,
        cut: u8,
    },
    Chunk {
        port: u16,
        cookie: u64,
        outgoing: bool,
        offset: u64,
        text: usize,
        more: u64,
        cut: u8,
    },
    Socket {
        port: u16,
        cookie: u64,
        change: u8,
        dialled: bool,
    },
    Loss,
    Tick {
        later_ns: u64,
    },
    Finish,
}

fn seq() -> impl Strategy<Value = u32> {
    // Near one another, across the wrap, and anywhere.
    prop_oneof![6 => (0u32..200).prop_map(|near| near.wrapping_sub(60)), 1 => any::<u32>()]
}

fn step() -> impl Strategy<Value = Step> {
    let flags = prop_oneof![4 => Just(0x10u8), 2 => Just(0x02), 2 => Just(0x12), 2 => Just(0x11), 1 => Just(0x04), 1 => any::<u8>()];
    let packet =
        (0u8..4, any::<bool>(), 1u16..4, 0u64..6, (seq(), seq()), flags, 0..TEXTS.len(), 0u32..200_000, 0u8..8)
            .prop_map(|(side, reverse, port, cookie, (seq, ack), flags, text, more, cut)| Step::Packet {
                side,
                reverse,
                port,
                cookie,
                seq,
                ack,
                flags,
                text,
                more,
                cut,
            });
    let number = |near: u64| prop_oneof![20 => 0..near, 1 => any::<u64>(), 1 => 0u64..1 << 44];
    let chunk = (1u16..4, 1u64..6, any::<bool>(), number(300), 0..TEXTS.len(), number(200_000), 0u8..8).prop_map(
        |(port, cookie, outgoing, offset, text, more, cut)| Step::Chunk {
            port,
            cookie,
            outgoing,
            offset,
            text,
            more,
            cut,
        },
    );
    let socket = (1u16..4, 1u64..6, 0u8..5, any::<bool>()).prop_map(|(port, cookie, change, dialled)| Step::Socket {
        port,
        cookie,
        change,
        dialled,
    });
    prop_oneof![
        30 => packet,
        6 => chunk,
        6 => socket,
        1 => Just(Step::Loss),
        3 => (0u64..3_000_000_000).prop_map(|later_ns| Step::Tick { later_ns }),
        1 => Just(Step::Finish),
    ]
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint::new([10, 0, 0, 1].into(), port)
}

const SERVER: u16 = 80;

/// Remembers nothing: any wish may come, except for one without meaning.
struct Ignore;

impl Policy for Ignore {
    fn skip(&mut self, _: PolicyKey, until: SkipUntil) {
        assert!(matches!(until, SkipUntil::Seq(_) | SkipUntil::Forever));
    }

    fn forget(&mut self, _: SocketCookie) {}
}

fn cut_of(cut: u8) -> Cut {
    match cut {
        0 => Cut::Lost,
        1 => Cut::Unwanted,
        _ => Cut::Whole,
    }
}

fn run(pipeline: &mut Pipeline, step: &Step, now: &mut u64) {
    *now += 1;
    let at = Timestamp::from_ns(*now);
    let event = match *step {
        Step::Packet { side, reverse, port, cookie, seq, ack, flags, text, more, cut } => {
            let captured = TEXTS[text].as_bytes();
            // A source may even claim more than there is.
            let len = if cut < 2 { more } else { captured.len() as u32 };
            let (source, destination) = if reverse { (SERVER, port) } else { (port, SERVER) };
            CaptureEvent::Packet(Packet {
                at,
                side: [Side::Egress, Side::Ingress, Side::Loopback, Side::Tap][usize::from(side)],
                netns: NetNs(1),
                cookie: SocketCookie::new(cookie),
                source: endpoint(source),
                destination: endpoint(destination),
                tcp: Some(TcpHeader { seq, ack, flags: TcpFlags(flags) }),
                payload_len: len,
                captured_offset: if cut == 1 { more / 2 } else { 0 },
                captured,
                cut: cut_of(cut),
            })
        }
        Step::Chunk { port, cookie, outgoing, offset, text, more, cut } => {
            let captured = TEXTS[text].as_bytes();
            let cookie = SocketCookie::new(cookie).unwrap();
            let (local, remote) = (endpoint(port), endpoint(SERVER));
            let len = if cut < 2 { more } else { captured.len() as u64 };
            let transport = Transport::Tcp;
            let (pid, netns, cut) = (Pid(1), NetNs(1), cut_of(cut));
            CaptureEvent::Chunk(Chunk {
                at,
                pid,
                netns,
                cookie,
                local,
                remote,
                transport,
                outgoing,
                offset,
                len,
                captured,
                cut,
            })
        }
        Step::Socket { port, cookie, change, dialled } => CaptureEvent::Socket(SocketChange {
            at,
            change: [
                SocketState::Listening,
                SocketState::Connecting,
                SocketState::Connected,
                SocketState::Accepted,
                SocketState::Closed,
            ][usize::from(change)],
            netns: NetNs(1),
            cookie: SocketCookie::new(cookie).unwrap(),
            local: endpoint(port),
            remote: (change != 0).then(|| endpoint(if dialled { 81 } else { SERVER })),
            pid: None,
        }),
        Step::Loss => CaptureEvent::Loss(Loss { at, records: 1 }),
        Step::Tick { later_ns } => {
            *now += later_ns;
            return pipeline.tick(Timestamp::from_ns(*now), &mut Ignore);
        }
        Step::Finish => return pipeline.finish(),
    };
    pipeline.event(&event, &mut Ignore);
}

fn take_finished(pipeline: &mut Pipeline) {
    while let Some(exchange) = pipeline.poll() {
        assert_times(exchange);
    }
}

proptest! {
    #[test]
    fn nothing_breaks_the_books(
        steps in prop::collection::vec(step(), 0..120),
        (max_connections, max_sockets) in (0usize..5, 0usize..4),
        (per_direction, segments, held_bytes) in (0usize..200, 0usize..6, 0usize..400),
        (max_ready, min_skip_bytes) in (0usize..4, 1u64..100_000),
        (patience_ns, linger_ns) in (0u64..2_000_000_000, 0u64..2_000_000_000),
    ) {
        let mut config = Config::default();
        (config.max_connections, config.max_sockets) = (max_connections, max_sockets);
        config.held_bytes_per_direction = per_direction;
        config.held_segments_per_direction = segments;
        (config.held_bytes, config.max_ready, config.min_skip_bytes) = (held_bytes, max_ready, min_skip_bytes);
        (config.idle_ns, config.patience_ns, config.linger_ns) = (5_000_000_000, patience_ns, linger_ns);
        let mut pipeline = Pipeline::new(config);
        let mut now = 0;
        for (index, step) in steps.iter().enumerate() {
            run(&mut pipeline, step, &mut now);
            assert_balanced(&pipeline);
            prop_assert!(pipeline.connections().open <= max_connections.max(1) as u64);
            if index % 3 == 0 {
                take_finished(&mut pipeline);
            }
        }
        pipeline.finish();
        take_finished(&mut pipeline);
        assert_balanced(&pipeline);
        prop_assert_eq!(pipeline.connections().open, 0);
        for row in pipeline.ledger() {
            for pending in row.withheld.iter().filter(|row| ["held", "undecided", "open", "ready"].contains(&&*row.reason)) {
                prop_assert_eq!(pending.count, 0, "{} after the end", pending.reason);
            }
        }
    }
}

/// The events above are worth it: together they meet every reason in the books.
#[test]
fn every_reason_is_met() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(step(), 0..120);
    let mut counts = std::collections::BTreeMap::new();
    for case in 0..300usize {
        let mut config = Config::default();
        (config.max_connections, config.max_ready) = (1 + case % 3, case % 2);
        (config.held_bytes, config.min_skip_bytes) = (1000 * (case % 5), 1000);
        config.idle_ns = 2_000_000_000;
        config.parser_limits.open_exchanges = 1 + case % 3;
        let mut pipeline = Pipeline::new(config);
        let mut now = 0;
        for step in steps.new_tree(&mut runner).unwrap().current() {
            run(&mut pipeline, &step, &mut now);
            for row in pipeline.ledger() {
                *counts.entry(format!("{} passed", row.stage.as_str())).or_insert(0) += row.passed;
                for withheld in row.withheld {
                    *counts.entry(format!("{} {}", row.stage.as_str(), withheld.reason)).or_insert(0) += withheld.count;
                }
            }
            if case % 4 < 2 {
                while pipeline.poll().is_some() {}
            }
        }
        let known = pipeline.connections();
        for (what, count) in [
            ("closed", known.closed),
            ("replaced", known.replaced),
            ("expired", known.expired),
            ("evicted", known.evicted),
            ("abandoned", known.abandoned),
        ] {
            *counts.entry(format!("connections {what}")).or_insert(0) += count;
        }
    }
    let never: Vec<_> = counts.iter().filter(|(_, count)| **count == 0).map(|(reason, _)| reason.as_str()).collect();
    assert_eq!(never, ["flow no_parser", "pair contradicted"], "datagrams and mistakes have tests of their own");
}
