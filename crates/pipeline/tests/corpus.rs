//! The parsers' corpus as packets: however a conversation is cut, overtakes itself and is repeated on the way, it gives
//! the same exchanges.

// The format is the corpus's own: `testdata/README.md` of geophone-proto-parse.
#[path = "../../proto-parse/tests/support/mod.rs"]
mod parsers;
mod support;

use std::{fs, path::PathBuf, sync::LazyLock};

use geophone_model::capture::{SocketState, TcpFlags};
use geophone_pipeline::Config;
use geophone_proto_parse::{Direction, End, Protocol};
use parsers::script::{Event, Script as Conversation};
use proptest::prelude::*;
use support::{Recorded, Scene, Script, View, exchanges};

/// The conversations without losses: those are reassembly's to find out about, and scripts of their own. Of HTTP/1 all of them,
/// of other protocols those of real programs.
static CORPUS: LazyLock<Vec<(String, Conversation)>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../proto-parse/testdata");
    let mut corpus: Vec<_> = Protocol::ALL
        .iter()
        .filter_map(|protocol| fs::read_dir(folder.join(protocol.name())).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let (input, _) = text.split_once("---\n").unwrap();
            (path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned(), Conversation::parse(input))
        })
        .filter(|(name, conversation)| {
            let is_real = conversation.default_limits && !conversation.joined_late;
            // What that one is taken for depends on which side is seen first.
            let is_http1 = name.starts_with("http1/") && name != "http1/upgrade-h2c-joined-late.txt";
            (is_real || is_http1) && conversation.events.iter().all(is_seen)
        })
        .collect();
    corpus.sort_by(|a, b| a.0.cmp(&b.0));
    corpus
});

/// Those that system calls can tell: a call does not say how a direction ended.
static WITHOUT_ENDS: LazyLock<Vec<&(String, Conversation)>> = LazyLock::new(|| {
    let is_end = |event: &Event| matches!(event, Event::End { .. });
    CORPUS.iter().filter(|(_, conversation)| !conversation.events.iter().any(is_end)).collect()
});

fn is_seen(event: &Event) -> bool {
    !matches!(event, Event::Gap { .. } | Event::End { how: End::Unknown, .. } | Event::Abandon)
}

/// A conversation's packets in order, with the number of the line that each is of.
struct Packets {
    script: Script,
    packets: Vec<(usize, bool, Recorded)>,
}

impl Packets {
    /// One packet for each of the pieces into which `cut` divides the bytes of a line.
    fn of(conversation: &Conversation, view: View, mut cut: impl FnMut(usize) -> Vec<(usize, usize)>) -> Self {
        let mut this = Self { script: Script::new(Scene::new(view)), packets: Vec::new() };
        let calls = view == View::ClientCalls;
        let none = TcpFlags::default();
        if !conversation.joined_late && !calls {
            this.add(0, true, |script| script.packet(0, true, TcpFlags::SYN, None, b""));
            this.add(0, false, |script| script.packet(0, false, TcpFlags::SYN, None, b""));
        } else if calls && !conversation.joined_late {
            this.add(0, true, |script| script.socket(0, true, SocketState::Connected));
        }
        let mut next = [0u32; 2];
        for (line, event) in conversation.events.iter().enumerate() {
            match event {
                Event::Bytes { direction, now_ns, data } => {
                    let by_client = *direction == Direction::ToServer;
                    let start = next[usize::from(by_client)];
                    for (from, to) in cut(data.len()) {
                        let offset = Some(start + from as u32);
                        this.add(line, by_client, |script| {
                            script.packet(*now_ns, by_client, none, offset, &data[from..to])
                        });
                    }
                    next[usize::from(by_client)] += data.len() as u32;
                    this.script.advance(by_client, data.len() as u32);
                }
                Event::End { direction, now_ns, how } => {
                    let by_client = *direction == Direction::ToServer;
                    let flags = if *how == End::Fin { TcpFlags::FIN } else { TcpFlags::RST };
                    if !calls {
                        this.add(line, by_client, |script| script.packet(*now_ns, by_client, flags, None, b""));
                    }
                }
                Event::Close { now_ns } => {
                    this.add(line, true, |script| script.socket(*now_ns, true, SocketState::Closed));
                    let later = now_ns + 2 * Config::default().patience_ns;
                    this.add(line, true, |script| script.socket(later, true, SocketState::Listening));
                }
                Event::Gap { .. } | Event::Abandon => unreachable!("not in this corpus"),
            }
        }
        this
    }

    fn add(&mut self, line: usize, by_client: bool, packet: impl FnOnce(&mut Script) -> Recorded) {
        let recorded = packet(&mut self.script);
        self.packets.push((line, by_client, recorded));
    }

    fn lines(&self) -> Vec<String> {
        exchanges(config(), self.packets.iter().map(|(_, _, recorded)| recorded))
    }
}

/// A detector's account of what it holds counts every piece, so with a byte a piece its usual budget ends sooner.
fn config() -> Config {
    let mut config = Config::default();
    config.parser_limits.detect_bytes = 1 << 20;
    config
}

fn whole(len: usize) -> Vec<(usize, usize)> {
    vec![(0, len)]
}

/// What chance decides, from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64, Marsaglia 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// Pieces of up to `longest` bytes.
    fn cut(&mut self, len: usize, longest: usize) -> Vec<(usize, usize)> {
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < len {
            let to = (from + 1 + self.below(longest)).min(len);
            pieces.push((from, to));
            from = to;
        }
        pieces
    }

    /// The same, some of which overlap the ones before.
    fn cut_with_overlaps(&mut self, len: usize, longest: usize) -> Vec<(usize, usize)> {
        let mut pieces = self.cut(len, longest);
        for (from, _) in &mut pieces {
            *from -= if self.below(4) == 0 { self.below(*from + 1) } else { 0 };
        }
        pieces
    }

    /// Lets packets overtake up to `distance` others of their direction, and repeats some.
    fn disturb(&mut self, packets: &mut Vec<(usize, bool, Recorded)>, distance: usize) {
        let is_packet = |recorded: &Recorded| !recorded.payload.is_empty();
        let mut start = 0;
        while start < packets.len() {
            let by_client = packets[start].1;
            let run = packets[start..]
                .iter()
                .take_while(|(_, speaker, recorded)| *speaker == by_client && is_packet(recorded))
                .count();
            for index in start..start + run {
                let other = index + self.below(distance + 1);
                if other < start + run {
                    packets.swap(index, other);
                }
            }
            start += run.max(1);
        }
        for index in (1..packets.len()).rev() {
            if self.below(8) == 0 && is_packet(&packets[index].2) {
                let again = packets[index].clone();
                let place = (index + 1 + self.below(distance + 1)).min(packets.len());
                // Not behind the end: what comes there is none of the connection's.
                if packets[index..place].iter().all(|(_, _, recorded)| is_packet(recorded)) {
                    packets.insert(place, again);
                }
            }
        }
    }
}

#[test]
fn every_view_gives_the_same_exchanges() {
    for (name, conversation) in CORPUS.iter() {
        let expected = Packets::of(conversation, View::Loopback, whole).lines();
        for view in [View::Client, View::Server] {
            let lines = Packets::of(conversation, view, whole).lines();
            let as_seen = |line: &String| as_seen(line, view);
            // A closing socket is the client's, which the server's view does not know.
            if view == View::Client || !conversation.events.iter().any(|event| matches!(event, Event::Close { .. })) {
                assert_eq!(lines, expected.iter().map(as_seen).collect::<Vec<_>>(), "{name}");
            }
        }
    }
}

/// A line about an exchange that was seen from both ends, as one end alone sees it. A delivery is the server's message.
fn as_seen(line: &str, view: View) -> String {
    let (client, server, asked, delivered) = match view {
        View::Client => ("11", "?", "client", "server"),
        _ => ("?", "22", "server", "client"),
    };
    let by =
        if line.contains("10.0.0.2:80 (22) ->") || line.contains("10.0.0.2:80 (?) ->") { delivered } else { asked };
    let line = ["11", "?"].iter().fold(line.to_owned(), |line, known| {
        line.replace(&format!("10.0.0.1:40000 ({known})"), &format!("10.0.0.1:40000 ({client})"))
    });
    let line = ["22", "?"]
        .iter()
        .fold(line, |line, known| line.replace(&format!("10.0.0.2:80 ({known})"), &format!("10.0.0.2:80 ({server})")));
    line.replace("same_point", by)
}

#[test]
fn the_corpus_is_worth_it() {
    let lines: usize =
        CORPUS.iter().map(|(_, conversation)| Packets::of(conversation, View::Loopback, whole).lines().len()).sum();
    assert!(CORPUS.len() >= 20 && lines >= 40, "{} conversations, {lines} exchanges", CORPUS.len());
    assert!(WITHOUT_ENDS.len() >= 15, "{} conversations without ends", WITHOUT_ENDS.len());
}

/// Lines without the times of what was encrypted: nobody wants that, and of unwanted bytes that overtake each other the first to
/// come stands for those that are left out before it.
fn without_unwanted_times(lines: Vec<String>) -> Vec<String> {
    let is_encrypted = |line: &String| line.contains(" encrypted ");
    let shorten = |line: String| line.split(" request ").next().unwrap_or_default().to_owned();
    lines.into_iter().map(|line| if is_encrypted(&line) { shorten(line) } else { line }).collect()
}

proptest! {
    #[test]
    fn cuts_disorder_and_repetition_do_not_show(
        which in any::<prop::sample::Index>(), seed in 1u64.., longest in 1usize..200, distance in 0usize..6,
        view in prop_oneof![Just(View::Loopback), Just(View::Client), Just(View::Server)],
    ) {
        let (name, conversation) = which.get(&CORPUS);
        let mut chance = Chance(seed);
        let expected = Packets::of(conversation, view, whole).lines();
        let mut packets = Packets::of(conversation, view, |len| chance.cut_with_overlaps(len, longest));
        chance.disturb(&mut packets.packets, distance);
        prop_assert_eq!(without_unwanted_times(packets.lines()), without_unwanted_times(expected), "{}", name);
    }

    #[test]
    fn system_calls_give_what_packets_give(which in any::<prop::sample::Index>(), seed in 1u64.., longest in 1usize..200) {
        let (name, conversation) = which.get(&WITHOUT_ENDS);
        let mut chance = Chance(seed);
        let expected = Packets::of(conversation, View::Client, whole).lines();
        let calls = Packets::of(conversation, View::ClientCalls, |len| chance.cut(len, longest));
        prop_assert_eq!(calls.lines(), expected, "{}", name);
    }
}
