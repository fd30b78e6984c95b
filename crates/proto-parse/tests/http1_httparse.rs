//! httparse as the oracle for heads: where both say that a head is whole, they agree on what it says; and what httparse
//! takes for a head, so do we, unless RFC 9112 asks for more than httparse checks.

#![cfg(feature = "http1")]

use geophone_proto_parse::http1::{Body, HeadError, Method, RequestHead, ResponseHead};
use geophone_proto_parse::{Limits, Parsed};
use proptest::prelude::*;

/// Parts that both may take or refuse.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::sample::select(vec![
            &b"Host: shop.example\r\n"[..], b"host: a:80\r\n", b"Accept: */*\r\n", b"X-Empty:\r\n", b"X-Tabs:\t a \t\r\n",
            b"Content-Length: 5\r\n", b"Content-Length: 12\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n",
            b"X-Obs: \xff\xfe\r\n", b"X-Lf: a\n",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::sample::select(vec![
            &b"Bad Name: a\r\n"[..], b"Space : a\r\n", b": empty\r\n", b"no colon\r\n", b"X: a\rb\r\n", b" fold\r\n", b"(x): y\r\n",
        ]).prop_map(<[u8]>::to_vec),
        1 => "[!-~]{1,8}: ?[ -~]{0,20}\r\n".prop_map(String::into_bytes),
    ]
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        4 => prop::sample::select(vec!["GET / HTTP/1.1\r\n", "POST /a/b?c=d#e HTTP/1.0\r\n", "OPTIONS * HTTP/1.1\n"]).prop_map(str::to_owned),
        1 => "[A-Z]{1,6} /[!-~]{0,10} HTTP/1\\.[01]\r\n",
    ];
    message(start)
}

fn response() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        4 => prop::sample::select(vec!["HTTP/1.1 200 OK\r\n", "HTTP/1.0 404 Not Found\r\n", "HTTP/1.1 500 \n"]).prop_map(str::to_owned),
        1 => "HTTP/1\\.[01] [1-9][0-9]{2} [a-z ]{0,10}\r\n",
    ];
    message(start)
}

fn message(start: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    (start, proptest::collection::vec(line(), 0..6), 0..4_usize).prop_map(|(start, lines, cut)| {
        let mut message = start.into_bytes();
        message.extend(lines.concat());
        message.extend_from_slice(b"\r\n");
        message.truncate(message.len() - cut.saturating_sub(1));
        message
    })
}

/// The `Content-Length` that both see, if it is just one and nothing else decides about the end.
fn length(fields: &[httparse::Header<'_>]) -> Option<u64> {
    let named = |name: &'static str| fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    let mut lengths = named("content-length");
    let length = lengths.next().and_then(|field| std::str::from_utf8(field.value).ok()?.parse().ok());
    length.filter(|_| lengths.next().is_none() && named("transfer-encoding").next().is_none())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests(data in request()) {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Request::new(&mut fields);
        match (theirs.parse(&data), RequestHead::parse(&data, &Limits::default())) {
            (Ok(httparse::Status::Complete(len)), Ok(Parsed::Complete { value, consumed })) => {
                prop_assert_eq!(len, consumed);
                prop_assert_eq!(theirs.method, Some(value.verb()));
                let path = theirs.path.unwrap().split(['?', '#']).next().unwrap();
                if !path.contains(';') {
                    prop_assert_eq!(path, value.resource());
                }
                if let Some(length) = length(theirs.headers) {
                    prop_assert_eq!(value.body(), if length == 0 { Body::None } else { Body::Length(length) });
                }
            }
            (Ok(httparse::Status::Partial), Ok(Parsed::Incomplete { .. })) => {}
            // Framing is not httparse's business, and a target in none of the forms of RFC 9112 section 3.2 neither.
            (Ok(_), Err(HeadError::ContentLength | HeadError::TransferEncoding | HeadError::StartLine)) => {}
            // RFC 9112 section 5.2 and 2.2 let a recipient pass over folds, and replace a bare CR in a value, and RFC 9110
            // section 5.5 a NUL; other controls in a value that is not looked at are of no matter.
            (Err(_), _) => {}
            (theirs, ours) => prop_assert!(false, "{theirs:?} {:?}", ours.map(|_| ())),
        }
    }

    #[test]
    fn responses(data in response()) {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Response::new(&mut fields);
        match (theirs.parse(&data), ResponseHead::parse(&data, &Limits::default())) {
            (Ok(httparse::Status::Complete(len)), Ok(Parsed::Complete { value, consumed })) => {
                prop_assert_eq!(len, consumed);
                prop_assert_eq!(theirs.code, Some(value.status()));
                if let Some(length) = length(theirs.headers) && !matches!(value.status(), 100..=199 | 204 | 304) {
                    let expected = if length == 0 { Body::None } else { Body::Length(length) };
                    prop_assert_eq!(value.body(Method::Other), Ok(expected));
                }
            }
            (Ok(httparse::Status::Partial), Ok(Parsed::Incomplete { .. })) | (Err(_), _) => {}
            (theirs, ours) => prop_assert!(false, "{theirs:?} {:?}", ours.map(|_| ())),
        }
    }
}

/// What httparse refuses in a name, so do we.
#[test]
fn invalid_names_are_refused_by_both() {
    for field in ["Bad Name: a", "Space : a", ": empty", "no colon", "(x): y", "N\0: a", "Ä: a"] {
        let data = format!("GET / HTTP/1.1\r\n{field}\r\n\r\n");
        let mut fields = [httparse::EMPTY_HEADER; 4];
        assert!(httparse::Request::new(&mut fields).parse(data.as_bytes()).is_err(), "{field}");
        assert!(
            matches!(RequestHead::parse(data.as_bytes(), &Limits::default()), Err(HeadError::FieldName)),
            "{field}"
        );
    }
}
