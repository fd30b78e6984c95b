//! A connection's ledger.

/// What a connection has seen, and what became of it: messages and bytes, each by named reason.
///
/// The ledger [balances](Self::balances) after every call:
///
/// * `requests = paired + unanswered + requests_unmatched + requests_evicted + requests_abandoned + open_requests`
/// * `responses = paired + responses_unmatched + responses_abandoned + open_responses`
/// * exchanges that [`poll`](crate::Connection::poll) yields `= paired + unanswered + one_way - exchanges_dropped`
///
/// What asks for no answer is in `one_way` alone, whichever way it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Requests that were recognised.
    pub requests: u64,
    /// Final responses that were recognised, or that were not valid but answer a request.
    pub responses: u64,
    /// Interim responses (HTTP: 1xx), which are in no sum.
    pub interim: u64,
    /// Messages that ask for no answer, each of them an exchange.
    pub one_way: u64,
    /// Exchanges with a request and a response.
    pub paired: u64,
    /// Exchanges whose request got no response before the connection ended.
    pub unanswered: u64,
    /// Requests dropped because bytes had been lost and it could not be told which response is theirs.
    pub requests_unmatched: u64,
    /// Requests dropped because too many were open.
    pub requests_evicted: u64,
    /// Requests that were open when the observation stopped.
    pub requests_abandoned: u64,
    /// Responses whose request was not seen, was evicted, or could not be told. A response that a server sends
    /// unasked (HTTP 408 on an idle connection) is one of them: there is no operation to report it under.
    pub responses_unmatched: u64,
    /// Responses that were under way when the observation stopped.
    pub responses_abandoned: u64,
    /// Requests that are under way or unanswered.
    pub open_requests: u64,
    /// Responses that are under way and have a request.
    pub open_responses: u64,
    /// Finished exchanges that were dropped because nobody polled.
    pub exchanges_dropped: u64,
    /// Requests that are not valid in the protocol. They are in `requests` too.
    pub malformed_requests: u64,
    /// Responses that are not valid in the protocol.
    pub malformed_responses: u64,
    /// How often a direction lost its place between messages, by malformed bytes or by a gap.
    pub desyncs: u64,
    /// Bytes that were reported as lost.
    pub gap_bytes: u64,
    /// Bytes that belong to no message: passed over between messages or in search of the next one.
    pub unparsed_bytes: u64,
    /// Bytes that were left out on the parser's word.
    pub skipped_bytes: u64,
    /// Definitions (prepared statements, names of topic ids) that were forgotten for want of room.
    pub definitions_evicted: u64,
}

impl Counters {
    /// Adds those of another parser.
    pub fn add(&mut self, other: &Self) {
        let Self {
            requests,
            responses,
            interim,
            one_way,
            paired,
            unanswered,
            requests_unmatched,
            requests_evicted,
            requests_abandoned,
            responses_unmatched,
            responses_abandoned,
            open_requests,
            open_responses,
            exchanges_dropped,
            malformed_requests,
            malformed_responses,
            desyncs,
            gap_bytes,
            unparsed_bytes,
            skipped_bytes,
            definitions_evicted,
        } = self;
        for (sum, count) in [
            (requests, other.requests),
            (responses, other.responses),
            (interim, other.interim),
            (one_way, other.one_way),
            (paired, other.paired),
            (unanswered, other.unanswered),
            (requests_unmatched, other.requests_unmatched),
            (requests_evicted, other.requests_evicted),
            (requests_abandoned, other.requests_abandoned),
            (responses_unmatched, other.responses_unmatched),
            (responses_abandoned, other.responses_abandoned),
            (open_requests, other.open_requests),
            (open_responses, other.open_responses),
            (exchanges_dropped, other.exchanges_dropped),
            (malformed_requests, other.malformed_requests),
            (malformed_responses, other.malformed_responses),
            (desyncs, other.desyncs),
            (gap_bytes, other.gap_bytes),
            (unparsed_bytes, other.unparsed_bytes),
            (skipped_bytes, other.skipped_bytes),
            (definitions_evicted, other.definitions_evicted),
        ] {
            *sum = sum.saturating_add(count);
        }
    }

    /// Whether every request and every response that was seen is accounted for.
    #[must_use]
    pub fn balances(&self) -> bool {
        let sum = |reasons: &[u64]| reasons.iter().fold(0, |sum: u64, &count| sum.saturating_add(count));
        let requests = sum(&[
            self.paired,
            self.unanswered,
            self.requests_unmatched,
            self.requests_evicted,
            self.requests_abandoned,
            self.open_requests,
        ]);
        let responses = sum(&[self.paired, self.responses_unmatched, self.responses_abandoned, self.open_responses]);
        self.requests == requests && self.responses == responses
    }
}
