//! In the steady state an exchange costs no allocation: the buffers of those that were polled go round.

mod support;

use geophone_proto_parse::Protocol;
use support::steady::Round;

fn assert_free(protocol: Protocol, round: &Round<'_>) {
    for (depth, cut) in [(1, usize::MAX), (1, 1), (1, 50), (16, usize::MAX), (16, 33)] {
        round.assert_free(protocol, depth, cut);
    }
}

#[cfg(feature = "http1")]
#[test]
fn http1() {
    let round = Round {
        prelude: &[],
        request: b"POST /orders/42?x=y HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\
            traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        response: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        exchanges: 1,
    };
    assert_free(Protocol::Http1, &round);
}
