//! A service, or somebody outside.

use std::sync::Arc;

use geophone_model::{
    identity::Identity,
    protocol::{Protocol, Role},
};

use crate::{
    Operation, Tally,
    health::{Health, Thresholds, Verdict},
};

/// Somebody who asks or is asked: a service of ours, or an external client or service, as the
/// [kind](geophone_model::identity::Identity::kind) of its identity says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    identity: Arc<Identity>,
    role: Role,
    protocols: Vec<Protocol>,
    figures: Figures,
    verdict: Verdict,
}

/// What was measured of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) inbound: Option<Tally>,
    pub(crate) outbound: Option<Tally>,
    pub(crate) operations: Vec<Operation>,
}

impl Node {
    pub(crate) fn new(
        identity: Arc<Identity>,
        role: Role,
        protocols: Vec<Protocol>,
        figures: Figures,
        thresholds: &Thresholds,
    ) -> Self {
        let verdict = match &figures.inbound {
            Some(inbound) => thresholds.judge(inbound.outcomes()),
            None => Verdict { health: Health::Unknown, reason: "nobody calls it".to_owned() },
        };
        Self { identity, role, protocols, figures, verdict }
    }

    /// Who it is.
    pub const fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// What kind of server it is, by the protocols that it is spoken to in: the one that most of its exchanges are of. Who
    /// serves nobody is a [service](Role::Service).
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The protocols that it is spoken to in, as a server; sorted.
    pub fn protocols(&self) -> &[Protocol] {
        &self.protocols
    }

    /// The figures of the service: what it was asked, in the server's view where one exists and in its clients' view
    /// otherwise. Which one it is says [`Tally::view`]. `None` where nobody calls it.
    pub const fn inbound(&self) -> Option<&Tally> {
        self.figures.inbound.as_ref()
    }

    /// What it asked others, in the client's view where one exists and in the servers' view otherwise. `None` where it calls
    /// nobody.
    pub const fn outbound(&self) -> Option<&Tally> {
        self.figures.outbound.as_ref()
    }

    /// What it was asked by operation, in the view of [`inbound`](Self::inbound) alone; sorted by protocol and name.
    pub fn operations(&self) -> &[Operation] {
        &self.figures.operations
    }

    /// How well it answers. Who is never asked is unknown.
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}
