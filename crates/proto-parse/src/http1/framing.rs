//! Where a message ends (RFC 9112 section 6).

use super::HeadError;
use super::field::{is_token, trim};

/// How the end of a message's body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Body {
    /// There is no body.
    None,
    /// It has this many bytes.
    Length(u64),
    /// It says so itself (RFC 9112 section 7.1).
    Chunked,
    /// It ends when the connection does. Responses only.
    UntilClose,
}

/// What the fields of one head say about the end of its message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Framing {
    length: Length,
    coding: Coding,
    /// Recipients may disagree about where the lines of the head end, or which of them count.
    disputed: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Length {
    #[default]
    Absent,
    Bytes(u64),
    Invalid,
}

/// The transfer codings, as far as they decide about the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    #[default]
    Absent,
    /// `chunked` comes last, and once.
    Chunked,
    /// Something else comes last.
    Other,
    Invalid,
}

impl Framing {
    /// Takes the value of one `Content-Length` field.
    ///
    /// RFC 9110 section 8.6: several equal values, as a list or as several fields, may be taken as one; anything else
    /// is invalid. A number that does not fit is invalid too, never a wrapped one.
    pub(super) fn content_length(&mut self, value: &[u8]) {
        // One number, as nearly always.
        if self.length == Length::Absent
            && let Some(bytes) = decimal(value)
        {
            self.length = Length::Bytes(bytes);
            return;
        }
        for element in value.split(|&byte| byte == b',') {
            self.length = match (decimal(trim(element)), self.length) {
                (Some(bytes), Length::Absent) => Length::Bytes(bytes),
                (Some(bytes), Length::Bytes(before)) if bytes == before => Length::Bytes(bytes),
                _ => Length::Invalid,
            };
        }
    }

    /// Takes the value of one `Transfer-Encoding` field: RFC 9112 section 6.1, a list of codings with parameters.
    pub(super) fn transfer_encoding(&mut self, value: &[u8]) {
        if self.coding == Coding::Absent {
            self.coding = Coding::Other;
        }
        for element in value.split(|&byte| byte == b',').map(trim) {
            let name_len = element.iter().take_while(|&&byte| is_token(byte)).count();
            self.coding = match element.split_at_checked(name_len) {
                // RFC 9110 section 5.6.1.2: empty list elements are ignored.
                Some(([], [])) => continue,
                // Section 6.1: chunked is applied once, and last.
                _ if matches!(self.coding, Coding::Chunked | Coding::Invalid) => Coding::Invalid,
                Some((name, [])) if name.eq_ignore_ascii_case(b"chunked") => Coding::Chunked,
                // Section 7.1: parameters of chunked are an error. A bare CR (section 2.2) or any other byte that a
                // token cannot have must not hide the word from one recipient and show it to the next.
                Some((name, rest)) if !name.is_empty() && !name.eq_ignore_ascii_case(b"chunked") => {
                    match trim(rest).first() {
                        None | Some(b';') => Coding::Other,
                        Some(_) => Coding::Invalid,
                    }
                }
                _ => Coding::Invalid,
            };
        }
    }

    /// Takes note of a line that to one recipient is something else than to another, a framing field perhaps.
    pub(super) const fn dispute(&mut self) {
        self.disputed = true;
    }

    /// Whether two recipients may disagree about the end: in a line that is disputed, or RFC 9112 section 6.1 on
    /// `Transfer-Encoding` beside `Content-Length`, and in HTTP/1.0.
    pub(super) fn is_ambiguous(self, minor_version: u8) -> bool {
        self.disputed || self.coding != Coding::Absent && (self.length != Length::Absent || minor_version == 0)
    }

    /// The body of a request: RFC 9112 section 6.3, rules 3 to 7.
    pub(super) fn request_body(self, minor_version: u8) -> Result<Body, HeadError> {
        match (self.coding, self.length) {
            // Section 6.1: in HTTP/1.0 the framing is faulty, even with a Content-Length.
            (Coding::Chunked | Coding::Other, _) if minor_version == 0 => Err(HeadError::TransferEncoding),
            // Rule 3: Transfer-Encoding overrides Content-Length.
            (Coding::Chunked, _) => Ok(Body::Chunked),
            // Rule 4: where chunked is not the last coding, the end cannot be told; the server must answer 400.
            (Coding::Other | Coding::Invalid, _) => Err(HeadError::TransferEncoding),
            // Rule 5.
            (Coding::Absent, Length::Invalid) => Err(HeadError::ContentLength),
            (Coding::Absent, Length::Bytes(0) | Length::Absent) => Ok(Body::None),
            (Coding::Absent, Length::Bytes(bytes)) => Ok(Body::Length(bytes)),
        }
    }

    /// The body of a response that may have one: RFC 9112 section 6.3, rules 3 to 8.
    pub(super) fn response_body(self, minor_version: u8) -> Result<Body, HeadError> {
        match (self.coding, self.length) {
            // Section 6.1: in HTTP/1.0 the framing is faulty, and the connection is closed after the message.
            (Coding::Chunked | Coding::Other, _) if minor_version == 0 => Ok(Body::UntilClose),
            (Coding::Chunked, _) => Ok(Body::Chunked),
            // Rule 4.
            (Coding::Other, _) => Ok(Body::UntilClose),
            (Coding::Invalid, _) => Err(HeadError::TransferEncoding),
            // Rule 5: a client must close the connection and discard the response.
            (Coding::Absent, Length::Invalid) => Err(HeadError::ContentLength),
            (Coding::Absent, Length::Bytes(0)) => Ok(Body::None),
            (Coding::Absent, Length::Bytes(bytes)) => Ok(Body::Length(bytes)),
            // Rule 8.
            (Coding::Absent, Length::Absent) => Ok(Body::UntilClose),
        }
    }
}

/// `1*DIGIT` that fits.
fn decimal(digits: &[u8]) -> Option<u64> {
    let value = digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte & 0x0f))?;
        value.checked_mul(10)?.checked_add(digit)
    });
    value.filter(|_| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(lengths: &[&str], codings: &[&str]) -> Framing {
        let mut framing = Framing::default();
        lengths.iter().for_each(|value| framing.content_length(value.as_bytes()));
        codings.iter().for_each(|value| framing.transfer_encoding(value.as_bytes()));
        framing
    }

    #[test]
    fn content_length_is_one_number() {
        for (values, body) in [
            (&["5"][..], Ok(Body::Length(5))),
            (&["0"], Ok(Body::None)),
            (&["5, 5"], Ok(Body::Length(5))),
            (&["5", "5"], Ok(Body::Length(5))),
            (&["18446744073709551615"], Ok(Body::Length(u64::MAX))),
            (&["18446744073709551616"], Err(HeadError::ContentLength)),
            (&["5, 6"], Err(HeadError::ContentLength)),
            (&["5", "6"], Err(HeadError::ContentLength)),
            (&["5, 6", "5"], Err(HeadError::ContentLength)),
            (&[""], Err(HeadError::ContentLength)),
            (&["5,"], Err(HeadError::ContentLength)),
            (&["+5"], Err(HeadError::ContentLength)),
            (&["-5"], Err(HeadError::ContentLength)),
            (&["0x5"], Err(HeadError::ContentLength)),
            (&["5 5"], Err(HeadError::ContentLength)),
            (&["5\r"], Err(HeadError::ContentLength)),
        ] {
            assert_eq!(framing(values, &[]).request_body(1), body, "{values:?}");
        }
    }

    #[test]
    fn chunked_comes_last_and_once() {
        let request = |values| framing(&["5"], values).request_body(1);
        let response = |values| framing(&["5"], values).response_body(1);
        for values in
            [&["chunked"][..], &["gzip, chunked"], &["gzip", "ChunkeD"], &[", chunked ,"], &["a;b=c, chunked"]]
        {
            assert_eq!(request(values), Ok(Body::Chunked), "{values:?}");
            assert_eq!(response(values), Ok(Body::Chunked), "{values:?}");
        }
        for values in [&["gzip"][..], &["identity"], &[""], &["xchunked"]] {
            assert_eq!(request(values), Err(HeadError::TransferEncoding), "{values:?}");
            assert_eq!(response(values), Ok(Body::UntilClose), "{values:?}");
        }
        for values in [
            &["chunked, gzip"][..],
            &["chunked, chunked"],
            &["chunked", "identity"],
            &["chunked;a=b"],
            &["chunked\r"],
            &["\x0bchunked"],
            &["chunked foo"],
        ] {
            assert_eq!(request(values), Err(HeadError::TransferEncoding), "{values:?}");
            assert_eq!(response(values), Err(HeadError::TransferEncoding), "{values:?}");
        }
    }

    #[test]
    fn transfer_encoding_in_http_1_0_is_faulty() {
        assert_eq!(framing(&[], &["chunked"]).request_body(0), Err(HeadError::TransferEncoding));
        assert_eq!(framing(&["5"], &["chunked"]).response_body(0), Ok(Body::UntilClose));
        assert!(framing(&[], &["chunked"]).is_ambiguous(0));
        assert!(framing(&["5"], &["chunked"]).is_ambiguous(1));
        assert!(!framing(&[], &["chunked"]).is_ambiguous(1));
    }
}
