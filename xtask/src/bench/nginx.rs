//! An nginx to be watched.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::process::Process;
use crate::tools;

/// What it writes down.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    Nothing,
    /// The status of every request that it has read.
    Requests,
}

/// nginx with one worker that answers `return 200` on the loopback address.
pub(crate) struct Nginx {
    process: Process,
    pub(crate) port: u16,
    name: String,
    folder: PathBuf,
}

/// How many requests nginx has written down.
pub(crate) struct Logged {
    pub(crate) requests: u64,
    /// Of these, the ones whose client was gone before the answer: nginx's status 499.
    pub(crate) gone: u64,
}

impl Nginx {
    pub(crate) fn start(log: Log) -> Result<Self> {
        let port = free_port()?;
        // A program of its own name is a service of its own, whatever else runs on this machine.
        let name = format!("nginx-{port}");
        let folder = std::env::temp_dir().join(format!("geophone-bench-{port}"));
        fs::create_dir_all(&folder)?;
        let program = folder.join(&name);
        let nginx = tools::find("nginx").context("cannot start nginx (package nginx-light)")?;
        fs::copy(&nginx, &program).with_context(|| format!("cannot copy {}", nginx.display()))?;
        let config = folder.join("nginx.conf");
        let access_log = match log {
            Log::Nothing => "access_log off;".to_owned(),
            Log::Requests => format!("log_format status $status; access_log {}/access.log status;", folder.display()),
        };
        let text = format!(
            "worker_processes 1; daemon off; error_log /dev/null; pid {folder}/nginx.pid;\n\
             events {{ worker_connections 8192; }}\n\
             http {{ {access_log} keepalive_requests 100000000; server {{ listen 127.0.0.1:{port} backlog=4096;\n\
             location / {{ return 200 \"hello world, this is a small body\\n\"; }} }} }}\n",
            folder = folder.display()
        );
        fs::write(&config, text)?;
        let mut command = Command::new(program);
        command.arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(&mut command)?;
        wait_for(port)?;
        Ok(Self { process, port, name, folder })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Its id in geophone's API.
    pub(crate) fn service(&self) -> String {
        format!("process~{}", self.name)
    }

    /// Lets it serve what has begun, ends it, and counts what it has logged.
    pub(crate) fn end(mut self) -> Result<Logged> {
        self.process.end("QUIT")?;
        let log = fs::read_to_string(self.folder.join("access.log")).context("nginx has written no log")?;
        let requests = log.lines().count() as u64;
        Ok(Logged { requests, gone: log.lines().filter(|status| *status == "499").count() as u64 })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its worker only if it is asked to, and a process that goes out of scope is killed.
        let _ = self.process.end("TERM");
        let _ = fs::remove_dir_all(&self.folder);
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
