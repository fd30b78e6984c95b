//! geophone itself, as a process that is asked and ended.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{ledger::Ledger, process::Process};
use crate::run::{command, run, target_dir};

/// Longest wait for an answer of the API.
const PATIENCE: Duration = Duration::from_secs(10);
/// The length of a window and the grace for what is late, twice, in seconds: what has been counted is in the store then.
const SECONDS_TO_CLOSE: u32 = 25;

/// A running geophone that has attached its capture.
pub(crate) struct Geophone {
    pub(crate) process: Process,
    port: u16,
    /// Reads what it prints until its end.
    output: JoinHandle<String>,
}

impl Geophone {
    /// Builds it, once, for release.
    pub(crate) fn build() -> Result<()> {
        run(&mut command("cargo", &["build", "--quiet", "--release", "-p", "geophone"]))
    }

    pub(crate) fn start(arguments: &[&str]) -> Result<Self> {
        Self::attached(Command::new(target_dir().join("release/geophone")), arguments)
    }

    /// With the least of the machine's time that a process can be given (nice(1)).
    pub(crate) fn start_starved(arguments: &[&str]) -> Result<Self> {
        let mut nice = Command::new("nice");
        nice.args(["-n", "19"]).arg(target_dir().join("release/geophone"));
        Self::attached(nice, arguments)
    }

    fn attached(mut geophone: Command, arguments: &[&str]) -> Result<Self> {
        geophone.args(["--listen", "127.0.0.1:0"]).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(&mut geophone)?;
        let mut lines = BufReader::new(process.stdout()?).lines();
        for line in lines.by_ref() {
            if let Some((_, address)) = line?.split_once("Open http://127.0.0.1:") {
                let port = address.trim_end_matches('/').parse()?;
                let output = std::thread::spawn(move || lines.map_while(Result::ok).map(|line| line + "\n").collect());
                return Ok(Self { process, port, output });
            }
        }
        bail!("geophone ended before it was attached: run it by hand to see why")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Requests that it reports of a service: as soon as it is `expected`, or else when all windows have closed.
    pub(crate) fn reported(&self, service: &str, expected: Option<u64>) -> u64 {
        let mut seen = 0;
        for _ in 0..SECONDS_TO_CLOSE {
            std::thread::sleep(Duration::from_secs(1));
            // Before its first window has closed, the service is not known.
            seen = self.requests_of(service).unwrap_or(0);
            if Some(seen) == expected {
                break;
            }
        }
        seen
    }

    /// Requests that it has seen at the server of this name.
    fn requests_of(&self, service: &str) -> Result<u64> {
        let answer = ask(self.address(), &format!("/api/v1/services/{service}?last=1h"), PATIENCE)?;
        let requests = answer.split("\"requests\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
        requests.and_then(|number| number.parse().ok()).with_context(|| format!("no requests in: {answer:.300}"))
    }

    /// Ends it as a person would, and returns the accounts that it prints, which balance.
    pub(crate) fn end(mut self) -> Result<Ledger> {
        let status = self.process.end("TERM")?;
        let output = self.output.join().map_err(|_| anyhow::anyhow!("geophone's output cannot be read"))?;
        ensure!(status.success(), "geophone ended with {status}, after: {output}");
        let ledger = Ledger::parse(&output)?;
        ledger.check()?;
        Ok(ledger)
    }
}

/// The answer to a GET, with its head.
pub(crate) fn ask(address: SocketAddr, path: &str, patience: Duration) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
