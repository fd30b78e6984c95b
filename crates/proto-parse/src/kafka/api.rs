//! The APIs of Kafka: their names, the versions that are known of them, and where their layouts are.

use super::schema::Field;
use super::wire::Encoding;
use super::{requests as ask, responses as answer};

/// One kind of request, by its `api_key`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ApiKey(pub i16);

/// What is known of one.
#[derive(Debug)]
struct Api {
    name: &'static str,
    /// The first version with flexible headers and fields (KIP-482).
    flexible_since: i16,
    /// The newest version whose layout is known.
    newest: i16,
    request: &'static [Field],
    response: &'static [Field],
}

/// One more than the highest key that is taken for one.
const KEYS: i16 = 128;

/// How many versions more than are known an API may have.
const VERSIONS_AHEAD: i16 = 8;

/// No version of it is flexible.
const NEVER: i16 = i16::MAX;

const fn api(name: &'static str, flexible_since: i16, newest: i16) -> Api {
    Api { name, flexible_since, newest, request: ask::NOTHING, response: answer::NOTHING }
}

impl Api {
    const fn asks(self, request: &'static [Field]) -> Self {
        Self { request, ..self }
    }

    const fn answers(self, response: &'static [Field]) -> Self {
        Self { response, ..self }
    }
}

impl ApiKey {
    /// Produce.
    pub const PRODUCE: Self = Self(0);
    /// Fetch.
    pub const FETCH: Self = Self(1);
    /// JoinGroup.
    pub const JOIN_GROUP: Self = Self(11);
    /// SyncGroup.
    pub const SYNC_GROUP: Self = Self(14);
    /// SaslHandshake.
    pub const SASL_HANDSHAKE: Self = Self(17);
    /// ApiVersions.
    pub const API_VERSIONS: Self = Self(18);
    /// ShareFetch.
    pub const SHARE_FETCH: Self = Self(78);
    /// ControlledShutdown.
    const CONTROLLED_SHUTDOWN: Self = Self(7);

    /// The name that Kafka gives it, in lower case with underscores; `None` if it is not one of those up to Kafka 4.1.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.api().map(|api| api.name)
    }

    /// The newest version whose layout is known.
    #[must_use]
    pub fn newest_version(self) -> Option<i16> {
        self.api().map(|api| api.newest)
    }

    /// Whether it is the response that carries records.
    pub(super) fn sends_records(self) -> bool {
        matches!(self, Self::FETCH | Self::SHARE_FETCH)
    }

    /// Whether a request may say so. The next releases of Kafka will have more than are known.
    pub(super) fn is_plausible(self) -> bool {
        (0..KEYS).contains(&self.0)
    }

    /// Whether a request may say so. A client that does not know its server yet asks for ApiVersions in the newest version
    /// that it knows itself.
    pub(super) fn has_plausible_version(self, version: i16) -> bool {
        let newest = self.newest_version().unwrap_or_default();
        (0..=newest.saturating_add(VERSIONS_AHEAD)).contains(&version)
    }

    /// The version of the header of a request (message definition `RequestHeader`): 0 has no client id, 2 has tagged fields.
    #[must_use]
    pub fn request_header_version(self, version: i16) -> i16 {
        match self.encoding(version) {
            // Its first version is older than the client id.
            _ if self == Self::CONTROLLED_SHUTDOWN && version == 0 => 0,
            Encoding::Fixed => 1,
            Encoding::Flexible => 2,
        }
    }

    /// The version of the header of a response (message definition `ResponseHeader`): 1 has tagged fields.
    ///
    /// That of ApiVersions has none, because the client does not know yet what the server understands (KIP-511).
    #[must_use]
    pub fn response_header_version(self, version: i16) -> i16 {
        i16::from(self != Self::API_VERSIONS && self.encoding(version) == Encoding::Flexible)
    }

    pub(super) fn encoding(self, version: i16) -> Encoding {
        if self.api().is_some_and(|api| version >= api.flexible_since) { Encoding::Flexible } else { Encoding::Fixed }
    }

    /// The layout of its requests, if it is known of this version.
    pub(super) fn request(self, version: i16) -> Option<&'static [Field]> {
        self.api().filter(|api| version <= api.newest).map(|api| api.request)
    }

    /// The layout of its responses, if it is known of this version. A server that does not know the version of an
    /// ApiVersions request answers in version 0, which says so in the same place as all others.
    pub(super) fn response(self, version: i16) -> Option<&'static [Field]> {
        self.api().filter(|api| version <= api.newest || self == Self::API_VERSIONS).map(|api| api.response)
    }

    fn api(self) -> Option<&'static Api> {
        APIS.get(usize::try_from(self.0).ok()?)
    }
}

/// By `api_key`. Those that only brokers and controllers send to each other have no layouts here.
static APIS: [Api; 93] = [
    api("produce", 9, 13).asks(ask::PRODUCE).answers(answer::PRODUCE),
    api("fetch", 12, 18).asks(ask::FETCH).answers(answer::FETCH),
    api("list_offsets", 6, 11).asks(ask::LIST_OFFSETS).answers(answer::LIST_OFFSETS),
    api("metadata", 9, 13).asks(ask::METADATA).answers(answer::METADATA),
    api("leader_and_isr", 4, 7).answers(answer::ERROR_FIRST),
    api("stop_replica", 2, 4).answers(answer::ERROR_FIRST),
    api("update_metadata", 6, 8).answers(answer::ERROR_FIRST),
    api("controlled_shutdown", 3, 3).answers(answer::ERROR_FIRST),
    api("offset_commit", 8, 10).asks(ask::FIRST).answers(answer::OFFSET_COMMIT),
    api("offset_fetch", 6, 10).asks(ask::OFFSET_FETCH).answers(answer::OFFSET_FETCH),
    api("find_coordinator", 3, 6).asks(ask::FIND_COORDINATOR).answers(answer::FIND_COORDINATOR),
    api("join_group", 6, 9).asks(ask::FIRST).answers(answer::THROTTLE_SINCE_2_THEN_ERROR),
    api("heartbeat", 4, 4).asks(ask::FIRST).answers(answer::THROTTLE_SINCE_1_THEN_ERROR),
    api("leave_group", 4, 5).asks(ask::FIRST).answers(answer::LEAVE_GROUP),
    api("sync_group", 4, 5).asks(ask::FIRST).answers(answer::THROTTLE_SINCE_1_THEN_ERROR),
    api("describe_groups", 5, 6).asks(ask::NAMES_FIRST).answers(answer::DESCRIBE_GROUPS),
    api("list_groups", 3, 5).answers(answer::THROTTLE_SINCE_1_THEN_ERROR),
    api("sasl_handshake", NEVER, 1).answers(answer::SASL_HANDSHAKE),
    api("api_versions", 3, 4).answers(answer::ERROR_FIRST),
    api("create_topics", 5, 7).asks(ask::STRUCTURES_FIRST).answers(answer::CREATE_TOPICS),
    api("delete_topics", 4, 6).asks(ask::DELETE_TOPICS).answers(answer::DELETE_TOPICS),
    api("delete_records", 2, 2).asks(ask::STRUCTURES_FIRST).answers(answer::DELETE_RECORDS),
    api("init_producer_id", 2, 6).answers(answer::THROTTLE_THEN_ERROR),
    api("offset_for_leader_epoch", 4, 4).asks(ask::OFFSET_FOR_LEADER_EPOCH).answers(answer::OFFSET_FOR_LEADER_EPOCH),
    api("add_partitions_to_txn", 3, 5).asks(ask::ADD_PARTITIONS_TO_TXN).answers(answer::ADD_PARTITIONS_TO_TXN),
    api("add_offsets_to_txn", 3, 4).asks(ask::ADD_OFFSETS_TO_TXN).answers(answer::THROTTLE_THEN_ERROR),
    api("end_txn", 3, 5).answers(answer::THROTTLE_THEN_ERROR),
    api("write_txn_markers", 1, 2).answers(answer::WRITE_TXN_MARKERS),
    api("txn_offset_commit", 3, 5).asks(ask::TXN_OFFSET_COMMIT).answers(answer::THROTTLE_THEN_TOPICS),
    api("describe_acls", 2, 3).answers(answer::THROTTLE_THEN_ERROR),
    api("create_acls", 2, 3).answers(answer::CREATE_ACLS),
    api("delete_acls", 2, 3).answers(answer::DELETE_ACLS),
    api("describe_configs", 4, 4).answers(answer::DESCRIBE_CONFIGS),
    api("alter_configs", 2, 2).answers(answer::RESULTS_OF_RESOURCES),
    api("alter_replica_log_dirs", 2, 2).answers(answer::THROTTLE_THEN_TOPICS),
    api("describe_log_dirs", 2, 5),
    api("sasl_authenticate", 2, 2).answers(answer::ERROR_FIRST),
    api("create_partitions", 2, 3).asks(ask::STRUCTURES_FIRST).answers(answer::RESULTS_BY_NAME),
    api("create_delegation_token", 2, 3).answers(answer::ERROR_FIRST),
    api("renew_delegation_token", 2, 2).answers(answer::ERROR_FIRST),
    api("expire_delegation_token", 2, 2).answers(answer::ERROR_FIRST),
    api("describe_delegation_token", 2, 3).answers(answer::ERROR_FIRST),
    api("delete_groups", 2, 2).asks(ask::NAMES_FIRST).answers(answer::DELETE_GROUPS),
    api("elect_leaders", 2, 2).answers(answer::ELECT_LEADERS),
    api("incremental_alter_configs", 1, 1).answers(answer::RESULTS_OF_RESOURCES),
    api("alter_partition_reassignments", 0, 1).answers(answer::ALTER_PARTITION_REASSIGNMENTS),
    api("list_partition_reassignments", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("offset_delete", NEVER, 0).asks(ask::FIRST).answers(answer::OFFSET_DELETE),
    api("describe_client_quotas", 1, 1).answers(answer::THROTTLE_THEN_ERROR),
    api("alter_client_quotas", 1, 1).answers(answer::ALTER_CLIENT_QUOTAS),
    api("describe_user_scram_credentials", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("alter_user_scram_credentials", 0, 0).answers(answer::RESULTS_BY_NAME),
    api("vote", 0, 2).answers(answer::ERROR_FIRST),
    api("begin_quorum_epoch", 1, 1).answers(answer::ERROR_FIRST),
    api("end_quorum_epoch", 1, 1).answers(answer::ERROR_FIRST),
    api("describe_quorum", 0, 2).answers(answer::ERROR_FIRST),
    api("alter_partition", 0, 3).answers(answer::THROTTLE_THEN_ERROR),
    api("update_features", 0, 2).answers(answer::THROTTLE_THEN_ERROR),
    api("envelope", 0, 0),
    api("fetch_snapshot", 0, 1).answers(answer::THROTTLE_THEN_ERROR),
    api("describe_cluster", 0, 2).answers(answer::THROTTLE_THEN_ERROR),
    api("describe_producers", 0, 0).asks(ask::STRUCTURES_FIRST).answers(answer::DESCRIBE_PRODUCERS),
    api("broker_registration", 0, 4).answers(answer::THROTTLE_THEN_ERROR),
    api("broker_heartbeat", 0, 1).answers(answer::THROTTLE_THEN_ERROR),
    api("unregister_broker", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("describe_transactions", 0, 0).answers(answer::DESCRIBE_TRANSACTIONS),
    api("list_transactions", 0, 2).answers(answer::THROTTLE_THEN_ERROR),
    api("allocate_producer_ids", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("consumer_group_heartbeat", 0, 1).asks(ask::FIRST).answers(answer::THROTTLE_THEN_ERROR),
    api("consumer_group_describe", 0, 1).asks(ask::NAMES_FIRST).answers(answer::DESCRIBED_GROUPS),
    api("controller_registration", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("get_telemetry_subscriptions", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("push_telemetry", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("assign_replicas_to_dirs", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("list_config_resources", 0, 1).answers(answer::THROTTLE_THEN_ERROR),
    api("describe_topic_partitions", 0, 0).asks(ask::STRUCTURES_FIRST).answers(answer::DESCRIBE_TOPIC_PARTITIONS),
    api("share_group_heartbeat", 0, 1).asks(ask::FIRST).answers(answer::THROTTLE_THEN_ERROR),
    api("share_group_describe", 0, 1).asks(ask::NAMES_FIRST).answers(answer::DESCRIBED_GROUPS),
    api("share_fetch", 0, 2).asks(ask::SHARE_FETCH).answers(answer::THROTTLE_THEN_ERROR),
    api("share_acknowledge", 0, 2).asks(ask::FIRST).answers(answer::THROTTLE_THEN_ERROR),
    api("add_raft_voter", 0, 1).answers(answer::THROTTLE_THEN_ERROR),
    api("remove_raft_voter", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("update_raft_voter", 0, 0).answers(answer::THROTTLE_THEN_ERROR),
    api("initialize_share_group_state", 0, 0).asks(ask::FIRST),
    api("read_share_group_state", 0, 0).asks(ask::FIRST),
    api("write_share_group_state", 0, 1).asks(ask::FIRST),
    api("delete_share_group_state", 0, 0).asks(ask::FIRST),
    api("read_share_group_state_summary", 0, 1).asks(ask::FIRST),
    api("streams_group_heartbeat", 0, 0).asks(ask::FIRST).answers(answer::THROTTLE_THEN_ERROR),
    api("streams_group_describe", 0, 0).asks(ask::NAMES_FIRST).answers(answer::DESCRIBED_GROUPS),
    api("describe_share_group_offsets", 0, 1).asks(ask::STRUCTURES_FIRST),
    api("alter_share_group_offsets", 0, 0).asks(ask::FIRST).answers(answer::THROTTLE_THEN_ERROR),
    api("delete_share_group_offsets", 0, 0).asks(ask::FIRST).answers(answer::THROTTLE_THEN_ERROR),
];
