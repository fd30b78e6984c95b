//! Recordings of real programs as conversations for the parsers' corpus: `cargo xtask corpus`.
//!
//! One connection of a pcap or pcapng file becomes a file in the format of `crates/proto-parse/testdata/README.md`, with an
//! event for each packet. What the parser makes of it is left empty: the corpus test writes it.

pub(crate) mod stream;
mod text;

use std::{
    fs::{self, File},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use geophone_model::net::Transport;
use stream::Stream;

/// What is to become of which connection.
struct Order<'a> {
    capture: &'a Path,
    /// The server's.
    port: u16,
    transport: Transport,
    /// The number of the connection, in order of their first packets.
    stream: usize,
    out: &'a Path,
}

/// Writes one connection of a capture as a conversation.
pub(crate) fn corpus(arguments: &[&str]) -> Result<()> {
    let order = Order::parse(arguments)?;
    let shown = order.capture.display();
    let file = File::open(order.capture).with_context(|| format!("cannot open {shown}"))?;
    let streams = stream::read(file, order.port, order.transport).with_context(|| format!("cannot read {shown}"))?;
    if streams.len() > 1 {
        for (number, stream) in streams.iter().enumerate() {
            println!("--stream {number}: {stream}");
        }
    }
    let Some(stream) = streams.into_iter().nth(order.stream) else {
        bail!("{shown} has no connection {} with a server on port {}", order.stream, order.port);
    };
    write(stream, order.out)
}

fn write(stream: Stream, out: &Path) -> Result<()> {
    let described = stream.to_string();
    let script = stream.script().with_context(|| format!("cannot use the connection {described}"))?;
    fs::write(out, text::show(&script)).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}: {described}", out.display());
    Ok(())
}

impl<'a> Order<'a> {
    fn parse(arguments: &[&'a str]) -> Result<Self> {
        const USAGE: &str = "usage: cargo xtask corpus FILE.pcap --port N [--udp] [--stream K] --out FILE.txt";
        let (mut capture, mut port, mut out) = (None, None, None);
        let (mut transport, mut stream) = (Transport::Tcp, 0);
        let mut words = arguments.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
            match word {
                "--port" => port = Some(value()?.parse().context("--port takes a number")?),
                "--stream" => stream = value()?.parse().context("--stream takes a number")?,
                "--out" => out = Some(Path::new(value()?)),
                "--udp" => transport = Transport::Udp,
                _ if word.starts_with('-') || capture.is_some() => bail!("unknown argument `{word}`\n{USAGE}"),
                _ => capture = Some(Path::new(word)),
            }
        }
        let (Some(capture), Some(port), Some(out)) = (capture, port, out) else { bail!("{USAGE}") };
        Ok(Self { capture, port, transport, stream, out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_complete_or_refused() {
        let order = Order::parse(&["a.pcap", "--port", "5432", "--stream", "2", "--out", "a.txt"]).unwrap();
        assert_eq!((order.port, order.stream, order.transport), (5432, 2, Transport::Tcp));
        assert_eq!((order.capture, order.out), (Path::new("a.pcap"), Path::new("a.txt")));
        for refused in [
            &["a.pcap", "--out", "a.txt"][..],
            &["a.pcap", "b.pcap", "--port", "1", "--out", "a.txt"],
            &["a.pcap", "--port", "70000", "--out", "a.txt"],
            &["a.pcap", "--port", "1", "--out"],
        ] {
            assert!(Order::parse(refused).is_err(), "{refused:?}");
        }
    }
}
