//! Reassembly against a naive oracle, and its cases one by one.

use std::collections::BTreeMap;

use geophone_model::{capture::Cut, time::Timestamp};
use geophone_proto_parse::End;
use proptest::prelude::*;

use super::{Base, Bounds, Lost, Piece, Sink, Stream};
use crate::ledger::ByteBook;

/// What became of one byte of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Byte(u8),
    LeftOut,
    Cut,
    Hole,
}

/// Writes down every byte with its time.
#[derive(Default)]
struct Record {
    bytes: Vec<(Fate, u64)>,
    book: ByteBook,
}

impl Record {
    fn add(&mut self, fate: Fate, at: Timestamp, len: u64) {
        self.bytes.extend((0..len).map(|_| (fate, at.as_ns())));
    }

    /// *seen = delivered + each reason*, with what the record has as the sink's part of the account.
    fn imbalance(&self) -> i128 {
        let ByteBook { seen, duplicate, held, evicted, .. } = self.book;
        i128::from(seen) - i128::from(duplicate + held + evicted) - self.bytes.len() as i128
    }

    /// Runs of like bytes, as `abc@1 hole:3@9`.
    fn text(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        for run in self
            .bytes
            .chunk_by(|a, b| a.1 == b.1 && (a.0 == b.0 || matches!((a.0, b.0), (Fate::Byte(_), Fate::Byte(_)))))
        {
            let at = run[0].1;
            words.push(match run[0].0 {
                Fate::Byte(_) => {
                    let bytes = run.iter().map(|(fate, _)| match fate {
                        Fate::Byte(byte) => char::from(*byte),
                        _ => '?',
                    });
                    format!("{}@{at}", bytes.collect::<String>())
                }
                Fate::LeftOut => format!("left_out:{}@{at}", run.len()),
                Fate::Cut => format!("cut:{}@{at}", run.len()),
                Fate::Hole => format!("hole:{}@{at}", run.len()),
            });
        }
        words.join(" ")
    }
}

impl Sink for Record {
    fn bytes(&mut self, at: Timestamp, data: &[u8]) {
        self.bytes.extend(data.iter().map(|byte| (Fate::Byte(*byte), at.as_ns())));
    }

    fn left_out(&mut self, at: Timestamp, len: u64) {
        self.add(Fate::LeftOut, at, len);
    }

    fn lost(&mut self, at: Timestamp, len: u64, why: Lost) {
        self.add(if why == Lost::Cut { Fate::Cut } else { Fate::Hole }, at, len);
    }

    fn book(&mut self) -> &mut ByteBook {
        &mut self.book
    }
}

const NO_BOUNDS: Bounds =
    Bounds { bytes: usize::MAX, segments: usize::MAX, total_bytes: u64::MAX, patience_ns: u64::MAX };

fn at(ns: u64) -> Timestamp {
    Timestamp::from_ns(ns)
}

fn whole(start: i64, at_ns: u64, text: &str) -> Piece<'_> {
    let captured = text.as_bytes();
    Piece { at: at(at_ns), start, len: captured.len() as u64, captured_offset: 0, captured, cut: Cut::Whole }
}

fn unwanted(start: i64, at_ns: u64, len: u64) -> Piece<'static> {
    Piece { at: at(at_ns), start, len, captured_offset: 0, captured: &[], cut: Cut::Unwanted }
}

/// A stream and its record under test.
#[derive(Default)]
struct Bench {
    stream: Stream,
    record: Record,
}

impl Bench {
    fn accept(&mut self, piece: Piece<'_>) -> &mut Self {
        self.accept_within(piece, &NO_BOUNDS)
    }

    fn accept_within(&mut self, piece: Piece<'_>, bounds: &Bounds) -> &mut Self {
        self.stream.accept(piece, bounds, &mut self.record);
        if let Ok(start) = u64::try_from(piece.start) {
            self.stream.sent(start + piece.len, &mut self.record);
        }
        assert_eq!(self.record.imbalance(), 0, "after {piece:?}");
        self
    }

    fn ack(&mut self, offset: u64, at_ns: u64) -> &mut Self {
        self.acknowledged(offset, at_ns, false)
    }

    /// An acknowledgement with the next data of the other direction.
    fn ack_with_data(&mut self, offset: u64, at_ns: u64) -> &mut Self {
        self.acknowledged(offset, at_ns, true)
    }

    fn acknowledged(&mut self, offset: u64, at_ns: u64, vouches: bool) -> &mut Self {
        self.stream.acknowledged(offset, at(at_ns), vouches, &mut self.record);
        assert_eq!(self.record.imbalance(), 0);
        self
    }

    #[track_caller]
    fn check(&mut self, expected: &str) -> &mut Self {
        assert_eq!(self.record.text(), expected);
        self
    }
}

#[test]
fn segments_in_any_order_keep_their_times() {
    Bench::default()
        .accept(whole(2, 1, "cd"))
        .check("")
        .accept(whole(6, 2, "gh"))
        .accept(whole(0, 3, "ab"))
        .check("ab@3 cd@1")
        .accept(whole(4, 4, "ef"))
        .check("ab@3 cd@1 ef@4 gh@2");
}

#[test]
fn the_first_sighting_of_a_byte_counts() {
    let mut bench = Bench::default();
    bench.accept(whole(0, 1, "abcd")).accept(whole(2, 2, "XXef")).check("abcd@1 ef@2");
    bench.accept(whole(8, 3, "ij")).accept(whole(6, 4, "ghXXkl")).check("abcd@1 ef@2 gh@4 ij@3 kl@4");
    assert_eq!(bench.record.book.duplicate, 4);
}

#[test]
fn a_keep_alive_probe_is_a_duplicate() {
    // RFC 9293 section 3.8.4: the probe's number is one before the next, with or without one byte of garbage.
    Bench::default().accept(whole(-1, 1, "?")).accept(whole(0, 2, "ab")).accept(whole(1, 3, "?")).check("ab@2");
}

#[test]
fn what_the_peer_has_and_nobody_saw_is_lost() {
    Bench::default()
        .accept(whole(0, 1, "ab"))
        .ack_with_data(2, 2)
        .check("ab@1")
        .ack_with_data(5, 3)
        .check("ab@1 hole:3@3");
    Bench::default().accept(whole(2, 1, "cd")).ack(1, 2).check("hole:1@2").ack(2, 3).check("hole:1@2 hole:1@3 cd@1");
}

#[test]
fn an_acknowledgement_alone_waits_for_the_senders_word() {
    // Data behind it, a packet without data, or the end.
    let mut bench = Bench::default();
    bench.accept(whole(0, 1, "ab")).ack(5, 3).check("ab@1").accept(whole(5, 9, "fg")).check("ab@1 hole:3@3 fg@9");
    let mut bench = Bench::default();
    bench.accept(whole(0, 1, "ab")).ack(5, 3);
    bench.stream.sent(4, &mut bench.record);
    bench.check("ab@1");
    bench.stream.sent(5, &mut bench.record);
    bench.check("ab@1 hole:3@3");
    let mut bench = Bench::default();
    bench.accept(whole(0, 1, "ab")).ack(6, 3);
    bench.stream.announce_end(5, End::Fin, at(4), &mut bench.record);
    bench.check("ab@1").ack(6, 5).check("ab@1 hole:3@5");
}

#[test]
fn what_comes_after_its_acknowledgement_is_no_hole() {
    Bench::default().accept(whole(0, 1, "ab")).ack(4, 2).accept(whole(2, 3, "cd")).ack(4, 4).check("ab@1 cd@3");
}

#[test]
fn an_acknowledgement_is_forgotten_for_a_lower_one() {
    Bench::default().accept(whole(0, 1, "ab")).ack(5, 2).ack(2, 3).accept(whole(6, 4, "g")).check("ab@1");
}

#[test]
fn an_acknowledgement_of_another_connection_is_not_believed() {
    let far = 33 << 20;
    Bench::default()
        .accept(whole(0, 1, "ab"))
        .ack(far, 2)
        .ack_with_data(far, 2)
        .accept(whole(2, 3, "cd"))
        .check("ab@1 cd@3");
}

#[test]
fn a_reset_is_of_this_connection_only_between_what_the_receiver_has_and_its_window() {
    let mut bench = Bench::default();
    bench.stream.open(7);
    assert!(
        bench.stream.may_end(0, End::Reset) && !bench.stream.may_end(1, End::Reset),
        "before the handshake is answered"
    );
    bench.ack(0, 1).accept(whole(0, 2, "abcd")).ack(2, 3).ack(1 << 30, 4);
    let accepts = [1, 2, 4, 32 << 20, (32 << 20) + 5].map(|offset| bench.stream.may_end(offset, End::Reset));
    assert_eq!(accepts, [false, true, true, true, false]);
}

#[test]
fn an_end_is_of_this_connection_only_within_the_window() {
    let mut bench = Bench::default();
    bench.stream.open(7);
    bench.accept(whole(0, 2, "abcd"));
    let accepts = [3, 4, 32 << 20, (32 << 20) + 5].map(|offset| bench.stream.may_end(offset, End::Fin));
    assert_eq!(accepts, [false, true, true, false]);
    bench.stream.allow_left_out(u64::MAX);
    assert!(bench.stream.may_end(3, End::Fin), "where everything is left out nobody knows");
}

#[test]
fn a_hole_is_given_up_when_patience_ends() {
    let bounds = Bounds { patience_ns: 10, ..NO_BOUNDS };
    let mut bench = Bench::default();
    bench.accept_within(whole(2, 1, "cd"), &bounds).accept_within(whole(6, 5, "gh"), &bounds);
    assert_eq!(bench.stream.deadline(10), Some(at(11)));
    bench.stream.expire(at(10), &bounds, &mut bench.record);
    bench.check("");
    bench.stream.expire(at(11), &bounds, &mut bench.record);
    bench.check("hole:2@11 cd@1");
    assert_eq!(bench.stream.deadline(10), Some(at(15)), "the second hole is as old as what waits behind it");
    bench.stream.expire(at(15), &bounds, &mut bench.record);
    bench.check("hole:2@11 cd@1 hole:2@15 gh@5");
    assert_eq!(bench.stream.deadline(10), None);
}

#[test]
fn a_hole_is_given_up_when_too_much_waits() {
    let bounds = Bounds { bytes: 3, ..NO_BOUNDS };
    let mut bench = Bench::default();
    bench.accept_within(whole(2, 1, "cd"), &bounds).accept_within(whole(6, 2, "gh"), &bounds);
    bench.check("hole:2@2 cd@1");
    let bounds = Bounds { segments: 1, ..NO_BOUNDS };
    let mut bench = Bench::default();
    bench.accept_within(whole(1, 1, "b"), &bounds).accept_within(whole(3, 2, "d"), &bounds);
    bench.check("hole:1@2 b@1");
    let bounds = Bounds { total_bytes: 2, ..NO_BOUNDS };
    let mut bench = Bench::default();
    bench.accept_within(whole(1, 1, "bcd"), &bounds).check("hole:1@1 bcd@1");
}

#[test]
fn what_could_not_be_copied_is_lost_at_once() {
    let piece = Piece { at: at(1), start: 0, len: 6, captured_offset: 0, captured: b"ab", cut: Cut::Lost };
    Bench::default().accept(piece).accept(whole(6, 2, "gh")).check("ab@1 cut:4@1 gh@2");
}

#[test]
fn a_range_that_was_asked_to_be_left_out() {
    let mut bench = Bench::default();
    bench.accept(whole(0, 1, "ab"));
    bench.stream.allow_left_out(100);
    // One that was under way, one that was left out unseen, the one with the last byte, and the next message.
    bench.accept(whole(2, 2, "cd")).accept(unwanted(90, 5, 10)).check("ab@1 cd@2 left_out:96@5");
    bench.accept(whole(100, 6, "ef")).check("ab@1 cd@2 left_out:96@5 ef@6");
}

#[test]
fn a_packet_that_straddles_the_end_of_the_range() {
    let mut bench = Bench::default();
    bench.stream.allow_left_out(100);
    let piece = Piece { at: at(5), start: 90, len: 12, captured_offset: 10, captured: b"ef", cut: Cut::Unwanted };
    bench.accept(piece).check("left_out:100@5 ef@5");
}

#[test]
fn the_last_byte_of_the_range_is_reported_or_lost() {
    let mut bench = Bench::default();
    bench.stream.allow_left_out(100);
    bench.accept(whole(100, 6, "ef")).check("");
    bench.ack(102, 7).check("left_out:99@6 hole:1@7 ef@6");

    let mut bench = Bench::default();
    bench.stream.allow_left_out(100);
    bench.accept(whole(100, 6, "ef")).accept(unwanted(90, 5, 10)).check("left_out:100@5 ef@6");

    let mut bench = Bench::default();
    bench.stream.allow_left_out(100);
    bench.ack(60, 1).check("").ack(100, 2).check("left_out:99@2 hole:1@2");
}

#[test]
fn a_hole_beyond_the_range_is_a_hole() {
    let mut bench = Bench::default();
    bench.stream.allow_left_out(4);
    bench.accept(whole(6, 1, "g")).ack(6, 2).check("left_out:3@1 hole:3@2 g@1");
}

#[test]
fn an_end_comes_after_everything_before_it() {
    let mut bench = Bench::default();
    bench.accept(whole(2, 1, "cd"));
    bench.stream.announce_end(4, End::Fin, at(2), &mut bench.record);
    assert_eq!(bench.stream.take_end(), None);
    bench.accept(whole(0, 3, "ab")).check("ab@3 cd@1");
    assert_eq!(bench.stream.take_end(), Some((End::Fin, at(2))));
    assert_eq!((bench.stream.take_end(), bench.stream.ended_at()), (None, Some(at(2))));
}

#[test]
fn the_bytes_before_an_end_are_waited_for() {
    let bounds = Bounds { patience_ns: 10, ..NO_BOUNDS };
    let mut bench = Bench::default();
    bench.stream.announce_end(4, End::Fin, at(2), &mut bench.record);
    bench.stream.expire(at(11), &bounds, &mut bench.record);
    assert_eq!(bench.stream.take_end(), None);
    bench.stream.expire(at(12), &bounds, &mut bench.record);
    bench.check("hole:4@12");
    assert_eq!(bench.stream.take_end(), Some((End::Fin, at(2))));
}

#[test]
fn fin_is_no_byte() {
    let mut bench = Bench::default();
    bench.accept(whole(0, 1, "ab"));
    bench.stream.announce_end(2, End::Fin, at(2), &mut bench.record);
    bench.ack(3, 3).check("ab@1");
}

#[test]
fn a_source_in_order_has_no_reason_to_wait() {
    let mut bench = Bench::default();
    bench.stream.accept_in_order(whole(2, 1, "cd"), &NO_BOUNDS, &mut bench.record);
    bench.check("hole:2@1 cd@1");
}

/// The offset of the first number that was seen of a stream that is joined.
const JOINED: i64 = Base::JOINED_OFFSET as i64;

fn joined() -> Bench {
    let mut bench = Bench::default();
    bench.stream.join(1_000);
    bench
}

#[test]
fn what_comes_before_the_first_of_a_joined_stream_is_its_beginning() {
    let mut bench = joined();
    bench
        .accept(whole(JOINED, 1, "ef"))
        .accept(whole(JOINED - 4, 2, "ab"))
        .accept(whole(JOINED - 2, 3, "cd"))
        .check("");
    bench
        .ack(JOINED as u64 + 2, 4)
        .check("ab@2 cd@3 ef@1")
        .accept(whole(JOINED + 2, 5, "gh"))
        .check("ab@2 cd@3 ef@1 gh@5");
}

#[test]
fn what_the_receiver_did_not_have_of_a_joined_stream_is_waited_for() {
    let mut bench = joined();
    bench.accept(whole(JOINED, 1, "ef")).ack(JOINED as u64 - 2, 2).check("");
    bench.accept(whole(JOINED - 2, 3, "cd")).check("cd@3 ef@1");
}

#[test]
fn a_joined_stream_does_not_wait_for_ever() {
    let bounds = Bounds { patience_ns: 10, ..NO_BOUNDS };
    let mut bench = joined();
    bench.accept_within(whole(JOINED, 1, "ab"), &bounds).accept_within(whole(JOINED + 4, 2, "ef"), &bounds);
    bench.stream.expire(at(10), &bounds, &mut bench.record);
    bench.check("");
    bench.stream.expire(at(11), &bounds, &mut bench.record);
    bench.check("ab@1");
    bench.stream.expire(at(12), &bounds, &mut bench.record);
    bench.check("ab@1 hole:2@12 ef@2");
    // Nor for more than may wait.
    joined().accept_within(whole(JOINED, 1, "abc"), &Bounds { bytes: 2, ..NO_BOUNDS }).check("abc@1");
    let mut bench = joined();
    bench.accept(whole(JOINED, 1, "ab")).accept(whole(JOINED - 2, 2, "zz"));
    bench.stream.announce_end(JOINED, End::Fin, at(3), &mut bench.record);
    assert_eq!(bench.stream.take_end(), None, "what is before the end is held");
    bench.stream.flush(at(4), &mut bench.record);
    bench.check("zz@2 ab@1");
}

#[test]
fn a_stream_that_is_joined_by_an_acknowledgement_begins_there() {
    let mut bench = Bench::default();
    bench.stream.join_acked(1_000);
    assert!(bench.stream.is_next(1_000) && !bench.stream.is_joined_by(1_000));
    assert!(bench.stream.is_joined_by(1_000 + (64 << 20)) && bench.stream.is_joined_by(1_000u32.wrapping_sub(70_000)));
    bench.accept(whole(JOINED + 2, 1, "cd")).check("").accept(whole(JOINED, 2, "ab")).check("ab@2 cd@1");
    assert!(!bench.stream.is_joined_by(1_000 + (64 << 20)), "it has begun");
}

#[test]
fn a_source_that_counts_from_zero_again_goes_on() {
    let mut bench = Bench::default();
    for piece in [whole(0, 1, "abcd"), whole(0, 2, "ef"), whole(2, 3, "gh"), whole(3, 4, "jk"), whole(5, 5, "lm")] {
        bench.stream.accept_in_order(piece, &NO_BOUNDS, &mut bench.record);
    }
    // The fourth was counted from three on: three bytes since the beginning were not seen.
    bench.check("abcd@1 ef@2 gh@3 hole:3@4 jk@4 lm@5");
    assert_eq!((bench.record.imbalance(), bench.record.book.duplicate), (0, 0));
}

/// A sighting of a range of a stream.
#[derive(Clone, Debug)]
struct Sighting {
    start: usize,
    len: usize,
    captured_from: usize,
    captured_to: usize,
    cut: Cut,
}

const STREAM_LEN: usize = 300;

fn sighting(intact: bool) -> impl Strategy<Value = Sighting> {
    let cut = if intact { Just(Cut::Whole).boxed() } else { prop_oneof![Just(Cut::Lost), Just(Cut::Unwanted)].boxed() };
    (0..STREAM_LEN, 1..40usize, 0..40usize, 0..40usize, cut).prop_map(move |(start, len, a, b, cut)| {
        let len = len.min(STREAM_LEN - start);
        let (from, to) = if intact { (0, len) } else { (a.min(b).min(len), a.max(b).min(len)) };
        Sighting { start, len, captured_from: from, captured_to: to, cut }
    })
}

fn sightings() -> impl Strategy<Value = Vec<Sighting>> {
    prop::collection::vec(prop_oneof![8 => sighting(true), 1 => sighting(false)], 0..60)
}

/// The byte at an offset. Every sighting has the same ones, but it tells which byte it is.
fn byte_at(offset: usize) -> u8 {
    (offset * 7 % 251) as u8
}

fn piece_of<'a>(stream: &Stream, base: Base, sighting: &Sighting, at_ns: u64, payload: &'a [u8]) -> Piece<'a> {
    let seq = base.seq_at(sighting.start as u64);
    Piece {
        at: at(at_ns),
        start: stream.offset(seq),
        len: sighting.len as u64,
        captured_offset: sighting.captured_from as u64,
        captured: &payload[sighting.start + sighting.captured_from..sighting.start + sighting.captured_to],
        cut: sighting.cut,
    }
}

/// Every byte's first sighting.
fn oracle(sightings: &[Sighting]) -> BTreeMap<usize, (Fate, u64)> {
    let mut first = BTreeMap::new();
    for (index, sighting) in sightings.iter().enumerate() {
        for offset in 0..sighting.len {
            let fate = match sighting.cut {
                _ if (sighting.captured_from..sighting.captured_to).contains(&offset) => {
                    Fate::Byte(byte_at(sighting.start + offset))
                }
                Cut::Unwanted => Fate::LeftOut,
                _ if offset < sighting.captured_from => Fate::LeftOut,
                Cut::Whole | Cut::Lost => Fate::Cut,
            };
            first.entry(sighting.start + offset).or_insert((fate, index as u64));
        }
    }
    first
}

proptest! {
    /// Overlapping, repeated and disordered sightings, across the wrap of sequence numbers: every byte comes out as it was
    /// first seen.
    #[test]
    fn delivers_what_the_oracle_does(sightings in sightings(), isn in prop_oneof![any::<u32>(), (u32::MAX - 300)..=u32::MAX]) {
        let payload: Vec<u8> = (0..STREAM_LEN).map(byte_at).collect();
        let base = Base::after_syn(isn);
        let mut bench = Bench::default();
        bench.stream.open(isn);
        for (index, sighting) in sightings.iter().enumerate() {
            let piece = piece_of(&bench.stream, base, sighting, index as u64, &payload);
            bench.accept(piece);
        }
        let end = 1_000_000;
        bench.stream.flush(at(end), &mut bench.record);
        let first = oracle(&sightings);
        let len = first.last_key_value().map_or(0, |(offset, _)| offset + 1);
        let expected: Vec<_> = (0..len).map(|offset| first.get(&offset).copied().unwrap_or((Fate::Hole, end))).collect();
        prop_assert_eq!(&bench.record.bytes, &expected);
        prop_assert_eq!(bench.record.imbalance(), 0);
        prop_assert_eq!(bench.record.book.held, 0);
    }

    /// A stream that is joined begins with the earliest byte that comes before the receiver has said something.
    #[test]
    fn delivers_from_the_earliest_byte_of_a_joined_stream(
        (before, behind) in (sightings(), sightings()), isn in prop_oneof![any::<u32>(), (u32::MAX - 300)..=u32::MAX],
    ) {
        let payload: Vec<u8> = (0..STREAM_LEN).map(byte_at).collect();
        let base = Base::after_syn(isn);
        let mut bench = Bench::default();
        let Some(first) = before.first() else { return Ok(()) };
        bench.stream.join(base.seq_at(first.start as u64));
        let beginning = before.iter().map(|sighting| sighting.start).min().unwrap_or(0);
        for (index, sighting) in before.iter().enumerate() {
            let piece = piece_of(&bench.stream, base, sighting, index as u64, &payload);
            bench.accept(piece);
            prop_assert_eq!(bench.record.text(), "");
        }
        let acked = u64::try_from(bench.stream.offset(base.seq_at(beginning as u64))).unwrap();
        bench.ack(acked, 900);
        let mut all = before.clone();
        for sighting in &behind {
            all.push(sighting.clone());
            let piece = piece_of(&bench.stream, base, sighting, all.len() as u64 - 1, &payload);
            bench.accept(piece);
        }
        bench.stream.flush(at(1000), &mut bench.record);
        let seen = oracle(&all);
        let end = seen.last_key_value().map_or(0, |(offset, _)| offset + 1);
        let expected: Vec<_> =
            (beginning..end).map(|offset| seen.get(&offset).copied().unwrap_or((Fate::Hole, 1000))).collect();
        prop_assert_eq!(&bench.record.bytes, &expected);
        prop_assert_eq!((bench.record.imbalance(), bench.record.book.held), (0, 0));
    }

    /// Whatever bounds, acknowledgements, wishes and impatience do: bytes come in order, each as it is in the stream, and
    /// the account balances after every step.
    #[test]
    fn is_in_order_and_in_balance_within_any_bounds(
        steps in prop::collection::vec((sighting(true), any::<u8>(), 0..STREAM_LEN), 0..60),
        bytes in 0usize..100, segments in 0usize..5, total_bytes in 0u64..200, patience_ns in 0u64..20,
        fin in prop::option::of(0..60usize),
    ) {
        let payload: Vec<u8> = (0..STREAM_LEN).map(byte_at).collect();
        let base = Base::after_syn(u32::MAX - 100);
        let bounds = Bounds { bytes, segments, total_bytes, patience_ns };
        let mut bench = Bench::default();
        bench.stream.open(u32::MAX - 100);
        for (index, (sighting, kind, offset)) in steps.iter().enumerate() {
            match kind % 8 {
                0 => { bench.acknowledged(*offset as u64, index as u64, *kind < 128); }
                1 => bench.stream.allow_left_out(bench.stream.next_offset() + *offset as u64 / 4),
                2 => bench.stream.expire(at(index as u64), &bounds, &mut bench.record),
                _ => {
                    let piece = piece_of(&bench.stream, base, sighting, index as u64, &payload);
                    bench.accept_within(piece, &bounds);
                    prop_assert!(bench.record.book.held <= total_bytes.max(bytes as u64));
                }
            }
            if fin == Some(index) {
                bench.stream.announce_end(STREAM_LEN as i64, End::Fin, at(index as u64), &mut bench.record);
            }
            prop_assert_eq!(bench.record.imbalance(), 0);
        }
        bench.stream.flush(at(1000), &mut bench.record);
        if fin.is_some_and(|fin| fin < steps.len()) {
            prop_assert!(bench.stream.take_end().is_some());
            prop_assert_eq!(bench.record.bytes.len(), STREAM_LEN);
        }
        prop_assert_eq!(bench.record.bytes.len() as u64, bench.stream.next_offset());
        for (offset, (fate, _)) in bench.record.bytes.iter().enumerate() {
            if let Fate::Byte(byte) = fate {
                prop_assert_eq!(*byte, byte_at(offset));
            }
        }
        prop_assert_eq!(bench.record.imbalance(), 0);
    }
}
