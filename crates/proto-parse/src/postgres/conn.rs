//! One PostgreSQL connection.

mod requests;
mod responses;

use alloc::vec::Vec;

use super::detect;
use super::groups::Groups;
use super::message::{self, HEAD_BYTES};
use super::request::Named;
use super::startup::{STARTUP_HEAD_BYTES, startup_len};
use super::statement::Statements;
use crate::framed::{Conversation, Head, Message, Next, framed_connection};
use crate::pairing::{InOrder, Pairing as _, Turn};
use crate::sql::Dialect;
use crate::{Detection, Direction, Flags, Limits, Parsed, Shape, Span};

framed_connection! {
    /// A parser of one PostgreSQL connection; see the [module](super) for what it makes of which shape of traffic.
    Connection is a Postgres
}

/// What is known of a connection beside its place in the stream.
#[derive(Debug)]
struct Postgres {
    pairing: InOrder<Memo>,
    groups: Groups,
    phase: Phase,
    statements: Statements,
    /// As the server has told.
    dialect: Dialect,
    /// What the client has sent may change the dialect without being answered yet.
    may_change_dialect: bool,
    /// The messages since the last Execute.
    rest: Rest,
    /// How things stood when the request under way began.
    turn: Turn,
    /// The response to the front request, as far as it has come.
    response: Option<Span>,
    response_flags: Flags,
    /// A message of the server's is under way.
    is_answering: bool,
    /// Something that answers nothing known came since the last ReadyForQuery.
    has_unasked: bool,
    next: Next,
}

/// How the next message is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The client has not begun a session: its messages have no type.
    Startup,
    /// It has asked for encryption: the server's answer is one byte.
    EncryptionAsked,
    Messages,
}

/// What is remembered of an open request.
#[derive(Debug, Default)]
struct Memo {
    /// Its response is over with ReadyForQuery, and not before: all but Execute.
    ends_when_ready: bool,
    is_login: bool,
    /// What decides how it went was seen.
    is_decided: bool,
    /// The server takes data for it.
    takes_data: bool,
}

/// The messages of the extended protocol since the last Execute.
#[derive(Debug, Default)]
struct Rest {
    /// `None`, if there are none.
    span: Option<Span>,
    flags: Flags,
    subject: Option<Subject>,
    /// The subject's name.
    name: Vec<u8>,
}

/// What messages that run nothing are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Portal,
    Statement,
}

/// Bytes of a name that are read. The server tells names apart by their first 63 bytes (`NAMEDATALEN`).
const NAME_BYTES: usize = 256;

/// Bytes of an error that are read: severity, in the server's language too, and code.
const ERROR_BYTES: usize = 128;

impl Postgres {
    fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            pairing: InOrder::new(limits, joined_late),
            groups: Groups::new(limits),
            phase: if joined_late { Phase::Messages } else { Phase::Startup },
            statements: Statements::new(limits),
            dialect: if joined_late {
                Dialect::POSTGRESQL.with_unknown_backslash_escapes()
            } else {
                Dialect::POSTGRESQL
            },
            // What was prepared before may do so.
            may_change_dialect: joined_late,
            rest: Rest::default(),
            turn: Turn::default(),
            response: None,
            response_flags: Flags::default(),
            is_answering: false,
            has_unasked: false,
            next: Next::Same,
        }
    }

    /// It is not known any more which answer is whose.
    fn lose_count(&mut self) {
        self.pairing.requests_lost(0);
        self.pairing.drop_open();
        self.forget_groups();
    }

    fn forget_groups(&mut self) {
        self.groups.clear();
        self.response = None;
        self.response_flags = Flags::default();
    }
}

impl Conversation for Postgres {
    type Pairing = InOrder<Memo>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], _: &Limits) -> Head {
        let length = match (direction, self.phase) {
            (Direction::ToServer, Phase::Startup | Phase::EncryptionAsked) => {
                return match startup_len(data) {
                    Ok(Parsed::Complete { value, .. }) => Head::Message { len: value.into(), keep: usize::MAX },
                    Ok(Parsed::Incomplete { .. }) => Head::NeedMore { bytes: STARTUP_HEAD_BYTES },
                    Err(_) => Head::Malformed,
                };
            }
            (Direction::ToClient, Phase::EncryptionAsked) if matches!(data, [b'S' | b'G' | b'N', ..]) => {
                return Head::Message { len: 1, keep: 1 };
            }
            _ => message::Head::parse(direction, data),
        };
        match length {
            Ok(Parsed::Complete { value: message::Head { kind, len }, .. }) => {
                Head::Message { len: len.into(), keep: HEAD_BYTES.saturating_add(kept_bytes(direction, kind)) }
            }
            Ok(Parsed::Incomplete { .. }) => Head::NeedMore { bytes: HEAD_BYTES },
            Err(_) => Head::Malformed,
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], _: &Limits) -> Detection {
        detect::message_begins(direction, data)
    }

    fn began(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer if self.rest.span.is_none() => {
                self.turn = self.pairing.begin(self.response.is_some() || self.is_answering);
            }
            Direction::ToServer => {}
            Direction::ToClient => self.is_answering = true,
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer if self.phase == Phase::Messages => self.on_request(message, limits),
            Direction::ToServer => self.on_startup(message, limits),
            Direction::ToClient => {
                self.is_answering = false;
                if self.phase == Phase::EncryptionAsked && message.len == 1 {
                    self.on_encryption_answer(message);
                } else {
                    self.on_response(message, limits);
                }
            }
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.on_broken_request(message, limits),
            Direction::ToClient => self.response_flags |= Flags::RESPONSE_TRUNCATED,
        }
    }

    fn lost(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => {
                self.phase = Phase::Messages;
                self.rest.clear();
                self.statements.forget_unnamed();
                self.may_change_dialect = true;
                self.pairing.requests_lost(1);
                self.forget_groups_of_dropped();
            }
            Direction::ToClient => self.lose_responses(),
        }
    }

    fn unanswered(&mut self, now_ns: u64) {
        if self.pairing.front().is_some_and(|open| open.exchange.shape == Shape::Stream) {
            // A stream lasts until somebody ends it.
            if let Some(response) = &mut self.response {
                response.extend(now_ns, 0);
            }
            self.finish_front();
        } else if self.pairing.front().is_some_and(|open| open.memo.is_decided) {
            self.finish_front();
        } else if self.response.is_some()
            && let Some(open) = self.pairing.front()
        {
            open.exchange.flags |= Flags::RESPONSE_TRUNCATED | self.response_flags;
        }
        self.pairing.finish_unanswered(now_ns);
        self.forget_groups();
    }

    fn abandon(&mut self) {
        self.pairing.abandon();
        self.forget_groups();
        self.rest.clear();
    }

    fn next(&mut self) -> Next {
        core::mem::replace(&mut self.next, Next::Same)
    }

    fn held_bytes(&self) -> usize {
        let groups = self.groups.held_bytes();
        groups.saturating_add(self.statements.held_bytes()).saturating_add(self.rest.name.capacity())
    }
}

/// Bytes of a message's content that are read.
const fn kept_bytes(direction: Direction, kind: u8) -> usize {
    match (direction, kind) {
        (Direction::ToServer, b'Q' | b'P') => usize::MAX,
        (Direction::ToServer, b'B') => 2 * NAME_BYTES,
        (Direction::ToServer, b'C' | b'D' | b'E') | (Direction::ToClient, b'A' | b'S') => NAME_BYTES,
        (Direction::ToServer, b'F') => 4,
        (Direction::ToClient, b'E') => ERROR_BYTES,
        (Direction::ToClient, b'Z') => 1,
        _ => 0,
    }
}

impl Rest {
    /// Takes in a message.
    fn extend(&mut self, message: &Message<'_>) {
        let span = self.span.get_or_insert(Span::starting(message.span.first_ns));
        span.extend(message.span.last_ns, message.span.bytes);
        self.flags |= message.flags;
        if message.lost {
            self.flags |= Flags::REQUEST_GAP;
        }
    }

    /// Says what it is about.
    fn concern(&mut self, named: Named<'_>) {
        let (subject, name) = match named {
            Named::Portal(name) => (Subject::Portal, name),
            Named::Statement(name) => (Subject::Statement, name),
        };
        self.subject = Some(subject);
        self.name.clear();
        self.name.extend_from_slice(name.get(..NAME_BYTES).unwrap_or(name));
    }

    /// What it is about.
    fn subject(&self) -> Option<Named<'_>> {
        Some(match self.subject? {
            Subject::Portal => Named::Portal(&self.name),
            Subject::Statement => Named::Statement(&self.name),
        })
    }

    fn clear(&mut self) {
        self.span = None;
        self.flags = Flags::default();
        self.subject = None;
    }
}
