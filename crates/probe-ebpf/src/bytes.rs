//! Bounds that the verifier can follow.

use core::arch::asm;

/// The same value, of which the compiler knows nothing any more.
///
/// The verifier refuses a helper's length that may be zero or too large, and follows the comparisons that exclude it only
/// as long as they are made on the register that is passed. LLVM likes to prove such a comparison needless, or to make
/// one of two; behind this barrier it can do neither.
#[inline(always)]
pub fn opaque(value: u64) -> u64 {
    let mut value = value;
    // A move to itself rather than nothing: for an empty sequence LLVM writes two line numbers for the instruction that
    // follows, which the kernel refuses ("Invalid line_info").
    // SAFETY: touches nothing but its own register.
    unsafe { asm!("{0} = {0}", inout(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// The same place, of whose contents the compiler knows nothing any more: what it has in registers it writes back, and what it
/// reads behind this barrier it reads again.
///
/// A loop over a state in a map is then one loop, and not one for each way to begin it; and the verifier, which knows nothing
/// of a map's values, does not tell the ways apart either.
#[inline(always)]
pub fn forgotten<T>(value: &mut T) -> &mut T {
    let mut address = &raw mut *value;
    // SAFETY: the register is not changed; by all that the compiler knows, memory is, which is what `&mut` allows.
    unsafe {
        asm!("{0} = {0}", inout(reg) address, options(nostack, preserves_flags));
        &mut *address
    }
}

/// `len`, if it is from 1 to `max`, in a form that the verifier believes.
///
/// It learns nothing from `len != 0` before Linux 6.8, so the value is made one smaller, compared with the upper bound
/// alone, and made one larger again; the barriers keep LLVM from undoing that.
#[inline(always)]
pub fn bounded(len: u64, max: u64) -> Option<u32> {
    let less_one = opaque(len.wrapping_sub(1));
    if less_one >= max {
        return None;
    }
    Some((opaque(less_one) + 1) as u32)
}
