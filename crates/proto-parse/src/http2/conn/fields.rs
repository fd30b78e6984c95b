//! Field blocks, from their first fragment to what they say.

use super::Connection;
use crate::http2::hpack::Decoder;
use crate::http2::message::{RequestHead, ResponseHead};
use crate::{Direction, Flags, Limits, Span};

/// The field blocks of one direction.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) decoder: Decoder,
    pub(super) block: Block,
    request: RequestHead,
    response: ResponseHead,
}

/// The field block under way, or the last one.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    pub(super) stream_id: u32,
    /// Its frames.
    pub(super) span: Option<Span>,
    /// Nothing comes on its stream behind it.
    pub(super) ends_stream: bool,
    /// Bytes of it are lost.
    pub(super) is_lost: bool,
    /// It is not valid HPACK.
    is_broken: bool,
    /// It is longer than a head may be.
    is_long: bool,
    /// Bytes of its fragments.
    bytes: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// It is of no interest but for the decoder.
    #[default]
    Passed,
    Request,
    RequestTrailers,
    /// The head of a request that the server promises to answer.
    Promise,
    /// The head of an interim or final response, or trailers.
    Response,
}

impl Block {
    pub(super) fn add(&mut self, span: Span) {
        match &mut self.span {
            Some(all) => all.merge(span),
            None => self.span = Some(span),
        }
    }
}

impl Fields {
    /// A block begins.
    pub(super) fn begin(&mut self, kind: BlockKind, stream_id: u32) {
        self.block = Block { kind, stream_id, ..Block::default() };
        match kind {
            BlockKind::Request | BlockKind::Promise => self.request.clear(),
            BlockKind::Response => self.response = ResponseHead::default(),
            BlockKind::Passed | BlockKind::RequestTrailers => {}
        }
    }

    /// Takes the next bytes of the block. Behind [`Limits::head_bytes`], they are for the decoder alone.
    pub(super) fn fragment(&mut self, data: &[u8], limits: &Limits) {
        let Self { decoder, block, request, response } = self;
        let room = usize::try_from(limits.head_bytes.saturating_sub(block.bytes)).unwrap_or(usize::MAX);
        let (within, beyond) = data.split_at_checked(room).unwrap_or((data, b""));
        block.bytes = block.bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        let taken = match block.kind {
            BlockKind::Request | BlockKind::Promise => {
                decoder.fragment(within, limits, |field| request.take(field, limits))
            }
            BlockKind::Response => decoder.fragment(within, limits, |field| response.take(field)),
            BlockKind::Passed | BlockKind::RequestTrailers => decoder.fragment(within, limits, |_| {}),
        };
        let passed = decoder.fragment(beyond, limits, |_| {});
        block.is_broken |= taken.is_err() || passed.is_err();
        block.is_long |= !beyond.is_empty();
    }

    /// Whether the response under way has said how it went.
    pub(super) fn has_status(&self) -> bool {
        self.response.status.is_some() || self.response.grpc_status.is_some()
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.decoder.held_bytes().saturating_add(self.request.held_bytes())
    }
}

impl Connection {
    /// The field block of this direction is whole.
    pub(super) fn end_block(&mut self, direction: Direction) {
        let fields = self.fields(direction);
        let is_whole = fields.decoder.end_block().is_ok();
        let mut block = core::mem::take(&mut fields.block);
        block.is_broken |= !is_whole && !block.is_lost;
        match block.kind {
            BlockKind::Passed => {}
            BlockKind::Request | BlockKind::Promise => self.on_request_head(direction, &block),
            BlockKind::RequestTrailers => {
                if let Some(span) = block.span {
                    self.count_bytes(direction, block.stream_id, span);
                }
                if block.ends_stream {
                    self.end_message(direction, block.stream_id);
                }
            }
            BlockKind::Response => self.on_response_head(&block),
        }
    }

    fn on_request_head(&mut self, direction: Direction, block: &Block) {
        let head = match direction {
            Direction::ToServer => &mut self.requests.request,
            Direction::ToClient => &mut self.responses.request,
        };
        if block.is_broken {
            head.disbelieve();
        } else if !block.is_lost {
            head.finish();
        }
        let is_malformed = block.is_long || head.order.is_malformed;
        let Some(open) = self.pairing.get(block.stream_id.into()) else { return };
        if let Some(span) = block.span {
            open.exchange.request.merge(span);
        }
        open.memo.take_request(head, &mut open.exchange);
        open.memo.request_is_over |= block.ends_stream;
        if is_malformed {
            open.exchange.flags |= Flags::REQUEST_MALFORMED;
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
    }

    fn on_response_head(&mut self, block: &Block) {
        let head = &self.responses.response;
        let is_malformed = block.is_broken || block.is_long || head.order.is_malformed;
        let key = u64::from(block.stream_id);
        let is_interim = matches!(head.status, Some(100..=199)) && !block.ends_stream;
        if is_interim {
            let counters = &mut self.pairing.counters;
            counters.interim = counters.interim.saturating_add(1);
        }
        let Some(open) = self.pairing.get(key) else {
            if head.status.is_some() && !is_interim && !self.reset.contains(&block.stream_id) {
                self.pairing.count_unmatched_response();
            }
            return;
        };
        if is_interim {
            open.exchange.flags |= Flags::INTERIM;
            return;
        }
        let Some(span) = block.span else { return };
        match &mut open.memo.response {
            Some(response) => {
                response.merge(span);
                open.memo.take_trailers(head, &mut open.exchange);
            }
            None => {
                open.memo.response = Some(span);
                open.memo.status_is_lost = block.is_lost && head.status.is_none();
                open.memo.take_response(head, &mut open.exchange);
                self.pairing.answer(key);
            }
        }
        if is_malformed {
            let counters = &mut self.pairing.counters;
            counters.malformed_responses = counters.malformed_responses.saturating_add(1);
        }
        if block.ends_stream {
            self.end_message(Direction::ToClient, block.stream_id);
        }
    }
}
