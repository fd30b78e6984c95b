//! Frames of HTTP/2, to be put together in any number.

/// What a client sends first: the preface, and its settings.
pub(crate) const CLIENT_HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// What a server sends first.
pub(crate) const SERVER_HELLO: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("it is short").to_be_bytes();
    let [stream_0, stream_1, stream_2, stream_3] = stream.to_be_bytes();
    [&[len[1], len[2], len[3], kind, flags, stream_0, stream_1, stream_2, stream_3], payload].concat()
}

/// `GET /orders` with a field that is added to the table: the first of a connection.
pub(crate) fn first_request(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, b"\x82\x86\x44\x07/orders\x41\x0cshop.example")
}

/// `GET /orders` with the entries of the first.
pub(crate) fn request(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, b"\x82\x86\xbf\xbe")
}

/// 200 and five bytes.
pub(crate) fn response(stream: u32) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, stream, b"\x88"), frame(DATA, END_STREAM, stream, b"hello")].concat()
}

/// A call of `shop.Orders/Place` with a message: the first of a connection.
pub(crate) fn first_call(stream: u32) -> Vec<u8> {
    let fields = b"\x83\x86\x44\x12/shop.Orders/Place\x41\x0cshop.example\x5f\x10application/grpc";
    [frame(HEADERS, END_HEADERS, stream, fields), frame(DATA, END_STREAM, stream, b"\0\0\0\0\x05order")].concat()
}

/// The same with the entries of the first.
pub(crate) fn call(stream: u32) -> Vec<u8> {
    [
        frame(HEADERS, END_HEADERS, stream, b"\x83\x86\xc0\xbf\xbe"),
        frame(DATA, END_STREAM, stream, b"\0\0\0\0\x05order"),
    ]
    .concat()
}

/// A message, and a status that was added to the table by the first answer.
pub(crate) fn reply(stream: u32, is_first: bool) -> Vec<u8> {
    let (head, trailers): (&[u8], &[u8]) = match is_first {
        true => (b"\x88\x5f\x10application/grpc", b"\x40\x0bgrpc-status\x010"),
        false => (b"\x88\xbf", b"\xbe"),
    };
    [
        frame(HEADERS, END_HEADERS, stream, head),
        frame(DATA, 0, stream, b"\0\0\0\0\x05hello"),
        frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers),
    ]
    .concat()
}
