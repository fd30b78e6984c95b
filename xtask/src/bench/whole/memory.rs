//! What geophone keeps in memory.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Result, ensure};

use super::MEMORY_LIMIT;
use crate::bench::{
    figures::list,
    geophone::Geophone,
    nginx::{Log, Nginx},
};

/// Connections that are held open, and that are opened and closed, while memory is looked at.
const HELD: usize = 1_000;
const CHURN: usize = 100_000;

/// Memory of the process at many connections, and after many have come and gone.
pub(super) fn resident() -> Result<()> {
    let nginx = Nginx::start(Log::Nothing)?;
    let geophone = Geophone::start(&["--memory-limit", MEMORY_LIMIT])?;
    let at_start = geophone.process.resident_mib()?;
    let mut held = Vec::with_capacity(HELD);
    for _ in 0..HELD {
        held.push(call(&nginx)?);
    }
    std::thread::sleep(Duration::from_secs(2));
    let at_held = geophone.process.resident_mib()?;
    let mut by_quarter = Vec::new();
    for churned in 0..CHURN {
        drop(call(&nginx)?);
        if (churned + 1) % (CHURN / 4) == 0 {
            by_quarter.push(geophone.process.resident_mib()?);
        }
    }
    println!(
        "| resident memory with `--memory-limit {MEMORY_LIMIT}`: at start, with {HELD} connections, after each quarter of {CHURN} opened and closed | {at_start:.0}, {at_held:.0}, {} MiB |",
        list(&by_quarter)
    );
    Ok(())
}

/// A connection on which one request was answered.
fn call(nginx: &Nginx) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")?;
    let mut answer = [0; 512];
    ensure!(stream.read(&mut answer)? > 0, "nginx did not answer");
    Ok(stream)
}
