//! The storage trait for series, exchanges, ledger and events, its memory backend and its conformance suite.
