//! The layouts of requests, up to what says what they are about.

use super::schema::{
    Field, INT8, INT16, INT32, INT64, Meaning, REST, STRING, STRINGS, SUBJECT, SUBJECT_ID, structures,
};

/// A topic by its name, in front of what belongs to it.
const NAMED: &[Field] = &[SUBJECT, REST];

/// A subject alone, or in front of everything else: most often the group.
pub(super) const FIRST: &[Field] = NAMED;

/// An array of names in front of everything else.
pub(super) const NAMES_FIRST: &[Field] = &[STRINGS.means(Meaning::Subject), REST];

/// An array of topics, or of groups, in front of everything else.
pub(super) const STRUCTURES_FIRST: &[Field] = &[structures(NAMED).means(Meaning::Subject), REST];

/// Nothing that would name it.
pub(super) const NOTHING: &[Field] = &[REST];

/// A topic by its name, or from version 13 on by its id.
const TOPIC_UNTIL_12: &[Field] = &[SUBJECT.until(12), SUBJECT_ID.since(13), REST];

pub(super) const PRODUCE: &[Field] =
    &[STRING.since(3), INT16.means(Meaning::Acks), INT32, structures(TOPIC_UNTIL_12).means(Meaning::Subject), REST];

pub(super) const FETCH: &[Field] = &[
    INT32.until(14),
    INT32.means(Meaning::MaxWaitMs),
    INT32,
    INT32.since(3),
    INT8.since(4),
    INT32.since(7),
    INT32.since(7).means(Meaning::SessionEpoch),
    structures(TOPIC_UNTIL_12).means(Meaning::Subject),
    REST,
];

pub(super) const LIST_OFFSETS: &[Field] = &[INT32, INT8.since(2), structures(NAMED).means(Meaning::Subject), REST];

pub(super) const METADATA: &[Field] =
    &[structures(&[SUBJECT_ID.since(10), SUBJECT, REST]).means(Meaning::Subject), REST];

/// Version 8 asks for several groups at once.
pub(super) const OFFSET_FETCH: &[Field] = &[SUBJECT.until(7), structures(NAMED).since(8).means(Meaning::Subject), REST];

/// Version 4 asks for several keys at once.
pub(super) const FIND_COORDINATOR: &[Field] =
    &[SUBJECT.until(3), INT8.since(1).means(Meaning::KeyType), STRINGS.since(4).means(Meaning::Subject), REST];

pub(super) const DELETE_TOPICS: &[Field] = &[
    STRINGS.until(5).means(Meaning::Subject),
    structures(&[SUBJECT, SUBJECT_ID, REST]).since(6).means(Meaning::Subject),
    REST,
];

pub(super) const OFFSET_FOR_LEADER_EPOCH: &[Field] = &[INT32.since(3), structures(NAMED).means(Meaning::Subject), REST];

/// Version 4 takes several transactions at once.
pub(super) const ADD_PARTITIONS_TO_TXN: &[Field] = &[
    STRING.until(3),
    INT64.until(3),
    INT16.until(3),
    structures(NAMED).until(3).means(Meaning::Subject),
    structures(&[STRING, INT64, INT16, INT8, structures(NAMED).means(Meaning::Subject), REST])
        .since(4)
        .means(Meaning::Subject),
    REST,
];

pub(super) const ADD_OFFSETS_TO_TXN: &[Field] = &[STRING, INT64, INT16, SUBJECT, REST];

pub(super) const TXN_OFFSET_COMMIT: &[Field] = &[STRING, SUBJECT, REST];

/// Group, member, epoch of the session, longest wait.
pub(super) const SHARE_FETCH: &[Field] = &[SUBJECT, STRING, INT32, INT32.means(Meaning::MaxWaitMs), REST];
