//! The counts of one series in one window.

use geophone_distribution::{Config, Distribution, Exponential};
use geophone_model::{
    series::{Buckets, Exemplar, SeriesKey, SeriesPoint},
    time::Window,
};
use geophone_series::{MAX_EXEMPLARS, keep_slowest, to_buckets};

use crate::{
    key::Key,
    subject::{Outcome, Timing},
};

/// Buckets that the first allocation of a distribution has room for; after that it doubles.
const FIRST_BUCKETS: usize = 16;

/// The counts of one series in one window. It is cleared and used again, with the memory that it has grown to.
#[derive(Debug)]
pub(crate) struct Accumulator {
    pub(crate) key: Key,
    requests: u64,
    same_point: u64,
    streams: u64,
    request_bytes: u64,
    response_bytes: u64,
    /// Most buckets that the distributions of calls ever had together, for the estimate of memory.
    call_buckets: u32,
    /// The same of streams.
    stream_buckets: u32,
    duration: Exponential,
    first_byte: Exponential,
    /// Few series have streams: those that do not are smaller, and touch fewer cache lines.
    lifetime: Option<Box<Exponential>>,
    exemplars: Vec<Exemplar>,
}

impl Accumulator {
    pub(crate) fn new(key: Key, config: Config) -> Self {
        Self {
            key,
            requests: 0,
            same_point: 0,
            streams: 0,
            request_bytes: 0,
            response_bytes: 0,
            call_buckets: 0,
            stream_buckets: 0,
            duration: Exponential::new(config),
            first_byte: Exponential::new(config),
            lifetime: None,
            exemplars: Vec::new(),
        }
    }

    /// Counts an exchange. Returns the bytes of memory that it grew by.
    #[inline]
    pub(crate) fn add(&mut self, outcome: &Outcome, same_point: bool) -> usize {
        self.requests += 1;
        self.same_point += u64::from(same_point);
        self.request_bytes = self.request_bytes.saturating_add(outcome.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(outcome.response_bytes);
        match outcome.timing {
            Timing::Call { duration_ns, first_byte_ns } => {
                self.duration.record(duration_ns);
                if let Some(first_byte_ns) = first_byte_ns {
                    self.first_byte.record(first_byte_ns);
                }
                if let Some(trace) = outcome.trace {
                    keep_slowest(&mut self.exemplars, Exemplar { at: outcome.end, duration_ns, trace });
                }
                let buckets = (self.duration.counts().len() + self.first_byte.counts().len()) as u32;
                if buckets > self.call_buckets { self.grown_to(buckets, self.stream_buckets) } else { 0 }
            }
            Timing::Stream { lifetime_ns } => {
                self.streams += 1;
                let config = *self.duration.config();
                let lifetime = self.lifetime.get_or_insert_with(|| Box::new(Exponential::new(config)));
                lifetime.record(lifetime_ns);
                let buckets = lifetime.counts().len() as u32;
                if buckets > self.stream_buckets { self.grown_to(self.call_buckets, buckets) } else { 0 }
            }
            Timing::Untimed => 0,
        }
    }

    #[cold]
    fn grown_to(&mut self, call_buckets: u32, stream_buckets: u32) -> usize {
        let before = self.heap_bytes();
        (self.call_buckets, self.stream_buckets) = (call_buckets, stream_buckets);
        self.heap_bytes() - before
    }

    /// Bytes that it holds beside itself, estimated: a distribution's capacity doubles as it grows.
    pub(crate) fn heap_bytes(&self) -> usize {
        let counts =
            |buckets: u32| if buckets == 0 { 0 } else { size_of::<u64>() * FIRST_BUCKETS.max(2 * buckets as usize) };
        let exemplars = if self.call_buckets == 0 { 0 } else { MAX_EXEMPLARS * size_of::<Exemplar>() };
        let lifetime = if self.stream_buckets == 0 { 0 } else { size_of::<Exponential>() };
        counts(self.call_buckets) + counts(self.stream_buckets) + lifetime + exemplars
    }

    /// Whether nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    pub(crate) fn clear(&mut self) {
        let Self {
            key: _,
            requests,
            same_point,
            streams,
            request_bytes,
            response_bytes,
            call_buckets: _,
            stream_buckets: _,
            duration,
            first_byte,
            lifetime,
            exemplars,
        } = self;
        (*requests, *same_point, *streams, *request_bytes, *response_bytes) = (0, 0, 0, 0, 0);
        duration.clear();
        first_byte.clear();
        if let Some(lifetime) = lifetime {
            lifetime.clear();
        }
        exemplars.clear();
    }

    pub(crate) fn point(&self, key: SeriesKey, window: Window) -> SeriesPoint {
        SeriesPoint {
            key,
            window,
            requests: self.requests,
            same_point: self.same_point,
            streams: self.streams,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            duration: to_buckets(&self.duration),
            first_byte: to_buckets(&self.first_byte),
            lifetime: self
                .lifetime
                .as_deref()
                .map_or_else(|| Buckets { scale: self.duration.config().scale(), ..Buckets::default() }, to_buckets),
            exemplars: self.exemplars.clone(),
        }
    }
}
