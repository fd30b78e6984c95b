//! The examples as a reader runs them: each is started, and the parts of its output that matter are looked at.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use geophone_capture_file::{
    dissect::LinkType,
    synthetic::{Call, Observed, Peer, Traffic},
};
use geophone_model::{net::NetNs, time::Timestamp};

/// Runs an example to its end, and returns what it printed.
fn output_of(binary: &str) -> String {
    let output = Command::new(binary).output().unwrap();
    assert!(output.status.success(), "{binary}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn parse_stream_pairs_requests_that_were_cut_anywhere() {
    let text = output_of(env!("CARGO_BIN_EXE_parse_stream"));
    assert_has(
        &text,
        &[
            "GET shop.example/carts/17 -> 200, took Some(5000) µs, {}\n",
            "POST shop.example/orders -> 503, took Some(7800) µs, {}\n",
            "the next 89000 bytes need not be copied\n",
            "GET shop.example/logo.png -> 200, took Some(4000) µs, {\"response_gap\"}\n",
            "DELETE shop.example/carts/17 -> NoResponse, took None µs, {}\n",
            "4 requests, 3 paired with their responses, 1 not answered, 996 bytes lost; the books balance: true\n",
        ],
    );
    assert!(!text.contains("SECRET"), "a query does not leave the parser:\n{text}");
}

#[test]
fn pcap_to_map_draws_the_demo() {
    let text = output_of(env!("CARGO_BIN_EXE_pcap_to_map"));
    assert_has(
        &text,
        &[
            "flowchart LR\n",
            "frontend.service -> catalog.js: ",
            "rabbitmq-server.service -> mailer.rb: 0.6 requests/s, 0.0 % errors, no p99 (healthy)\n",
            "frontend.service -> cart.py: 1.5 requests/s, 4.0 % errors, ",
            "payments.jar -> api.stripe.example: 0.6 requests/s, 16.7 % errors, ",
        ],
    );
}

#[test]
fn pcap_to_map_knows_the_addresses_of_a_pcap_file() {
    let mut traffic = Traffic::new();
    let client = Peer::new("192.0.2.7:40000".parse().unwrap(), NetNs(1), 11);
    let server = Peer::new("198.51.100.2:80".parse().unwrap(), NetNs(2), 12);
    let mut connection = traffic.connect(Timestamp::from_ns(1_000), client, server, Observed::Tap);
    let call = Call {
        at: Timestamp::from_ns(2_000_000),
        duration_ns: 5_000_000,
        request: b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n",
        response: b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        unwanted_len: 0,
    };
    traffic.call(&mut connection, &call);
    let path = env::temp_dir().join(format!("geophone-pcap_to_map-{}.pcap", std::process::id()));
    fs::write(&path, traffic.write_pcap(Vec::new(), LinkType::ETHERNET).unwrap()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pcap_to_map")).arg(&path).output();
    fs::remove_file(&path).unwrap();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    assert_has(
        &text,
        &["1 exchanges between 2 services\n", "192.0.2.7 -> shop.example: 0.1 requests/s, 100.0 % errors, p99 5.0 ms"],
    );
}

#[test]
fn red_in_your_program_has_the_quantiles_of_each_operation() {
    let text = output_of(env!("CARGO_BIN_EXE_red_in_your_program"));
    assert_has(&text, &["6 windows of ten seconds\n"]);
    let row = |operation: &str| {
        let row =
            text.lines().find(|line| line.starts_with(operation)).unwrap_or_else(|| panic!("{operation}:\n{text}"));
        let figures: Vec<f64> =
            row[operation.len()..].split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [requests, per_second, errors, p50, p95, p99] = figures[..] else { panic!("{row}") };
        assert!(p50 <= p95 && p95 <= p99, "{row}");
        (requests, per_second, errors, p50, p99)
    };
    let (requests, per_second, errors, p50, _) = row("GET /health");
    assert_eq!((requests, per_second, errors), (600.0, 10.0, 0.0));
    assert!((0.08..0.12).contains(&p50), "{p50} ms");
    let (requests, _, _, p50, p99) = row("GET /items/{id}");
    assert_eq!(requests, 4_200.0, "paths of items are one operation");
    assert!((1.9..5.3).contains(&p50) && p99 > 200.0, "the slow ones are in the tail: {p50} and {p99} ms");
    let (requests, _, errors, ..) = row("POST /carts/{id}/checkout");
    assert_eq!(requests, 1_200.0);
    assert!((1.0..5.0).contains(&errors), "one of forty fails: {errors} %");
}

#[test]
fn mount_api_answers_beside_own_routes() {
    let text = output_of(env!("CARGO_BIN_EXE_mount_api"));
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
    assert_has(&text, &["a page of my own\n", "flowchart", "frontend"]);
}

#[test]
fn live_capture_without_privileges_says_what_is_missing() {
    // Where others may not go, nobody may run a program: so a copy of it.
    let copy = env::temp_dir().join(format!("geophone-live_capture-{}", std::process::id()));
    fs::copy(env!("CARGO_BIN_EXE_live_capture"), &copy).unwrap();
    let mut command = Command::new(&copy);
    if is_root() {
        const NOBODY: u32 = 65_534;
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.arg("1").output();
    fs::remove_file(&copy).unwrap();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_has(&error, &["live capture lacks CAP_", "run it as root"]);
}

#[test]
fn live_capture_sees_what_a_client_asks_a_server() {
    if !is_root() {
        assert!(
            env::var_os("CI").is_none_or(|ci| ci != "true"),
            "live capture needs root, and in CI it has to be tried"
        );
        println!("skipped: needs root");
        return;
    }
    let mut example = Command::new(env!("CARGO_BIN_EXE_live_capture")).arg("3").stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(example.stdout.take().unwrap());
    let mut text = String::new();
    out.read_line(&mut text).unwrap();
    assert_eq!(text, "listening for 3 s\n");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || answer_once(&listener));
    let mut client = TcpStream::connect(address).unwrap();
    write!(client, "GET /examples/live?key=SECRET HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    client.read_to_string(&mut String::new()).unwrap();
    server.join().unwrap();

    out.read_to_string(&mut text).unwrap();
    assert!(example.wait().unwrap().success());
    let line = format!("-> {address}: GET {address}/examples/live -> 418 in ");
    assert_has(&text, &[&line, "the books balance: true\n"]);
    assert_eq!(text.matches("/examples/live").count(), 1, "over loopback, one sighting stands for both ends:\n{text}");
    assert!(!text.contains("SECRET"), "a query does not leave the parser:\n{text}");
}

/// Takes one connection, reads one head and answers it.
fn answer_once(listener: &TcpListener) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert!(head.read_line(&mut line).unwrap() > 0, "the client stays until it is answered");
    }
    stream.write_all(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 3\r\n\r\ntea").unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
