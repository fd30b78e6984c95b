//! Requests to be observed, and what a replay says of them.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output},
    thread,
    time::Duration,
};

/// What the requests of a test are counted as. The whole machine is observed, with whatever else it does: by its name a
/// test knows its own.
pub(crate) fn operation(test: &str) -> String {
    format!("GET /{test}/orders/{{id}}")
}

/// Makes `requests` requests on one connection, of which every tenth fails. The test's own process is server and client,
/// so all of its edges lead to itself. Returns how many have failed.
pub(crate) fn exchange(test: &str, requests: usize) -> usize {
    exchange_slowly(test, requests, Duration::ZERO)
}

/// The same with a server that takes so long for each.
pub(crate) fn exchange_slowly(test: &str, requests: usize, pause: Duration) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || serve(&listener, requests, pause));
    let failed = ask(address, test, requests);
    server.join().unwrap();
    assert_eq!(failed, requests / 10);
    failed
}

fn serve(listener: &TcpListener, requests: usize, pause: Duration) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut buffer = [0; 1024];
    for number in 0..requests {
        assert!(stream.read(&mut buffer).unwrap() > 0);
        thread::sleep(pause);
        let status = if number % 10 == 9 { "503 Service Unavailable" } else { "200 OK" };
        // In one piece, as the other side reads it.
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").as_bytes()).unwrap();
    }
}

fn ask(address: SocketAddr, test: &str, requests: usize) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut buffer = [0; 1024];
    let mut failed = 0;
    for number in 0..requests {
        let request = format!("GET /{test}/orders/{number}?token=secret HTTP/1.1\r\nHost: shop.example\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let len = stream.read(&mut buffer).unwrap();
        failed += usize::from(buffer[..len].starts_with(b"HTTP/1.1 503"));
    }
    failed
}

/// Runs a recording through the program.
pub(crate) fn replay(recording: &str) -> Output {
    let arguments = ["replay", recording, "--format", "json"];
    Command::new(env!("CARGO_BIN_EXE_geophone")).args(arguments).output().unwrap()
}

/// Requests and errors of a test in what a replay has printed, over all edges.
pub(crate) fn counted(replay: &Output, test: &str) -> (u64, u64) {
    let map: serde_json::Value = serde_json::from_slice(&replay.stdout).unwrap();
    let edges = map["edges"].as_array().unwrap();
    let operations = edges.iter().flat_map(|edge| edge["operations"].as_array().unwrap());
    let mine = operations.filter(|operation| operation["name"] == self::operation(test));
    mine.fold((0, 0), |(requests, errors), operation| {
        // Both ends were measured, and say the same.
        assert_eq!(operation["client"]["requests"], operation["server"]["requests"]);
        let figure = |what: &str| operation["server"][what].as_u64().unwrap();
        (requests + figure("requests"), errors + figure("errors"))
    })
}
