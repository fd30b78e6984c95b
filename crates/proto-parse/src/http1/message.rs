//! The heads of requests and responses: what an observer keeps of them.

use alloc::string::String;

use memchr::memchr;

use super::HeadError;
use super::field::{Name, is_disputed, is_token, trim};
use super::framing::{Body, Framing};
use super::head::{self, Head};
use super::path::set_path;
use super::search::{RequestSearch, ResponseSearch};
use super::target::{Target, set_authority};
use crate::{Exchange, Limits, Parsed, TraceContext};

/// The head of a request.
#[derive(Debug, Default)]
pub struct RequestHead {
    verb: String,
    resource: String,
    authority: String,
    known: Known,
    pub(super) resource_cut: bool,
    pub(super) trace: Option<TraceContext>,
    minor_version: u8,
    framing: Framing,
    body: Option<Body>,
    /// The target named the authority, so that a Host field does not count.
    absolute: bool,
    hosts: Count,
    traceparents: Count,
}

/// Which of a head's texts are its own. The others are those of an earlier head, kept because the next one's are the same
/// more often than not, and need not be checked and copied then.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    verb: bool,
    resource: bool,
    authority: bool,
}

/// The head of a response.
#[derive(Debug, Default)]
pub struct ResponseHead {
    status: u16,
    minor_version: u8,
    framing: Framing,
    event_stream: bool,
    upgrade: Upgrade,
}

/// What a connection is to become (RFC 9110 section 7.8), if the status is 101.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// RFC 6455.
    WebSocket,
    /// HTTP/2 without TLS (RFC 7540 section 3.2).
    Http2,
    #[default]
    Other,
}

/// How often a field that may come once was there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Count {
    #[default]
    None,
    Once,
    Often,
}

/// What of a request's method decides where its response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Method {
    /// The response has no body, whatever its fields say.
    Head,
    /// A successful response turns the connection into a tunnel.
    Connect,
    /// Any other.
    #[default]
    Other,
}

impl Method {
    /// The method of that name; names are case-sensitive (RFC 9110 section 9.1).
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        match name {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

impl RequestHead {
    /// Parses the head at the beginning of `data`; empty lines before it are passed over and count as consumed.
    ///
    /// # Errors
    ///
    /// [`HeadError::is_other_protocol`] tells bytes that are not HTTP/1 from a malformed head.
    pub fn parse(data: &[u8], limits: &Limits) -> Result<Parsed<Self>, HeadError> {
        head::parse(data, limits)
    }

    /// The method's name.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// The path without query, fragment and path parameters, or `*`; empty for CONNECT.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Host and port that the request is for, in lower case; empty if none is given, or none that is valid.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The caller's trace context.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.trace
    }

    /// What of the method decides where the response ends.
    #[must_use]
    pub fn method(&self) -> Method {
        Method::from_name(self.verb.as_bytes())
    }

    /// Gives its texts to an exchange and takes the old ones for their buffers. What it has not said is empty there.
    pub(super) fn give_texts(&mut self, exchange: &mut Exchange) {
        let Self { verb, resource, authority, known, .. } = self;
        for (is_known, text, place) in [
            (&mut known.verb, verb, &mut exchange.verb),
            (&mut known.resource, resource, &mut exchange.resource),
            (&mut known.authority, authority, &mut exchange.authority),
        ] {
            core::mem::swap(text, place);
            if !core::mem::take(is_known) {
                place.clear();
            }
        }
    }

    /// Whether the method is known.
    pub(super) fn has_verb(&self) -> bool {
        self.known.verb
    }

    /// How the end of the body is found.
    #[must_use]
    pub fn body(&self) -> Body {
        self.body.unwrap_or(Body::None)
    }

    /// Whether two recipients may disagree about where the request ends.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.framing.is_ambiguous(self.minor_version)
    }
}

impl Head for RequestHead {
    type Search = RequestSearch;

    fn clear(&mut self) {
        let Self {
            verb: _,
            resource: _,
            authority: _,
            known,
            resource_cut,
            trace,
            minor_version,
            framing,
            body,
            absolute,
            hosts,
            traceparents,
        } = self;
        *known = Known::default();
        *resource_cut = false;
        *trace = None;
        *minor_version = 0;
        *framing = Framing::default();
        *body = None;
        *absolute = false;
        *hosts = Count::None;
        *traceparents = Count::None;
    }

    /// `method SP`, and the method is a token.
    fn first_violation(line: &[u8], limits: &Limits) -> Option<usize> {
        let method_len = line.iter().take(limits.verb_bytes).take_while(|&&byte| is_token(byte)).count();
        match line.get(method_len) {
            None => None,
            Some(b' ') if method_len > 0 => None,
            Some(_) => Some(method_len),
        }
    }

    /// RFC 9112 section 3: `method SP request-target SP HTTP-version`, with just these two spaces. The section allows
    /// to split at any whitespace; that is how requests are smuggled, and it is not done here.
    fn start_line(&mut self, line: &[u8], limits: &Limits) -> Result<(), HeadError> {
        let (rest, minor_version) = match line {
            // A higher minor version is read as the highest one known (RFC 9110 section 2.5).
            [rest @ .., b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => (rest, minor & 0x0f),
            // HTTP/0.9 has no version. HTTP/2's preface says "PRI * HTTP/2.0".
            _ => return Err(HeadError::NotHttp1),
        };
        let method_len = memchr(b' ', rest).ok_or(HeadError::StartLine)?;
        let (method, target) = rest.split_at_checked(method_len).ok_or(HeadError::StartLine)?;
        let target = target.get(1..).unwrap_or_default();
        if self.verb.as_bytes() != method {
            self.verb.clear();
            self.verb.push_str(core::str::from_utf8(method).map_err(|_| HeadError::NotHttp1)?);
        }
        self.known.verb = !method.is_empty();
        let Target { authority, path } =
            Target::parse(target, self.method() == Method::Connect).ok_or(HeadError::StartLine)?;
        self.minor_version = minor_version;
        self.resource_cut = !set_path(path, limits.resource_bytes, &mut self.resource);
        self.known.resource = true;
        if let Some(authority) = authority {
            self.absolute = true;
            self.known.authority = true;
            set_authority(authority, limits.authority_bytes, &mut self.authority);
        }
        Ok(())
    }

    fn field(&mut self, name: Name, value: &[u8], limits: &Limits) {
        match name {
            // RFC 9112 section 3.2.2: an absolute target overrides Host. Section 3.2: more than one Host is answered
            // with 400; which of them the client meant cannot be told.
            Name::Host => {
                if self.hosts.add() == Count::Often && !self.absolute {
                    self.authority.clear();
                } else if !self.absolute {
                    self.known.authority = true;
                    set_authority(value, limits.authority_bytes, &mut self.authority);
                }
            }
            Name::Traceparent => {
                self.trace = if self.traceparents.add() == Count::Once { TraceContext::parse(value) } else { None };
            }
            Name::ContentType | Name::Upgrade | Name::ContentLength | Name::TransferEncoding | Name::Other => {}
        }
    }

    fn framing(&mut self) -> &mut Framing {
        &mut self.framing
    }

    fn finish(&mut self) -> Result<(), HeadError> {
        self.body = Some(self.framing.request_body(self.minor_version)?);
        Ok(())
    }
}

impl ResponseHead {
    /// Parses the head at the beginning of `data`; empty lines before it are passed over and count as consumed.
    ///
    /// # Errors
    ///
    /// [`HeadError::is_other_protocol`] tells bytes that are not HTTP/1 from a malformed head.
    pub fn parse(data: &[u8], limits: &Limits) -> Result<Parsed<Self>, HeadError> {
        head::parse(data, limits)
    }

    /// The status code, 0 to 999.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the final response is still to come: 1xx but 101, which ends HTTP on this connection.
    #[must_use]
    pub fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    /// Whether the body is a stream of server-sent events, which lasts as long as both sides like.
    #[must_use]
    pub fn is_event_stream(&self) -> bool {
        self.event_stream
    }

    pub(super) fn upgrade(&self) -> Upgrade {
        self.upgrade
    }

    /// How the end of the body is found, given the request's method: RFC 9112 section 6.3.
    ///
    /// # Errors
    ///
    /// The end cannot be told.
    pub fn body(&self, method: Method) -> Result<Body, HeadError> {
        match (self.status, method) {
            // Rule 1. (That 101, and rule 2's CONNECT, end HTTP on this connection is the connection's to see.)
            (100..=199 | 204 | 304, _) | (_, Method::Head) | (200..=299, Method::Connect) => Ok(Body::None),
            _ => self.framing.response_body(self.minor_version),
        }
    }

    /// Whether two recipients may disagree about where the response ends.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.framing.is_ambiguous(self.minor_version)
    }
}

/// The media type of server-sent events (HTML Living Standard, section 9.2.5).
pub(crate) const EVENT_STREAM: &[u8] = b"text/event-stream";

impl Head for ResponseHead {
    type Search = ResponseSearch;

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn first_violation(line: &[u8], _limits: &Limits) -> Option<usize> {
        if line.starts_with(b"HTTP/1.") {
            return None;
        }
        line.iter().zip(b"HTTP/1.").position(|(byte, wanted)| byte != wanted)
    }

    /// RFC 9112 section 4: `HTTP-version SP status-code SP [ reason-phrase ]`. Many servers leave the second space out
    /// where there is no reason phrase; so do we accept it.
    fn start_line(&mut self, line: &[u8], _limits: &Limits) -> Result<(), HeadError> {
        let Some([minor @ b'0'..=b'9', b' ', rest @ ..]) = line.strip_prefix(b"HTTP/1.") else {
            return Err(HeadError::NotHttp1);
        };
        let (&[a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9']
        | &[a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..]) = rest
        else {
            return Err(HeadError::StartLine);
        };
        // The target of a request has no controls; the reason phrase of a response, which is short, may have.
        if rest.iter().any(|&byte| is_disputed(byte)) {
            self.framing.dispute();
        }
        self.minor_version = minor & 0x0f;
        self.status = [a, b, c]
            .iter()
            .fold(0, |code: u16, digit| code.saturating_mul(10).saturating_add(u16::from(digit & 0x0f)));
        Ok(())
    }

    fn field(&mut self, name: Name, value: &[u8], _limits: &Limits) {
        if name == Name::Upgrade {
            self.upgrade = match value {
                _ if value.eq_ignore_ascii_case(b"websocket") => Upgrade::WebSocket,
                _ if value.eq_ignore_ascii_case(b"h2c") => Upgrade::Http2,
                _ => Upgrade::Other,
            };
        }
        if name == Name::ContentType {
            if value.first_chunk().is_none_or(|beginning: &[u8; 17]| !beginning.eq_ignore_ascii_case(EVENT_STREAM)) {
                self.event_stream = false;
                return;
            }
            let media_type = value.split(|&byte| byte == b';').next().map(trim);
            self.event_stream = media_type.is_some_and(|media| media.eq_ignore_ascii_case(EVENT_STREAM));
        }
    }

    fn framing(&mut self) -> &mut Framing {
        &mut self.framing
    }

    /// Whether the end can be told depends on the request's method.
    fn finish(&mut self) -> Result<(), HeadError> {
        Ok(())
    }
}

impl Count {
    fn add(&mut self) -> Self {
        *self = if *self == Self::None { Self::Once } else { Self::Often };
        *self
    }
}
