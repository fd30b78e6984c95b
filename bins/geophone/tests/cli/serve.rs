//! By which names the page may be called.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::{GEOPHONE, demo, run, stderr};

/// A replay that is served; killed when the test ends.
struct Served {
    child: Child,
    /// A pipe that nobody holds would make it fail.
    _stdout: BufReader<ChildStdout>,
    address: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(GEOPHONE);
        command.arg("replay").arg(demo()).args(["--serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = stdout.by_ref().lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix("Open http://")?.trim_end_matches('/').to_owned()));
        Self { child, _stdout: stdout, address: address.expect("it says where the page is") }
    }

    /// The answer to who calls it by this name.
    fn called(&self, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /api/v1/about HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_page_answers_by_the_names_that_are_allowed() {
    let served = Served::start(&["--allow-host", "geophone.example", "--allow-host", "shown.example"]);
    for host in ["localhost", "127.0.0.1:7070", "geophone.example", "shown.example:443"] {
        let answer = served.called(host);
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    let refused = served.called("evil.example");
    assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("--allow-host NAME"), "{refused}");
}

#[test]
fn without_a_name_only_this_machine_calls_it() {
    let served = Served::start(&[]);
    assert!(served.called("localhost").starts_with("HTTP/1.1 200"));
    assert!(served.called("geophone.example").starts_with("HTTP/1.1 403"));
    let output = run(&["replay", "x", "--serve", "--allow-host", "http://geophone.example"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("without scheme and port"), "{}", stderr(&output));
}
