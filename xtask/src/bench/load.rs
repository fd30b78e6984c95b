//! Load generators.

use anyhow::{Context as _, Result, bail, ensure};

use crate::run::output;

/// What wrk says of its run.
pub(crate) struct ClosedLoop {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
}

/// wrk in a closed loop: each connection asks again when it has its answer.
pub(crate) fn wrk(url: &str, connections: u32, seconds: u32) -> Result<ClosedLoop> {
    let (connections, seconds) = (format!("-c{connections}"), format!("-d{seconds}s"));
    let text = output("wrk", &["-t1", &connections, &seconds, url]).context("wrk is needed (package wrk)")?;
    let lines = || text.lines().map(str::trim);
    let per_second = lines().find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok());
    let requests = lines().find_map(|line| line.split_once(" requests in ")?.0.parse().ok());
    match (requests, per_second) {
        (Some(requests), Some(per_second)) => Ok(ClosedLoop { requests, per_second }),
        _ => bail!("wrk said: {text}"),
    }
}

/// Requests that h2load made over HTTP/1.1 at a rate, all of which must have succeeded. It is given a number of them and not
/// a time: at the end of its time it forgets those that are under way.
pub(crate) fn paced(url: &str, connections: u32, rate: u32, seconds: u32) -> Result<u64> {
    let each = (f64::from(rate) / f64::from(connections)).to_string();
    let requests = u64::from(rate) * u64::from(seconds);
    let (connections, number) = (connections.to_string(), requests.to_string());
    let arguments = ["--h1", "--rps", &each, "-c", &connections, "-n", &number, url];
    let text = output("h2load", &arguments).context("h2load is needed (package nghttp2-client)")?;
    let line =
        text.lines().find(|line| line.starts_with("requests:")).with_context(|| format!("h2load said: {text}"))?;
    let succeeded = line.split(", ").find_map(|part| part.strip_suffix(" succeeded")?.parse().ok());
    ensure!(succeeded == Some(requests), "h2load had failures: {line}");
    Ok(requests)
}
