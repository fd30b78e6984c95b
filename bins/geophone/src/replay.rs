//! Running a file through the same analysis as live traffic.

use std::{
    fs::File,
    io::{IsTerminal as _, Write as _},
    os::fd::AsFd as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use geophone_analysis::{Analysis, Config, Named};
use geophone_capture_file::{Item, Source};
use geophone_model::{
    ledger::{LedgerRow, Stage},
    series::WindowSnapshot,
    time::{Timestamp, Window},
};
use geophone_pipeline::NoPolicy;
use geophone_probe::Clock;
use geophone_store::{EventKind, Store};

use crate::{budget::Budget, rows::Rows, sink::Sink};

/// How much event time passes between two rounds of upkeep.
const TICK_NS: u64 = 1_000_000_000;

/// What a replay came to.
pub(crate) struct Replayed {
    /// From the first window to the last; of no length where nothing was in the file.
    pub(crate) range: Window,
    /// The accounts of all stages.
    pub(crate) ledger: Vec<LedgerRow>,
    /// Why the file could not be read to its end.
    pub(crate) damage: Option<anyhow::Error>,
}

/// Reads the file to its end, or to where it is damaged, and writes all that came of it into the store.
pub(crate) fn replay(path: &Path, budget: Budget, store: Arc<dyn Store>) -> Result<Replayed> {
    let mut source = open(path)?;
    let mut analysis = Analysis::new(Config::within_memory(budget.analysis_bytes));
    let mut rows = Rows::all();
    let mut sink = Sink::new(store, Clock::measure().now());
    let mut progress = Progress::new();
    let (mut begin, mut next_tick) = (Begin::default(), Timestamp::MIN);
    let damage = loop {
        let at = match source.next() {
            Ok(Some(Item::Event(event))) => {
                analysis.event(&event, &mut NoPolicy, &mut |named: Named<'_>| rows.take(named));
                event.at()
            }
            Ok(Some(Item::Fact(fact))) => {
                analysis.fact(&fact);
                continue;
            }
            Ok(Some(_)) => continue,
            Ok(None) => break None,
            Err(error) => {
                break Some(anyhow::Error::new(error).context(format!("{} is damaged", place(path).display())));
            }
        };
        begin.event(at);
        if at >= next_tick || rows.waiting() > budget.max_waiting {
            next_tick = at.plus_ns(TICK_NS);
            analysis.tick(analysis.watermark(), &mut NoPolicy, &mut |named| rows.take(named));
            if rows.waiting() > budget.max_waiting {
                sink.write(begin.noting(analysis.take_windows()), rows.gathered(), at, Vec::new())?;
            }
            progress.show(source.progress());
        }
    };
    progress.clear();
    let last = analysis.watermark();
    analysis.finish(&mut |named| rows.take(named));
    let mut ledger = vec![source.ledger()];
    ledger.extend(analysis.ledger());
    ledger.sort_by_key(|row| (row.stage != Stage::Decode, row.stage));
    ledger.push(rows.ledger());
    if let Some(damage) = &damage {
        sink.note(last, EventKind::RecordsLost, 0, format!("{damage:#}"));
    }
    let written = sink.write(begin.noting(analysis.take_windows()), rows.gathered(), last, ledger.clone());
    written.context("cannot keep what was read")?;
    Ok(Replayed { range: begin.until(last), ledger, damage })
}

/// Where the time that a file is about begins: with the window of its first event, or with that of an exchange that is older
/// and comes later in the file. Other packets of another age do not count: one with a broken time would stretch it by years.
#[derive(Default)]
struct Begin(Option<Timestamp>);

impl Begin {
    fn event(&mut self, at: Timestamp) {
        self.0.get_or_insert_with(|| Window::containing(at, Window::DEFAULT_LENGTH_NS).start);
    }

    /// Takes notice of windows on their way.
    fn noting(&mut self, windows: Vec<WindowSnapshot>) -> Vec<WindowSnapshot> {
        let with_exchanges = windows.iter().filter(|snapshot| !snapshot.points.is_empty());
        self.0 = with_exchanges.map(|snapshot| snapshot.window.start).chain(self.0).min();
        windows
    }

    /// From there to the end of the window of `last`; of no length where the file has no event.
    fn until(&self, last: Timestamp) -> Window {
        let Some(start) = self.0 else { return Window { start: last, length_ns: 0 } };
        let end = Window::containing(last, Window::DEFAULT_LENGTH_NS).end();
        Window { start, length_ns: end.ns_since(start) }
    }
}

/// What is to be read, by a name that people know.
pub(crate) fn place(path: &Path) -> &Path {
    if is_standard_input(path) { Path::new("standard input") } else { path }
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

fn open(path: &Path) -> Result<Source<File>> {
    if !is_standard_input(path) {
        return Ok(geophone_capture_file::open(path)?);
    }
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("cannot read standard input")?;
    Source::new(File::from(input), None).context("cannot read events from standard input")
}

/// How far it has come, on a terminal, for files that take their time.
struct Progress {
    next: Instant,
    shown: bool,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "a person wants to see that something happens")]
    fn new() -> Self {
        Self { next: Instant::now() + Duration::from_secs(1), shown: false }
    }

    #[expect(clippy::disallowed_methods, reason = "a person wants to see that something happens")]
    fn show(&mut self, progress: geophone_capture_file::Progress) {
        if Instant::now() < self.next {
            return;
        }
        self.next += Duration::from_millis(500);
        let mut terminal = std::io::stderr();
        if terminal.is_terminal()
            && let Some(total) = progress.total_bytes.filter(|total| *total > 0)
        {
            self.shown = true;
            let percent = progress.read_bytes as f64 / total as f64 * 100.0;
            // A terminal that is gone is no reason to stop.
            let _ = write!(terminal, "\r{percent:3.0} % of {} MiB", total >> 20);
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r{:30}\r", "");
        }
    }
}
