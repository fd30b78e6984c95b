//! The contract between a stream's driver and a protocol's parser.

use crate::{Counters, Exchange};

/// Which way bytes travel on a connection whose client is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client to the server: requests.
    #[default]
    ToServer,
    /// From the server to the client: responses.
    ToClient,
}

impl Direction {
    /// The other direction.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// How one direction of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// In order: all bytes were sent. Only the direction that it is reported for is over.
    Fin,
    /// Torn down: bytes may be missing. Both directions are over.
    Reset,
    /// It is not known how. Only the direction that it is reported for is over.
    Unknown,
}

/// What a parser wants of one direction from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Want {
    /// Every byte.
    All,
    /// The content of the next `n` bytes (at least 1) does not matter: the capture may leave any number of them out,
    /// from the front, and report those with [`Connection::skipped`]. `u64::MAX` stands for "until this direction
    /// ends". The parser takes the bytes as well if they come.
    Skip(u64),
    /// No byte of this direction ever again (an upgraded connection, a tunnel, a direction that has ended). Bytes that
    /// still come are ignored. [`Connection::end`] and [`Connection::close`] are still wanted: they end the lifetime
    /// of a stream.
    Nothing,
}

/// A parser of one connection: takes the bytes of both directions in the order in which they were seen, and yields
/// finished [`Exchange`]s.
///
/// * Within a direction, bytes come in stream order, once, without holes: what is missing is reported as a
///   [`gap`](Self::gap) or, where the parser had said so, as [`skipped`](Self::skipped).
/// * Between directions, the order is that of cause and effect: a request's bytes, and the gaps in them, come before
///   those of its response, and bytes that acknowledge others come behind these or behind the gap that they left.
/// * Results do not depend on how the bytes were cut into calls, as long as each byte keeps its time.
/// * Times are nanoseconds of any clock of the caller's; the parser reads none. Within a direction they may go back: what
///   was sent again was seen behind what follows it in the stream.
/// * After each call: [`poll`](Self::poll) until it says `false`, and ask [`want`](Self::want).
pub trait Connection {
    /// The next bytes of a direction, all seen at `now_ns`.
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]);

    /// The next `len` bytes of a direction were left out *because* the parser had said [`Want::Skip`]; `now_ns` is the
    /// time of the last of them. The same as [`bytes`](Self::bytes) of as many body bytes. What goes beyond the
    /// range that the parser had allowed is a [`gap`](Self::gap).
    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64);

    /// The next `len` bytes of a direction are lost; `now_ns` is the time at which that became known.
    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64);

    /// A direction has ended.
    fn end(&mut self, direction: Direction, now_ns: u64, how: End);

    /// The connection is gone: open requests become
    /// [`StatusClass::NoResponse`](crate::StatusClass::NoResponse). A second call does nothing.
    fn close(&mut self, now_ns: u64);

    /// The caller stops observing (it shuts down, or evicts the connection): what is open is only counted. Finished
    /// exchanges can still be polled.
    fn abandon(&mut self);

    /// What the parser wants of a direction from here on.
    fn want(&self, direction: Direction) -> Want;

    /// Moves the next finished exchange, in order of finish, into `out`, and takes `out`'s old buffers for reuse.
    /// `false`, with `out` untouched, if there is none.
    fn poll(&mut self, out: &mut Exchange) -> bool;

    /// What has been seen so far, and what became of it.
    fn counters(&self) -> &Counters;

    /// Bytes of memory that the connection holds beside itself, about: parts of messages, open requests, what was defined for
    /// later. Bounded by [`Limits`](crate::Limits).
    fn held_bytes(&self) -> usize;
}
