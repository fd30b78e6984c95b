//! Every protocol's conversations, and bytes of none, before every detector: nothing is taken for what it is not.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use geophone_proto_parse::{Detection, Detector, Direction, Limits, Protocol, Side, Verdict};
use proptest::prelude::*;
use support::script::{Event, Script};

/// What a detector comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Latched {
    /// Both sides have said so, or nobody contradicts it at the end.
    To(Protocol),
    /// One side had said so, and the other one said that it is not.
    Refuted(Protocol),
    Nothing,
}

/// Bytes of either side, in their order, to one detector: the client's are side A's. `client`: what is known of that.
fn detect<'a>(
    events: impl IntoIterator<Item = (Direction, &'a [u8])>,
    joined_late: bool,
    client: Option<Side>,
) -> Latched {
    let mut detector = Detector::new(&Limits::default(), joined_late);
    if let Some(client) = client {
        detector.set_client(client);
    }
    // What one side has said, which one, and whether the other one has said anything since.
    let (mut believed, mut by, mut has_spoken) = (None, Side::A, false);
    for (direction, data) in events {
        let side = if direction == Direction::ToServer { Side::A } else { Side::B };
        if let Some(protocol) = believed {
            match detector.confirm(side, data) {
                Detection::Match => return Latched::To(protocol),
                Detection::NoMatch => return Latched::Refuted(protocol),
                Detection::NeedMore => has_spoken |= side != by,
            }
            continue;
        }
        match detector.bytes(side, 0, data) {
            Verdict::Undecided => {}
            Verdict::Unknown => return Latched::Nothing,
            Verdict::Detected { protocol, client, confirmed } => {
                assert_eq!(client, Side::A, "{protocol:?} has its client on the wrong side");
                if confirmed {
                    return Latched::To(protocol);
                }
                (believed, by) = (Some(protocol), side);
            }
        }
    }
    // Who has said something that may become an answer has not confirmed it.
    believed.filter(|_| !has_spoken).map_or(Latched::Nothing, Latched::To)
}

fn corpus(protocol: Protocol) -> Vec<(PathBuf, Script)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(protocol.name());
    let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let script = Script::parse(text.split_once("---\n").expect("a line with ---").0);
        (path, script)
    };
    files.map(read).collect()
}

/// The bytes up to the first gap or end.
fn opening(script: &Script) -> impl Iterator<Item = (Direction, &[u8])> {
    script.events.iter().map_while(|event| match event {
        Event::Bytes { direction, data, .. } => Some((*direction, data.as_slice())),
        _ => None,
    })
}

fn protocols() -> impl Iterator<Item = Protocol> {
    Protocol::ALL.iter().copied().filter(|protocol| protocol.connection(&Limits::default(), false).is_some())
}

/// Conversations that are recorded from real programs are known for what they are, from the beginning.
#[test]
fn real_conversations_are_recognised() {
    let mut matrix = BTreeMap::<(Protocol, Latched), Vec<PathBuf>>::new();
    for protocol in protocols() {
        for (path, script) in
            corpus(protocol).into_iter().filter(|(_, script)| script.default_limits && !script.joined_late)
        {
            matrix.entry((protocol, detect(opening(&script), false, None))).or_default().push(path);
        }
    }
    let mistaken: Vec<_> =
        matrix.iter().filter(|((protocol, latched), _)| *latched != Latched::To(*protocol)).collect();
    assert!(mistaken.is_empty(), "{mistaken:#?}");
}

/// Whether a conversation is of another protocol than the one whose folder it is in.
fn is_of_another(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("not-"))
}

/// IRC has a PING and a PONG too.
#[cfg(feature = "nats")]
#[test]
fn irc_that_was_joined_late_is_not_nats() {
    let (path, script) = corpus(Protocol::Nats).into_iter().find(|(path, _)| is_of_another(path)).expect("it is there");
    for client in [None, Some(Side::A)] {
        let latched = detect(opening(&script), script.joined_late, client);
        assert!(!matches!(latched, Latched::To(_)), "{}: {latched:?}", path.display());
    }
}

/// Nothing that any conversation begins with, made up ones and late ones included, latches to another protocol.
#[test]
fn no_conversation_latches_to_another_protocol() {
    for protocol in protocols() {
        for (path, script) in corpus(protocol).into_iter().filter(|(path, _)| !is_of_another(path)) {
            let Latched::To(other) = detect(opening(&script), script.joined_late, Some(Side::A)) else { continue };
            // Of a connection that changes from HTTP/1 to HTTP/2, one who comes late sees the latter.
            let is_changed = script.joined_late && are_kin(other, protocol);
            assert!(other == protocol || is_changed, "{} latches to {other:?}", path.display());
        }
    }
}

/// A server of one protocol that is asked in another: nothing latches.
#[test]
fn what_the_other_side_does_not_confirm_does_not_latch() {
    let mut tried = 0;
    for asked in protocols() {
        for answered in protocols().filter(|answered| *answered != asked && !are_kin(asked, *answered)) {
            let real = |protocol| {
                corpus(protocol).into_iter().filter(|(_, script)| script.default_limits && !script.joined_late)
            };
            for ((path, request), (other, response)) in real(asked).zip(real(answered)) {
                let requests = opening(&request).filter(|(direction, _)| *direction == Direction::ToServer).take(1);
                // A byte alone, as PostgreSQL answers with, may be the beginning of much.
                let mut wanted_bytes = 16_usize;
                let responses = opening(&response)
                    .filter(|(direction, _)| *direction == Direction::ToClient)
                    .take_while(|(_, data)| {
                        let is_wanted = wanted_bytes > 0;
                        wanted_bytes = wanted_bytes.saturating_sub(data.len());
                        is_wanted
                    });
                let both: Vec<_> = requests.chain(responses).collect();
                if both.len() < 2 {
                    continue;
                }
                tried += 1;
                let latched = detect(both, false, Some(Side::A));
                assert!(
                    !matches!(latched, Latched::To(_)),
                    "{} answered by {}: {latched:?}",
                    path.display(),
                    other.display()
                );
            }
        }
    }
    let are_all_kin = protocols().all(|one| protocols().all(|other| one == other || are_kin(one, other)));
    assert!(tried > 0 || are_all_kin, "there are pairs to try");
}

/// Protocols that begin as one another: HTTP/1 turns into HTTP/2 or a tunnel, and databases into TLS.
fn are_kin(one: Protocol, other: Protocol) -> bool {
    let is_kin = |name: &str| ["http1", "http2", "tls"].contains(&name);
    is_kin(one.name()) && is_kin(other.name())
}

fn sides(data: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
    proptest::collection::vec((any::<bool>(), data), 1..8)
}

fn check_nothing_latches(events: &[(bool, Vec<u8>)], joined_late: bool) -> Result<(), TestCaseError> {
    let side = |to_server: bool| if to_server { Direction::ToServer } else { Direction::ToClient };
    let has_both = [true, false].map(|to_server| events.iter().any(|(way, _)| *way == to_server)) == [true; 2];
    let events = events.iter().map(|(to_server, data)| (side(*to_server), data.as_slice()));
    let latched = detect(events, joined_late, Some(Side::A));
    prop_assert!(!has_both || !matches!(latched, Latched::To(_)), "{latched:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_nothing(events in sides(proptest::collection::vec(any::<u8>(), 1..200)), joined_late: bool) {
        check_nothing_latches(&events, joined_late)?;
    }

    #[test]
    fn prose_is_nothing(events in sides("([A-Z]?[a-z]{1,9}[ ,.;:]){1,30}\r?\n".prop_map(String::into_bytes)), joined_late: bool) {
        check_nothing_latches(&events, joined_late)?;
    }

    /// Small numbers and zeros, as binary protocols are made of.
    #[test]
    fn small_numbers_are_nothing(
        events in sides(proptest::collection::vec(prop_oneof![3 => Just(0_u8), 2 => 0..8_u8, 1 => any::<u8>()], 1..100)),
        joined_late: bool,
    ) {
        check_nothing_latches(&events, joined_late)?;
    }
}
