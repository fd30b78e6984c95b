//! What tshark finds in a capture.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result};
use geophone_model::net::{Endpoint, Transport};
use geophone_proto_parse::Direction;

use super::{
    dialect::{Answers, Dialect, Message, Reader},
    findings::Findings,
    pdml::Frame,
};
use crate::run::output;

/// A packet in one of the conversations.
struct Place {
    number: i64,
    at_ns: u64,
    client: Endpoint,
    direction: Direction,
}

/// Lets tshark read a capture and collects what it says of each conversation, by its client. Times are since the epoch.
pub(super) fn find(capture: &Path, dialect: &Dialect) -> Result<BTreeMap<Endpoint, Findings>> {
    let document = run(capture, dialect)?;
    let mut found: BTreeMap<Endpoint, Conversation> = BTreeMap::new();
    for frame in Frame::parse(&document) {
        let place = place(&frame, dialect.port).with_context(|| format!("a packet is not understood: {frame:?}"))?;
        let conversation = found.entry(place.client).or_insert_with(|| Conversation::new(dialect));
        for layer in frame.layers.iter().filter(|layer| dialect.layers.contains(&layer.name.as_str())) {
            for message in conversation.reader.read(layer, place.direction) {
                conversation.add(&place, message);
            }
        }
    }
    Ok(found.into_iter().map(|(client, conversation)| (client, conversation.findings)).collect())
}

fn run(capture: &Path, dialect: &Dialect) -> Result<String> {
    let transport = match dialect.transport {
        Transport::Udp => "udp",
        _ => "tcp",
    };
    let mut arguments = vec!["-n".to_owned(), "-r".to_owned(), capture.display().to_string()];
    arguments.extend(["-T", "pdml", "-J"].map(str::to_owned));
    arguments.push([&["frame", "ip", transport], dialect.layers].concat().join(" "));
    arguments.extend(["-d".to_owned(), format!("{transport}.port=={},{}", dialect.port, dialect.dissector)]);
    for option in dialect.options {
        arguments.extend(["-o".to_owned(), (*option).to_owned()]);
    }
    output("tshark", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn place(frame: &Frame, port: u16) -> Result<Place> {
    let field =
        |names: &[&str]| names.iter().find_map(|name| frame.field(name)).with_context(|| format!("no {names:?}"));
    let endpoint = |address, ports: &[&str]| -> Result<Endpoint> {
        Ok(Endpoint::new(field(&[address])?.parse()?, field(ports)?.parse()?))
    };
    let source = endpoint("ip.src", &["tcp.srcport", "udp.srcport"])?;
    let destination = endpoint("ip.dst", &["tcp.dstport", "udp.dstport"])?;
    let (client, direction) =
        if destination.port() == port { (source, Direction::ToServer) } else { (destination, Direction::ToClient) };
    let at_ns = nanoseconds(field(&["frame.time_epoch"])?).context("not a time")?;
    Ok(Place { number: field(&["frame.number"])?.parse()?, at_ns, client, direction })
}

/// `1.000000010` seconds
fn nanoseconds(seconds: &str) -> Option<u64> {
    let (whole, fraction) = seconds.split_once('.')?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(format!("{fraction:0<9}").parse().ok()?)
}

/// What is found in a conversation.
struct Conversation {
    reader: Box<dyn Reader>,
    findings: Findings,
    /// Requests without an answer, in their order.
    waiting: Vec<Waiting>,
}

struct Waiting {
    frame: i64,
    key: Option<i64>,
    at_ns: u64,
    operation: String,
}

impl Conversation {
    fn new(dialect: &Dialect) -> Self {
        Self { reader: (dialect.reader)(), findings: Findings::default(), waiting: Vec::new() }
    }

    fn add(&mut self, place: &Place, message: Message) {
        let at_ns = place.at_ns;
        match message {
            Message::Request { operation, key } => {
                self.findings.requests.push((at_ns, operation.clone()));
                self.waiting.push(Waiting { frame: place.number, key, at_ns, operation });
            }
            Message::OneWay { operation } => self.findings.requests.push((at_ns, operation)),
            Message::Response { code, answers } => {
                let answered = self.waiting.iter().position(|waiting| match answers {
                    Answers::First => true,
                    Answers::Frame(number) => waiting.frame == number,
                    Answers::Key(key) => waiting.key == Some(key),
                    Answers::None => false,
                });
                if let Some(at) = answered {
                    let request = self.waiting.remove(at);
                    let text = format!("{} → {code}", request.operation);
                    self.findings.pairs.push(((request.at_ns, at_ns), text));
                }
                self.findings.responses.push((at_ns, code));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact() {
        assert_eq!(nanoseconds("1.000000010"), Some(1_000_000_010));
        assert_eq!(nanoseconds("1000000000.5"), Some(1_000_000_000_500_000_000));
        assert_eq!(nanoseconds("-1.5"), None);
    }
}
