//! As much of HTTP/1.1 as the kit's programs speak with each other: strict, since both ends are ours.

use std::io::{self, BufRead, Read};

/// A message's first line, the bytes of its head and the length of its body.
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) bytes: u64,
    body: Body,
}

enum Body {
    Length(u64),
    Chunked,
}

/// Reads a head; `None` at the end of the connection.
pub(crate) fn head(stream: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut first_line = String::new();
    let mut bytes = stream.read_line(&mut first_line)? as u64;
    if bytes == 0 {
        return Ok(None);
    }
    let mut body = Body::Length(0);
    loop {
        let mut line = String::new();
        bytes += stream.read_line(&mut line)? as u64;
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
    Ok(Some(Head { first_line, bytes, body }))
}

impl Head {
    /// Reads the body, throws it away and returns how many bytes it took.
    pub(crate) fn skip_body(&self, stream: &mut impl BufRead) -> io::Result<u64> {
        match self.body {
            Body::Length(len) => skip(stream, len),
            Body::Chunked => {
                let mut bytes = 0;
                loop {
                    let mut line = String::new();
                    bytes += stream.read_line(&mut line)? as u64;
                    let len = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
                    bytes += skip(stream, len)?;
                    bytes += stream.read_line(&mut line)? as u64;
                    if len == 0 {
                        return Ok(bytes);
                    }
                }
            }
        }
    }
}

fn skip(stream: &mut impl BufRead, len: u64) -> io::Result<u64> {
    let copied = io::copy(&mut stream.take(len), &mut io::sink())?;
    if copied == len { Ok(len) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
