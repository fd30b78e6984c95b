//! What is made of a connection's bytes: first it is found out which protocol they speak, then its parser gets them.

use geophone_model::{protocol::Protocol, time::Timestamp};
use geophone_proto_parse::{self as proto, Detection, Detector, Direction, End, Verdict, Want};

use crate::{
    face::Face,
    ledger::{Books, ByteBook},
    ready::Ready,
    reassembly::{Lost, Sink},
    view::Speaker,
};

/// What a connection's bytes are taken for.
pub(crate) enum Application {
    /// It is not known yet.
    Detecting(Box<Detecting>),
    /// A protocol with a parser.
    Parsing(Parsing),
    /// Nothing that is known. Nobody wants its bytes.
    Unrecognised,
}

/// A connection of which too little is known.
pub(crate) struct Detecting {
    detector: Detector,
    joined_late: bool,
    /// The detector has given up a connection that was joined late: bytes of it that have passed since without a sign of
    /// a message's beginning.
    searched: Option<u64>,
    /// Bytes that the detector holds.
    held: u64,
    /// The directions that ended meanwhile, by speaker.
    ends: [Option<(u64, End)>; 2],
    /// How often the connection was taken for something that it is not.
    mistakes: u8,
}

/// A connection whose protocol is known.
pub(crate) struct Parsing {
    parser: Box<dyn proto::Connection + Send>,
    pub(crate) protocol: Protocol,
    pub(crate) client: Speaker,
    /// What the parser wants, by speaker.
    wants: [Want; 2],
    /// One side has not confirmed the protocol yet: until then nothing that the parser yields is believed.
    unconfirmed: Option<Box<Detector>>,
    /// Messages that the parser had seen when it last saw one, and bytes that made no sense to it by then.
    sense: Sense,
    mistakes: u8,
}

/// How a parser gets on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sense {
    messages: u64,
    unparsed_bytes: u64,
}

/// Bytes that may make no sense to a parser, without a message between them, before it is the wrong one.
const MAX_UNPARSED_BYTES: u64 = 256 * 1024;

/// How often a connection may be taken for something that it is not. After that it is left alone.
const MAX_MISTAKES: u8 = 4;

impl Application {
    /// `joined_late`: the connection was open before it was seen.
    pub(crate) fn new(limits: &proto::Limits, joined_late: bool) -> Self {
        Self::Detecting(Box::new(Detecting::new(limits, joined_late, 0)))
    }

    /// What is wanted of what `speaker` says.
    pub(crate) const fn want(&self, speaker: Speaker) -> Want {
        match self {
            Self::Detecting(_) => Want::All,
            Self::Parsing(parsing) => parsing.wants[speaker.index()],
            Self::Unrecognised => Want::Nothing,
        }
    }

    pub(crate) fn counters(&self) -> Option<&proto::Counters> {
        match self {
            Self::Parsing(parsing) => Some(parsing.parser.counters()),
            Self::Detecting(_) | Self::Unrecognised => None,
        }
    }

    /// Bytes of memory that the parser holds. What a detector holds is in the books.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Self::Parsing(parsing) => parsing.parser.held_bytes(),
            Self::Detecting(_) | Self::Unrecognised => 0,
        }
    }

    /// Finished exchanges that wait in the parser until it is confirmed to be the right one.
    pub(crate) fn unconfirmed(&self) -> u64 {
        match self {
            Self::Parsing(Parsing { parser, unconfirmed: Some(_), .. }) => {
                let proto::Counters { paired, unanswered, one_way, exchanges_dropped, .. } = *parser.counters();
                paired + unanswered + one_way - exchanges_dropped
            }
            Self::Parsing(_) | Self::Detecting(_) | Self::Unrecognised => 0,
        }
    }
}

impl Detecting {
    fn new(limits: &proto::Limits, joined_late: bool, mistakes: u8) -> Self {
        let detector = Detector::new(limits, joined_late);
        Self { detector, joined_late, searched: None, held: 0, ends: [None; 2], mistakes }
    }
}

impl Parsing {
    const fn direction(&self, speaker: Speaker) -> Direction {
        if speaker.index() == self.client.index() { Direction::ToServer } else { Direction::ToClient }
    }

    fn refresh_wants(&mut self) {
        self.wants = Speaker::BOTH.map(|speaker| self.parser.want(self.direction(speaker)));
    }

    /// Whether the parser has long made no sense of anything.
    fn is_lost(&mut self) -> bool {
        let proto::Counters { requests, responses, interim, one_way, unparsed_bytes, .. } = *self.parser.counters();
        if unparsed_bytes == self.sense.unparsed_bytes {
            return false;
        }
        let messages = requests + responses + interim + one_way;
        if messages != self.sense.messages {
            self.sense = Sense { messages, unparsed_bytes };
        }
        // A search takes back what the message that it finds has of them.
        unparsed_bytes.saturating_sub(self.sense.unparsed_bytes) > MAX_UNPARSED_BYTES
    }
}

/// What all connections share.
pub(crate) struct Shared<'a> {
    pub(crate) limits: &'a proto::Limits,
    pub(crate) late_search_bytes: u64,
    pub(crate) books: &'a mut Books,
    pub(crate) ready: &'a mut Ready,
}

/// The way of one speaker's bytes into a connection's application.
pub(crate) struct Feed<'a, 'shared> {
    pub(crate) application: &'a mut Application,
    pub(crate) face: &'a Face,
    pub(crate) speaker: Speaker,
    pub(crate) shared: &'a mut Shared<'shared>,
}

impl Sink for Feed<'_, '_> {
    fn bytes(&mut self, at: Timestamp, data: &[u8]) {
        let len = data.len() as u64;
        match self.application {
            Application::Detecting(_) => self.detect(at, data),
            Application::Parsing(parsing) if parsing.wants[self.speaker.index()] != Want::Nothing => {
                if let Some(detector) = &mut parsing.unconfirmed {
                    match detector.confirm(self.speaker.into(), data) {
                        Detection::Match => parsing.unconfirmed = None,
                        Detection::NeedMore => {}
                        Detection::NoMatch => {
                            self.detect_again();
                            return self.bytes(at, data);
                        }
                    }
                }
                self.shared.books.bytes.delivered += len;
                self.parse(|parser, direction| parser.bytes(direction, at.as_ns(), data));
                if let Application::Parsing(parsing) = self.application
                    && parsing.is_lost()
                {
                    self.detect_again();
                }
            }
            Application::Parsing(_) => self.shared.books.bytes.unwanted += len,
            Application::Unrecognised => self.shared.books.bytes.unrecognised += len,
        }
    }

    fn left_out(&mut self, at: Timestamp, len: u64) {
        let (skipped, lost) = match self.application.want(self.speaker) {
            Want::Nothing => (len, 0),
            // What goes beyond the parser's word was left out on an older word: to this parser it is lost.
            Want::Skip(allowed) => (len.min(allowed), len.saturating_sub(allowed)),
            _ => (0, len),
        };
        match self.application {
            Application::Unrecognised => self.shared.books.bytes.unrecognised += skipped,
            Application::Detecting(_) | Application::Parsing(_) => self.shared.books.bytes.unwanted += skipped,
        }
        if skipped > 0 && self.application.want(self.speaker) != Want::Nothing {
            self.parse(|parser, direction| parser.skipped(direction, at.as_ns(), skipped));
        }
        if lost > 0 {
            self.lost(at, lost, Lost::Cut);
        }
    }

    fn lost(&mut self, at: Timestamp, len: u64, why: Lost) {
        let book = &mut self.shared.books.bytes;
        match (self.application.want(self.speaker), &self.application) {
            (_, Application::Unrecognised) => book.unrecognised += len,
            (_, Application::Detecting(detecting)) if detecting.searched.is_some() => book.unrecognised += len,
            (Want::Nothing, _) => book.unwanted += len,
            _ => match why {
                Lost::Cut => book.cut += len,
                Lost::Hole => book.hole += len,
            },
        }
        match self.application {
            Application::Detecting(detecting) if detecting.searched.is_none() => {
                if detecting.detector.gap(self.speaker.into(), at.as_ns(), len) == Verdict::Unknown {
                    self.search_or_give_up();
                }
            }
            Application::Parsing(parsing) if parsing.wants[self.speaker.index()] != Want::Nothing => {
                if let Some(detector) = &mut parsing.unconfirmed {
                    detector.lose(self.speaker.into());
                }
                self.parse(|parser, direction| parser.gap(direction, at.as_ns(), len));
            }
            Application::Detecting(_) | Application::Parsing(_) | Application::Unrecognised => {}
        }
    }

    fn book(&mut self) -> &mut ByteBook {
        &mut self.shared.books.bytes
    }
}

impl Feed<'_, '_> {
    /// The speaker has ended.
    pub(crate) fn end(&mut self, at: Timestamp, how: End) {
        match self.application {
            Application::Detecting(detecting) => detecting.ends[self.speaker.index()] = Some((at.as_ns(), how)),
            Application::Parsing(_) => self.parse(|parser, direction| parser.end(direction, at.as_ns(), how)),
            Application::Unrecognised => {}
        }
    }

    /// The connection is over: open requests become exchanges without a response.
    pub(crate) fn close(&mut self, at: Timestamp) {
        self.finish(|parser| parser.close(at.as_ns()));
    }

    /// The connection is observed no more: open requests are counted.
    pub(crate) fn abandon(&mut self) {
        self.finish(proto::Connection::abandon);
    }

    fn finish(&mut self, how: impl FnOnce(&mut (dyn proto::Connection + 'static))) {
        if let Application::Parsing(parsing) = self.application {
            // Who has not confirmed it has said nothing to the contrary.
            parsing.unconfirmed = None;
        }
        self.parse(|parser, _| how(parser));
        if let Some(counters) = self.application.counters() {
            self.shared.books.parsers.add(counters);
        }
        self.give_up_detection();
        *self.application = Application::Unrecognised;
    }

    /// Passes something on to the parser, if there is one, and takes what it has finished.
    fn parse(&mut self, call: impl FnOnce(&mut (dyn proto::Connection + 'static), Direction)) {
        let Application::Parsing(parsing) = self.application else { return };
        let direction = parsing.direction(self.speaker);
        call(&mut *parsing.parser, direction);
        if parsing.unconfirmed.is_none() {
            let (client, protocol) = (parsing.client, parsing.protocol);
            let Shared { books, ready, .. } = &mut *self.shared;
            let origin = |direction| self.face.origin(client, direction);
            ready.collect(&mut *parsing.parser, protocol, origin, &mut books.exchanges);
        }
        parsing.refresh_wants();
    }

    /// The connection does not speak what it was taken for, or no longer.
    fn detect_again(&mut self) {
        let Application::Parsing(Parsing { parser, unconfirmed, mistakes, .. }) = self.application else { return };
        let Shared { books, ready, limits, .. } = &mut *self.shared;
        parser.abandon();
        if unconfirmed.is_some() {
            ready.discard(&mut **parser, &mut books.exchanges);
        }
        books.parsers.add(parser.counters());
        let mistakes = *mistakes + 1;
        *self.application = if mistakes > MAX_MISTAKES {
            Application::Unrecognised
        } else {
            Application::Detecting(Box::new(Detecting::new(limits, true, mistakes)))
        };
    }

    fn detect(&mut self, at: Timestamp, data: &[u8]) {
        let Application::Detecting(detecting) = self.application else { return };
        let len = data.len() as u64;
        if let Some(searched) = &mut detecting.searched {
            // Messages begin where segments begin, in most cases: that costs next to nothing to look at.
            *searched += len;
            detecting.detector = Detector::new(self.shared.limits, true);
        }
        if let Some(client) = self.face.client() {
            detecting.detector.set_client(client.into());
        }
        match (detecting.detector.bytes(self.speaker.into(), at.as_ns(), data), detecting.searched) {
            (Verdict::Detected { protocol, client, confirmed }, _) => {
                self.start_parser(protocol, client.into(), confirmed);
                self.bytes(at, data);
            }
            (Verdict::Undecided, None) => {
                detecting.held += len;
                self.shared.books.bytes.undecided += len;
            }
            (Verdict::Unknown, None) => {
                self.shared.books.bytes.unrecognised += len;
                self.search_or_give_up();
            }
            (Verdict::Undecided | Verdict::Unknown, Some(searched)) => {
                self.shared.books.bytes.unrecognised += len;
                if searched > self.shared.late_search_bytes {
                    self.give_up_detection();
                }
            }
        }
    }

    /// The detector has come to nothing: what it held is none of a protocol's.
    fn search_or_give_up(&mut self) {
        if let Application::Detecting(detecting) = self.application
            && detecting.joined_late
        {
            let held = std::mem::take(&mut detecting.held);
            self.shared.books.bytes.undecided -= held;
            self.shared.books.bytes.unrecognised += held;
            detecting.searched = Some(0);
        } else {
            self.give_up_detection();
        }
    }

    fn start_parser(&mut self, protocol: proto::Protocol, client: Speaker, confirmed: bool) {
        let Application::Detecting(detecting) = self.application else { return };
        let parser = protocol.connection(self.shared.limits, detecting.joined_late);
        let (Some(protocol), Some(mut parser)) = (crate::translate::protocol_of(protocol), parser) else {
            return self.give_up_detection();
        };
        if detecting.searched.is_none() {
            detecting.detector.replay(client.into(), &mut *parser);
        }
        self.shared.books.bytes.undecided -= detecting.held;
        self.shared.books.bytes.delivered += detecting.held;
        let mut parsing = Parsing {
            parser,
            protocol,
            client,
            wants: [Want::All; 2],
            unconfirmed: None,
            sense: Sense::default(),
            mistakes: detecting.mistakes,
        };
        for speaker in Speaker::BOTH {
            if let Some((at_ns, how)) = detecting.ends[speaker.index()] {
                parsing.parser.end(parsing.direction(speaker), at_ns, how);
            }
        }
        parsing.refresh_wants();
        if !confirmed {
            let detector = std::mem::replace(&mut detecting.detector, Detector::new(self.shared.limits, false));
            parsing.unconfirmed = Some(Box::new(detector));
        }
        *self.application = Application::Parsing(parsing);
    }

    fn give_up_detection(&mut self) {
        if let Application::Detecting(detecting) = self.application {
            self.shared.books.bytes.undecided -= detecting.held;
            self.shared.books.bytes.unrecognised += detecting.held;
            *self.application = Application::Unrecognised;
        }
    }
}
