//! Workload scripts: a protocol's real server and client, and what they say they have exchanged.
//!
//! `crates/testkit/workloads/README.md` has the contract between script and test.

use std::{path::Path, time::Duration};

use geophone_model::{
    exchange::{Exchange, Observed as At},
    ledger::{Stage, Unit},
};
use serde_json::Value;

use crate::{
    observed::{Named, Observed},
    process::Place,
    tally::Tally,
};

/// How long a scenario may take: some servers need half a minute before they listen, on a busy machine.
const LONGEST_SCENARIO: Duration = Duration::from_secs(180);

/// Shortest text that is a secret: what is shorter may stand anywhere by chance.
const MIN_SECRET: usize = 6;

/// What a scenario has exchanged, by its own account.
#[derive(Debug, PartialEq, Eq)]
pub struct Workload {
    /// `redis pipelines`
    name: String,
    ports: Vec<u16>,
    exchanges: Tally,
    unmatched: u64,
    secrets: Vec<String>,
}

impl Workload {
    /// Runs a scenario of a protocol's script in a place, to its end.
    ///
    /// # Panics
    /// If it fails, takes more than three minutes, or does not keep to the contract.
    pub fn run(place: Place<'_>, protocol: &str, scenario: &str) -> Self {
        let said = script(place, protocol, scenario);
        let (name, outcome) = (format!("{protocol} {scenario}"), said.lines().last().unwrap_or_default());
        Self::parse(&name, outcome).unwrap_or_else(|| panic!("not what a scenario may say, {name}:\n{said}"))
    }

    /// The names of a protocol's scenarios, in the order of the script.
    ///
    /// # Panics
    /// If the script does not say them.
    pub fn scenarios(place: Place<'_>, protocol: &str) -> Vec<String> {
        script(place, protocol, "--list").lines().map(str::to_owned).collect()
    }

    /// Asserts that just these exchanges were observed at these ports, that nothing was lost, that the books balance and
    /// that no secret came out.
    ///
    /// # Panics
    /// If that is not so, with what differs.
    pub fn assert_observed(&self, observed: &Observed) {
        let (name, found) = (&self.name, self.found(observed));
        let expected = decided(&self.exchanges, &found);
        assert!(found == expected, "{name}: {}\n{}", difference(&expected, &found), observed.books());
        observed.assert_lossless();
        let unmatched = observed.withheld(Stage::Parse, Unit::Messages, "unmatched");
        assert_eq!(unmatched, self.unmatched, "{name}: messages that answer nothing\n{}", observed.books());
        let everything = format!("{observed:?}");
        for secret in &self.secrets {
            assert!(!everything.contains(secret), "{name}: the secret `{secret}` came out");
        }
    }

    /// What was observed at the scenario's ports. What a server sends of its own accord comes from there, and does not go there.
    fn found(&self, observed: &Observed) -> Tally {
        let mut found = Tally::default();
        for named in &observed.exchanges {
            let Exchange { client, server, observed, .. } = &named.exchange;
            if [client, server].iter().any(|party| self.ports.contains(&party.endpoint.port())) {
                assert_eq!(*observed, At::SamePoint, "a scenario stays on the loopback device: {named:?}");
                found.add(&line(named), 1);
            }
        }
        found
    }

    /// `{"ports": [6379], "exchanges": [["GET", "ok", 10]], "unmatched": 0, "secrets": ["hunter2"]}`
    fn parse(name: &str, outcome: &str) -> Option<Self> {
        let outcome: Value = serde_json::from_str(outcome).ok()?;
        let ports = outcome["ports"].as_array()?.iter().map(|port| port.as_u64()?.try_into().ok());
        let secrets = outcome["secrets"].as_array()?.iter().map(|secret| {
            let secret = secret.as_str()?;
            // As it would stand in what is searched, and not found in a number.
            let is_plain = secret.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\'));
            let is_number = secret.chars().all(|c| c.is_ascii_digit());
            (is_plain && !is_number && secret.len() >= MIN_SECRET).then(|| secret.to_owned())
        });
        let (ports, secrets) = (ports.collect::<Option<_>>()?, secrets.collect::<Option<_>>()?);
        let mut exchanges = Tally::default();
        for exchange in outcome["exchanges"].as_array()? {
            let [operation, status, count] = exchange.as_array()?.as_slice() else { return None };
            let (operation, status, count) = (operation.as_str()?, status.as_str()?, count.as_u64()?);
            // Zero is no code.
            let line = format!("{operation}: {}", status.strip_suffix(" 0").unwrap_or(status));
            // What was not done this time is no line of what was observed either.
            if count > 0 {
                exchanges.add(&line, count);
            }
        }
        let unmatched = outcome["unmatched"].as_u64()?;
        Some(Self { name: name.to_owned(), ports, exchanges, unmatched, secrets })
    }
}

/// Runs a protocol's script with an argument and returns what it printed.
fn script(place: Place<'_>, protocol: &str, argument: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(format!("{protocol}.py"));
    let mut command = place.command("python");
    command.arg(file).arg(argument).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = place.finish(command, LONGEST_SCENARIO);
    let [said, complained] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{protocol} {argument} failed with {}:\n{said}{complained}", output.status);
    said
}

/// An exchange as a script names it: `SELECT ?: client_error 42P01`.
fn line(named: &Named) -> String {
    let exchange = &named.exchange;
    let operation = format!("{} {}", exchange.verb, exchange.resource);
    let code = if exchange.status.code.is_none() { String::new() } else { format!(" {}", exchange.status.code) };
    format!("{}: {}{code}", operation.trim(), exchange.status.class.as_str())
}

/// What is expected, where of two statuses either will do (`GET: ok or no_response`), as it was found.
fn decided(expected: &Tally, found: &Tally) -> Tally {
    let mut decided = Tally::default();
    let is_open = |line: &str| line.contains(" or ");
    expected.iter().filter(|(line, _)| !is_open(line)).for_each(|(line, count)| decided.add(line, count));
    for (line, count) in expected.iter().filter(|(line, _)| is_open(line)) {
        let Some((one, status)) = line.split_once(" or ") else { continue };
        let other = one.rsplit_once(": ").map_or(one, |(operation, _)| operation).to_owned() + ": " + status;
        let first = count.min(found.count(one).saturating_sub(decided.count(one)));
        [(one, first), (other.as_str(), count - first)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .for_each(|(line, count)| decided.add(line, count));
    }
    decided
}

/// What differs, a line for each operation and status.
fn difference(expected: &Tally, found: &Tally) -> String {
    let both = expected.iter().chain(found.iter().filter(|(line, _)| expected.count(line) == 0));
    let lines = both.filter(|(line, _)| expected.count(line) != found.count(line));
    let lines = lines.map(|(line, _)| {
        format!("  expected {:>5}, observed {:>5}  {line}\n", expected.count(line), found.count(line))
    });
    format!("what was observed is not what was done:\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_of_two_statuses_will_do() {
        let expected = Tally::of(&[("a: ok", 1), ("a: ok or no_response", 2), ("b: ok or no_response", 1)]);
        let found = Tally::of(&[("a: ok", 2), ("a: no_response", 1), ("b: no_response", 1)]);
        assert_eq!(decided(&expected, &found), found);
        let missing = Tally::of(&[("a: ok", 3)]);
        assert_ne!(decided(&expected, &missing), missing);
    }

    #[test]
    fn what_a_script_says_is_understood() {
        let said = r#"{"ports": [5432], "exchanges": [["SELECT ?", "client_error 42P01", 2]], "unmatched": 3,
            "secrets": ["hunter2"]}"#;
        let expected = Workload {
            name: "a b".to_owned(),
            ports: vec![5432],
            exchanges: Tally::of(&[("SELECT ?: client_error 42P01", 2)]),
            unmatched: 3,
            secrets: vec!["hunter2".to_owned()],
        };
        assert_eq!(Workload::parse("a b", said), Some(expected));
        for part in ["5432", r#""hunter2""#, r#""client_error 42P01""#, r#"["SELECT ?", "client_error 42P01", 2]"#] {
            assert!(said.contains(part));
            assert_eq!(Workload::parse("a b", &said.replace(part, "{}")), None, "{part}");
        }
        for secret in ["short", "123456789", "two words", "quo\\\"te"] {
            assert_eq!(Workload::parse("a b", &said.replace("hunter2", secret)), None, "{secret}");
        }
    }

    #[test]
    fn a_difference_names_what_is_missing_and_what_is_too_much() {
        let expected = Tally::of(&[("GET: ok", 2), ("SET: ok", 1), ("PING: ok", 1)]);
        let found = Tally::of(&[("GET: ok", 1), ("PING: ok", 1), ("DEL: ok", 3)]);
        let lines: Vec<_> = difference(&expected, &found).lines().skip(1).map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "  expected     2, observed     1  GET: ok",
                "  expected     1, observed     0  SET: ok",
                "  expected     0, observed     3  DEL: ok",
            ]
        );
    }
}
