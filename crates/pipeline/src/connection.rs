//! A connection: two streams, what they carry, and how it ends.

use geophone_model::{
    capture::{Chunk, Packet, TcpFlags, TcpHeader},
    net::SocketCookie,
    time::Timestamp,
};
use geophone_proto_parse::{self as proto, End, Want};

use crate::{
    config::Config,
    driver::{Application, Feed, Shared},
    face::Face,
    policy::{self, Asked, Policy, PolicyKey},
    reassembly::{Base, Bounds, Piece, Stream},
    view::{Scope, Speaker},
};

/// A connection that is being observed.
pub(crate) struct Connection {
    pub(crate) face: Face,
    streams: [Stream; 2],
    application: Application,
    /// What the source was asked to leave out, by speaker.
    asked: [Asked; 2],
    /// A later connection with the same addresses, if one was begun and nobody has answered yet.
    successor: Option<Opening>,
    /// When the kernel closed a socket of it. Its last packets may still be on their way to the reader.
    socket_closed: Option<Timestamp>,
    /// A timer is set for it.
    armed: bool,
}

/// A packet with SYN that does not belong to the connection that has its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) at: Timestamp,
    pub(crate) speaker: Speaker,
    header: TcpHeader,
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Open,
    Over,
}

impl Connection {
    pub(crate) fn new(face: Face, limits: &proto::Limits, joined_late: bool) -> Self {
        Self {
            face,
            streams: <[Stream; 2]>::default(),
            application: Application::new(limits, joined_late),
            asked: [Asked::Nothing; 2],
            successor: None,
            socket_closed: None,
            armed: false,
        }
    }

    pub(crate) const fn bases(&self) -> [Option<Base>; 2] {
        [self.streams[0].base(), self.streams[1].base()]
    }

    /// Whether this is, for all that is known, the connection of this socket.
    pub(crate) fn is_of_socket(&self, socket: SocketCookie) -> bool {
        self.face.cookie(Speaker::A).is_none_or(|known| known == socket)
    }

    /// The opening of a later connection with the same addresses, if this packet shows that it took place. A SYN alone
    /// does not: whoever has a connection answers a strange SYN with an acknowledgement of its own (RFC 5961 section 4), and
    /// goes on.
    pub(crate) fn succeeded_by(&self, speaker: Speaker, header: TcpHeader) -> Option<Opening> {
        let opening = self.successor?;
        let first = opening.header.seq.wrapping_add(1);
        let takes_place = if speaker == opening.speaker {
            !header.flags.contains(TcpFlags::SYN) && !header.flags.contains(TcpFlags::RST) && header.seq == first
        } else {
            header.flags.contains(TcpFlags::ACK) && header.ack == first
        };
        takes_place.then_some(opening)
    }

    /// Begins with a packet that was taken for one of an earlier connection's. `by_speaker`: the end that sent it.
    pub(crate) fn open_with(&mut self, opening: Opening, by_speaker: Speaker) {
        self.handshake(by_speaker, opening.header);
    }

    /// Takes a segment.
    pub(crate) fn segment(
        &mut self,
        speaker: Speaker,
        packet: &Packet<'_>,
        header: TcpHeader,
        bounds: &Bounds,
        shared: &mut Shared<'_>,
    ) -> Life {
        let TcpHeader { mut seq, ack, flags } = header;
        let at = packet.at;
        if flags.contains(TcpFlags::SYN) && self.is_strange(speaker, header) {
            // Data with it, if there is any, is a hole of the connection that it begins, or nothing.
            self.successor = Some(Opening { at, speaker, header });
            return Life::Open;
        }
        let vouches = packet.payload_len > 0 && self.streams[speaker.index()].is_next(seq);
        if flags.contains(TcpFlags::SYN) {
            self.handshake(speaker, header);
            seq = seq.wrapping_add(1);
        } else if !flags.contains(TcpFlags::RST) && self.streams[speaker.index()].is_joined_by(seq) {
            self.streams[speaker.index()].join(seq);
        }
        if flags.contains(TcpFlags::ACK) {
            self.acknowledge(speaker.other(), ack, at, vouches, shared);
        }
        if matches!(self.application, Application::Unrecognised) {
            shared.books.bytes.seen += u64::from(packet.payload_len);
            shared.books.bytes.unrecognised += u64::from(packet.payload_len);
        } else if packet.payload_len > 0 {
            let piece = piece_of_packet(packet, self.streams[speaker.index()].offset(seq));
            let (stream, mut feed) = self.stream_and_feed(speaker, shared);
            stream.accept(piece, bounds, &mut feed);
        }
        let until = seq.wrapping_add(packet.payload_len);
        if flags.contains(TcpFlags::RST) {
            self.announce_end(speaker, until, End::Reset, at, shared);
        } else if flags.contains(TcpFlags::FIN) {
            self.announce_end(speaker, until, End::Fin, at, shared);
        } else {
            self.sent(speaker, until, shared);
        }
        self.settle(at, shared)
    }

    /// Takes what a system call moved.
    pub(crate) fn chunk(
        &mut self,
        speaker: Speaker,
        chunk: &Chunk<'_>,
        bounds: &Bounds,
        shared: &mut Shared<'_>,
    ) -> Life {
        let captured = &chunk.captured[..chunk.captured.len().min(usize::try_from(chunk.len).unwrap_or(usize::MAX))];
        let start = i64::try_from(chunk.offset).unwrap_or(i64::MAX);
        let piece = Piece { at: chunk.at, start, len: chunk.len, captured_offset: 0, captured, cut: chunk.cut };
        let (stream, mut feed) = self.stream_and_feed(speaker, shared);
        stream.accept_in_order(piece, bounds, &mut feed);
        self.settle(chunk.at, shared)
    }

    /// The kernel has closed one of its sockets.
    pub(crate) fn socket_closed(&mut self, at: Timestamp) {
        self.socket_closed.get_or_insert(at);
    }

    /// When to look at it again because something waits, unless a timer is set already.
    pub(crate) fn arm(&mut self, now: Timestamp, patience_ns: u64) -> Option<Timestamp> {
        let waits = self.socket_closed.is_some() || self.streams.iter().any(Stream::is_waiting);
        if self.armed || !waits {
            return None;
        }
        self.armed = true;
        let streams = self.streams.iter().filter_map(|stream| stream.deadline(patience_ns));
        let first = streams.chain(self.socket_closed.map(|at| at.plus_ns(patience_ns))).min()?;
        // Since a time that was not believed nobody waits for ever.
        Some(first.min(now.plus_ns(patience_ns)))
    }

    /// Its timer is due.
    pub(crate) fn disarm(&mut self) {
        self.armed = false;
    }

    /// Gives up what was waited for too long.
    pub(crate) fn expire(&mut self, now: Timestamp, bounds: &Bounds, shared: &mut Shared<'_>) -> Life {
        for speaker in Speaker::BOTH {
            let (stream, mut feed) = self.stream_and_feed(speaker, shared);
            stream.expire(now, bounds, &mut feed);
        }
        self.socket_closed = self.socket_closed.map(|at| at.min(now));
        match self.socket_closed {
            Some(at) if at.plus_ns(bounds.patience_ns) <= now => {
                self.close(at, shared);
                Life::Over
            }
            _ => self.settle(now, shared),
        }
    }

    /// It is over: what waited is passed on, and requests that are still open have no response.
    pub(crate) fn close(&mut self, at: Timestamp, shared: &mut Shared<'_>) {
        for speaker in Speaker::BOTH {
            let (stream, mut feed) = self.stream_and_feed(speaker, shared);
            stream.flush(at, &mut feed);
        }
        for speaker in Speaker::BOTH {
            let (stream, mut feed) = self.stream_and_feed(speaker, shared);
            if let Some((how, at)) = stream.take_end() {
                feed.end(at, how);
            }
        }
        self.stream_and_feed(Speaker::A, shared).1.close(at);
    }

    /// It is observed no more.
    pub(crate) fn abandon(&mut self, shared: &mut Shared<'_>) {
        for stream in &mut self.streams {
            stream.discard(&mut shared.books.bytes);
        }
        self.stream_and_feed(Speaker::A, shared).1.abandon();
    }

    /// Tells the source what is not wanted, where that is worth it and has not been said.
    pub(crate) fn tell(&mut self, config: &Config, policy: &mut dyn Policy) {
        for speaker in Speaker::BOTH {
            let (want, asked) = (self.application.want(speaker), self.asked[speaker.index()]);
            if asked == Asked::Forever || (want == Want::All && asked == Asked::Nothing) {
                continue;
            }
            let stream = &mut self.streams[speaker.index()];
            let scope = self.face.scope();
            let socket = match scope {
                Scope::Shared => self.face.cookie(speaker),
                Scope::Local | Scope::Calls => self.face.cookie(Speaker::A),
            };
            let Some(socket) = socket else { continue };
            if stream.ended_at().is_some() {
                continue;
            }
            let Some(wish) = asked.next(want, stream.next_offset(), config.min_skip_bytes) else { continue };
            let Some(until) = policy::skip_until(wish, stream, scope) else { continue };
            self.asked[speaker.index()] = wish;
            stream.allow_left_out(wish.until());
            policy.skip(PolicyKey { socket, way: policy::way(scope, speaker) }, until);
        }
    }

    /// The sockets that the source was asked something about.
    pub(crate) fn told(&self) -> impl Iterator<Item = SocketCookie> {
        let told = self.asked != [Asked::Nothing; 2];
        Speaker::BOTH.into_iter().filter(move |_| told).filter_map(|speaker| self.face.cookie(speaker))
    }

    pub(crate) fn counters(&self) -> Option<&proto::Counters> {
        self.application.counters()
    }

    /// Bytes of memory that its parser, or its detector, holds.
    pub(crate) fn parser_bytes(&self) -> usize {
        self.application.held_bytes()
    }

    /// Finished exchanges that wait until the protocol is confirmed.
    pub(crate) fn unconfirmed(&self) -> u64 {
        self.application.unconfirmed()
    }

    /// Whether a packet with SYN is not of this connection.
    fn is_strange(&self, speaker: Speaker, header: TcpHeader) -> bool {
        self.streams[speaker.index()].base().is_some_and(|base| !base.began_with(header.seq))
            && !self.streams.iter().all(Stream::is_untouched)
    }

    fn handshake(&mut self, speaker: Speaker, header: TcpHeader) {
        let client = if header.flags.contains(TcpFlags::ACK) { speaker.other() } else { speaker };
        self.face.opened_by(client);
        let stream = &mut self.streams[speaker.index()];
        if stream.is_untouched() {
            stream.open(header.seq);
        }
    }

    fn acknowledge(&mut self, speaker: Speaker, ack: u32, at: Timestamp, vouches: bool, shared: &mut Shared<'_>) {
        if matches!(self.application, Application::Unrecognised) {
            return;
        }
        let (stream, mut feed) = self.stream_and_feed(speaker, shared);
        if stream.base().is_none() {
            stream.join_acked(ack);
        } else if let Ok(offset) = u64::try_from(stream.offset(ack)) {
            stream.acknowledged(offset, at, vouches, &mut feed);
        }
    }

    fn sent(&mut self, speaker: Speaker, seq: u32, shared: &mut Shared<'_>) {
        if matches!(self.application, Application::Unrecognised) {
            return;
        }
        let (stream, mut feed) = self.stream_and_feed(speaker, shared);
        if let Ok(offset) = u64::try_from(stream.offset(seq)) {
            stream.sent(offset, &mut feed);
        }
    }

    fn announce_end(&mut self, speaker: Speaker, seq: u32, how: End, at: Timestamp, shared: &mut Shared<'_>) {
        let unrecognised = matches!(self.application, Application::Unrecognised);
        let (stream, mut feed) = self.stream_and_feed(speaker, shared);
        // Where nobody wants the bytes nobody has counted them.
        let offset = if unrecognised { stream.next_offset() as i64 } else { stream.offset(seq) };
        if unrecognised || stream.may_end(offset, how) {
            stream.announce_end(offset, how, at, &mut feed);
        }
    }

    /// Reports the ends that have been reached.
    fn settle(&mut self, at: Timestamp, shared: &mut Shared<'_>) -> Life {
        if matches!(self.application, Application::Unrecognised) && self.streams.iter().any(Stream::is_waiting) {
            // Nobody wants what is waited for.
            for speaker in Speaker::BOTH {
                let (stream, mut feed) = self.stream_and_feed(speaker, shared);
                stream.flush(at, &mut feed);
            }
        }
        for speaker in Speaker::BOTH {
            let (stream, mut feed) = self.stream_and_feed(speaker, shared);
            match stream.take_end() {
                Some((End::Fin, at)) => feed.end(at, End::Fin),
                Some((how, at)) => {
                    let (stream, mut other) = self.stream_and_feed(speaker.other(), shared);
                    stream.flush(at, &mut other);
                    self.stream_and_feed(speaker, shared).1.end(at, how);
                    self.close(at, shared);
                    return Life::Over;
                }
                None => {}
            }
        }
        if let [Some(first), Some(second)] = [self.streams[0].ended_at(), self.streams[1].ended_at()] {
            self.close(first.max(second), shared);
            return Life::Over;
        }
        Life::Open
    }

    fn stream_and_feed<'a, 'shared>(
        &'a mut self,
        speaker: Speaker,
        shared: &'a mut Shared<'shared>,
    ) -> (&'a mut Stream, Feed<'a, 'shared>) {
        let Self { face, streams, application, .. } = self;
        (&mut streams[speaker.index()], Feed { application, face, speaker, shared })
    }
}

/// The payload of a packet, whatever its source claims to have captured of it.
fn piece_of_packet<'a>(packet: &Packet<'a>, start: i64) -> Piece<'a> {
    let len = u64::from(packet.payload_len);
    let captured_offset = u64::from(packet.captured_offset).min(len);
    let room = usize::try_from(len - captured_offset).unwrap_or(usize::MAX);
    let captured = &packet.captured[..packet.captured.len().min(room)];
    Piece { at: packet.at, start, len, captured_offset, captured, cut: packet.cut }
}
