//! The entries, with what is made up of the words of some protocols.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::Protocol;

const PIECES: [&[u8]; 29] = [
    b"GET / HTTP/1.1\r\n",
    b"HEAD /a;b?c HTTP/1.1\r\n",
    b"POST http://u@h/p HTTP/1.0\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100\r\n",
    b"HTTP/1.1 101 \r\n",
    b"HTTP/1.0 404 No\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"Host: a\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 40\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\x05\r\nhello\r\n",
    b"5\r\nhello\r\n",
    b"5 ;a\r\nhello\r\n",
    b"0\r\n\r\n",
    b"X: a\rb\r\n",
    b"X: \0\r\n",
    b"X:\t________________________________________________________",
    b"________________________________________________________\r",
    b" ",
    b"GET ",
    b"HTTP/1.",
    b"\x00\x10",
    b"\x11\x20",
    b"\x2b\x04",
];

fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn script() -> impl Strategy<Value = Vec<u8>> {
    let op = (any::<u8>(), input()).prop_map(|(op, mut data)| {
        data.truncate(255);
        let mut step = Vec::from([op, u8::try_from(data.len()).unwrap()]);
        step.append(&mut data);
        step
    });
    (any::<u8>(), proptest::collection::vec(op, 0..12)).prop_map(|(options, ops)| {
        let mut script = Vec::from([options]);
        script.extend(ops.concat());
        script
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn detection_holds(data in input()) {
        detection(&data);
    }

    #[cfg(feature = "http1")]
    #[test]
    fn messages_hold(data in input()) {
        http1_message(&data);
    }

    #[test]
    fn connections_hold(script in script()) {
        connection(Protocol::Http1, &script);
    }

    #[cfg(feature = "http2")]
    #[test]
    fn field_blocks_hold(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        http2_message(&data);
    }
}
