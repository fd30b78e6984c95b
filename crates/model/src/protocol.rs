//! The application protocols that exchanges are told apart by.

use std::{fmt, str::FromStr};

/// An application protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Protocol {
    /// AMQP 0-9-1.
    Amqp,
    /// The Cassandra Query Language's native protocol.
    Cassandra,
    /// The domain name system (RFC 1035).
    Dns,
    /// gRPC over HTTP/2.
    Grpc,
    /// HTTP/1.0 and HTTP/1.1 (RFC 9112).
    Http1,
    /// HTTP/2 (RFC 9113).
    Http2,
    /// Apache Kafka.
    Kafka,
    /// Memcached.
    Memcached,
    /// MongoDB.
    Mongodb,
    /// MQTT 3.1, 3.1.1 and 5.
    Mqtt,
    /// MySQL and MariaDB.
    Mysql,
    /// NATS.
    Nats,
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// TLS (RFC 8446), of which only what is not encrypted is seen.
    Tls,
    /// WebSocket (RFC 6455).
    Websocket,
}

/// What kind of server speaks a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Role {
    /// A program that answers calls.
    Service,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A message broker.
    Queue,
    /// A name server.
    NameServer,
}

impl Role {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Service, Self::Database, Self::Cache, Self::Queue, Self::NameServer];

    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Queue => "queue",
            Self::NameServer => "name-server",
        }
    }
}

impl Protocol {
    /// All protocols, in order of their names.
    pub const ALL: &[Self] = &[
        Self::Amqp,
        Self::Cassandra,
        Self::Dns,
        Self::Grpc,
        Self::Http1,
        Self::Http2,
        Self::Kafka,
        Self::Memcached,
        Self::Mongodb,
        Self::Mqtt,
        Self::Mysql,
        Self::Nats,
        Self::Postgres,
        Self::Redis,
        Self::Tls,
        Self::Websocket,
    ];

    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amqp => "amqp",
            Self::Cassandra => "cassandra",
            Self::Dns => "dns",
            Self::Grpc => "grpc",
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::Kafka => "kafka",
            Self::Memcached => "memcached",
            Self::Mongodb => "mongodb",
            Self::Mqtt => "mqtt",
            Self::Mysql => "mysql",
            Self::Nats => "nats",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Tls => "tls",
            Self::Websocket => "websocket",
        }
    }

    /// What a server that is spoken to in this protocol is.
    pub const fn role(self) -> Role {
        match self {
            Self::Grpc | Self::Http1 | Self::Http2 | Self::Tls | Self::Websocket => Role::Service,
            Self::Cassandra | Self::Mongodb | Self::Mysql | Self::Postgres => Role::Database,
            Self::Memcached | Self::Redis => Role::Cache,
            Self::Amqp | Self::Kafka | Self::Mqtt | Self::Nats => Role::Queue,
            Self::Dns => Role::NameServer,
        }
    }

    /// Whether what is asked for is a path, with parts that differ from request to request.
    pub const fn has_paths(self) -> bool {
        matches!(self, Self::Http1 | Self::Http2 | Self::Websocket)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no protocol's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProtocol(pub String);

impl fmt::Display for UnknownProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown protocol `{}`, known are:", self.0)?;
        Protocol::ALL.iter().try_for_each(|known| write!(f, " {known}"))
    }
}

impl std::error::Error for UnknownProtocol {}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or_else(|| UnknownProtocol(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_an_unknown_one_is_named() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.as_str().parse(), Ok(*protocol));
        }
        assert!(Protocol::ALL.is_sorted_by_key(|protocol| protocol.as_str()) && Protocol::ALL.is_sorted());
        let error = "gopher".parse::<Protocol>().unwrap_err();
        assert!(error.to_string().starts_with("unknown protocol `gopher`, known are: amqp"), "{error}");
    }
}
