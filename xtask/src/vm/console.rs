//! What a virtual machine said, and whether it is what it should be.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Ids of nginx and of the client in geophone's map.
const SERVER: &str = "process~nginx";
const CLIENT: &str = "process~geophone-testkit-peer";

/// What was found to be right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted {
    kernel: String,
    hooks: usize,
    requests: u64,
    operations: usize,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, hooks, requests, operations } = self;
        write!(
            f,
            "Linux {kernel}: {hooks} hooks attached; client, server and geophone counted the same {requests} requests of \
             {operations} operations; the ledger balances"
        )
    }
}

/// Compares what client, server and geophone have counted.
pub(super) fn check(console: &str) -> Result<Counted> {
    section(console, "end").context("it did not come to its end")?;
    // The kernel may say something on the console as well.
    let kernel = section(console, "kernel")?.lines().next().unwrap_or_default().to_owned();
    let geophone = section(console, "geophone")?;
    let hooks = hooks(geophone)?;
    // It fails where a row of the ledger does not balance.
    exited_well(geophone).context("geophone")?;

    let asked = answered(section(console, "client")?, "client")?;
    let served = answered(section(console, "server")?, "server")?;
    ensure!(asked == served, "the client counted {asked:?}, nginx logged {served:?}");
    let requests: u64 = asked.values().sum();
    ensure!(asked.len() > 1, "the client made no requests that differ: {asked:?}");

    let expected = by_operation(&asked)?;
    let map = section(console, "map")?.lines().find(|line| line.starts_with('{')).context("there is no service map")?;
    let map: Value = serde_json::from_str(map).context("the service map is no JSON")?;
    let observed = operations(&map)?;
    ensure!(observed == expected, "the client counted {expected:?}, geophone {observed:?}");
    let edge = find(&map, "edges", |edge| edge["source"] == CLIENT && edge["target"] == SERVER)
        .with_context(|| format!("the map has no edge from {CLIENT} to {SERVER}"))?;
    for view in ["client", "server"] {
        let seen = number(&edge[view], "requests").with_context(|| format!("the edge's {view} view"))?;
        ensure!(seen == requests, "the edge's {view} view has {seen} requests of {requests}");
    }
    // Whatever came after the map was drawn is in the final ledger.
    let row = format!("aggregate exchanges: seen {requests} = passed {requests}");
    ensure!(geophone.lines().any(|line| line.trim() == row), "the ledger has no row `{row}`");
    Ok(Counted { kernel, hooks, requests, operations: observed.len() })
}

/// The lines between `== name` and the next section.
fn section<'a>(console: &'a str, name: &str) -> Result<&'a str> {
    let head = format!("== {name}");
    let mut offset = 0;
    let mut begin = None;
    for line in console.split_inclusive('\n') {
        let is_head = line.starts_with("== ");
        if let Some(begin) = begin
            && is_head
        {
            return Ok(&console[begin..offset]);
        }
        offset += line.len();
        if is_head && line.trim_end() == head {
            begin = Some(offset);
        }
    }
    begin.map(|begin| &console[begin..]).with_context(|| format!("the console has no section `{name}`"))
}

/// How many hooks are attached: all of them must be.
fn hooks(geophone: &str) -> Result<usize> {
    if let Some(absent) = geophone.lines().find(|line| line.contains(": not attached")) {
        bail!("a hook is missing: {}", absent.trim());
    }
    ensure!(geophone.contains("Capture is attached."), "geophone could not attach its capture");
    let attached = geophone.lines().filter(|line| line.contains(": attached (")).count();
    ensure!(attached > 0, "geophone names no hook that is attached");
    Ok(attached)
}

fn exited_well(said: &str) -> Result<()> {
    let code = said.lines().find_map(|line| line.trim().strip_prefix("exit ")).context("it has not ended")?;
    ensure!(code == "0", "it ended with exit code {code}");
    Ok(())
}

/// How often each operation had which answer. The lines are `GET /ok 200`, and may go on.
fn answered(said: &str, who: &'static str) -> Result<BTreeMap<(String, u16), u64>> {
    exited_well(said).context(who)?;
    let mut counted = BTreeMap::new();
    for line in said.lines().filter(|line| line.starts_with("GET /")) {
        let mut words = line.split_whitespace();
        let (Some(verb), Some(path), Some(status)) = (words.next(), words.next(), words.next()) else {
            bail!("{who}: no request: {line}");
        };
        let status = status.parse().with_context(|| format!("{who}: no status: {line}"))?;
        *counted.entry((format!("{verb} {path}"), status)).or_default() += 1;
    }
    Ok(counted)
}

/// Requests, errors (5xx) and client errors (4xx) of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    requests: u64,
    errors: u64,
    client_errors: u64,
}

fn by_operation(answered: &BTreeMap<(String, u16), u64>) -> Result<BTreeMap<String, Figures>> {
    let mut operations: BTreeMap<String, Figures> = BTreeMap::new();
    for ((operation, status), count) in answered {
        let figures = operations.entry(operation.clone()).or_default();
        figures.requests += count;
        match status {
            200..=399 => {}
            400..=499 => figures.client_errors += count,
            500..=599 => figures.errors += count,
            other => bail!("{operation} was answered with {other}"),
        }
    }
    Ok(operations)
}

/// What geophone has seen nginx do.
fn operations(map: &Value) -> Result<BTreeMap<String, Figures>> {
    let node = find(map, "nodes", |node| node["id"] == SERVER).with_context(|| format!("the map has no {SERVER}"))?;
    let mut operations = BTreeMap::new();
    for operation in node["operations"].as_array().context("it has no operations")? {
        let name = operation["name"].as_str().context("an operation has no name")?;
        let figures = &operation["figures"];
        let figures = Figures {
            requests: number(figures, "requests")?,
            errors: number(figures, "errors")?,
            client_errors: number(figures, "client_errors")?,
        };
        ensure!(operations.insert(name.to_owned(), figures).is_none(), "{name} is there twice");
    }
    Ok(operations)
}

fn find<'a>(map: &'a Value, list: &str, is_wanted: impl Fn(&Value) -> bool) -> Option<&'a Value> {
    map[list].as_array()?.iter().find(|item| is_wanted(item))
}

fn number(object: &Value, name: &str) -> Result<u64> {
    object[name].as_u64().with_context(|| format!("no number `{name}` in {object}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a machine says on which everything is right, with a message of the kernel in between.
    fn said() -> String {
        let figures = |requests: u64, errors: u64, client_errors: u64| serde_json::json!({ "requests": requests, "errors": errors, "client_errors": client_errors });
        let operation = |name: &str, figures: Value| serde_json::json!({ "name": name, "figures": figures });
        let operations = [
            operation("GET /broken", figures(1, 1, 0)),
            operation("GET /missing", figures(1, 0, 1)),
            operation("GET /ok", figures(2, 0, 0)),
        ];
        let map = serde_json::json!({
            "nodes": [{ "id": CLIENT, "operations": [] }, { "id": SERVER, "operations": operations }],
            "edges": [{ "source": CLIENT, "target": SERVER, "client": figures(4, 1, 1), "server": figures(4, 1, 1) }],
        });
        let lines = [
            "SeaBIOS",
            "== kernel",
            "6.1.0-56-cloud-amd64",
            "[    2.000000] a message",
            "== client",
            "connected\nGET /ok 200 11\nGET /missing 404 12\nGET /broken 503 13\nGET /ok 200 14\nexit 0",
            "== server",
            "GET /ok 200\nGET /ok 200\nGET /missing 404\nGET /broken 503\nexit 0",
            "== map",
            &map.to_string(),
            "== geophone",
            "cgroup_skb/egress: attached (packets that leave)",
            "inet_sock_set_state: attached (who connects)",
            "Capture is attached. Open http://127.0.0.1:7070/",
            "  aggregate exchanges: seen 4 = passed 4",
            "exit 0",
            "== end",
            "[   20.000000] reboot: Power down",
        ];
        lines.join("\n").replace('\n', "\r\n")
    }

    #[test]
    fn what_is_right_is_found_right() {
        let counted = check(&said()).unwrap();
        assert_eq!(
            counted,
            Counted { kernel: "6.1.0-56-cloud-amd64".to_owned(), hooks: 2, requests: 4, operations: 3 }
        );
    }

    #[test]
    fn everything_that_may_be_wrong_is_named() {
        let said = said();
        for (right, wrong, named) in [
            ("== end", "", "it did not come to its end"),
            ("state: attached (", "state: not attached, so without (", "a hook is missing: inet_sock_set_state"),
            ("Capture is attached.", "geophone: no", "could not attach"),
            ("passed 4\r\nexit 0", "passed 4\r\nexit 1", "geophone: it ended with exit code 1"),
            ("passed 4\r\nexit 0", "passed 4", "geophone: it has not ended"),
            ("GET /ok 200 14", "", "nginx logged"),
            ("GET /ok 200 11", "GET /ok 204 11", "nginx logged"),
            ("404 12", "none 12", "client: no status"),
            ("14\r\nexit 0", "14\r\nexit 1", "client: it ended with exit code 1"),
            (
                r#""client_errors":1,"errors":0,"requests":1"#,
                r#""client_errors":0,"errors":1,"requests":1"#,
                "geophone {",
            ),
            (r#""requests":2"#, r#""requests":3"#, "geophone {"),
            (r#""requests":4"#, r#""requests":5"#, "the edge's client view has 5 requests of 4"),
            (r#""source":"process~"#, r#""source":"unit~"#, "no edge from"),
            (r#""id":"process~nginx""#, r#""id":"unknown~port_2080""#, "the map has no process~nginx"),
            ("exchanges: seen 4 = passed 4", "exchanges: seen 5 = passed 5", "no row `aggregate exchanges: seen 4"),
        ] {
            assert!(said.contains(right), "{right}");
            let error = format!("{:#}", check(&said.replacen(right, wrong, 1)).unwrap_err());
            assert!(error.contains(named), "{right} → {wrong}: {error}");
        }
    }
}
