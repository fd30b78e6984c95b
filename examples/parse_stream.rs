//! A byte stream that you have already (a proxy, a test harness, a log of bytes) through the HTTP/1 parser.
//!
//!     cargo run -p geophone-examples --bin parse_stream
//!
//! The parser takes what it gets, cut wherever it is cut, and the time as an argument. It does no input or output.

#![expect(clippy::print_stdout, reason = "what an example prints is what it shows")]

use geophone_proto_parse::{Connection, Direction, Exchange, Limits, Protocol, Want};

use Direction::{ToClient, ToServer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `false`: we have the connection from its beginning. Which of its sides is the client is known here; a `Detector`
    // finds that out, and the protocol, where it is not.
    let mut connection = Protocol::Http1.connection(&Limits::default(), false).ok_or("the feature http1 is off")?;

    // Two requests in a row before the first is answered, cut in the middle of words, times in nanoseconds. The query and
    // the cookie are for the parser's eyes only.
    let chunks: [(u64, Direction, &[u8]); 7] = [
        (1_000_000, ToServer, b"GET /carts/17?coupon=SECRET HT"),
        (1_100_000, ToServer, b"TP/1.1\r\nHost: Shop.example\r\nCookie: id=1\r"),
        (1_200_000, ToServer, b"\n\r\nPOST /orders HTTP/1.1\r\nHost: shop.example\r\nContent-Le"),
        (1_300_000, ToServer, b"ngth: 5\r\n\r\n1 x 2"),
        (5_000_000, ToClient, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        (6_000_000, ToClient, b"lo\r\n0\r\n\r\nHTTP/1.1 503 Service Unavailable\r\nContent-"),
        (9_000_000, ToClient, b"Length: 0\r\n\r\n"),
    ];
    for (now_ns, direction, data) in chunks {
        connection.bytes(direction, now_ns, data);
        print_finished(&mut *connection);
    }

    // What was lost on the way is told as a gap. A gap in a body of known length costs nothing but a flag.
    connection.bytes(ToServer, 20_000_000, b"GET /logo.png HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    connection.bytes(ToClient, 21_000_000, b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n\x89PNG");
    connection.gap(ToClient, 22_000_000, 996);

    // The parser says what it does not want, so that whoever copies the bytes need not: the rest of the body.
    if let Want::Skip(len) = connection.want(ToClient) {
        println!("the next {len} bytes need not be copied");
        connection.skipped(ToClient, 24_000_000, len);
    }
    print_finished(&mut *connection);

    // The end. A request that is still open now was not answered, and that is an outcome too.
    connection.bytes(ToServer, 30_000_000, b"DELETE /carts/17 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    connection.close(31_000_000);
    print_finished(&mut *connection);

    // The books: every request and every response that was seen is accounted for.
    let counters = connection.counters();
    println!(
        "{} requests, {} paired with their responses, {} not answered, {} bytes lost; the books balance: {}",
        counters.requests,
        counters.paired,
        counters.unanswered,
        counters.gap_bytes,
        counters.balances()
    );
    Ok(())
}

/// One exchange for all: its buffers go round.
fn print_finished(connection: &mut dyn Connection) {
    let mut exchange = Exchange::default();
    while connection.poll(&mut exchange) {
        let Exchange { verb, resource, authority, status, native_status, request, response, flags, .. } = &exchange;
        let code = native_status.map_or_else(|| format!("{status:?}"), |code| code.to_string());
        let took_us = response.map(|response| (response.last_ns - request.first_ns) / 1_000);
        println!("{verb} {authority}{resource} -> {code}, took {took_us:?} µs, {flags:?}");
    }
}
