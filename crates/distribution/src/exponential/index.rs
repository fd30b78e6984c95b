//! Which bucket a value falls in, and where a bucket ends.
//!
//! With `base = 2^(2^-scale)`, bucket `i` takes the values in `(base^i, base^(i+1)]`, as OTLP's data model has it
//! ("All Scales: Use the Logarithm Function" describes the slow way; this is "table lookup" on the mantissa).

use super::{
    bounds::MANTISSA_BOUNDS,
    config::{MAX_SCALE, MIN_SCALE},
};

/// Index of the bucket that `value_ns` falls in; [`NO_BUCKET`] or a number near it for zero.
#[inline]
pub(super) fn bucket_index(value_ns: u64, scale: i8) -> i32 {
    debug_assert!((MIN_SCALE..=MAX_SCALE).contains(&scale));
    // Zero has no leading one, and its mantissa is zero, as no other's: it finds the slot that leads to no bucket. It is not
    // told apart before, because where the compiler knows that there is a one, it takes x86's `bsr` without clearing the
    // result first, and each look-up then waits for the one before.
    let zeros = value_ns.leading_zeros() & 63;
    let mantissa = value_ns << zeros;
    let slot = (mantissa >> (62 - scale)) as usize % SLOT_COUNT;
    SLOTS.first_indexes[slot] + ((63 - zeros) << scale) as i32 + i32::from(mantissa > SLOTS.bounds[slot])
}

/// Far below the index of every value, and not so far that subtracting an offset wraps.
pub(super) const NO_BUCKET: i32 = i32::MIN / 2;

/// Lowest and highest index that a value can have at `scale`: those of 1 and of `u64::MAX`.
pub(super) fn index_range(scale: i8) -> (i32, i32) {
    (bucket_index(1, scale), bucket_index(u64::MAX, scale))
}

/// The smallest and the largest integer in bucket `index`; the smallest is above the largest where it has none.
pub(super) fn bucket_integers(index: i32, scale: i8) -> (u64, u64) {
    (floor_of_bound(index, scale).saturating_add(1), floor_of_bound(index.saturating_add(1), scale))
}

/// `base^index` as an `f64`, within one rounding.
pub(super) fn bound_f64(index: i32, scale: i8) -> f64 {
    let (octave, step) = finest_bound(index, scale);
    // 2^(octave-63) from its bits: every exponent that an index gives is that of a normal number.
    MANTISSA_BOUNDS[step] as f64 * f64::from_bits(((1023 + octave - 63) as u64) << 52)
}

/// The largest integer that is not above `base^index`, at most `u64::MAX`.
fn floor_of_bound(index: i32, scale: i8) -> u64 {
    let (octave, step) = finest_bound(index, scale);
    match octave {
        ..0 => 0,
        0..64 => MANTISSA_BOUNDS[step] >> (63 - octave),
        64.. => u64::MAX,
    }
}

/// The octave and the position in [`MANTISSA_BOUNDS`] of the boundary `base^index`.
fn finest_bound(index: i32, scale: i8) -> (i32, usize) {
    let finest = index << (MAX_SCALE - scale);
    (finest >> MAX_SCALE, (finest & ((1 << MAX_SCALE) - 1)) as usize)
}

/// Slots of all scales together.
const SLOT_COUNT: usize = 2 << (MAX_SCALE + 1);

/// The slots of all scales: stretches of mantissas with the one boundary that can lie in each. A slot is half as wide,
/// linearly, as `1/2^scale` of the octave, and the narrowest bucket is `ln 2/2^scale` wide.
///
/// Scale `s` has its `2^(s+1)` slots from position `2^(s+1)` on. This is how a binary heap numbers its levels, and so the
/// first `s+2` bits of a mantissa, leading one included, are the position itself. Only position 0 has no leading one.
static SLOTS: Slots = Slots::build();

/// Two arrays and not one of pairs: an entry of 16 bytes would have to be addressed by a shift of its own.
struct Slots {
    /// Index of the bucket that the slot begins in, for values below two.
    first_indexes: [i32; SLOT_COUNT],
    /// The boundary in the slot, or one that no mantissa is above.
    bounds: [u64; SLOT_COUNT],
}

impl Slots {
    const fn build() -> Self {
        let mut slots = Self { first_indexes: [NO_BUCKET; SLOT_COUNT], bounds: [u64::MAX; SLOT_COUNT] };
        let mut scale = 0;
        while scale <= MAX_SCALE as usize {
            let stride = MANTISSA_BOUNDS.len() >> scale;
            let mut position = 2 << scale;
            let mut below = 0;
            while position < 4 << scale {
                let start = (position as u64) << (62 - scale);
                let last = start + ((1 << (62 - scale)) - 1);
                // A boundary on the last mantissa of a slot has nothing of the slot above it, and belongs to the next.
                while below * stride < MANTISSA_BOUNDS.len() && MANTISSA_BOUNDS[below * stride] < start {
                    below += 1;
                }
                // Above `below` boundaries, the one at the power of two included, is bucket `below - 1`.
                slots.first_indexes[position] = below as i32 - 1;
                if below * stride < MANTISSA_BOUNDS.len() && MANTISSA_BOUNDS[below * stride] < last {
                    slots.bounds[position] = MANTISSA_BOUNDS[below * stride];
                }
                position += 1;
            }
            scale += 1;
        }
        slots
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
