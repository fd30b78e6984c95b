//! TLS without keys: handshakes.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Tls,
    port: 443,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "tls",
    layers: &["tls"],
    options: &[],
    reader: || Box::new(Handshake::default()),
    seen,
};

/// RFC 8446 section 4.1.3: a server hello with this random is a request to try again.
const RETRY_RANDOM: &str =
    "cf:21:ad:74:e5:9a:61:11:be:1d:8c:02:1e:65:b8:91:c2:a2:11:16:7a:bb:8c:5e:07:9e:09:e2:c8:a8:33:9c";

/// The handshake so far. There is one, whose hellos may be said twice.
#[derive(Default)]
struct Handshake {
    is_asked: bool,
    is_answered: bool,
}

impl Reader for Handshake {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        layer.parts().filter_map(|record| self.record(&record, direction)).collect()
    }
}

impl Handshake {
    fn record(&mut self, record: &Layer, direction: Direction) -> Option<Message> {
        let kind = |number| record.all("tls.handshake.type").any(|kind| kind == number);
        match direction {
            Direction::ToServer if kind("1") && !self.is_asked => {
                self.is_asked = true;
                let host = record.field("tls.handshake.extensions_server_name").unwrap_or_default();
                Some(Message::Request { operation: format!("handshake {}", host.to_lowercase()), key: None })
            }
            Direction::ToClient if self.is_asked && !self.is_answered => {
                let is_hello = kind("2") && record.field("tls.handshake.random") != Some(RETRY_RANDOM);
                // After a warning, of level 1, a handshake goes on.
                let level = record.field("tls.alert_message.level").filter(|level| *level != "1");
                let alert = level.and_then(|_| record.field("tls.alert_message.desc"));
                let code = if is_hello { version(record).to_owned() } else { alert?.to_owned() };
                self.is_answered = true;
                Some(Message::Response { code, answers: Answers::First })
            }
            _ => None,
        }
    }
}

/// What the server chose: from TLS 1.3 on that stands in an extension (RFC 8446 section 4.2.1).
fn version(hello: &Layer) -> &str {
    let chosen = hello.field("tls.handshake.extensions.supported_version");
    match chosen.or_else(|| hello.field("tls.handshake.version")).unwrap_or_default() {
        "0x0300" => "SSLv3",
        "0x0301" => "TLSv1.0",
        "0x0302" => "TLSv1.1",
        "0x0303" => "TLSv1.2",
        "0x0304" => "TLSv1.3",
        other => other,
    }
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, authority, native_status, .. } = exchange;
    if verb != "handshake" {
        return None;
    }
    // The version comes first; before an alert there may be what the client has offered.
    let version =
        resource.split(' ').next().filter(|version| version.starts_with("TLSv") || version.starts_with("SSLv"));
    let code = version.map(str::to_owned).or_else(|| native_status.map(|alert| alert.to_string()));
    let mut seen = Seen::new(exchange, format!("handshake {authority}"), code.unwrap_or_else(|| "none".to_owned()));
    // Of the server's flight, the hello is what both see the end of.
    if let (Some((at_ns, _)), Some(response)) = (&mut seen.response, exchange.response) {
        *at_ns = response.first_ns;
    }
    Some(seen)
}
