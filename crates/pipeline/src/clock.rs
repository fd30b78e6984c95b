//! What time it is, by what the events say.

use geophone_model::time::Timestamp;

/// The latest time that is believed: the watermark.
///
/// A time a little ahead is believed at once, as the first one is. One further ahead than a step is held back until a
/// second one, near it but not the same, comes directly after it: a single event from a broken clock moves nothing, nor
/// does a value that a broken clock repeats, and a long pause is over with its second event.
#[derive(Debug)]
pub(crate) struct Clock {
    now: Option<Timestamp>,
    suspect: Option<Timestamp>,
    max_step_ns: u64,
    jumps_held: u64,
}

impl Clock {
    pub(crate) const fn new(max_step_ns: u64) -> Self {
        Self { now: None, suspect: None, max_step_ns, jumps_held: 0 }
    }

    pub(crate) const fn now(&self) -> Timestamp {
        match self.now {
            Some(now) => now,
            None => Timestamp::MIN,
        }
    }

    /// The time that the last event stands for, should it turn out to be true.
    pub(crate) fn presumed(&self) -> Timestamp {
        self.suspect.unwrap_or_else(|| self.now())
    }

    /// Times that were held back.
    pub(crate) const fn jumps_held(&self) -> u64 {
        self.jumps_held
    }

    /// Takes an event's time.
    pub(crate) fn hear(&mut self, at: Timestamp) {
        if self.now.is_some_and(|now| at.ns_since(now) > self.max_step_ns) {
            self.doubt(at);
        } else {
            self.suspect = None;
            self.now = self.now.max(Some(at));
        }
    }

    /// Takes the word of somebody who has a clock.
    pub(crate) fn reach(&mut self, now: Timestamp) {
        self.now = self.now.max(Some(now));
    }

    #[cold]
    fn doubt(&mut self, at: Timestamp) {
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
    fn a_jump_needs_a_second_witness_directly_behind_it() {
        assert_eq!(after(&[1_000, 5_000]), (1_000, 1));
        assert_eq!(after(&[1_000, 5_000, 5_001]), (5_001, 1));
        assert_eq!(after(&[1_000, 5_000, 4_990]), (5_000, 1));
        assert_eq!(after(&[1_000, 5_000, 1_000, 5_001]), (1_000, 2));
    }

    #[test]
    fn a_value_does_not_witness_itself() {
        assert_eq!(after(&[1_000, 5_000, 5_000, 1_010, 5_000, 5_000]), (1_010, 2));
    }

    #[test]
    fn two_broken_clocks_that_disagree_are_not_believed() {
        assert_eq!(after(&[1_000, 5_000, 9_000, 13_000]), (1_000, 3));
    }

    #[test]
    fn somebody_who_has_a_clock_needs_no_witness() {
        let mut clock = Clock::new(100);
        clock.hear(Timestamp::from_ns(1_000));
        clock.reach(Timestamp::from_ns(5_000));
        assert_eq!((clock.now().as_ns(), clock.jumps_held()), (5_000, 0));
    }
}
