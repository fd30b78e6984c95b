//! What the pictures say about a node or an edge, before any escaping.

use geophone_distribution::Distribution;
use geophone_model::{identity::Identity, protocol::Role};

use crate::{
    Edge, Health, Node, ServiceMap, Tally,
    summary::seconds,
    text::{duration, percent, rate},
};

/// Most characters of a name in a picture; the rest is cut and an ellipsis stands for it.
const MAX_NAME_CHARS: usize = 80;

/// The name, on one line and without characters that change how others are shown.
pub(super) fn name(identity: &Identity) -> String {
    let name = identity.to_string();
    let mut chars = name.chars().map(|c| if is_shown(c) { c } else { ' ' });
    let mut shown: String = chars.by_ref().take(MAX_NAME_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Not a control character, a line or paragraph separator, or one that turns the direction of writing (Unicode Standard
/// Annex 9).
fn is_shown(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns)
}

/// `container, degraded`, `database (postgres), container`; of somebody outside the kind alone.
pub(super) fn kind(node: &Node) -> String {
    let kind = match node.role() {
        Role::Service => node.identity().kind.as_str().to_owned(),
        role => {
            let protocols: Vec<_> = node.protocols().iter().map(|protocol| protocol.as_str()).collect();
            format!("{} ({}), {}", role.as_str(), protocols.join(", "), node.identity().kind.as_str())
        }
    };
    match node.verdict().health {
        Health::Unknown => kind,
        health => format!("{kind}, {health}"),
    }
}

/// `12.3/s, p95 4.56 ms, 1.2 % errors` of a node; `None` where nobody calls it.
pub(super) fn node_figures(map: &ServiceMap, node: &Node) -> Option<String> {
    node.inbound().map(|tally| figures(map, tally))
}

/// The same of an edge, in the view that it shows first.
pub(super) fn edge_figures(map: &ServiceMap, edge: &Edge) -> String {
    edge.views().primary().map(|tally| figures(map, tally)).unwrap_or_default()
}

/// Requests a second.
pub(super) fn rate_of(map: &ServiceMap, tally: &Tally) -> String {
    rate(map.rate_per_second(tally))
}

/// `p95 4.56 ms`; `None` where no call was answered.
pub(super) fn p95_of(tally: &Tally) -> Option<String> {
    tally.duration().quantile_ns(0.95).map(|p95_ns| format!("p95 {}", duration(seconds(p95_ns))))
}

fn figures(map: &ServiceMap, tally: &Tally) -> String {
    let errors = (tally.errors() > 0).then(|| format!("{} errors", percent(tally.errors(), tally.requests())));
    [Some(rate_of(map, tally)), p95_of(tally), errors].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The colour of a health, as `#rrggbb`.
pub(super) const fn colour(health: Health) -> &'static str {
    match health {
        Health::Unknown => "#8e8e8e",
        Health::Healthy => "#4caf50",
        Health::Degraded => "#ff9830",
        Health::Failing => "#e02f44",
    }
}
