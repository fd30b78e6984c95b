//! The program that serves the page.

use std::{
    io::{BufRead as _, BufReader, Lines, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// A running program; killed when the test ends.
pub(crate) struct Program {
    child: Child,
    /// What it goes on to say: a pipe that nobody holds would make it fail.
    _lines: Lines<BufReader<ChildStdout>>,
    /// Address and port.
    host: String,
}

impl Program {
    /// Replays the demo.
    pub(crate) fn replay() -> Self {
        Self::replay_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/demo.geocap"))
    }

    /// Replays a file.
    pub(crate) fn replay_of(file: &Path) -> Self {
        Self::start(&["replay", file.to_str().unwrap(), "--serve", "--listen", "127.0.0.1:0"])
    }

    /// Captures what happens on this machine.
    pub(crate) fn live() -> Self {
        Self::start(&["--listen", "127.0.0.1:0"])
    }

    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_geophone"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.by_ref().map_while(Result::ok);
        let host = said.filter_map(|line| Some(line.split_once("http://")?.1.trim_end_matches('/').to_owned())).next();
        Self { child, _lines: lines, host: host.expect("the program says where the page is") }
    }

    /// The address of the page with a query.
    pub(crate) fn page(&self, query: &str) -> String {
        format!("http://{}/?{query}", self.host)
    }

    /// What the API answers to a question.
    pub(crate) fn ask(&self, question: &str) -> Value {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        write!(stream, "GET /api/v1/{question} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
