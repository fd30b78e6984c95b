//! The product under test: capture, pipeline, resolver and aggregation, joined as the binary `geophone` joins them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use geophone_analysis::Analysis;
use geophone_model::{capture::CaptureEvent, net::SocketCookie, time::Timestamp};
use geophone_pipeline::{Policy, PolicyKey, SkipUntil, Way};
use geophone_probe::{Capture, Config, Drained, Flow, Item, Pace, Skip};
use geophone_procfs::{Discovery, Machine};

use crate::{
    observed::{HandedOver, Named, Observed},
    room::Room,
};

/// How far event time stays behind the clock, as in the binary.
const HOLD_BACK_NS: u64 = 200_000_000;

/// A ring that the slow, unoptimised programs of a test run do not overflow.
const RING_BYTES: usize = 128 << 20;

/// An observation that is under way, in a thread of its own.
#[derive(Debug)]
pub struct Observation {
    orders: Arc<Orders>,
    thread: Option<JoinHandle<Observed>>,
}

#[derive(Debug, Default)]
struct Orders {
    end: AtomicBool,
    pause: AtomicBool,
}

impl Observation {
    /// Observes the sockets of a room from now on.
    ///
    /// # Panics
    /// Where the capture cannot be opened.
    pub fn begin(room: &Room) -> Self {
        Self::with(room, |_| {})
    }

    /// The same with a capture that differs in what `change` says.
    ///
    /// # Panics
    /// Where the capture cannot be opened.
    pub fn with(room: &Room, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.cgroup = Some(room.cgroup().path().to_owned());
        config.ring_bytes = RING_BYTES;
        change(&mut config);
        let orders = Arc::new(Orders::default());
        let (ready, attached) = sync_channel(1);
        let obeyed = Arc::clone(&orders);
        let run = move || {
            let observer = Observer::open(&config);
            let _ = ready.send(());
            observer.run(&obeyed)
        };
        let thread = thread::Builder::new().name("observation".to_owned()).spawn(run).expect("a thread can be had");
        let mut observation = Self { orders, thread: Some(thread) };
        if attached.recv().is_err() {
            observation.join();
        }
        observation
    }

    /// Stops reading the ring, which fills.
    pub fn pause(&self) {
        self.orders.pause.store(true, Ordering::Relaxed);
    }

    /// Reads the ring again.
    pub fn go_on(&self) {
        self.orders.pause.store(false, Ordering::Relaxed);
    }

    /// Takes the hooks away and returns what was observed.
    ///
    /// # Panics
    /// If the observing thread has.
    pub fn end(mut self) -> Observed {
        self.go_on();
        self.orders.end.store(true, Ordering::Relaxed);
        self.join()
    }

    fn join(&mut self) -> Observed {
        let thread = self.thread.take().expect("it is joined once");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.orders.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The stages, joined.
struct Observer {
    capture: Capture,
    discovery: Discovery,
    analysis: Analysis,
    named: Vec<Named>,
    wishes: Wishes,
    handed_over: HandedOver,
    losses: u64,
    skips: u64,
}

impl Observer {
    fn open(config: &Config) -> Self {
        let capture = Capture::open(config).unwrap_or_else(|error| panic!("{error}"));
        let clock = capture.clock();
        let machine = Machine::new(geophone_procfs::Config::new(clock.boot()));
        let mut discovery = Discovery::start(machine, move || clock.now()).expect("threads can be had");
        let mut analysis = Analysis::new(geophone_analysis::Config::default());
        discovery.survey().facts.iter().for_each(|fact| analysis.fact(fact));
        let wishes = Wishes::default();
        let handed_over = HandedOver::default();
        Self { capture, discovery, analysis, named: Vec::new(), wishes, handed_over, losses: 0, skips: 0 }
    }

    fn run(mut self, orders: &Orders) -> Observed {
        let mut pace = Pace::new(self.capture.ring_bytes());
        while !orders.end.load(Ordering::Relaxed) {
            if orders.pause.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            let wait = pace.after(self.drain());
            self.tick(self.capture.clock().now().minus_ns(HOLD_BACK_NS));
            thread::sleep(wait);
        }
        self.drain();
        self.capture.detach();
        while self.drain().records > 0 {}
        self.discovery.finish().iter().for_each(|fact| self.analysis.fact(fact));
        self.tick(self.capture.clock().now());
        self.analysis.finish(&mut |named| self.named.push(named.into()));
        let mut ledger = self.capture.ledger().expect("the counters can be read");
        ledger.extend(self.analysis.ledger());
        Observed {
            exchanges: self.named,
            ledger,
            windows: self.analysis.take_windows(),
            connections: self.analysis.connections(),
            hooks: self.capture.hooks().iter().map(ToString::to_string).collect(),
            handed_over: self.handed_over,
            lost_records: self.losses,
            skips: self.skips,
        }
    }

    fn drain(&mut self) -> Drained {
        let Self { capture, discovery, analysis, named, wishes, handed_over, losses, .. } = self;
        let drained = capture.drain(|item| match &item {
            Item::Event(event) => {
                match event {
                    CaptureEvent::Socket(change) => {
                        discovery.socket(change);
                    }
                    CaptureEvent::Packet(packet) => handed_over.add(packet.captured),
                    CaptureEvent::Chunk(chunk) => handed_over.add(chunk.captured),
                    CaptureEvent::Loss(loss) => *losses += loss.records,
                    _ => {}
                }
                analysis
                    .event(event, wishes, &mut |exchange: geophone_analysis::Named<'_>| named.push(exchange.into()));
            }
            Item::Exec(exec) => {
                discovery.exec(exec.pid, exec.at);
                analysis.fact(&exec.fact());
            }
            Item::Exit(exit) => {
                discovery.exit(exit.pid, exit.at);
                analysis.fact(&exit.fact());
            }
            _ => {}
        });
        self.grant();
        drained.expect("the counters can be read")
    }

    fn tick(&mut self, now: Timestamp) {
        self.analysis.tick(now, &mut self.wishes, &mut |named| self.named.push(named.into()));
        self.grant();
    }

    fn grant(&mut self) {
        for (key, until) in self.wishes.0.drain(..) {
            let flow = match key.way {
                Way::Egress => Flow::Egress,
                Way::Ingress => Flow::Ingress,
            };
            let what = match until {
                SkipUntil::Seq(seq) => Skip::Until(seq),
                _ => Skip::Forever,
            };
            self.capture.skip(key.socket, flow, what).expect("the policy can be written");
            self.skips += 1;
        }
    }
}

/// What the pipeline does not want, until the kernel can be told: the ring is borrowed while it is drained.
#[derive(Default)]
struct Wishes(Vec<(PolicyKey, SkipUntil)>);

impl Policy for Wishes {
    fn skip(&mut self, key: PolicyKey, until: SkipUntil) {
        self.0.push((key, until));
    }

    fn forget(&mut self, _: SocketCookie) {}
}
