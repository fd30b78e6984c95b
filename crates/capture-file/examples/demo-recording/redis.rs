//! Redis ("Redis serialization protocol specification"): commands as arrays of strings, answered in RESP3.

use geophone_capture_file::synthetic::Traffic;
use geophone_model::time::Timestamp;

use crate::pool::Pool;

/// A service's connections to its cache.
#[derive(Debug)]
pub(crate) struct Cache {
    pool: Pool<Greeted>,
}

/// Whether the first words were said on a connection.
#[derive(Debug, Default)]
pub(crate) struct Greeted(bool);

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Reply<'a> {
    Status(&'a str),
    /// Its first word, in upper case, says what kind of error it is.
    Error(&'a str),
    Integer(u64),
    Text(&'a str),
    /// What stands for a key that is not there.
    Null,
    Map(Vec<(&'a str, Reply<'a>)>),
}

impl Cache {
    pub(crate) const fn new(pool: Pool<Greeted>) -> Self {
        Self { pool }
    }

    /// Sends commands as one packet, whose answers come as one, too; says when they are there.
    pub(crate) fn pipeline(
        &mut self,
        traffic: &mut Traffic,
        at: Timestamp,
        duration_ns: u64,
        commands: &[(&[&str], Reply<'_>)],
    ) -> Timestamp {
        let mut session = self.pool.take(traffic, at, 0);
        if !session.state.0 {
            session.state.0 = true;
            let server =
                [("server", Reply::Text("redis")), ("version", Reply::Text("7.2.4")), ("proto", Reply::Integer(3))];
            let hello = command(&["HELLO", "3"]);
            session.ask(traffic, duration_ns, &hello, &Reply::Map(server.into()).encoded());
        }
        let (requests, replies): (Vec<_>, Vec<_>) =
            commands.iter().map(|(words, reply)| (command(words), reply.encoded())).unzip();
        session.ask(traffic, duration_ns, &requests.concat(), &replies.concat());
        let answered = session.free;
        self.pool.give_back(session);
        answered
    }
}

/// "Sending commands to a Redis server": an array of bulk strings.
fn command(words: &[&str]) -> Vec<u8> {
    let strings = words.iter().map(|word| bulk_string(word)).collect::<String>();
    format!("*{}\r\n{strings}", words.len()).into_bytes()
}

/// Its length, and it.
fn bulk_string(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

impl Reply<'_> {
    fn encoded(&self) -> Vec<u8> {
        self.text().into_bytes()
    }

    /// "RESP protocol description", by the first byte of each type.
    fn text(&self) -> String {
        match self {
            Self::Status(text) => format!("+{text}\r\n"),
            Self::Error(text) => format!("-{text}\r\n"),
            Self::Integer(number) => format!(":{number}\r\n"),
            Self::Text(text) => bulk_string(text),
            Self::Null => "_\r\n".to_owned(),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| bulk_string(key) + &value.text());
                format!("%{}\r\n{}", entries.len(), entries.collect::<String>())
            }
        }
    }
}
