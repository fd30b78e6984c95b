//! The formats of others, and names that try to break out of them.

use std::{path::Path, sync::Arc};

use geophone_model::{
    identity::{Identity, IdentityKind},
    series::View,
};
use geophone_servicemap::{Health, ServiceMap};
use proptest::prelude::*;

use crate::sample::{map, point, shop};

/// Compares with `tests/map/golden/<name>`, or writes it where the environment has `UPDATE_GOLDEN`.
fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/map/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "{name} is not as expected; with UPDATE_GOLDEN=1 it is written anew:\n{found}");
}

#[test]
fn graphviz() {
    check("shop.dot", &shop().to_dot());
}

#[test]
fn mermaid() {
    check("shop.mmd", &shop().to_mermaid());
}

#[test]
fn grafana() {
    let graph = shop().to_grafana();
    for node in &graph.nodes {
        let shares = [node.arc_ok, node.arc_client_error, node.arc_error];
        assert_eq!(shares.iter().flatten().count(), if node.mainstat.is_empty() { 0 } else { 3 });
        assert!(node.mainstat.is_empty() || (shares.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-9);
    }
    for edge in &graph.edges {
        assert!([&edge.source, &edge.target].iter().all(|id| graph.nodes.iter().any(|node| node.id == **id)));
    }
}

#[cfg(feature = "serde")]
mod json {
    use geophone_servicemap::{
        Difference,
        export::{
            document::{Detail, Document},
            grafana::NodeGraph,
        },
    };

    use super::check;
    use crate::sample::{map, shop};

    #[test]
    fn the_schema_is_stable() {
        let document = shop().to_document(Detail::Operations);
        let json = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), document);
        check("shop.json", &json);
    }

    #[test]
    fn without_operations_the_breakdowns_are_empty() {
        let document = shop().to_document(Detail::Services);
        assert!(document.nodes.iter().all(|node| node.operations.is_empty()));
        assert!(document.edges.iter().all(|edge| edge.operations.is_empty() && edge.protocols.is_empty()));
        let full = shop().to_document(Detail::Operations);
        assert_eq!((document.nodes.len(), document.edges.len()), (full.nodes.len(), full.edges.len()));
    }

    #[test]
    fn grafana_has_the_field_names_that_the_panel_looks_for() {
        let graph = shop().to_grafana();
        let json = serde_json::to_string_pretty(&graph).unwrap();
        assert_eq!(serde_json::from_str::<NodeGraph>(&json).unwrap(), graph);
        check("shop-grafana.json", &json);
    }

    #[test]
    fn a_difference_is_readable_by_programs() {
        let difference = Difference::between(&map(&[]), &shop());
        let json = serde_json::to_string(&difference).unwrap();
        assert_eq!(serde_json::from_str::<Difference>(&json).unwrap(), difference);
        assert!(json.contains(r#"{"source":"container~front~web","target":"container~back~cart"}"#), "{json}");
    }
}

/// A map of one call between a client with this name and a server of another kind.
fn named(kind: IdentityKind, namespace: Option<&str>, name: &str) -> ServiceMap {
    let client = Arc::new(Identity::new(kind, namespace, name));
    let server = Arc::new(Identity::new(IdentityKind::Unknown, None, "server"));
    map(&[point(View::Server, &client, &server, 1)])
}

/// The statements of a Graphviz graph as its lexer sees them: quoted strings as `""`, and everything else as it is.
fn dot_statements(dot: &str) -> (Vec<String>, Vec<String>) {
    let (mut statements, mut strings) = (vec![String::new()], Vec::new());
    let mut chars = dot.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut string = String::new();
                loop {
                    match chars.next().expect("the string ends") {
                        '"' => break,
                        '\\' => string.extend(['\\', chars.next().expect("the escape ends")]),
                        c => string.push(c),
                    }
                }
                strings.push(string);
                statements.last_mut().unwrap().push_str("\"\"");
            }
            ';' => statements.push(String::new()),
            c => statements.last_mut().unwrap().push(c),
        }
    }
    (statements.iter().map(|statement| statement.trim().to_owned()).collect(), strings)
}

/// The inverse of escaping a Graphviz label; panics where something is an escape that text must not have.
fn dot_text(label: &str) -> String {
    let mut text = String::new();
    let mut rest = label;
    while let Some(c) = rest.chars().next() {
        let (decoded, len) = match c {
            '\\' if rest.starts_with("\\\"") => ('"', 2),
            '\\' if rest.starts_with("\\\\") => ('\\', 2),
            '&' if rest.starts_with("&amp;") => ('&', 5),
            '\\' | '&' | '"' => panic!("escape in {label}"),
            c => (c, c.len_utf8()),
        };
        text.push(decoded);
        rest = &rest[len..];
    }
    text
}

/// The inverse of escaping a Mermaid label; panics where a character could mean something to its readers.
fn mermaid_text(label: &str) -> String {
    let mut text = String::new();
    let mut rest = label;
    while let Some(c) = rest.chars().next() {
        let (decoded, len) = match c {
            '#' => {
                let (code, _) = rest[1..].split_once(';').expect("the entity ends");
                (char::from_u32(code.parse().unwrap()).unwrap(), code.len() + 2)
            }
            c if c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | '-' | '/') => (c, c.len_utf8()),
            c => panic!("{c:?} in {label}"),
        };
        text.push(decoded);
        rest = &rest[len..];
    }
    text
}

/// Lines of a Mermaid node: opening, label and what follows it.
fn mermaid_node(line: &str) -> (&str, &str, &str) {
    let (open, rest) = line.split_once('"').expect("a label begins");
    let (label, close) = rest.split_once('"').expect("a label ends");
    (open.trim_start(), label, close)
}

fn assert_contained(kind: IdentityKind, namespace: Option<&str>, name: &str) {
    let map = named(kind, namespace, name);
    let plain = named(kind, namespace.map(|_| "x"), "x");
    let index =
        map.nodes().iter().position(|node| node.identity().name == name && node.identity().kind == kind).unwrap();
    let shown: String = map.to_grafana().nodes[index].title.clone();
    assert!(shown.chars().count() <= 81 && !shown.chars().any(char::is_control));

    let ((statements, strings), (expected, _)) = (dot_statements(&map.to_dot()), dot_statements(&plain.to_dot()));
    let sorted = |mut statements: Vec<String>| {
        statements.sort_unstable();
        statements
    };
    assert_eq!(sorted(statements), sorted(expected), "the graph has other statements");
    let second_line = format!("\\n{}", kind.as_str());
    let label = strings.iter().find_map(|string| string.strip_suffix(&second_line)).expect("the node has a label");
    assert_eq!(dot_text(label), shown);

    let (mermaid, expected) = (map.to_mermaid(), plain.to_mermaid());
    assert_eq!(mermaid.lines().count(), expected.lines().count(), "the chart has other lines");
    let (open, label, close) = mermaid_node(mermaid.lines().nth(1 + index).unwrap());
    let brackets = if kind.is_local() { ("[", "]") } else { ("([", "])") };
    assert_eq!((open, close), (&*format!("n{index}{}", brackets.0), &*format!("{}:::unknown", brackets.1)));
    assert_eq!(mermaid_text(label.split("<br/>").next().unwrap()), shown);
}

#[test]
fn hostile_names_stay_in_their_labels() {
    for name in [
        "\"]; evil [label=\"",
        "x\\",
        "x\\\"; evil -> evil; \"",
        "\\N \\G \\l",
        "&lt;b&gt; &quot;",
        "<script>alert(1)</script>",
        "<b>bold</b>",
        "a\"] --> evil[\"b",
        "a\nn1 --> evil",
        "a\r\nclick n0 \"javascript:alert(1)\"",
        "%%{init: {'securityLevel': 'loose'}}%%",
        "#quot;] --> evil",
        "#35;",
        "`**markdown**`",
        "1. list",
        "- list",
        "end",
        "subgraph",
        "{\"json\":\"\u{7}\"}",
        "\u{202e}drowssap",
        "line\u{2028}separator",
        "\0",
        "",
        "ä 漢字 🦀",
        "https://example.com/?a=b&c=d",
    ] {
        for kind in [IdentityKind::Process, IdentityKind::ExternalClient] {
            assert_contained(kind, None, name);
            assert_contained(kind, Some(name), name);
        }
    }
}

#[test]
fn long_names_are_cut() {
    let map = named(IdentityKind::Process, None, &"x".repeat(10_000));
    let graph = map.to_grafana();
    let title = graph.nodes.iter().map(|node| &node.title).max().unwrap();
    assert_eq!(*title, format!("{}…", "x".repeat(80)));
}

#[test]
fn plain_names_stay_readable() {
    let map = named(IdentityKind::Unit, Some("shop"), "nginx-1.service");
    assert!(map.to_mermaid().contains("[\"shop/nginx-1.service<br/>unit\"]"), "{}", map.to_mermaid());
}

#[test]
fn every_health_has_a_colour_of_its_own() {
    let mermaid = shop().to_mermaid();
    let mut colours: Vec<_> =
        mermaid.lines().filter_map(|line| line.split_once("stroke:")).map(|(_, rest)| rest).collect();
    colours.sort_unstable();
    colours.dedup();
    assert_eq!(colours.len(), Health::ALL.len());
}

proptest! {
    #[test]
    fn no_name_breaks_out(name in any::<String>(), namespace in proptest::option::of(any::<String>())) {
        assert_contained(IdentityKind::Container, namespace.as_deref(), &name);
    }

    #[test]
    fn no_name_of_special_characters_breaks_out(name in "[\"\\\\#&;<>\\[\\]()|`{}%\n\r \\-.1a*_:]{0,20}") {
        assert_contained(IdentityKind::ExternalClient, None, &name);
    }
}
