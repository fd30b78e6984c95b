//! nginx, load generators and geophone, as processes that end with their guards.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::run::{command, output, root, run};

/// A process that is killed when it goes out of scope.
pub(crate) struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Guard {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

/// nginx with one worker that answers `return 200` on the loopback address.
pub(crate) struct Nginx {
    _process: Guard,
    pub(crate) port: u16,
    folder: PathBuf,
}

impl Nginx {
    pub(crate) fn start() -> Result<Self> {
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("geophone-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let config = folder.join("nginx.conf");
        let text = format!(
            "worker_processes 1; daemon off; error_log /dev/null; pid {folder}/nginx.pid;\n\
             events {{ worker_connections 8192; }}\n\
             http {{ access_log off; keepalive_requests 100000000; server {{ listen 127.0.0.1:{port} backlog=4096;\n\
             location / {{ return 200 \"hello world, this is a small body\\n\"; }} }} }}\n",
            folder = folder.display()
        );
        fs::write(&config, text)?;
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Guard(nginx.spawn().context("cannot start nginx (package nginx-light)")?);
        wait_for(port)?;
        Ok(Self { _process: process, port, folder })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its worker only if it is asked to, and the guard kills.
        if let Ok(pid) = fs::read_to_string(self.folder.join("nginx.pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status();
            std::thread::sleep(Duration::from_millis(200));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A running geophone that has attached its capture.
pub(crate) struct Geophone {
    process: Guard,
    pub(crate) port: u16,
}

impl Geophone {
    /// Builds it, once, for release.
    pub(crate) fn build() -> Result<()> {
        run(&mut command("cargo", &["build", "--quiet", "--release", "-p", "geophone"]))
    }

    pub(crate) fn start(arguments: &[&str]) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let mut geophone = Command::new(target.join("release/geophone"));
        geophone.args(["--listen", "127.0.0.1:0"]).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = geophone.spawn().context("cannot start geophone")?;
        let stdout = child.stdout.take().context("geophone has no output")?;
        let process = Guard(child);
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref() {
            if let Some((_, address)) = line?.split_once("Open http://127.0.0.1:") {
                let port = address.trim_end_matches('/').parse()?;
                // What it prints at its end must find a reader.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { process, port });
            }
        }
        bail!("geophone ended before it was attached: run it by hand to see why")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Requests that it has seen at the server of this name.
    pub(crate) fn requests_of(&self, service: &str) -> Result<u64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(
            stream,
            "GET /api/v1/services/{service}?last=1h HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let requests = answer.split("\"requests\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
        requests.and_then(|number| number.parse().ok()).with_context(|| format!("no requests in: {answer:.300}"))
    }
}

/// Requests per second of wrk in a closed loop.
pub(crate) fn wrk(url: &str, connections: u32, seconds: u32) -> Result<f64> {
    let (connections, seconds) = (format!("-c{connections}"), format!("-d{seconds}s"));
    let text = output("wrk", &["-t1", &connections, &seconds, url]).context("wrk is needed (package wrk)")?;
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).with_context(|| format!("wrk said: {text}"))
}

/// Requests that h2load made over HTTP/1.1 at a rate, all of which must have succeeded.
pub(crate) fn paced(url: &str, connections: u32, rate: u32, seconds: u32) -> Result<u64> {
    let each = (f64::from(rate) / f64::from(connections)).to_string();
    let (connections, seconds) = (connections.to_string(), seconds.to_string());
    let arguments = ["--h1", "--rps", &each, "-c", &connections, "-D", &seconds, url];
    let text = output("h2load", &arguments).context("h2load is needed (package nghttp2-client)")?;
    let line =
        text.lines().find(|line| line.starts_with("requests:")).with_context(|| format!("h2load said: {text}"))?;
    let number = |what: &str| {
        line.split(", ").find_map(|part| part.trim_start_matches("requests: ").strip_suffix(what)?.trim().parse().ok())
    };
    match (number("done"), number("succeeded")) {
        (Some(done), Some(succeeded)) if done == succeeded => Ok(done),
        _ => bail!("h2load had failures: {line}"),
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_for(port: u16) -> Result<()> {
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("nothing answers on port {port}")
}
