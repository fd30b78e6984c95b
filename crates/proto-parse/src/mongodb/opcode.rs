//! The opcodes of the wire protocol.

/// What kind of message it is (MongoDB Manual, "MongoDB Wire Protocol", sections "Opcodes" and "Legacy Opcodes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "they are named as in the manual")]
pub enum Opcode {
    Reply,
    Update,
    Insert,
    Query,
    GetMore,
    Delete,
    KillCursors,
    Command,
    CommandReply,
    Compressed,
    Msg,
}

/// Each opcode with its number and its name in lower case.
const OPCODES: [(Opcode, i32, &str); 11] = [
    (Opcode::Reply, 1, "op_reply"),
    (Opcode::Update, 2001, "op_update"),
    (Opcode::Insert, 2002, "op_insert"),
    (Opcode::Query, 2004, "op_query"),
    (Opcode::GetMore, 2005, "op_get_more"),
    (Opcode::Delete, 2006, "op_delete"),
    (Opcode::KillCursors, 2007, "op_kill_cursors"),
    (Opcode::Command, 2010, "op_command"),
    (Opcode::CommandReply, 2011, "op_commandreply"),
    (Opcode::Compressed, 2012, "op_compressed"),
    (Opcode::Msg, 2013, "op_msg"),
];

impl Opcode {
    /// The opcode with this number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        OPCODES.iter().find(|(_, known, _)| *known == number).map(|(opcode, ..)| *opcode)
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        OPCODES.iter().find(|(known, ..)| *known == self).map_or("", |(.., name)| name)
    }

    /// Whether a client sends it.
    #[must_use]
    pub const fn is_request(self) -> bool {
        !matches!(self, Self::Reply | Self::CommandReply)
    }

    /// Whether a server sends it.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self, Self::Reply | Self::CommandReply | Self::Compressed | Self::Msg)
    }
}
