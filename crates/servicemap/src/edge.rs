//! One service calling another.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use geophone_model::{identity::Identity, protocol::Protocol, series::View};

use crate::{
    Outcomes, Views,
    health::{Thresholds, Verdict},
};

/// All that one service asks of another, as both ends measured it.
#[derive(Clone, Debug)]
pub struct Edge {
    client: Arc<Identity>,
    server: Arc<Identity>,
    /// Sorted by protocol and name, never empty.
    operations: Vec<Operation>,
    /// The sum of the operations, added up when it is asked for: a large map has many edges, and few are looked at.
    views: OnceLock<Views>,
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
        let verdict = judge(&operations, thresholds);
        Self { client, server, operations, views: OnceLock::new(), verdict }
    }

    /// Who asks.
    pub const fn client(&self) -> &Arc<Identity> {
        &self.client
    }

    /// Who is asked.
    pub const fn server(&self) -> &Arc<Identity> {
        &self.server
    }

    /// What both ends measured, over all operations. The first call adds them up.
    pub fn views(&self) -> &Views {
        self.views.get_or_init(|| {
            let mut views = Views::default();
            self.operations.iter().for_each(|operation| views.absorb(&operation.views));
            views
        })
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

/// The sum of the operations does not count: it is there or not yet.
impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        let Self { client, server, operations, views: _, verdict } = self;
        (client, server, operations, verdict) == (&other.client, &other.server, &other.operations, &other.verdict)
    }
}

impl Eq for Edge {}

/// One kind of request: its protocol, its name and what was measured of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub(crate) protocol: Protocol,
    pub(crate) name: Arc<str>,
    pub(crate) delivery: bool,
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

    /// Whether a server sent it of its own accord, as a broker delivers: then it is the client that speaks the protocol as a
    /// server.
    pub const fn is_delivery(&self) -> bool {
        self.delivery
    }

    /// What was measured of it. A [node](crate::Node)'s operations have the one view that the node's figures are of.
    pub const fn views(&self) -> &Views {
        &self.views
    }
}

/// The worse of what the two ends say, and the server's word where they agree.
fn judge(operations: &[Operation], thresholds: &Thresholds) -> Verdict {
    let said = [View::Client, View::Server].map(|view| (view, outcomes(operations, view)));
    let said = said.iter().filter_map(|(view, outcomes)| outcomes.as_ref().map(|outcomes| (*view, outcomes)));
    // The last of equal ones is the maximum.
    let worse = said.max_by_key(|(_, outcomes)| thresholds.health_of(outcomes));
    let (view, outcomes) = worse.expect("an edge has an operation, which has a view");
    let mut verdict = thresholds.judge(outcomes);
    verdict.reason.push_str(match view {
        View::Client => " as the client sees it",
        View::Server => " as the server sees it",
    });
    verdict
}

/// The sum over the operations; `None` where no operation has this view.
fn outcomes(operations: &[Operation], view: View) -> Option<Outcomes> {
    let tallies = operations.iter().filter_map(|operation| operation.views.of(view));
    tallies.fold(None, |sum: Option<Outcomes>, tally| {
        let mut sum = sum.unwrap_or_default();
        sum.absorb(tally.outcomes());
        Some(sum)
    })
}
