//! What the exchanges of a connection are called by.

use alloc::string::String;

use super::TLS_1_3;
use crate::tls::message::{ClientHello, ServerHello};
use crate::{Exchange, Flags, Limits, Protocol, text};

/// What an exchange is called by.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) host: String,
    pub(super) version: &'static str,
    pub(super) protocols: String,
    pub(super) has_asked: bool,
    pub(super) has_early_data: bool,
}

impl Names {
    pub(super) fn ask(&mut self, hello: &ClientHello<'_>, limits: &Limits) {
        // A second one asks for the same (RFC 8446 section 4.1.2), but not for early data any more.
        self.has_asked = true;
        self.has_early_data |= hello.has_early_data;
        self.host.clear();
        let name = hello.server_name.unwrap_or_default();
        // RFC 6066 section 3: the name is ASCII, an internationalised one in its A-label form.
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if is_name && name.len() <= limits.authority_bytes {
            text::copy(&mut self.host, name, limits.authority_bytes);
            self.host.make_ascii_lowercase();
        }
        self.protocols.clear();
        for name in hello.protocol_names() {
            let separator = if self.protocols.is_empty() { "" } else { "," };
            text::append(&mut self.protocols, separator.as_bytes(), limits.resource_bytes);
            text::append(&mut self.protocols, name.as_bytes(), limits.resource_bytes);
        }
    }

    pub(super) fn choose(&mut self, hello: &ServerHello<'_>, limits: &Limits) {
        self.version = hello.version_name();
        if hello.version < TLS_1_3 {
            text::copy(
                &mut self.protocols,
                hello.protocol_name().unwrap_or_default().as_bytes(),
                limits.resource_bytes,
            );
        }
    }

    pub(super) fn exchange(&self, verb: &str, limits: &Limits) -> Exchange {
        let mut exchange = Exchange { protocol: Protocol::Tls, verb: String::from(verb), ..Exchange::default() };
        exchange.authority.clone_from(&self.host);
        let separator = if self.version.is_empty() || self.protocols.is_empty() { "" } else { " " };
        for part in [self.version, separator, &self.protocols] {
            if text::append(&mut exchange.resource, part.as_bytes(), limits.resource_bytes) {
                exchange.flags |= Flags::RESOURCE_CUT;
            }
        }
        exchange
    }
}
