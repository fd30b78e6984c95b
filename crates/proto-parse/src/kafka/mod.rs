//! Kafka: the protocol guide of Apache Kafka (sections "Network", "Protocol Primitive Types", "Common Request and Response
//! Structure", "SASL Authentication Sequence", "Error Codes", "Api Keys") and the message definitions of release 4.1, with
//! KIP-482 (flexible versions), KIP-511 (ApiVersions), KIP-227 (fetch sessions) and KIP-516 (topic ids).
//!
//! [`Connection`] reads a connection; [`RequestHead::parse`] and [`ResponseHead::parse`] read the fixed part of a message, and
//! their `body` what is behind it; [`error_name`] and [`error_class`] tell what an error code is; [`detect`] tells Kafka from
//! anything else.
//!
//! An exchange's verb is the API's name in lower case (`produce`, `list_offsets`). Its resource is what the request is about:
//!
//! | API | resource |
//! |---|---|
//! | `produce`, `fetch`, `list_offsets`, `metadata` and what else is about topics | the topic |
//! | `join_group`, `heartbeat`, `offset_commit` and what else is about consumer groups, `find_coordinator` for one | the group |
//! | `init_producer_id`, `end_txn`, `find_coordinator` for a transaction | none: ids of transactions are as good as random |
//! | any, with more than one of these | `~several` |
//!
//! A topic that is given by its id (from `fetch` 13 and `produce` 13 on) is named if a response on the same connection has told
//! its name; else the id is the resource, as Kafka's tools write it, flagged `reference_unknown`. A `fetch` within a session
//! names only what has changed: it has the resource of the fetch that began the session.
//!
//! What else a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | request and response with the same correlation id | an exchange, in whatever order they come |
//! | `produce` that asks for no acknowledgement (`acks` 0) | a one-way message; a response to it (librdkafka's mock cluster sends one) is counted as unmatched |
//! | `fetch` and `share_fetch` that may wait (`max_wait_ms` above 0), `join_group` and `sync_group`, which wait for the group's other members | an exchange of [`Shape::LongPoll`](crate::Shape::LongPoll) |
//! | `fetch` and `share_fetch` | an exchange whose direction is to the client: that is where the messages go |
//! | the first error code that is not 0, of the whole or of a topic, partition or group | the native status, and its name the error; [`error_class`] says who is to blame |
//! | an `api_versions` that the server does not know the version of | no error: the client asks again (KIP-511) |
//! | a version or an API newer than known | an exchange without resource and error |
//! | a body that is not in its layout | an exchange, flagged `request_malformed`, or with `ProtocolError` |
//! | a SaslHandshake, and what is said in SaslAuthenticate | exchanges without what was said; raw tokens behind version 0 of the former are passed over and counted as unparsed |
//! | bytes that are no message where one should begin, a gap over the beginning of a message | a counted desync; the next request is searched for, or the response to an open one |
//! | a gap within a message | a flag |
//!
//! Of a request the first 2 KiB are read, of a response [`Limits::message_bytes`](crate::Limits::message_bytes): records are
//! passed over, and an error of a partition behind the records of others may be among them. What says how single partitions
//! fare is no error of a `metadata`, which succeeded in telling so.
//!
//! Nothing leaves this module of keys, values and headers of records, client ids, transactional ids, member ids, error
//! messages, and what SASL says.
//!
//! Not covered: TLS, which a connection begins with; the contents of `envelope`; the layouts of what only brokers and
//! controllers say to each other, beyond names and first error codes.

mod api;
mod conn;
mod detect;
mod error;
mod error_code;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
mod requests;
mod responses;
mod schema;
mod topic;
mod wire;

pub use api::ApiKey;
pub use conn::Connection;
pub use detect::detect;
pub use error::MessageError;
pub use error_code::{error_class, error_name};
pub use message::{Extent, MESSAGE_BYTES_MAX, Request, RequestHead, Response, ResponseHead, SIZE_BYTES, Subject};
pub use topic::TopicId;
