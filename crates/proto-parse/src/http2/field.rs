//! The fields that matter to an observer, and what of their values may be kept.

use alloc::vec::Vec;

use memchr::memchr;

use crate::Limits;
use crate::http1::path::clean_path;
use crate::http1::target::{without_query, without_user_info};

/// The name of a field, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldName {
    /// `:method`
    Method,
    /// `:scheme`
    Scheme,
    /// `:authority`
    Authority,
    /// `:path`
    Path,
    /// `:protocol` (RFC 8441 section 4)
    Protocol,
    /// `:status`
    Status,
    /// `host`
    Host,
    /// `content-type`
    ContentType,
    /// `grpc-status`
    GrpcStatus,
    /// `grpc-timeout`
    GrpcTimeout,
    /// `traceparent`
    Traceparent,
    /// Any other field, pseudo-header fields that do not exist excepted.
    Other,
    /// A name that no field can have: of no bytes, with a letter in upper case, or with a byte that no token has
    /// (RFC 9113 section 8.2.1), or a pseudo-header field that does not exist (section 8.3).
    Invalid,
    /// The field refers to an entry of the dynamic table that was not seen.
    Unknown,
}

/// A field, as far as an observer keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: FieldName,
    /// What is kept of its value: nothing, unless the name is one of those that [matter](FieldName::is_kept). Of a path
    /// it is what comes before the query, without path parameters and user info; of an authority, what comes behind the user info; of
    /// a content type, what comes before its parameters.
    pub value: &'a [u8],
    /// The value is longer than what was kept of it.
    pub is_cut: bool,
}

/// Bytes of a value that are held, where there is no limit for it in [`Limits`].
const VALUE_BYTES: usize = 256;

impl FieldName {
    /// Bytes that are enough to tell a name from all others.
    pub(super) const ENOUGH_BYTES: usize = 16;

    /// The field of that name. Of a longer one, the first 16 bytes will do.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        match name {
            b":method" => Self::Method,
            b":scheme" => Self::Scheme,
            b":authority" => Self::Authority,
            b":path" => Self::Path,
            b":protocol" => Self::Protocol,
            b":status" => Self::Status,
            b"host" => Self::Host,
            b"content-type" => Self::ContentType,
            b"grpc-status" => Self::GrpcStatus,
            b"grpc-timeout" => Self::GrpcTimeout,
            b"traceparent" => Self::Traceparent,
            [] | [b':', ..] => Self::Invalid,
            _ if name.iter().all(|byte| crate::http1::field::is_token(*byte) && !byte.is_ascii_uppercase()) => {
                Self::Other
            }
            _ => Self::Invalid,
        }
    }

    /// Whether it is a pseudo-header field, which comes before all others (RFC 9113 section 8.3).
    #[must_use]
    pub const fn is_pseudo(self) -> bool {
        matches!(self, Self::Method | Self::Scheme | Self::Authority | Self::Path | Self::Protocol | Self::Status)
    }

    /// Whether anything is kept of its value.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        !matches!(self, Self::Other | Self::Invalid | Self::Unknown)
    }

    /// How many bytes of a value are looked at.
    pub(super) const fn value_bytes(self, limits: &Limits) -> usize {
        match self {
            Self::Path | Self::Authority | Self::Host => limits.line_bytes,
            Self::Method => limits.verb_bytes,
            Self::Scheme
            | Self::Protocol
            | Self::Status
            | Self::ContentType
            | Self::GrpcStatus
            | Self::GrpcTimeout
            | Self::Traceparent => VALUE_BYTES,
            Self::Other | Self::Invalid | Self::Unknown => 0,
        }
    }

    /// Takes off a value what must not be kept, and returns whether what is kept is less than there should be. `is_cut`:
    /// there was more of the value than was looked at.
    pub(super) fn clean(self, value: &mut Vec<u8>, is_cut: bool, limits: &Limits) -> bool {
        match self {
            Self::Path => {
                let path_bytes = without_query(value).len();
                let is_cut = is_cut && path_bytes == value.len();
                value.truncate(path_bytes);
                clean_path(value, is_cut);
                let is_long = value.len() > limits.resource_bytes;
                value.truncate(limits.resource_bytes);
                is_cut || is_long
            }
            Self::Authority | Self::Host => {
                let user_info_bytes = value.len().saturating_sub(without_user_info(value).len());
                value.drain(..user_info_bytes);
                let is_long = is_cut || value.len() > limits.authority_bytes;
                if is_long {
                    value.clear();
                }
                is_long
            }
            Self::ContentType => {
                let end = memchr(b';', value);
                value.truncate(end.unwrap_or(value.len()));
                is_cut && end.is_none()
            }
            _ => is_cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: FieldName, value: &str, kept: &str, is_cut: bool) {
        let limits =
            Limits { line_bytes: 40, verb_bytes: 8, resource_bytes: 12, authority_bytes: 12, ..Limits::default() };
        let most = name.value_bytes(&limits);
        let mut held: Vec<u8> = value.bytes().take(most).collect();
        let found = name.clean(&mut held, value.len() > most, &limits);
        assert_eq!((held.escape_ascii().to_string().as_str(), found), (kept, is_cut), "{value}");
    }
    use alloc::string::ToString as _;

    #[test]
    fn what_must_not_be_kept_is_taken_off() {
        check(FieldName::Path, "/a?token=secret", "/a", false);
        check(FieldName::Path, "/a;id=secret/b;c", "/a/b", false);
        check(FieldName::Path, "/a;id=secret/b?c;d", "/a/b", false);
        check(FieldName::Path, "//u:secret@a/b", "//a/b", false);
        check(FieldName::Path, "//user:a-password-that-goes-far-beyond-what-is-looked-at@a", "//", true);
        check(FieldName::Path, "/twelve-bytes", "/twelve-byte", true);
        check(FieldName::Path, "/a?a-query-that-goes-far-beyond-what-is-looked-at", "/a", false);
        check(FieldName::Path, "/a;a-parameter-that-goes-far-beyond-what-is-looked-at", "/a", true);
        check(FieldName::Authority, "user:secret@a:80", "a:80", false);
        check(FieldName::Authority, "thirteen-byte", "", true);
        check(FieldName::Host, "a", "a", false);
        check(FieldName::ContentType, "application/grpc;x=secret", "application/grpc", false);
        check(FieldName::Method, "METHOD-OF-MORE-THAN-EIGHT", "METHOD-O", true);
    }

    #[test]
    fn a_name_is_what_it_is_in_lower_case_and_in_full() {
        for (name, expected) in [
            (&b":path"[..], FieldName::Path),
            (b"grpc-status", FieldName::GrpcStatus),
            (b"grpc-status-details-bin", FieldName::Other),
            (b"cookie", FieldName::Other),
            (b"Cookie", FieldName::Invalid),
            (b":paths", FieldName::Invalid),
            (b"a b", FieldName::Invalid),
            (b"a:b", FieldName::Invalid),
            (b"", FieldName::Invalid),
        ] {
            assert_eq!(FieldName::of(name), expected, "{}", name.escape_ascii());
            let beginning = &name[..name.len().min(FieldName::ENOUGH_BYTES)];
            assert_eq!(FieldName::of(beginning), expected, "{}", name.escape_ascii());
        }
    }
}
