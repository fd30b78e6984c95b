//! The values that are recorded, and the peers that record them.

use opentelemetry::metrics::{Histogram as OtelHistogram, MeterProvider};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream};
use prometheus_client::metrics::histogram::{Histogram as PrometheusHistogram, NativeHistogramConfig};
use sketches_ddsketch::DDSketch;

/// Latencies in nanoseconds as a service has them: log-normal, median 1 ms, 99th percentile 5 ms.
pub(crate) fn latencies_ns(len: usize) -> Vec<u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        // xorshift64*: the same numbers in every run.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let normal = move || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    std::iter::repeat_with(normal).map(|deviation| (1e6 * (0.7 * deviation).exp()) as u64).take(len).collect()
}

/// DDSketch with its relative error of 4.33 %, the same as base-2 exponential buckets at scale 3 can have at best.
pub(crate) fn ddsketch() -> DDSketch {
    DDSketch::new(sketches_ddsketch::Config::new(0.0433, 2_048, 1.0))
}

/// A native histogram at schema 3 with as many buckets as ours.
pub(crate) fn prometheus() -> PrometheusHistogram {
    PrometheusHistogram::new_native(NativeHistogramConfig::with_schema(3).max_buckets(160))
}

/// An instrument of the OpenTelemetry SDK with exponential buckets from scale 3. The provider has to live as long.
pub(crate) fn opentelemetry() -> (SdkMeterProvider, OtelHistogram<u64>) {
    let view = |_: &Instrument| {
        let aggregation = Aggregation::Base2ExponentialHistogram { max_size: 160, max_scale: 3, record_min_max: true };
        Stream::builder().with_aggregation(aggregation).build().ok()
    };
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::builder().build()).with_view(view).build();
    let histogram = provider.meter("bench").u64_histogram("duration").with_unit("ns").build();
    (provider, histogram)
}
