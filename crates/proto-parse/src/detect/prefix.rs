//! What one side of a connection has said so far.

use alloc::vec::Vec;

use super::{Candidate, Detection, Place};
use crate::protocol::CANDIDATES;
use crate::{Direction, Limits};

/// What one side has said so far, and what that is for each candidate.
#[derive(Debug)]
pub(super) struct Prefix {
    held: Vec<u8>,
    /// Where in `held` the bytes begin that are without a hole up to the end.
    unbroken_from: usize,
    place: Place,
    as_client: Opinions,
    as_server: Opinions,
}

/// What a side's bytes are in one role: sets of candidates, by their index.
#[derive(Debug, Clone, Copy, Default)]
struct Opinions {
    matched: u32,
    excluded: u32,
}

const _: () = assert!(CANDIDATES.len() <= 32, "opinions are sets of 32");

impl Prefix {
    pub(super) fn new(place: Place) -> Self {
        let (as_client, as_server) = <(Opinions, Opinions)>::default();
        Self { held: Vec::new(), unbroken_from: 0, place, as_client, as_server }
    }

    /// Lets the candidates that are undecided look at what there is, with `data` at its end.
    pub(super) fn consider(&mut self, data: &[u8], limits: &Limits) {
        self.with(data, |place, prefix, [as_client, as_server]| {
            for (index, candidate) in CANDIDATES.iter().enumerate() {
                as_client.consider(index, || (candidate.detect)(Direction::ToServer, place, prefix, limits));
                as_server.consider(index, || (candidate.detect)(Direction::ToClient, place, prefix, limits));
            }
        });
    }

    /// What one candidate says of what there is, with `data` at its end.
    pub(super) fn detect(
        &mut self,
        candidate: &Candidate,
        direction: Direction,
        data: &[u8],
        limits: &Limits,
    ) -> Detection {
        self.with(data, |place, prefix, _| (candidate.detect)(direction, place, prefix, limits))
    }

    /// Holds `data`.
    pub(super) fn hold(&mut self, data: &[u8]) {
        self.held.extend_from_slice(data);
    }

    /// Bytes are missing here.
    pub(super) fn interrupt(&mut self) {
        self.unbroken_from = self.held.len();
        self.place = Place::Middle;
        self.as_client = Opinions::default();
        self.as_server = Opinions::default();
    }

    /// Holds nothing any more. What comes next is in the middle of a stream, if anything was held.
    pub(super) fn forget(&mut self) {
        if !self.held.is_empty() {
            self.place = Place::Middle;
        }
        self.held = Vec::new();
        self.unbroken_from = 0;
    }

    pub(super) fn as_client(&self, candidate: usize) -> Detection {
        self.as_client.of(candidate)
    }

    pub(super) fn as_server(&self, candidate: usize) -> Detection {
        self.as_server.of(candidate)
    }

    pub(super) fn is_mid_stream(&self) -> bool {
        self.place == Place::Middle
    }

    pub(super) fn held(&self) -> &[u8] {
        &self.held
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Looks at the unbroken bytes with `data` at their end; without any held, `data` is looked at where it lies.
    fn with<T>(&mut self, data: &[u8], look: impl FnOnce(Place, &[u8], [&mut Opinions; 2]) -> T) -> T {
        let Self { held, unbroken_from, place, as_client, as_server } = self;
        if held.len() == *unbroken_from {
            return look(*place, data, [as_client, as_server]);
        }
        let held_bytes = held.len();
        held.extend_from_slice(data);
        let result = look(*place, held.get(*unbroken_from..).unwrap_or_default(), [as_client, as_server]);
        held.truncate(held_bytes);
        result
    }
}

impl Opinions {
    /// Asks the candidate with this index, unless it has decided.
    fn consider(&mut self, index: usize, detect: impl FnOnce() -> Detection) {
        let bit = 1_u32.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0);
        if (self.matched | self.excluded) & bit != 0 {
            return;
        }
        match detect() {
            Detection::Match => self.matched |= bit,
            Detection::NoMatch => self.excluded |= bit,
            Detection::NeedMore => {}
        }
    }

    fn of(self, index: usize) -> Detection {
        let bit = 1_u32.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0);
        if self.matched & bit != 0 {
            Detection::Match
        } else if self.excluded & bit != 0 {
            Detection::NoMatch
        } else {
            Detection::NeedMore
        }
    }
}
