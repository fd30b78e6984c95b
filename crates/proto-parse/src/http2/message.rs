//! The heads of requests and responses, and trailers: what an observer keeps of their fields.

use alloc::string::String;

use super::field::{Field, FieldName};
use super::grpc;
use crate::http1::EVENT_STREAM;
use crate::http1::path::set_path;
use crate::http1::target::{has_controls, set_authority};
use crate::{Exchange, Limits, TraceContext};

/// The field section of a request (RFC 9113 section 8.3.1).
#[derive(Debug, Default)]
pub struct RequestHead {
    verb: String,
    resource: String,
    authority: String,
    pub(super) order: Order,
    pub(super) resource_is_cut: bool,
    pub(super) is_grpc: bool,
    pub(super) is_websocket: bool,
    /// Nanoseconds from the request to its deadline.
    pub(super) timeout_ns: Option<u64>,
    pub(super) trace: Option<TraceContext>,
    method: Count,
    scheme: Count,
    path: Count,
    authorities: Count,
    hosts: Count,
    protocols: Count,
    traceparents: Count,
}

/// The field section of a response, or trailers (RFC 9113 sections 8.3.2 and 8.1).
#[derive(Debug, Default)]
pub struct ResponseHead {
    pub(super) order: Order,
    pub(super) status: Option<u16>,
    pub(super) grpc_status: Option<i32>,
    pub(super) is_grpc: bool,
    pub(super) is_event_stream: bool,
}

/// What the fields of a section have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Order {
    /// A field came that is no pseudo-header field.
    has_regular: bool,
    /// A field refers to what was not seen.
    pub(super) has_unknown: bool,
    pub(super) is_malformed: bool,
}

/// How often a field that may come once was there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Count {
    #[default]
    None,
    Once,
    Often,
}

impl Count {
    /// Whether this is the first.
    fn add(&mut self) -> bool {
        *self = if *self == Self::None { Self::Once } else { Self::Often };
        *self == Self::Once
    }
}

impl Order {
    fn take(&mut self, name: FieldName) {
        match name {
            FieldName::Unknown => self.has_unknown = true,
            FieldName::Invalid => self.is_malformed = true,
            // Section 8.3: pseudo-header fields come before all others.
            name if name.is_pseudo() => self.is_malformed |= self.has_regular,
            _ => self.has_regular = true,
        }
    }
}

impl RequestHead {
    /// Forgets all but the buffers.
    pub(super) fn clear(&mut self) {
        let Self { verb, resource, authority, .. } = core::mem::take(self);
        *self = Self { verb, resource, authority, ..Self::default() };
    }

    /// Takes the next field.
    pub fn take(&mut self, field: Field<'_>, limits: &Limits) {
        let Field { name, value, is_cut } = field;
        self.order.take(name);
        // Section 8.3: the same pseudo-header field twice makes the request malformed. The first is kept.
        let is_first = match name {
            FieldName::Method => self.method.add(),
            FieldName::Scheme => self.scheme.add(),
            FieldName::Path => self.path.add(),
            FieldName::Authority => self.authorities.add(),
            FieldName::Protocol => self.protocols.add(),
            // Section 8.3.2: not in a request.
            FieldName::Status => false,
            _ => true,
        };
        if !is_first {
            self.order.is_malformed = true;
            return;
        }
        match name {
            FieldName::Method => self.set_method(value, is_cut),
            FieldName::Path => {
                // Section 8.3.1: it begins with a slash, or is an asterisk. What is something else is not shown.
                let path = if matches!(value, [b'/', ..] | b"*") { value } else { b"" };
                // RFC 9112 section 3.2: nor has it spaces or control characters.
                self.order.is_malformed |= path.is_empty() || has_controls(path);
                self.resource_is_cut = !set_path(path, limits.resource_bytes, &mut self.resource) || is_cut;
            }
            FieldName::Authority => set_authority(value, limits.authority_bytes, &mut self.authority),
            // Section 8.3.1: clients may send Host; where both are there, :authority counts. RFC 9112 section 3.2: more
            // than one Host cannot be told apart.
            FieldName::Host => {
                let is_only = self.hosts.add();
                if self.authorities == Count::None {
                    set_authority(if is_only { value } else { b"" }, limits.authority_bytes, &mut self.authority);
                }
            }
            FieldName::Protocol => self.is_websocket = value == b"websocket",
            FieldName::ContentType => self.is_grpc = grpc::is_grpc(value),
            FieldName::GrpcTimeout => self.timeout_ns = grpc::timeout_ns(value),
            FieldName::Traceparent => {
                self.trace = if self.traceparents.add() { TraceContext::parse(value) } else { None };
            }
            FieldName::Scheme
            | FieldName::Status
            | FieldName::GrpcStatus
            | FieldName::Other
            | FieldName::Invalid
            | FieldName::Unknown => {}
        }
    }

    /// The block was not valid: what was read of it may have been anything.
    pub(super) fn disbelieve(&mut self) {
        self.clear();
        self.order.is_malformed = true;
    }

    /// The head is over: is what must be there?
    pub(super) fn finish(&mut self) {
        let is_complete = match self.verb() {
            // Section 8.5.
            "CONNECT" if !self.is_websocket => self.authorities != Count::None,
            _ => self.path != Count::None && self.scheme != Count::None && self.method != Count::None,
        };
        self.order.is_malformed |= !is_complete && !self.order.has_unknown;
    }

    /// The method's name; empty if it was not seen.
    #[must_use]
    pub fn verb(&self) -> &str {
        if self.method == Count::None { "" } else { &self.verb }
    }

    /// The path without query, fragment and path parameters; empty if there is none.
    #[must_use]
    pub fn resource(&self) -> &str {
        if self.path == Count::None { "" } else { &self.resource }
    }

    /// Host and port that the request is for, in lower case; empty if none is given, or none that is valid.
    #[must_use]
    pub fn authority(&self) -> &str {
        if self.authorities == Count::None && self.hosts == Count::None { "" } else { &self.authority }
    }

    /// Gives its texts to an exchange and takes the old ones for their buffers.
    pub(super) fn give_texts(&mut self, exchange: &mut Exchange) {
        let Self { verb, resource, authority, .. } = self;
        for (is_known, text, place) in [
            (self.method != Count::None, verb, &mut exchange.verb),
            (self.path != Count::None, resource, &mut exchange.resource),
            (self.authorities != Count::None || self.hosts != Count::None, authority, &mut exchange.authority),
        ] {
            core::mem::swap(text, place);
            if !is_known {
                place.clear();
            }
        }
    }

    /// Bytes of memory that it holds.
    pub(super) fn held_bytes(&self) -> usize {
        let Self { verb, resource, authority, .. } = self;
        [verb, resource, authority].into_iter().map(String::capacity).fold(0, usize::saturating_add)
    }

    /// RFC 9110 section 9.1: a method is a token.
    fn set_method(&mut self, value: &[u8], is_cut: bool) {
        self.verb.clear();
        match core::str::from_utf8(value) {
            Ok(verb)
                if !is_cut && !verb.is_empty() && value.iter().all(|byte| crate::http1::field::is_token(*byte)) =>
            {
                self.verb.push_str(verb);
            }
            _ => self.order.is_malformed = true,
        }
    }
}

impl ResponseHead {
    /// Takes the next field.
    pub fn take(&mut self, field: Field<'_>) {
        let Field { name, value, is_cut } = field;
        self.order.take(name);
        match name {
            FieldName::Status => {
                let status = match *value {
                    [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] if !is_cut => Some([a, b, c]),
                    _ => None,
                };
                self.order.is_malformed |= status.is_none() || self.status.is_some();
                self.status = self.status.or(status.map(|digits| {
                    digits
                        .iter()
                        .fold(0, |code: u16, digit| code.saturating_mul(10).saturating_add(u16::from(digit & 0x0f)))
                }));
            }
            FieldName::ContentType => {
                self.is_grpc = grpc::is_grpc(value);
                self.is_event_stream = value.trim_ascii_end().eq_ignore_ascii_case(EVENT_STREAM);
            }
            FieldName::GrpcStatus => self.grpc_status = self.grpc_status.or_else(|| grpc::status(value)),
            // Section 8.3.2: not in a response.
            FieldName::Method | FieldName::Scheme | FieldName::Authority | FieldName::Path | FieldName::Protocol => {
                self.order.is_malformed = true;
            }
            FieldName::Host
            | FieldName::GrpcTimeout
            | FieldName::Traceparent
            | FieldName::Other
            | FieldName::Invalid
            | FieldName::Unknown => {}
        }
    }
}
