//! The way of a command: from its first byte into the pairing.

use alloc::string::String;
use core::fmt::Write as _;

use super::{Form, Memo, Session};
use crate::framed::{Head, Message};
use crate::memcached::binary::{self, Header};
use crate::memcached::command::{Answered, CommandLine, is_known};
use crate::memcached::line::Line;
use crate::pairing::Turn;
use crate::{Direction, Exchange, Flags, Limits, Protocol, Span, hash};

/// The command under way.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// In a line that is longer than is looked at at once.
    is_in_line: bool,
    /// The place in the stream was lost.
    is_lost: bool,
    verb: String,
    memo: Memo,
    span: Span,
    flags: Flags,
    /// How things stood when it began.
    pub(super) turn: Turn,
    /// Its line was read, before its value was there.
    is_read: bool,
}

impl Commands {
    pub(super) fn head(&self, data: &[u8], limits: &Limits) -> Head {
        if !self.is_in_line && data.starts_with(&[binary::REQUEST]) {
            return binary_head(data);
        }
        let line = Line::of(data, limits);
        if !line.is_printed() {
            return Head::Malformed;
        }
        if self.is_in_line {
            return line.head(data, |_| None);
        }
        let command = CommandLine::parse(line.text());
        // Behind a loss, what is left of a value is not to be taken for a command that nobody knows.
        let is_doubtful = self.is_lost && line.is_decided() && command.is_none_or(|command| !is_known(command.name));
        if is_doubtful { Head::Malformed } else { line.head(data, |_| command?.value_bytes) }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.is_in_line
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    pub(super) fn begin(&mut self, turn: Turn) {
        self.turn = turn;
        self.verb.clear();
        self.memo = Memo::default();
        self.span = Span::default();
        self.flags = Flags::default();
        self.is_read = false;
    }

    fn extend(&mut self, message: &Message<'_>) {
        self.is_lost = false;
        // What was counted when the line was read is the beginning of the same message.
        if self.span.bytes == 0 || self.is_read {
            self.span = message.span;
        } else {
            self.span.merge(message.span);
        }
        self.flags |= message.flags;
        if message.lost {
            self.flags |= Flags::REQUEST_GAP;
        }
    }

    /// Reads what there is of a command's first bytes.
    fn read(&mut self, data: &[u8], limits: &Limits) {
        if data.starts_with(&[binary::REQUEST]) {
            if let Some(header) = Header::parse(data) {
                self.read_header(&header);
            }
            return;
        }
        let line = Line::of(data, limits);
        match CommandLine::parse(line.text()).filter(|command| is_known(command.name)) {
            Some(command) => {
                self.verb.extend(command.name.iter().map(|byte| char::from(*byte)));
                let CommandLine { name, answered, opaque, key, .. } = command;
                self.memo = Memo {
                    answered,
                    form: Form::Text {
                        name: name.first_chunk().copied().unwrap_or_default(),
                        opaque: opaque.map(hash::of_text),
                        key: key.map(hash::of_text),
                    },
                };
            }
            // It may be what is left of a value whose length was wrong.
            None => self.flags |= Flags::REQUEST_MALFORMED,
        }
        self.is_in_line = matches!(line, Line::Piece(_));
    }

    fn read_header(&mut self, header: &Header) {
        let &Header { opcode, opaque, .. } = header;
        // Writing to a string fails at no time.
        let _ = match binary::name(opcode) {
            Some(name) => self.verb.write_str(name),
            None => write!(self.verb, "{opcode:#04x}"),
        };
        let answered = if binary::is_quiet(opcode) { Answered::IfUnusual } else { Answered::Once };
        self.memo = Memo { answered, form: Form::Binary { opcode, opaque } };
    }

    /// Writes what is known of the command into its exchange.
    fn give(&mut self, exchange: &mut Exchange) {
        exchange.protocol = Protocol::Memcached;
        exchange.direction = Direction::ToServer;
        core::mem::swap(&mut exchange.verb, &mut self.verb);
        exchange.request = self.span;
        exchange.flags = self.flags;
    }
}

/// A message of the binary protocol: of any, only the header is read.
pub(super) fn binary_head(data: &[u8]) -> Head {
    match Header::parse(data) {
        Some(header) if header.fits() => Head::Message { len: header.len(), keep: binary::HEADER_BYTES },
        Some(_) => Head::Malformed,
        None => Head::NeedMore { bytes: binary::HEADER_BYTES },
    }
}

impl Session {
    pub(super) fn on_command(&mut self, message: &Message<'_>, limits: &Limits) {
        let commands = &mut self.commands;
        let is_first = !commands.is_in_line;
        commands.extend(message);
        if is_first && !commands.is_read {
            commands.read(message.bytes, limits);
        } else if message.bytes.last() == Some(&b'\n') {
            commands.is_in_line = false;
        }
        if !commands.is_in_line {
            self.finish_command();
        }
    }

    /// The line of a command is there, but not its value: it may be answered already.
    pub(super) fn on_command_line(&mut self, message: &Message<'_>, limits: &Limits) {
        let commands = &mut self.commands;
        commands.extend(message);
        commands.read(message.bytes, limits);
        commands.is_read = true;
        if commands.memo.answered != Answered::Never {
            self.admit();
        }
    }

    fn admit(&mut self) {
        let commands = &mut self.commands;
        if let Some(open) = self.pairing.admit(commands.turn) {
            open.memo = commands.memo;
            commands.give(&mut open.exchange);
        }
    }

    /// The command under way is over, or as much of it as will be told.
    fn finish_command(&mut self) {
        let commands = &mut self.commands;
        commands.is_in_line = false;
        if commands.flags.contains(Flags::REQUEST_MALFORMED) {
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
        if commands.memo.answered == Answered::Never {
            if let Some(exchange) = self.pairing.one_way() {
                commands.give(exchange);
                exchange.end_ns = exchange.request.last_ns;
            }
            return;
        }
        if !commands.is_read {
            self.admit();
        }
        self.settle_command(Flags::default());
    }

    /// As much of the command under way as is known by now is all that is told of it.
    pub(super) fn settle_command(&mut self, flags: Flags) {
        if let Some(exchange) = self.pairing.take_live() {
            exchange.request = self.commands.span;
            exchange.flags |= self.commands.flags | flags;
        }
    }

    /// The connection ended within a command.
    pub(super) fn break_off_command(&mut self, message: &Message<'_>, limits: &Limits) {
        let commands = &mut self.commands;
        let is_first = !commands.is_in_line && !commands.is_read;
        commands.extend(message);
        if is_first {
            commands.read(message.bytes, limits);
            if commands.verb.is_empty() {
                return self.pairing.count_unknown_request();
            }
        }
        commands.flags |= Flags::REQUEST_TRUNCATED;
        self.finish_command();
    }

    pub(super) fn lose_commands(&mut self) {
        if self.commands.is_in_line {
            self.commands.flags |= Flags::REQUEST_TRUNCATED;
            self.finish_command();
        }
        self.commands.is_lost = true;
        // Many commands ask for no answer.
        self.pairing.requests_lost(0);
    }
}
