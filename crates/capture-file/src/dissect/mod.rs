//! From a captured frame to the TCP segment or UDP datagram in it.
//!
//! [`frame`] is a pure function of its arguments that never panics, whatever the bytes: every read goes through one
//! bounds-checked cursor, loops over headers are capped, and what a frame claims about its length is compared with what
//! it had on the wire. Checksums are not verified: with offloading, a capture on the sending host holds unfinished ones.

mod ip;
mod link;
mod transport;

use std::ops::Range;

use geophone_model::{capture::TcpHeader, net::Endpoint};

pub use link::LinkType;

use crate::cursor::Cursor;

/// What a frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dissected {
    /// The sender.
    pub source: Endpoint,
    /// The receiver.
    pub destination: Endpoint,
    /// TCP's header; `None` for UDP.
    pub tcp: Option<TcpHeader>,
    /// Bytes of payload that the packet had on the wire.
    pub payload_len: u32,
    /// Where in the frame the captured part of the payload is; from its first byte on, never longer than `payload_len`.
    pub captured: Range<usize>,
}

/// Why a frame is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// The link type is not one of [`LinkType`].
    UnknownLink,
    /// Something else than IP: ARP, LLDP, a control frame.
    NotIp,
    /// IP, with something else than TCP or UDP: ICMP, SCTP, an encrypted payload.
    NotTcpUdp,
    /// A fragment other than the first: it has no ports.
    Fragment,
    /// The snapshot length cut a header.
    HeaderCut,
    /// A header contradicts itself or its surroundings.
    Malformed,
}

impl Skip {
    /// Every reason, in the order of the ledger.
    pub const ALL: [Self; 6] =
        [Self::UnknownLink, Self::NotIp, Self::NotTcpUdp, Self::Fragment, Self::HeaderCut, Self::Malformed];

    /// The reason in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownLink => "unknown_link",
            Self::NotIp => "not_ip",
            Self::NotTcpUdp => "not_tcp_udp",
            Self::Fragment => "fragment",
            Self::HeaderCut => "header_cut",
            Self::Malformed => "malformed",
        }
    }
}

/// Finds the TCP segment or UDP datagram in `frame`, which was `wire_len` bytes long before a snapshot length cut it.
///
/// Of a fragmented packet the first fragment is taken, as a packet of its own length.
///
/// # Errors
///
/// The reason why there is none.
///
/// ```
/// use geophone_capture_file::dissect::{self, LinkType, Skip};
///
/// // An IPv4 header of 20 bytes, UDP's eight, and two bytes of payload.
/// let frame = b"\x45\0\0\x1e\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\x30\x39\0\x35\0\x0a\0\0hi";
/// let packet = dissect::frame(LinkType::RAW, frame, 30).unwrap();
/// assert_eq!(packet.destination.to_string(), "10.0.0.2:53");
/// assert_eq!(&frame[packet.captured], b"hi");
///
/// assert_eq!(dissect::frame(LinkType::RAW, &frame[..27], 30), Err(Skip::HeaderCut));
/// ```
pub fn frame(link: LinkType, frame: &[u8], wire_len: u32) -> Result<Dissected, Skip> {
    let mut rest = Rest::new(frame, wire_len);
    link::strip(link, &mut rest)?;
    let ip = ip::header(&mut rest)?;
    transport::header(&ip, &mut rest)
}

/// What is left of a frame, once as captured and once as it was on the wire.
#[derive(Clone, Copy, Debug)]
struct Rest<'a> {
    captured: Cursor<'a>,
    /// Where in the frame `captured` begins.
    position: usize,
    /// Bytes that the wire had from here on, at least those that were captured.
    wire_len: u64,
}

impl<'a> Rest<'a> {
    fn new(frame: &'a [u8], wire_len: u32) -> Self {
        Self { captured: Cursor::new(frame), position: 0, wire_len: u64::from(wire_len).max(frame.len() as u64) }
    }

    /// Takes bytes of a header with `read`; what it fails to read was either cut by the snapshot length or never there.
    fn header<T>(&mut self, read: impl FnOnce(&mut Cursor<'a>) -> Option<T>) -> Result<T, Skip> {
        let before = self.captured;
        let value = read(&mut self.captured).ok_or_else(|| self.missing(before.remaining()))?;
        let consumed = before.remaining().saturating_sub(self.captured.remaining());
        self.position = self.position.saturating_add(consumed);
        self.wire_len = self.wire_len.saturating_sub(consumed as u64);
        Ok(value)
    }

    /// Takes `len` bytes of a header.
    fn skip(&mut self, len: usize) -> Result<&'a [u8], Skip> {
        self.header(|cursor| cursor.take(len))
    }

    /// Why bytes are missing where `captured_len` were captured and `wire_len` should follow.
    const fn missing(&self, captured_len: usize) -> Skip {
        if self.wire_len > captured_len as u64 { Skip::HeaderCut } else { Skip::Malformed }
    }

    /// Drops what lies beyond `len` bytes: padding and check sequences of the link. A `len` beyond the wire's is taken as
    /// it stands: it says how long the packet was, and the capture is what fell short.
    fn limit(&mut self, len: u64) {
        let kept = usize::try_from(len).unwrap_or(usize::MAX).min(self.captured.remaining());
        let mut cursor = self.captured;
        if let Some(kept) = cursor.take(kept) {
            self.captured = Cursor::new(kept);
        }
        self.wire_len = len;
    }
}
