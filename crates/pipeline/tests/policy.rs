//! What a source leaves out on the pipeline's word does not show: the exchanges are those of a source that leaves out
//! nothing, to the nanosecond and the byte.

mod support;

use std::collections::{HashMap, VecDeque};

use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side, TcpFlags},
    net::SocketCookie,
};
use geophone_pipeline::{Config, Pipeline, Policy, PolicyKey, SkipUntil, Way};
use proptest::prelude::*;
use support::{Recorded, Scene, Script, View, assert_balanced, exchanges, line, parties};

/// One call on a connection.
#[derive(Clone, Debug)]
struct Call {
    request_body: usize,
    response_body: usize,
    chunked: bool,
}

fn call() -> impl Strategy<Value = Call> {
    let body = || prop_oneof![2 => Just(0usize), 2 => 1usize..300, 3 => 300usize..60_000];
    (body(), body(), any::<bool>()).prop_map(|(request_body, response_body, chunked)| Call {
        request_body,
        response_body,
        chunked,
    })
}

fn message(start: &str, body: usize, chunked: bool) -> Vec<u8> {
    let mut bytes = start.as_bytes().to_vec();
    if chunked {
        bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
        for chunk in vec![b'x'; body].chunks(10_000) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
    } else {
        bytes.extend(format!("Content-Length: {body}\r\n\r\n").into_bytes());
        bytes.extend(vec![b'x'; body]);
    }
    bytes
}

/// The packets of some calls, each at a time of its own.
fn packets(view: View, calls: &[Call], segment: usize) -> Vec<Recorded> {
    let mut script = Script::new(Scene::new(view));
    let mut at = 1;
    let mut packets =
        vec![script.packet(0, true, TcpFlags::SYN, None, b""), script.packet(0, false, TcpFlags::SYN, None, b"")];
    for (index, call) in calls.iter().enumerate() {
        let request = message(&format!("POST /{index} HTTP/1.1\r\n"), call.request_body, call.chunked);
        let response = message("HTTP/1.1 200 OK\r\n", call.response_body, call.chunked);
        for (by_client, bytes) in [(true, request), (false, response)] {
            for data in bytes.chunks(segment) {
                packets.push(script.packet(at, by_client, TcpFlags::default(), None, data));
                at += 1;
            }
        }
    }
    packets.push(script.packet(at, true, TcpFlags::FIN, None, b""));
    packets.push(script.packet(at + 1, false, TcpFlags::FIN, None, b""));
    packets
}

/// A kernel that does as it is told, some packets later.
struct Kernel {
    latency: usize,
    told: VecDeque<(usize, PolicyKey, SkipUntil)>,
    skips: HashMap<PolicyKey, SkipUntil>,
    now: usize,
    left_out: u64,
}

impl Policy for Kernel {
    fn skip(&mut self, key: PolicyKey, until: SkipUntil) {
        self.told.push_back((self.now + self.latency, key, until));
    }

    fn forget(&mut self, _: SocketCookie) {}
}

impl Kernel {
    fn new(latency: usize) -> Self {
        Self { latency, told: VecDeque::new(), skips: HashMap::new(), now: 0, left_out: 0 }
    }

    /// What is reported of a packet, as `crates/probe-common/src/policy.rs` says.
    fn report(&mut self, recorded: &Recorded) -> Option<Recorded> {
        self.now += 1;
        while let Some((at, key, until)) = self.told.front().copied()
            && at < self.now
        {
            self.told.pop_front();
            self.skips.insert(key, until);
        }
        let CaptureEvent::Packet(packet) = recorded.event else { panic!("only packets") };
        let way = if packet.side == Side::Ingress { Way::Ingress } else { Way::Egress };
        let header = packet.tcp.unwrap();
        let control = header.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST).0 != 0;
        let from = match self.skips.get(&PolicyKey { socket: packet.cookie.unwrap(), way }) {
            None => 0,
            Some(SkipUntil::Seq(until)) => {
                let unwanted = until.wrapping_sub(header.seq);
                if unwanted == 0 || unwanted >= 1 << 31 {
                    0
                } else if unwanted > packet.payload_len && !control {
                    self.left_out += u64::from(packet.payload_len);
                    return None;
                } else {
                    unwanted.min(packet.payload_len)
                }
            }
            Some(_) if control => packet.payload_len,
            Some(_) => return None,
        };
        self.left_out += u64::from(from);
        let cut = if from == 0 { Cut::Whole } else { Cut::Unwanted };
        let event = CaptureEvent::Packet(Packet { captured_offset: from, cut, ..packet });
        Some(Recorded { event, payload: recorded.payload[from as usize..].to_vec() })
    }
}

/// The exchanges that come of a source that leaves out what it is told to, and how many bytes it left out.
fn with_policy(config: Config, packets: &[Recorded], latency: usize) -> (Vec<String>, u64) {
    let mut kernel = Kernel::new(latency);
    let mut pipeline = Pipeline::new(config);
    let mut lines = Vec::new();
    for packet in packets {
        if let Some(reported) = kernel.report(packet) {
            pipeline.event(&reported.event(), &mut kernel);
        }
        while let Some(exchange) = pipeline.poll() {
            lines.push(format!("{} {}", line(exchange), parties(exchange)));
        }
        assert_balanced(&pipeline);
    }
    (lines, kernel.left_out)
}

fn config(min_skip_bytes: u64) -> Config {
    let mut config = Config::default();
    config.min_skip_bytes = min_skip_bytes;
    config
}

proptest! {
    #[test]
    fn what_is_left_out_does_not_show(
        calls in prop::collection::vec(call(), 1..6), segment in 100usize..4000, latency in 0usize..20,
        min_skip_bytes in 1u64..5000,
        view in prop_oneof![Just(View::Loopback), Just(View::Client), Just(View::Server)],
    ) {
        let packets = packets(view, &calls, segment);
        let (lines, _) = with_policy(config(min_skip_bytes), &packets, latency);
        prop_assert_eq!(lines.len(), calls.len());
        prop_assert_eq!(lines, exchanges(config(min_skip_bytes), &packets));
    }
}

#[test]
fn most_of_a_large_body_is_left_out() {
    let calls = [Call { request_body: 0, response_body: 1_000_000, chunked: false }];
    for (view, latency) in [(View::Loopback, 0), (View::Client, 5), (View::Server, 5)] {
        let (lines, left_out) = with_policy(config(32 * 1024), &packets(view, &calls, 1448), latency);
        assert_eq!(lines.len(), 1);
        assert!(left_out > 980_000, "{view:?}: {left_out}");
    }
}
