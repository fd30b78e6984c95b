//! DNS.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Dns,
    port: 53,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "dns",
    layers: &["dns"],
    options: &[],
    reader: || Box::new(read),
    seen,
};

/// Types of records (IANA, "Domain Name System (DNS) Parameters").
const TYPES: [(&str, i64); 12] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("PTR", 12),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", 28),
    ("SRV", 33),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("ANY", 255),
];

fn read(layer: &Layer, _: Direction) -> Vec<Message> {
    let Some(id) = layer.number("dns.id") else { return Vec::new() };
    vec![match layer.field("dns.flags.response") {
        Some("0") => Message::Request { operation: operation(layer), key: Some(id) },
        _ => {
            // EDNS has the upper bits (RFC 6891 section 6.1.3).
            let [lower, upper] = ["dns.flags.rcode", "dns.resp.ext_rcode"].map(|name| layer.number(name).unwrap_or(0));
            let code = (upper << 4 | lower).to_string();
            // What answers nothing is not said to answer a packet.
            let answers = layer.field("dns.response_to").map_or(Answers::None, |_| Answers::Key(id));
            Message::Response { code, answers }
        }
    }]
}

/// The type, or for anything but a query the opcode, and the name.
fn operation(layer: &Layer) -> String {
    let name = match layer.field("dns.qry.name").unwrap_or_default() {
        "<Root>" => ".".to_owned(),
        name => name.to_lowercase(),
    };
    let kind = match (layer.number("dns.flags.opcode"), layer.number("dns.qry.type")) {
        (Some(4), _) => "NOTIFY".to_owned(),
        (Some(5), _) => "UPDATE".to_owned(),
        (_, None) => "QUERY".to_owned(),
        (_, Some(kind)) => match TYPES.iter().find(|(_, number)| *number == kind) {
            Some((known, _)) => (*known).to_owned(),
            None => format!("TYPE{kind}"),
        },
    };
    format!("{kind} {name}")
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, native_status, .. } = exchange;
    Some(Seen::new(exchange, format!("{verb} {resource}"), native_status.unwrap_or_default().to_string()))
}
