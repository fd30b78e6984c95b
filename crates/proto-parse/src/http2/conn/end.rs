//! How exchanges end: answered, called off, or with the connection.

use super::Connection;
use crate::Direction;
use crate::http2::stream::Cause;
use crate::pairing::Pairing as _;

impl Connection {
    /// The exchange of a stream is over.
    pub(super) fn finish(&mut self, key: u64, cause: Cause, end_ns: u64) {
        let Some(open) = self.pairing.get(key) else { return };
        if open.memo.status_is_lost && matches!(cause, Cause::Answered | Cause::Ended) {
            return self.pairing.discard(key);
        }
        open.memo.settle(cause, end_ns, &mut open.exchange, &self.limits);
        let status = open.exchange.status;
        self.pairing.finish_without_response(key, status, end_ns);
    }

    /// RFC 9113 section 6.4.
    pub(super) fn on_reset(&mut self, direction: Direction, error_code: u32) {
        let half = self.half(direction);
        let (stream_id, end_ns) = (half.frame.stream_id, half.span.last_ns);
        let cause = match direction {
            Direction::ToServer => Cause::ResetByClient(error_code),
            Direction::ToClient => Cause::ResetByServer(error_code),
        };
        self.finish(stream_id.into(), cause, end_ns);
        self.reset.rotate_right(1);
        if let Some(newest) = self.reset.first_mut() {
            *newest = stream_id;
        }
    }

    /// Section 6.8: what the client has opened behind `last_stream` was not looked at, and will not be.
    pub(super) fn on_server_going_away(&mut self, last_stream: u32, error_code: u32) {
        let end_ns = self.to_client.span.last_ns;
        let is_concerned = |key: u64| key > last_stream.into() && !key.is_multiple_of(2);
        loop {
            let concerned = self.pairing.iter_mut().map(|(key, _)| key).find(|key| is_concerned(*key));
            let Some(key) = concerned else { break };
            self.finish(key, Cause::NotProcessed(error_code), end_ns);
        }
    }

    /// The client sends nothing more.
    pub(super) fn end_requests(&mut self) {
        self.break_off(Direction::ToServer);
        self.to_server.deafen();
        for (_, open) in self.pairing.iter_mut() {
            open.memo.request_may_be_over |= !open.memo.request_is_over;
        }
    }

    /// The server sends nothing more.
    pub(super) fn end_responses(&mut self, now_ns: u64) {
        self.break_off(Direction::ToClient);
        self.to_client.deafen();
        loop {
            let broken_off = self.pairing.iter_mut().find_map(|(key, open)| {
                let response = open.memo.response?;
                // Where its end may have been lost, the connection's says nothing of it.
                Some((key, if open.memo.response_may_be_over { response.last_ns } else { now_ns }))
            });
            let Some((key, end_ns)) = broken_off else { break };
            self.finish(key, Cause::Ended, end_ns);
        }
        for (_, open) in self.pairing.iter_mut() {
            open.memo.settle(Cause::Ended, now_ns, &mut open.exchange, &self.limits);
        }
        self.pairing.finish_unanswered(now_ns);
    }
}
