//! Bytes of no protocol among pieces of the right one.

use geophone_proto_parse::{Direction, Limits, Protocol};
use proptest::prelude::*;

use crate::cuts::{bytes_of, runner};
use crate::support::drive::Driver;
use crate::support::script::{Event, Script};
use crate::{corpus, small_limits};

/// Pieces of conversations in any order, either way, with noise and gaps between: no panic, the ledger balances, and nothing
/// is open at the end.
pub(crate) fn among_pieces(protocol: Protocol) {
    let pieces: Vec<Vec<u8>> = corpus(protocol)
        .iter()
        .flat_map(|case| {
            case.script.events.iter().filter_map(bytes_of).map(|(.., data)| data.to_vec()).collect::<Vec<_>>()
        })
        .collect();
    let piece = prop_oneof![
        3 => (prop::sample::select(pieces), any::<(prop::sample::Index, prop::sample::Index)>())
            .prop_map(|(piece, (from, len))| slice(&piece, from, len)),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    let event = (any::<bool>(), 0..8_u8, piece);
    let input = (proptest::collection::vec(event, 0..30), any::<bool>(), any::<bool>());
    let outcome = runner().run(&input, |(events, joined_late, default_limits)| {
        let script = Script { joined_late, ..Script::default() };
        let limits = if default_limits { Limits::default() } else { small_limits() };
        let mut driver = Driver::new(protocol, &script, &limits);
        for (now_ns, (to_server, kind, data)) in events.into_iter().enumerate() {
            let now_ns = now_ns as u64;
            let direction = if to_server { Direction::ToServer } else { Direction::ToClient };
            driver.event(&match kind {
                0 => Event::Gap { direction, now_ns, len: data.len() as u64 },
                _ => Event::Bytes { direction, now_ns, data },
            });
        }
        driver.event(&Event::Close { now_ns: 1000 });
        let counters = driver.outcome().counters;
        prop_assert_eq!((counters.open_requests, counters.open_responses), (0, 0));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A part of a piece, in half of the cases all of it.
fn slice(piece: &[u8], from: prop::sample::Index, len: prop::sample::Index) -> Vec<u8> {
    if len.index(2) == 0 {
        return piece.to_vec();
    }
    let from = from.index(piece.len() + 1);
    let rest = &piece[from..];
    rest[..len.index(rest.len() + 1)].to_vec()
}
