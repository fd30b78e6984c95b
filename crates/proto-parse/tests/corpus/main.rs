//! Every conversation in `testdata`, in every cut: what comes out must be what the file says.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "without a protocol there is nothing to drive")
)]

#[path = "../support/mod.rs"]
mod support;

mod cuts;
mod gaps;
mod noise;

use std::fs;
use std::path::{Path, PathBuf};

use geophone_proto_parse::{Limits, Protocol};
use support::drive::{run, show};
use support::script::Script;

/// A row per protocol: its folder in `testdata`, and its feature.
macro_rules! corpora {
    ($($protocol:ident in $folder:ident if $feature:literal;)*) => {
        $(
            #[cfg(feature = $feature)]
            mod $folder {
                use super::*;

                const PROTOCOL: Protocol = Protocol::$protocol;

                #[test]
                fn whole() {
                    check_whole(PROTOCOL);
                }

                #[test]
                fn byte_by_byte() {
                    cuts::byte_by_byte(PROTOCOL);
                }

                #[test]
                fn least_limits() {
                    cuts::least_limits(PROTOCOL);
                }

                #[test]
                fn every_single_split() {
                    cuts::every_single_split(PROTOCOL);
                }

                #[test]
                fn every_prefix() {
                    cuts::every_prefix(PROTOCOL);
                }

                #[test]
                fn random_cuts() {
                    cuts::random_cuts(PROTOCOL);
                }

                #[test]
                fn skips_change_nothing() {
                    cuts::skips_change_nothing(PROTOCOL);
                }

                #[test]
                fn gaps_at_every_place() {
                    gaps::at_every_place(PROTOCOL);
                }

                #[test]
                fn whole_segments_lost() {
                    gaps::whole_segments(PROTOCOL);
                }

                #[test]
                fn noise_among_pieces() {
                    noise::among_pieces(PROTOCOL);
                }
            }
        )*
    };
}

corpora! {
    Http1 in http1 if "http1";
    Mqtt in mqtt if "mqtt";
    Http2 in http2 if "http2";
    Amqp in amqp if "amqp";
    Dns in dns if "dns";
    Kafka in kafka if "kafka";
    Tls in tls if "tls";
    MongoDb in mongodb if "mongodb";
    Memcached in memcached if "memcached";
    Nats in nats if "nats";
    Redis in redis if "redis";
    MySql in mysql if "mysql";
    Cassandra in cassandra if "cassandra";
    Postgres in postgres if "postgres";
}

/// The limits that the corpus is written for: small enough to be met in a few lines.
fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.line_bytes = 300;
    limits.head_bytes = 1000;
    limits.message_bytes = 1000;
    limits.resource_bytes = 64;
    limits.open_exchanges = 4;
    limits
}

/// A conversation, and what is to come of it.
pub(crate) struct Case {
    pub(crate) path: PathBuf,
    pub(crate) script: Script,
    pub(crate) limits: Limits,
    expected: String,
}

/// All conversations of a protocol.
pub(crate) fn corpus(protocol: Protocol) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(protocol.name());
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let cases: Vec<_> = paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let (script, expected) = text.split_once("---\n").expect("a line with ---");
            let script = Script::parse(script);
            let limits = if script.default_limits { Limits::default() } else { small_limits() };
            Case { path, script, limits, expected: expected.to_owned() }
        })
        .filter(|case| case.script.needs.iter().all(|feature| has(feature)))
        .collect();
    assert!(cases.len() > 4, "the corpus of {} is there", protocol.name());
    cases
}

/// Whether the feature of this name is on, which has a protocol.
fn has(feature: &str) -> bool {
    let protocol = Protocol::ALL.iter().find(|protocol| protocol.name() == feature).expect("a protocol's feature");
    protocol.connection(&Limits::default(), false).is_some()
}

fn check_whole(protocol: Protocol) {
    for case in corpus(protocol) {
        let found = show(&run(protocol, &case.script, &case.limits));
        if std::env::var_os("UPDATE_TESTDATA").is_some() {
            let text = fs::read_to_string(&case.path).unwrap();
            let (script, _) = text.split_once("---\n").unwrap();
            fs::write(&case.path, format!("{script}---\n{found}")).unwrap();
        } else {
            assert_eq!(found, case.expected, "{}", case.path.display());
        }
    }
}
