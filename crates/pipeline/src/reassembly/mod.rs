//! Putting the bytes of one direction in order, the same for live packets, pcap files and recordings.
//!
//! * [`sequence`]: TCP's 32-bit sequence numbers as 64-bit offsets;
//! * [`held`]: what came before its turn;
//! * [`stream`]: the order itself: what is delivered, what is waited for, what is given up.

mod held;
mod sequence;
mod stream;

pub(crate) use sequence::Base;
pub(crate) use stream::{Bounds, Lost, Piece, Sink, Stream};

#[cfg(test)]
mod tests;
