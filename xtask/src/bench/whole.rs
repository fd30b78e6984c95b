//! What the whole of geophone costs the machine: ratios within one run, medians of several rounds.

use std::{fs, net::TcpStream, time::Duration};

use anyhow::{Context as _, Result, ensure};

use super::load::{Geophone, Nginx, paced, wrk};
use crate::tools;

/// Rounds of everything that is compared in pairs.
const ROUNDS: usize = 5;
/// Seconds of each round.
const SECONDS: u32 = 4;
/// The rate at which the cost of a request is measured.
const RATE: u32 = 10_000;
/// Connections of the closed loop, and of the paced load.
const CONNECTIONS: u32 = 64;
/// Connections that are held open, and that are opened and closed, while memory is looked at.
const HELD: usize = 1_000;
const CHURN: usize = 100_000;

/// Prints a table of figures.
pub(crate) fn run() -> Result<()> {
    ensure!(tools::is_root(), "the whole-process benchmarks capture live traffic: run them as root");
    Geophone::build()?;
    println!("| what | figure |\n|---|---|");
    kept()?;
    per_request()?;
    program_time()?;
    memory()
}

/// Throughput of nginx in a closed loop, with and without geophone, in turns.
fn kept() -> Result<()> {
    let nginx = Nginx::start()?;
    let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare = wrk(&nginx.url(), CONNECTIONS, SECONDS)?;
        let geophone = Geophone::start(&[])?;
        let watched = wrk(&nginx.url(), CONNECTIONS, SECONDS)?;
        drop(geophone);
        without.push(bare);
        with.push(watched);
        ratios.push(watched / bare * 100.0);
    }
    println!(
        "| nginx `return 200` in a closed loop, {CONNECTIONS} connections: throughput kept | {:.0} % (rounds {}); {:.0} → {:.0} requests/s |",
        median(&ratios),
        list(&ratios),
        median(&without),
        median(&with)
    );
    Ok(())
}

/// CPU time of the whole machine for a request at a fixed rate, with less without; and geophone's own.
fn per_request() -> Result<()> {
    let nginx = Nginx::start()?;
    let (mut totals, mut own) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (bare, requests) = busy_during(|| paced(&nginx.url(), CONNECTIONS, RATE, SECONDS))?;
        let bare_us = bare / requests as f64;
        let geophone = Geophone::start(&[])?;
        // What it looks up at its start is not the cost of a request.
        std::thread::sleep(Duration::from_secs(1));
        let before = process_cpu_us(geophone.pid())?;
        let (watched, requests) = busy_during(|| paced(&nginx.url(), CONNECTIONS, RATE, SECONDS))?;
        let spent = process_cpu_us(geophone.pid())? - before;
        let seen = reported(&geophone, requests);
        ensure!(seen == requests, "geophone reports {seen} of {requests} requests");
        totals.push(watched / requests as f64 - bare_us);
        own.push(spent / requests as f64);
    }
    println!(
        "| CPU per request at {RATE} requests/s, kernel and user together (whole machine, with less without) | {:.1} µs (rounds {}) |",
        median(&totals),
        list(&totals)
    );
    println!("| of it, geophone's own process | {:.1} µs (rounds {}) |", median(&own), list(&own));
    println!("| requests reported of those that the client counted, in all of these rounds | 100 % |");
    Ok(())
}

/// Requests to nginx that geophone reports, when it reports all or has had time for two windows to close.
fn reported(geophone: &Geophone, requests: u64) -> u64 {
    let mut seen = 0;
    for _ in 0..25 {
        std::thread::sleep(Duration::from_secs(1));
        // Before its first window has closed, the service is not known.
        seen = geophone.requests_of("process~nginx").unwrap_or(0);
        if seen == requests {
            break;
        }
    }
    seen
}

/// Time in the packet programs, as the kernel measures it.
fn program_time() -> Result<()> {
    const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";
    let nginx = Nginx::start()?;
    let geophone = Geophone::start(&[])?;
    let before = fs::read_to_string(SWITCH).context("the kernel does not measure programs")?;
    fs::write(SWITCH, "1")?;
    let loaded = paced(&nginx.url(), CONNECTIONS, RATE, SECONDS);
    let times = program_times(geophone.pid());
    fs::write(SWITCH, before)?;
    let requests = loaded?;
    let (runs, ns) = times?;
    println!(
        "| packet programs, ring submit included, with the kernel's own measuring | {:.0} ns a run, {:.1} runs and {:.2} µs a request |",
        ns as f64 / runs as f64,
        runs as f64 / requests as f64,
        ns as f64 / 1e3 / requests as f64
    );
    Ok(())
}

/// Runs and nanoseconds of all programs of a process. A program has two descriptors (itself and its link); only one has these.
fn program_times(pid: u32) -> Result<(u64, u64)> {
    let (mut runs, mut ns) = (0, 0);
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        // Descriptors come and go while they are listed.
        let Ok(text) = fs::read_to_string(entry?.path()) else { continue };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        if let (Some(time), Some(count)) = (field("run_time_ns:"), field("run_cnt:")) {
            ns += time;
            runs += count;
        }
    }
    ensure!(runs > 0, "no program ran");
    Ok((runs, ns))
}

/// Memory of the process at many connections, and after many have come and gone.
fn memory() -> Result<()> {
    let nginx = Nginx::start()?;
    let geophone = Geophone::start(&["--memory-limit", "64MiB"])?;
    let at_start = resident_mib(geophone.pid())?;
    let mut held = Vec::with_capacity(HELD);
    for _ in 0..HELD {
        held.push(ask(&nginx)?);
    }
    std::thread::sleep(Duration::from_secs(2));
    let at_held = resident_mib(geophone.pid())?;
    let mut by_quarter = Vec::new();
    for churned in 0..CHURN {
        drop(ask(&nginx)?);
        if (churned + 1) % (CHURN / 4) == 0 {
            by_quarter.push(resident_mib(geophone.pid())?);
        }
    }
    println!(
        "| resident memory with `--memory-limit 64MiB`: at start, with {HELD} connections, after each quarter of {CHURN} opened and closed | {at_start:.0}, {at_held:.0}, {} MiB |",
        list(&by_quarter)
    );
    Ok(())
}

/// A connection on which one request was answered.
fn ask(nginx: &Nginx) -> Result<TcpStream> {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")?;
    let mut answer = [0; 512];
    ensure!(stream.read(&mut answer)? > 0, "nginx did not answer");
    Ok(stream)
}

/// Microseconds of CPU time that the machine spent on anything while `work` ran, and what it returned.
fn busy_during(work: impl FnOnce() -> Result<u64>) -> Result<(f64, u64)> {
    let before = busy_us()?;
    let done = work()?;
    Ok((busy_us()? - before, done))
}

/// All but idle and waiting (proc(5), the first line of /proc/stat, in hundredths of a second).
fn busy_us() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    ensure!(fields.len() >= 8, "/proc/stat is not understood");
    let busy: f64 =
        fields.iter().take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4)).map(|(_, ticks)| ticks).sum();
    Ok(busy * 1e4)
}

/// User and system time of a process (proc(5), fields 14 and 15 of stat), in microseconds.
fn process_cpu_us(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(") ").context("/proc/PID/stat is not understood")?.1;
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
    Ok(ticks * 1e4)
}

fn resident_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("/proc/PID/status has no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn list(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.1}")).collect::<Vec<_>>().join(", ")
}
