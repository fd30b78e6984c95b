//! How far both ends of a stream are, by what their headers say, and which header numbers can be true.

use geophone_model::time::Timestamp;

/// How far the sender and the receiver of a stream are.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The sender has sent everything before this offset: its own packets say so.
    sent: u64,
    /// The receiver has everything before this offset, if it has said anything.
    acked: Option<u64>,
    claim: Option<Claim>,
}

/// What the receiver says it has, and nobody saw sent. Either packets were lost on the way to the reader, or the number is
/// not of this connection (RFC 5961 section 5, and the old end of a half-open one, RFC 9293 section 3.5.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) offset: u64,
    pub(crate) at: Timestamp,
}

/// How far ahead of all that was seen a packet of a connection may be: packets may be lost on the way to the reader, but no
/// more are under way than fit the receiver's window. By itself Linux lets it grow up to 32 MiB (`net.ipv4.tcp_rmem`).
pub(crate) const MAX_UNSEEN_BYTES: u64 = 32 << 20;

impl Window {
    /// One of which the receiver has everything before `offset`.
    pub(crate) const fn acked_until(offset: u64) -> Self {
        Self { sent: 0, acked: Some(offset), claim: None }
    }

    /// The receiver has everything before this offset, if it has said anything.
    pub(crate) const fn acked(&self) -> Option<u64> {
        self.acked
    }

    /// A packet of the sender's reaches up to `offset`. The claim that this confirms, if there is one.
    pub(crate) fn sent(&mut self, offset: u64) -> Option<Claim> {
        self.sent = self.sent.max(offset);
        self.claim.take_if(|claim| claim.offset <= self.sent)
    }

    /// The receiver says that it has everything before `offset`. Whether that is believed: where it is beyond what was
    /// `expected` and what the sender has shown, only from a packet whose own place in its stream `vouches` for it;
    /// otherwise it waits for the sender's own word.
    pub(crate) fn acknowledged(&mut self, offset: u64, at: Timestamp, expected: u64, vouches: bool) -> bool {
        let known = self.sent.max(expected);
        let reach = if vouches { MAX_UNSEEN_BYTES } else { 0 };
        let is_believed = offset <= known.saturating_add(reach);
        self.claim = (!is_believed).then_some(Claim { offset, at });
        if is_believed {
            self.acked = Some(self.acked.map_or(offset, |acked| acked.max(offset)));
        }
        is_believed
    }

    /// Whether the receiver would take a reset at `offset` (RFC 9293 section 3.10.7.4, RFC 5961 section 3): not one from
    /// before what it has, nor from beyond its window. Before it has answered the `handshake` it has promised no window.
    pub(crate) fn has_reset(&self, offset: u64, expected: u64, handshake: bool) -> bool {
        let reach = if handshake && self.acked.is_none() { 0 } else { MAX_UNSEEN_BYTES };
        offset >= self.acked.unwrap_or(0) && offset <= self.sent.max(expected).saturating_add(reach)
    }

    /// Whether a stream that was delivered up to `next` may end at `offset`.
    pub(crate) fn has_fin(&self, offset: u64, next: u64, expected: u64) -> bool {
        offset >= next && offset <= self.sent.max(expected).saturating_add(MAX_UNSEEN_BYTES)
    }
}
