//! Load generators of others, and what they say they have done.

use crate::process::Place;

/// What `h2load` counted, by class of status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct H2load {
    /// Requests that were answered.
    pub done: u64,
    /// Answers by their first digit: `classes[2]` are those with 200 to 299.
    pub classes: [u64; 6],
}

/// A run of `h2load`, over HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub struct H2loadRun<'a> {
    /// How many requests.
    pub requests: u32,
    /// Over how many connections.
    pub connections: u32,
    /// How many of one connection may be unanswered at a time.
    pub pipelined: u32,
    /// What is asked for, in turns.
    pub urls: &'a [&'a str],
}

impl H2loadRun<'_> {
    /// Runs it to its end.
    ///
    /// # Panics
    /// If it fails or says something unknown.
    pub fn run(&self, place: Place<'_>) -> H2load {
        let Self { requests, connections, pipelined, urls } = self;
        let [n, c, m] = [requests, connections, pipelined].map(ToString::to_string);
        let options = ["--h1", "-t", "1", "-n", &n, "-c", &c, "-m", &m];
        let said = place.run("h2load", &[&options, *urls].concat());
        parse_h2load(&said).unwrap_or_else(|| panic!("h2load says something unknown:\n{said}"))
    }
}

fn parse_h2load(said: &str) -> Option<H2load> {
    let mut counted = H2load::default();
    let requests = said.lines().find_map(|line| line.strip_prefix("requests: "))?;
    counted.done = number_before(requests, "done")?;
    let classes = said.lines().find_map(|line| line.strip_prefix("status codes: "))?;
    for class in 2..=5 {
        counted.classes[class] = number_before(classes, &format!("{class}xx"))?;
    }
    Some(counted)
}

/// Runs `wrk` for some seconds and returns how many answers it counted. At its end it cuts what is under way.
///
/// # Panics
/// If it fails or says something unknown.
pub fn wrk(place: Place<'_>, connections: u32, seconds: u32, url: &str) -> u64 {
    let (connections, seconds) = (format!("-c{connections}"), format!("-d{seconds}s"));
    let said = place.run("wrk", &["-t1", &connections, &seconds, url]);
    let line = said.lines().find(|line| line.contains(" requests in "));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("wrk says something unknown:\n{said}"))
}

/// Runs `curl` for some URLs, over one connection where that can be, and returns the status codes of its answers in their
/// order.
///
/// # Panics
/// If it fails.
pub fn curl(place: Place<'_>, options: &[&str], urls: &[&str]) -> Vec<u16> {
    let common = ["--silent", "--show-error", "--write-out", "%{http_code}\n"];
    let urls = urls.iter().flat_map(|url| ["--output", "/dev/null", *url]);
    let arguments: Vec<_> = common.into_iter().chain(options.iter().copied()).chain(urls).collect();
    let said = place.run("curl", &arguments);
    said.lines().map(|line| line.parse().expect("curl prints a code for each answer")).collect()
}

/// The number in `… 12 done, …`.
fn number_before(text: &str, word: &str) -> Option<u64> {
    let part = text.split(", ").find(|part| part.ends_with(word))?;
    part.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_h2load_says_is_understood() {
        let said = "finished in 7.5ms\nrequests: 12 total, 12 started, 11 done, 6 succeeded, 6 failed, 0 errored\n\
                    status codes: 6 2xx, 0 3xx, 4 4xx, 1 5xx\n";
        let counted = parse_h2load(said).unwrap();
        assert_eq!((counted.done, counted.classes), (11, [0, 0, 6, 0, 4, 1]));
        assert_eq!(parse_h2load("nothing"), None);
    }
}
