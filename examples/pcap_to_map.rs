//! A capture file to a service map, as a Mermaid diagram and as figures.
//!
//!     cargo run -p geophone-examples --bin pcap_to_map [FILE]
//!
//! FILE is a recording of Geophone's (`geophone --record`), a pcap or a pcapng file; without one, the demo is taken. A
//! recording also has the facts by which processes, units and containers are named; of a pcap file only addresses are known.

#![expect(clippy::print_stdout, reason = "what an example prints is what it shows")]

mod replay;

use std::{error::Error, path::PathBuf};

use geophone_model::time::Window;
use geophone_servicemap::{Config, ServiceMap};
use replay::{DEMO, replay};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| DEMO.into(), PathBuf::from);
    let replayed = replay(&path)?;

    // A map is of a span of time: here, from the first window to the last.
    let starts = replayed.windows.iter().map(|snapshot| snapshot.window.start);
    let ends = replayed.windows.iter().map(|snapshot| snapshot.window.end());
    let (start, end) = starts.min().zip(ends.max()).ok_or("the file has no exchange of a protocol that is known")?;
    let range = Window { start, length_ns: end.ns_since(start) };
    let map = ServiceMap::from_snapshots(&replayed.windows, range, Config::default());

    println!("{} exchanges between {} services", replayed.exchanges.len(), map.nodes().len());

    // To be pasted into any Markdown that knows Mermaid. `to_dot`, `to_document` and `to_grafana` are for others.
    println!("\n{}", map.to_mermaid());

    // The map is a value, sorted and complete: it is for programs, too.
    for edge in map.edges() {
        // What the server measured, where it is one of ours; else what its clients did.
        let Some(tally) = edge.views().primary() else { continue };
        let figures = map.summary(tally);
        // A message that nobody answers takes no time that could be measured.
        let p99 =
            figures.duration_seconds.map_or("no p99".to_owned(), |all| format!("p99 {:.1} ms", all.p99 * 1_000.0));
        println!(
            "{} -> {}: {:.1} requests/s, {:.1} % errors, {p99} ({})",
            edge.client(),
            edge.server(),
            figures.rate_per_second,
            figures.error_ratio * 100.0,
            edge.verdict().health.as_str()
        );
    }
    Ok(())
}
