//! From a file to named exchanges and windows: what `pcap_to_map` and `mount_api` have in common.

use std::{error::Error, path::Path, sync::Arc};

use geophone_capture_file::{Item, Source};
use geophone_model::{capture::CaptureEvent, fact::Fact, series::WindowSnapshot};
use geophone_pipeline::{NoPolicy, Pipeline};
use geophone_red::Aggregator;
use geophone_resolve::Resolver;
use geophone_store::StoredExchange;

/// The recording that lies beside the examples.
pub(crate) const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo.geocap");

/// What a file came to.
pub(crate) struct Replayed {
    pub(crate) windows: Vec<WindowSnapshot>,
    pub(crate) exchanges: Vec<StoredExchange>,
}

/// Runs a recording, a pcap or a pcapng file through the whole analysis.
pub(crate) fn replay(path: &Path) -> Result<Replayed, Box<dyn Error>> {
    let mut resolver = Resolver::new(&geophone_resolve::Config::default());
    learn(&mut geophone_capture_file::open(path)?, &mut resolver)?;

    let mut source = geophone_capture_file::open(path)?;
    let mut pipeline = Pipeline::new(geophone_pipeline::Config::default());
    let mut aggregator = Aggregator::new(geophone_red::Config::default());
    let (mut windows, mut exchanges) = (Vec::new(), Vec::new());
    loop {
        let is_over = match source.next()? {
            Some(Item::Event(event)) => {
                // A file has nobody to tell what need not be copied: hence no policy.
                pipeline.event(&event, &mut NoPolicy);
                false
            }
            Some(_) => continue,
            None => {
                pipeline.finish();
                true
            }
        };
        while let Some(exchange) = pipeline.poll() {
            let (client, server) = resolver.resolve(exchange);
            let (client, server) = (client.identity, server.identity);
            let operation = Arc::clone(aggregator.record(exchange, &client, &server));
            exchanges.push(StoredExchange { exchange: exchange.clone(), client, server, operation });
        }
        windows.append(&mut if is_over { aggregator.flush() } else { aggregator.advance(pipeline.watermark()) });
        if is_over {
            break;
        }
    }
    // The coverage says how much of what was wanted in a window the capture delivered.
    for snapshot in &mut windows {
        snapshot.coverage.merge(pipeline.take_coverage(snapshot.window));
    }
    Ok(Replayed { windows, exchanges })
}

/// Learns who everybody is before anything is counted. The resolver knows what holds from when on, so that an early exchange
/// is not named by a late fact. Live, where the future is not known, `geophone_resolve::Pending` waits a moment for facts.
fn learn<R: std::io::Read>(source: &mut Source<R>, resolver: &mut Resolver) -> Result<(), Box<dyn Error>> {
    while let Some(item) = source.next()? {
        match item {
            Item::Fact(fact) => resolver.learn(&fact),
            Item::Event(CaptureEvent::Socket(change)) => {
                Fact::of_socket_change(&change).iter().for_each(|fact| resolver.learn(fact));
            }
            _ => {}
        }
    }
    Ok(())
}
