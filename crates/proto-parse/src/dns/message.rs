//! One message: its header and its first question.

use alloc::string::String;
use alloc::vec::Vec;

use super::DnsError;
use super::answers;
use super::code::{self, OPT};
use super::name::Name;
use crate::read::Reader;
use crate::{Answer, Limits, StatusClass};

/// A message (RFC 1035 section 4.1), as far as it is read. It may be the beginning of one that is longer.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The identifier, which the response has from the query.
    pub id: u16,
    /// It is a response, and not a query.
    pub is_response: bool,
    /// What kind of query it is, or answers: 0 for the usual one.
    pub opcode: u8,
    /// It was cut to what a datagram has room for.
    pub is_truncated: bool,
    /// The first question, if there is one.
    pub question: Option<Question>,
    pub(super) data: &'a [u8],
    pub(super) records: Records,
    response_code: u8,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub(super) name: Name,
    /// The number of the type of records that is asked for.
    pub kind: u16,
    /// The number of the class: 1 for the internet. Without the highest bit, which multicast DNS uses otherwise (RFC 6762
    /// section 5.4).
    pub class: u16,
}

/// Where the records of a message are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records {
    /// Behind all the questions; `None` if these are not valid.
    pub(super) begin: Option<usize>,
    pub(super) answers: u16,
    pub(super) authorities: u16,
    pub(super) additionals: u16,
}

/// A record (RFC 1035 section 4.1.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) owner: Name,
    pub(super) kind: u16,
    /// Without the highest bit, which multicast DNS uses otherwise (RFC 6762 section 10.2).
    pub(super) class: u16,
    pub(super) ttl_s: u32,
    /// Where its content is in the message.
    pub(super) content: (usize, usize),
}

/// RFC 1035 section 4.1.1.
pub(super) const HEADER_BYTES: usize = 12;

/// RFC 6762 sections 5.4 and 10.2: the bit of a class that is none of its number.
const CLASS_MASK: u16 = 0x7fff;

/// RFC 1035 section 3.2.4: the class of the internet.
pub(super) const INTERNET: u16 = 1;

impl<'a> Message<'a> {
    /// Reads the message that `data` is, or begins with.
    ///
    /// # Errors
    ///
    /// There is no whole header, or the first question is not valid.
    pub fn parse(data: &'a [u8]) -> Result<Self, DnsError> {
        let mut message = Self::header(data).ok_or(DnsError::Header)?;
        let questions = Reader(data.get(4..).unwrap_or_default()).u16_be().unwrap_or(0);
        let mut at = HEADER_BYTES;
        for number in 0..questions {
            let question = Question::read(data, at);
            if number == 0 {
                let (first, _) = question.ok_or(DnsError::Question)?;
                message.question = Some(first);
            }
            let Some((_, end)) = question else {
                message.records.begin = None;
                return Ok(message);
            };
            at = end;
        }
        message.records.begin = Some(at);
        Ok(message)
    }

    /// The header alone.
    pub(super) fn header(data: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(data);
        let id = reader.u16_be()?;
        let [high, low] = reader.array()?;
        let _questions = reader.u16_be()?;
        let (answers, authorities, additionals) = (reader.u16_be()?, reader.u16_be()?, reader.u16_be()?);
        Some(Self {
            id,
            is_response: high & 0x80 != 0,
            opcode: high >> 3 & 0x0f,
            is_truncated: high & 0x02 != 0,
            question: None,
            data,
            records: Records { begin: None, answers, authorities, additionals },
            response_code: low & 0x0f,
        })
    }

    /// The response code, with the bits that EDNS adds to it (RFC 6891 section 6.1.3).
    #[must_use]
    pub fn response_code(&self) -> u16 {
        let option = self.records().find(|record| record.kind == OPT);
        let [extension, ..] = option.map_or(0, |record| record.ttl_s).to_be_bytes();
        u16::from(extension) << 4 | u16::from(self.response_code)
    }

    /// The response code's name, empty for `NOERROR` and for unknown ones, and whom it blames.
    #[must_use]
    pub fn status(&self) -> (&'static str, StatusClass) {
        code::response_code(self.response_code())
    }

    /// Appends the addresses that it tells for what it was asked, [`Limits::answers`] at most.
    pub fn answers(&self, out: &mut Vec<Answer>, limits: &Limits) {
        answers::collect(self, out, limits);
    }

    /// The records, with the section that each is in, as far as they are whole and valid.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> + use<'a> {
        let Records { begin, answers, authorities, additionals } = self.records;
        let count = u32::from(answers).saturating_add(u32::from(authorities)).saturating_add(u32::from(additionals));
        let (data, mut at) = (self.data, begin);
        (0..count).map_while(move |_| {
            let (record, end) = Record::read(data, at?)?;
            at = Some(end);
            Some(record)
        })
    }
}

impl Question {
    fn read(data: &[u8], at: usize) -> Option<(Self, usize)> {
        let (name, end) = Name::read(data, at)?;
        let mut rest = Reader(data.get(end..)?);
        let (kind, class) = (rest.u16_be()?, rest.u16_be()? & CLASS_MASK);
        Some((Self { name, kind, class }, end.saturating_add(4)))
    }

    /// Appends the name that is asked for to `out`, which must not get longer than `max`; says whether something was left out
    /// for that.
    pub fn write_name(&self, out: &mut String, max: usize) -> bool {
        self.name.write(out, max)
    }
}

impl Record {
    fn read(data: &[u8], at: usize) -> Option<(Self, usize)> {
        let (owner, end) = Name::read(data, at)?;
        let mut rest = Reader(data.get(end..)?);
        let (kind, class, ttl_s) = (rest.u16_be()?, rest.u16_be()? & CLASS_MASK, rest.u32_be()?);
        let len = usize::from(rest.u16_be()?);
        rest.bytes(len)?;
        let end = data.len().saturating_sub(rest.0.len());
        let content = (end.saturating_sub(len), end);
        // RFC 2181 section 8: with the highest bit, a time to live counts as zero. OPT has other things there.
        let ttl_s = if kind != OPT && ttl_s > u32::MAX >> 1 { 0 } else { ttl_s };
        Some((Self { owner, kind, class, ttl_s, content }, end))
    }
}
