//! The caps on what a pipeline holds, and how long it waits.

use geophone_model::time::Window;

/// The caps of a [`Pipeline`](crate::Pipeline) and how long it waits for what is missing.
///
/// Whatever goes over a cap is given up and counted: see [`Pipeline::ledger`](crate::Pipeline::ledger) and
/// [`Pipeline::connections`](crate::Pipeline::connections).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Connections in the table, those that lately closed included. Past it the one that closed first, else the one that
    /// was silent longest makes room.
    pub max_connections: usize,
    /// Pairs of sockets whose datagrams are read. Past it the pair that was silent longest makes room.
    pub max_datagram_pairs: usize,
    /// Sockets of which something is remembered: their role and the address that they dialled. Past it the one that was
    /// silent longest is forgotten.
    pub max_sockets: usize,
    /// Nanoseconds of silence after which a connection is given up.
    pub idle_ns: u64,
    /// Nanoseconds that a closed connection's addresses are remembered, so that a late retransmission does not look like a
    /// new connection.
    pub linger_ns: u64,
    /// Nanoseconds of event time for which later bytes wait for missing ones, and a closed socket's connection for its
    /// last packets.
    pub patience_ns: u64,
    /// How far ahead of all before it an event's time may be and be believed at once, in nanoseconds. What is further ahead
    /// is believed when a second time, next to it and not the same, comes directly after it: so a long pause is over with
    /// its second event, and a single event from a broken clock ends no connection and nobody's patience.
    pub max_step_ns: u64,
    /// Bytes that wait for missing ones, in one direction of a connection.
    pub held_bytes_per_direction: usize,
    /// Pieces that wait for missing ones, in one direction of a connection.
    pub held_segments_per_direction: usize,
    /// Bytes that wait for missing ones, in all; at most a quarter of the memory budget.
    pub held_bytes: usize,
    /// Bytes that an unwanted range must have left for it to be worth telling the source: an update costs about as much
    /// as copying some ten thousand, and what passed before the source hears of it was copied all the same.
    pub min_skip_bytes: u64,
    /// Bytes of a connection that was open before it was seen, beyond those that a detector holds, in which the beginning
    /// of a message is still looked for: capture may have begun in the middle of a long body. After that it counts as
    /// unrecognised, and is left alone.
    pub late_search_bytes: u64,
    /// Finished exchanges that wait for [`poll`](crate::Pipeline::poll). Past it further ones are dropped.
    pub max_ready: usize,
    /// Length of the windows that coverage is kept for, in nanoseconds.
    pub window_ns: u64,
    /// Windows of coverage that wait to be taken. Past it the oldest is forgotten.
    pub max_windows: usize,
    /// Estimated bytes of memory past which connections make room for new ones, as they do past
    /// [`max_connections`](Self::max_connections).
    pub memory_budget_bytes: usize,
    /// The parsers' own caps.
    pub parser_limits: geophone_proto_parse::Limits,
}

impl Default for Config {
    fn default() -> Self {
        let mut parser_limits = geophone_proto_parse::Limits::default();
        // What a connection may cost is what many connections cost at once: its parser keeps few emptied buffers.
        parser_limits.spare_exchanges = 4;
        Self {
            max_connections: 16 * 1024,
            max_datagram_pairs: 4 * 1024,
            max_sockets: 32 * 1024,
            idle_ns: 900_000_000_000,
            linger_ns: 2_000_000_000,
            patience_ns: 1_000_000_000,
            max_step_ns: 60_000_000_000,
            held_bytes_per_direction: 1 << 20,
            held_segments_per_direction: 512,
            held_bytes: 16 << 20,
            min_skip_bytes: 32 * 1024,
            late_search_bytes: 4 << 20,
            max_ready: 16 * 1024,
            window_ns: Window::DEFAULT_LENGTH_NS,
            max_windows: 64,
            memory_budget_bytes: 48 << 20,
            parser_limits,
        }
    }
}
