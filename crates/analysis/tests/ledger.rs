//! The books, looked at after every step: rows balance, and what one stage passes on is what the next one has seen.

use geophone_analysis::{Analysis, Config, Named};
use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side, TcpFlags, TcpHeader},
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    ledger::{LedgerRow, Stage},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_pipeline::NoPolicy;

const NETNS: NetNs = NetNs(1);
const MS: u64 = 1_000_000;
const REQUEST: &[u8] = b"GET /cart HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Clients from outside, each with a connection to a server of its own on this machine. It has the cookie that the client's port
/// says.
struct Machine {
    analysis: Analysis,
    /// Who served, in the order in which it was said; `taken` of them have been looked at.
    named: Vec<String>,
    taken: usize,
}

impl Machine {
    fn new(max_waiting: usize) -> Self {
        let mut config = Config::default();
        config.pending.max_exchanges = max_waiting;
        let mut machine = Self { analysis: Analysis::new(config), named: Vec::new(), taken: 0 };
        let at = Timestamp::MIN;
        machine.analysis.fact(&Fact::LocalAddress { at, netns: NETNS, ip: server(0).ip() });
        machine
    }

    /// A request and its response.
    fn call(&mut self, at_ms: u64, client: u16) {
        let (asks, answers) = (outside(client), server(client));
        self.packet(at_ms, Side::Ingress, asks, answers, (1, 1), REQUEST);
        self.packet(at_ms, Side::Egress, answers, asks, (1, 1 + REQUEST.len() as u32), RESPONSE);
    }

    fn packet(
        &mut self,
        at_ms: u64,
        side: Side,
        source: Endpoint,
        destination: Endpoint,
        (seq, ack): (u32, u32),
        payload: &[u8],
    ) {
        let client = if side == Side::Ingress { source } else { destination };
        let event = CaptureEvent::Packet(Packet {
            at: Timestamp::from_ns(at_ms * MS),
            side,
            netns: NETNS,
            cookie: SocketCookie::new(client.port().into()),
            source,
            destination,
            tcp: Some(TcpHeader { seq, ack, flags: TcpFlags::ACK }),
            payload_len: payload.len() as u32,
            captured_offset: 0,
            captured: payload,
            cut: Cut::Whole,
        });
        let named = &mut self.named;
        self.analysis.event(&event, &mut NoPolicy, &mut |one| named.push(name(one)));
        self.check();
    }

    /// The process `app` holds the server's socket of a connection.
    fn learn(&mut self, client: u16) {
        let (at, pid) = (Timestamp::MIN, Pid(7));
        self.analysis.fact(&Fact::Process(ProcessFact {
            at,
            pid,
            parent: Pid(0),
            comm: "app".into(),
            executable: "app".into(),
            script: None,
            cgroup: "/".into(),
            container: None,
            unit: None,
            netns: NETNS,
        }));
        self.analysis.fact(&Fact::Socket(SocketFact {
            at,
            netns: NETNS,
            cookie: SocketCookie::new(client.into()),
            transport: Transport::Tcp,
            local: server(client),
            remote: Some(outside(client)),
            pid,
            source: OwnerSource::Descriptor,
        }));
        self.check();
    }

    fn tick(&mut self, at_ms: u64) {
        let named = &mut self.named;
        self.analysis.tick(Timestamp::from_ns(at_ms * MS), &mut NoPolicy, &mut |one| named.push(name(one)));
        self.check();
    }

    fn finish(&mut self) {
        let named = &mut self.named;
        self.analysis.finish(&mut |one| named.push(name(one)));
        self.check();
    }

    fn row(&self, stage: Stage) -> LedgerRow {
        self.analysis.ledger().into_iter().find(|row| row.stage == stage).unwrap()
    }

    fn waiting(&self) -> u64 {
        self.row(Stage::Aggregate).withheld.iter().find(|withheld| withheld.reason == "waiting").unwrap().count
    }

    fn check(&self) {
        for row in self.analysis.ledger() {
            assert_eq!(row.imbalance(), 0, "{row}");
        }
        let (pair, aggregate) = (self.row(Stage::Pair), self.row(Stage::Aggregate));
        assert_eq!(pair.passed, aggregate.seen, "{pair}; {aggregate}");
        assert_eq!(aggregate.passed, self.named.len() as u64, "{aggregate}");
    }

    fn take_named(&mut self) -> Vec<String> {
        let from = std::mem::replace(&mut self.taken, self.named.len());
        self.named[from..].to_vec()
    }
}

fn outside(client: u16) -> Endpoint {
    Endpoint::new("203.0.113.9".parse().unwrap(), client)
}

fn server(client: u16) -> Endpoint {
    Endpoint::new("10.0.0.1".parse().unwrap(), 10_000 + client)
}

fn name(named: Named<'_>) -> String {
    format!("{} by {}", named.exchange.client.endpoint.port(), named.server.name)
}

#[test]
fn exchanges_that_wait_for_facts_are_in_the_books() {
    let mut machine = Machine::new(16);
    machine.call(1_000, 1);
    machine.call(1_001, 2);
    assert_eq!((machine.waiting(), machine.take_named()), (2, vec![]));

    // Who need not wait passes those who do, and these keep their order.
    machine.learn(3);
    machine.call(1_002, 3);
    machine.learn(2);
    machine.tick(1_100);
    assert_eq!((machine.waiting(), machine.take_named()), (2, vec!["3 by app".to_owned()]));
    machine.learn(1);
    machine.tick(1_101);
    assert_eq!((machine.waiting(), machine.take_named()), (0, ["1 by app", "2 by app"].map(str::to_owned).into()));

    machine.call(1_200, 4);
    machine.tick(1_699);
    assert_eq!((machine.waiting(), machine.take_named()), (1, vec![]));
    machine.tick(1_700);
    assert_eq!((machine.waiting(), machine.take_named()), (0, vec!["4 by port 10004".to_owned()]), "the grace is over");

    machine.call(1_800, 5);
    assert_eq!(machine.waiting(), 1);
    machine.finish();
    assert_eq!((machine.waiting(), machine.take_named()), (0, vec!["5 by port 10005".to_owned()]));
    assert_eq!(machine.row(Stage::Aggregate).passed, 5);
}

#[test]
fn a_full_queue_is_in_the_books() {
    let mut machine = Machine::new(2);
    for client in 1..=5 {
        machine.call(1_000, client);
        assert!(machine.waiting() <= 2);
    }
    machine.finish();
    let named: Vec<_> = (1..=5).map(|client| format!("{client} by port {}", 10_000 + client)).collect();
    assert_eq!(machine.take_named(), named);
}
