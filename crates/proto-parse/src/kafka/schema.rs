//! The layouts of requests and responses as data, as far as something in them is of interest, and the walk over one.
//!
//! They are transcribed from the message definitions of Apache Kafka 4.1 (`clients/src/main/resources/common/message`),
//! which give every field the versions that have it.

use core::ops::ControlFlow;

use super::wire::{Encoding, Reader, Stop};

/// One field of a structure, or what comes in its place in some versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    kind: Kind,
    /// The first and the last version that has it.
    since: i16,
    until: i16,
    meaning: Meaning,
}

/// How a field is written.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Int8,
    Int16,
    Int32,
    Int64,
    Uuid,
    String,
    /// BYTES and RECORDS.
    Bytes,
    /// An array of structures.
    Structures(&'static [Field]),
    /// An array of INT32.
    Int32s,
    /// An array of strings.
    Strings,
    /// What follows is of no interest, whatever it is.
    Rest,
}

/// What a field is to an observer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    /// A name that the request is about: a topic, a group. Of an array: how many there are.
    Subject,
    /// The same as an id.
    SubjectId,
    /// What a `Subject` before it is, where that may be something else than a group.
    KeyType,
    Error,
    Acks,
    MaxWaitMs,
    SessionEpoch,
}

/// A value that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Int(i32),
    Uuid([u8; 16]),
    /// `None` is null.
    Text(Option<&'a [u8]>),
    /// The length of an array, whose elements come next; `None` is null.
    Count(Option<usize>),
}

/// Takes the values that mean something, in the order in which they are written, until it says `Break`.
pub(super) trait Visitor<'a> {
    fn visit(&mut self, meaning: Meaning, value: Value<'a>) -> ControlFlow<()>;
}

impl Field {
    const fn new(kind: Kind) -> Self {
        Self { kind, since: 0, until: i16::MAX, meaning: Meaning::Nothing }
    }

    /// Only from this version on.
    pub(super) const fn since(self, version: i16) -> Self {
        Self { since: version, ..self }
    }

    /// Only up to this version.
    pub(super) const fn until(self, version: i16) -> Self {
        Self { until: version, ..self }
    }

    pub(super) const fn means(self, meaning: Meaning) -> Self {
        Self { meaning, ..self }
    }
}

pub(super) const INT8: Field = Field::new(Kind::Int8);
pub(super) const INT16: Field = Field::new(Kind::Int16);
pub(super) const INT32: Field = Field::new(Kind::Int32);
pub(super) const INT64: Field = Field::new(Kind::Int64);
pub(super) const STRING: Field = Field::new(Kind::String);
pub(super) const BYTES: Field = Field::new(Kind::Bytes);
pub(super) const INT32S: Field = Field::new(Kind::Int32s);
pub(super) const STRINGS: Field = Field::new(Kind::Strings);
pub(super) const REST: Field = Field::new(Kind::Rest);
pub(super) const UUID: Field = Field::new(Kind::Uuid);
pub(super) const ERROR: Field = INT16.means(Meaning::Error);
pub(super) const SUBJECT: Field = STRING.means(Meaning::Subject);
pub(super) const SUBJECT_ID: Field = UUID.means(Meaning::SubjectId);

pub(super) const fn structures(fields: &'static [Field]) -> Field {
    Field::new(Kind::Structures(fields))
}

/// Walks over one structure. The depth is that of the layout, whatever the bytes say, and an array's elements are at least
/// one byte each, so that what is there bounds the work.
///
/// # Errors
///
/// `Short` at the end of the bytes, which may be a prefix; `Enough` where the visitor broke off, or the layout does.
pub(super) fn walk<'a>(
    fields: &[Field],
    version: i16,
    encoding: Encoding,
    reader: &mut Reader<'a>,
    visitor: &mut impl Visitor<'a>,
) -> Result<(), Stop> {
    for field in fields.iter().filter(|field| (field.since..=field.until).contains(&version)) {
        let value = match field.kind {
            Kind::Int8 => Value::Int(reader.int8()?.into()),
            Kind::Int16 => Value::Int(reader.int16()?.into()),
            Kind::Int32 => Value::Int(reader.int32()?),
            Kind::Int64 => {
                reader.take(8)?;
                continue;
            }
            Kind::Uuid => Value::Uuid(reader.chunk()?),
            Kind::String => Value::Text(reader.string(encoding)?),
            Kind::Bytes => {
                reader.pass_bytes(encoding)?;
                continue;
            }
            Kind::Structures(element) => {
                let count = reader.array_len(encoding)?;
                tell(visitor, field.meaning, Value::Count(count))?;
                for _ in 0..count.unwrap_or_default() {
                    walk(element, version, encoding, reader, visitor)?;
                }
                continue;
            }
            Kind::Int32s => {
                let count = reader.array_len(encoding)?.unwrap_or_default();
                reader.take(count.saturating_mul(4))?;
                continue;
            }
            Kind::Strings => {
                let count = reader.array_len(encoding)?;
                tell(visitor, field.meaning, Value::Count(count))?;
                for _ in 0..count.unwrap_or_default() {
                    tell(visitor, field.meaning, Value::Text(reader.string(encoding)?))?;
                }
                continue;
            }
            Kind::Rest => return Err(Stop::Enough),
        };
        tell(visitor, field.meaning, value)?;
    }
    reader.pass_tagged_fields(encoding)
}

fn tell<'a>(visitor: &mut impl Visitor<'a>, meaning: Meaning, value: Value<'a>) -> Result<(), Stop> {
    if meaning == Meaning::Nothing {
        return Ok(());
    }
    match visitor.visit(meaning, value) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Enough),
    }
}
