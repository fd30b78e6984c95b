//! What tshark and Geophone call the same things, protocol by protocol.

mod http1;

use geophone_model::net::Transport;
use geophone_proto_parse::{Exchange, Protocol};

use super::pdml::Layer;

/// How both speak of a protocol.
pub(super) struct Dialect {
    pub(super) protocol: Protocol,
    /// The port that conversations of the corpus are given.
    pub(super) port: u16,
    pub(super) transport: Transport,
    /// What tshark is told to take the port for.
    pub(super) dissector: &'static str,
    /// The layers in which tshark shows messages.
    pub(super) layers: &'static [&'static str],
    /// Settings of tshark, as `-o` takes them.
    pub(super) options: &'static [&'static str],
    /// Whether tshark says which answers which.
    pub(super) has_pairs: bool,
    /// The messages of a layer.
    pub(super) read: fn(&Layer) -> Vec<Message>,
    /// What Geophone calls the same operation.
    pub(super) operation: fn(&Exchange) -> String,
    /// What Geophone calls the same code.
    pub(super) code: fn(&Exchange) -> String,
}

/// A message, as tshark sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Request { operation: String },
    Response { code: String, answers: Answers },
}

/// Which request a response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// One in the packet with this number.
    Frame(u64),
    Unknown,
}

/// All protocols that tshark knows, too.
pub(super) const ALL: &[Dialect] = &[http1::DIALECT];
