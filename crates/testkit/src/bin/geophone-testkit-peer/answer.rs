//! What a server answers to a path (`geophone_testkit::peer::Server`).

use std::{io, time::Duration};

use crate::wire::Wire;

/// Bytes of data in a chunk.
const CHUNK: usize = 1000;

/// An answer, and how long to wait before it.
pub(crate) struct Answer {
    pub(crate) after: Duration,
    pub(crate) status: u16,
    head: String,
    body: Body,
}

enum Body {
    /// In one piece with the head.
    Short(&'static str),
    Bytes(usize),
    Chunks(usize),
}

impl Answer {
    /// `/WHAT/NUMBER/…`.
    pub(crate) fn to(path: &str) -> Self {
        let mut parts = path.split('/').skip(1);
        let (what, number) =
            (parts.next().unwrap_or_default(), parts.next().and_then(|part| part.parse::<usize>().ok()));
        let (mut after, mut status, mut body) = (Duration::ZERO, 200, Body::Short("ok\n"));
        match (what, number) {
            ("sleep", Some(us)) => after = Duration::from_micros(us as u64),
            ("status", Some(code)) => (status, body) = (u16::try_from(code).unwrap_or(500), Body::Short("")),
            ("bytes", Some(len)) => body = Body::Bytes(len),
            ("chunked", Some(chunks)) => body = Body::Chunks(chunks),
            _ => {}
        }
        let framing = match body {
            Body::Short(text) => format!("Content-Length: {}", text.len()),
            Body::Bytes(len) => format!("Content-Length: {len}"),
            Body::Chunks(_) => "Transfer-Encoding: chunked".to_owned(),
        };
        Self { after, status, head: format!("HTTP/1.1 {status} Said\r\n{framing}\r\n\r\n"), body }
    }

    /// All that it will take on the wire.
    pub(crate) fn bytes(&self) -> u64 {
        let body = match self.body {
            Body::Short(text) => text.len(),
            Body::Bytes(len) => len,
            Body::Chunks(chunks) => chunks * (chunk_line().len() + CHUNK + CHUNK_END.len()) + LAST_CHUNK.len(),
        };
        (self.head.len() + body) as u64
    }

    pub(crate) fn send(&self, out: &mut impl Wire) -> io::Result<()> {
        match self.body {
            Body::Short(text) => out.write_all(format!("{}{text}", self.head).as_bytes()),
            Body::Bytes(len) => {
                out.write_all(self.head.as_bytes())?;
                out.send_body(len)
            }
            Body::Chunks(chunks) => {
                out.write_all(self.head.as_bytes())?;
                for _ in 0..chunks {
                    out.write_all(chunk_line().as_bytes())?;
                    out.send_body(CHUNK)?;
                    out.write_all(CHUNK_END)?;
                }
                out.write_all(LAST_CHUNK)
            }
        }
    }
}

const CHUNK_END: &[u8] = b"\r\n";
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn chunk_line() -> String {
    format!("{CHUNK:x}\r\n")
}
