//! One service calling another.

use std::{collections::BTreeMap, sync::Arc};

use geophone_model::{identity::Identity, protocol::Protocol, series::View};

use crate::{
    Tally, Views,
    health::{Thresholds, Verdict},
};

/// All that one service asks of another, as both ends measured it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    client: Arc<Identity>,
    server: Arc<Identity>,
    /// Sorted by protocol and name, never empty.
    operations: Vec<Operation>,
    views: Views,
    verdict: Verdict,
}

impl Edge {
    /// An edge from its operations, sorted, each once.
    pub(crate) fn new(
        client: Arc<Identity>,
        server: Arc<Identity>,
        operations: Vec<Operation>,
        thresholds: &Thresholds,
    ) -> Self {
        let mut views = Views::default();
        for operation in &operations {
            views.absorb(&operation.views);
        }
        let verdict = judge(&views, thresholds);
        Self { client, server, operations, views, verdict }
    }

    /// Who asks.
    pub const fn client(&self) -> &Arc<Identity> {
        &self.client
    }

    /// Who is asked.
    pub const fn server(&self) -> &Arc<Identity> {
        &self.server
    }

    /// What both ends measured, over all operations.
    pub const fn views(&self) -> &Views {
        &self.views
    }

    /// The breakdown by operation, sorted by protocol and name.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The breakdown by protocol, sorted.
    pub fn protocols(&self) -> BTreeMap<Protocol, Views> {
        let mut protocols = BTreeMap::<Protocol, Views>::new();
        for operation in &self.operations {
            protocols.entry(operation.protocol).or_default().absorb(&operation.views);
        }
        protocols
    }

    /// How well the edge is: the worse of what its two ends say, and the server's word where they agree.
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Whether this is one of its ends.
    pub fn touches(&self, identity: &Identity) -> bool {
        *self.client == *identity || *self.server == *identity
    }
}

/// One kind of request: its protocol, its name and what was measured of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub(crate) protocol: Protocol,
    pub(crate) name: Arc<str>,
    pub(crate) views: Views,
}

impl Operation {
    /// The protocol.
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The low-cardinality name of what is asked: `GET /users/{id}`.
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What was measured of it. A [node](crate::Node)'s operations have the one view that the node's figures are of.
    pub const fn views(&self) -> &Views {
        &self.views
    }
}

/// The worse of two verdicts, and the later one where they agree: the server's.
fn judge(views: &Views, thresholds: &Thresholds) -> Verdict {
    let worse = [views.client(), views.server()].into_iter().flatten().max_by_key(|tally| thresholds.health_of(tally));
    let Some(tally) = worse else { return thresholds.judge(&Tally::new(View::Client)) };
    let mut verdict = thresholds.judge(tally);
    verdict.reason.push_str(match tally.view() {
        View::Client => " as the client sees it",
        View::Server => " as the server sees it",
    });
    verdict
}
