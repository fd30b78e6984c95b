//! The range of time that a query is about, and what was measured in it.

use std::sync::Arc;

use geophone_model::{
    series::WindowSnapshot,
    time::{Timestamp, Window},
};
use geophone_servicemap::{MapBuilder, ServiceMap};
use geophone_store::{PointFilter, PointQuery};

use crate::{
    ApiState, DEFAULT_LAST_NS, Problem,
    query::Query,
    time::{parse_duration_ns, parse_time, rfc3339, seconds},
};

/// Windows by which the newest one may be behind the end of a range that lasts until now: the one that is still open, and
/// two on their way.
const WINDOWS_UNDER_WAY: u64 = 3;

/// Reads `from`, `to` and `last`.
pub(crate) async fn read(query: &Query, state: &ApiState) -> Result<Window, Problem> {
    let from = query.value("from", parse_time)?;
    let last_ns = query.value("last", parse_duration_ns)?;
    let to = query.value("to", parse_time)?;
    if let (None, None, None, Some(recording)) = (from, last_ns, to, state.source().recording()) {
        return Ok(recording.range);
    }
    let to = match to {
        Some(to) => to,
        None => state.now().await?,
    };
    let max_ns = state.max_range_ns();
    match (from, last_ns) {
        (Some(_), Some(_)) => Err(Problem::invalid_parameter("last", "give either `from` or `last`")),
        (Some(from), None) => between("from", from, to, max_ns),
        (None, last_ns) => between("last", to.minus_ns(last_ns.unwrap_or(DEFAULT_LAST_NS)), to, max_ns),
    }
}

/// The range of two times, of which `name` gave the first.
pub(crate) fn between(name: &str, from: Timestamp, to: Timestamp, max_ns: u64) -> Result<Window, Problem> {
    let length_ns = to.ns_since(from);
    if from > to {
        let (from, to) = (rfc3339(from), rfc3339(to));
        return Err(Problem::invalid_parameter(name, format!("the range starts at {from}, after its end at {to}")));
    }
    if length_ns > max_ns {
        let (length, max) = (seconds(length_ns), seconds(max_ns));
        return Err(Problem::invalid_parameter(
            name,
            format!("the range is {length} s long, and at most {max} s are answered"),
        ));
    }
    Ok(Window { start: from, length_ns })
}

/// The windows of a range, and the part of it that they measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// The windows, oldest first.
    pub(crate) windows: Vec<Arc<WindowSnapshot>>,
    /// The part of the range that rates are of.
    pub(crate) span: Window,
}

impl Measured {
    /// Reads the windows of a range.
    pub(crate) async fn read(state: &ApiState, range: Window, filter: PointFilter) -> Result<Self, Problem> {
        let mut query = PointQuery::new(range);
        query.filter = filter;
        query.max_points = state.config().max_points;
        let windows = state.store().windows(query).await?;
        let held = state.store().stats().await?.points;
        Ok(Self { span: span(range, &windows, held.oldest, held.newest), windows })
    }

    /// The map of what was measured.
    pub(crate) fn map(&self, state: &ApiState) -> ServiceMap {
        let mut builder = MapBuilder::new(self.span, state.config().map);
        self.windows.iter().for_each(|window| builder.add(window));
        builder.finish()
    }
}

/// The part of a range that was measured: it ends where windows end, does not begin before the oldest window that is held,
/// and does not go on after the newest one if that is only because the next is not closed yet. Otherwise a program that was
/// started a minute ago would show a fifteenth of the rate.
fn span(
    range: Window,
    windows: &[Arc<WindowSnapshot>],
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
) -> Window {
    let (Some(first), Some(oldest), Some(newest)) = (windows.first(), oldest, newest) else { return range };
    let length_ns = first.window.length_ns.max(1);
    let round_up = |at: Timestamp| Timestamp::from_ns(at.as_ns().div_ceil(length_ns).saturating_mul(length_ns));
    let (start, end) = (round_up(range.start).max(oldest), round_up(range.end()));
    let end = if end.ns_since(newest) <= WINDOWS_UNDER_WAY * length_ns { end.min(newest) } else { end };
    // Windows of another length may lie elsewhere: none of those that were read may be outside.
    let start = start.min(first.window.start);
    let end = windows.last().map_or(end, |last| end.max(last.window.end()));
    Window { start, length_ns: end.ns_since(start) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: u64) -> Arc<WindowSnapshot> {
        let window = Window { start: Timestamp::from_ns(start), length_ns: 10 };
        Arc::new(WindowSnapshot { window, points: Vec::new(), coverage: Default::default() })
    }

    fn measured(from: u64, to: u64, windows: &[u64], oldest: u64, newest: u64) -> (u64, u64) {
        let range = Window { start: Timestamp::from_ns(from), length_ns: to - from };
        let windows: Vec<_> = windows.iter().copied().map(window).collect();
        let span = span(range, &windows, Some(Timestamp::from_ns(oldest)), Some(Timestamp::from_ns(newest)));
        (span.start.as_ns(), span.end().as_ns())
    }

    #[test]
    fn a_range_that_was_measured_throughout_is_rounded_to_its_windows() {
        assert_eq!(measured(95, 305, &[100, 300], 0, 1000), (100, 310));
        assert_eq!(measured(100, 300, &[100, 290], 0, 1000), (100, 300));
    }

    #[test]
    fn what_was_not_measured_yet_is_left_out_at_both_ends() {
        assert_eq!(measured(0, 1000, &[900, 960], 900, 970), (900, 970));
    }

    #[test]
    fn silence_is_measured() {
        assert_eq!(measured(0, 1000, &[0, 500], 0, 510), (0, 1000));
    }
}
