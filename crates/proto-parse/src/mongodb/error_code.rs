//! Error codes of the server (its `src/mongo/base/error_codes.yml`): names of those that come without one, and who is to
//! blame.

use crate::StatusClass;

/// Who is to blame for an error.
///
/// The server's are those that it files under networks, interruptions, shutting down, stepping down, stale routing,
/// snapshots, time limits and write concerns, which pass or are for its operator to mend; what it says of itself (an
/// internal error, want of memory or disk); and a conflict of writes. The rest is the client's.
#[must_use]
pub fn error_class(code: i32) -> StatusClass {
    let is_servers = SERVER_ERRORS.iter().any(|(known, _)| *known == code);
    if is_servers { StatusClass::ServerError } else { StatusClass::ClientError }
}

const SERVER_ERRORS: [(i32, &str); 41] = [
    (1, "InternalError"),
    (6, "HostUnreachable"),
    (7, "HostNotFound"),
    (8, "UnknownError"),
    (24, "LockTimeout"),
    (46, "LockBusy"),
    (50, "MaxTimeMSExpired"),
    (64, "WriteConcernTimeout"),
    (89, "NetworkTimeout"),
    (91, "ShutdownInProgress"),
    (96, "OperationFailed"),
    (100, "UnsatisfiableWriteConcern"),
    (107, "LockFailed"),
    (112, "WriteConflict"),
    (125, "CommandFailed"),
    (133, "FailedToSatisfyReadPreference"),
    (134, "ReadConcernMajorityNotAvailableYet"),
    (135, "StaleTerm"),
    (146, "ExceededMemoryLimit"),
    (150, "StaleEpoch"),
    (175, "QueryPlanKilled"),
    (189, "PrimarySteppedDown"),
    (202, "NetworkInterfaceExceededTimeLimit"),
    (215, "DatabaseDropPending"),
    (216, "ElectionInProgress"),
    (234, "RetryChangeStream"),
    (237, "CursorKilled"),
    (239, "SnapshotTooOld"),
    (246, "SnapshotUnavailable"),
    (249, "StaleDbVersion"),
    (250, "StaleChunkHistory"),
    (262, "ExceededTimeLimit"),
    (9001, "SocketException"),
    (10107, "NotWritablePrimary"),
    (11600, "InterruptedAtShutdown"),
    (11601, "Interrupted"),
    (11602, "InterruptedDueToReplStateChange"),
    (13388, "StaleConfig"),
    (13435, "NotPrimaryNoSecondaryOk"),
    (13436, "NotPrimaryOrSecondary"),
    (14031, "OutOfDiskSpace"),
];

/// The name of an error that is told by its code alone: one of a single write, or an old server's.
#[must_use]
pub fn error_name(code: i32) -> Option<&'static str> {
    SERVER_ERRORS.iter().chain(&CLIENT_ERRORS).find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The most frequent of them.
const CLIENT_ERRORS: [(i32, &str); 10] = [
    (2, "BadValue"),
    (13, "Unauthorized"),
    (14, "TypeMismatch"),
    (18, "AuthenticationFailed"),
    (26, "NamespaceNotFound"),
    (43, "CursorNotFound"),
    (59, "CommandNotFound"),
    (66, "ImmutableField"),
    (121, "DocumentValidationFailure"),
    (11000, "DuplicateKey"),
];
