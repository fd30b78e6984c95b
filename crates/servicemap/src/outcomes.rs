//! Requests by what came of them.

use geophone_model::status::StatusClass;

/// Number of requests by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// In the order of [`StatusClass::ALL`].
    counts: [u64; StatusClass::ALL.len()],
}

impl Outcomes {
    /// Adds requests of one outcome.
    pub(crate) fn add(&mut self, class: StatusClass, requests: u64) {
        let count = &mut self.counts[index_of(class)];
        *count = count.saturating_add(requests);
    }

    /// Adds what others counted.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (own, other) in self.counts.iter_mut().zip(other.counts) {
            *own = own.saturating_add(other);
        }
    }

    /// Number of requests with this outcome.
    pub fn of(&self, class: StatusClass) -> u64 {
        self.counts[index_of(class)]
    }

    /// Number of requests, whatever came of them.
    pub fn requests(&self) -> u64 {
        self.sum_where(|_| true)
    }

    /// Requests that the server failed: [`StatusClass::is_error`].
    pub fn errors(&self) -> u64 {
        self.sum_where(StatusClass::is_error)
    }

    /// Requests that the server says the client got wrong (HTTP 4xx); not among the [`errors`](Self::errors).
    pub fn client_errors(&self) -> u64 {
        self.sum_where(StatusClass::is_client_error)
    }

    fn sum_where(&self, wanted: fn(StatusClass) -> bool) -> u64 {
        StatusClass::ALL
            .iter()
            .zip(self.counts)
            .filter(|(class, _)| wanted(**class))
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }
}

/// Position of a class in [`StatusClass::ALL`].
fn index_of(class: StatusClass) -> usize {
    StatusClass::ALL.iter().position(|known| *known == class).expect("ALL has every class")
}
