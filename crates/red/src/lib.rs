//! Windows of rate, errors and duration: path templating, cardinality caps, mergeable snapshots.
