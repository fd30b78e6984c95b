//! One HTTP/2 connection.

mod end;
mod fields;
mod loss;

use fields::{BlockKind, Fields};

use super::frame::{FrameHeader, FrameKind};
use super::half::{Event, Half};
use super::stream::{Cause, Stream};
use crate::pairing::{ByKey, Pairing as _};
use crate::{Counters, Direction, End, Exchange, Flags, Limits, Span, Want};

/// A parser of one HTTP/2 connection; see the [module](super) for what it makes of which shape of traffic.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    to_server: Half,
    to_client: Half,
    requests: Fields,
    responses: Fields,
    pairing: ByKey<Stream>,
    /// The highest number of a stream that the client has opened.
    newest: u32,
    /// The stream that a frame opened which was found by searching and may be none, and what was the newest before.
    doubtful: Option<(u32, u32)>,
    /// The streams that were reset last: what is still on its way for them answers nothing.
    reset: [u32; RESET_STREAMS],
    /// The connection was open before the capture began, and the first request is still to come.
    requests_joined_late: bool,
    /// The same of the first response.
    responses_joined_late: bool,
}

/// More streams than a client calls off within the time that an answer takes.
const RESET_STREAMS: usize = 32;

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, perhaps somewhere in the middle.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        let mut responses = Fields::default();
        if joined_late {
            responses.decoder.lose_blocks();
        }
        let limits = limits.raised();
        Self {
            to_server: Half::client(joined_late),
            to_client: Half::server(joined_late),
            requests: Fields::default(),
            responses,
            pairing: ByKey::new(&limits),
            limits,
            newest: 0,
            doubtful: None,
            reset: [0; RESET_STREAMS],
            requests_joined_late: joined_late,
            responses_joined_late: joined_late,
        }
    }

    /// A connection that has become one of HTTP/2 with the answer 101 to a request of HTTP/1.1 (RFC 7540 section 3.2), which
    /// is answered as stream 1: `request`, if it was seen. It goes on with the ledger of what was there before.
    pub(crate) fn upgraded(limits: &Limits, request: Option<Exchange>, counters: Counters) -> Self {
        let mut connection = Self::new(limits, false);
        connection.pairing.counters = counters;
        connection.newest = 1;
        if let Some(request) = request {
            let open = connection.pairing.admit(1);
            open.memo.request_is_over = true;
            open.exchange = request;
        }
        connection
    }

    fn on_event(&mut self, direction: Direction, event: Event<'_>) {
        match event {
            Event::Preface => {
                if self.to_client.begin() {
                    self.requests_joined_late = false;
                    self.responses_joined_late = false;
                    self.responses = Fields::default();
                }
            }
            Event::NoPreface => self.requests.decoder.lose_blocks(),
            Event::Began => self.begin_frame(direction),
            Event::Promise(stream_id) => self.promise(stream_id),
            Event::Reset(error_code) => self.on_reset(direction, error_code),
            Event::GoAway(last_stream, error_code) if direction == Direction::ToClient => {
                self.on_server_going_away(last_stream, error_code);
            }
            Event::GoAway(..) => {}
            Event::Content(data) => self.content(direction, data),
            Event::Done => self.end_frame(direction),
            Event::Malformed => self.on_malformed(direction),
        }
    }

    fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn fields(&mut self, direction: Direction) -> &mut Fields {
        match direction {
            Direction::ToServer => &mut self.requests,
            Direction::ToClient => &mut self.responses,
        }
    }

    fn begin_frame(&mut self, direction: Direction) {
        let half = self.half(direction);
        let (FrameHeader { kind, stream_id, .. }, span, found) = (half.frame, half.span, half.found);
        if !found && direction == Direction::ToServer {
            // What followed it was a frame, so it was one itself.
            self.doubtful = None;
        }
        match (kind, direction) {
            (FrameKind::Headers, Direction::ToServer) => self.begin_request_block(stream_id, span, found),
            (FrameKind::Headers, Direction::ToClient) => {
                // The first of a connection that was open before is no loss.
                let is_first = core::mem::take(&mut self.responses_joined_late);
                if found
                    && !is_first
                    && let Some(open) = self.pairing.get(stream_id.into())
                {
                    open.exchange.flags |= Flags::RESYNCED;
                }
                self.responses.begin(BlockKind::Response, stream_id);
            }
            // Which stream it promises is still to come.
            (FrameKind::PushPromise, _) => self.fields(direction).begin(BlockKind::Passed, stream_id),
            _ => {}
        }
    }

    fn begin_request_block(&mut self, stream_id: u32, span: Span, found: bool) {
        // RFC 9113 section 5.1.1: a client's streams are odd, and each new one is higher than all before.
        if stream_id <= self.newest || stream_id.is_multiple_of(2) {
            return self.requests.begin(BlockKind::RequestTrailers, stream_id);
        }
        if found {
            self.doubtful = Some((stream_id, self.newest));
        }
        self.newest = stream_id;
        let exchange = &mut self.pairing.admit(stream_id.into()).exchange;
        exchange.request = Span::starting(span.first_ns);
        if core::mem::take(&mut self.requests_joined_late) {
            exchange.flags |= Flags::JOINED_LATE;
        } else if found {
            exchange.flags |= Flags::RESYNCED;
        }
        self.requests.begin(BlockKind::Request, stream_id);
    }

    /// Section 8.4: the fields of a request that the client would make.
    fn promise(&mut self, stream_id: u32) {
        if !stream_id.is_multiple_of(2) || stream_id == 0 {
            return;
        }
        let span = self.to_client.span;
        let open = self.pairing.admit(stream_id.into());
        open.memo.is_pushed = true;
        open.memo.request_is_over = true;
        open.exchange.request = Span::starting(span.first_ns);
        self.responses.begin(BlockKind::Promise, stream_id);
    }

    fn content(&mut self, direction: Direction, data: &[u8]) {
        let FrameHeader { kind, stream_id, .. } = self.half(direction).frame;
        if kind != FrameKind::Data {
            return match direction {
                Direction::ToServer => self.requests.fragment(data, &self.limits),
                Direction::ToClient => self.responses.fragment(data, &self.limits),
            };
        }
        let Some(open) = self.pairing.get(stream_id.into()) else { return };
        let messages = match direction {
            Direction::ToServer => open.memo.request_messages(),
            Direction::ToClient => open.memo.response_messages(),
        };
        if let Some(messages) = messages {
            messages.bytes(data);
        }
    }

    fn end_frame(&mut self, direction: Direction) {
        let half = self.half(direction);
        let (frame, span) = (half.frame, half.span);
        match frame.kind {
            FrameKind::Data => {
                self.count_bytes(direction, frame.stream_id, span);
                if frame.ends_stream() {
                    self.end_message(direction, frame.stream_id);
                }
            }
            FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation => {
                let fields = self.fields(direction);
                fields.block.add(span);
                fields.block.ends_stream |= frame.ends_stream();
                if frame.has(FrameHeader::END_HEADERS) {
                    self.end_block(direction);
                }
            }
            _ => {}
        }
    }

    /// Counts bytes of a stream's message.
    fn count_bytes(&mut self, direction: Direction, stream_id: u32, span: Span) {
        let Some(open) = self.pairing.get(stream_id.into()) else { return };
        match (direction, &mut open.memo.response) {
            (Direction::ToServer, _) if !open.memo.is_pushed => open.exchange.request.merge(span),
            (Direction::ToClient, Some(response)) => response.merge(span),
            _ => {}
        }
    }

    /// One side's message is over.
    fn end_message(&mut self, direction: Direction, stream_id: u32) {
        let Some(open) = self.pairing.get(stream_id.into()) else { return };
        match direction {
            Direction::ToServer => open.memo.request_is_over = true,
            Direction::ToClient => {
                if let Some(response) = open.memo.response {
                    self.finish(stream_id.into(), Cause::Answered, response.last_ns);
                }
            }
        }
    }
}

impl crate::Connection for Connection {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        loop {
            let Self { to_server, to_client, pairing, newest, .. } = self;
            let half = match direction {
                Direction::ToServer => to_server,
                Direction::ToClient => to_client,
            };
            let Some(event) = half.step(&mut pairing.counters, *newest, now_ns, &mut data) else { break };
            self.on_event(direction, event);
        }
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if self.half(direction).is_deaf() {
            return;
        }
        let allowed = len.min(self.dull_bytes(direction).into());
        if allowed > 0 {
            let passed = self.half(direction).skip(now_ns, allowed);
            let counters = &mut self.pairing.counters;
            counters.skipped_bytes = counters.skipped_bytes.saturating_add(passed.bytes);
            self.pass_messages(direction, passed.content);
            if passed.is_done {
                self.end_frame(direction);
            }
        }
        self.gap(direction, now_ns, len.saturating_sub(allowed));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if len == 0 || self.half(direction).is_deaf() {
            return;
        }
        let counters = &mut self.pairing.counters;
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        let is_in_frame = self.half(direction).is_in_frame();
        let passed = self.half(direction).lose(now_ns, len);
        if is_in_frame {
            self.lose_content(direction, passed.content);
            if passed.is_done {
                self.end_frame(direction);
            }
        }
        if passed.bytes < len {
            self.desync(direction);
        }
    }

    fn end(&mut self, direction: Direction, now_ns: u64, how: End) {
        let both = how == End::Reset;
        if both || direction == Direction::ToServer {
            self.end_requests();
        }
        if both || direction == Direction::ToClient {
            self.end_responses(now_ns);
        }
    }

    fn close(&mut self, now_ns: u64) {
        self.end_requests();
        self.end_responses(now_ns);
    }

    fn abandon(&mut self) {
        self.pairing.abandon();
        self.to_server.deafen();
        self.to_client.deafen();
    }

    fn want(&self, direction: Direction) -> Want {
        let half = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        match self.dull_bytes(direction) {
            _ if half.is_deaf() => Want::Nothing,
            0 => Want::All,
            len => Want::Skip(len.into()),
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.pairing.poll(out)
    }

    fn counters(&self) -> &Counters {
        &self.pairing.counters
    }

    fn held_bytes(&self) -> usize {
        let fields = self.requests.held_bytes().saturating_add(self.responses.held_bytes());
        self.pairing.held_bytes().saturating_add(fields)
    }
}

impl Connection {
    /// How many of the next bytes are of no interest.
    fn dull_bytes(&self, direction: Direction) -> u32 {
        let half = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        match half.data_remaining() {
            0 => 0,
            remaining => match self.pairing.peek(half.frame.stream_id.into()) {
                Some(open) => open.memo.dull_bytes(direction == Direction::ToServer).min(remaining),
                None => remaining,
            },
        }
    }
}
