//! What a server can still do while it is watched.

use anyhow::Result;

use super::{CONNECTIONS, ROUNDS, SECONDS};
use crate::bench::{
    figures::{list, median},
    geophone::Geophone,
    load::wrk,
    nginx::{Log, Nginx},
};

/// Throughput of nginx in a closed loop, with and without geophone, in turns.
pub(super) fn kept() -> Result<()> {
    let nginx = Nginx::start(Log::Nothing)?;
    let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare = wrk(&nginx.url(), CONNECTIONS, SECONDS)?.per_second;
        let geophone = Geophone::start(&[])?;
        let watched = wrk(&nginx.url(), CONNECTIONS, SECONDS)?.per_second;
        drop(geophone);
        without.push(bare);
        with.push(watched);
        ratios.push(watched / bare * 100.0);
    }
    println!(
        "| nginx `return 200` in a closed loop, {CONNECTIONS} connections: throughput kept | {:.0} % (rounds {}); {:.0} → {:.0} requests/s |",
        median(&ratios),
        list(&ratios),
        median(&without),
        median(&with)
    );
    Ok(())
}
