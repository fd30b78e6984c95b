//! What asks, or tells.

use super::{Dialogue, Kind, LEVEL_5, Seen, fill, key, when};
use crate::mqtt::code::reason_status;
use crate::mqtt::message::{Publish, string, variable_integer};
use crate::read::Reader;
use crate::{Direction, Flags, StatusClass, text};

/// What stands for more than one filter: their names together would be as good as new ones for every request.
const SEVERAL: &str = "~several";

impl Dialogue {
    pub(super) fn connect(&mut self, seen: &Seen<'_>) -> Option<()> {
        let mut reader = Reader(seen.content);
        self.level = string(&mut reader).and_then(|_name| reader.u8());
        self.aliases.clear();
        self.admit(key(Kind::Connect, 0), seen, "CONNECT");
        Some(())
    }

    pub(super) fn publish(&mut self, seen: &Seen<'_>, qos: u8, dup: bool) -> Option<()> {
        let publish = Publish::parse(seen.content, qos).ok()?;
        let flags = self.read_topic(seen.direction, &publish);
        let Some(id) = publish.id else {
            let Self { limits, pairing, topic, .. } = self;
            pairing.one_way(|exchange| {
                fill(exchange, seen, "PUBLISH", limits);
                exchange.resource.push_str(topic);
                exchange.end_ns = seen.span.last_ns;
                exchange.status = StatusClass::Ok;
                exchange.flags |= flags;
            });
            return Some(());
        };
        let key = key(Kind::Publish(seen.direction), id);
        if dup && let Some(open) = self.pairing.get(key) {
            open.exchange.request.merge(seen.span);
            return Some(());
        }
        let Self { limits, pairing, topic, .. } = self;
        let exchange = &mut pairing.admit(key).exchange;
        fill(exchange, seen, "PUBLISH", limits);
        exchange.resource.push_str(topic);
        exchange.flags |= flags;
        Some(())
    }

    /// Reads what a message is about.
    fn read_topic(&mut self, direction: Direction, publish: &Publish<'_>) -> Flags {
        let Self { limits, pairing, level, aliases, topic, .. } = self;
        let alias_key = |alias: u16| {
            let [high, low] = alias.to_be_bytes();
            [u8::from(direction == Direction::ToClient), high, low]
        };
        if publish.topic.is_empty() {
            let alias = publish.topic_alias();
            let Some(known) = alias.and_then(|alias| aliases.find(&alias_key(alias))) else {
                topic.clear();
                return Flags::REFERENCE_UNKNOWN;
            };
            return when(text::copy(topic, known, limits.resource_bytes), Flags::RESOURCE_CUT);
        }
        if *level == Some(LEVEL_5)
            && let Some(key) = publish.topic_alias().map(alias_key)
            && aliases.find(&key).is_none_or(|known| **known != *publish.topic)
        {
            aliases.define(&key, publish.topic.into(), publish.topic.len());
            let counters = &mut pairing.counters;
            counters.definitions_evicted = counters.definitions_evicted.saturating_add(aliases.take_evicted());
        }
        when(text::copy(topic, publish.topic, limits.resource_bytes), Flags::RESOURCE_CUT)
    }

    /// SUBSCRIBE or UNSUBSCRIBE.
    pub(super) fn subscribe(&mut self, seen: &Seen<'_>, kind: Kind, verb: &'static str) -> Option<()> {
        let mut reader = Reader(seen.content);
        let id = reader.u16_be()?;
        let options_bytes = usize::from(kind == Kind::Subscribe);
        let is_whole = u64::try_from(seen.content.len()).is_ok_and(|len| len == seen.content_bytes);
        // Without having seen CONNECT, it is of the version in which it has the right length.
        let plain = Filters::read(reader.0, options_bytes);
        let with_properties = || {
            let mut reader = reader;
            let len = variable_integer(&mut reader).ok().and_then(|len| usize::try_from(len).ok())?;
            reader.bytes(len)?;
            Some(Filters::read(reader.0, options_bytes))
        };
        let filters = match self.level {
            Some(LEVEL_5) => with_properties()?,
            Some(_) => plain,
            None if is_whole && plain.rest > 0 => with_properties().unwrap_or(plain),
            None => plain,
        };
        let first = filters.first?;
        let resource = if filters.count > 1 { SEVERAL.as_bytes() } else { first };
        let Self { limits, pairing, .. } = self;
        let open = pairing.admit(key(kind, id));
        fill(&mut open.exchange, seen, verb, limits);
        let is_cut = text::copy(&mut open.exchange.resource, resource, limits.resource_bytes);
        open.exchange.flags |= when(is_cut, Flags::RESOURCE_CUT);
        open.memo.filters = filters.count;
        Some(())
    }

    /// Who says so goes.
    pub(super) fn disconnect(&mut self, seen: &Seen<'_>) -> Option<()> {
        let code = self.reason(seen.content);
        let status = reason_status(seen.direction, code.unwrap_or(0));
        let waiting = [Kind::Connect, Kind::Auth].map(|kind| key(kind, 0));
        if seen.direction == Direction::ToClient
            && let Some(key) = waiting.into_iter().find(|key| self.pairing.get(*key).is_some())
        {
            self.finish(key, seen, code, status);
            return Some(());
        }
        let Self { limits, pairing, .. } = self;
        pairing.one_way(|exchange| {
            fill(exchange, seen, "DISCONNECT", limits);
            exchange.end_ns = seen.span.last_ns;
            exchange.status = status;
            exchange.native_status = code.map(i32::from);
        });
        Some(())
    }

    /// Section 4.12 of 5: rounds within CONNECT, or of their own.
    pub(super) fn authenticate(&mut self, seen: &Seen<'_>) -> Option<()> {
        let [connect, own] = [Kind::Connect, Kind::Auth].map(|kind| key(kind, 0));
        let code = self.reason(seen.content);
        match seen.direction {
            Direction::ToServer => {
                let waiting = [connect, own].into_iter().find(|key| self.pairing.get(*key).is_some());
                match waiting.and_then(|key| self.pairing.get(key)) {
                    Some(open) => open.exchange.request.merge(seen.span),
                    None => {
                        let Self { limits, pairing, .. } = self;
                        fill(&mut pairing.admit(own).exchange, seen, "AUTH", limits);
                    }
                }
            }
            // Section 3.15.2.1: 0x18 asks to go on.
            Direction::ToClient if code == Some(0) || code.is_none() => self.finish(own, seen, code, StatusClass::Ok),
            Direction::ToClient => {}
        }
        Some(())
    }

    /// The reason in the first byte of what may be empty: then all is well, and version 5 says so (section 3.14.2.1).
    fn reason(&self, content: &[u8]) -> Option<u8> {
        content.first().copied().or((self.level == Some(LEVEL_5)).then_some(0))
    }

    /// Takes a request without a resource.
    pub(super) fn admit(&mut self, key: u64, seen: &Seen<'_>, verb: &'static str) {
        let Self { limits, pairing, .. } = self;
        fill(&mut pairing.admit(key).exchange, seen, verb, limits);
    }
}

/// The filters of SUBSCRIBE or UNSUBSCRIBE.
#[derive(Debug, Clone, Copy)]
struct Filters<'a> {
    first: Option<&'a [u8]>,
    count: usize,
    /// Bytes behind the last one.
    rest: usize,
}

impl<'a> Filters<'a> {
    fn read(data: &'a [u8], options_bytes: usize) -> Self {
        let mut filters = Self { first: None, count: 0, rest: data.len() };
        let mut reader = Reader(data);
        while let Some(filter) = string(&mut reader).filter(|filter| !filter.is_empty())
            && reader.bytes(options_bytes).is_some()
        {
            filters.first = filters.first.or(Some(filter));
            filters.count = filters.count.saturating_add(1);
            filters.rest = reader.0.len();
        }
        filters
    }
}
