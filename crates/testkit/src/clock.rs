//! The readings of clocks that the kit makes: all of them are here.

use std::time::{Duration, Instant};

/// Now, in nanoseconds of the clock that the kernel stamps events with.
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing; the clock exists on every Linux, so the call cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Looks every few milliseconds until `look` finds something.
///
/// # Panics
/// If it finds nothing within `at_most`: `what` is what was waited for.
pub fn wait_for<T>(what: &str, at_most: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + at_most;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now() < deadline, "waited {at_most:?} for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[expect(clippy::disallowed_methods, reason = "the kit runs programs and must not wait for ever")]
fn now() -> Instant {
    Instant::now()
}
