//! The protocols that can be recognised.

use alloc::boxed::Box;

use crate::detect::Candidate;
use crate::{Connection, Limits};

/// A row per protocol, in the order in which a connection that may be several is taken for one: the names, the cargo feature and
/// the module, in which are `Connection::new(&Limits, joined_late)` and `detect`. Behind them, the protocols that are spoken
/// within others, whose parsers see to them.
macro_rules! protocols {
    (
        $($(#[$doc:meta])* $variant:ident = $name:literal in $module:ident;)*
        [within others]
        $($(#[$inner_doc:meta])* $inner:ident = $inner_name:literal;)*
    ) => {
        /// A protocol that this crate parses.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Protocol {
            $($(#[$doc])* $variant,)*
            $($(#[$inner_doc])* $inner,)*
        }

        impl Protocol {
            /// All of them, those whose feature is off too, and those that are spoken within others: a connection is never one
            /// of gRPC or WebSocket alone, so these two have no parser of their own, no feature, and are not detected. They are
            /// what an exchange is that a connection of HTTP/1 or HTTP/2 yields ([`Exchange::protocol`](crate::Exchange::protocol)).
            pub const ALL: &[Self] = &[$(Self::$variant,)* $(Self::$inner,)*];

            /// The name, in lower case; that of the cargo feature too, where the protocol has one of its own.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    $(Self::$inner => $inner_name,)*
                }
            }

            /// A parser for one connection that speaks this protocol. `joined_late` says that the connection was open before
            /// the capture began, so that the first bytes may be the middle of a message.
            ///
            /// `None` where the protocol's cargo feature is off, and for [`Grpc`](Self::Grpc) and [`WebSocket`](Self::WebSocket),
            /// which are spoken within a connection of HTTP: its parser sees to them.
            ///
            /// For [`Dns`](Self::Dns) it is one over TCP; for datagrams, there is `dns::Datagrams`.
            #[must_use]
            pub fn connection(self, limits: &Limits, joined_late: bool) -> Option<Box<dyn Connection + Send>> {
                match self {
                    $(
                        #[cfg(feature = $name)]
                        Self::$variant => Some(Box::new(crate::$module::Connection::new(limits, joined_late))),
                        #[cfg(not(feature = $name))]
                        Self::$variant => {
                            let _ = (limits, joined_late);
                            None
                        }
                    )*
                    $(Self::$inner)|* => None,
                }
            }
        }

        /// What each protocol says of the first bytes of a connection.
        pub(crate) static CANDIDATES: &[Candidate] = &[
            $(
                #[cfg(feature = $name)]
                Candidate { protocol: Protocol::$variant, detect: crate::$module::detect },
            )*
        ];
    };
}

protocols! {
    /// HTTP/1.0 and HTTP/1.1 (RFC 9112).
    #[default]
    Http1 = "http1" in http1;
    /// HTTP/2 (RFC 9113).
    Http2 = "http2" in http2;
    /// AMQP 0-9-1, as RabbitMQ speaks it.
    Amqp = "amqp" in amqp;
    /// MQTT 3.1, 3.1.1 and 5 (OASIS).
    Mqtt = "mqtt" in mqtt;
    /// DNS, over TCP and in datagrams (RFC 1035).
    Dns = "dns" in dns;
    /// TLS without its keys: what is said in the open (RFC 8446, RFC 5246).
    Tls = "tls" in tls;
    /// Kafka.
    Kafka = "kafka" in kafka;
    /// MongoDB.
    MongoDb = "mongodb" in mongodb;
    /// Memcached: text, meta and binary.
    Memcached = "memcached" in memcached;
    /// NATS, between clients and servers.
    Nats = "nats" in nats;
    /// Redis: RESP2 and RESP3.
    Redis = "redis" in redis;
    /// MySQL and MariaDB.
    MySql = "mysql" in mysql;
    /// PostgreSQL's frontend/backend protocol, version 3.
    Postgres = "postgres" in postgres;
    /// Cassandra: CQL.
    Cassandra = "cassandra" in cassandra;
    [within others]
    /// gRPC, over HTTP/2.
    Grpc = "grpc";
    /// WebSocket (RFC 6455, RFC 8441), over HTTP: what an exchange became.
    WebSocket = "websocket";
}
