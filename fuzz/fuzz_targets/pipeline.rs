//! Any events through the pipeline: the books balance after each, the same events give the same exchanges, and what is held
//! stays bounded. Events are records of a recording's block, the most compact form of them; the first byte of the input
//! chooses how tight the bounds are.
#![no_main]

use geophone_capture_file::{Item, Source};
use geophone_fuzz::{balanced, recording_of};
use geophone_model::{exchange::Exchange, time::Window};
use geophone_pipeline::{Config, NoPolicy, Pipeline};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((options, payload)) = data.split_first() else { return };
    let file = recording_of(payload);
    assert_eq!(run(&file, *options), run(&file, *options), "the same events, the same exchanges");
});

fn run(file: &[u8], options: u8) -> Vec<Exchange> {
    let mut pipeline = Pipeline::new(config(options));
    let mut source = Source::new(file, None).expect("the header is ours");
    let mut exchanges = Vec::new();
    while let Ok(Some(item)) = source.next() {
        let Item::Event(event) = item else { continue };
        pipeline.event(&event, &mut NoPolicy);
        balanced(&pipeline.ledger());
        // With nobody who polls, finished exchanges wait, and are dropped and counted past the cap.
        if options & 0x80 == 0 {
            exchanges.extend(std::iter::from_fn(|| pipeline.poll().cloned()));
        }
    }
    pipeline.finish();
    balanced(&pipeline.ledger());
    exchanges.extend(std::iter::from_fn(|| pipeline.poll().cloned()));
    assert_eq!(pipeline.connections().open, 0);
    pipeline.take_coverage(Window { length_ns: u64::MAX, ..Window::containing(pipeline.watermark(), 0) });
    balanced(&pipeline.ledger());
    exchanges
}

/// Bounds that inputs of some hundred bytes reach, each by a bit; else the usual ones.
fn config(options: u8) -> Config {
    let mut config = Config::default();
    let is_set = |bit: u8| options >> bit & 1 == 1;
    if is_set(0) {
        (config.max_connections, config.max_sockets) = (2, 2);
    }
    if is_set(1) {
        (config.held_bytes_per_direction, config.held_segments_per_direction, config.held_bytes) = (64, 2, 100);
    }
    if is_set(2) {
        (config.patience_ns, config.linger_ns, config.idle_ns) = (1_000, 1_000, 1_000_000);
    }
    if is_set(3) {
        (config.max_ready, config.max_windows, config.window_ns) = (1, 1, 1_000);
    }
    if is_set(4) {
        (config.late_search_bytes, config.min_skip_bytes, config.parser_limits.detect_bytes) = (100, 1, 200);
    }
    if is_set(5) {
        (config.parser_limits.open_exchanges, config.parser_limits.spare_exchanges) = (1, 0);
    }
    config
}
