//! Time to record at 1, 100 and 10,000 series, beside the crates that do the same, in one run; to template; to hand out and
//! to merge a window.
//!
//! What is measured: `prepared` is the look-up of a series by the numbers of its names and the record of both times, 20 ns
//! by the budget; `observe` finds the numbers as well, from two identities, a verb and a raw path. The peers are given labels
//! that were made beforehand, with the path templated, and record one time, not two. They lock, as they are shared.
//!
//! Ten thousand series are walked twice: with all of them alike, which no cache likes, and skewed, as traffic is.

mod setup;

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use geophone_model::identity::{Identity, IdentityKind};
use geophone_red::{
    Aggregator, Config, merge,
    template::{self, Templates},
};
use setup::{Exchange, Random, Traffic, get, outcome};

fn record(criterion: &mut Criterion) {
    let walks = [
        (1, "", Traffic::uniform(1)),
        (100, "", Traffic::uniform(100)),
        (10_000, "", Traffic::uniform(10_000)),
        (10_000, ", skewed", Traffic::skewed(10_000)),
    ];
    for (series, how, traffic) in walks {
        let mut group = criterion.benchmark_group(format!("record at {series} series{how}"));
        group.throughput(Throughput::Elements(traffic.exchanges.len() as u64));

        let mut aggregator = traffic.recorded();
        assert_eq!(aggregator.series_len(), series);
        let mut prepared = traffic.for_each_series(|exchange| aggregator.prepare(&traffic.subject(exchange)));
        let labels = traffic.for_each_series(|exchange| traffic.labels(exchange));
        let attributes: Vec<_> = labels.iter().map(setup::Labels::attributes).collect();
        let family = setup::prometheus();
        let (_provider, histogram) = setup::opentelemetry();

        let mut n = 0;
        let mut bench = |name: &str, record: &mut dyn FnMut(&Exchange, usize)| {
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    for exchange in black_box(&traffic.exchanges) {
                        record(exchange, n);
                        n += 1;
                    }
                });
            });
        };
        bench("prepared", &mut |exchange, n| {
            let prepared = &mut prepared[exchange.series as usize];
            aggregator.observe_prepared(prepared, traffic.outcome(n)).expect("nothing was forgotten");
        });
        bench("observe", &mut |exchange, n| {
            black_box(aggregator.observe(&traffic.subject(exchange), traffic.outcome(n)));
        });
        bench("peer prometheus-client family", &mut |exchange, n| {
            family.get_or_create(&labels[exchange.series as usize]).observe(traffic.duration_ns(n));
        });
        bench("peer opentelemetry_sdk attributes", &mut |exchange, n| {
            histogram.record(traffic.duration_ns(n), &attributes[exchange.series as usize]);
        });
        group.finish();
    }
}

fn templating(criterion: &mut Criterion) {
    let mut random = Random::new();
    let new_path = |random: &mut Random| {
        let (user, order, tail) = (random.next() % 100_000, random.next(), random.next() & 0xffff_ffff_ffff);
        format!("/api/v1/users/{user}/orders/{:08x}-8d52-4a57-a7a2-{tail:012x}/items", order as u32)
    };
    let few: Vec<String> = (0..256).map(|_| new_path(&mut random)).collect();
    let many: Vec<String> = (0..65_536).map(|_| new_path(&mut random)).collect();
    let [web, shop] = ["web", "shop"].map(|name| Arc::new(Identity::new(IdentityKind::Process, None, name)));
    let mut aggregator = Aggregator::new(Config::default());
    let mut group = criterion.benchmark_group("templating");
    group.throughput(Throughput::Elements(1));

    let mut paths = few.iter().cycle();
    group.bench_function("cached: prepare", |bencher| {
        bencher.iter(|| aggregator.prepare(&get(&web, &shop, paths.next().expect("they go round"))));
    });
    let mut paths = many.iter().cycle();
    group.bench_function("uncached: prepare", |bencher| {
        bencher.iter(|| aggregator.prepare(&get(&web, &shop, paths.next().expect("they go round"))));
    });
    let mut templates = Templates::new(template::Config::default());
    let mut paths = many.iter().cycle();
    let mut out = String::new();
    group.bench_function("template alone", |bencher| {
        bencher.iter(|| {
            out.clear();
            templates.append(paths.next().expect("they go round"), true, &mut out)
        });
    });
    group.finish();
}

fn snapshot(criterion: &mut Criterion) {
    let traffic = Traffic::uniform(10_000);
    let mut group = criterion.benchmark_group("window of 10000 series");
    group.bench_function("snapshot", |bencher| {
        bencher.iter_batched(
            || traffic.recorded(),
            |mut aggregator| (aggregator.flush(), aggregator),
            BatchSize::PerIteration,
        );
    });
    let [one, other] = [traffic.recorded().flush().remove(0), traffic.recorded().flush().remove(0)];
    group.bench_function("merge of two", |bencher| {
        bencher.iter_batched(
            || [one.clone(), other.clone()],
            |snapshots| merge(snapshots, geophone_distribution::Config::default()),
            BatchSize::PerIteration,
        );
    });
    let outcome = outcome(1_000_000);
    group.bench_function("first exchange of each series", |bencher| {
        bencher.iter_batched(
            || {
                let mut aggregator = traffic.recorded();
                aggregator.flush();
                aggregator
            },
            |mut aggregator| {
                for exchange in &traffic.exchanges {
                    aggregator.observe(&traffic.subject(exchange), &outcome);
                }
                aggregator
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = record, templating, snapshot
}
criterion_main!(benches);
