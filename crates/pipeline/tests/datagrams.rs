//! Datagrams: DNS is read, and nothing else leaves a trace.

mod support;

use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side},
    exchange::Exchange,
    net::{Endpoint, NetNs, SocketCookie},
    status::StatusClass,
    time::Timestamp,
};
use geophone_pipeline::{Config, NoPolicy, Pipeline, Policy, PolicyKey, SkipUntil, Way};
use support::assert_balanced;

const STUB: &str = "127.0.0.1:40000";
const SERVER: &str = "127.0.0.53:53";

/// A question for the address of `shop.example`, or its answer: 192.0.2.7, for a minute.
fn message(id: u16, is_answer: bool) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend_from_slice(if is_answer { b"\x81\x80\0\x01\0\x01\0\0\0\0" } else { b"\x01\0\0\x01\0\0\0\0\0\0" });
    message.extend_from_slice(b"\x04shop\x07example\0\0\x01\0\x01");
    if is_answer {
        message.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07");
    }
    message
}

struct Run {
    pipeline: Pipeline,
    exchanges: Vec<Exchange>,
    wishes: Wishes,
}

/// What a source was asked.
#[derive(Default)]
struct Wishes(Vec<(PolicyKey, SkipUntil)>);

impl Policy for Wishes {
    fn skip(&mut self, key: PolicyKey, until: SkipUntil) {
        self.0.push((key, until));
    }

    fn forget(&mut self, _: SocketCookie) {}
}

impl Run {
    fn new(config: Config) -> Self {
        Self { pipeline: Pipeline::new(config), exchanges: Vec::new(), wishes: Wishes::default() }
    }

    fn datagram(&mut self, at_ns: u64, source: &str, destination: &str, payload: &[u8], captured: usize) {
        self.datagram_of(None, at_ns, [source, destination], payload, captured);
    }

    fn datagram_of(
        &mut self,
        cookie: Option<SocketCookie>,
        at_ns: u64,
        [source, destination]: [&str; 2],
        payload: &[u8],
        captured: usize,
    ) {
        let endpoint = |text: &str| -> Endpoint { text.parse().unwrap() };
        let event = CaptureEvent::Packet(Packet {
            at: Timestamp::from_ns(at_ns),
            side: Side::Loopback,
            netns: NetNs(1),
            cookie,
            source: endpoint(source),
            destination: endpoint(destination),
            tcp: None,
            payload_len: payload.len() as u32,
            captured_offset: 0,
            captured: &payload[..captured],
            cut: if captured < payload.len() { Cut::Lost } else { Cut::Whole },
        });
        self.pipeline.event(&event, &mut self.wishes);
        self.settle();
    }

    fn ask(&mut self, at_ns: u64, stub: &str, id: u16) {
        let question = message(id, false);
        self.datagram(at_ns, stub, SERVER, &question, question.len());
    }

    fn answer(&mut self, at_ns: u64, stub: &str, id: u16) {
        let answer = message(id, true);
        self.datagram(at_ns, SERVER, stub, &answer, answer.len());
    }

    fn settle(&mut self) {
        assert_balanced(&self.pipeline);
        while let Some(exchange) = self.pipeline.poll() {
            self.exchanges.push(std::mem::replace(exchange, Exchange::blank()));
        }
        assert_balanced(&self.pipeline);
    }

    fn tick(&mut self, at_ns: u64) {
        self.pipeline.tick(Timestamp::from_ns(at_ns), &mut NoPolicy);
        self.settle();
    }

    fn withheld(&self, reason: &str) -> u64 {
        let rows = self.pipeline.ledger();
        rows.iter()
            .flat_map(|row| &row.withheld)
            .filter(|withheld| withheld.reason == reason)
            .map(|one| one.count)
            .sum()
    }
}

#[test]
fn a_question_and_its_answer_are_an_exchange_with_the_address() {
    let mut run = Run::new(Config::default());
    run.ask(1_000, STUB, 7);
    run.answer(5_000, STUB, 7);
    let [exchange] = run.exchanges.as_slice() else { panic!("{:?}", run.exchanges) };
    assert_eq!((exchange.verb.as_str(), exchange.resource.as_str()), ("A", "shop.example"));
    assert_eq!((exchange.client.endpoint.to_string().as_str(), exchange.duration_ns()), (STUB, Some(4_000)));
    assert_eq!(exchange.status.class, StatusClass::Ok);
    let answer = &exchange.answers[0];
    assert_eq!(
        (answer.name.as_str(), answer.address.to_string().as_str(), answer.ttl_s),
        ("shop.example", "192.0.2.7", 60)
    );
}

#[test]
fn an_answer_that_is_seen_first_says_who_asks() {
    let mut run = Run::new(Config::default());
    run.answer(1_000, STUB, 6);
    run.ask(2_000, STUB, 7);
    run.answer(3_000, STUB, 7);
    assert_eq!(run.exchanges.len(), 1);
    assert_eq!(run.exchanges[0].client.endpoint.to_string(), STUB);
}

#[test]
fn a_question_that_nobody_answers_ends_without_response() {
    let mut run = Run::new(Config::default());
    run.ask(1_000, STUB, 7);
    run.tick(20_000_000_000);
    assert_eq!(run.exchanges.len(), 0);
    run.tick(31_000_000_000);
    assert_eq!(run.exchanges.len(), 1);
    assert_eq!(run.exchanges[0].status.class, StatusClass::NoResponse);
}

#[test]
fn what_is_no_dns_leaves_no_trace_but_in_the_ledger() {
    let mut run = Run::new(Config::default());
    run.datagram(1, STUB, SERVER, b"a datagram of something else", 28);
    run.datagram(2, STUB, SERVER, b"", 0);
    assert_eq!((run.exchanges.len(), run.withheld("no_parser")), (0, 2));
}

#[test]
fn a_socket_that_never_speaks_dns_is_copied_no_more() {
    let cookie = SocketCookie::new(9).unwrap();
    let mut run = Run::new(Config::default());
    let question = message(7, false);
    for at_ns in 1..100 {
        let dns_again = at_ns == 20;
        let (to, payload): (_, &[u8]) =
            if dns_again { (SERVER, &question) } else { ("127.0.0.1:9999", b"a datagram of something else") };
        run.datagram_of(Some(cookie), at_ns, [STUB, to], payload, payload.len());
        assert_eq!(run.wishes.0.is_empty(), at_ns < 20 + 32, "at {at_ns}");
    }
    let never = |way| (PolicyKey { socket: cookie, way }, SkipUntil::Forever);
    assert_eq!(run.wishes.0, [never(Way::Egress), never(Way::Ingress)]);
}

#[test]
fn what_was_not_captured_is_lost() {
    let mut run = Run::new(Config::default());
    run.ask(1_000, STUB, 7);
    let answer = message(7, true);
    run.datagram(2_000, SERVER, STUB, &answer, 5);
    assert_eq!(run.withheld("cut"), answer.len() as u64 - 5);
    run.tick(40_000_000_000);
    assert_eq!(run.exchanges.len(), 0, "it may have been the answer");
}

#[test]
fn who_was_silent_longest_makes_room() {
    let mut config = Config::default();
    config.max_datagram_pairs = 2;
    let mut run = Run::new(config);
    for (at_ns, stub) in [(1, "127.0.0.1:1"), (2, "127.0.0.1:2"), (3, "127.0.0.1:3")] {
        run.ask(at_ns, stub, 7);
    }
    assert_eq!(run.withheld("abandoned"), 1);
    run.answer(4, "127.0.0.1:2", 7);
    run.answer(5, "127.0.0.1:3", 7);
    assert_eq!(run.exchanges.len(), 2);
    run.pipeline.finish();
    run.settle();
}
