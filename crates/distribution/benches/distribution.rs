//! Time to record, merge and read, beside the crates that do the same, in one run.
//!
//! What the peers include that ours does not: `prometheus_client` locks a mutex, as its histograms are shared;
//! `opentelemetry_sdk` has no histogram of its own to offer, so it is measured through an instrument, which locks too, bound
//! to its attributes beforehand and, as it is mostly used, not bound.

mod setup;

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use geophone_distribution::{Compact, Config, Digits, Distribution, Exponential, Hdr};
use hdrhistogram::Histogram;

/// Values in one pass: few enough to stay in the first-level cache.
const VALUES: usize = 2_048;

fn filled<D: Distribution>(mut empty: D, values_ns: &[u64]) -> D {
    for value_ns in values_ns {
        empty.record(*value_ns);
    }
    empty
}

fn filled_peers(values_ns: &[u64]) -> (Histogram<u64>, sketches_ddsketch::DDSketch) {
    let mut histogram = Histogram::new(2).expect("two digits are valid");
    let mut sketch = setup::ddsketch();
    for value_ns in values_ns {
        histogram.record(*value_ns).expect("it resizes");
        sketch.add(*value_ns as f64);
    }
    (histogram, sketch)
}

fn record(criterion: &mut Criterion) {
    let values_ns = setup::latencies_ns(VALUES);
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(VALUES as u64));
    let mut bench = |name: &str, record: &mut dyn FnMut(&[u64])| {
        record(&values_ns);
        group.bench_function(name, |bencher| bencher.iter(|| record(black_box(&values_ns))));
    };

    let mut exponential = Exponential::default();
    bench("exponential", &mut |values_ns| values_ns.iter().for_each(|value_ns| exponential.record(*value_ns)));
    let mut compact = Compact::new(Config::default());
    bench("compact", &mut |values_ns| values_ns.iter().for_each(|value_ns| _ = compact.record(*value_ns)));
    let mut hdr = Hdr::new(Digits::Two);
    bench("hdr", &mut |values_ns| values_ns.iter().for_each(|value_ns| hdr.record(*value_ns)));

    let (mut histogram, mut sketch) = filled_peers(&values_ns);
    bench("peer hdrhistogram", &mut |values_ns| {
        values_ns.iter().for_each(|value_ns| histogram.record(*value_ns).expect("it resizes"));
    });
    bench("peer sketches-ddsketch", &mut |values_ns| {
        values_ns.iter().for_each(|value_ns| sketch.add(*value_ns as f64));
    });
    let native = setup::prometheus();
    bench("peer prometheus-client native", &mut |values_ns| {
        values_ns.iter().for_each(|value_ns| native.observe(*value_ns as f64));
    });
    let (_provider, instrument) = setup::opentelemetry();
    let bound = instrument.bind(&[]);
    bench("peer opentelemetry_sdk bound", &mut |values_ns| {
        values_ns.iter().for_each(|value_ns| bound.record(*value_ns));
    });
    bench("peer opentelemetry_sdk", &mut |values_ns| {
        values_ns.iter().for_each(|value_ns| instrument.record(*value_ns, &[]));
    });
    group.finish();
}

fn merge(criterion: &mut Criterion) {
    let values_ns = setup::latencies_ns(2 * VALUES);
    let (left_ns, right_ns) = values_ns.split_at(VALUES);
    let mut group = criterion.benchmark_group("merge");
    let mut bench = |name: &str, merge: &mut dyn FnMut()| {
        group.bench_function(name, |bencher| bencher.iter(&mut *merge));
    };

    let (mut into, from) = (filled(Exponential::default(), &values_ns), filled(Exponential::default(), right_ns));
    bench("exponential", &mut || into.merge(black_box(&from)));
    let finer = Config::new(5, 640).expect("both are in range");
    let from_finer = filled(Exponential::new(finer), right_ns);
    bench("exponential, four times finer", &mut || into.merge(black_box(&from_finer)));
    let (mut into, from) = (filled(Hdr::new(Digits::Two), left_ns), filled(Hdr::new(Digits::Two), right_ns));
    bench("hdr", &mut || into.merge(black_box(&from)));

    let (mut into_histogram, mut into_sketch) = filled_peers(left_ns);
    let (from_histogram, from_sketch) = filled_peers(right_ns);
    bench("peer hdrhistogram", &mut || into_histogram.add(black_box(&from_histogram)).expect("it resizes"));
    bench("peer sketches-ddsketch", &mut || into_sketch.merge(black_box(&from_sketch)).expect("same configuration"));
    group.finish();
}

fn quantile(criterion: &mut Criterion) {
    let values_ns = setup::latencies_ns(VALUES);
    let mut group = criterion.benchmark_group("quantile");
    let exponential = filled(Exponential::default(), &values_ns);
    group.bench_function("exponential", |bencher| bencher.iter(|| exponential.quantile_ns(black_box(0.99))));
    let hdr = filled(Hdr::new(Digits::Two), &values_ns);
    group.bench_function("hdr", |bencher| bencher.iter(|| hdr.quantile_ns(black_box(0.99))));

    let (histogram, sketch) = filled_peers(&values_ns);
    group.bench_function("peer hdrhistogram", |bencher| bencher.iter(|| histogram.value_at_quantile(black_box(0.99))));
    group.bench_function("peer sketches-ddsketch", |bencher| bencher.iter(|| sketch.quantile(black_box(0.99))));
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let exponential = filled(Exponential::default(), &setup::latencies_ns(VALUES));
    let mut group = criterion.benchmark_group("parts");
    group.bench_function("to_parts", |bencher| bencher.iter(|| exponential.to_parts()));
    group.bench_function("to_parts and from_parts", |bencher| {
        bencher.iter(|| Exponential::from_parts(black_box(exponential.to_parts()), Config::default()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = record, merge, quantile, parts
}
criterion_main!(benches);
