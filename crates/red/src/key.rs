//! Series by the numbers that stand for their parts.

use std::hash::{Hash, Hasher};

use geophone_model::{protocol::Protocol, series::View, status::StatusClass};

/// Number of an identity in the [`Roster`](crate::roster::Roster).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdentityId(pub(crate) u32);

/// Number of an operation in [`Operations`](crate::operations::Operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OperationId(pub(crate) u32);

/// What a series counts, in 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) local: IdentityId,
    pub(crate) peer: IdentityId,
    pub(crate) operation: OperationId,
    pub(crate) code: u32,
    pub(crate) view: View,
    pub(crate) protocol: Protocol,
    pub(crate) class: StatusClass,
}

impl Key {
    /// The series that counts the same at the other end.
    pub(crate) fn of_other_end(self) -> Self {
        let view = match self.view {
            View::Client => View::Server,
            View::Server => View::Client,
        };
        Self { view, local: self.peer, peer: self.local, ..self }
    }
}

impl Hash for Key {
    /// The view swaps local and peer, an operation has one protocol, and a code nearly always one class: hashing these three
    /// as well would cost more than the rare collision.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { local, peer, operation, code, view: _, protocol: _, class: _ } = self;
        state.write_u64(u64::from(local.0) << 32 | u64::from(peer.0));
        state.write_u64(u64::from(operation.0) << 32 | u64::from(*code));
    }
}
