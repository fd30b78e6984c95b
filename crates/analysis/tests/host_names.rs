//! What DNS says of an address names who is asked there, where the request itself does not.

use geophone_analysis::{Analysis, Config, Named};
use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side, TcpFlags, TcpHeader},
    net::NetNs,
    time::Timestamp,
};
use geophone_pipeline::NoPolicy;

const CLIENT: &str = "10.0.0.1:40000";
const NAME_SERVER: &str = "10.0.0.53:53";
const CACHE: &str = "192.0.2.7:6379";

fn packet<'a>(
    at_ns: u64,
    [source, destination]: [&str; 2],
    tcp: Option<[u32; 2]>,
    payload: &'a [u8],
) -> CaptureEvent<'a> {
    CaptureEvent::Packet(Packet {
        at: Timestamp::from_ns(at_ns),
        side: Side::Tap,
        netns: NetNs(1),
        cookie: None,
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        tcp: tcp.map(|[seq, ack]| TcpHeader { seq, ack, flags: TcpFlags::ACK }),
        payload_len: payload.len() as u32,
        captured_offset: 0,
        captured: payload,
        cut: Cut::Whole,
    })
}

#[test]
fn an_address_is_called_what_a_program_asked_for() {
    let question = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x05cache\x04shop\x07example\0\0\x01\0\x01".as_slice();
    // An alias, and the address of that.
    let answer = b"\0\x07\x81\x80\0\x01\0\x02\0\0\0\0\x05cache\x04shop\x07example\0\0\x01\0\x01\
        \xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x05\x02r1\xc0\x12\
        \xc0\x30\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07"
        .as_slice();
    let mut analysis = Analysis::new(Config::default());
    let mut lines = Vec::new();
    let mut print = |named: Named<'_>| lines.push(format!("{}: {}", named.server.name, named.operation));
    for event in [
        packet(1_000, [CLIENT, NAME_SERVER], None, question),
        packet(2_000, [NAME_SERVER, CLIENT], None, answer),
        packet(3_000, [CLIENT, CACHE], Some([500, 900]), b"*1\r\n$4\r\nPING\r\n"),
        packet(4_000, [CACHE, CLIENT], Some([900, 514]), b"+PONG\r\n"),
    ] {
        analysis.event(&event, &mut NoPolicy, &mut print);
    }
    analysis.finish(&mut print);
    lines.sort();
    assert_eq!(lines, ["cache.shop.example: PING", "unknown external service: A cache.shop.example"]);
    assert!(analysis.ledger().iter().all(|row| row.imbalance() == 0));
}
