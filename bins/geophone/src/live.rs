//! Listening to the running kernel.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use geophone_analysis::Analysis;
use geophone_model::{capture::CaptureEvent, fact::Fact, ledger::LedgerRow, net::SocketCookie, time::Timestamp};
use geophone_pipeline::{Policy, PolicyKey, SkipUntil, Way};
use geophone_probe::{Capture, Clock, Family, Flow, Item, Pace, ProbeError, Skip};
use geophone_procfs::{Discovery, Machine, Survey};
use geophone_store::{EventKind, Store};

use crate::{
    args::Hooks, budget::Budget, recorder::Recorder, rows::Rows, settings::Settings, sink::Sink, terminal::warn,
};

/// How far event time stays behind the clock when nothing happens: an event that has been stamped may still be on its way
/// through the ring.
const HOLD_BACK_NS: u64 = 200_000_000;
/// How often the accounts are written, windows are closed, and what is recorded reaches the file.
const WRITE_EVERY_NS: u64 = 1_000_000_000;

/// A capture with all that follows it.
pub(crate) struct Live {
    capture: Capture,
    discovery: Discovery,
    analysis: Analysis,
    rows: Rows,
    max_waiting: usize,
    sink: Sink,
    recorder: Option<Recorder>,
    wishes: Wishes,
    wishes_refused: u64,
}

/// What is to be said of a capture that is over.
pub(crate) struct Ended {
    /// The final accounts.
    pub(crate) ledger: Vec<LedgerRow>,
    /// What was given up without losing an exchange, in sentences.
    pub(crate) shortfalls: Vec<String>,
    /// Whether the recording, if there was to be one, is whole.
    pub(crate) recording: Result<()>,
}

impl Live {
    /// Attaches to the kernel. `own_port` is where this program listens itself.
    pub(crate) fn open(settings: &Settings, budget: Budget, store: Arc<dyn Store>, own_port: u16) -> Result<Self> {
        let mut config = geophone_probe::Config::default();
        config.cgroup.clone_from(&settings.cgroup);
        // Who speaks with a socket of that cgroup over the loopback device may be outside of it.
        config.loopback_arrivals = settings.cgroup.is_some();
        config.family = match settings.capture {
            Hooks::Packets => Family::Packets,
            Hooks::Syscalls => Family::Syscalls,
        };
        config.own_ports = vec![own_port];
        config.ring_bytes = budget.ring_bytes;
        // The file is made first: one that cannot be written must not cost a kernel attachment.
        let recorder = settings.record.as_deref().map(Recorder::create).transpose()?;
        let capture = Capture::open(&config).map_err(refusal)?;
        let clock = capture.clock();
        let begun = clock.now();
        let machine = Machine::new(geophone_procfs::Config::new(clock.boot()));
        let discovery = Discovery::start(machine, move || clock.now());
        let mut live = Self {
            capture,
            discovery: discovery.context("cannot start the threads that look up processes and listeners")?,
            analysis: Analysis::new(geophone_analysis::Config::within_memory(budget.analysis_bytes)),
            rows: Rows::new(settings.keep_exchanges),
            max_waiting: budget.max_waiting,
            sink: Sink::new(store, begun),
            recorder,
            wishes: Wishes::default(),
            wishes_refused: 0,
        };
        live.sink.note(begun, EventKind::AgentStarted, 0, concat!("geophone ", env!("CARGO_PKG_VERSION")));
        Ok(live)
    }

    /// The clock of all that is captured. From here on no other is read: the wall clock may be set at any time, and would then
    /// be ahead of the events, or behind them.
    pub(crate) const fn clock(&self) -> Clock {
        self.capture.clock()
    }

    /// What is attached and what is not, in sentences; also noted as events.
    pub(crate) fn hooks(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for hook in self.capture.hooks() {
            let kind = match hook.state {
                geophone_probe::HookState::Attached => EventKind::CaptureAttached,
                _ => EventKind::CaptureUnavailable,
            };
            self.sink.note(self.capture.clock().now(), kind, 0, hook.to_string());
            lines.push(hook.to_string());
        }
        lines
    }

    /// Looks at everything that is older than the capture. Returns what could not be seen.
    pub(crate) fn survey(&mut self) -> Vec<String> {
        let Survey { facts, limits, .. } = self.discovery.survey();
        for fact in &facts {
            self.learn(fact);
        }
        limits
    }

    /// Captures until `stop` is set, then takes the hooks away, empties the ring and returns the final accounts.
    pub(crate) fn run(mut self, stop: &AtomicBool) -> Result<Ended> {
        let mut pace = Pace::new(self.capture.ring_bytes());
        let clock = self.clock();
        let mut next_write = clock.now();
        while !stop.load(Ordering::Relaxed) {
            let wait = pace.after(self.drain()?);
            let now = clock.now();
            if now >= next_write || self.rows.waiting() > self.max_waiting {
                next_write = now.plus_ns(WRITE_EVERY_NS);
                self.tick(now.minus_ns(HOLD_BACK_NS));
                self.write()?;
            }
            std::thread::sleep(wait.min(Duration::from_millis(50)));
        }
        // What the kernel has handed over until now is wanted; then the hooks go, and what came in between is the last.
        self.drain()?;
        self.capture.detach();
        while self.drain()?.records > 0 {}
        for fact in self.discovery.finish() {
            self.learn(&fact);
        }
        self.tick(clock.now());
        self.analysis.finish(&mut |named| self.rows.take(named));
        self.sink.note(clock.now(), EventKind::AgentStopped, 0, "as it was told to");
        self.write()?;
        let recording = self.recorder.take().map_or(Ok(()), Recorder::finish);
        let mut shortfalls = Vec::new();
        let dropped = self.discovery.counters().questions_dropped;
        if dropped > 0 {
            shortfalls.push(format!("{dropped} processes and listeners came too fast to be looked up"));
        }
        if self.wishes_refused > 0 {
            shortfalls.push(format!("{} times the kernel copied more than was wanted", self.wishes_refused));
        }
        Ok(Ended { ledger: self.ledger()?, shortfalls, recording })
    }

    fn drain(&mut self) -> Result<geophone_probe::Drained> {
        while let Some(fact) = self.discovery.found() {
            self.learn(&fact);
        }
        let Self { capture, discovery, analysis, rows, recorder, wishes, sink, .. } = self;
        let drained = capture.drain(|item| {
            let fact = match &item {
                Item::Event(event) => {
                    if let CaptureEvent::Socket(change) = event {
                        discovery.socket(change);
                    }
                    if let CaptureEvent::Loss(loss) = event {
                        sink.note(loss.at, EventKind::RecordsLost, loss.records, "the ring was full");
                    }
                    if let Some(recorder) = recorder {
                        recorder.event(event);
                    }
                    analysis.event(event, wishes, &mut |named| rows.take(named));
                    None
                }
                Item::Exec(exec) => {
                    discovery.exec(exec.pid, exec.at);
                    Some(exec.fact())
                }
                Item::Exit(exit) => {
                    discovery.exit(exit.pid, exit.at);
                    Some(exit.fact())
                }
                _ => None,
            };
            if let Some(fact) = fact {
                analysis.fact(&fact);
                if let Some(recorder) = recorder {
                    recorder.fact(&fact);
                }
            }
        })?;
        self.grant();
        Ok(drained)
    }

    fn tick(&mut self, now: Timestamp) {
        let now = now.max(self.analysis.watermark().min(self.clock().now()));
        self.analysis.tick(now, &mut self.wishes, &mut |named| self.rows.take(named));
        self.grant();
    }

    /// Tells the kernel what the parsers do not want.
    fn grant(&mut self) {
        for (key, until) in self.wishes.asked.drain(..) {
            let flow = match key.way {
                Way::Egress => Flow::Egress,
                Way::Ingress => Flow::Ingress,
            };
            let what = match until {
                SkipUntil::Seq(seq) => Skip::Until(seq),
                _ => Skip::Forever,
            };
            // A wish that is not granted costs copies, and nothing else.
            self.wishes_refused += u64::from(self.capture.skip(key.socket, flow, what).is_err());
        }
    }

    fn learn(&mut self, fact: &Fact) {
        self.analysis.fact(fact);
        if let Some(recorder) = &mut self.recorder {
            recorder.fact(fact);
        }
    }

    fn write(&mut self) -> Result<()> {
        let ledger = self.ledger()?;
        let (windows, exchanges) = (self.analysis.take_windows(), self.rows.gathered());
        if let Some(ending) = self.recorder.as_mut().and_then(Recorder::flush) {
            // Whoever records is to know at once; whoever looks at the page is to be able to go on.
            warn(format_args!("geophone: {ending}; listening goes on"));
            self.sink.note(self.clock().now(), EventKind::RecordingEnded, 0, ending);
        }
        self.sink.write(windows, exchanges, self.clock().now(), ledger)
    }

    fn ledger(&self) -> Result<Vec<LedgerRow>> {
        let mut rows = self.capture.ledger()?;
        rows.extend(self.analysis.ledger());
        rows.push(self.rows.ledger());
        Ok(rows)
    }
}

/// What the capture's error means for who has flags, and a way to see something all the same.
fn refusal(error: ProbeError) -> anyhow::Error {
    /// In a checkout, from where the README's commands are run.
    const DEMO: &str = "examples/data/demo.geocap";
    let flags = match &error {
        ProbeError::NoCgroup2 => "; `--cgroup DIRECTORY` names one, `--capture syscalls` needs none",
        _ => "",
    };
    let file = if Path::new(DEMO).exists() { DEMO } else { "FILE" };
    anyhow::Error::new(error).context(format!(
        "cannot listen to this machine{flags} (a recording can be looked at without: `geophone replay {file} --serve`)"
    ))
}

/// What the pipeline does not want, until the kernel can be told: the ring is borrowed while it is drained.
#[derive(Default)]
struct Wishes {
    asked: Vec<(PolicyKey, SkipUntil)>,
}

impl Policy for Wishes {
    fn skip(&mut self, key: PolicyKey, until: SkipUntil) {
        self.asked.push((key, until));
    }

    /// The map evicts by itself what is not asked for any more.
    fn forget(&mut self, _: SocketCookie) {}
}
