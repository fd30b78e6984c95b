//! What a parser found odd about an exchange reaches who reads it.

mod support;

use support::{View, check};

const GET: &str = r#""GET /a HTTP/1.1\r\nHost: x\r\n\r\n""#;
const OK: &str = r#""HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok""#;

#[test]
fn a_response_that_is_complete_before_its_request_says_so() {
    let script = r#"
        1 c syn
        2 s syn
        3 c "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123"
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        5 c "456789"
        6 c "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
        7 s "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    "#;
    let expected = "#0 same_point POST x/a 200 request 3-3/51 response 4-4/40 request_unfinished\n\
                    #0 same_point GET x/b 200 request 6-6/28 response 7-7/40";
    check(View::Tap, script, expected);
}

#[test]
fn the_shapes_of_smuggling_are_told() {
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c "POST /a HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        4 s "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        5 c "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2 5\r\nxx\r\n0\r\n\r\n"
        6 s "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"
        7 c {GET}
        8 s {OK}
        "#
    );
    let expected = "#0 same_point POST /a 200 request 3-3/72 response 4-4/40 ambiguous_framing interim\n\
                    #0 same_point POST /b 400 request 5-5/50 response 6-6/38 request_malformed\n\
                    #0 same_point GET x/a 200 request 7-7/28 response 8-8/40 resynced";
    check(View::Tap, &script, expected);
}
