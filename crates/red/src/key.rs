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
#[derive(Clone, Copy, Debug)]
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

    fn ends(&self) -> u64 {
        u64::from(self.local.0) << 32 | u64::from(self.peer.0)
    }

    fn operation_and_code(&self) -> u64 {
        u64::from(self.operation.0) << 32 | u64::from(self.code)
    }
}

/// As few comparisons as there can be: this is the hot path.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let Self { local: _, peer: _, operation: _, code: _, view, protocol, class } = *self;
        self.ends() == other.ends()
            && self.operation_and_code() == other.operation_and_code()
            && (view, protocol, class) == (other.view, other.protocol, other.class)
    }
}

impl Eq for Key {}

impl Hash for Key {
    /// The view swaps local and peer, an operation has one protocol, and a code nearly always one class: hashing these three
    /// as well would cost more than the rare collision.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.ends());
        state.write_u64(self.operation_and_code());
    }
}
