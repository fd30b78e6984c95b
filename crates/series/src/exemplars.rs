//! Single exchanges that stand for the rest.

use geophone_model::series::Exemplar;

/// Most exemplars of a series in a window.
pub const MAX_EXEMPLARS: usize = 4;

/// Adds an exemplar, and keeps the slowest [`MAX_EXEMPLARS`], the slowest first. Among equally slow ones the trace decides,
/// so that the order in which they come does not.
#[inline]
pub fn keep_slowest(kept: &mut Vec<Exemplar>, exemplar: Exemplar) {
    let position = kept.partition_point(|other| rank(other) >= rank(&exemplar));
    if position == MAX_EXEMPLARS {
        return;
    }
    kept.truncate(MAX_EXEMPLARS - 1);
    kept.insert(position, exemplar);
}

/// A total order: two exemplars of one rank are equal.
fn rank(exemplar: &Exemplar) -> impl Ord + use<> {
    let Exemplar { at, duration_ns, trace } = *exemplar;
    (duration_ns, trace.trace_id, trace.span_id, trace.flags, at)
}
