//! More than a machine can take: what geophone gives up, and whether it says so.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{MEMORY_LIMIT, MEMORY_LIMIT_MIB};
use crate::bench::{
    geophone::{Geophone, ask},
    ledger::Ledger,
    load::wrk,
    nginx::{Log, Nginx},
};

/// Connections of the closed loop, and its seconds.
const CONNECTIONS: u32 = 128;
const SECONDS: u32 = 10;
/// How long geophone may take to say that it is alive, and how often it is asked.
const ALIVE_WITHIN: Duration = Duration::from_secs(1);
const ASKED_EVERY: Duration = Duration::from_millis(250);

/// A closed loop that leaves nothing of the machine, and a geophone that is given little memory and next to none of the
/// processors, so that its ring must overflow. What it does not report must be in its ledger, which balances, and it must stay
/// within its memory.
pub(super) fn closed_loop() -> Result<()> {
    let nginx = Nginx::start(Log::Requests)?;
    let geophone = Geophone::start_starved(&["--memory-limit", MEMORY_LIMIT])?;
    let over = AtomicBool::new(false);
    let (load, alive) = std::thread::scope(|scope| {
        let alive = scope.spawn(|| Alive::watch(geophone.address(), &over));
        let load = wrk(&nginx.url(), CONNECTIONS, SECONDS);
        over.store(true, Ordering::Relaxed);
        (load, alive.join())
    });
    let (load, alive) = (load?, alive.map_err(|_| anyhow::anyhow!("geophone could not be asked"))?);
    let reported = geophone.reported(&nginx.service(), None);
    let peak_mib = geophone.process.peak_resident_mib()?;
    let ledger = geophone.end()?;
    let logged = nginx.end()?;
    let dropped = ledger.withheld("hook packets", "ring_full")?;
    println!(
        "| closed loop of {CONNECTIONS} connections for {SECONDS} s, geophone with `nice -n 19` and `--memory-limit {MEMORY_LIMIT}`: requests by wrk, by nginx (of them, clients gone), by geophone | {}, {} ({}), {reported} |",
        load.requests, logged.requests, logged.gone
    );
    println!(
        "| packets that found the ring full; largest resident memory; `/healthz` within a second | {dropped}; {peak_mib:.0} MiB; {alive} |"
    );
    ensure!(dropped > 0, "nothing was dropped: this machine has more than enough for both");
    ensure!(peak_mib <= MEMORY_LIMIT_MIB, "geophone took {peak_mib:.0} MiB of {MEMORY_LIMIT}");
    check(reported, logged.requests, &ledger)
}

/// That what geophone does not report is no more than what its ledger names.
fn check(reported: u64, logged: u64, ledger: &Ledger) -> Result<()> {
    // wrk ends in the middle of things: a request that reached the server's socket together with the reset is one that
    // geophone saw and that nginx never read.
    let unread = reported.saturating_sub(logged);
    ensure!(
        unread <= u64::from(CONNECTIONS),
        "geophone reports {reported} requests, and nginx read {logged}: the rest was never asked"
    );
    // wrk has one request on a connection at a time, so a packet is at most one message; a message without its partner is at
    // most one request.
    let explained = ledger.withheld("hook packets", "ring_full")?
        + ledger.all_withheld("parse messages")?
        + ledger.all_withheld("pair exchanges")?;
    let missing = logged.saturating_sub(reported);
    ensure!(
        missing <= explained,
        "geophone reports {reported} requests of {logged}, and its ledger explains {explained} of the {missing} that are missing"
    );
    Ok(())
}

/// How geophone answered while the machine was busy.
#[derive(Default)]
struct Alive {
    asked: u32,
    answered: u32,
    slowest: Duration,
}

impl Alive {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn watch(address: SocketAddr, over: &AtomicBool) -> Self {
        let mut alive = Self::default();
        while !over.load(Ordering::Relaxed) {
            let begin = Instant::now();
            let answer = ask(address, "/healthz", ALIVE_WITHIN);
            let took = begin.elapsed();
            alive.asked += 1;
            let in_time = took <= ALIVE_WITHIN && answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"));
            alive.answered += u32::from(in_time);
            alive.slowest = alive.slowest.max(took);
            std::thread::sleep(ASKED_EVERY);
        }
        alive
    }
}

impl std::fmt::Display for Alive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { asked, answered, slowest } = self;
        write!(f, "{answered} of {asked} times, at most {:.0} ms", slowest.as_secs_f64() * 1e3)
    }
}
