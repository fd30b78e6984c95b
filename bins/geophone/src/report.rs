//! Services and edges as text.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use geophone_model::{ledger::LedgerRow, protocol::Role, series::View, time::Window};
use geophone_servicemap::{Config, Edge, Node, ServiceMap, Summary, Tally, export::document::Detail};
use geophone_store::{PointQuery, STORE_SOURCE, Store};

use crate::args::Format;

/// The map of what the store holds of a range. Its own range is what is left of that where windows were evicted, so that rates
/// are of the time that their requests are of.
pub(crate) fn map(store: &dyn Store, range: Window) -> Result<ServiceMap> {
    let points = pollster::block_on(store.stats()).context("cannot read the store")?.points;
    let begin = match points.evicted {
        0 => range.start,
        _ => points.oldest.unwrap_or(range.end()).max(range.start),
    };
    let held = Window { start: begin, length_ns: range.end().ns_since(begin) };
    let windows = pollster::block_on(store.windows(PointQuery::new(held))).context("cannot read the store")?;
    Ok(ServiceMap::from_snapshots(windows.iter().map(|window| &**window), held, Config::default()))
}

/// What of a range is not on a map, as a sentence, where something is not.
pub(crate) fn evicted(range: Window, map: &ServiceMap) -> Option<String> {
    let seconds = |window: Window| window.length_ns as f64 / 1e9;
    (map.range() != range).then(|| {
        format!(
            "only the last {} s of {} s are shown: older windows were evicted, as there is no memory for more \
             (--memory-limit SIZE gives it more)",
            seconds(map.range()),
            seconds(range),
        )
    })
}

/// What a store was given, and what it still holds.
pub(crate) fn held(store: &dyn Store) -> Result<Vec<LedgerRow>> {
    let records = pollster::block_on(store.ledger()).context("cannot read the store")?;
    let own = records.iter().filter(|record| *record.source == *STORE_SOURCE);
    Ok(own.flat_map(|record| record.rows.iter().cloned()).collect())
}

/// The map in a format.
pub(crate) fn format(map: &ServiceMap, format: Format) -> Result<String> {
    Ok(match format {
        Format::Table => table(map),
        Format::Json => serde_json::to_string_pretty(&map.to_document(Detail::Operations))? + "\n",
        Format::Dot => map.to_dot(),
        Format::Mermaid => map.to_mermaid(),
    })
}

/// Accounts, a line each under their head.
pub(crate) fn ledger(head: &str, rows: &[LedgerRow]) -> String {
    rows.iter().fold(format!("{head}\n"), |text, row| text + &format!("  {row}\n"))
}

fn table(map: &ServiceMap) -> String {
    if map.nodes().is_empty() {
        return "No exchange of a known protocol was seen.\n".to_owned();
    }
    let services = map.nodes().iter().filter_map(|node| service(map, node));
    let edges = map.edges().iter().map(|edge| edge_row(map, edge));
    let mut text = String::new();
    let figures = ["health", "requests", "req/s", "errors", "client err.", "p50", "p95", "p99", "view"];
    text += &columns(&[&["SERVICE", "kind"], figures.as_slice()].concat(), 3, services);
    text.push('\n');
    text += &columns(&[&["CLIENT", "SERVER", "protocol"], figures.as_slice()].concat(), 4, edges);
    let coverage = map.coverage();
    let _ = writeln!(text, "\nCoverage: {:.2} % of the wanted bytes", coverage.ratio() * 100.0);
    text
}

/// A row for a service; none for who only asks.
fn service(map: &ServiceMap, node: &Node) -> Option<Vec<String>> {
    let inbound = node.inbound()?;
    let kind = match node.role() {
        Role::Service => node.identity().kind.as_str(),
        role => role.as_str(),
    };
    let mut row = vec![node.identity().to_string(), kind.to_owned()];
    row.push(node.verdict().health.as_str().to_owned());
    row.extend(figures(map, inbound));
    Some(row)
}

fn edge_row(map: &ServiceMap, edge: &Edge) -> Vec<String> {
    let protocols: Vec<_> = edge.protocols().into_keys().map(geophone_model::protocol::Protocol::as_str).collect();
    let mut row = vec![edge.client().to_string(), edge.server().to_string(), protocols.join(", ")];
    row.push(edge.verdict().health.as_str().to_owned());
    if let Some(tally) = edge.views().primary() {
        row.extend(figures(map, tally));
    }
    row
}

fn figures(map: &ServiceMap, tally: &Tally) -> Vec<String> {
    let summary: Summary = map.summary(tally);
    let quantile = |pick: fn(&geophone_servicemap::Quantiles) -> f64| {
        summary.duration_seconds.as_ref().map_or_else(|| "–".to_owned(), |quantiles| seconds(pick(quantiles)))
    };
    let view = match summary.view {
        _ if summary.same_point == summary.requests => "both",
        View::Client => "client",
        View::Server => "server",
    };
    vec![
        summary.requests.to_string(),
        format!("{:.1}", summary.rate_per_second),
        summary.errors.to_string(),
        summary.client_errors.to_string(),
        quantile(|quantiles| quantiles.p50),
        quantile(|quantiles| quantiles.p95),
        quantile(|quantiles| quantiles.p99),
        view.to_owned(),
    ]
}

/// A duration with three digits that count.
fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s => (s * 1e6, "µs"),
    };
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

/// Rows under their heads, each column as wide as its widest cell; numbers to the right.
fn columns(heads: &[&str], texts: usize, rows: impl Iterator<Item = Vec<String>>) -> String {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                // Names and health at the beginning, the view at the end; the rest are numbers.
                _ if column < texts || column + 1 == columns => write!(line, "{cell:width$}  "),
                _ => write!(line, "{cell:>width$}  "),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits() {
        let shown: Vec<_> = [0.000_000_9, 0.000_042, 0.001_234, 0.012_34, 0.1234, 1.234, 99.96].map(seconds).into();
        assert_eq!(shown, ["0.90 µs", "42.0 µs", "1.23 ms", "12.3 ms", "123 ms", "1.23 s", "100 s"]);
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["nginx".to_owned(), "unit".to_owned()], vec!["é".to_owned(), "process".to_owned()]];
        assert_eq!(
            columns(&["SERVICE", "kind"], 2, rows.into_iter()),
            "SERVICE  kind\nnginx    unit\né        process\n"
        );
    }
}
