//! What parameters there are: the one description from which queries are read, problems are worded and the OpenAPI document
//! is made.

/// A parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    /// A value that is taken, whatever the other parameters are.
    pub(crate) example: &'static str,
    /// Whether it may be given several times, for any of the values.
    pub(crate) repeats: bool,
}

/// What values it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Choice(&'static [&'static str]),
    Boolean,
    Integer { min: u64, max: u64, default: Option<u64> },
    Number,
}

impl Parameter {
    pub(crate) const fn new(name: &'static str, kind: Kind, example: &'static str, about: &'static str) -> Self {
        Self { name, about, kind, example, repeats: false }
    }

    pub(crate) const fn text(name: &'static str, example: &'static str, about: &'static str) -> Self {
        Self::new(name, Kind::Text, example, about)
    }

    pub(crate) const fn repeats(self) -> Self {
        Self { repeats: true, ..self }
    }
}

/// The parameters of a path, in groups that paths share.
pub(crate) type Parameters = &'static [&'static [Parameter]];

/// The range of time.
pub(crate) const RANGE: &[Parameter] = &[
    Parameter::text(
        "from",
        "1700000000",
        "Start of the range: RFC 3339, or seconds since the Unix epoch. What happens at the start is in the range.",
    ),
    Parameter::text(
        "to",
        "2023-11-14T22:23:20Z",
        "End of the range: RFC 3339, or seconds since the Unix epoch; now, or the end of the recording, where it is left \
         out. \
         What happens at the end is no longer in the range.",
    ),
    Parameter::text(
        "last",
        "5m",
        "Length of the range up to its end, instead of `from`: a number and one of `ms`, `s`, `m`, `h`, `d`; \
         15m where neither is given, and the whole recording where one is served and there is no `to` either.",
    ),
];

/// A page of a list.
pub(crate) const PAGE: &[Parameter] = &[
    Parameter::new(
        "limit",
        Kind::Integer { min: 1, max: crate::MAX_LIMIT as u64, default: Some(crate::DEFAULT_LIMIT as u64) },
        "10",
        "Most rows of the page.",
    ),
    Parameter::text("cursor", "", "Where to go on: the `cursor` of the page before."),
];

/// Names of protocols.
pub(crate) const PROTOCOLS: &[&str] = &[
    "amqp",
    "cassandra",
    "dns",
    "grpc",
    "http1",
    "http2",
    "kafka",
    "memcached",
    "mongodb",
    "mqtt",
    "mysql",
    "nats",
    "postgres",
    "redis",
    "tls",
    "websocket",
];

/// Conditions on series.
pub(crate) const SERIES: &[Parameter] = &[
    Parameter::new("view", Kind::Choice(&["client", "server"]), "server", "Only what was measured at this end."),
    Parameter::new("protocol", Kind::Choice(PROTOCOLS), "http1", "Only this protocol.").repeats(),
    Parameter::text(
        "path",
        "^/users",
        "Only operations whose path template (`/users/{id}`) this regular expression matches; anywhere, unless anchored.",
    ),
    Parameter::new(
        "hide_externals",
        Kind::Boolean,
        "true",
        "Leave out what external clients ask and external services answer.",
    ),
];

/// Conditions on services.
pub(crate) const SERVICES: &[Parameter] = &[
    Parameter::text("namespace", "shop", "Only services of this namespace.").repeats(),
    Parameter::text("service", "web", "Only this service: an id, a name, or `namespace/name`.").repeats(),
    Parameter::new(
        "health",
        Kind::Choice(&["unknown", "healthy", "degraded", "failing"]),
        "healthy",
        "Only services of this health.",
    )
    .repeats(),
    Parameter::new("min_rate", Kind::Number, "0.001", "Only what has at least so many requests a second."),
];

#[cfg(test)]
mod tests {
    use geophone_model::protocol::Protocol;

    use super::*;

    #[test]
    fn every_protocol_can_be_asked_for() {
        assert!(Protocol::ALL.iter().map(|protocol| protocol.as_str()).eq(PROTOCOLS.iter().copied()));
    }
}
