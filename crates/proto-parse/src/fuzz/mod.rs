//! Entries for fuzz targets of three lines: each takes any bytes, and panics where an invariant does not hold.
//!
//! [`connection`] and [`detection`] are for all protocols; the entry for the messages of one is in its folder.
//!
//! `cargo run -p geophone-proto-parse --example fuzz_seeds --features fuzz -- DIRECTORY` writes the corpus in `testdata` as seeds.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, reason = "what the targets of some protocols share is unused without them")
)]

mod connection;
mod detection;
#[cfg(test)]
mod tests;

use core::fmt::Debug;

pub use connection::{connection, script};
pub use detection::detection;

#[cfg(feature = "amqp")]
pub use crate::amqp::fuzz::message as amqp_message;
#[cfg(feature = "cassandra")]
pub use crate::cassandra::fuzz::message as cassandra_message;
#[cfg(feature = "dns")]
pub use crate::dns::fuzz::message as dns_message;
#[cfg(feature = "http1")]
pub use crate::http1::fuzz::message as http1_message;
#[cfg(feature = "http2")]
pub use crate::http2::fuzz::message as http2_message;
#[cfg(feature = "kafka")]
pub use crate::kafka::fuzz::message as kafka_message;
#[cfg(feature = "memcached")]
pub use crate::memcached::fuzz::message as memcached_message;
#[cfg(feature = "mongodb")]
pub use crate::mongodb::fuzz::message as mongodb_message;
#[cfg(feature = "mqtt")]
pub use crate::mqtt::fuzz::message as mqtt_message;
#[cfg(feature = "mysql")]
pub use crate::mysql::fuzz::message as mysql_message;
#[cfg(feature = "nats")]
pub use crate::nats::fuzz::message as nats_message;
#[cfg(feature = "postgres")]
pub use crate::postgres::fuzz::message as postgres_message;
#[cfg(feature = "redis")]
pub use crate::redis::fuzz::message as redis_message;
#[cfg(feature = "sql")]
pub use crate::sql::fuzz::fingerprint as sql_fingerprint;
#[cfg(feature = "tls")]
pub use crate::tls::fuzz::message as tls_message;
use crate::{Limits, Parsed};

/// Small limits, so that inputs of a few hundred bytes reach them.
pub(crate) fn limits() -> Limits {
    Limits {
        detect_bytes: 512,
        line_bytes: 300,
        head_bytes: 1000,
        verb_bytes: 16,
        resource_bytes: 64,
        authority_bytes: 64,
        error_bytes: 16,
        answers: 3,
        message_bytes: 300,
        definition_bytes: 600,
        depth: 4,
        open_exchanges: 4,
        spare_exchanges: 2,
    }
}

/// How many bytes are taken, if it is complete.
pub(crate) fn consumed<T>(parsed: &Parsed<T>) -> Option<usize> {
    match *parsed {
        Parsed::Complete { consumed, .. } => Some(consumed),
        Parsed::Incomplete { at_least } => {
            assert!(at_least > 0);
            None
        }
    }
}

/// A complete head takes just its own bytes, less of it is incomplete, and an error stays one.
pub(crate) fn check_head<E: Debug + PartialEq>(data: &[u8], parse: impl Fn(&[u8]) -> Result<Option<usize>, E>) {
    let whole = parse(data);
    let mut outcome = Ok(None);
    for len in 0..=data.len() {
        let next = parse(data.get(..len).unwrap_or_default());
        assert!(outcome == Ok(None) || outcome == next, "{outcome:?} became {next:?} with {len} bytes");
        if outcome == Ok(None)
            && let Ok(Some(consumed)) = next
        {
            assert_eq!(consumed, len, "a head ends with its last byte");
        }
        outcome = next;
    }
    assert_eq!(whole, outcome);
}

/// More than a connection may hold under these limits, whatever it is sent.
pub(crate) const MAX_HELD_BYTES: usize = 64 * 1024;
