//! What the source of capture may leave out.

use geophone_model::net::SocketCookie;
use geophone_proto_parse::Want;

use crate::{
    reassembly::Stream,
    view::{Scope, Speaker},
};

/// Where a pipeline's wishes go: the map that the kernel programs ask before they copy.
///
/// A wish need not be granted: bytes that come all the same are taken. What is left out must be reported as
/// [`Cut::Unwanted`](geophone_model::capture::Cut::Unwanted), or be the whole packet; the packet that carries the last byte
/// before [`SkipUntil::Seq`] must be reported, if without payload, since its time is the end of a message.
pub trait Policy {
    /// From now on nothing before `until` is wanted in this direction of this socket. Replaces what was said before.
    fn skip(&mut self, key: PolicyKey, until: SkipUntil);

    /// Nothing is asked of this socket any more.
    fn forget(&mut self, socket: SocketCookie);
}

/// A direction of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyKey {
    /// The socket at the observation point.
    pub socket: SocketCookie,
    /// Which way the bytes go.
    pub way: Way,
}

/// Which way bytes go, seen from a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// They leave it.
    Egress,
    /// They arrive at it.
    Ingress,
}

/// Up to where nothing is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipUntil {
    /// TCP sequence number of the first byte that is wanted again: to be compared modulo 2^32, at most 2^30 ahead when it
    /// is issued. Longer ranges are renewed, and so is an old one before it would come round.
    Seq(u32),
    /// For ever: the ends of the connection (FIN, RST) are enough.
    Forever,
}

/// A source that cannot leave anything out: a pcap file, a recording.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPolicy;

impl Policy for NoPolicy {
    fn skip(&mut self, _: PolicyKey, _: SkipUntil) {}

    fn forget(&mut self, _: SocketCookie) {}
}

/// The largest range that is asked for at once: half of what sequence numbers can tell ahead from behind
/// (RFC 9293 section 3.4).
const MAX_SKIP_BYTES: u64 = 1 << 30;

/// What was asked for one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing yet.
    #[default]
    Nothing,
    /// To leave out what is before this offset.
    Until(u64),
    /// To leave out everything.
    Forever,
}

impl Asked {
    /// What to ask next, if anything, given what is `want`ed at offset `next`.
    pub(crate) fn next(self, want: Want, next: u64, min_skip_bytes: u64) -> Option<Self> {
        match (want, self) {
            (_, Self::Forever) => None,
            (Want::Nothing, _) => Some(Self::Forever),
            (Want::Skip(len), asked) if len >= min_skip_bytes => {
                let until = next.saturating_add(len.min(MAX_SKIP_BYTES));
                let pending = asked.until().saturating_sub(next);
                let worth_it = pending == 0 || (until > next + pending && pending < MAX_SKIP_BYTES / 2);
                worth_it.then_some(Self::Until(until))
            }
            // An old wish far behind would soon look like one far ahead.
            (_, Self::Until(until)) if next.saturating_sub(until) >= MAX_SKIP_BYTES => Some(Self::Until(next)),
            _ => None,
        }
    }

    /// Bytes before this offset may be missing because of what was asked.
    pub(crate) const fn until(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Until(until) => until,
            Self::Forever => u64::MAX,
        }
    }
}

/// The wish that stands for `asked` on a stream, in the source's terms. `None` for a stream of system calls, whose bytes
/// have no sequence numbers: there only "for ever" can be said.
pub(crate) fn skip_until(asked: Asked, stream: &Stream, scope: Scope) -> Option<SkipUntil> {
    match (asked, scope) {
        (Asked::Nothing, _) | (Asked::Until(_), Scope::Calls) => None,
        (Asked::Until(offset), Scope::Shared | Scope::Local) => stream.seq_at(offset).map(SkipUntil::Seq),
        (Asked::Forever, _) => Some(SkipUntil::Forever),
    }
}

/// The way in which a speaker's bytes pass the observation point of a connection.
pub(crate) const fn way(scope: Scope, speaker: Speaker) -> Way {
    match (scope, speaker) {
        (Scope::Shared, _) | (_, Speaker::A) => Way::Egress,
        (Scope::Local | Scope::Calls, Speaker::B) => Way::Ingress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 100;

    #[test]
    fn a_range_is_asked_for_once_and_only_if_it_pays() {
        assert_eq!(Asked::Nothing.next(Want::All, 0, MIN), None);
        assert_eq!(Asked::Nothing.next(Want::Skip(99), 0, MIN), None);
        assert_eq!(Asked::Nothing.next(Want::Skip(500), 10, MIN), Some(Asked::Until(510)));
        assert_eq!(Asked::Until(510).next(Want::Skip(400), 110, MIN), None);
        assert_eq!(Asked::Until(510).next(Want::All, 510, MIN), None);
        assert_eq!(Asked::Until(510).next(Want::Skip(500), 600, MIN), Some(Asked::Until(1100)));
    }

    #[test]
    fn a_long_range_is_renewed_in_time() {
        let asked = Asked::Nothing.next(Want::Skip(u64::MAX), 0, MIN).unwrap();
        assert_eq!(asked, Asked::Until(MAX_SKIP_BYTES));
        assert_eq!(asked.next(Want::Skip(u64::MAX), 1000, MIN), None, "not for every packet");
        let half = MAX_SKIP_BYTES / 2 + 1;
        assert_eq!(asked.next(Want::Skip(u64::MAX), half, MIN), Some(Asked::Until(half + MAX_SKIP_BYTES)));
    }

    #[test]
    fn an_old_wish_is_renewed_before_it_looks_like_a_new_one() {
        let asked = Asked::Until(1000);
        assert_eq!(asked.next(Want::All, 999 + MAX_SKIP_BYTES, MIN), None);
        let next = 1000 + MAX_SKIP_BYTES;
        assert_eq!(asked.next(Want::All, next, MIN), Some(Asked::Until(next)));
    }

    #[test]
    fn nothing_is_wanted_for_ever_and_said_once() {
        assert_eq!(Asked::Until(7).next(Want::Nothing, 0, MIN), Some(Asked::Forever));
        assert_eq!(Asked::Forever.next(Want::Nothing, 0, MIN), None);
    }
}
