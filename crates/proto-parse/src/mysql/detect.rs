//! Is this MySQL?

use super::command::Command;
use super::handshake::{Greeting, Login};
use super::message::{PacketHeader, length_encoded};
use super::{Capabilities, PayloadError};
use crate::read::Reader;
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether the first bytes that a side sent are MySQL's. At the start of a connection, the server greets, and the client logs
/// in (with the protocol of MySQL 4.1 and later); in the middle, they are the first packet of a command or of a reply.
#[must_use]
pub fn detect(direction: Direction, place: Place, data: &[u8], _: &Limits) -> Detection {
    match (place, direction) {
        (Place::Start, Direction::ToServer) => detect_login(data),
        (Place::Start, Direction::ToClient) => detect_greeting(data),
        (Place::Middle, _) => recognise(direction, data),
    }
}

/// The longest payload that is taken for a greeting: those of servers at hand have some hundred bytes.
const GREETING_BYTES: u32 = 1024;
/// The longest payload that is taken for a login: a client's attributes have up to 64 KiB.
const LOGIN_BYTES: u32 = 128 * 1024;
/// The longest payload that is taken for a database's or a table's name: 64 characters, and a pattern.
const NAME_BYTES: u32 = 1024;
/// Bytes of a text that are looked at.
const TEXT_BYTES: usize = 16;
/// Error codes that servers send: the clients' own begin at 2000, MariaDB's range ends below 5000.
const ERROR_CODES: core::ops::Range<u16> = 1000..6000;

fn detect_login(data: &[u8]) -> Detection {
    let Some((header, payload)) = packet(data) else { return Detection::NeedMore };
    if header.sequence != 1 || !(32..=LOGIN_BYTES).contains(&header.payload_bytes) {
        return Detection::NoMatch;
    }
    // The protocol of 4.1 is asked for, and there are 19 zeros behind the character set.
    let has_4_1 = payload.get(1).is_none_or(|flags| flags & 0x02 != 0);
    if !has_4_1 || payload.iter().take(28).skip(9).any(|&byte| byte != 0) {
        return Detection::NoMatch;
    }
    if payload.len() < Login::HEAD_BYTES { Detection::NeedMore } else { Detection::Match }
}

fn detect_greeting(data: &[u8]) -> Detection {
    let Some((header, payload)) = packet(data) else { return Detection::NeedMore };
    if header.sequence != 0 || header.payload_bytes > GREETING_BYTES {
        return Detection::NoMatch;
    }
    let end = usize::try_from(header.payload_bytes).unwrap_or(usize::MAX);
    let is_whole = payload.len() >= end;
    let payload = payload.get(..end).unwrap_or(payload);
    match Greeting::parse(payload) {
        Ok(greeting) if greeting.capabilities.intersects(Capabilities::PROTOCOL_41) => Detection::Match,
        Err(PayloadError::Short) if !is_whole => Detection::NeedMore,
        _ => detect_refusal(payload, is_whole),
    }
}

/// An error in place of a greeting: a code and a text, with an SQLSTATE between them or none.
fn detect_refusal(payload: &[u8], is_whole: bool) -> Detection {
    let mut reader = Reader(payload);
    if reader.u8().is_some_and(|first| first != 0xff) {
        return Detection::NoMatch;
    }
    let code = reader.u16_le();
    if code.is_some_and(|code| !ERROR_CODES.contains(&code) || !reader.0.iter().all(|&byte| is_text(byte))) {
        return Detection::NoMatch;
    }
    match is_whole {
        false => Detection::NeedMore,
        true if code.is_some() && reader.0.len() >= 8 => Detection::Match,
        true => Detection::NoMatch,
    }
}

/// Whether a command, or a reply, begins with `data`, so surely that it is believed. A command of one byte is not: it would
/// have to be waited for the next one, and its answer would be there before.
pub(crate) fn begins(direction: Direction, data: &[u8]) -> Detection {
    match data {
        [1, 0, 0, 0, ..] if direction == Direction::ToServer => Detection::NoMatch,
        _ => recognise(direction, data),
    }
}

/// Whether a command, or a reply, begins with `data`: to be sure of it, so that not all that may begin one is recognised.
fn recognise(direction: Direction, data: &[u8]) -> Detection {
    let Some((header, payload)) = packet(data) else { return Detection::NeedMore };
    let sequence = match direction {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    };
    if header.sequence != sequence || header.payload_bytes == 0 {
        return Detection::NoMatch;
    }
    let Some(&first) = payload.first() else { return Detection::NeedMore };
    match direction {
        Direction::ToServer => match Command::from_byte(first) {
            Some(command) => begins_command(command, header.payload_bytes, payload),
            None => Detection::NoMatch,
        },
        Direction::ToClient => begins_reply(first, header.payload_bytes, payload),
    }
}

fn begins_command(command: Command, payload_bytes: u32, payload: &[u8]) -> Detection {
    let after = payload.get(1..).unwrap_or_default();
    match (command, payload_bytes) {
        (Command::Query | Command::StmtPrepare, 4..) => {
            let text = match after {
                [] | [0] => return Detection::NeedMore,
                // No attributes.
                [0, 1, text @ ..] => text,
                text => text,
            };
            let needed = usize::try_from(payload_bytes).unwrap_or(usize::MAX).saturating_sub(3).min(TEXT_BYTES);
            let begins_statement =
                text.first().is_none_or(|byte| byte.is_ascii_alphabetic() || b" \t\r\n(/-#".contains(byte));
            detect_text(text, needed, begins_statement)
        }
        (Command::InitDb | Command::FieldList, 2..=NAME_BYTES) => {
            // A pattern follows a table's name behind a zero.
            let name = after.split(|&byte| byte == 0).next().unwrap_or_default();
            let longest = usize::try_from(payload_bytes).unwrap_or(usize::MAX).saturating_sub(1).min(TEXT_BYTES);
            let needed = if name.len() < after.len() { name.len().min(longest) } else { longest };
            detect_text(name, needed, !name.is_empty() || after.is_empty())
        }
        // The number, flags, and how often: once.
        (Command::StmtExecute, 10..) if after.get(4).is_none_or(|&flags| flags < 0x10) => {
            detect_constant(after.get(5..).unwrap_or_default(), &[1, 0, 0, 0])
        }
        (Command::StmtClose | Command::StmtReset | Command::ProcessKill, 5) | (Command::StmtFetch, 9) => {
            Detection::Match
        }
        (Command::SetOption, 3) => match after {
            [0 | 1, 0, ..] => Detection::Match,
            [] | [0 | 1] => Detection::NeedMore,
            _ => Detection::NoMatch,
        },
        // Five bytes of which four are often anywhere: another command is to follow.
        (
            Command::Ping
            | Command::Quit
            | Command::Statistics
            | Command::Debug
            | Command::ProcessInfo
            | Command::ResetConnection,
            1,
        ) => match packet(after) {
            None => Detection::NeedMore,
            Some((next, _)) if next.sequence != 0 || next.payload_bytes == 0 => Detection::NoMatch,
            Some((_, [])) => Detection::NeedMore,
            Some((_, [command, ..])) if Command::from_byte(*command).is_some() => Detection::Match,
            Some(_) => Detection::NoMatch,
        },
        _ => Detection::NoMatch,
    }
}

fn begins_reply(first: u8, payload_bytes: u32, payload: &[u8]) -> Detection {
    let end = usize::try_from(payload_bytes).unwrap_or(usize::MAX);
    let (payload, behind) = payload.split_at_checked(end).unwrap_or((payload, &[]));
    let is_whole = payload.len() == end;
    match (first, payload_bytes) {
        (0, 12..=13) if payload.get(9).is_none_or(|&filler| filler == 0) => match begins_prepared(payload, behind) {
            Detection::NoMatch => begins_ok(payload, is_whole),
            detection => detection,
        },
        (0, 7..=512) => begins_ok(payload, is_whole),
        (0xff, 10..=1024) => {
            let mut reader = Reader(payload.get(1..).unwrap_or_default());
            match reader.u16_le() {
                None => return Detection::NeedMore,
                Some(code) if !ERROR_CODES.contains(&code) => return Detection::NoMatch,
                Some(_) => {}
            }
            match *reader.0 {
                [b'#', a, b, c, d, e, ..] if [a, b, c, d, e].iter().all(u8::is_ascii_alphanumeric) => Detection::Match,
                [] | [b'#', _, _, _, _] | [b'#', _, _, _] | [b'#', _, _] | [b'#', _] | [b'#'] => Detection::NeedMore,
                _ => Detection::NoMatch,
            }
        }
        // A count of columns, and a column.
        (1..=0xfa, 1..=2) | (0xfc, 3..=4) => begins_definition(behind),
        _ => Detection::NoMatch,
    }
}

/// "OK_Packet": two counts, the status, a count of warnings, and nothing, changes of the session, or a text.
fn begins_ok(payload: &[u8], is_whole: bool) -> Detection {
    const SESSION_STATE_CHANGED: u16 = 1 << 14;
    const IN_USE: u16 = 0x7fff;
    let mut reader = Reader(payload.get(1..).unwrap_or_default());
    let counts = length_encoded(&mut reader).and_then(|_| length_encoded(&mut reader));
    match counts.and_then(|_| reader.u16_le()).zip(reader.u16_le()) {
        None if is_whole => Detection::NoMatch,
        None => Detection::NeedMore,
        Some((status, _)) if status & !IN_USE != 0 => Detection::NoMatch,
        Some(_) if is_whole && reader.0.is_empty() => Detection::Match,
        Some((status, _)) if status & SESSION_STATE_CHANGED != 0 => Detection::Match,
        // The text has its length in front where both sides track the session's state.
        Some(_) => {
            let text = reader.0.get(1..).unwrap_or_default();
            let needed = if is_whole { text.len().min(TEXT_BYTES) } else { TEXT_BYTES };
            detect_text(text, needed, !is_whole || needed > 0)
        }
    }
}

/// "COM_STMT_PREPARE_OK", with a parameter or a column behind it.
fn begins_prepared(payload: &[u8], behind: &[u8]) -> Detection {
    match *payload {
        [0, _, _, _, _, a, b, c, d, 0, ..] if [a, b, c, d] == [0; 4] => Detection::NoMatch,
        _ => begins_definition(behind),
    }
}

/// A column or a parameter: its packet has the second number of a reply, and begins with the catalogue's name.
fn begins_definition(data: &[u8]) -> Detection {
    match packet(data) {
        None => Detection::NeedMore,
        Some((header, definition)) if header.sequence == 2 => detect_constant(definition, b"\x03def"),
        Some(_) => Detection::NoMatch,
    }
}

fn packet(data: &[u8]) -> Option<(PacketHeader, &[u8])> {
    match PacketHeader::parse(data) {
        Parsed::Complete { value, consumed } => Some((value, data.get(consumed..).unwrap_or_default())),
        Parsed::Incomplete { .. } => None,
    }
}

/// Whether `data` begins with a constant.
fn detect_constant(data: &[u8], constant: &[u8]) -> Detection {
    if data.starts_with(constant) {
        Detection::Match
    } else if constant.starts_with(data) {
        Detection::NeedMore
    } else {
        Detection::NoMatch
    }
}

/// Whether the first `needed` bytes of `text` are one.
fn detect_text(text: &[u8], needed: usize, begins_well: bool) -> Detection {
    if !begins_well || !text.iter().take(needed).all(|&byte| is_text(byte)) {
        Detection::NoMatch
    } else if text.len() < needed {
        Detection::NeedMore
    } else {
        Detection::Match
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..)
}

#[cfg(test)]
mod tests;
