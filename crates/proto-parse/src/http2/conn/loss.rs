//! What is lost, and what that costs.

use super::Connection;
use super::fields::BlockKind;
use crate::http2::frame::FrameKind;
use crate::pairing::Pairing as _;
use crate::{Direction, Flags};

impl Connection {
    /// Bytes of the frame under way are lost, so many of its content among them. Where the next frame begins is known.
    pub(super) fn lose_content(&mut self, direction: Direction, content: u32) {
        let frame = self.half(direction).frame;
        match frame.kind {
            FrameKind::Data => {
                self.pass_messages(direction, content);
                self.flag_gap(frame.stream_id, direction == Direction::ToServer);
            }
            FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation => {
                let fields = self.fields(direction);
                fields.decoder.lose_rest_of_block();
                fields.block.is_lost = true;
                let (stream_id, is_request) = (fields.block.stream_id, fields.block.kind != BlockKind::Response);
                self.flag_gap(stream_id, is_request);
            }
            // Why the stream was reset was among it.
            FrameKind::RstStream => self.pairing.discard(frame.stream_id.into()),
            _ => {}
        }
    }

    fn flag_gap(&mut self, stream_id: u32, is_request: bool) {
        if let Some(open) = self.pairing.get(stream_id.into()) {
            open.exchange.flags |= if is_request { Flags::REQUEST_GAP } else { Flags::RESPONSE_GAP };
        }
    }

    /// Bytes of DATA were left out, or are lost.
    pub(super) fn pass_messages(&mut self, direction: Direction, content: u32) {
        let stream_id = self.half(direction).frame.stream_id;
        let Some(open) = self.pairing.get(stream_id.into()) else { return };
        let messages = match direction {
            Direction::ToServer => open.memo.request_messages(),
            Direction::ToClient => open.memo.response_messages(),
        };
        if let Some(messages) = messages {
            messages.pass(content);
        }
    }

    /// What came is no frame.
    pub(super) fn on_malformed(&mut self, direction: Direction) {
        let half = self.half(direction);
        let (span, found) = (half.span, half.found);
        let counters = &mut self.pairing.counters;
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(span.bytes);
        if found
            && direction == Direction::ToServer
            && let Some((stream_id, newest_before)) = self.doubtful.take()
        {
            self.newest = newest_before;
            self.pairing.discard(stream_id.into());
        }
        self.desync(direction);
    }

    /// Where the next frame begins is not known: frames may have been lost.
    pub(super) fn desync(&mut self, direction: Direction) {
        if !self.half(direction).is_searching() {
            let counters = &mut self.pairing.counters;
            counters.desyncs = counters.desyncs.saturating_add(1);
        }
        self.break_off(direction);
        self.half(direction).search();
        self.fields(direction).decoder.lose_blocks();
        // A client may have called off unseen what no answer comes to then.
        self.pairing.responses_lost();
        for (_, open) in self.pairing.iter_mut() {
            match direction {
                Direction::ToServer => open.memo.request_may_be_over |= !open.memo.request_is_over,
                Direction::ToClient => open.memo.response_may_be_over |= open.memo.response.is_some(),
            }
        }
    }

    /// The frame and the field block under way will not be whole: what was seen of them counts.
    pub(super) fn break_off(&mut self, direction: Direction) {
        let half = self.half(direction);
        let part = half.is_in_frame().then_some((half.frame, half.span));
        if let Some((frame, span)) = part {
            if frame.kind == FrameKind::Data {
                self.count_bytes(direction, frame.stream_id, span);
            } else {
                self.fields(direction).block.add(span);
            }
        }
        let fields = self.fields(direction);
        if fields.block.kind == BlockKind::Response && !fields.has_status() {
            // So much of it says nothing, not even that it is a final one.
            fields.begin(BlockKind::Passed, 0);
        }
        fields.block.is_lost = true;
        fields.block.ends_stream = false;
        self.end_block(direction);
    }
}
