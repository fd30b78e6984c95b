//! Putting the bytes of one direction in order, the same for live packets, pcap files and recordings.
//!
//! * [`sequence`]: TCP's 32-bit sequence numbers as 64-bit offsets;
//! * [`piece`]: some bytes of a stream, and what a source knows of them;
//! * [`held`]: what came before its turn;
//! * [`window`]: how far both ends are, and which header numbers can be true;
//! * [`stream`]: the order itself: what is delivered, what is waited for, what is given up.

mod held;
mod piece;
mod sequence;
mod stream;
mod window;

pub(crate) use piece::Piece;
pub(crate) use sequence::Base;
pub(crate) use stream::{Bounds, Lost, Sink, Stream};

#[cfg(test)]
mod tests;
