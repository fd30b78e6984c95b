//! BSON (bsonspec.org, version 1.1): the elements of a document one after the other, of which the beginning may be all that is
//! there. What is nested is passed over by its length, unless somebody looks into it.

use crate::read::Reader;

/// Why no element could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end before the element does.
    Short,
    /// No element is like this.
    Malformed,
}

/// The elements of a document that are still to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a> {
    rest: Reader<'a>,
}

/// An element of a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Element<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: Value<'a>,
}

/// What is of interest of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Double(f64),
    Int(i64),
    Bool(bool),
    Text(&'a [u8]),
    /// A document or an array, with its length in front.
    Document(&'a [u8]),
    Other,
}

/// Bytes of an empty document: its length and its end.
const DOCUMENT_BYTES_MIN: usize = 5;

/// The elements of the document at the beginning of `data`, and its length.
pub(super) fn document(data: &[u8]) -> Result<(Elements<'_>, usize), Stop> {
    let len = document_len(data)?;
    let content = data.get(4..len).or(data.get(4..)).unwrap_or_default();
    Ok((Elements { rest: Reader(content) }, len))
}

/// The length of the document at the beginning of `data`.
pub(super) fn document_len(data: &[u8]) -> Result<usize, Stop> {
    let len = Reader(data).i32_le().ok_or(Stop::Short)?;
    usize::try_from(len).ok().filter(|len| *len >= DOCUMENT_BYTES_MIN).ok_or(Stop::Malformed)
}

impl<'a> Elements<'a> {
    /// The next element; `None` at the end of the document.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, Stop> {
        let rest = &mut self.rest;
        let kind = rest.u8().ok_or(Stop::Short)?;
        if kind == 0 {
            return Ok(None);
        }
        let name = rest.until_zero().ok_or(Stop::Short)?;
        let value = match kind {
            0x01 => Value::Double(rest.array().map(f64::from_le_bytes).ok_or(Stop::Short)?),
            0x02 => Value::Text(text(rest)?),
            0x03 | 0x04 => {
                let len = document_len(rest.0)?;
                // Of one that is cut, the beginning is there; and nothing is behind it.
                Value::Document(rest.bytes(len).unwrap_or_else(|| core::mem::take(&mut rest.0)))
            }
            0x08 => Value::Bool(rest.u8().ok_or(Stop::Short)? != 0),
            0x10 => Value::Int(rest.i32_le().ok_or(Stop::Short)?.into()),
            0x12 => Value::Int(rest.i64_le().ok_or(Stop::Short)?),
            _ => {
                pass(kind, rest)?;
                Value::Other
            }
        };
        Ok(Some(Element { name, value }))
    }
}

/// A string: its length with the zero at its end, its bytes, that zero.
fn text<'a>(rest: &mut Reader<'a>) -> Result<&'a [u8], Stop> {
    let len = rest.i32_le().ok_or(Stop::Short)?;
    let len = usize::try_from(len).ok().filter(|len| *len > 0).ok_or(Stop::Malformed)?;
    let bytes = rest.bytes(len).ok_or(Stop::Short)?;
    bytes.strip_suffix(b"\0").ok_or(Stop::Malformed)
}

/// Passes over a value of a kind that is of no interest.
fn pass(kind: u8, rest: &mut Reader<'_>) -> Result<(), Stop> {
    /// Bytes of an identifier.
    const OBJECT_ID_BYTES: usize = 12;
    let len = match kind {
        // Undefined, null, and the least and the highest key.
        0x06 | 0x0a | 0x7f | 0xff => 0,
        // Binary: its length, a subtype.
        0x05 => rest
            .i32_le()
            .ok_or(Stop::Short)
            .and_then(|len| usize::try_from(len).map_err(|_| Stop::Malformed))?
            .saturating_add(1),
        0x07 => OBJECT_ID_BYTES,
        // A date, a timestamp, a decimal number.
        0x09 | 0x11 => 8,
        0x13 => 16,
        // A regular expression and its options.
        0x0b => {
            rest.until_zero().ok_or(Stop::Short)?;
            rest.until_zero().ok_or(Stop::Short)?;
            0
        }
        // A pointer: a string, an identifier.
        0x0c => {
            text(rest)?;
            OBJECT_ID_BYTES
        }
        // Code, a symbol.
        0x0d | 0x0e => {
            text(rest)?;
            0
        }
        // Code with a scope: the length of both, itself included.
        0x0f => document_len(rest.0)?,
        _ => return Err(Stop::Malformed),
    };
    rest.bytes(len).map(|_| ()).ok_or(Stop::Short)
}

#[cfg(test)]
mod tests;
