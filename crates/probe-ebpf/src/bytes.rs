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

/// `len`, if it is from 1 to `max`, in a form that the verifier believes.
#[inline(always)]
pub fn bounded(len: u64, max: u64) -> Option<u32> {
    let len = opaque(len);
    if len > max {
        return None;
    }
    let len = opaque(len);
    if len == 0 {
        return None;
    }
    Some(len as u32)
}
