//! Subjects as operations: those that have a part of their own for each request are cut before it.

use alloc::string::String;

use crate::{Limits, text};

/// Words of the JetStream API's subjects that are not names of streams and consumers (NATS documentation, "JetStream wire API
/// Reference").
const API_WORDS: [&[u8]; 26] = [
    b"INFO",
    b"STREAM",
    b"CONSUMER",
    b"DIRECT",
    b"ACCOUNT",
    b"META",
    b"SERVER",
    b"TEMPLATE",
    b"CREATE",
    b"UPDATE",
    b"DELETE",
    b"PURGE",
    b"NAMES",
    b"LIST",
    b"MSG",
    b"GET",
    b"NEXT",
    b"DURABLE",
    b"SNAPSHOT",
    b"RESTORE",
    b"PEER",
    b"REMOVE",
    b"LEADER",
    b"STEPDOWN",
    b"PAUSE",
    b"UNPIN",
];

/// Whether a subject is an inbox, which is made for the answer to one request, or for those to one client.
pub(super) fn is_inbox(subject: &[u8]) -> bool {
    subject.starts_with(b"_INBOX.")
}

/// Whether messages to this subject ask for one answer at once. A pull from a stream is answered with messages of other
/// subjects, as many as there are.
pub(super) fn is_pull(subject: &[u8]) -> bool {
    subject.starts_with(b"$JS.API.CONSUMER.MSG.NEXT.")
}

/// Replaces `out` by what of `subject` is the same for all requests of its kind; says whether it was cut at the limit.
pub(super) fn push_subject(out: &mut String, subject: &[u8], limits: &Limits) -> bool {
    text::copy(out, operation(subject), limits.resource_bytes)
}

fn operation(subject: &[u8]) -> &[u8] {
    let tokens = |count: usize| {
        let mut ends = subject.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
        ends.nth(count.saturating_sub(1)).and_then(|end| subject.get(..end)).unwrap_or(subject)
    };
    match subject.split(|byte| *byte == b'.').next().unwrap_or_default() {
        b"_INBOX" | b"_R_" | b"_GR_" | b"$SYS" => tokens(1),
        b"$JS" if subject.starts_with(b"$JS.API.") => {
            let words = subject.split(|byte| *byte == b'.').skip(2).take_while(|word| API_WORDS.contains(word)).count();
            tokens(words.saturating_add(2))
        }
        // What is behind names a stream's message, a key, an object, an instance of a service.
        b"$JS" | b"$KV" | b"$O" | b"$SRV" => tokens(2),
        _ => subject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_keeps_what_is_common_to_its_kind() {
        for (subject, shown) in [
            ("orders.new", "orders.new"),
            ("_INBOX.TOw5vEP451VNn9kqOC47zb.TOw5vEP451VNn9kqOC482L858b", "_INBOX"),
            ("_INBOX.*", "_INBOX"),
            ("$JS.API.STREAM.CREATE.ORDERS", "$JS.API.STREAM.CREATE"),
            ("$JS.API.STREAM.NAMES", "$JS.API.STREAM.NAMES"),
            ("$JS.API.CONSUMER.MSG.NEXT.ORDERS.worker", "$JS.API.CONSUMER.MSG.NEXT"),
            ("$JS.API.INFO", "$JS.API.INFO"),
            ("$JS.ACK.ORDERS.worker.1.1.1.1795290614482686027.2", "$JS.ACK"),
            ("$KV.settings.key.of.mine", "$KV.settings"),
            ("$SYS.ACCOUNT.AB.CONNECT", "$SYS"),
            ("$SRV.PING.name.id", "$SRV.PING"),
        ] {
            let mut out = String::new();
            assert!(!push_subject(&mut out, subject.as_bytes(), &Limits::default()));
            assert_eq!(out, shown, "{subject}");
        }
    }
}
