//! The caps on everything that a peer controls.

/// The caps on everything that a peer controls: what a parser keeps, how long a piece of text may get, how many
/// exchanges may be open. Whatever goes over a cap is cut or dropped, and counted or flagged where it happens.
///
/// The fields are public and there may be more of them one day, so take the default and change it:
///
/// ```
/// use geophone_proto_parse::Limits;
///
/// let mut limits = Limits::default();
/// limits.open_exchanges = 64;
/// limits.resource_bytes = 200;
/// ```
///
/// With too little room a parser could not keep what it promises: a line that is whole would be read, and the same line in two
/// pieces not. So whoever reads a connection, a [`Detector`](crate::Detector) too, takes a limit that is less than the least
/// value for that value:
///
/// | limit | default | least |
/// |---|---|---|
/// | `detect_bytes` | 4 KiB | 512 |
/// | `line_bytes` | 16 KiB | 256 |
/// | `head_bytes` | 1 MiB | 256 |
/// | `verb_bytes` | 32 | 16 |
/// | `resource_bytes` | 512 | 16 |
/// | `authority_bytes` | 260 | 16 |
/// | `error_bytes` | 48 | 16 |
/// | `answers` | 32 | 0 |
/// | `message_bytes` | 16 KiB | 256 |
/// | `definition_bytes` | 64 KiB | 0 |
/// | `depth` | 32 | 4 |
/// | `open_exchanges` | 1024 | 1 |
/// | `spare_exchanges` | 64 | 0 |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes that a [`Detector`](crate::Detector) holds back, both sides together, before it gives up.
    pub detect_bytes: usize,
    /// Bytes of one text line (a start line, a header field line) that are held. A longer start line is malformed; of
    /// a longer field line the name decides: one that the parser needs is malformed, any other is passed over.
    /// RFC 9112 section 3 asks for at least 8000.
    pub line_bytes: usize,
    /// Bytes of one message head, after which the message counts as malformed. They are not all held: a head is
    /// read line by line.
    pub head_bytes: u64,
    /// Bytes of a method or command name; a longer one is malformed.
    pub verb_bytes: usize,
    /// Bytes of [`Exchange::resource`](crate::Exchange::resource) that are kept; a longer one is cut and flagged.
    pub resource_bytes: usize,
    /// Bytes of [`Exchange::authority`](crate::Exchange::authority); a longer one is left out.
    pub authority_bytes: usize,
    /// Bytes of [`Exchange::error`](crate::Exchange::error) that are kept.
    pub error_bytes: usize,
    /// Addresses that one exchange may tell ([`Exchange::answers`](crate::Exchange::answers)); further ones are left out.
    pub answers: usize,
    /// Bytes from the beginning of one binary message that are read; what lies behind them is counted only. No more are held
    /// for a message whose bytes come in pieces.
    pub message_bytes: usize,
    /// Bytes of the definitions (prepared statements, names of ids, header tables) that one connection has made and that are
    /// remembered for what refers to them; past it, those unused for longest are forgotten, and counted.
    pub definition_bytes: usize,
    /// How deep values may be nested in one another; deeper ones are passed over.
    pub depth: usize,
    /// Requests that may be open (pipelined) at once on one connection, and finished exchanges that wait for `poll`.
    /// Requests past it are counted as evicted, and so are their responses when they come: pairing stays right.
    pub open_exchanges: usize,
    /// Emptied exchanges whose buffers a connection keeps for its next requests.
    pub spare_exchanges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            detect_bytes: 4 * 1024,
            line_bytes: 16 * 1024,
            head_bytes: 1024 * 1024,
            verb_bytes: 32,
            resource_bytes: 512,
            authority_bytes: 260,
            error_bytes: 48,
            answers: 32,
            message_bytes: 16 * 1024,
            definition_bytes: 64 * 1024,
            depth: 32,
            open_exchanges: 1024,
            spare_exchanges: 64,
        }
    }
}

impl Limits {
    /// These limits, none of them less than its least value.
    pub(crate) fn raised(&self) -> Self {
        Self {
            detect_bytes: self.detect_bytes.max(512),
            line_bytes: self.line_bytes.max(256),
            head_bytes: self.head_bytes.max(256),
            // The names that parsers give of their own accord (`SUBSCRIBE`, `HANDSHAKE`) have room in it.
            verb_bytes: self.verb_bytes.max(16),
            resource_bytes: self.resource_bytes.max(16),
            authority_bytes: self.authority_bytes.max(16),
            error_bytes: self.error_bytes.max(16),
            answers: self.answers,
            // The heads of all protocols, and the longest line that is read in one piece.
            message_bytes: self.message_bytes.max(256),
            definition_bytes: self.definition_bytes,
            depth: self.depth.max(4),
            open_exchanges: self.open_exchanges.max(1),
            spare_exchanges: self.spare_exchanges,
        }
    }
}
