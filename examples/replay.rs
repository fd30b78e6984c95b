//! From a file to named exchanges and windows: what `pcap_to_map` and `mount_api` have in common.

use std::{error::Error, path::Path, sync::Arc};

use geophone_analysis::{Analysis, Config, Named};
use geophone_capture_file::{Item, Source};
use geophone_model::{capture::CaptureEvent, fact::Fact, series::WindowSnapshot, time::Timestamp};
use geophone_pipeline::NoPolicy;
use geophone_store::StoredExchange;

/// The recording that lies beside the examples.
pub(crate) const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.geocap");

/// What a file came to.
pub(crate) struct Replayed {
    pub(crate) windows: Vec<WindowSnapshot>,
    pub(crate) exchanges: Vec<StoredExchange>,
}

/// Runs a recording, a pcap or pcapng file through the whole analysis.
pub(crate) fn replay(path: &Path) -> Result<Replayed, Box<dyn Error>> {
    let mut analysis = Analysis::new(Config::default());
    learn(&mut geophone_capture_file::open(path)?, &mut analysis)?;

    let mut exchanges = Vec::new();
    let mut keep = |named: Named<'_>| {
        let Named { exchange, client, server, operation } = named;
        let (client, server, operation) = (Arc::clone(client), Arc::clone(server), Arc::clone(operation));
        exchanges.push(StoredExchange { exchange: exchange.clone(), client, server, operation });
    };
    let mut source = geophone_capture_file::open(path)?;
    let mut next_tick = Timestamp::MIN;
    while let Some(item) = source.next()? {
        let Item::Event(event) = item else { continue };
        // A file has nobody to tell what need not be copied: hence no policy.
        analysis.event(&event, &mut NoPolicy, &mut keep);
        // Once a second of its time, what is over is closed.
        if analysis.watermark() >= next_tick {
            next_tick = analysis.watermark().plus_ns(1_000_000_000);
            analysis.tick(analysis.watermark(), &mut NoPolicy, &mut keep);
        }
    }
    analysis.finish(&mut keep);
    Ok(Replayed { windows: analysis.take_windows(), exchanges })
}

/// Learns who everybody is before anything is counted. What is learned holds from its own time on, so that an
/// early exchange is not named by a late fact. Live, where the future is not known, the analysis waits a moment for facts.
fn learn<R: std::io::Read>(source: &mut Source<R>, analysis: &mut Analysis) -> Result<(), Box<dyn Error>> {
    while let Some(item) = source.next()? {
        match item {
            Item::Fact(fact) => analysis.fact(&fact),
            Item::Event(CaptureEvent::Socket(change)) => {
                Fact::of_socket_change(&change).iter().for_each(|fact| analysis.fact(fact));
            }
            _ => {}
        }
    }
    Ok(())
}
