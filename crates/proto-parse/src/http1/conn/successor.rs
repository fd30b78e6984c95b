//! What a connection speaks once it has left HTTP/1 for another protocol that is parsed.

use alloc::boxed::Box;
use core::fmt;

use super::Connection;

/// The parser of the protocol that a connection speaks by now. It has taken over the ledger.
pub(super) struct Successor(pub(super) Box<dyn crate::Connection + Send>);

impl fmt::Debug for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Successor")
    }
}

impl Connection {
    /// The server has agreed to go on with HTTP/2 (RFC 7540 section 3.2), in which it answers the request that asked for it
    /// as stream 1. `false` where that cannot be followed.
    #[cfg(feature = "http2")]
    pub(super) fn upgrade_to_http2(&mut self) -> bool {
        // A client sends all of the request before it speaks HTTP/2.
        if self.pairing.front_is_live() || self.request.is_in_message() {
            return false;
        }
        let request = if self.unasked { None } else { self.pairing.hand_over() };
        self.pairing.drop_open();
        self.request.deafen();
        self.response.deafen();
        let successor = crate::http2::Connection::upgraded(&self.limits, request, self.pairing.counters);
        self.successor = Some(Successor(Box::new(successor)));
        true
    }

    /// There is no parser for it.
    #[cfg(not(feature = "http2"))]
    pub(super) fn upgrade_to_http2(&mut self) -> bool {
        false
    }
}
