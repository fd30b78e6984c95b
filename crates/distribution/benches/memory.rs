//! Bytes that one distribution of 2,048 latencies takes: the value itself and what it owns on the heap.

#![expect(clippy::print_stdout, reason = "a table on standard output is all that this program does")]

mod setup;

use allocation_counter::measure;
use geophone_distribution::{Compact, Config, Digits, Distribution, Exponential, Hdr};
use hdrhistogram::Histogram;
use opentelemetry::KeyValue;

const VALUES: usize = 2_048;

/// Prints the size of what `make` returns and of what it leaves on the heap.
fn report<T>(name: &str, make: impl FnOnce() -> T) {
    let mut made = None;
    let heap = measure(|| made = Some(make())).bytes_current;
    println!("{name:<32} {:>6} + {heap:>7} bytes", size_of::<T>());
    drop(made);
}

fn filled<D: Distribution>(mut empty: D, values_ns: &[u64]) -> D {
    for value_ns in values_ns {
        empty.record(*value_ns);
    }
    empty
}

fn main() {
    let values_ns = setup::latencies_ns(VALUES);
    report("exponential, empty", Exponential::default);
    report("exponential, one value", || filled(Exponential::default(), &values_ns[..1]));
    report("exponential", || filled(Exponential::default(), &values_ns));
    report("compact", || {
        let mut compact = Compact::new(Config::default());
        values_ns.iter().for_each(|value_ns| _ = compact.record(*value_ns));
        compact
    });
    report("compact, 100 values", || {
        let mut compact = Compact::new(Config::default());
        values_ns.iter().take(100).for_each(|value_ns| _ = compact.record(*value_ns));
        compact
    });
    report("hdr, two digits", || filled(Hdr::new(Digits::Two), &values_ns));
    report("hdr, three digits", || filled(Hdr::new(Digits::Three), &values_ns));

    for digits in [2, 3] {
        report(&format!("peer hdrhistogram, {digits} digits"), || {
            let mut histogram = Histogram::<u64>::new(digits).expect("2 and 3 are valid");
            values_ns.iter().for_each(|value_ns| histogram.record(*value_ns).expect("it resizes"));
            histogram
        });
    }
    report("peer sketches-ddsketch", || {
        let mut sketch = setup::ddsketch();
        values_ns.iter().for_each(|value_ns| sketch.add(*value_ns as f64));
        sketch
    });
    report("peer prometheus-client native", || {
        let histogram = setup::prometheus();
        values_ns.iter().for_each(|value_ns| histogram.observe(*value_ns as f64));
        histogram
    });
    // One more series of an instrument, its attribute included: there is no smaller unit to see from outside.
    let (_provider, instrument) = setup::opentelemetry();
    instrument.record(1, &[KeyValue::new("series", 1)]);
    report("peer opentelemetry_sdk, a series", || {
        let attributes = [KeyValue::new("series", 2)];
        values_ns.iter().for_each(|value_ns| instrument.record(*value_ns, &attributes));
    });
}
