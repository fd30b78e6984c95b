//! Whether every request is counted, once.

use anyhow::{Result, ensure};

use super::{CONNECTIONS, RATE};
use crate::bench::{
    geophone::Geophone,
    load::paced,
    nginx::{Log, Nginx},
};

/// Seconds of the load.
const SECONDS: u32 = 6;

/// Counts requests three times: at the client, at the server, and by geophone. A difference is a failure, and so is a ledger
/// that does not balance.
pub(super) fn counts() -> Result<()> {
    let nginx = Nginx::start(Log::Requests)?;
    let geophone = Geophone::start(&[])?;
    let asked = paced(&nginx.url(), CONNECTIONS, RATE, SECONDS)?;
    let reported = geophone.reported(&nginx.service(), Some(asked));
    let ledger = geophone.end()?;
    let answered = nginx.end()?.requests;
    let lost = ledger.withheld("hook packets", "ring_full")?;
    println!(
        "| requests at {RATE}/s for {SECONDS} s, counted by h2load, by nginx, by geophone | {asked}, {answered}, {reported}; the ledger's {} rows balance |",
        ledger.rows()
    );
    ensure!(
        asked == answered && answered == reported,
        "h2load made {asked} requests, nginx logged {answered}, geophone reports {reported} \
         ({lost} packets found the ring full)"
    );
    Ok(())
}
