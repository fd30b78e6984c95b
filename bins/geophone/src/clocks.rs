//! The readings of clocks that the program makes: all of them are here.

use geophone_model::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Now, in wall-clock time.
pub(crate) fn now() -> Timestamp {
    read(ClockId::Realtime)
}

/// When the machine was booted.
pub(crate) fn boot() -> Timestamp {
    now().minus_ns(read(ClockId::Boottime).as_ns())
}

fn read(clock: ClockId) -> Timestamp {
    let time = clock_gettime(clock);
    Timestamp::from_ns(time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs())
}
