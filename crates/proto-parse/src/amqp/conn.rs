//! One AMQP connection.

mod answers;
mod requests;

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::string::String;

use super::channel::Channel;
use super::content::{Content, OneWay, Role};
use super::detect::detect;
use super::message::{FRAME_END, FRAME_HEADER_BYTES, FrameHeader, FrameKind, Method};
use super::method::{BASIC, PUBLISH};
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::{ByKey, Pairing as _};
use crate::read::Reader;
use crate::{Detection, Direction, Flags, Limits, Parsed, Place, Span, StatusClass};

framed_connection! {
    /// A parser of one AMQP connection; see the [module](super) for what it makes of what it meets.
    Connection is a Dialogue
}

/// What client and broker say to each other.
#[derive(Debug)]
pub(super) struct Dialogue {
    limits: Limits,
    pairing: ByKey<()>,
    channels: BTreeMap<u16, Channel>,
    /// The resource of the method that is read.
    resource: String,
    /// Methods of the client were lost.
    in_doubt: bool,
}

/// A frame, as far as it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    direction: Direction,
    channel: u16,
    /// What is between its header and its end.
    content: &'a [u8],
    /// Bytes between its header and its end.
    pub(super) content_bytes: u64,
    pub(super) span: Span,
    /// It is the first one since the place in the stream was lost.
    pub(super) flags: Flags,
    /// Bytes of it were lost.
    pub(super) lost: bool,
}

/// What is read of a content header: class, weight and size.
const CONTENT_HEADER_BYTES: usize = 2 + 2 + 8;

impl Conversation for Dialogue {
    type Pairing = ByKey<()>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, _direction: Direction, data: &[u8], _limits: &Limits) -> Head {
        match FrameHeader::parse(data) {
            Err(_) => Head::Malformed,
            Ok(Parsed::Incomplete { at_least }) => Head::NeedMore { bytes: data.len().saturating_add(at_least) },
            Ok(Parsed::Complete { value: FrameHeader { kind, len, .. }, .. }) => {
                let keep = match kind {
                    FrameKind::ContentBody => FRAME_HEADER_BYTES,
                    FrameKind::ContentHeader => FRAME_HEADER_BYTES.saturating_add(CONTENT_HEADER_BYTES),
                    _ => usize::MAX,
                };
                Head::Message { len, keep }
            }
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], limits: &Limits) -> Detection {
        detect(direction, Place::Middle, data, limits)
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, _limits: &Limits) {
        let Some((kind, frame)) = Frame::read(direction, message) else { return };
        let end = message.bytes.get(FRAME_HEADER_BYTES.saturating_add(frame.content.len()));
        match kind {
            FrameKind::ProtocolHeader => self.protocol_header(&frame, message.bytes),
            FrameKind::Heartbeat => {}
            // What is left of a method says too little of it.
            FrameKind::Method if frame.lost => self.lost(direction),
            // Section 4.2.3: what does not end as it should is no frame.
            FrameKind::Method if end.is_some_and(|end| *end != FRAME_END) => self.count_malformed(direction),
            FrameKind::Method => match (Method::parse(frame.content), direction) {
                (Err(_), _) => self.count_malformed(direction),
                (Ok(method), Direction::ToServer) => self.client_method(&frame, &method),
                (Ok(method), Direction::ToClient) => self.server_method(&frame, &method),
            },
            FrameKind::ContentHeader => {
                let mut reader = Reader(frame.content);
                let size = reader.bytes(4).and_then(|_| reader.array()).map(u64::from_be_bytes);
                self.content_part(&frame, |content| content.size(size, &frame));
            }
            FrameKind::ContentBody => self.content_part(&frame, |content| content.body(&frame)),
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, _limits: &Limits) {
        if let Some((FrameKind::ContentHeader | FrameKind::ContentBody, frame)) = Frame::read(direction, message)
            && let Some(channel) = self.channels.get_mut(&frame.channel)
        {
            channel.content(direction).span.merge(frame.span);
        }
        self.cut_contents(direction);
    }

    fn lost(&mut self, direction: Direction) {
        self.cut_contents(direction);
        self.in_doubt |= direction == Direction::ToServer;
        for (&number, channel) in &mut self.channels {
            channel.lose(direction);
            // One of several that wait may have been answered unseen: which of them the next answer is for cannot be told.
            if direction == Direction::ToClient && channel.overlaps {
                let publishes = key(number, BASIC, PUBLISH, 0)..=key(number, BASIC, PUBLISH, u32::MAX);
                forget(&mut self.pairing, key(number, 0, 0, 0), publishes.start().saturating_sub(1));
                forget(&mut self.pairing, publishes.end().saturating_add(1), key(number, u16::MAX, u16::MAX, u32::MAX));
            }
        }
        if direction == Direction::ToClient {
            self.pairing.responses_lost();
        }
    }

    fn abandon(&mut self) {
        self.pairing.abandon();
        self.channels.clear();
    }

    fn held_bytes(&self) -> usize {
        let each = self.channels.values().map(|channel| channel.held_bytes().saturating_add(size_of::<Channel>()));
        each.fold(0, usize::saturating_add)
    }
}

impl<'a> Frame<'a> {
    fn read(direction: Direction, message: &Message<'a>) -> Option<(FrameKind, Self)> {
        let Ok(Parsed::Complete { value: FrameHeader { kind, channel, len }, .. }) = FrameHeader::parse(message.bytes)
        else {
            return None;
        };
        let content_bytes = len.saturating_sub(FRAME_BYTES);
        let rest = message.bytes.get(FRAME_HEADER_BYTES..).unwrap_or_default();
        let content = rest.get(..usize::try_from(content_bytes).unwrap_or(usize::MAX)).unwrap_or(rest);
        let Message { span, flags, lost, .. } = *message;
        Some((kind, Self { direction, channel, content, content_bytes, span, flags, lost }))
    }
}

/// What both directions share.
impl Dialogue {
    pub(super) fn new(limits: &Limits, _joined_late: bool) -> Self {
        Self {
            limits: limits.clone(),
            pairing: ByKey::new(limits),
            channels: BTreeMap::new(),
            resource: String::new(),
            in_doubt: false,
        }
    }

    /// What is known of a channel; `None` if too many are known.
    fn channel(&mut self, number: u16) -> Option<&mut Channel> {
        // One that was not heard of before may have been in use.
        let in_doubt = self.in_doubt;
        let is_full = self.channels.len() >= self.limits.open_exchanges;
        match self.channels.entry(number) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(_) if is_full => None,
            Entry::Vacant(new) => Some(new.insert(Channel::new(in_doubt))),
        }
    }

    /// The oldest open request of a kind on a channel.
    fn oldest(&self, channel: u16, class: u16, method: u16) -> Option<u64> {
        let first = key(channel, class, method, 0);
        self.pairing.key_from(first).filter(|key| key >> SERIAL_BITS == first >> SERIAL_BITS)
    }

    /// A content begins. One that is under way will not go on.
    fn begin_content(&mut self, frame: &Frame<'_>, role: Role) {
        self.finish_content(frame.channel, frame.direction, true);
        let Self { channels, resource, .. } = self;
        if let Some(channel) = channels.get_mut(&frame.channel) {
            channel.content(frame.direction).begin(role, resource, frame);
        }
    }

    /// The next part of a content.
    fn content_part(&mut self, frame: &Frame<'_>, take: impl FnOnce(&mut Content) -> bool) {
        let content = self.channels.get_mut(&frame.channel).map(|channel| channel.content(frame.direction));
        let Some(content) = content.filter(|content| content.is_under_way()) else {
            let counters = &mut self.pairing.counters;
            counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(frame.span.bytes);
            return;
        };
        if take(content) {
            self.finish_content(frame.channel, frame.direction, false);
        }
    }

    /// The content under way is over, or as much of it as will be told.
    fn finish_content(&mut self, channel: u16, direction: Direction, is_cut: bool) {
        let Self { limits, pairing, channels, .. } = self;
        let Some(content) = channels.get_mut(&channel).map(|channel| channel.content(direction)) else { return };
        let Some(role) = content.role.take() else { return };
        let mut flags = content.flags;
        match role {
            Role::OneWay(message) => {
                flags |= when(content.lost, Flags::REQUEST_GAP) | when(is_cut, Flags::REQUEST_TRUNCATED);
                pairing.one_way(|exchange| {
                    message.fill(exchange, direction, content.span, limits);
                    exchange.resource.push_str(&content.resource);
                    exchange.flags |= flags;
                });
            }
            Role::Request { key } => {
                flags |= when(content.lost, Flags::REQUEST_GAP) | when(is_cut, Flags::REQUEST_TRUNCATED);
                if let Some(open) = pairing.get(key) {
                    open.exchange.request = content.span;
                    open.exchange.flags |= flags;
                }
            }
            Role::Response { key } => {
                flags |= when(content.lost, Flags::RESPONSE_GAP) | when(is_cut, Flags::RESPONSE_TRUNCATED);
                pairing.finish(key, content.span, flags);
            }
        }
    }

    /// What is under way in a direction will not go on.
    fn cut_contents(&mut self, direction: Direction) {
        let mut from = 0;
        while let Some((&number, _)) = self.channels.range(from..).next() {
            self.finish_content(number, direction, true);
            let Some(next) = number.checked_add(1) else { return };
            from = next;
        }
    }

    /// A message that asks for no answer. Its resource has been read.
    fn one_way(&mut self, frame: &Frame<'_>, message: &OneWay) {
        let Self { limits, pairing, resource, .. } = self;
        pairing.one_way(|exchange| {
            message.fill(exchange, frame.direction, frame.span, limits);
            exchange.resource.push_str(resource);
            exchange.flags |= frame.flags | when(frame.lost, Flags::REQUEST_GAP);
        });
    }

    /// Nothing on a channel is answered any more.
    fn end_channel(&mut self, number: u16, end_ns: u64) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.finish_content(number, direction, true);
        }
        let first = key(number, 0, 0, 0);
        while let Some(key) = self.pairing.key_from(first).filter(|key| key >> CHANNEL_SHIFT == first >> CHANNEL_SHIFT)
        {
            self.pairing.finish_without_response(key, StatusClass::NoResponse, end_ns);
        }
        self.channels.remove(&number);
    }

    fn count_malformed(&mut self, direction: Direction) {
        let counters = &mut self.pairing.counters;
        let malformed = match direction {
            Direction::ToServer => &mut counters.malformed_requests,
            Direction::ToClient => &mut counters.malformed_responses,
        };
        *malformed = malformed.saturating_add(1);
    }
}

/// Drops the open requests with keys from `first` to `last`, of which it cannot be told which response is theirs.
fn forget(pairing: &mut ByKey<()>, first: u64, last: u64) {
    while let Some(key) = pairing.key_from(first).filter(|key| *key <= last) {
        pairing.discard(key);
    }
}

fn when(condition: bool, flag: Flags) -> Flags {
    if condition { flag } else { Flags::default() }
}

/// The key of a request: its channel, its kind, and a number among those of a kind.
fn key(channel: u16, class: u16, method: u16, serial: u32) -> u64 {
    // Numbers of classes and methods fit into a byte each.
    u64::from(channel) << CHANNEL_SHIFT
        | u64::from(class & 0xff) << 40
        | u64::from(method & 0xff) << SERIAL_BITS
        | u64::from(serial)
}

const SERIAL_BITS: u32 = 32;
const CHANNEL_SHIFT: u32 = 48;

/// Section 4.2.3: the bytes of a frame around its content.
const FRAME_BYTES: u64 = 7 + 1;
