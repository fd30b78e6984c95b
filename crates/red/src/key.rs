//! Series by the numbers that stand for their parts.

use std::hash::{Hash, Hasher};

use geophone_model::{
    code::Code,
    protocol::Protocol,
    series::View,
    status::{Status, StatusClass},
};

/// Number of an identity in the [`Roster`](crate::roster::Roster).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdentityId(pub(crate) u32);

/// Number of an operation in [`Operations`](crate::operations::Operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OperationId(pub(crate) u32);

/// What a series counts, in three words: the numbers that make it up are written, read and compared two at a time, because
/// this is the hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Local in the upper half, peer in the lower.
    ends: u64,
    /// Operation in the upper half, code in the lower.
    request: u64,
    pub(crate) view: View,
    pub(crate) protocol: Protocol,
    pub(crate) class: StatusClass,
    pub(crate) delivery: bool,
}

impl Key {
    /// The series of a view of the exchanges between two.
    pub(crate) fn new(
        view: View,
        [client, server]: [IdentityId; 2],
        protocol: Protocol,
        operation: OperationId,
        status: Status,
        delivery: bool,
    ) -> Self {
        let [local, peer] = match view {
            View::Client => [client, server],
            View::Server => [server, client],
        };
        Self {
            ends: pair(local.0, peer.0),
            request: pair(operation.0, status.code.to_bits()),
            view,
            protocol,
            class: status.class,
            delivery,
        }
    }

    /// The series that counts the same at the other end.
    pub(crate) fn of_other_end(self) -> Self {
        let view = match self.view {
            View::Client => View::Server,
            View::Server => View::Client,
        };
        Self { view, ends: self.ends.rotate_left(32), ..self }
    }

    pub(crate) fn with_ends(self, [local, peer]: [IdentityId; 2]) -> Self {
        Self { ends: pair(local.0, peer.0), ..self }
    }

    /// The local identity and the peer.
    pub(crate) fn ends(&self) -> [IdentityId; 2] {
        [IdentityId((self.ends >> 32) as u32), IdentityId(self.ends as u32)]
    }

    pub(crate) fn with_request(self, operation: OperationId, code: Code) -> Self {
        Self { request: pair(operation.0, code.to_bits()), ..self }
    }

    pub(crate) fn operation(&self) -> OperationId {
        OperationId((self.request >> 32) as u32)
    }

    pub(crate) fn status(&self) -> Status {
        Status { class: self.class, code: Code::from_bits(self.request as u32) }
    }
}

fn pair(upper: u32, lower: u32) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

impl Hash for Key {
    /// The view swaps local and peer, an operation has one protocol and nearly always one way, and a code nearly always one
    /// class: hashing these as well would cost more than the rare collision.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.ends);
        state.write_u64(self.request);
    }
}
