//! The counts of one series in one window.

use geophone_distribution::{Compact, Config, Distribution, Exponential};
use geophone_model::{
    series::{Buckets, Exemplar, SeriesKey, SeriesPoint},
    time::Window,
};
use geophone_series::{MAX_EXEMPLARS, keep_slowest, to_buckets};

use crate::{
    key::Key,
    subject::{Outcome, Timing},
};

/// The counts of one series in one window. It is cleared and used again, with the memory that it has grown to.
///
/// With many series it is the fetching of cache lines that takes the time. So what every exchange touches is in four of
/// them side by side, and begins with one.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Accumulator {
    pub(crate) key: Key,
    requests: u64,
    same_point: u64,
    request_bytes: u64,
    response_bytes: u64,
    rare: Option<Box<Rare>>,
    duration: Compact,
    first_byte: Compact,
}

// On a machine with narrower pointers it is less.
const _: () = assert!(size_of::<Accumulator>() <= 4 * 64);

/// What few series have.
#[derive(Debug)]
struct Rare {
    streams: u64,
    lifetime: Exponential,
    exemplars: Vec<Exemplar>,
}

impl Accumulator {
    pub(crate) fn new(key: Key, config: Config) -> Self {
        Self {
            key,
            requests: 0,
            same_point: 0,
            request_bytes: 0,
            response_bytes: 0,
            rare: None,
            duration: Compact::new(config),
            first_byte: Compact::new(config),
        }
    }

    /// Counts an exchange. Returns the bytes of memory that it grew by.
    ///
    /// Always inlined: left to the compiler, the call is a tenth of the time.
    #[inline(always)]
    pub(crate) fn add(&mut self, outcome: &Outcome, same_point: bool) -> usize {
        self.requests += 1;
        self.same_point += u64::from(same_point);
        self.request_bytes = self.request_bytes.saturating_add(outcome.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(outcome.response_bytes);
        match outcome.timing {
            Timing::Call { duration_ns, first_byte_ns } => {
                let mut grown = self.duration.record(duration_ns);
                if let Some(first_byte_ns) = first_byte_ns {
                    grown += self.first_byte.record(first_byte_ns);
                }
                if let Some(trace) = outcome.trace {
                    grown += self.keep(Exemplar { at: outcome.end, duration_ns, trace });
                }
                grown
            }
            Timing::Stream { lifetime_ns } => self.add_stream(lifetime_ns),
            Timing::Untimed => 0,
        }
    }

    fn keep(&mut self, exemplar: Exemplar) -> usize {
        let before = self.rare_bytes();
        keep_slowest(&mut self.rare().exemplars, exemplar);
        self.rare_bytes() - before
    }

    fn add_stream(&mut self, lifetime_ns: u64) -> usize {
        let before = self.rare_bytes();
        let rare = self.rare();
        rare.streams += 1;
        rare.lifetime.record(lifetime_ns);
        self.rare_bytes() - before
    }

    fn rare(&mut self) -> &mut Rare {
        let config = *self.duration.config();
        self.rare.get_or_insert_with(|| {
            Box::new(Rare {
                streams: 0,
                lifetime: Exponential::new(config),
                exemplars: Vec::with_capacity(MAX_EXEMPLARS),
            })
        })
    }

    /// Bytes that it holds beside itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.duration.heap_bytes() + self.first_byte.heap_bytes() + self.rare_bytes()
    }

    fn rare_bytes(&self) -> usize {
        self.rare.as_deref().map_or(0, |rare| {
            size_of::<Rare>() + rare.lifetime.heap_bytes() + rare.exemplars.capacity() * size_of::<Exemplar>()
        })
    }

    /// Whether nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    pub(crate) fn clear(&mut self) {
        let Self { key: _, requests, same_point, request_bytes, response_bytes, rare, duration, first_byte } = self;
        (*requests, *same_point, *request_bytes, *response_bytes) = (0, 0, 0, 0);
        duration.clear();
        first_byte.clear();
        if let Some(Rare { streams, lifetime, exemplars }) = rare.as_deref_mut() {
            *streams = 0;
            lifetime.clear();
            exemplars.clear();
        }
    }

    /// The point of the series. `scratch` is where distributions are put together.
    pub(crate) fn point(&self, key: SeriesKey, window: Window, scratch: &mut Exponential) -> SeriesPoint {
        let mut whole = |compact: &Compact| {
            scratch.clear();
            compact.add_to(scratch);
            to_buckets(scratch)
        };
        let rare = self.rare.as_deref();
        SeriesPoint {
            key,
            window,
            requests: self.requests,
            same_point: self.same_point,
            streams: rare.map_or(0, |rare| rare.streams),
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            duration: whole(&self.duration),
            first_byte: whole(&self.first_byte),
            lifetime: rare.map_or_else(
                || Buckets { scale: self.duration.config().scale(), ..Buckets::default() },
                |rare| to_buckets(&rare.lifetime),
            ),
            exemplars: rare.map_or_else(Vec::new, |rare| rare.exemplars.clone()),
        }
    }
}
