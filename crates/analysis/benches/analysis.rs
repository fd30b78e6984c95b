//! What a ring record costs from its bytes to the series: decoded, put in order, parsed, paired, named, counted.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

mod load;

use load::Load;

/// Calls of one measurement.
const CALLS: u64 = 1_000;

fn records(c: &mut Criterion) {
    let mut group = c.benchmark_group("analysis/decode_parse_pair_aggregate");
    // A call is two records: its request and its response.
    group.throughput(Throughput::Elements(2 * CALLS));
    for connections in [1, 64, 1_000] {
        let mut load = Load::new(connections);
        group.bench_function(BenchmarkId::new("connections", connections), |bencher| {
            bencher.iter(|| {
                let named: u64 = (0..CALLS).map(|_| load.call()).sum();
                assert_eq!(named, CALLS, "every call is named");
                black_box(named)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, records);
criterion_main!(benches);
