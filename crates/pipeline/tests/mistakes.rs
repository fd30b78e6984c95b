//! A connection that is not what it was taken for.

mod support;

use support::{View, check};

#[test]
fn nothing_is_reported_before_both_sides_have_said_what_it_is() {
    let script = r#"
        1 c syn
        2 s syn
        3 c "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        4 s "500 5.5.1 Command unrecognized\r\n"
        5 c fin
        6 s fin
    "#;
    check(View::Tap, script, "");
}

#[test]
fn what_comes_after_a_mistake_is_looked_at_anew() {
    let script = r#"
        1 c syn
        2 s syn
        3 c "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        4 s "500 5.5.1 Command unrecognized\r\n"
        5 c "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
        6 s "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    "#;
    check(View::Tap, script, "#0 same_point GET x/b 200 request 5-5/28 response 6-6/38 joined_late");
}

#[test]
fn a_server_that_never_says_anything_contradicts_nothing() {
    let script = r#"
        1 c syn
        2 s syn
        3 c "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        4 s rst
    "#;
    check(View::Tap, script, "#0 same_point GET x/a no_response request 3-3/28 end 4");
}

#[test]
fn a_parser_that_makes_no_sense_of_anything_is_given_up() {
    let noise = "x".repeat(60_000);
    let script = format!(
        r#"
        1 c syn
        2 s syn
        3 c "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        4 s "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        5 s "{noise}"
        6 s "{noise}"
        7 s "{noise}"
        8 s "{noise}"
        9 s "{noise}"
        9 s "{noise}"
        10 c "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
        11 s "HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n"
        "#
    );
    let expected = "#0 same_point GET x/a 200 request 3-3/28 response 4-4/38\n\
                    #0 same_point GET x/b 201 request 10-10/28 response 11-11/38 joined_late";
    check(View::Tap, &script, expected);
}
