//! What answers.

use super::{Asked, Dialogue, Kind, LEVEL_5, Seen, key, when};
use crate::mqtt::code::{connect_status, reason_status};
use crate::read::Reader;
use crate::{Flags, Span, StatusClass};

impl Dialogue {
    pub(super) fn connack(&mut self, seen: &Seen<'_>) -> Option<()> {
        let [_flags, code] = Reader(seen.content).array()?;
        self.finish(key(Kind::Connect, 0), seen, Some(code), connect_status(code));
        Some(())
    }

    /// PUBACK, PUBCOMP or, `to_be_released`, PUBREC: of a message that went the other way.
    pub(super) fn acknowledge(&mut self, seen: &Seen<'_>, to_be_released: bool) -> Option<()> {
        let mut reader = Reader(seen.content);
        let key = key(Kind::Publish(seen.direction.opposite()), reader.u16_be()?);
        // Section 3.4.2.1 of 5: a reason that is left out is 0.
        let code = reader.u8().or((self.level == Some(LEVEL_5)).then_some(0));
        let status = reason_status(seen.direction, code.unwrap_or(0));
        if to_be_released && status == StatusClass::Ok {
            match self.pairing.answer(key) {
                Some(open) => merge(&mut open.memo, seen.span),
                None => self.pairing.count_unmatched_response(),
            }
        } else {
            self.finish(key, seen, code, status);
        }
        Some(())
    }

    /// PUBREL: the sender of a message has seen PUBREC, and asks for PUBCOMP.
    pub(super) fn release(&mut self, seen: &Seen<'_>) -> Option<()> {
        let id = Reader(seen.content).u16_be()?;
        if let Some(open) = self.pairing.get(key(Kind::Publish(seen.direction), id)) {
            // The message was sent when PUBLISH was.
            let request = &mut open.exchange.request;
            request.extend(request.last_ns, seen.span.bytes);
        }
        Some(())
    }

    /// SUBACK or UNSUBACK: an identifier, properties in version 5, and a code for each filter, but in UNSUBACK before version 5.
    pub(super) fn suback(&mut self, seen: &Seen<'_>, kind: Kind) -> Option<()> {
        let mut reader = Reader(seen.content);
        let key = key(kind, reader.u16_be()?);
        let filters = self.pairing.get(key).map_or(0, |open| open.memo.filters);
        let codes = reader.0.len().checked_sub(filters).and_then(|at| reader.0.get(at..)).unwrap_or_default();
        let code = codes.iter().find(|code| **code >= 0x80).or(codes.first()).copied();
        self.finish(key, seen, code, reason_status(seen.direction, code.unwrap_or(0)));
        Some(())
    }

    /// The request with this key is answered.
    pub(super) fn finish(&mut self, key: u64, seen: &Seen<'_>, code: Option<u8>, status: StatusClass) {
        let Some(open) = self.pairing.answer(key) else { return self.pairing.count_unmatched_response() };
        open.exchange.native_status = code.map(i32::from);
        open.exchange.status = status;
        merge(&mut open.memo, seen.span);
        let response = open.memo.response.unwrap_or(seen.span);
        self.pairing.finish(key, response, seen.flags | when(seen.lost, Flags::RESPONSE_GAP));
    }
}

/// Takes in the next part of a response.
fn merge(asked: &mut Asked, span: Span) {
    match &mut asked.response {
        Some(response) => response.merge(span),
        none @ None => *none = Some(span),
    }
}
