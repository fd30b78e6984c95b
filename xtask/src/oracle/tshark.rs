//! What tshark finds in a capture.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result};
use geophone_model::net::{Endpoint, Transport};

use super::{
    dialect::{Answers, Dialect, Message},
    findings::Findings,
    pdml::Frame,
};
use crate::run::output;

/// A packet in one of the conversations.
struct Place {
    number: u64,
    at_ns: u64,
    client: Endpoint,
}

/// Lets tshark read a capture and collects what it says of each conversation, by its client. Times are since the epoch.
pub(super) fn find(capture: &Path, dialect: &Dialect) -> Result<BTreeMap<Endpoint, Findings>> {
    let document = run(capture, dialect)?;
    let mut found: BTreeMap<Endpoint, Links> = BTreeMap::new();
    for frame in Frame::parse(&document) {
        let place = place(&frame, dialect.port).with_context(|| format!("a packet is not understood: {frame:?}"))?;
        let links = found.entry(place.client).or_default();
        for layer in frame.layers.iter().filter(|layer| dialect.layers.contains(&layer.name.as_str())) {
            for message in (dialect.read)(layer) {
                links.add(&place, message);
            }
        }
    }
    Ok(found.into_iter().map(|(client, links)| (client, links.findings)).collect())
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
    let client = if destination.port() == port { source } else { destination };
    let at_ns = nanoseconds(field(&["frame.time_epoch"])?).context("not a time")?;
    Ok(Place { number: field(&["frame.number"])?.parse()?, at_ns, client })
}

/// `1.000000010` seconds
fn nanoseconds(seconds: &str) -> Option<u64> {
    let (whole, fraction) = seconds.split_once('.')?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(format!("{fraction:0<9}").parse().ok()?)
}

/// The findings of a conversation, and the requests that responses refer to.
#[derive(Default)]
struct Links {
    findings: Findings,
    /// By number of the packet: with several in one, the first that is not answered.
    by_frame: BTreeMap<u64, Vec<(u64, String)>>,
}

impl Links {
    fn add(&mut self, place: &Place, message: Message) {
        match message {
            Message::Request { operation } => {
                self.by_frame.entry(place.number).or_default().push((place.at_ns, operation.clone()));
                self.findings.requests.push((place.at_ns, operation));
            }
            Message::Response { code, answers } => {
                let request = match answers {
                    Answers::Frame(number) => {
                        let waiting = self.by_frame.get_mut(&number).filter(|waiting| !waiting.is_empty());
                        waiting.map(|waiting| waiting.remove(0))
                    }
                    Answers::Unknown => None,
                };
                if let Some((at_ns, operation)) = request {
                    self.findings.pairs.push(((at_ns, place.at_ns), format!("{operation} → {code}")));
                }
                self.findings.responses.push((place.at_ns, code));
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
