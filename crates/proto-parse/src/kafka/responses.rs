//! The layouts of responses, as far as errors and the names of topics are in them.
//!
//! What says how single partitions of a cluster fare is passed over where the request as a whole succeeded in telling so:
//! a partition without a leader is no error of a `metadata` or a `describe_topic_partitions`.

use super::schema::{
    BYTES, ERROR, Field, INT8, INT16, INT32, INT32S, INT64, REST, STRING, STRINGS, SUBJECT, SUBJECT_ID, UUID,
    structures,
};

/// Nothing is known of it.
pub(super) const NOTHING: &[Field] = &[REST];

/// The error is what it begins with.
pub(super) const ERROR_FIRST: &[Field] = &[ERROR, REST];

/// The mechanisms that the server knows.
pub(super) const SASL_HANDSHAKE: &[Field] = &[ERROR, STRINGS];

/// How long the client is to hold back, then the error.
pub(super) const THROTTLE_THEN_ERROR: &[Field] = &[INT32, ERROR, REST];

/// The same, where version 0 has no throttling.
pub(super) const THROTTLE_SINCE_1_THEN_ERROR: &[Field] = &[INT32.since(1), ERROR, REST];

/// The same, where versions 0 and 1 have none.
pub(super) const THROTTLE_SINCE_2_THEN_ERROR: &[Field] = &[INT32.since(2), ERROR, REST];

/// For every resource, the error is what its result begins with, and what follows is an error message, a type and a name.
pub(super) const RESULTS_OF_RESOURCES: &[Field] = &[INT32, structures(&[ERROR, STRING, INT8, STRING])];

/// For every partition, its number and its error.
const PARTITION_ERROR: &[Field] = &[INT32, ERROR];

pub(super) const PRODUCE: &[Field] = &[structures(&[
    STRING.until(12),
    UUID.since(13),
    structures(&[
        INT32,
        ERROR,
        INT64,
        INT64.since(2),
        INT64.since(5),
        structures(&[INT32, STRING]).since(8),
        STRING.since(8),
    ]),
])];

pub(super) const FETCH: &[Field] = &[
    INT32.since(1),
    ERROR.since(7),
    INT32.since(7),
    structures(&[
        STRING.until(12),
        UUID.since(13),
        structures(&[
            INT32,
            ERROR,
            INT64,
            INT64.since(4),
            INT64.since(5),
            structures(&[INT64, INT64]).since(4),
            INT32.since(11),
            BYTES,
        ]),
    ]),
];

/// Version 0 gives offsets as an array of INT64.
pub(super) const LIST_OFFSETS: &[Field] = &[
    INT32.since(2),
    structures(&[
        STRING,
        structures(&[INT32, ERROR, structures(&[INT64]).until(0), INT64.since(1), INT64.since(1), INT32.since(4)]),
    ]),
];

pub(super) const METADATA: &[Field] = &[
    INT32.since(3),
    structures(&[INT32, STRING, INT32, STRING.since(1)]),
    STRING.since(2),
    INT32.since(1),
    structures(&[
        ERROR,
        SUBJECT,
        SUBJECT_ID.since(10),
        INT8.since(1),
        structures(&[INT16, INT32, INT32, INT32.since(7), INT32S, INT32S, INT32S.since(5)]),
        INT32.since(8),
    ]),
    INT32.since(8).until(10),
    ERROR.since(13),
];

pub(super) const OFFSET_COMMIT: &[Field] =
    &[INT32.since(3), structures(&[STRING.until(9), UUID.since(10), structures(PARTITION_ERROR)])];

pub(super) const OFFSET_FETCH: &[Field] = &[
    INT32.since(3),
    structures(&[STRING, structures(&[INT32, INT64, INT32.since(5), STRING, ERROR])]).until(7),
    ERROR.since(2).until(7),
    structures(&[
        STRING,
        structures(&[STRING.until(9), UUID.since(10), structures(&[INT32, INT64, INT32, STRING, ERROR])]),
        ERROR,
    ])
    .since(8),
];

pub(super) const FIND_COORDINATOR: &[Field] = &[
    INT32.since(1),
    ERROR.until(3),
    STRING.since(1).until(3),
    INT32.until(3),
    STRING.until(3),
    INT32.until(3),
    structures(&[STRING, INT32, STRING, INT32, ERROR, STRING]).since(4),
];

/// From version 3 on, each member that leaves has an error of its own.
pub(super) const LEAVE_GROUP: &[Field] = &[INT32.since(1), ERROR, structures(&[STRING, STRING, ERROR]).since(3)];

pub(super) const DESCRIBE_GROUPS: &[Field] = &[
    INT32.since(1),
    structures(&[
        ERROR,
        STRING.since(6),
        STRING,
        STRING,
        STRING,
        STRING,
        structures(&[STRING, STRING.since(4), STRING, STRING, BYTES, BYTES]),
        INT32.since(3),
    ]),
];

pub(super) const CREATE_TOPICS: &[Field] = &[
    INT32.since(2),
    structures(&[
        SUBJECT,
        SUBJECT_ID.since(7),
        ERROR,
        STRING.since(1),
        INT32.since(5),
        INT16.since(5),
        structures(&[STRING, STRING, INT8, INT8, INT8]).since(5),
    ]),
];

pub(super) const DELETE_TOPICS: &[Field] =
    &[INT32.since(1), structures(&[STRING, UUID.since(6), ERROR, STRING.since(5)])];

pub(super) const DELETE_RECORDS: &[Field] = &[INT32, structures(&[STRING, structures(&[INT32, INT64, ERROR])])];

pub(super) const OFFSET_FOR_LEADER_EPOCH: &[Field] =
    &[INT32.since(2), structures(&[STRING, structures(&[ERROR, INT32, INT32.since(1), INT64])])];

/// Per topic, then per partition its number and its error.
const TOPICS_WITH_ERRORS: Field = structures(&[STRING, structures(PARTITION_ERROR)]);

pub(super) const ADD_PARTITIONS_TO_TXN: &[Field] =
    &[INT32, ERROR.since(4), structures(&[STRING, TOPICS_WITH_ERRORS]).since(4), TOPICS_WITH_ERRORS.until(3)];

pub(super) const WRITE_TXN_MARKERS: &[Field] = &[structures(&[INT64, TOPICS_WITH_ERRORS])];

/// TxnOffsetCommit and AlterReplicaLogDirs.
pub(super) const THROTTLE_THEN_TOPICS: &[Field] = &[INT32, TOPICS_WITH_ERRORS];

pub(super) const OFFSET_DELETE: &[Field] = &[ERROR, INT32, TOPICS_WITH_ERRORS];

pub(super) const CREATE_ACLS: &[Field] = &[INT32, structures(&[ERROR, STRING])];

pub(super) const DELETE_ACLS: &[Field] = &[
    INT32,
    structures(&[ERROR, STRING, structures(&[ERROR, STRING, INT8, STRING, INT8.since(1), STRING, STRING, INT8, INT8])]),
];

pub(super) const DESCRIBE_CONFIGS: &[Field] = &[
    INT32,
    structures(&[
        ERROR,
        STRING,
        INT8,
        STRING,
        structures(&[
            STRING,
            STRING,
            INT8,
            INT8,
            INT8,
            structures(&[STRING, STRING, INT8]).since(1),
            INT8.since(3),
            STRING.since(3),
        ]),
    ]),
];

/// CreatePartitions, and AlterUserScramCredentials, whose results begin with a user.
pub(super) const RESULTS_BY_NAME: &[Field] = &[INT32, structures(&[STRING, ERROR, STRING])];

pub(super) const DELETE_GROUPS: &[Field] = &[INT32, structures(&[STRING, ERROR])];

pub(super) const ELECT_LEADERS: &[Field] =
    &[INT32, ERROR.since(1), structures(&[STRING, structures(&[INT32, ERROR, STRING])])];

pub(super) const ALTER_PARTITION_REASSIGNMENTS: &[Field] =
    &[INT32, INT8.since(1), ERROR, STRING, structures(&[STRING, structures(&[INT32, ERROR, STRING])])];

pub(super) const ALTER_CLIENT_QUOTAS: &[Field] = &[INT32, structures(&[ERROR, STRING, structures(&[STRING, STRING])])];

pub(super) const DESCRIBE_PRODUCERS: &[Field] = &[
    INT32,
    structures(&[STRING, structures(&[INT32, ERROR, STRING, structures(&[INT64, INT32, INT32, INT64, INT32, INT64])])]),
];

pub(super) const DESCRIBE_TRANSACTIONS: &[Field] =
    &[INT32, structures(&[ERROR, STRING, STRING, INT32, INT64, INT64, INT16, structures(&[STRING, INT32S])])];

pub(super) const DESCRIBE_TOPIC_PARTITIONS: &[Field] = &[
    INT32,
    structures(&[
        ERROR,
        SUBJECT,
        SUBJECT_ID,
        INT8,
        structures(&[INT16, INT32, INT32, INT32, INT32S, INT32S, INT32S, INT32S, INT32S]),
        INT32,
    ]),
    REST,
];

/// ConsumerGroupDescribe, ShareGroupDescribe and StreamsGroupDescribe: of the groups, the first one's error.
pub(super) const DESCRIBED_GROUPS: &[Field] = &[INT32, structures(&[ERROR, REST])];
