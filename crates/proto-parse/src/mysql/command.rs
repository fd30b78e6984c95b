//! What a client asks for.

use super::message::{length_encoded, length_encoded_bytes};
use crate::read::Reader;

macro_rules! commands {
    ($($byte:literal $variant:ident $name:literal $reply:ident $doc:literal,)*) => {
        /// A command: the first byte of the first packet of a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Command {
            $(#[doc = $doc] $variant,)*
        }

        impl Command {
            /// The command of that byte.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its name in the protocol, without `COM_`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What the server answers.
            #[must_use]
            pub const fn reply(self) -> ReplyKind {
                match self {
                    $(Self::$variant => ReplyKind::$reply,)*
                }
            }
        }
    };
}

commands! {
    0x01 Quit "QUIT" Nothing "The client goes.",
    0x02 InitDb "INIT_DB" Status "Another database.",
    0x03 Query "QUERY" Results "Statements as text.",
    0x04 FieldList "FIELD_LIST" Fields "The columns of a table.",
    0x05 CreateDb "CREATE_DB" Status "A new database.",
    0x06 DropDb "DROP_DB" Status "A database less.",
    0x07 Refresh "REFRESH" Status "Flushes tables, logs, or caches.",
    0x08 Shutdown "SHUTDOWN" Status "The server ends.",
    0x09 Statistics "STATISTICS" Text "A line about the server.",
    0x0a ProcessInfo "PROCESS_INFO" Results "Who is connected.",
    0x0c ProcessKill "PROCESS_KILL" Status "Ends another connection.",
    0x0d Debug "DEBUG" Status "The server writes to its log.",
    0x0e Ping "PING" Status "Is the server there?",
    0x11 ChangeUser "CHANGE_USER" Login "Another user.",
    0x12 BinlogDump "BINLOG_DUMP" Stream "What changes, from a place in the log on.",
    0x13 TableDump "TABLE_DUMP" Stream "A table's content.",
    0x15 RegisterSlave "REGISTER_SLAVE" Status "A replica says who it is.",
    0x16 StmtPrepare "STMT_PREPARE" Prepared "Prepares a statement.",
    0x17 StmtExecute "STMT_EXECUTE" Results "Executes a prepared statement.",
    0x18 StmtSendLongData "STMT_SEND_LONG_DATA" Nothing "A piece of a parameter.",
    0x19 StmtClose "STMT_CLOSE" Nothing "Forgets a prepared statement.",
    0x1a StmtReset "STMT_RESET" Status "Forgets the parameters of a prepared statement.",
    0x1b SetOption "SET_OPTION" Status "Several statements in one text, or not.",
    0x1c StmtFetch "STMT_FETCH" Rows "The next rows of a cursor.",
    0x1e BinlogDumpGtid "BINLOG_DUMP_GTID" Stream "What changes, from a transaction on.",
    0x1f ResetConnection "RESET_CONNECTION" Status "A session as if new.",
    0xfa StmtBulkExecute "STMT_BULK_EXECUTE" Results "Executes a prepared statement for many parameters (MariaDB).",
}

/// What a server answers to a command, where it does not answer with an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyKind {
    /// Nothing.
    #[default]
    Nothing,
    /// OK, or EOF.
    Status,
    /// A text without a beginning or an end.
    Text,
    /// Results: each of them OK, or columns and rows.
    Results,
    /// A statement's number, its parameters and columns.
    Prepared,
    /// Columns, and EOF.
    Fields,
    /// Rows, and EOF.
    Rows,
    /// OK, perhaps behind questions that the client answers.
    Login,
    /// As many packets as the server likes, and EOF.
    Stream,
}

/// The number that stands for the statement that was prepared last (MariaDB's "direct execution").
const LAST_PREPARED: u32 = u32::MAX;

/// A statement, as a command refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementId {
    /// By the number that the server gave it.
    Number(u32),
    /// The one that was prepared last.
    Last,
}

impl StatementId {
    /// The statement that the payload of a `STMT_` command refers to.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader(payload.get(1..)?);
        Some(match reader.u32_le()? {
            LAST_PREPARED => Self::Last,
            number => Self::Number(number),
        })
    }
}

/// The text of the statements in the payload of a `QUERY`, of which `payload` may be the beginning only; `None` where the
/// text does not begin in it.
///
/// Where both sides are capable of query attributes, these are in front of the text. Whether they are is told by the bytes
/// themselves, so that it is right on a connection of which the beginning was not seen: the count of attributes is followed by
/// the constant 1, and no statement has that as its first or second byte.
#[must_use]
pub fn query_text(payload: &[u8]) -> Option<&[u8]> {
    let text = payload.get(1..)?;
    match text {
        [0, 1, text @ ..] => Some(text),
        [_, 1, ..] | [0xfc, _, _, 1, ..] => behind_attributes(text),
        _ => Some(text),
    }
}

/// "COM_QUERY" in the MySQL documentation: counts, a bitmap of NULLs, types with names, values.
fn behind_attributes(data: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader(data);
    let count = usize::try_from(length_encoded(&mut reader)?).ok()?;
    length_encoded(&mut reader)?;
    let nulls = reader.bytes(count.div_ceil(8))?;
    // "new_params_bind_flag", which is always set here.
    reader.u8().filter(|&flag| flag == 1)?;
    // The types are read again beside the values: nothing is stored.
    let mut types = reader;
    for _ in 0..count {
        reader.u16_le()?;
        length_encoded_bytes(&mut reader)?;
    }
    for index in 0..count {
        let [kind, _] = types.array()?;
        length_encoded_bytes(&mut types)?;
        let is_null = nulls.get(index / 8)? >> (index % 8) & 1 == 1;
        if !is_null {
            pass_value(kind, &mut reader)?;
        }
    }
    Some(reader.0)
}

/// Passes over a value as "Binary Protocol Value" has it, by the type's number.
fn pass_value(kind: u8, reader: &mut Reader<'_>) -> Option<()> {
    match kind {
        // NULL.
        6 => {}
        // TINY.
        1 => _ = reader.u8()?,
        // SHORT, YEAR.
        2 | 13 => _ = reader.bytes(2)?,
        // LONG, FLOAT, INT24.
        3 | 4 | 9 => _ = reader.bytes(4)?,
        // DOUBLE, LONGLONG.
        5 | 8 => _ = reader.bytes(8)?,
        // TIMESTAMP, DATE, TIME, DATETIME: with a length of one byte.
        7 | 10..=12 => {
            let len = reader.u8()?;
            reader.bytes(usize::from(len))?;
        }
        // Texts, decimals, blobs.
        _ => _ = length_encoded_bytes(reader)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_name_of_its_own() {
        let commands: alloc::vec::Vec<_> = (0..=u8::MAX).filter_map(Command::from_byte).collect();
        assert_eq!(commands.len(), 27);
        let mut names: alloc::vec::Vec<_> = commands.iter().map(|command| command.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), commands.len());
    }

    #[test]
    fn a_statement_is_a_number_or_the_last_one() {
        assert_eq!(StatementId::parse(b"\x17\x01\0\0\0\0\x01\0\0\0"), Some(StatementId::Number(1)));
        assert_eq!(StatementId::parse(b"\x17\xff\xff\xff\xff\0\x01\0\0\0"), Some(StatementId::Last));
        assert_eq!(StatementId::parse(b"\x19\x01\0\0"), None);
    }

    #[test]
    fn the_text_of_a_query_is_behind_its_attributes() {
        assert_eq!(query_text(b"\x03SELECT 1"), Some(&b"SELECT 1"[..]));
        assert_eq!(query_text(b"\x03"), Some(&b""[..]));
        assert_eq!(query_text(b"\x03\0\x01SELECT 1"), Some(&b"SELECT 1"[..]));
        // Three attributes: a NULL, a text and a number.
        let attributes = b"\x03\x03\x01\x01\x01\xfe\0\x01a\xfe\0\x01b\x08\0\x01c\x05value\x07\0\0\0\0\0\0\0SELECT 1";
        assert_eq!(query_text(attributes), Some(&b"SELECT 1"[..]));
        for len in 3..attributes.len() - b"SELECT 1".len() {
            assert_eq!(query_text(&attributes[..len]), None, "{len}");
        }
        // As many attributes as a newline has for a number.
        let newline = [&b"\x03\n\x01\0\0\x01"[..], &b"\x01\0\0".repeat(10), &[7; 10], b"SELECT 1"].concat();
        assert_eq!(query_text(&newline), Some(&b"SELECT 1"[..]));
        assert_eq!(query_text(b"\x03\nSELECT 1"), Some(&b"\nSELECT 1"[..]));
    }
}
