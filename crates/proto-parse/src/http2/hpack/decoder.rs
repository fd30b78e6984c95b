//! Field blocks, in whatever pieces they come (RFC 7541 sections 3 and 6).

use alloc::vec::Vec;

use super::huffman::Huffman;
use super::integer::Integer;
use super::table::{DynamicTable, IndexedName};
use super::{Field, FieldName, HpackError};
use crate::Limits;

/// Reads the field blocks of one direction of a connection.
#[derive(Debug, Default)]
pub struct Decoder {
    table: DynamicTable,
    state: State,
    /// The literal under way.
    literal: Literal,
    /// What is held of its name or value.
    text: Vec<u8>,
    /// A field of this block came already.
    has_field: bool,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Before a field.
    #[default]
    Field,
    /// In an index, or in a new size of the table.
    Number(Number, Integer),
    /// Before the length of a name or a value.
    Length(Part),
    /// In such a length.
    LongLength(Part, Coding, Integer),
    /// In a name or a value.
    Text(Part, Coding, Text),
    /// The block is not valid: the rest of it is passed over.
    Broken,
}

/// What a number at the beginning of a field is.
#[derive(Debug, Clone, Copy)]
enum Number {
    /// The index of a whole field (section 6.1).
    Field,
    /// The index of a literal's name (section 6.2).
    Name,
    /// The table's new size (section 6.3).
    Size,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Huffman,
}

#[derive(Debug, Clone, Copy)]
struct Text {
    /// Encoded bytes that are still to come.
    remaining: u32,
    huffman: Huffman,
    /// Bytes that came out so far, whether they are held or not.
    decoded_bytes: u32,
}

#[derive(Debug, Clone, Copy)]
struct Literal {
    /// It becomes an entry of the dynamic table (section 6.2.1).
    is_added: bool,
    name: IndexedName,
}

impl Default for Literal {
    fn default() -> Self {
        Self { is_added: false, name: IndexedName { name: FieldName::Unknown, name_bytes: 0 } }
    }
}

/// Bytes of a table, as the encoder counts them, that are held: there is one for each direction.
fn table_bytes(limits: &Limits) -> u32 {
    u32::try_from(limits.definition_bytes / 2).unwrap_or(u32::MAX)
}

impl Decoder {
    /// Takes the next bytes of a field block, and gives each field that is whole with them to `sink`.
    ///
    /// # Errors
    ///
    /// The block is not valid. The rest of it is passed over, and what the table holds is not known from then on.
    pub fn fragment(
        &mut self,
        data: &[u8],
        limits: &Limits,
        mut sink: impl FnMut(Field<'_>),
    ) -> Result<(), HpackError> {
        let mut data = data;
        while !data.is_empty() {
            if let Err(error) = self.step(&mut data, limits, &mut sink) {
                self.lose_rest_of_block();
                return Err(error);
            }
        }
        Ok(())
    }

    /// The field block is over.
    ///
    /// # Errors
    ///
    /// It ended within a field.
    pub fn end_block(&mut self) -> Result<(), HpackError> {
        self.has_field = false;
        match core::mem::take(&mut self.state) {
            State::Field | State::Broken => Ok(()),
            _ => {
                self.table.forget();
                Err(HpackError::Truncated)
            }
        }
    }

    /// Bytes of the block under way are lost: the rest of it is passed over, and what the table holds is not known from
    /// then on.
    pub fn lose_rest_of_block(&mut self) {
        self.table.forget();
        self.state = State::Broken;
    }

    /// Whole blocks may have been lost: what the table holds is not known from here on, where the next block is to begin.
    pub fn lose_blocks(&mut self) {
        self.table.forget();
        self.state = State::Field;
        self.has_field = false;
    }

    /// Bytes of memory that it holds, about.
    pub(crate) fn held_bytes(&self) -> usize {
        self.table.held_bytes().saturating_add(self.text.capacity())
    }

    /// Takes what comes at once: at the least, a byte.
    fn step(&mut self, data: &mut &[u8], limits: &Limits, sink: &mut impl FnMut(Field<'_>)) -> Result<(), HpackError> {
        if let State::Text(part, coding, text) = self.state {
            return self.text(data, part, coding, text, limits, sink);
        }
        let Some((&byte, rest)) = data.split_first() else { return Ok(()) };
        *data = rest;
        match self.state {
            State::Field => self.start(byte, limits, sink),
            State::Number(number, mut integer) => match integer.next(byte)? {
                Some(value) => self.number(number, value, limits, sink),
                None => {
                    self.state = State::Number(number, integer);
                    Ok(())
                }
            },
            State::Length(part) => {
                let coding = if byte & 0x80 == 0 { Coding::Plain } else { Coding::Huffman };
                match Integer::start(byte, 7) {
                    Ok(len) => self.start_text(part, coding, len, limits, sink),
                    Err(integer) => {
                        self.state = State::LongLength(part, coding, integer);
                        Ok(())
                    }
                }
            }
            State::LongLength(part, coding, mut integer) => match integer.next(byte)? {
                Some(len) => self.start_text(part, coding, len, limits, sink),
                None => {
                    self.state = State::LongLength(part, coding, integer);
                    Ok(())
                }
            },
            State::Text(..) | State::Broken => {
                *data = &[];
                Ok(())
            }
        }
    }

    /// The first byte of a field (section 6).
    fn start(&mut self, byte: u8, limits: &Limits, sink: &mut impl FnMut(Field<'_>)) -> Result<(), HpackError> {
        let (number, prefix_bits) = match byte {
            0x80.. => (Number::Field, 7),
            0x40.. => (Number::Name, 6),
            0x20.. => (Number::Size, 5),
            _ => (Number::Name, 4),
        };
        self.literal.is_added = prefix_bits == 6;
        match Integer::start(byte, prefix_bits) {
            Ok(value) => self.number(number, value, limits, sink),
            Err(integer) => {
                self.state = State::Number(number, integer);
                Ok(())
            }
        }
    }

    fn number(
        &mut self,
        number: Number,
        value: u32,
        limits: &Limits,
        sink: &mut impl FnMut(Field<'_>),
    ) -> Result<(), HpackError> {
        match (number, value) {
            (Number::Field, index) => {
                sink(self.table.field(index)?);
                self.state = State::Field;
                self.has_field = true;
            }
            // Section 6.2: index 0 stands for a name that follows.
            (Number::Name, 0) => self.state = State::Length(Part::Name),
            (Number::Name, index) => {
                self.literal.name = self.table.name(index)?;
                self.state = State::Length(Part::Value);
            }
            // Section 4.2: such changes come at the beginning of a block.
            (Number::Size, _) if self.has_field => return Err(HpackError::Resize),
            (Number::Size, bytes) => {
                self.table.resize(bytes, table_bytes(limits));
                self.state = State::Field;
            }
        }
        Ok(())
    }

    fn start_text(
        &mut self,
        part: Part,
        coding: Coding,
        len: u32,
        limits: &Limits,
        sink: &mut impl FnMut(Field<'_>),
    ) -> Result<(), HpackError> {
        self.text.clear();
        let text = Text { remaining: len, huffman: Huffman::default(), decoded_bytes: 0 };
        if len == 0 {
            return self.end_text(part, text, limits, sink);
        }
        self.state = State::Text(part, coding, text);
        Ok(())
    }

    fn text(
        &mut self,
        data: &mut &[u8],
        part: Part,
        coding: Coding,
        mut text: Text,
        limits: &Limits,
        sink: &mut impl FnMut(Field<'_>),
    ) -> Result<(), HpackError> {
        let len = usize::try_from(text.remaining).unwrap_or(usize::MAX).min(data.len());
        let Some(encoded) = data.split_off(..len) else { return Ok(()) };
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        text.remaining = text.remaining.saturating_sub(len);
        let most = match part {
            Part::Name => FieldName::ENOUGH_BYTES,
            Part::Value => self.literal.name.name.value_bytes(limits),
        };
        let held = &mut self.text;
        match coding {
            Coding::Plain => {
                let room = most.saturating_sub(held.len());
                held.extend_from_slice(encoded.get(..room).unwrap_or(encoded));
                text.decoded_bytes = text.decoded_bytes.saturating_add(len);
            }
            Coding::Huffman => {
                let decoded_bytes = &mut text.decoded_bytes;
                text.huffman.decode(encoded, |symbol| {
                    *decoded_bytes = decoded_bytes.saturating_add(1);
                    if held.len() < most {
                        held.push(symbol);
                    }
                })?;
            }
        }
        if text.remaining > 0 {
            self.state = State::Text(part, coding, text);
            return Ok(());
        }
        self.end_text(part, text, limits, sink)
    }

    fn end_text(
        &mut self,
        part: Part,
        text: Text,
        limits: &Limits,
        sink: &mut impl FnMut(Field<'_>),
    ) -> Result<(), HpackError> {
        text.huffman.finish()?;
        let bytes = text.decoded_bytes;
        if part == Part::Name {
            self.literal.name = IndexedName { name: FieldName::of(&self.text), name_bytes: bytes };
            self.state = State::Length(Part::Value);
            return Ok(());
        }
        let name = self.literal.name.name;
        let is_cut = usize::try_from(bytes).unwrap_or(usize::MAX) > self.text.len();
        let is_cut = name.is_kept() && name.clean(&mut self.text, is_cut, limits);
        sink(Field { name, value: &self.text, is_cut });
        if self.literal.is_added {
            self.table.insert(self.literal.name, &self.text, bytes, is_cut, table_bytes(limits));
        }
        self.state = State::Field;
        self.has_field = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
