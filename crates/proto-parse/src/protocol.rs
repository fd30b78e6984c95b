//! The protocols that can be recognised.

use alloc::boxed::Box;

use crate::{Connection, Limits};

/// A protocol that this crate parses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1 (RFC 9112).
    #[default]
    Http1,
}

impl Protocol {
    /// The name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
        }
    }

    /// A parser for one connection that speaks this protocol. `joined_late` says that the connection was open before
    /// the capture began, so that the first bytes may be the middle of a message.
    ///
    /// `None` where the protocol's cargo feature is off.
    #[must_use]
    pub fn connection(self, limits: &Limits, joined_late: bool) -> Option<Box<dyn Connection + Send>> {
        match self {
            #[cfg(feature = "http1")]
            Self::Http1 => Some(Box::new(crate::http1::Connection::new(limits, joined_late))),
            #[cfg(not(feature = "http1"))]
            Self::Http1 => {
                let _ = (limits, joined_late);
                None
            }
        }
    }
}
