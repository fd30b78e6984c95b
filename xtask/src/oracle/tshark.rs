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
    Ok(found.into_iter().map(|(client, conversation)| (client, conversation.findings())).collect())
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
    exchanges: Vec<Exchange>,
}

/// A request with its response, as far as both are there. Times are those of their last parts.
#[derive(Default)]
struct Exchange {
    request: Option<(u64, String)>,
    /// The packet that the request begins in.
    frame: i64,
    key: Option<i64>,
    is_one_way: bool,
    response: Option<(u64, String)>,
}

impl Conversation {
    fn new(dialect: &Dialect) -> Self {
        Self { reader: (dialect.reader)(), exchanges: Vec::new() }
    }

    fn add(&mut self, place: &Place, message: Message) {
        let (at_ns, frame) = (place.at_ns, place.number);
        match message {
            Message::Request { operation, key } => {
                let request = Some((at_ns, operation));
                self.exchanges.push(Exchange { request, frame, key, ..Exchange::default() });
            }
            Message::OneWay { operation, key } => {
                let request = Some((at_ns, operation));
                self.exchanges.push(Exchange { request, frame, key, is_one_way: true, ..Exchange::default() });
            }
            Message::RequestPart { key } => {
                let begun = self
                    .exchanges
                    .iter_mut()
                    .rfind(|exchange| exchange.key == key && (key.is_some() || !exchange.is_one_way));
                if let Some((last_ns, _)) = begun.and_then(|exchange| exchange.request.as_mut()) {
                    *last_ns = at_ns;
                }
            }
            Message::Response { code, answers } => {
                let response = Some((at_ns, code));
                match self.exchanges.iter_mut().find(|exchange| exchange.is_answered_by(answers)) {
                    Some(exchange) => exchange.response = response,
                    None => self.exchanges.push(Exchange { response, ..Exchange::default() }),
                }
            }
            Message::ResponsePart { key, code } => {
                let begun =
                    self.exchanges.iter_mut().rfind(|exchange| exchange.key == key && exchange.response.is_some());
                if let Some((last_ns, known)) = begun.and_then(|exchange| exchange.response.as_mut()) {
                    *last_ns = at_ns;
                    *known = code.unwrap_or_else(|| std::mem::take(known));
                }
            }
        }
    }

    fn findings(self) -> Findings {
        let mut findings = Findings::default();
        for Exchange { request, response, .. } in self.exchanges {
            if let (Some((request_ns, operation)), Some((response_ns, code))) = (&request, &response) {
                findings.pairs.push(((*request_ns, *response_ns), format!("{operation} → {code}")));
            }
            findings.requests.extend(request);
            findings.responses.extend(response);
        }
        findings
    }
}

impl Exchange {
    fn is_answered_by(&self, answers: Answers) -> bool {
        let waits = self.request.is_some() && self.response.is_none() && !self.is_one_way;
        waits
            && match answers {
                Answers::First => true,
                Answers::Frame(number) => self.frame == number,
                Answers::Key(key) => self.key == Some(key),
                Answers::None => false,
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
