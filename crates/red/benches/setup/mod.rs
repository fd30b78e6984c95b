//! What is recorded, and the peers that record it.

use std::sync::Arc;

use geophone_model::{
    exchange::Observed,
    identity::{Identity, IdentityKind},
    protocol::Protocol,
    status::{Status, StatusClass},
    time::Timestamp,
};
use geophone_red::{Aggregator, Config, Outcome, Subject, Timing};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram as OtelHistogram, MeterProvider},
};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        family::Family,
        histogram::{Histogram as PrometheusHistogram, NativeHistogramConfig},
    },
};

/// Exchanges in one pass, at least.
const MIN_EXCHANGES: usize = 4_096;
/// Passes over all series in skewed traffic: in one, few of the rare ones would come.
const SKEWED_PASSES: usize = 4;
/// Different outcomes, few enough to stay in the first-level cache, as one that has just been parsed is.
const OUTCOMES: usize = 127;

/// Series of a service map: every client calls every server, ten operations each.
pub(crate) struct Traffic {
    clients: Vec<Arc<Identity>>,
    servers: Vec<Arc<Identity>>,
    paths: Vec<String>,
    /// All series, in no order that a cache could like.
    pub(crate) series: Vec<Exchange>,
    /// Exchanges, in no such order either.
    pub(crate) exchanges: Vec<Exchange>,
    outcomes: Vec<Outcome>,
}

/// An exchange, by indexes.
#[derive(Clone, Copy)]
pub(crate) struct Exchange {
    /// Which series it belongs to.
    pub(crate) series: u32,
    client: u16,
    server: u16,
    path: u16,
}

impl Traffic {
    /// Exchanges of so many series, which go round all of them: each is always the one that was used longest ago.
    pub(crate) fn uniform(series: usize) -> Self {
        let mut traffic = Self::of_series(series);
        let rounds = MIN_EXCHANGES.div_ceil(series);
        traffic.exchanges = traffic.series.repeat(rounds);
        Random::new().shuffle(&mut traffic.exchanges);
        traffic
    }

    /// Exchanges of so many series, which come as words come in a text (Zipf's law): the nth most frequent one n times as
    /// rarely as the first.
    pub(crate) fn skewed(series: usize) -> Self {
        let mut traffic = Self::of_series(series);
        let mut total = 0.0;
        let up_to: Vec<f64> = (1..=series)
            .map(|rank| {
                total += 1.0 / rank as f64;
                total
            })
            .collect();
        let mut random = Random::new();
        traffic.exchanges = (0..SKEWED_PASSES * series.max(MIN_EXCHANGES))
            .map(|_| {
                let drawn = random.uniform() * total;
                traffic.series[up_to.partition_point(|sum| *sum <= drawn).min(series - 1)]
            })
            .collect();
        traffic
    }

    fn of_series(series: usize) -> Self {
        let (paths_len, servers_len) = (series.min(10), (series / 10).clamp(1, 20));
        let clients_len = series / paths_len / servers_len;
        let service = |kind: &str, n| Arc::new(Identity::new(IdentityKind::Process, None, &format!("{kind}-{n}")));
        let mut random = Random::new();
        let mut all: Vec<_> = (0..series)
            .map(|n| {
                let (client, rest) = (n % clients_len, n / clients_len);
                let (server, path) = (rest % servers_len, rest / servers_len);
                let [client, server, path] = [client, server, path].map(|index| index as u16);
                Exchange { series: n as u32, client, server, path }
            })
            .collect();
        random.shuffle(&mut all);
        Self {
            clients: (0..clients_len).map(|n| service("client", n)).collect(),
            servers: (0..servers_len).map(|n| service("server", n)).collect(),
            paths: (0..paths_len).map(|n| format!("/api/v1/users/{}/orders/kind-{n}x", 1_000 + n)).collect(),
            series: all,
            exchanges: Vec::new(),
            outcomes: (0..OUTCOMES).map(|_| outcome(random.latency_ns())).collect(),
        }
    }

    pub(crate) fn subject(&self, exchange: &Exchange) -> Subject<'_> {
        let Exchange { client, server, path, .. } = *exchange;
        get(&self.clients[usize::from(client)], &self.servers[usize::from(server)], &self.paths[usize::from(path)])
    }

    /// The outcome of the nth exchange. Rounds through the exchanges give a series other outcomes every time.
    pub(crate) fn outcome(&self, n: usize) -> &Outcome {
        &self.outcomes[n % OUTCOMES]
    }

    pub(crate) fn duration_ns(&self, n: usize) -> f64 {
        match self.outcome(n).timing {
            Timing::Call { duration_ns, .. } => duration_ns as f64,
            Timing::Stream { .. } | Timing::Untimed => 0.0,
        }
    }

    /// An aggregator that has seen a hundred exchanges of each series.
    pub(crate) fn recorded(&self) -> Aggregator {
        let mut config = Config::default();
        config.memory_budget = 256 << 20;
        let mut aggregator = Aggregator::new(config);
        for (n, exchange) in (0..100).flat_map(|_| &self.series).enumerate() {
            aggregator.observe(&self.subject(exchange), self.outcome(n));
        }
        aggregator
    }

    /// Something for each series, made beforehand, by the series' numbers.
    pub(crate) fn for_each_series<T>(&self, make: impl FnMut(&Exchange) -> T) -> Vec<T> {
        let mut in_order = self.series.clone();
        in_order.sort_by_key(|exchange| exchange.series);
        in_order.iter().map(make).collect()
    }

    /// What identifies a series for the peers.
    pub(crate) fn labels(&self, exchange: &Exchange) -> Labels {
        let Subject { client, server, .. } = self.subject(exchange);
        Labels {
            client: client.name.clone(),
            server: server.name.clone(),
            operation: format!("GET /api/v1/users/{{id}}/orders/kind-{}x", exchange.path),
            status: "200".to_owned(),
        }
    }
}

pub(crate) fn get<'a>(client: &'a Arc<Identity>, server: &'a Arc<Identity>, path: &'a str) -> Subject<'a> {
    Subject {
        observed: Observed::Server,
        client,
        server,
        delivery: false,
        protocol: Protocol::Http1,
        verb: "GET",
        resource: path,
    }
}

/// A call with both of its times, in the first window.
pub(crate) fn outcome(duration_ns: u64) -> Outcome {
    Outcome {
        status: Status { class: StatusClass::Ok, code: 200.into() },
        timing: Timing::Call { duration_ns, first_byte_ns: Some(duration_ns / 2) },
        request_bytes: 300,
        response_bytes: 4_000,
        ..Outcome::answered(Timestamp::from_ns(5_000_000_000), duration_ns)
    }
}

/// The labels of a series in `prometheus_client`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Labels {
    client: String,
    server: String,
    operation: String,
    status: String,
}

impl Labels {
    pub(crate) fn attributes(&self) -> Vec<KeyValue> {
        let Self { client, server, operation, status } = self;
        let pairs = [("client", client), ("server", server), ("operation", operation), ("status", status)];
        pairs.into_iter().map(|(key, value)| KeyValue::new(key, value.clone())).collect()
    }
}

/// Native histograms at schema 3 with as many buckets as ours.
pub(crate) fn prometheus() -> Family<Labels, PrometheusHistogram, fn() -> PrometheusHistogram> {
    Family::new_with_constructor(|| {
        PrometheusHistogram::new_native(NativeHistogramConfig::with_schema(3).max_buckets(160))
    })
}

/// An instrument with exponential buckets from scale 3 and room for all series. The provider has to live as long.
pub(crate) fn opentelemetry() -> (SdkMeterProvider, OtelHistogram<f64>) {
    let view = |_: &Instrument| {
        let aggregation = Aggregation::Base2ExponentialHistogram { max_size: 160, max_scale: 3, record_min_max: true };
        Stream::builder().with_aggregation(aggregation).with_cardinality_limit(20_000).build().ok()
    };
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::builder().build()).with_view(view).build();
    let histogram = provider.meter("bench").f64_histogram("duration").with_unit("ns").build();
    (provider, histogram)
}

/// xorshift64*: the same numbers in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.next() >> 11) as usize % (last + 1));
        }
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Log-normal, median 1 ms, 99th percentile 5 ms.
    fn latency_ns(&mut self) -> u64 {
        let normal = (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
        (1e6 * (0.7 * normal).exp()) as u64
    }
}
