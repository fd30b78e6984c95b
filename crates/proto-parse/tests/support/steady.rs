//! Allocations in the steady state.

use geophone_proto_parse::{Connection, Direction, Exchange, Limits, Protocol};

/// What goes over a connection again and again.
pub(crate) struct Round<'a> {
    /// What comes once, before all rounds: a greeting, a login.
    pub(crate) prelude: &'a [(Direction, &'a [u8])],
    pub(crate) request: &'a [u8],
    pub(crate) response: &'a [u8],
    /// Exchanges that come of one request and one response.
    pub(crate) exchanges: usize,
}

impl Round<'_> {
    /// Fails unless rounds of this kind, `depth` requests before as many responses and in pieces of `cut` bytes, cost no
    /// allocation once the first few have passed.
    pub(crate) fn assert_free(&self, protocol: Protocol, depth: usize, cut: usize) {
        let mut connection = protocol.connection(&Limits::default(), false).expect("the feature is on");
        let mut out = Exchange::default();
        for (direction, data) in self.prelude {
            connection.bytes(*direction, 1, data);
        }
        while connection.poll(&mut out) {}
        // Each of the buffers that go round has had each of its roles after some rounds.
        let first = self.allocations(64, depth, cut, &mut *connection, &mut out);
        assert!(first > 0, "the counter counts");
        let later = self.allocations(1000, depth, cut, &mut *connection, &mut out);
        assert_eq!(later, 0, "{} at depth {depth}, cut at {cut}", protocol.name());
    }

    fn allocations(
        &self,
        rounds: usize,
        depth: usize,
        cut: usize,
        connection: &mut dyn Connection,
        out: &mut Exchange,
    ) -> u64 {
        let (requests, responses) = (self.request.repeat(depth), self.response.repeat(depth));
        let measured = allocation_counter::measure(|| {
            for _ in 0..rounds {
                requests.chunks(cut).for_each(|data| connection.bytes(Direction::ToServer, 1, data));
                responses.chunks(cut).for_each(|data| connection.bytes(Direction::ToClient, 2, data));
                for _ in 0..depth * self.exchanges {
                    assert!(connection.poll(out));
                }
                assert!(!connection.poll(out));
            }
        });
        measured.count_total
    }
}
