//! As much of HTTP/1.1 as the kit's programs speak with each other: strict, since both ends are ours.

use std::io::{self, BufRead, Read};

/// A message's first line and the length of its body.
pub(crate) struct Head {
    pub(crate) first_line: String,
    body: Body,
}

enum Body {
    Length(u64),
    Chunked,
}

/// Reads a head; `None` at the end of the connection.
pub(crate) fn head(stream: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut first_line = String::new();
    if stream.read_line(&mut first_line)? == 0 {
        return Ok(None);
    }
    let mut body = Body::Length(0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.to_ascii_lowercase().split_once(": ") {
            Some(("content-length", len)) => body = Body::Length(len.parse().map_err(io::Error::other)?),
            Some(("transfer-encoding", "chunked")) => body = Body::Chunked,
            Some(_) => {}
            None => return Err(io::Error::other(format!("a head is cut at {line:?}"))),
        }
    }
    first_line.truncate(first_line.trim_end().len());
    Ok(Some(Head { first_line, body }))
}

impl Head {
    /// Reads the body and throws it away.
    pub(crate) fn skip_body(&self, stream: &mut impl BufRead) -> io::Result<()> {
        match self.body {
            Body::Length(len) => skip(stream, len),
            Body::Chunked => loop {
                let mut line = String::new();
                stream.read_line(&mut line)?;
                let len = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
                skip(stream, len)?;
                stream.read_line(&mut line)?;
                if len == 0 {
                    return Ok(());
                }
            },
        }
    }
}

fn skip(stream: &mut impl BufRead, len: u64) -> io::Result<()> {
    let copied = io::copy(&mut stream.take(len), &mut io::sink())?;
    if copied == len { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
