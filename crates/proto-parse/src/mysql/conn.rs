//! One MySQL connection.

mod requests;
mod responses;

use super::command::ReplyKind;
use super::detect::begins;
use super::handshake::{Capabilities, Greeting, Login};
use super::message::PacketHeader;
use super::reply::Reply;
use super::statement::Statements;
use crate::framed::{Conversation, Head, Message, Next, framed_connection};
use crate::pairing::{InOrder, Pairing as _, Turn};
use crate::sql::{Dialect, Statement};
use crate::{Detection, Direction, Flags, Limits, Parsed, Span};

framed_connection! {
    /// A parser of one MySQL connection; see the [module](super) for what it makes of which shape of traffic.
    Connection is a Dialog
}

/// What both sides have said so far.
#[derive(Debug)]
struct Dialog {
    phase: Phase,
    pairing: InOrder<Memo>,
    /// How things stood when the client's packet under way began.
    turn: Turn,
    statements: Statements,
    /// What the client's next packets are, if not a command.
    clients_turn: ClientsTurn,
    /// The sequence number of the packet with which the client goes on.
    client_sequence: u8,
    /// The response under way.
    response: Option<Response>,
    /// The sequence number of the packet that goes on where the server's last one left off.
    server_sequence: u8,
    /// A reply is searched for, and replies that are not sure to be such are passed over.
    searches_responses: bool,
    /// Whether EOF packets come behind columns, if that is known.
    ends_columns: Option<bool>,
    /// What its statuses tell of the server's mode; see [`dialect`](Self::dialect).
    dialect: Dialect,
    capabilities: Capabilities,
    next: Next,
}

/// How far the connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The server is to greet.
    Greeting,
    /// The client is to log in.
    Login,
    /// The client sends commands.
    Commands,
}

/// What a packet of the client's is that is not the first one of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientsTurn {
    /// There is none: the next packet is a command.
    None,
    /// The rest of a command, behind a full packet.
    Rest,
    /// A file, up to an empty packet; `full` behind a full one.
    File { full: bool },
    /// An answer to a question about who the client is.
    Login,
}

/// What is remembered of an open request.
#[derive(Debug, Default)]
struct Memo {
    reply: ReplyKind,
    /// The sequence number of the first packet of its reply.
    reply_sequence: u8,
    /// A statement that waits for its number.
    statement: Option<Statement>,
    /// More packets of it are to come.
    is_unfinished: bool,
    /// With success, the session is a new one.
    resets_session: bool,
}

/// The response to the front request, under way.
#[derive(Debug)]
struct Response {
    kind: ReplyKind,
    reply: Reply,
    span: Span,
    flags: Flags,
    /// The last packet was a full one, so that its payload goes on.
    full: bool,
}

/// Before the server has told, or where what it told may be lost.
const UNTOLD: Dialect = Dialect::MYSQL.with_unknown_backslash_escapes();

impl Dialog {
    fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            phase: if joined_late { Phase::Commands } else { Phase::Greeting },
            pairing: InOrder::new(limits, joined_late),
            turn: Turn::default(),
            statements: Statements::new(limits),
            clients_turn: ClientsTurn::None,
            client_sequence: 0,
            response: None,
            server_sequence: 0,
            searches_responses: joined_late,
            ends_columns: None,
            dialect: UNTOLD,
            capabilities: Capabilities::ALL,
            next: Next::Same,
        }
    }
}

impl Conversation for Dialog {
    type Pairing = InOrder<Memo>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], limits: &Limits) -> Head {
        let Parsed::Complete { value: header, consumed } = PacketHeader::parse(data) else {
            return Head::NeedMore { bytes: PacketHeader::BYTES };
        };
        let is_due = match direction {
            Direction::ToServer => self.is_clients_due(header),
            Direction::ToClient => self.is_servers_due(header),
        };
        if !is_due {
            return Head::Malformed;
        }
        let keep = match (direction, self.phase, self.clients_turn) {
            (Direction::ToClient, Phase::Greeting, _) => Greeting::HEAD_BYTES,
            (Direction::ToClient, ..) => Reply::HEAD_BYTES,
            (Direction::ToServer, Phase::Greeting | Phase::Login, _) => Login::HEAD_BYTES,
            (Direction::ToServer, _, ClientsTurn::None) => limits.message_bytes,
            (Direction::ToServer, ..) if self.takes_no_turn(header) => limits.message_bytes,
            (Direction::ToServer, ..) => 0,
        };
        let len = u64::from(header.payload_bytes).saturating_add(u64::try_from(consumed).unwrap_or(0));
        Head::Message { len, keep: keep.saturating_add(consumed) }
    }

    fn begins(&self, direction: Direction, data: &[u8], _: &Limits) -> Detection {
        begins(direction, data)
    }

    fn began(&mut self, direction: Direction) {
        if direction == Direction::ToServer {
            self.turn = self.pairing.begin(self.response.is_some());
            self.turn.answer_may_be_lost = self.searches_responses;
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.on_request_packet(message, limits),
            Direction::ToClient => self.on_response_packet(message, limits),
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.break_request(message, limits),
            Direction::ToClient => self.break_response(message, limits),
        }
    }

    fn lost(&mut self, direction: Direction) {
        self.dialect = UNTOLD;
        match direction {
            Direction::ToServer => self.lose_requests(),
            Direction::ToClient => self.lose_responses(),
        }
    }

    fn unanswered(&mut self, now_ns: u64) {
        self.end_response(now_ns);
        self.pairing.finish_unanswered(now_ns);
    }

    fn abandon(&mut self) {
        self.response = None;
        self.pairing.abandon();
    }

    fn next(&mut self) -> Next {
        core::mem::replace(&mut self.next, Next::Same)
    }

    fn held_bytes(&self) -> usize {
        self.statements.held_bytes()
    }
}

/// The bytes of a packet's payload that are there, and how many it has.
fn payload<'a>(message: &Message<'a>) -> (&'a [u8], u32) {
    let payload = message.bytes.get(PacketHeader::BYTES..).unwrap_or_default();
    (payload, header(message).payload_bytes)
}

fn header(message: &Message<'_>) -> PacketHeader {
    match PacketHeader::parse(message.bytes) {
        Parsed::Complete { value, .. } => value,
        Parsed::Incomplete { .. } => PacketHeader { payload_bytes: 0, sequence: 0 },
    }
}

#[cfg(test)]
mod tests;
