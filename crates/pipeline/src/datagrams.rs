//! Datagrams: each is a message, and what two sockets say to each other is a conversation.
//!
//! DNS is the one protocol that is looked for. A datagram of anything else leaves no trace but in the ledger.

use geophone_model::{
    capture::{Chunk, Packet},
    exchange::Exchange,
    net::{ConnectionId, SocketCookie, Transport},
    protocol::Protocol,
    time::Timestamp,
};
use geophone_proto_parse::{self as proto, Connection as _, Counters, Detection, Direction, dns};

use crate::{
    face::Face,
    ledger::Books,
    lru::{Handle, LruMap},
    ready::Ready,
    view::{Key, Sighting, Speaker},
};

/// The conversations of datagrams that are under way.
pub(crate) struct Datagrams {
    conversations: LruMap<Key, Conversation>,
    max: usize,
}

struct Conversation {
    face: Face,
    client: Speaker,
    parser: dns::Datagrams,
    touched: Timestamp,
}

/// A datagram, wherever it was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    pub(crate) at: Timestamp,
    sighting: Sighting,
    pub(crate) cookie: Option<SocketCookie>,
    len: u64,
    /// Its beginning, as far as it was captured.
    captured: &'a [u8],
}

impl<'a> Datagram<'a> {
    pub(crate) fn of_packet(packet: &Packet<'a>) -> Self {
        let len = u64::from(packet.payload_len);
        let captured = if packet.captured_offset == 0 { packet.captured } else { &[] };
        let sighting = Sighting::of_packet(packet);
        Self { at: packet.at, sighting, cookie: packet.cookie, len, captured: within(captured, len) }
    }

    pub(crate) fn of_chunk(chunk: &Chunk<'a>) -> Self {
        let Chunk { at, len, captured, .. } = *chunk;
        let sighting = Sighting::of_chunk(chunk);
        Self { at, sighting, cookie: Some(chunk.cookie), len, captured: within(captured, len) }
    }
}

/// What a source may claim to have captured of `len` bytes.
fn within(captured: &[u8], len: u64) -> &[u8] {
    captured.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or(captured)
}

/// Whether a datagram belongs to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    /// It is of no protocol that is known.
    No,
}

impl Datagrams {
    pub(crate) fn new(max: usize) -> Self {
        Self { conversations: LruMap::new(), max: max.max(1) }
    }

    /// Takes a datagram, if it is one of DNS. `next_id`: the number of the conversation, if it begins one.
    pub(crate) fn take(
        &mut self,
        datagram: &Datagram<'_>,
        now: Timestamp,
        limits: &proto::Limits,
        next_id: &mut u64,
        books: &mut Books,
        ready: &mut Ready,
    ) -> Taken {
        let Sighting { key, speaker, socket_end } = datagram.sighting;
        let handle = match self.conversations.find(&key) {
            Some(handle) => handle,
            None => {
                let asks = dns::detect_datagram(Direction::ToServer, datagram.captured) == Detection::Match;
                let answers = dns::detect_datagram(Direction::ToClient, datagram.captured) == Detection::Match;
                if !asks && !answers {
                    return Taken::No;
                }
                self.make_room(books, ready);
                let face = Face::new(ConnectionId(*next_id), Transport::Udp, &key);
                *next_id += 1;
                let client = if asks { speaker } else { speaker.other() };
                let parser = dns::Datagrams::new(limits);
                self.conversations.insert(key, Conversation { face, client, parser, touched: now })
            }
        };
        self.conversations.touch(handle);
        let Some(conversation) = self.conversations.value_mut(handle) else { return Taken::No };
        conversation.touched = now;
        if datagram.cookie.is_some() {
            conversation.face.set_cookie(socket_end, datagram.cookie);
        }
        conversation.hear(datagram, speaker, books);
        conversation.collect(books, ready);
        Taken::Yes
    }

    /// Ends the conversations that have been silent for so long that no answer will come any more.
    pub(crate) fn expire(&mut self, now: Timestamp, books: &mut Books, ready: &mut Ready) {
        while let Some(handle) = self.conversations.oldest() {
            let Some(oldest) = self.conversations.value_mut(handle) else { break };
            // Touched at a time that was not believed: its time runs from now on.
            oldest.touched = oldest.touched.min(now);
            if now.ns_since(oldest.touched) < dns::QUERY_TIMEOUT_NS {
                break;
            }
            self.end(handle, |parser| parser.close(now.as_ns()), books, ready);
        }
    }

    /// Nobody observes any more: what is open goes into the ledger.
    pub(crate) fn finish(&mut self, books: &mut Books, ready: &mut Ready) {
        while let Some(handle) = self.conversations.oldest() {
            self.end(handle, proto::Connection::abandon, books, ready);
        }
    }

    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.conversations.values().map(|conversation| conversation.parser.counters())
    }

    /// Bytes of memory, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.conversations.len() * BYTES_PER_CONVERSATION
    }

    fn make_room(&mut self, books: &mut Books, ready: &mut Ready) {
        while self.conversations.len() >= self.max
            && let Some(oldest) = self.conversations.oldest()
        {
            self.end(oldest, proto::Connection::abandon, books, ready);
        }
    }

    fn end(&mut self, handle: Handle, how: impl FnOnce(&mut dns::Datagrams), books: &mut Books, ready: &mut Ready) {
        let Some(mut conversation) = self.conversations.remove(handle) else { return };
        how(&mut conversation.parser);
        conversation.collect(books, ready);
        books.parsers.add(conversation.parser.counters());
    }
}

impl Conversation {
    fn hear(&mut self, datagram: &Datagram<'_>, speaker: Speaker, books: &mut Books) {
        let Datagram { at, len, captured, .. } = *datagram;
        let direction = if speaker == self.client { Direction::ToServer } else { Direction::ToClient };
        let heard = captured.len() as u64;
        let book = &mut books.bytes;
        book.seen += len;
        book.delivered += heard;
        book.cut += len - heard;
        if heard > 0 {
            self.parser.bytes(direction, at.as_ns(), captured);
        }
        self.parser.gap(direction, at.as_ns(), len - heard);
    }

    fn collect(&mut self, books: &mut Books, ready: &mut Ready) {
        let Self { face, client, parser, .. } = self;
        ready.collect(parser, Protocol::Dns, |direction| face.origin(*client, direction), &mut books.exchanges);
    }
}

/// What a conversation costs, by measurement: its place in the table and an open query with its texts.
const BYTES_PER_CONVERSATION: usize = size_of::<Conversation>() + size_of::<Exchange>() + 512;
