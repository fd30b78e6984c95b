//! Which response answers which request, and what a connection has finished.
//!
//! * [`InOrder`]: where the n-th response answers the n-th request;
//! * [`ByKey`]: where both carry an identifier.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "what some protocols share is unused without them")
)]

mod by_key;
mod in_order;

pub(crate) use by_key::ByKey;
pub(crate) use in_order::{InOrder, Turn};

use crate::{Counters, Exchange};

/// What a connection asks for, however a response is found to be a request's.
pub(crate) trait Pairing {
    /// No response will come any more to any of the open requests. Where one may have come unseen, the request is dropped as
    /// unmatched: a loss of ours is no error of the server's.
    fn finish_unanswered(&mut self, end_ns: u64);

    /// Responses were lost, or may have been; the one under way, if any, is finished.
    fn responses_lost(&mut self);

    /// The connection is not observed any more.
    fn abandon(&mut self);

    /// Moves the next finished exchange into `out`.
    fn poll(&mut self, out: &mut Exchange) -> bool;

    /// Bytes of memory that the exchanges take, about.
    fn held_bytes(&self) -> usize;

    /// The ledger.
    fn counters(&self) -> &Counters;

    /// The ledger, for what is counted beside requests and responses.
    fn counters_mut(&mut self) -> &mut Counters;
}
