//! From the kernel's clock to wall-clock time, once.

use geophone_model::time::Timestamp;

/// The distance between `CLOCK_MONOTONIC`, with which the kernel stamps events, and wall-clock time.
///
/// It is measured once, so that a step of the wall clock never makes a duration negative or puts the events of one
/// capture into two times. Whatever is put beside the events of a capture takes its times from
/// [that capture's clock](crate::Capture::clock): another reading of the wall clock may have been set meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset_ns: u64,
}

impl Clock {
    /// Measures the distance, to within a microsecond or so: the closest of a few readings.
    pub fn measure() -> Self {
        let closest = (0..5).map(|_| sample()).min_by_key(|sample| sample.spread_ns).unwrap_or_else(sample);
        Self { offset_ns: closest.offset_ns }
    }

    /// A clock with a known distance in nanoseconds, for tests and for records of another machine.
    pub const fn with_offset_ns(offset_ns: u64) -> Self {
        Self { offset_ns }
    }

    /// The wall-clock time of a reading of `CLOCK_MONOTONIC`.
    pub const fn wall(self, monotonic_ns: u64) -> Timestamp {
        Timestamp::from_ns(monotonic_ns.saturating_add(self.offset_ns))
    }

    /// Now, on this clock.
    pub fn now(self) -> Timestamp {
        self.wall(read(libc::CLOCK_MONOTONIC))
    }

    /// When the machine was booted, on this clock: the time from which the kernel counts the starts of processes, in which
    /// it was suspended included.
    pub fn boot(self) -> Timestamp {
        self.now().minus_ns(read(libc::CLOCK_BOOTTIME))
    }
}

struct Sample {
    offset_ns: u64,
    spread_ns: u64,
}

fn sample() -> Sample {
    let before = read(libc::CLOCK_MONOTONIC);
    let wall = read(libc::CLOCK_REALTIME);
    let after = read(libc::CLOCK_MONOTONIC);
    let middle = before + (after - before) / 2;
    Sample { offset_ns: wall.saturating_sub(middle), spread_ns: after - before }
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing; the clocks exist on every Linux, so the call cannot fail.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_becomes_wall_time() {
        let clock = Clock::measure();
        let wall = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let distance_ns = clock.now().as_ns().abs_diff(u64::try_from(wall.as_nanos()).unwrap());
        assert!(distance_ns < 1_000_000_000, "off by {distance_ns} ns");
        assert_eq!(Clock::with_offset_ns(1000).wall(5), Timestamp::from_ns(1005));
    }

    #[test]
    fn the_boot_is_where_the_kernel_says() {
        let stat = std::fs::read_to_string("/proc/stat").unwrap();
        let seconds: u64 = stat.lines().find_map(|line| line.strip_prefix("btime ")).unwrap().parse().unwrap();
        let distance_ns = Clock::measure().boot().as_ns().abs_diff(seconds * 1_000_000_000);
        assert!(distance_ns < 3_000_000_000, "off by {distance_ns} ns");
    }
}
