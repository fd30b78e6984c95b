//! The shapes that several answers share.

use std::sync::Arc;

use geophone_model::{identity::Identity, ledger::Coverage, time::Window};
use serde::Serialize;
use utoipa::ToSchema;

use crate::time::{rfc3339, seconds};

/// A range of time, from its start to just before its end.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RangeBody {
    /// The first moment of the range.
    #[schema(format = DateTime)]
    pub(crate) from: String,
    /// The first moment after it.
    #[schema(format = DateTime)]
    pub(crate) to: String,
    /// Its length.
    pub(crate) length_seconds: f64,
}

impl From<Window> for RangeBody {
    fn from(range: Window) -> Self {
        Self { from: rfc3339(range.start), to: rfc3339(range.end()), length_seconds: seconds(range.length_ns) }
    }
}

/// How much of the traffic the capture delivered. It is one for all services: a loss has no service.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CoverageBody {
    /// Delivered over wanted bytes, from 0 to 1; 1 where nothing was wanted.
    pub(crate) ratio: f64,
    /// Bytes that a parser wanted and that are known to have passed.
    pub(crate) wanted_bytes: u64,
    /// Of these, the ones that reached a parser.
    pub(crate) delivered_bytes: u64,
    /// Messages that found no partner.
    pub(crate) unpaired_messages: u64,
    /// Times that a parser lost its place in a stream.
    pub(crate) desyncs: u64,
    /// Records that the kernel could not hand over.
    pub(crate) lost_records: u64,
}

impl From<Coverage> for CoverageBody {
    fn from(coverage: Coverage) -> Self {
        let Coverage { wanted_bytes, delivered_bytes, unpaired_messages, desyncs, lost_records } = coverage;
        Self { ratio: coverage.ratio(), wanted_bytes, delivered_bytes, unpaired_messages, desyncs, lost_records }
    }
}

/// Who somebody is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct IdentityBody {
    /// The id, which stays the same and needs no escaping in a URL.
    pub(crate) id: String,
    /// The name.
    pub(crate) name: String,
    /// What it was found by: `container`, `unit`, `process`, `external_client`, `external_service` or `unknown`.
    #[schema(value_type = String)]
    pub(crate) kind: geophone_model::identity::IdentityKind,
    /// The namespace, where it has one.
    pub(crate) namespace: Option<String>,
}

impl From<&Arc<Identity>> for IdentityBody {
    fn from(identity: &Arc<Identity>) -> Self {
        let Identity { kind, namespace, name } = &**identity;
        Self { id: identity.id().to_string(), name: name.clone(), kind: *kind, namespace: namespace.clone() }
    }
}
