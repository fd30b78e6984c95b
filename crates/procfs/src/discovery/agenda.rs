//! Which listeners are to be looked for next, and how much looking is allowed. Time is counted in ticks, and the work in
//! operations of the kernel, so no clock is read.

use std::collections::BTreeMap;

use geophone_model::net::SocketCookie;

use super::listeners::Inquiry;

/// How long one tick lasts, in milliseconds. What is asked within one is looked for together.
pub(super) const TICK_MS: u64 = 20;

/// Operations (a file opened, a link read: about four microseconds each) that are paid off in one tick, so that looking takes
/// some twentieth of one core at most, however often it is asked for and however large the machine.
const OPERATIONS_PER_TICK: u64 = 250;
/// All processes are looked at once in this many ticks at most: two seconds.
const TICKS_BETWEEN_SCANS: u64 = 100;
/// A connection that waits in the queue of its listener shows nothing yet: it is looked at again after 200 ms…
const TICKS_BETWEEN_TRIES: u64 = 10;
/// … for as long as half a minute: a service may be started by its first connection.
const MAX_TRIES: u32 = 150;

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// At those who are believed to hold the listeners, and their descendants.
    Near,
    /// At all processes.
    All,
}

/// What there is to do.
#[derive(Debug)]
pub(super) struct Agenda {
    waiting: BTreeMap<SocketCookie, Waiting>,
    max_waiting: usize,
    /// Ticks until it may be looked near, and at all, again.
    near_pause: u64,
    scan_pause: u64,
}

#[derive(Debug)]
struct Waiting {
    inquiry: Inquiry,
    scope: Scope,
    pause: u64,
    tries: u32,
    /// Whether it was not found near once.
    is_second: bool,
}

impl Agenda {
    pub(super) const fn new(max_waiting: usize) -> Self {
        Self { waiting: BTreeMap::new(), max_waiting, near_pause: 0, scan_pause: 0 }
    }

    /// Whether nothing waits and no pause has to be counted down.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.near_pause == 0 && self.scan_pause == 0
    }

    /// Whether there is room for another inquiry. Where there is none, it has to wait in its queue.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.max_waiting
    }

    /// Takes an inquiry, for which there is room. A listener that waits already waits once, for what is asked last, since what was asked first.
    pub(super) fn add(&mut self, inquiry: Inquiry) {
        if let Some(waiting) = self.waiting.get_mut(&inquiry.cookie) {
            let at = waiting.inquiry.at.min(inquiry.at);
            let connection = inquiry.connection.or(waiting.inquiry.connection);
            *waiting = Waiting::new(Inquiry { at, connection, ..inquiry });
        } else {
            self.waiting.insert(inquiry.cookie, Waiting::new(inquiry));
        }
    }

    /// A tick has passed.
    pub(super) fn tick(&mut self) {
        self.near_pause = self.near_pause.saturating_sub(1);
        self.scan_pause = self.scan_pause.saturating_sub(1);
        for waiting in self.waiting.values_mut() {
            waiting.pause = waiting.pause.saturating_sub(1);
        }
    }

    /// What may be looked for now, all of it at once.
    pub(super) fn take(&mut self, scope: Scope) -> Vec<Inquiry> {
        let pause = match scope {
            Scope::Near => self.near_pause,
            Scope::All => self.scan_pause,
        };
        if pause > 0 {
            return Vec::new();
        }
        let due = self.waiting.values().filter(|waiting| waiting.scope == scope && waiting.pause == 0);
        due.map(|waiting| waiting.inquiry).collect()
    }

    /// An inquiry is answered, or has no answer.
    pub(super) fn done(&mut self, cookie: SocketCookie) {
        self.waiting.remove(&cookie);
    }

    /// Near was not enough. For a connection it is looked there once more, since it may be closed while it is looked for.
    pub(super) fn widen(&mut self, cookie: SocketCookie) {
        let Some(waiting) = self.waiting.get_mut(&cookie) else { return };
        if waiting.inquiry.connection.is_none() || waiting.is_second {
            waiting.scope = Scope::All;
        }
        waiting.is_second = true;
    }

    /// The connection has not been accepted yet. It is looked at again, until it has had its tries and counts no more.
    pub(super) fn again(&mut self, cookie: SocketCookie) {
        let Some(waiting) = self.waiting.get_mut(&cookie) else { return };
        waiting.tries += 1;
        waiting.pause = TICKS_BETWEEN_TRIES;
        if waiting.tries == MAX_TRIES {
            waiting.inquiry.connection = None;
        }
    }

    /// It was looked, for so many operations.
    pub(super) fn spent(&mut self, scope: Scope, operations: u64) {
        let pause = operations.div_ceil(OPERATIONS_PER_TICK);
        match scope {
            Scope::Near => self.near_pause = pause,
            Scope::All => self.scan_pause = pause.max(TICKS_BETWEEN_SCANS),
        }
    }
}

impl Waiting {
    const fn new(inquiry: Inquiry) -> Self {
        Self { inquiry, scope: Scope::Near, pause: 0, tries: 0, is_second: false }
    }
}

#[cfg(test)]
mod tests {
    use geophone_model::{
        fact::Pid,
        net::{Endpoint, NetNs},
        time::Timestamp,
    };

    use super::{super::listeners::Connection, *};

    fn inquiry(cookie: u64, at: u64) -> Inquiry {
        Inquiry {
            cookie: SocketCookie::new(cookie).unwrap(),
            netns: NetNs(1),
            local: "0.0.0.0:80".parse().unwrap(),
            at: Timestamp::from_ns(at),
            near: Some(Pid(7)),
            is_known: false,
            connection: None,
        }
    }

    fn connection() -> Connection {
        let end = |text: &str| -> Endpoint { text.parse().unwrap() };
        Connection { cookie: SocketCookie::new(99).unwrap(), local: end("10.0.0.1:80"), remote: end("10.0.0.2:5000") }
    }

    #[test]
    fn what_is_asked_twice_is_looked_for_once() {
        let mut agenda = Agenda::new(8);
        agenda.add(Inquiry { connection: Some(connection()), ..inquiry(1, 20) });
        agenda.add(inquiry(2, 20));
        agenda.add(Inquiry { near: Some(Pid(8)), ..inquiry(1, 30) });
        let merged = Inquiry { near: Some(Pid(8)), connection: Some(connection()), ..inquiry(1, 20) };
        assert_eq!(agenda.take(Scope::Near), [merged, inquiry(2, 20)]);
    }

    /// However many listeners are asked for, and however much there is to look at.
    #[test]
    fn looking_at_all_processes_takes_a_small_share_of_the_time() {
        const TICKS: u64 = 10_000;
        for operations in [10, 40_000, 1_000_000] {
            let mut agenda = Agenda::new(100);
            let (mut scans, mut cookie) = (0_u64, 0);
            for _ in 0..TICKS {
                cookie += 1;
                agenda.add(inquiry(cookie, cookie));
                agenda.widen(SocketCookie::new(cookie).unwrap());
                agenda.tick();
                let found = agenda.take(Scope::All);
                if !found.is_empty() {
                    scans += 1;
                    agenda.spent(Scope::All, operations);
                    found.iter().for_each(|inquiry| agenda.done(inquiry.cookie));
                }
            }
            let fewest_ticks = TICKS_BETWEEN_SCANS.max(operations / OPERATIONS_PER_TICK);
            assert_eq!(scans, TICKS.div_ceil(fewest_ticks), "{operations} operations a scan");
        }
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut agenda = Agenda::new(3);
        let taken = (1..=10).take_while(|cookie| {
            let has_room = agenda.has_room();
            agenda.add(inquiry(*cookie, 0));
            has_room
        });
        assert_eq!(taken.count(), 3);
    }

    #[test]
    fn a_connection_is_looked_for_twice_before_all_processes_are() {
        let mut agenda = Agenda::new(8);
        let with_connection = Inquiry { connection: Some(connection()), ..inquiry(1, 0) };
        agenda.add(with_connection);
        agenda.widen(with_connection.cookie);
        assert_eq!((agenda.take(Scope::Near).len(), agenda.take(Scope::All).len()), (1, 0));
        agenda.widen(with_connection.cookie);
        assert_eq!((agenda.take(Scope::Near).len(), agenda.take(Scope::All).len()), (0, 1));
    }

    #[test]
    fn a_scan_does_not_keep_anybody_from_looking_near() {
        let mut agenda = Agenda::new(8);
        agenda.spent(Scope::All, 1_000_000);
        agenda.add(inquiry(1, 0));
        assert_eq!(agenda.take(Scope::Near).len(), 1);
        agenda.spent(Scope::Near, 2 * OPERATIONS_PER_TICK);
        let ticks = (0..).find(|_| {
            let is_allowed = !agenda.take(Scope::Near).is_empty();
            agenda.tick();
            is_allowed
        });
        assert_eq!(ticks, Some(2));
    }

    #[test]
    fn a_connection_that_nobody_accepts_is_given_up() {
        let mut agenda = Agenda::new(8);
        let with_connection = Inquiry { connection: Some(connection()), ..inquiry(1, 0) };
        agenda.add(with_connection);
        let mut tries = 0;
        for _ in 0..u64::from(MAX_TRIES) * TICKS_BETWEEN_TRIES {
            for found in agenda.take(Scope::Near) {
                assert_eq!(found, with_connection);
                tries += 1;
                agenda.again(found.cookie);
            }
            agenda.tick();
        }
        assert_eq!((tries, agenda.take(Scope::Near)), (MAX_TRIES, vec![inquiry(1, 0)]));
    }

    #[test]
    fn it_is_idle_when_its_pauses_are_over() {
        let mut agenda = Agenda::new(8);
        assert!(agenda.is_idle());
        agenda.add(inquiry(1, 0));
        assert!(!agenda.is_idle());
        agenda.spent(Scope::All, 1);
        agenda.done(SocketCookie::new(1).unwrap());
        let mut ticks = 0;
        while !agenda.is_idle() {
            agenda.tick();
            ticks += 1;
        }
        assert_eq!(ticks, TICKS_BETWEEN_SCANS);
    }
}
