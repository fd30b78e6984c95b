//! The methods, with what of their arguments matters.

use crate::Direction;

/// A method that asks, or tells, something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) class: u16,
    pub(super) method: u16,
    pub(super) name: &'static str,
    pub(super) arguments: Arguments,
    /// The method that answers it.
    pub(super) answer: Option<u16>,
    pub(super) sender: Sender,
}

/// How the arguments begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arguments {
    /// With nothing that matters.
    None,
    /// With a short string: the resource.
    Name,
    /// With a reserved number and so many short strings, the first of them the resource; then bits, of which this one, if there
    /// is one, says that no answer is wanted.
    Names { strings: u8, no_wait: Option<u8> },
    /// With so many short strings that do not matter, and the same bits.
    Bits { strings: u8, no_wait: Option<u8> },
}

/// Who sends a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
    Both,
}

pub(super) const CONNECTION: u16 = 10;
pub(super) const CHANNEL: u16 = 20;
pub(super) const BASIC: u16 = 60;
pub(super) const CONFIRM: u16 = 85;

/// Methods of class connection.
pub(super) const START: u16 = 10;
pub(super) const START_OK: u16 = 11;
pub(super) const SECURE: u16 = 20;
pub(super) const SECURE_OK: u16 = 21;
pub(super) const TUNE: u16 = 30;
pub(super) const TUNE_OK: u16 = 31;
pub(super) const CONNECTION_CLOSE: u16 = 50;

/// Methods of class channel.
pub(super) const CHANNEL_OPEN: u16 = 10;
pub(super) const CHANNEL_CLOSE: u16 = 40;
pub(super) const CHANNEL_CLOSE_OK: u16 = 41;

/// Methods of class basic.
pub(super) const PUBLISH: u16 = 40;
pub(super) const RETURN: u16 = 50;
pub(super) const DELIVER: u16 = 60;
pub(super) const GET: u16 = 70;
pub(super) const GET_OK: u16 = 71;
pub(super) const GET_EMPTY: u16 = 72;
pub(super) const ACK: u16 = 80;
pub(super) const NACK: u16 = 120;

/// Methods of class confirm.
pub(super) const SELECT: u16 = 10;

/// The login, under the name of the server's first method.
pub(super) const LOGIN: Description = row(CONNECTION, START, "connection.start", Arguments::None, None, Sender::Server);

/// The XML specification, and what RabbitMQ adds to it.
const METHODS: [Description; 37] = [
    row(10, 40, "connection.open", Arguments::Name, Some(41), Sender::Client),
    row(10, 50, "connection.close", Arguments::None, Some(51), Sender::Both),
    row(10, 60, "connection.blocked", Arguments::None, None, Sender::Server),
    row(10, 61, "connection.unblocked", Arguments::None, None, Sender::Server),
    row(10, 70, "connection.update-secret", Arguments::None, Some(71), Sender::Client),
    row(20, 10, "channel.open", Arguments::None, Some(11), Sender::Client),
    row(20, 20, "channel.flow", Arguments::None, Some(21), Sender::Both),
    row(20, 40, "channel.close", Arguments::None, Some(41), Sender::Both),
    row(30, 10, "access.request", Arguments::Name, Some(11), Sender::Client),
    row(40, 10, "exchange.declare", Arguments::Names { strings: 2, no_wait: Some(4) }, Some(11), Sender::Client),
    row(40, 20, "exchange.delete", Arguments::Names { strings: 1, no_wait: Some(1) }, Some(21), Sender::Client),
    row(40, 30, "exchange.bind", Arguments::Names { strings: 3, no_wait: Some(0) }, Some(31), Sender::Client),
    row(40, 40, "exchange.unbind", Arguments::Names { strings: 3, no_wait: Some(0) }, Some(51), Sender::Client),
    row(50, 10, "queue.declare", Arguments::Names { strings: 1, no_wait: Some(4) }, Some(11), Sender::Client),
    row(50, 20, "queue.bind", Arguments::Names { strings: 3, no_wait: Some(0) }, Some(21), Sender::Client),
    row(50, 30, "queue.purge", Arguments::Names { strings: 1, no_wait: Some(0) }, Some(31), Sender::Client),
    row(50, 40, "queue.delete", Arguments::Names { strings: 1, no_wait: Some(2) }, Some(41), Sender::Client),
    row(50, 50, "queue.unbind", Arguments::Names { strings: 3, no_wait: None }, Some(51), Sender::Client),
    row(60, 10, "qos", Arguments::None, Some(11), Sender::Client),
    row(60, 20, "consume", Arguments::Names { strings: 2, no_wait: Some(3) }, Some(21), Sender::Client),
    row(60, 30, "cancel", Arguments::Bits { strings: 1, no_wait: Some(0) }, Some(31), Sender::Both),
    row(60, 40, "publish", Arguments::None, None, Sender::Client),
    row(60, 50, "return", Arguments::None, None, Sender::Server),
    row(60, 60, "deliver", Arguments::None, None, Sender::Server),
    row(60, 70, "get", Arguments::Names { strings: 1, no_wait: None }, Some(GET_OK), Sender::Client),
    row(60, 80, "ack", Arguments::None, None, Sender::Both),
    row(60, 90, "reject", Arguments::None, None, Sender::Client),
    row(60, 100, "recover-async", Arguments::None, None, Sender::Client),
    row(60, 110, "recover", Arguments::None, Some(111), Sender::Client),
    row(60, 120, "nack", Arguments::None, None, Sender::Both),
    row(85, 10, "confirm.select", Arguments::Bits { strings: 0, no_wait: Some(0) }, Some(11), Sender::Client),
    row(90, 10, "tx.select", Arguments::None, Some(11), Sender::Client),
    row(90, 20, "tx.commit", Arguments::None, Some(21), Sender::Client),
    row(90, 30, "tx.rollback", Arguments::None, Some(31), Sender::Client),
    LOGIN,
    row(10, 20, "connection.secure", Arguments::None, None, Sender::Server),
    row(10, 30, "connection.tune", Arguments::None, None, Sender::Server),
];

const fn row(
    class: u16,
    method: u16,
    name: &'static str,
    arguments: Arguments,
    answer: Option<u16>,
    sender: Sender,
) -> Description {
    Description { class, method, name, arguments, answer, sender }
}

/// The method with these numbers, if it asks, or tells, something.
pub(super) fn request(class: u16, method: u16) -> Option<&'static Description> {
    METHODS.iter().find(|row| (row.class, row.method) == (class, method))
}

/// The method that the one with these numbers answers.
pub(super) fn answered(class: u16, method: u16) -> Option<&'static Description> {
    let is_empty = (class, method) == (BASIC, GET_EMPTY);
    METHODS.iter().find(|row| row.class == class && (row.answer == Some(method) || (is_empty && row.method == GET)))
}

/// Whether a side sends the method with these numbers.
pub(super) fn is_sent(direction: Direction, class: u16, method: u16) -> bool {
    let (own, other) = match direction {
        Direction::ToServer => (Sender::Client, Sender::Server),
        Direction::ToClient => (Sender::Server, Sender::Client),
    };
    // The login has answers of its own, which are no others' answers.
    let is_login =
        direction == Direction::ToServer && class == CONNECTION && matches!(method, START_OK | SECURE_OK | TUNE_OK);
    is_login
        || request(class, method).is_some_and(|row| row.sender == own || row.sender == Sender::Both)
        || answered(class, method).is_some_and(|row| row.sender == other || row.sender == Sender::Both)
}
