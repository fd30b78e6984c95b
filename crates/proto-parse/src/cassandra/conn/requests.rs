//! The way of a request: from an envelope into the pairing.

use super::{Compression, Dialog};
use crate::cassandra::body::{self, BatchStatement, StatementText};
use crate::cassandra::lz4;
use crate::cassandra::message::{BodyFlags, EnvelopeHeader, Opcode};
use crate::framed::Message;
use crate::sql::{Dialect, Statement, fingerprint};
use crate::{Exchange, Flags, Limits, Protocol, text};

impl Dialog {
    pub(super) fn on_request(&mut self, header: EnvelopeHeader, body: &[u8], message: &Message<'_>, limits: &Limits) {
        let Self { pairing, statements, compression, .. } = self;
        let open = pairing.admit(key(header.stream));
        let exchange = &mut open.exchange;
        exchange.protocol = Protocol::Cassandra;
        exchange.request = message.span;
        exchange.flags |= message.flags;
        if message.lost {
            exchange.flags |= Flags::REQUEST_GAP;
        }
        text::copy(&mut exchange.verb, header.opcode.name().as_bytes(), limits.verb_bytes);
        let mut buffer = alloc::vec::Vec::new();
        let Some(body) = readable(header, body, *compression, &mut buffer, limits) else {
            exchange.flags |= Flags::OPAQUE;
            return;
        };
        let Some(body) = body::behind_flagged(body, header.flags, false) else { return };
        match header.opcode {
            Opcode::Query => match body::statement_text(body) {
                Some(StatementText { bytes, is_whole }) => {
                    let fits = fingerprint(Dialect::CQL, bytes, limits, &mut exchange.verb, &mut exchange.resource);
                    mark_cut(exchange, !(fits && is_whole));
                }
                None => mark_cut(exchange, true),
            },
            Opcode::Prepare => match body::statement_text(body) {
                Some(text) => {
                    let statement = statement(text, limits);
                    statement.name_use(header.opcode.name(), exchange, limits);
                    open.memo.statement = Some(statement);
                }
                None => mark_cut(exchange, true),
            },
            Opcode::Execute => match body::statement_id(body).and_then(|id| statements.find(id)) {
                Some(statement) => {
                    exchange.verb.clear();
                    statement.name(exchange);
                }
                None => exchange.flags |= Flags::REFERENCE_UNKNOWN,
            },
            Opcode::Batch => match body::first_of_batch(body) {
                Some(BatchStatement::Text(text)) => {
                    statement(text, limits).name_use(header.opcode.name(), exchange, limits);
                }
                Some(BatchStatement::Id(id)) => match statements.find(id) {
                    Some(statement) => statement.name_use(header.opcode.name(), exchange, limits),
                    None => exchange.flags |= Flags::REFERENCE_UNKNOWN,
                },
                Some(BatchStatement::None) => {}
                None => mark_cut(exchange, true),
            },
            Opcode::Startup => {
                *compression = match body::startup_option(body, b"COMPRESSION") {
                    None => Compression::None,
                    Some(name) if name.eq_ignore_ascii_case(b"lz4") => Compression::Lz4,
                    Some(_) => Compression::Other,
                };
                open.memo.is_startup_of_5 = header.version >= 5;
            }
            _ => {}
        }
    }

    /// The connection ended within a request.
    pub(super) fn break_request(
        &mut self,
        header: EnvelopeHeader,
        body: &[u8],
        message: &Message<'_>,
        limits: &Limits,
    ) {
        self.on_request(header, body, message, limits);
        if let Some(open) = self.pairing.get(key(header.stream)) {
            open.exchange.flags |= Flags::REQUEST_TRUNCATED;
        }
    }
}

/// What a request and its response have in common.
pub(super) fn key(stream: i16) -> u64 {
    u64::from(stream.cast_unsigned())
}

/// A body as it is read, decompressed into `buffer` where it needs to be and can be.
pub(super) fn readable<'a>(
    header: EnvelopeHeader,
    body: &'a [u8],
    compression: Compression,
    buffer: &'a mut alloc::vec::Vec<u8>,
    limits: &Limits,
) -> Option<&'a [u8]> {
    if !header.flags.intersects(BodyFlags::COMPRESSED) {
        return Some(body);
    }
    if compression != Compression::Lz4 {
        return None;
    }
    // v4 section 5: the length of what is compressed, and an LZ4 block.
    let (len, block) = body.split_first_chunk()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    lz4::decompress(block, len.min(limits.message_bytes), buffer);
    Some(buffer)
}

fn statement(text: StatementText<'_>, limits: &Limits) -> Statement {
    Statement::new(Dialect::CQL, text.bytes, !text.is_whole, limits)
}

fn mark_cut(exchange: &mut Exchange, is_cut: bool) {
    if is_cut {
        exchange.flags |= Flags::RESOURCE_CUT;
    }
}
