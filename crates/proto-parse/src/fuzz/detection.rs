//! Entry of the fuzz target for detection.

use super::limits;
use crate::detect::Candidate;
use crate::protocol::CANDIDATES;
use crate::{Detection, Detector, Direction, Limits, Place, Side, Verdict};

/// Detection: what a prefix decides, no further byte changes, for any protocol in either role; and the detector agrees, however
/// the bytes come.
pub fn detection(data: &[u8]) {
    let Some((&options, data)) = data.split_first() else { return };
    for Candidate { protocol, detect } in CANDIDATES {
        for (direction, place) in ROLES {
            let decided = (1..=data.len()).filter_map(|len| data.get(..len));
            let mut last = Detection::NeedMore;
            for detection in decided.map(|prefix| detect(direction, place, prefix, &limits())) {
                assert!(
                    last == Detection::NeedMore || last == detection,
                    "{protocol:?} {direction:?} {place:?}: {last:?} became {detection:?}"
                );
                last = detection;
            }
        }
    }
    // In the middle of a stream, and at the limits, more at once says more than some at a time.
    if data.len() > 40 {
        return;
    }
    let verdict_of = |piece: usize| {
        let mut detector = Detector::new(&Limits::default(), false);
        let verdicts = data.chunks(piece.max(1)).map(|data| detector.bytes(Side::A, 0, data));
        verdicts.into_iter().find(|verdict| *verdict != Verdict::Undecided)
    };
    assert_eq!(verdict_of(data.len()), verdict_of(usize::from(options)));
}

const ROLES: [(Direction, Place); 4] = [
    (Direction::ToServer, Place::Start),
    (Direction::ToClient, Place::Start),
    (Direction::ToServer, Place::Middle),
    (Direction::ToClient, Place::Middle),
];
