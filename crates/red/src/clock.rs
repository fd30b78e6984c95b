//! What time it is, by what the events say.

use geophone_model::time::Timestamp;

/// The latest time that is believed.
///
/// A time a little ahead is believed at once. One further ahead than a step is held back until a second one, near it but
/// not the same, comes directly after it. That keeps a single event from a broken clock, and a watermark that stands still
/// at it, from closing every window; then the ends of exchanges move the clock on.
#[derive(Debug)]
pub(crate) struct Clock {
    now: Option<Timestamp>,
    suspect: Option<Timestamp>,
    max_step_ns: u64,
    jumps_held: u64,
}

impl Clock {
    pub(crate) fn new(max_step_ns: u64) -> Self {
        Self { now: None, suspect: None, max_step_ns, jumps_held: 0 }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now.unwrap_or(Timestamp::MIN)
    }

    /// Times that were held back.
    pub(crate) fn jumps_held(&self) -> u64 {
        self.jumps_held
    }

    /// Whether `at` is further ahead than a step.
    pub(crate) fn is_ahead(&self, at: Timestamp) -> bool {
        self.now.is_some_and(|now| at.ns_since(now) > self.max_step_ns)
    }

    /// Takes notice of a time.
    #[inline]
    pub(crate) fn hear(&mut self, at: Timestamp) {
        if self.now.is_none_or(|now| at > now) {
            self.move_to(at);
        }
    }

    fn move_to(&mut self, at: Timestamp) {
        if !self.is_ahead(at) {
            self.now = Some(at);
            self.suspect = None;
            return;
        }
        match self.suspect {
            Some(suspect) if suspect == at => {}
            Some(suspect) if suspect.as_ns().abs_diff(at.as_ns()) <= self.max_step_ns => {
                self.now = Some(suspect.max(at));
                self.suspect = None;
            }
            _ => {
                self.suspect = Some(at);
                self.jumps_held += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(times: &[u64]) -> (u64, u64) {
        let mut clock = Clock::new(100);
        for at in times {
            clock.hear(Timestamp::from_ns(*at));
        }
        (clock.now().as_ns(), clock.jumps_held())
    }

    #[test]
    fn small_steps_are_believed_and_nothing_goes_back() {
        assert_eq!(after(&[1_000, 1_100, 1_050]), (1_100, 0));
    }

    #[test]
    fn a_jump_needs_a_second_witness() {
        assert_eq!(after(&[1_000, 5_000]), (1_000, 1));
        assert_eq!(after(&[1_000, 5_000, 5_001]), (5_001, 1));
        assert_eq!(after(&[1_000, 5_000, 4_990]), (5_000, 1));
    }

    #[test]
    fn a_watermark_that_stands_still_in_the_future_does_not_witness_itself() {
        assert_eq!(after(&[1_000, 5_000, 1_010, 5_000, 1_020, 5_000, 5_000]), (1_020, 3));
    }

    #[test]
    fn two_broken_clocks_that_disagree_are_not_believed() {
        assert_eq!(after(&[1_000, 5_000, 9_000, 13_000]), (1_000, 3));
    }
}
