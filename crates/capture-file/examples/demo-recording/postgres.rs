//! PostgreSQL's frontend/backend protocol, version 3 (documentation, chapter "Frontend/Backend Protocol", whose sections are
//! cited): clients with connections that stay open, and the server's answers.

use geophone_capture_file::synthetic::Traffic;
use geophone_model::time::Timestamp;

use crate::pool::{Pool, Session};

/// What starting a backend takes.
const LOGIN_NS: u64 = 3_500_000;

/// A service's connections to its database.
#[derive(Debug)]
pub(crate) struct Database {
    pool: Pool<Backend>,
    /// As whom it logs in.
    user: &'static str,
}

/// A connection while one piece of work has it.
pub(crate) type Client = Session<Backend>;

/// What the server's process for a connection remembers.
#[derive(Debug, Default)]
pub(crate) struct Backend {
    is_started: bool,
    transaction: Transaction,
    /// The names of the statements that were prepared.
    prepared: Vec<&'static str>,
}

/// The status that ReadyForQuery tells.
#[derive(Clone, Copy, Debug, Default)]
enum Transaction {
    #[default]
    None,
    Open,
    Failed,
}

/// What a statement comes to.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    /// Rows of text.
    Rows { columns: &'a [&'a str], rows: &'a [Vec<String>] },
    /// The tag of a statement that gives no rows.
    Done(&'a str),
    /// A SQLSTATE (appendix "PostgreSQL Error Codes") and what a person would read.
    Error(&'a str, &'a str),
}

/// A statement with a name, prepared once on each connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

impl Database {
    pub(crate) const fn new(pool: Pool<Backend>, user: &'static str) -> Self {
        Self { pool, user }
    }

    /// A connection from `at` on, at which it is opened and logged in if none is free.
    pub(crate) fn client(&mut self, traffic: &mut Traffic, at: Timestamp) -> Client {
        let mut client = self.pool.take(traffic, at, 0);
        if !client.state.is_started {
            client.state.is_started = true;
            client.ask(traffic, LOGIN_NS, &startup(self.user), &welcome());
        }
        client
    }

    /// The work is done; says when it was.
    pub(crate) fn done(&mut self, client: Client) -> Timestamp {
        let at = client.free;
        self.pool.give_back(client);
        at
    }
}

impl Client {
    /// "Simple Query": a text, and all that it comes to.
    pub(crate) fn query(&mut self, traffic: &mut Traffic, duration_ns: u64, text: &str, outcome: &Outcome<'_>) {
        let transaction = &mut self.state.transaction;
        *transaction = match (*transaction, outcome) {
            (Transaction::Open, Outcome::Error(..)) if text != COMMIT => Transaction::Failed,
            _ if text.starts_with("BEGIN") => Transaction::Open,
            _ if text == COMMIT || text == ROLLBACK => Transaction::None,
            (unchanged, _) => unchanged,
        };
        let answer = [outcome.rows_head(), outcome.end(), self.state.ready()].concat();
        self.ask(traffic, duration_ns, &message(b'Q', &zero_terminated(text)), &answer);
    }

    /// "Extended Query": Parse where the statement is new to the connection, then Bind and Execute by
    /// its name, with parameters as text.
    pub(crate) fn execute(
        &mut self,
        traffic: &mut Traffic,
        duration_ns: u64,
        statement: Prepared,
        parameters: &[&str],
        outcome: &Outcome<'_>,
    ) {
        let (mut request, mut answer) = (Vec::new(), Vec::new());
        let name = zero_terminated(statement.name);
        if !self.state.prepared.contains(&statement.name) {
            self.state.prepared.push(statement.name);
            // No types of parameters: the server finds them.
            request.extend(message(b'P', &[&name[..], &zero_terminated(statement.text), &[0, 0]].concat()));
            answer.extend(message(b'1', &[]));
        }
        // The portal has no name, and all is text.
        let values = parameters.iter().flat_map(|value| counted(value.as_bytes()));
        let bind =
            [0].into_iter().chain(name).chain([0, 0]).chain(number(parameters.len())).chain(values).chain([0, 0]);
        request.extend(message(b'B', &bind.collect::<Vec<u8>>()));
        answer.extend(message(b'2', &[]));
        request.extend(message(b'D', b"P\0"));
        answer.extend(match outcome {
            Outcome::Rows { .. } => outcome.rows_head(),
            // NoData
            Outcome::Done(_) | Outcome::Error(..) => message(b'n', &[]),
        });
        // As many rows as there are.
        request.extend(message(b'E', b"\0\0\0\0\0"));
        answer.extend(outcome.end());
        request.extend(message(b'S', &[]));
        answer.extend(self.state.ready());
        self.ask(traffic, duration_ns, &request, &answer);
    }
}

pub(crate) const COMMIT: &str = "COMMIT";
pub(crate) const ROLLBACK: &str = "ROLLBACK";

impl Backend {
    /// ReadyForQuery.
    fn ready(&self) -> Vec<u8> {
        let status = match self.transaction {
            Transaction::None => b'I',
            Transaction::Open => b'T',
            Transaction::Failed => b'E',
        };
        message(b'Z', &[status])
    }
}

impl Outcome<'_> {
    /// RowDescription: of each column its name, no table, the type `text` (25) of any length, as text.
    fn rows_head(&self) -> Vec<u8> {
        let Self::Rows { columns, .. } = self else { return Vec::new() };
        let field = |name: &&str| [&zero_terminated(name)[..], &[0; 6], &[0, 0, 0, 25], &[255; 6], &[0, 0]].concat();
        let fields = columns.iter().flat_map(field);
        message(b'T', &number(columns.len()).into_iter().chain(fields).collect::<Vec<u8>>())
    }

    /// DataRow for each row, and CommandComplete; or ErrorResponse.
    fn end(&self) -> Vec<u8> {
        match self {
            Self::Rows { rows, .. } => {
                let row = |row: &Vec<String>| {
                    let values = row.iter().flat_map(|value| counted(value.as_bytes()));
                    message(b'D', &number(row.len()).into_iter().chain(values).collect::<Vec<u8>>())
                };
                let tag = format!("SELECT {}", rows.len());
                rows.iter().flat_map(row).chain(message(b'C', &zero_terminated(&tag))).collect()
            }
            Self::Done(tag) => message(b'C', &zero_terminated(tag)),
            // "Error and Notice Message Fields": severity, the same untranslated, code, message.
            Self::Error(code, text) => message(b'E', format!("SERROR\0VERROR\0C{code}\0M{text}\0\0").as_bytes()),
        }
    }
}

/// StartupMessage: version 3.0, whose message has no type.
fn startup(user: &str) -> Vec<u8> {
    let parameters = format!("user\0{user}\0database\0shop\0client_encoding\0UTF8\0\0");
    counted_with_itself(&[&[0, 3, 0, 0], parameters.as_bytes()].concat())
}

/// AuthenticationOk, as for those whom `pg_hba.conf` trusts; some settings; BackendKeyData; ReadyForQuery.
fn welcome() -> Vec<u8> {
    let settings = ["server_version\x0017.6\0", "client_encoding\0UTF8\0", "standard_conforming_strings\0on\0"];
    let settings = settings.into_iter().flat_map(|setting| message(b'S', setting.as_bytes()));
    let key = message(b'K', &[0, 0, 0x1f, 0x90, 0x5e, 0xc2, 0xe7, 0x4b]);
    message(b'R', &[0; 4]).into_iter().chain(settings).chain(key).chain(Backend::default().ready()).collect()
}

/// "Message Formats": a type, the length of what follows with itself, the content.
fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    [vec![kind], counted_with_itself(content)].concat()
}

fn counted_with_itself(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 4).to_be_bytes(), content].concat()
}

/// A value: its length, and it.
fn counted(value: &[u8]) -> Vec<u8> {
    [&(value.len() as u32).to_be_bytes(), value].concat()
}

const fn number(of: usize) -> [u8; 2] {
    (of as u16).to_be_bytes()
}

fn zero_terminated(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}
