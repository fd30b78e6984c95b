//! The page while traffic is captured: needs root, and cgroup2.

use std::{
    env,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    thread,
};

use serde_json::Value;

use crate::{browser::Browser, program::Program};

/// Traffic begins after the page was opened, and goes on: the page shows it without being loaded again.
#[test]
fn the_page_follows_what_happens() {
    if !can_capture() {
        return;
    }
    let Some(mut browser) = Browser::start("live") else { return };
    let program = Program::live();
    // Other programs talk on this machine too, and other tests may run: letters alone, which no template replaces.
    let own: String = std::process::id().to_string().bytes().map(|digit| char::from(digit + (b'a' - b'0'))).collect();
    browser.open(&program.page(&format!("path=^/{own}/")));
    assert_eq!(browser.evaluate("document.querySelector('#map-empty h2').textContent"), "Nothing matches");
    browser.wait_for("document.querySelector('#following').textContent === 'Live'");
    browser.evaluate("window.isSameDocument = true");

    let server = Server::start();
    server.ask(&own, 30);
    browser.wait_for("document.querySelector('#services tbody tr')");
    browser.wait_for("document.querySelector('#measured').textContent.endsWith(', in steps of 10 s')");
    browser.has_no_complaint();
    let id = browser.evaluate("document.querySelector('#services tbody tr').dataset.id");
    let node = format!("#map .node[data-id={id}]");
    let edge = format!("#map .edge[data-source={id}][data-target={id}]");
    for selector in [node, edge] {
        let drawn = format!("document.querySelectorAll({}).length", Value::from(selector));
        assert_eq!(browser.evaluate(&drawn), 1, "{drawn}: this process asks itself");
    }

    browser.evaluate("document.querySelector('#services tbody button').click()");
    let figure = |name: &str, value: &str| {
        format!(
            "[...document.querySelectorAll('#details .views tr')].some((row) => \
             row.cells[0].textContent === '{name}' && row.cells[1].textContent.startsWith('{value}'))"
        )
    };
    browser.wait_for(&figure("Requests", "30"));
    browser.wait_for(&figure("Errors", "3"));
    server.ask(&own, 20);
    browser.wait_for(&figure("Requests", "50"));
    browser.wait_for(&figure("Errors", "5"));
    assert_eq!(browser.evaluate("window.isSameDocument"), true, "the page was not loaded again");
    browser.has_no_complaint();

    // A program that is gone is said to be, and what it said last still stands.
    drop(program);
    browser.wait_for("document.querySelector('#following').textContent === 'Disconnected'");
    assert_eq!(browser.evaluate(&figure("Requests", "50")), true);
}

/// Whether live capture can be tried. With `CI=true` it must be.
fn can_capture() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    assert!(root || env::var("CI").as_deref() != Ok("true"), "live capture needs root, and CI=true says to try it");
    if !root {
        let _ = writeln!(std::io::stderr(), "skipped: live capture needs root");
    }
    root
}

/// Answers requests, of which every tenth fails.
struct Server(SocketAddr);

impl Server {
    /// It ends with the test's process.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut buffer = [0; 1024];
                let mut number = 0;
                while stream.read(&mut buffer).is_ok_and(|length| length > 0) {
                    number += 1;
                    let status = if number % 10 == 0 { "503 Service Unavailable" } else { "200 OK" };
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            }
        });
        Self(address)
    }

    /// Makes so many requests on one connection, to paths below one of their own.
    fn ask(&self, own: &str, requests: usize) {
        let mut stream = TcpStream::connect(self.0).unwrap();
        let mut buffer = [0; 1024];
        for number in 0..requests {
            let request = format!("GET /{own}/orders/{number} HTTP/1.1\r\nHost: shop.example\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            assert!(stream.read(&mut buffer).unwrap() > 0);
        }
    }
}
