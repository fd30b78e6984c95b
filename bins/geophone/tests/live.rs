//! Live capture by the program as a process: needs root, and cgroup2.

#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

/// Whether live capture can be tried. With `CI=true` it must be.
fn can_capture() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(root || !ci, "live capture needs root, and CI=true says that it has to be tried");
    if !root {
        println!("skipped: live capture needs root");
    }
    root
}

/// A running geophone; killed if the test ends before it does.
struct Geophone {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: u16,
}

impl Geophone {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_geophone"));
        command.args(["--listen", "127.0.0.1:0"]).args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let attached = lines.by_ref().map(Result::unwrap).find_map(|line| {
            line.strip_prefix("Capture is attached. Open http://127.0.0.1:")?.trim_end_matches('/').parse().ok()
        });
        let port = attached.expect("it says when capture is attached");
        Self { child, lines, port }
    }

    fn get(&self, path: &str) -> serde_json::Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        // The body may be chunked; the document is what lies between the braces.
        let document = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
        serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// Asks it to end, and returns what it printed at its end.
    fn terminate(mut self) -> Vec<String> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let rest = self.lines.by_ref().map(Result::unwrap).collect();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        rest
    }
}

impl Drop for Geophone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves `requests` requests on one connection, of which every tenth fails.
fn serve(listener: &TcpListener, requests: usize) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut buffer = [0; 1024];
    for number in 0..requests {
        assert!(stream.read(&mut buffer).unwrap() > 0);
        let status = if number % 10 == 9 { "503 Service Unavailable" } else { "200 OK" };
        // In one piece, as the other side reads it.
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").as_bytes()).unwrap();
    }
}

/// Makes `requests` requests on one connection and counts the failures.
fn ask(address: std::net::SocketAddr, requests: usize) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut buffer = [0; 1024];
    let mut failed = 0;
    for number in 0..requests {
        let request = format!("GET /orders/{number}?token=secret HTTP/1.1\r\nHost: shop.example\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let len = stream.read(&mut buffer).unwrap();
        failed += usize::from(buffer[..len].starts_with(b"HTTP/1.1 503"));
    }
    failed
}

/// The test's own process is server and client, so all of its edges lead to itself.
const OPERATION: &str = "GET /orders/{id}";

#[test]
fn requests_are_counted_to_the_unit_and_a_signal_drains_the_ring() {
    counted_to_the_unit("packets");
}

#[test]
fn system_calls_are_counted_to_the_unit_too() {
    counted_to_the_unit("syscalls");
}

fn counted_to_the_unit(way: &str) {
    if !can_capture() {
        return;
    }
    const REQUESTS: usize = 500;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let recording = Recording::new(way);
    let geophone = Geophone::start(&["--capture", way, "--record", recording.path()]);
    let server = thread::spawn(move || serve(&listener, REQUESTS));
    let failed = ask(address, REQUESTS);
    server.join().unwrap();
    assert_eq!(failed, REQUESTS / 10);

    // Whatever is still in the ring belongs to the result.
    let ledger = geophone.terminate().join("\n");
    assert!(ledger.contains("aggregate exchanges") && !ledger.contains("OFF BY"), "{ledger}");

    // The recording says the same, to whoever reads it later.
    assert_eq!(fs::metadata(recording.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let replay = Command::new(env!("CARGO_BIN_EXE_geophone"))
        .args(["replay", recording.path(), "--format", "json"])
        .output()
        .unwrap();
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    let map: serde_json::Value = serde_json::from_slice(&replay.stdout).unwrap();
    let (requests, errors) = operation(&map, OPERATION);
    assert_eq!((requests, errors), (REQUESTS as u64, failed as u64));
    assert!(!String::from_utf8_lossy(&replay.stdout).contains("secret"), "queries do not leave the parser");
}

#[test]
fn the_api_follows_live() {
    if !can_capture() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let geophone = Geophone::start(&[]);
    let server = thread::spawn(move || serve(&listener, 20));
    ask(address, 20);
    server.join().unwrap();
    // An exchange waits for late facts for a moment, and is then in the list.
    let mine = (0..100).find_map(|_| {
        thread::sleep(std::time::Duration::from_millis(100));
        let page = geophone.get("/api/v1/exchanges?path=^/orders/&limit=100");
        let rows = page["exchanges"].as_array().unwrap().clone();
        (rows.len() >= 20).then_some(rows)
    });
    let rows = mine.expect("the exchanges of the last seconds are listed");
    assert!(rows.iter().all(|row| row["operation"] == OPERATION), "{rows:?}");
    geophone.terminate();
}

#[test]
fn it_ends_by_itself_when_it_was_told_to() {
    if !can_capture() {
        return;
    }
    let mut geophone = Geophone::start(&["--for", "300ms"]);
    assert!(geophone.child.wait().unwrap().success());
}

/// Requests and errors of an operation, over all edges.
fn operation(map: &serde_json::Value, name: &str) -> (u64, u64) {
    let edges = map["edges"].as_array().unwrap();
    let operations = edges.iter().flat_map(|edge| edge["operations"].as_array().unwrap());
    let mine = operations.filter(|operation| operation["name"] == name);
    mine.fold((0, 0), |(requests, errors), operation| {
        // Both ends were measured at one point, and say the same.
        assert_eq!(operation["client"]["requests"], operation["server"]["requests"]);
        let figure = |what: &str| operation["server"][what].as_u64().unwrap();
        (requests + figure("requests"), errors + figure("errors"))
    })
}

/// A path for a recording that goes away with the test.
struct Recording(PathBuf);

impl Recording {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("geophone-live-{}-{name}.geocap", std::process::id())))
    }

    fn path(&self) -> &str {
        Path::to_str(&self.0).unwrap()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
