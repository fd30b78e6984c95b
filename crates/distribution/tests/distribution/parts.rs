//! The plain form: there and back, and what is refused.

use crate::values::durations_ns;
use geophone_distribution::{
    Buckets, Config, Distribution, Exponential, MAX_SCALE, MIN_BUCKETS, MIN_SCALE, PartsError,
};
use proptest::{collection::vec, prelude::*};

fn recorded(config: Config, values_ns: &[u64]) -> Exponential {
    let mut distribution = Exponential::new(config);
    for value_ns in values_ns {
        distribution.record(*value_ns);
    }
    distribution
}

/// 3 ns, 1 µs twice, 1 ms.
fn sound() -> Buckets {
    recorded(Config::default(), &[3, 1_000, 1_000, 1_000_000]).into_parts()
}

fn refusal(change: impl FnOnce(&mut Buckets)) -> PartsError {
    let mut parts = sound();
    change(&mut parts);
    Exponential::from_parts(parts, Config::default()).expect_err("it is unsound")
}

#[test]
fn no_values_are_plain_zeros() {
    let empty = Exponential::default();
    assert_eq!(empty.to_parts(), Buckets { scale: 3, ..Buckets::default() });
    assert_eq!(Exponential::from_parts(empty.to_parts(), Config::default()), Ok(empty));
}

#[test]
fn empty_buckets_at_the_ends_are_dropped() {
    let mut parts = sound();
    parts.offset -= 5;
    parts.counts.splice(0..0, [0; 5]);
    parts.counts.extend([0; 9]);
    let restored = Exponential::from_parts(parts, Config::default()).expect("it is sound");
    assert_eq!(restored.to_parts(), sound());
}

#[test]
fn a_scale_without_a_table_is_refused() {
    for scale in [MIN_SCALE - 1, MAX_SCALE + 1, i8::MIN, i8::MAX] {
        assert_eq!(refusal(|parts| parts.scale = scale), PartsError::Scale { scale });
    }
}

#[test]
fn more_buckets_than_there_are_is_refused() {
    let len = 16_386;
    assert_eq!(refusal(|parts| parts.counts.resize(len, 0)), PartsError::TooManyBuckets { len });
}

#[test]
fn buckets_outside_of_whole_nanoseconds_are_refused() {
    let len = sound().counts.len();
    for offset in [-2, 512 - len as i32 + 1, i32::MIN, i32::MAX] {
        assert_eq!(refusal(|parts| parts.offset = offset), PartsError::IndexOutOfRange { offset, len });
    }
    // 5.2 to 5.7 ns: in range, and no whole nanosecond.
    let index = 19;
    let between = Buckets { scale: 3, offset: index, counts: vec![1], min_ns: 5, max_ns: 5, sum_ns: 5, zero_count: 0 };
    assert_eq!(Exponential::from_parts(between, Config::default()), Err(PartsError::Unreachable { index }));
}

#[test]
fn extremes_that_contradict_the_buckets_are_refused() {
    let refused = |change: fn(&mut Buckets)| assert!(matches!(refusal(change), PartsError::Extremes { .. }));
    refused(|parts| parts.min_ns = 0);
    refused(|parts| parts.min_ns = 4);
    refused(|parts| parts.max_ns = 0);
    refused(|parts| parts.max_ns = u64::MAX);
    refused(|parts| parts.counts.push(1));
    refused(|parts| parts.zero_count = 1);
    refused(|parts| (parts.min_ns, parts.max_ns) = (parts.max_ns, parts.min_ns));
    refused(|parts| parts.counts.clear());
    // One value that is two.
    refused(|parts| (parts.offset, parts.counts, parts.min_ns, parts.max_ns) = (79, vec![1], 1_000, 1_020));
}

#[test]
fn a_sum_that_the_values_cannot_have_is_refused() {
    for sum_ns in [0, 1_000_000 + 3 + 5, 3_000_004, u128::MAX] {
        assert_eq!(refusal(|parts| parts.sum_ns = sum_ns), PartsError::Sum { sum_ns });
    }
    let none = Buckets { sum_ns: 1, ..Buckets::default() };
    assert_eq!(Exponential::from_parts(none, Config::default()), Err(PartsError::Sum { sum_ns: 1 }));
}

#[test]
fn a_sum_that_stopped_at_64_bits_is_taken() {
    let mut parts = recorded(Config::default(), &[u64::MAX - 1; 9]).into_parts();
    parts.sum_ns = u64::MAX.into();
    let restored = Exponential::from_parts(parts, Config::default()).expect("it is sound");
    assert_eq!((restored.count(), restored.sum_ns()), (9, u64::MAX.into()));
}

#[test]
fn counts_that_stopped_at_their_maximum_survive() {
    let mut many = Exponential::default();
    many.record_n(70_000, u64::MAX);
    many.record_n(3_000_000, u64::MAX);
    assert_eq!(Exponential::from_parts(many.to_parts(), Config::default()), Ok(many));
}

#[test]
fn errors_name_what_to_do() {
    let error = refusal(|parts| parts.offset = -2);
    assert_eq!(
        error.to_string(),
        format!(
            "buckets: {} counts from offset -2 reach out of 1 ns to u64::MAX ns; check the unit",
            sound().counts.len()
        )
    );
}

#[cfg(feature = "serde")]
#[test]
fn buckets_go_through_serde() {
    let text = serde_json::to_string(&sound()).expect("plain numbers");
    assert_eq!(serde_json::from_str::<Buckets>(&text).expect("its own output"), sound());
}

fn any_parts() -> impl Strategy<Value = Buckets> {
    let count = prop_oneof![4 => Just(0), 4 => 0_u64..4, 1 => any::<u64>()];
    (-6_i8..10, -3_i32..600, vec(count.clone(), 0..40), count, any::<u128>(), any::<u64>(), any::<u64>()).prop_map(
        |(scale, offset, counts, zero_count, sum_ns, min_ns, max_ns)| Buckets {
            scale,
            offset,
            counts,
            zero_count,
            sum_ns: sum_ns >> (min_ns % 128),
            min_ns,
            max_ns,
        },
    )
}

/// Puts extremes and a sum that agree with the buckets into hostile counts, so that they come past the first checks.
fn made_plausible(mut parts: Buckets) -> Buckets {
    let base = (-f64::from(parts.scale)).exp2().exp2();
    let edge = |index: i32| base.powi(index).min(u64::MAX as f64);
    let first = parts.counts.iter().position(|count| *count != 0);
    let last = parts.counts.iter().rposition(|count| *count != 0);
    if let (Some(first), Some(last)) = (first, last) {
        parts.min_ns = if parts.zero_count > 0 { 0 } else { edge(parts.offset + first as i32 + 1) as u64 };
        parts.max_ns = edge(parts.offset + last as i32 + 1) as u64;
        parts.sum_ns = u64::MAX.into();
    }
    parts
}

proptest! {
    #[test]
    fn there_and_back(values_ns in durations_ns(), scale in MIN_SCALE..=MAX_SCALE, cap in MIN_BUCKETS..400) {
        let config = Config::new(scale, cap).expect("both are in range");
        let distribution = recorded(config, &values_ns);
        let parts = distribution.to_parts();
        prop_assert_eq!(parts.count(), distribution.count());
        prop_assert_eq!(Exponential::from_parts(parts, config), Ok(distribution));
    }

    #[test]
    fn a_smaller_config_gives_what_recording_with_it_gives(values_ns in durations_ns(), scale in MIN_SCALE..=MAX_SCALE, cap in MIN_BUCKETS..400) {
        let fine = recorded(Config::new(MAX_SCALE, 16_385).expect("both are in range"), &values_ns);
        let config = Config::new(scale, cap).expect("both are in range");
        prop_assert_eq!(Exponential::from_parts(fine.into_parts(), config), Ok(recorded(config, &values_ns)));
    }

    #[test]
    fn hostile_parts_are_refused_or_sound(parts in any_parts(), other in any_parts(), values_ns in durations_ns()) {
        for parts in [parts.clone(), made_plausible(parts)] {
            let Ok(mut distribution) = Exponential::from_parts(parts, Config::default()) else { continue };
            for percent in 0..=100 {
                distribution.quantile_ns(f64::from(percent) / 100.0);
            }
            for value_ns in &values_ns {
                distribution.record(*value_ns);
                distribution.count_at_most(*value_ns);
            }
            if let Ok(other) = Exponential::from_parts(made_plausible(other.clone()), Config::default()) {
                distribution.merge(&other);
            }
            let parts = distribution.to_parts();
            prop_assert_eq!(parts.count(), distribution.count());
            prop_assert!(parts.counts.len() <= 160);
        }
    }
}
