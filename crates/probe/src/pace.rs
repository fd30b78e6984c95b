//! How long to wait between two drains of the ring.

use std::time::Duration;

use crate::Drained;

/// The longest wait: what a person who follows the page would not notice.
const LONGEST: Duration = Duration::from_millis(50);
/// The shortest wait: below it the reader would spend its time on waking up.
const SHORTEST: Duration = Duration::from_millis(1);
/// The part of the ring that should be full at a drain.
const TARGET_FILL: f64 = 1.0 / 64.0;

/// Chooses the wait such that, at the present rate, a sixty-fourth of the ring is full at the next drain: room for a burst of
/// many times the rate, drains that are short and find their records in the processor's caches, and few wake-ups when it is
/// quiet.
#[derive(Clone, Debug)]
pub struct Pace {
    target_bytes: f64,
    wait: Duration,
}

impl Pace {
    /// A pace for a ring of `ring_bytes`.
    pub fn new(ring_bytes: usize) -> Self {
        Self { target_bytes: ring_bytes as f64 * TARGET_FILL, wait: SHORTEST }
    }

    /// How long to wait after a drain.
    pub fn after(&mut self, drained: Drained) -> Duration {
        let ratio = self.target_bytes / (drained.bytes.max(1) as f64);
        // A rising rate is followed at once, a falling one by steps, since bursts come again.
        self.wait = self.wait.mul_f64(ratio.clamp(0.01, 1.5)).clamp(SHORTEST, LONGEST);
        self.wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(bytes: u64) -> Drained {
        Drained { records: 1, bytes, malformed: 0 }
    }

    #[test]
    fn a_quiet_ring_is_read_seldom_and_a_busy_one_often() {
        let mut pace = Pace::new(16 << 20);
        let quiet: Vec<_> = (0..20).map(|_| pace.after(drained(0))).collect();
        assert!(quiet.is_sorted() && quiet.last() == Some(&LONGEST), "{quiet:?}");
        assert_eq!(pace.after(drained(1 << 30)), SHORTEST, "a burst is followed at once");
    }

    #[test]
    fn a_steady_rate_settles_at_the_target() {
        let mut pace = Pace::new(16 << 20);
        let bytes_per_ms = 100_000.0;
        let mut wait = SHORTEST;
        for _ in 0..50 {
            wait = pace.after(drained((wait.as_secs_f64() * 1e3 * bytes_per_ms) as u64));
        }
        let fill = wait.as_secs_f64() * 1e3 * bytes_per_ms / f64::from(1 << 18);
        assert!((0.9..1.1).contains(&fill), "{fill} of the target at {wait:?}");
    }
}
