//! Geophone for one machine: capture, analysis, store, API and page in one process.
//!
//! [`mod@live`] listens to the running kernel, [`mod@replay`] runs a file; both feed a [`geophone_analysis`], of which [`rows`]
//! gathers exchanges; [`sink`] writes all into the store, which [`serve`] shows and [`report`] prints.

mod args;
mod budget;
mod live;
mod not_seen;
mod recorder;
mod replay;
mod report;
mod rows;
mod serve;
mod settings;
mod sink;
mod terminal;

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, Result};
use clap::Parser as _;
use geophone_api::{Now, Recording};
use geophone_model::ledger::LedgerRow;
use geophone_store::{MemoryConfig, MemoryStore, Store};

use crate::{
    args::{Args, Command, ReplayArgs},
    budget::Budget,
    live::Live,
    settings::{DEFAULT_LISTEN, DEFAULT_MEMORY_BYTES, Settings},
    terminal::{say, warn},
};

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Some(Command::Replay(args)) => replay(&args),
        None => Settings::new(args.live).and_then(live),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            warn(format_args!("geophone: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn live(settings: Settings) -> Result<ExitCode> {
    let runtime = runtime()?;
    let budget = Budget::live(settings.memory_bytes);
    let store: Arc<dyn Store> = Arc::new(store(budget));
    let listener = runtime.block_on(serve::bind(settings.listen))?;
    let address = listener.local_addr()?;
    // Before it is said that capture is attached: who asks then for the end wants the books closed.
    let asked = runtime.block_on(async { serve::asked_to_end() })?;
    let mut live = Live::open(&settings, budget, Arc::clone(&store), address.port())?;
    if let Some(path) = &settings.record {
        warn(format_args!("Recording raw traffic, with every secret in it, to {}: keep it safe.", path.display()));
    }
    for line in live.hooks() {
        say(line);
    }
    for limit in live.survey() {
        say(limit);
    }
    let not_seen = not_seen::live(settings.capture);
    say(format_args!("Not seen: {}.", not_seen.join("; ")));
    say("What is shown is kept in memory, and gone when this ends.");
    announce("Capture is attached. ", address, &settings.allowed_hosts);

    let clock = live.clock();
    let stop = Arc::new(AtomicBool::new(false));
    let (over, capture_is_over) = tokio::sync::oneshot::channel::<()>();
    let capture = {
        let stop = Arc::clone(&stop);
        let run = move || {
            // A capture that fails ends the program: nobody is to look at a page that stands still.
            let _over = over;
            live.run(&stop)
        };
        std::thread::Builder::new().name("capture".to_owned()).spawn(run)
    };
    let capture = capture.context("cannot start the thread that captures")?;
    let served = runtime.block_on(async {
        let end = async move {
            let lasts = async {
                match settings.for_ {
                    Some(time) => tokio::time::sleep(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = lasts => {}
                () = asked => {}
                _ = capture_is_over => {}
            }
        };
        let state =
            serve::state(&listener, store, Now::Provided(Arc::new(move || clock.now())), settings.allowed_hosts)?;
        serve::serve(listener, state.with_not_seen(not_seen), end).await
    });
    stop.store(true, Ordering::Relaxed);
    let ended = capture.join().map_err(|_| anyhow::anyhow!("the capture has failed"))??;
    for shortfall in &ended.shortfalls {
        say(shortfall);
    }
    say(report::ledger("Ledger", &ended.ledger).trim_end());
    served?;
    ended.recording?;
    Ok(verdict(&ended.ledger))
}

fn replay(args: &ReplayArgs) -> Result<ExitCode> {
    let budget = Budget::replay(args.memory_limit.unwrap_or(DEFAULT_MEMORY_BYTES));
    let runtime = runtime()?;
    let listener = match args.serve {
        true => Some(runtime.block_on(serve::bind(args.listen.unwrap_or(DEFAULT_LISTEN)))?),
        false => None,
    };
    let store: Arc<dyn Store> = Arc::new(store(budget));
    let replayed = replay::replay(&args.file, budget, Arc::clone(&store))?;
    let map = report::map(&*store, replayed.range)?;
    terminal::print(&report::format(&map, args.format)?).context("cannot write to the standard output")?;
    let held = report::held(&*store)?;
    let ledgers = report::ledger("Ledger", &replayed.ledger) + &report::ledger("Held in memory", &held);
    warn(ledgers.trim_end());
    if let Some(evicted) = report::evicted(replayed.range, &map) {
        warn(format_args!("geophone: {evicted}"));
    }
    let code = match &replayed.damage {
        Some(damage) => {
            warn(format_args!("geophone: {damage:#}; what was readable is shown"));
            ExitCode::FAILURE
        }
        None => verdict(&[replayed.ledger, held].concat()),
    };
    if let Some(listener) = listener {
        let end = runtime.block_on(async { serve::asked_to_end() })?;
        announce("", listener.local_addr()?, &args.allow_hosts);
        let file = replay::place(&args.file);
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        let now = Now::EndOf(Recording { name, range: replayed.range });
        let state = serve::state(&listener, store, now, args.allow_hosts.clone())?.with_not_seen(not_seen::replay());
        runtime.block_on(serve::serve(listener, state, end))?;
    }
    Ok(code)
}

/// Says where the page is, and who can see it if that is not this machine alone.
fn announce(before: &str, address: SocketAddr, allowed_hosts: &[String]) {
    if let Some(warning) = serve::warning(address) {
        warn(warning);
    }
    say(format_args!("{before}Open {}", serve::url(address, allowed_hosts)));
}

/// Books that do not balance are a defect, and whoever runs this in a script should notice.
fn verdict(ledger: &[LedgerRow]) -> ExitCode {
    let off: Vec<_> = ledger.iter().filter(|row| row.imbalance() != 0).collect();
    for row in &off {
        warn(format_args!("geophone: the ledger does not balance: {row}"));
    }
    if off.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn store(budget: Budget) -> MemoryStore {
    MemoryStore::new(MemoryConfig::within(budget.store_bytes))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the server's runtime")
}
