//! The error codes of Kafka's protocol guide, section "Error Codes": their names, and who is to blame.

use crate::StatusClass;
use crate::StatusClass::{ClientError, Ok, ServerError};

/// The name of an error code; `None` if it is not one of those up to Kafka 4.1, or is 0.
#[must_use]
pub fn error_name(code: i16) -> Option<&'static str> {
    known(code).filter(|_| code != 0).map(|(name, _)| *name)
}

/// Who is to blame for an error.
///
/// What passes by itself, so that the guide calls it retriable, is the server's, but for a name that does not exist; so is
/// what the server could not do. The rest is the client's. Not an error at all is what tells a client its next step in a
/// protocol that is going well: to join again with the id that it was given (`MEMBER_ID_REQUIRED`), or because the group
/// is being rebalanced (`REBALANCE_IN_PROGRESS`); and that there is nothing to elect (`ELECTION_NOT_NEEDED`).
#[must_use]
pub fn error_class(code: i16) -> StatusClass {
    known(code).map_or(ServerError, |(_, class)| *class)
}

fn known(code: i16) -> Option<&'static (&'static str, StatusClass)> {
    CODES.get(usize::try_from(code.checked_add(1)?).ok()?)
}

/// From code -1 on.
static CODES: [(&str, StatusClass); 135] = [
    ("UNKNOWN_SERVER_ERROR", ServerError),
    ("NONE", Ok),
    ("OFFSET_OUT_OF_RANGE", ClientError),
    ("CORRUPT_MESSAGE", ClientError),
    ("UNKNOWN_TOPIC_OR_PARTITION", ClientError),
    ("INVALID_FETCH_SIZE", ClientError),
    ("LEADER_NOT_AVAILABLE", ServerError),
    ("NOT_LEADER_OR_FOLLOWER", ServerError),
    ("REQUEST_TIMED_OUT", ServerError),
    ("BROKER_NOT_AVAILABLE", ServerError),
    ("REPLICA_NOT_AVAILABLE", ServerError),
    ("MESSAGE_TOO_LARGE", ClientError),
    ("STALE_CONTROLLER_EPOCH", ServerError),
    ("OFFSET_METADATA_TOO_LARGE", ClientError),
    ("NETWORK_EXCEPTION", ServerError),
    ("COORDINATOR_LOAD_IN_PROGRESS", ServerError),
    ("COORDINATOR_NOT_AVAILABLE", ServerError),
    ("NOT_COORDINATOR", ServerError),
    ("INVALID_TOPIC_EXCEPTION", ClientError),
    ("RECORD_LIST_TOO_LARGE", ClientError),
    ("NOT_ENOUGH_REPLICAS", ServerError),
    ("NOT_ENOUGH_REPLICAS_AFTER_APPEND", ServerError),
    ("INVALID_REQUIRED_ACKS", ClientError),
    ("ILLEGAL_GENERATION", ClientError),
    ("INCONSISTENT_GROUP_PROTOCOL", ClientError),
    ("INVALID_GROUP_ID", ClientError),
    ("UNKNOWN_MEMBER_ID", ClientError),
    ("INVALID_SESSION_TIMEOUT", ClientError),
    ("REBALANCE_IN_PROGRESS", Ok),
    ("INVALID_COMMIT_OFFSET_SIZE", ClientError),
    ("TOPIC_AUTHORIZATION_FAILED", ClientError),
    ("GROUP_AUTHORIZATION_FAILED", ClientError),
    ("CLUSTER_AUTHORIZATION_FAILED", ClientError),
    ("INVALID_TIMESTAMP", ClientError),
    ("UNSUPPORTED_SASL_MECHANISM", ClientError),
    ("ILLEGAL_SASL_STATE", ClientError),
    ("UNSUPPORTED_VERSION", ClientError),
    ("TOPIC_ALREADY_EXISTS", ClientError),
    ("INVALID_PARTITIONS", ClientError),
    ("INVALID_REPLICATION_FACTOR", ClientError),
    ("INVALID_REPLICA_ASSIGNMENT", ClientError),
    ("INVALID_CONFIG", ClientError),
    ("NOT_CONTROLLER", ServerError),
    ("INVALID_REQUEST", ClientError),
    ("UNSUPPORTED_FOR_MESSAGE_FORMAT", ClientError),
    ("POLICY_VIOLATION", ClientError),
    ("OUT_OF_ORDER_SEQUENCE_NUMBER", ClientError),
    ("DUPLICATE_SEQUENCE_NUMBER", ClientError),
    ("INVALID_PRODUCER_EPOCH", ClientError),
    ("INVALID_TXN_STATE", ClientError),
    ("INVALID_PRODUCER_ID_MAPPING", ClientError),
    ("INVALID_TRANSACTION_TIMEOUT", ClientError),
    ("CONCURRENT_TRANSACTIONS", ServerError),
    ("TRANSACTION_COORDINATOR_FENCED", ServerError),
    ("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", ClientError),
    ("SECURITY_DISABLED", ClientError),
    ("OPERATION_NOT_ATTEMPTED", ClientError),
    ("KAFKA_STORAGE_ERROR", ServerError),
    ("LOG_DIR_NOT_FOUND", ServerError),
    ("SASL_AUTHENTICATION_FAILED", ClientError),
    ("UNKNOWN_PRODUCER_ID", ClientError),
    ("REASSIGNMENT_IN_PROGRESS", ClientError),
    ("DELEGATION_TOKEN_AUTH_DISABLED", ClientError),
    ("DELEGATION_TOKEN_NOT_FOUND", ClientError),
    ("DELEGATION_TOKEN_OWNER_MISMATCH", ClientError),
    ("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", ClientError),
    ("DELEGATION_TOKEN_AUTHORIZATION_FAILED", ClientError),
    ("DELEGATION_TOKEN_EXPIRED", ClientError),
    ("INVALID_PRINCIPAL_TYPE", ClientError),
    ("NON_EMPTY_GROUP", ClientError),
    ("GROUP_ID_NOT_FOUND", ClientError),
    ("FETCH_SESSION_ID_NOT_FOUND", ServerError),
    ("INVALID_FETCH_SESSION_EPOCH", ServerError),
    ("LISTENER_NOT_FOUND", ServerError),
    ("TOPIC_DELETION_DISABLED", ClientError),
    ("FENCED_LEADER_EPOCH", ServerError),
    ("UNKNOWN_LEADER_EPOCH", ServerError),
    ("UNSUPPORTED_COMPRESSION_TYPE", ClientError),
    ("STALE_BROKER_EPOCH", ServerError),
    ("OFFSET_NOT_AVAILABLE", ServerError),
    ("MEMBER_ID_REQUIRED", Ok),
    ("PREFERRED_LEADER_NOT_AVAILABLE", ServerError),
    ("GROUP_MAX_SIZE_REACHED", ClientError),
    ("FENCED_INSTANCE_ID", ClientError),
    ("ELIGIBLE_LEADERS_NOT_AVAILABLE", ServerError),
    ("ELECTION_NOT_NEEDED", Ok),
    ("NO_REASSIGNMENT_IN_PROGRESS", ClientError),
    ("GROUP_SUBSCRIBED_TO_TOPIC", ClientError),
    ("INVALID_RECORD", ClientError),
    ("UNSTABLE_OFFSET_COMMIT", ServerError),
    ("THROTTLING_QUOTA_EXCEEDED", ServerError),
    ("PRODUCER_FENCED", ClientError),
    ("RESOURCE_NOT_FOUND", ClientError),
    ("DUPLICATE_RESOURCE", ClientError),
    ("UNACCEPTABLE_CREDENTIAL", ClientError),
    ("INCONSISTENT_VOTER_SET", ClientError),
    ("INVALID_UPDATE_VERSION", ClientError),
    ("FEATURE_UPDATE_FAILED", ServerError),
    ("PRINCIPAL_DESERIALIZATION_FAILURE", ClientError),
    ("SNAPSHOT_NOT_FOUND", ClientError),
    ("POSITION_OUT_OF_RANGE", ClientError),
    ("UNKNOWN_TOPIC_ID", ClientError),
    ("DUPLICATE_BROKER_REGISTRATION", ClientError),
    ("BROKER_ID_NOT_REGISTERED", ClientError),
    ("INCONSISTENT_TOPIC_ID", ServerError),
    ("INCONSISTENT_CLUSTER_ID", ClientError),
    ("TRANSACTIONAL_ID_NOT_FOUND", ClientError),
    ("FETCH_SESSION_TOPIC_ID_ERROR", ServerError),
    ("INELIGIBLE_REPLICA", ClientError),
    ("NEW_LEADER_ELECTED", ServerError),
    ("OFFSET_MOVED_TO_TIERED_STORAGE", ClientError),
    ("FENCED_MEMBER_EPOCH", ClientError),
    ("UNRELEASED_INSTANCE_ID", ClientError),
    ("UNSUPPORTED_ASSIGNOR", ClientError),
    ("STALE_MEMBER_EPOCH", ClientError),
    ("MISMATCHED_ENDPOINT_TYPE", ClientError),
    ("UNSUPPORTED_ENDPOINT_TYPE", ClientError),
    ("UNKNOWN_CONTROLLER_ID", ClientError),
    ("UNKNOWN_SUBSCRIPTION_ID", ClientError),
    ("TELEMETRY_TOO_LARGE", ClientError),
    ("INVALID_REGISTRATION", ClientError),
    ("TRANSACTION_ABORTABLE", ClientError),
    ("INVALID_RECORD_STATE", ClientError),
    ("SHARE_SESSION_NOT_FOUND", ServerError),
    ("INVALID_SHARE_SESSION_EPOCH", ServerError),
    ("FENCED_STATE_EPOCH", ClientError),
    ("INVALID_VOTER_KEY", ClientError),
    ("DUPLICATE_VOTER", ClientError),
    ("VOTER_NOT_FOUND", ClientError),
    ("INVALID_REGULAR_EXPRESSION", ClientError),
    ("REBOOTSTRAP_REQUIRED", ServerError),
    ("STREAMS_INVALID_TOPOLOGY", ClientError),
    ("STREAMS_INVALID_TOPOLOGY_EPOCH", ClientError),
    ("STREAMS_TOPOLOGY_FENCED", ClientError),
    ("SHARE_SESSION_LIMIT_REACHED", ServerError),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_their_places() {
        for (code, name, class) in [
            (-1, Some("UNKNOWN_SERVER_ERROR"), ServerError),
            (0, None, Ok),
            (3, Some("UNKNOWN_TOPIC_OR_PARTITION"), ClientError),
            (6, Some("NOT_LEADER_OR_FOLLOWER"), ServerError),
            (35, Some("UNSUPPORTED_VERSION"), ClientError),
            (58, Some("SASL_AUTHENTICATION_FAILED"), ClientError),
            (79, Some("MEMBER_ID_REQUIRED"), Ok),
            (100, Some("UNKNOWN_TOPIC_ID"), ClientError),
            (119, Some("INVALID_REGISTRATION"), ClientError),
            (133, Some("SHARE_SESSION_LIMIT_REACHED"), ServerError),
            (134, None, ServerError),
            (-2, None, ServerError),
            (i16::MAX, None, ServerError),
            (i16::MIN, None, ServerError),
        ] {
            assert_eq!((error_name(code), error_class(code)), (name, class), "{code}");
        }
    }
}
