//! The HTTP exchanges of this machine, live, as they end. Needs root.
//!
//!     cargo build -p geophone-examples && sudo target/debug/live_capture [SECONDS]
//!
//! `Capture` attaches to the kernel and is drained on a timer; `Pipeline` makes exchanges of what it brings. Who the two ends
//! are, `geophone_resolve` knows, and `geophone_procfs` finds the facts for it: see the `geophone` binary.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what an example prints is what it shows")]

use std::{
    error::Error,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use geophone_model::exchange::Exchange;
use geophone_pipeline::{NoPolicy, Pipeline};
use geophone_probe::{Capture, Config, Drained, Item, Pace, ProbeError};

fn main() -> ExitCode {
    // Errors of this crate are sentences that say what is missing and what to do.
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a program's edge reads the clock")]
fn run() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(5), |text| text.parse())?;
    let mut capture = Capture::open(&Config::default())?;
    let mut pipeline = Pipeline::new(geophone_pipeline::Config::default());
    println!("listening for {seconds} s");

    let mut pace = Pace::new(capture.ring_bytes());
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let drained = drain(&mut capture, &mut pipeline)?;
        // Where nothing happens time passes all the same, a little behind the clock: an event may still be on its way.
        pipeline.tick(capture.clock().now().minus_ns(200_000_000), &mut NoPolicy);
        sleep(pace.after(drained));
    }
    // The hooks go first, so that what is in the ring then is the last.
    capture.detach();
    while drain(&mut capture, &mut pipeline)?.records > 0 {}
    pipeline.finish();

    // The accounts from the hooks to the exchanges: what is not passed on is withheld for a reason with a name.
    let rows = [capture.ledger()?, pipeline.ledger()].concat();
    rows.iter().for_each(|row| println!("{row}"));
    println!("the books balance: {}", rows.iter().all(|row| row.imbalance() == 0));
    Ok(())
}

/// Takes what the ring holds, and prints the exchanges that it finished. Nothing is left out of long bodies here: that takes
/// a `Policy` that passes the pipeline's wishes to `Capture::skip`.
fn drain(capture: &mut Capture, pipeline: &mut Pipeline) -> Result<Drained, ProbeError> {
    let drained = capture.drain(|item| {
        if let Item::Event(event) = item {
            pipeline.event(&event, &mut NoPolicy);
        }
    })?;
    while let Some(exchange) = pipeline.poll() {
        let (client, server) = (exchange.client.endpoint, exchange.server.endpoint);
        let Exchange { verb, authority, resource, status, .. } = &*exchange;
        let took_ms = exchange.duration_ns().map_or(f64::NAN, |ns| ns as f64 / 1e6);
        println!("{client} -> {server}: {verb} {authority}{resource} -> {status} in {took_ms:.3} ms");
    }
    Ok(drained)
}
