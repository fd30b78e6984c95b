//! Whether a service or an edge is well, and why one thinks so.

use std::{fmt, str::FromStr};

use geophone_model::status::StatusClass;

use crate::{
    Outcomes,
    summary::ratio,
    text::{percent, plural},
};

/// How well a service or an edge is, from the least to the most alarming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Health {
    /// Too few requests to say.
    Unknown,
    /// Nothing alarming.
    Healthy,
    /// Some requests fail.
    Degraded,
    /// Many requests fail.
    Failing,
}

impl Health {
    /// All, from the least to the most alarming.
    pub const ALL: &[Self] = &[Self::Unknown, Self::Healthy, Self::Degraded, Self::Failing];

    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no health's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown health `{0}`, known are: unknown healthy degraded failing")]
pub struct UnknownHealth(pub String);

impl FromStr for Health {
    type Err = UnknownHealth;

    fn from_str(name: &str) -> Result<Self, UnknownHealth> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or_else(|| UnknownHealth(name.to_owned()))
    }
}

/// A health with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Verdict {
    /// How well it is.
    pub health: Health,
    /// Why, for people: `12.5 % of 80 requests failed (server error)`.
    pub reason: String,
}

/// Where one health ends and the next begins. Ratios are from 0 to 1, of all requests.
///
/// | | degraded | failing |
/// |---|---|---|
/// | errors (server errors, protocol failures, no answer) | any at all | 10 % |
/// | client errors | 10 % | 20 % |
///
/// Below [`min_requests`](Self::min_requests) a ratio says nothing. What has failed has failed, so an error still makes it
/// degraded, but never failing; without an error it is unknown, and client errors are not looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// Requests that a ratio needs in order to be believed: 5 unless told otherwise.
    pub min_requests: u64,
    /// Errors from this ratio on are degraded, if there is at least one: 0.0 unless told otherwise.
    pub degraded_error_ratio: f64,
    /// Errors from this ratio on are failing: 0.10 unless told otherwise.
    pub failing_error_ratio: f64,
    /// Client errors from this ratio on are degraded: 0.10 unless told otherwise.
    pub degraded_client_error_ratio: f64,
    /// Client errors from this ratio on are failing: 0.20 unless told otherwise.
    pub failing_client_error_ratio: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_requests: 5,
            degraded_error_ratio: 0.0,
            failing_error_ratio: 0.10,
            degraded_client_error_ratio: 0.10,
            failing_client_error_ratio: 0.20,
        }
    }
}

impl Thresholds {
    /// The health of what was counted, and the reason for it. Where errors and client errors both alarm, the reason is the
    /// worse of them, and errors where they are equally bad.
    pub fn judge(&self, outcomes: &Outcomes) -> Verdict {
        let (health, requests) = (self.health_of(outcomes), outcomes.requests());
        let reason = match health {
            Health::Unknown => format!("{requests} {}: too few to say", plural(requests, "request", "requests")),
            Health::Degraded | Health::Failing if self.judge_errors(outcomes) < health => refused(outcomes),
            _ if outcomes.errors() > 0 => failed(outcomes),
            _ => format!("none of {requests} {} failed", plural(requests, "request", "requests")),
        };
        Verdict { health, reason }
    }

    /// The health of what was counted.
    pub fn health_of(&self, outcomes: &Outcomes) -> Health {
        let by_errors = self.judge_errors(outcomes);
        match outcomes.requests() < self.min_requests {
            true if by_errors == Health::Healthy => Health::Unknown,
            true => Health::Degraded,
            false => by_errors.max(self.judge_client_errors(outcomes)),
        }
    }

    fn judge_errors(&self, outcomes: &Outcomes) -> Health {
        grade(outcomes.errors(), outcomes.requests(), self.degraded_error_ratio, self.failing_error_ratio)
    }

    fn judge_client_errors(&self, outcomes: &Outcomes) -> Health {
        let (degraded, failing) = (self.degraded_client_error_ratio, self.failing_client_error_ratio);
        grade(outcomes.client_errors(), outcomes.requests(), degraded, failing)
    }
}

fn grade(errors: u64, requests: u64, degraded_ratio: f64, failing_ratio: f64) -> Health {
    match ratio(errors, requests) {
        _ if errors == 0 => Health::Healthy,
        ratio if ratio >= failing_ratio => Health::Failing,
        ratio if ratio >= degraded_ratio => Health::Degraded,
        _ => Health::Healthy,
    }
}

/// `12.5 % of 80 requests failed (server error)`, or `(8 × server error, 2 × no answer)` where they failed in several ways.
fn failed(outcomes: &Outcomes) -> String {
    let kinds: Vec<_> = StatusClass::ALL
        .iter()
        .filter(|class| class.is_error())
        .map(|class| (name(*class), outcomes.of(*class)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let kinds = match kinds.as_slice() {
        [(name, _)] => (*name).to_owned(),
        several => several.iter().map(|(name, count)| format!("{count} × {name}")).collect::<Vec<_>>().join(", "),
    };
    format!("{} failed ({kinds})", share(outcomes.errors(), outcomes.requests()))
}

/// `15.0 % of 80 requests were client errors`.
fn refused(outcomes: &Outcomes) -> String {
    format!("{} were client errors", share(outcomes.client_errors(), outcomes.requests()))
}

fn share(part: u64, whole: u64) -> String {
    format!("{} of {whole} {}", percent(part, whole), plural(whole, "request", "requests"))
}

fn name(class: StatusClass) -> &'static str {
    match class {
        StatusClass::ServerError => "server error",
        StatusClass::ProtocolError => "protocol error",
        StatusClass::NoResponse => "no answer",
        other => other.as_str(),
    }
}
