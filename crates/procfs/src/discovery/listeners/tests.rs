use geophone_model::{capture::SocketState, fact::OwnerSource};

use super::*;

const SECOND: u64 = 1_000_000_000;
const AT: fn(u64) -> Timestamp = |seconds| Timestamp::from_ns(1_000 * SECOND + seconds * SECOND);

fn cookie(number: u64) -> SocketCookie {
    SocketCookie::new(number).unwrap()
}

fn change(at: u64, change: SocketState, number: u64, local: &str) -> SocketChange {
    let remote = (change == SocketState::Accepted).then(|| "192.0.2.9:50000".parse().unwrap());
    let pid = (change == SocketState::Listening).then_some(Pid(7));
    let local = local.parse().unwrap();
    SocketChange { at: AT(at), change, netns: NetNs(1), cookie: cookie(number), local, remote, pid }
}

fn listening(number: u64, local: &str) -> SocketChange {
    change(0, SocketState::Listening, number, local)
}

/// The cookies of the listeners that are asked for when a connection to `local` is taken.
fn asked(listeners: &mut Listeners, at: u64, local: &str) -> Vec<u64> {
    let mut asked = Vec::new();
    let accepted = change(at, SocketState::Accepted, 1_000, local);
    listeners.accepted(&accepted, |inquiry| {
        assert_eq!(inquiry.connection.map(|connection| connection.cookie), Some(cookie(1_000)));
        asked.push(inquiry.cookie.as_u64());
    });
    asked
}

#[test]
fn the_first_connection_asks_and_then_fewer_and_fewer_do() {
    let mut listeners = Listeners::new(10);
    listeners.opened(&listening(1, "0.0.0.0:80"));
    let times: Vec<u64> = (5..2_000).filter(|at| !asked(&mut listeners, *at, "10.0.0.1:80").is_empty()).collect();
    assert_eq!(times, [5, 15, 35, 75, 155, 315, 635, 1_275, 1_915]);
}

#[test]
fn another_holder_is_looked_at_soon_again() {
    let mut listeners = Listeners::new(10);
    listeners.opened(&listening(1, "0.0.0.0:80"));
    let times = |listeners: &mut Listeners, span: std::ops::Range<u64>| -> Vec<u64> {
        span.filter(|at| !asked(listeners, *at, "10.0.0.1:80").is_empty()).collect()
    };
    assert_eq!(times(&mut listeners, 0..100), [0, 10, 30, 70]);
    listeners.held(cookie(1), Pid(8));
    assert_eq!(times(&mut listeners, 100..300), [150, 160, 180, 220]);
    listeners.held(cookie(1), Pid(8));
    assert_eq!(times(&mut listeners, 300..400), [300], "nothing new");
}

#[test]
fn only_those_that_may_have_taken_the_connection_are_asked_for() {
    let mut listeners = Listeners::new(10);
    for (number, local) in
        [(1, "0.0.0.0:80"), (2, "[::]:80"), (3, "10.0.0.1:80"), (4, "10.0.0.2:80"), (5, "0.0.0.0:81"), (6, "[::1]:80")]
    {
        listeners.opened(&listening(number, local));
    }
    assert_eq!(asked(&mut listeners, 0, "10.0.0.1:80"), [1, 2, 3]);
    assert_eq!(asked(&mut listeners, 0, "[::1]:80"), [6], "the other was asked for just now");
    let mut elsewhere = change(0, SocketState::Accepted, 1_000, "10.0.0.2:80");
    elsewhere.netns = NetNs(2);
    listeners.accepted(&elsewhere, |inquiry| panic!("{inquiry:?}"));
}

#[test]
fn the_end_of_its_holder_asks() {
    let mut listeners = Listeners::new(10);
    listeners.opened(&listening(1, "0.0.0.0:80"));
    listeners.opened(&listening(2, "0.0.0.0:81"));
    listeners.held(cookie(2), Pid(8));
    let mut asked = Vec::new();
    let mut ask = |inquiry: Inquiry| {
        asked.push((inquiry.cookie.as_u64(), inquiry.at, inquiry.near, inquiry.is_known));
    };
    listeners.exec(Pid(8), AT(10), &mut ask);
    listeners.exit(Pid(8), AT(20));
    listeners.exit(Pid(8), AT(30));
    listeners.exit(Pid(7), AT(40));
    listeners.ask_for_left(&mut ask);
    listeners.ask_for_left(&mut ask);
    assert_eq!(asked, [(2, AT(10), Some(Pid(8)), true), (2, AT(20), None, false), (1, AT(40), None, false)]);
}

#[test]
fn a_listener_that_ends_with_its_holder_is_not_asked_for() {
    let mut listeners = Listeners::new(10);
    listeners.opened(&listening(1, "0.0.0.0:80"));
    listeners.exit(Pid(7), AT(20));
    listeners.closed(cookie(1));
    listeners.ask_for_left(|inquiry| panic!("{inquiry:?}"));
}

#[test]
fn what_is_older_than_the_capture_is_known_with_its_holder() {
    let mut listeners = Listeners::new(10);
    let mut fact = SocketFact {
        at: AT(0),
        netns: NetNs(1),
        cookie: Some(cookie(1)),
        transport: Transport::Tcp,
        local: "0.0.0.0:80".parse().unwrap(),
        remote: None,
        pid: Pid(8),
        source: OwnerSource::Descriptor,
    };
    listeners.surveyed(&fact);
    // Read from the ring after the survey, that it is opened says nothing new.
    listeners.opened(&listening(1, "0.0.0.0:80"));
    fact.cookie = Some(cookie(2));
    fact.remote = "10.0.0.2:5000".parse().ok();
    listeners.surveyed(&fact);
    (fact.cookie, fact.remote, fact.transport) = (Some(cookie(3)), None, Transport::Udp);
    listeners.surveyed(&fact);
    let mut asked = Vec::new();
    let accepted = change(5, SocketState::Accepted, 1_000, "10.0.0.1:80");
    listeners.accepted(&accepted, |inquiry| asked.push((inquiry.cookie.as_u64(), inquiry.near, inquiry.is_known)));
    assert_eq!(asked, [(1, Some(Pid(8)), true)], "a connection and a datagram socket are no listeners");
}

#[test]
fn closed_listeners_leave_nothing_behind() {
    let mut listeners = Listeners::new(10);
    for number in 1..=5 {
        listeners.opened(&listening(number, "0.0.0.0:80"));
        listeners.held(cookie(number), Pid(8));
    }
    (1..=5).for_each(|number| listeners.closed(cookie(number)));
    listeners.held(cookie(1), Pid(8));
    assert!(listeners.by_cookie.is_empty() && listeners.by_port.is_empty() && listeners.by_pid.is_empty());
}

#[test]
fn too_many_forget_the_one_that_was_used_the_longest_time_ago() {
    let mut listeners = Listeners::new(3);
    for number in 1..=3 {
        listeners.opened(&change(number, SocketState::Listening, number, &format!("0.0.0.0:{number}")));
    }
    assert_eq!(asked(&mut listeners, 10, "10.0.0.1:1"), [1]);
    listeners.opened(&change(20, SocketState::Listening, 4, "0.0.0.0:4"));
    assert_eq!((listeners.by_cookie.len(), listeners.evicted), (3, 1));
    assert_eq!(asked(&mut listeners, 30, "10.0.0.1:2"), []);
    assert_eq!(asked(&mut listeners, 30, "10.0.0.1:3"), [3]);
}
