//! A toy protocol: a byte of length (itself included, at least 2), a byte that is `q`, `a` or `!`, and content.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use alloc::{format, vec};

use proptest::prelude::*;

use super::*;
use crate::pairing::{InOrder, Turn};
use crate::{Detection, Flags, Span};

#[derive(Debug)]
struct Toy {
    pairing: InOrder<()>,
    turn: Turn,
    log: Vec<String>,
    /// A question is followed by an answer's first byte, and what is kept is told.
    is_strict: bool,
    /// An answer `s` was read, behind which another toy goes on.
    has_switched: bool,
}

impl Conversation for Toy {
    type Pairing = InOrder<()>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, _: Direction, data: &[u8], _: &Limits) -> Head {
        match data {
            [len, _, ..] if *len < 2 => Head::Malformed,
            [len, b'q' | b'a', ..] => Head::Message { len: u64::from(*len), keep: 6 },
            [_] => Head::NeedMore { bytes: 2 },
            _ => Head::Malformed,
        }
    }

    fn begins(&self, _: Direction, data: &[u8], _: &Limits) -> Detection {
        match data {
            [len @ 4..=9, b'q' | b'a', rest @ ..] => match rest.get(usize::from(*len).saturating_sub(2)..) {
                Some([2..=9, b'q' | b'a', ..]) => Detection::Match,
                None | Some([] | [2..=9]) => Detection::NeedMore,
                Some(_) => Detection::NoMatch,
            },
            [] | [4..=9] => Detection::NeedMore,
            _ => Detection::NoMatch,
        }
    }

    fn began(&mut self, direction: Direction) {
        if direction == Direction::ToServer {
            self.turn = self.pairing.begin(false);
        }
    }

    fn resumes(&mut self) -> Option<Direction> {
        self.is_strict.then_some(Direction::ToClient)
    }

    fn kept(&mut self, direction: Direction, message: &Message<'_>, _: &Limits) {
        if self.is_strict {
            self.log.push(format!("{direction:?} kept {} of {}", message.bytes.escape_ascii(), message.len));
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, _: &Limits) {
        let Message { bytes, len, span, flags, lost } = message;
        self.log.push(format!("{direction:?} {} {len} {span:?} {flags:?} {lost}", bytes.escape_ascii()));
        self.has_switched = bytes.ends_with(b"as");
        match direction {
            Direction::ToServer => {
                if let Some(open) = self.pairing.admit(self.turn) {
                    open.exchange.resource.push_str(&bytes.escape_ascii().to_string());
                }
                if let Some(exchange) = self.pairing.take_live() {
                    exchange.request = *span;
                    exchange.flags |= *flags;
                }
            }
            Direction::ToClient if self.pairing.has_open() => {
                self.pairing.count_response();
                self.pairing.finish(*span, *flags);
            }
            Direction::ToClient => self.pairing.count_unmatched_response(),
        }
    }

    fn next(&mut self) -> Next {
        if self.has_switched { Next::Successor } else { Next::Same }
    }

    fn successor(&mut self, _: &Limits) -> Option<Box<dyn Connection + Send>> {
        Some(Box::new(toy(false)))
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, _: &Limits) {
        self.log.push(format!("{direction:?} broke off at {}", message.span.bytes));
    }

    fn lost(&mut self, direction: Direction) {
        self.log.push(format!("{direction:?} lost"));
        match direction {
            Direction::ToServer => self.pairing.requests_lost(1),
            Direction::ToClient => self.pairing.responses_lost(),
        }
    }
}

fn toy(joined_late: bool) -> Framed<Toy> {
    let limits = Limits { message_bytes: 5, ..Limits::default() };
    let pairing = InOrder::new(&limits, joined_late);
    let log = Vec::new();
    let toy = Toy { pairing, turn: Turn::default(), log, is_strict: false, has_switched: false };
    Framed::new(toy, &limits, joined_late)
}

#[derive(Debug, Clone)]
enum Event {
    Bytes(Direction, Vec<u8>),
    Gap(Direction, u64),
    End(Direction),
}

/// What the conversation heard, and the ledger, with bytes in pieces of `piece`.
fn run(events: &[Event], joined_late: bool, piece: usize, skips: bool) -> (Vec<String>, Counters) {
    let mut toy = toy(joined_late);
    let mut now_ns = 0_u64;
    for event in events {
        now_ns = now_ns.saturating_add(1);
        match event {
            Event::Bytes(direction, data) => {
                let mut rest = data.as_slice();
                while !rest.is_empty() {
                    let skip = match toy.want(*direction) {
                        Want::Skip(allowed) if skips => usize::try_from(allowed).unwrap().min(rest.len()),
                        _ => 0,
                    };
                    let taken = if skip > 0 { skip } else { piece.min(rest.len()) };
                    if skip > 0 {
                        toy.skipped(*direction, now_ns, skip as u64);
                    } else {
                        toy.bytes(*direction, now_ns, &rest[..taken]);
                    }
                    rest = &rest[taken..];
                }
            }
            Event::Gap(direction, len) => toy.gap(*direction, now_ns, *len),
            Event::End(direction) => toy.end(*direction, now_ns, End::Fin),
        }
        assert!(toy.counters().balances(), "{:?}", toy.counters());
    }
    toy.close(now_ns);
    let mut counters = *toy.counters();
    counters.skipped_bytes = 0;
    (toy.conversation.log, counters)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let direction = || prop_oneof![Just(Direction::ToServer), Just(Direction::ToClient)];
    let message = (2..12_u8, prop::sample::select(vec![b'q', b'a', b'a', b'!'])).prop_map(|(len, kind)| {
        let mut message = vec![len, kind];
        message.resize(usize::from(len), len.wrapping_add(kind));
        message
    });
    let piece = prop_oneof![5 => message, 1 => prop::collection::vec(0..12_u8, 0..4)];
    let bytes = prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    let event = prop_oneof![
        8 => (direction(), bytes).prop_map(|(direction, data)| Event::Bytes(direction, data)),
        2 => (direction(), 0..20_u64).prop_map(|(direction, len)| Event::Gap(direction, len)),
        1 => direction().prop_map(Event::End),
    ];
    prop::collection::vec(event, 0..16)
}

proptest! {
    #[test]
    fn the_cut_changes_nothing(events in events(), joined_late: bool, piece in 1..9_usize) {
        let whole = run(&events, joined_late, usize::MAX, false);
        prop_assert_eq!(&run(&events, joined_late, 1, false), &whole);
        prop_assert_eq!(&run(&events, joined_late, piece, false), &whole);
        prop_assert_eq!(&run(&events, joined_late, piece, true), &whole);
    }
}

#[test]
fn a_message_is_read_as_far_as_it_is_kept() {
    let events = [Event::Bytes(Direction::ToServer, b"\x09q234567\x02".to_vec())];
    let events = [&events[..], &[Event::Bytes(Direction::ToServer, b"\x03qx".to_vec())]].concat();
    let (log, _) = run(&events, false, usize::MAX, false);
    let span = |first_ns, last_ns, bytes| Span { first_ns, last_ns, bytes };
    assert_eq!(log[0], format!("ToServer \\tq234 9 {:?} {:?} false", span(1, 1, 9), Flags::default()));
    assert_eq!(log[1], format!("ToServer \\x03qx 3 {:?} {:?} false", span(2, 2, 3), Flags::default()));
}

#[test]
fn a_loss_within_a_message_costs_nothing_else() {
    let events = [
        Event::Bytes(Direction::ToServer, b"\x09q2".to_vec()),
        Event::Gap(Direction::ToServer, 6),
        Event::Bytes(Direction::ToServer, b"\x02q".to_vec()),
    ];
    let (log, counters) = run(&events, false, usize::MAX, false);
    assert_eq!((log.len(), counters.requests, counters.desyncs, counters.gap_bytes), (2, 2, 0, 6));
    assert!(log[0].starts_with("ToServer \\tq2 9") && log[0].ends_with("true"), "{}", log[0]);
}

#[test]
fn behind_a_loss_the_next_message_is_found() {
    let events = [
        Event::Bytes(Direction::ToServer, b"\x09q2".to_vec()),
        Event::Gap(Direction::ToServer, 8),
        Event::Bytes(Direction::ToServer, b"zz\x04qab\x02q".to_vec()),
    ];
    let (log, counters) = run(&events, false, usize::MAX, false);
    // In the gap, and in what was passed over.
    assert_eq!(log[1..3], ["ToServer lost", "ToServer lost"]);
    assert!(log[3].starts_with("ToServer \\x04qab 4") && log[3].contains("resynced"), "{}", log[3]);
    assert!(!log[4].contains("resynced"), "{}", log[4]);
    assert_eq!((counters.desyncs, counters.unparsed_bytes), (1, 2));
}

#[test]
fn a_search_ends_where_the_conversation_says_so() {
    let mut toy = toy(false);
    toy.conversation.is_strict = true;
    toy.bytes(Direction::ToClient, 1, b"\x04a");
    toy.gap(Direction::ToClient, 2, 3);
    toy.bytes(Direction::ToClient, 3, b"\x04ab");
    toy.bytes(Direction::ToServer, 4, b"\x02q");
    toy.bytes(Direction::ToClient, 5, b"\x03ax\x02a");
    let log = &toy.conversation.log;
    assert!(log[2].starts_with("ToServer \\x02q 2"), "{log:?}");
    assert!(log[3].starts_with("ToClient \\x03ax 3") && log[3].contains("resynced"), "{log:?}");
    assert!(log[4].starts_with("ToClient \\x02a 2"), "{log:?}");
    assert_eq!(toy.counters().unparsed_bytes, 3, "what the search had held");
}

#[test]
fn what_is_kept_is_told_before_the_end() {
    let mut toy = toy(false);
    toy.conversation.is_strict = true;
    for data in [&b"\x09q2"[..], b"34", b"5", b"678", b"\x09q2345678"] {
        toy.bytes(Direction::ToServer, 1, data);
    }
    let log = &toy.conversation.log;
    assert_eq!(log[0], "ToServer kept \\tq234 of 9");
    assert!(log[1].starts_with("ToServer \\tq234 9"), "{log:?}");
    assert_eq!(log.len(), 3, "nothing of what comes in one piece: {log:?}");
}

/// What waits for an answer when another conversation takes over waits until the end, and its memory counts until then.
#[test]
fn what_was_asked_before_a_change_stays_in_the_ledger() {
    let ends: [fn(&mut Framed<Toy>); 3] = [
        |toy| toy.close(9),
        |toy| toy.end(Direction::ToClient, 9, End::Fin),
        |toy| toy.end(Direction::ToServer, 9, End::Reset),
    ];
    for end in ends {
        let mut toy = toy(false);
        toy.bytes(Direction::ToServer, 1, b"\x05qabc\x05qdef");
        toy.bytes(Direction::ToClient, 2, b"\x03as");
        toy.bytes(Direction::ToServer, 3, b"\x05qghi");
        toy.bytes(Direction::ToClient, 4, b"\x02a");
        assert_eq!((toy.counters().paired, toy.counters().open_requests), (2, 1));
        assert!(toy.held_bytes() >= 3 * "\\x05qabc".len(), "{} bytes are held", toy.held_bytes());
        end(&mut toy);
        let Counters { open_requests, unanswered, .. } = *toy.counters();
        assert!((open_requests, unanswered) == (0, 1) && toy.counters().balances());
        let (mut out, mut asked) = (Exchange::default(), Vec::new());
        while toy.poll(&mut out) {
            asked.push((out.resource.clone(), out.response.map(|response| response.first_ns)));
        }
        let [abc, def, ghi] = ["abc", "def", "ghi"].map(|text| format!("\\x05q{text}"));
        assert_eq!(asked, [(abc, Some(2)), (def, None), (ghi, Some(4))]);
    }
}

/// What a search passes over may have been messages: whoever counts them is told, once until the next one is known.
#[test]
fn what_a_search_passes_over_may_have_been_messages() {
    let mut toy = toy(false);
    toy.gap(Direction::ToServer, 1, 9);
    toy.bytes(Direction::ToServer, 2, b"....");
    toy.gap(Direction::ToClient, 3, 9);
    toy.bytes(Direction::ToServer, 4, b"....");
    toy.bytes(Direction::ToServer, 5, b"....\x05qabc\x05qdef");
    let lost: Vec<_> = toy.conversation.log.iter().filter(|line| line.ends_with("lost")).collect();
    assert_eq!(lost, ["ToServer lost", "ToServer lost", "ToClient lost", "ToServer lost"]);
}

/// A search that is given much at once lets go of it all the same.
#[test]
fn a_search_holds_little_of_what_it_passes_over() {
    let mut toy = toy(true);
    toy.bytes(Direction::ToServer, 1, b"\x05");
    toy.bytes(Direction::ToServer, 2, &b"\x05".repeat(1 << 20));
    assert!(toy.held_bytes() < 64 * 1024, "{} bytes are held", toy.held_bytes());
}
