//! Rate, errors and duration of your own handlers, without any capture.
//!
//!     cargo run -p geophone-examples --bin red_in_your_program
//!
//! The aggregator counts whatever you tell it about: here, a minute of a shop whose handlers are made up. It turns paths into
//! operations (`/items/17` into `/items/{id}`), keeps durations in mergeable distributions, and hands out a window of ten
//! seconds whenever one is over.

#![expect(clippy::print_stdout, reason = "what an example prints is what it shows")]

use std::{collections::BTreeMap, sync::Arc};

use geophone_model::{
    exchange::Observed,
    identity::{Identity, IdentityKind},
    ledger::Coverage,
    protocol::Protocol,
    series::{View, WindowSnapshot},
    status::{Status, StatusClass},
    time::{Timestamp, Window},
};
use geophone_red::{Aggregator, Config, Outcome, Subject};
use geophone_servicemap::{Summary, Tally};

/// A made-up handler: how it went, and how many nanoseconds it took.
fn handle(verb: &str, path: &str, chance: u64) -> (StatusClass, u64) {
    let slow_ns = if chance.is_multiple_of(33) { 250_000_000 } else { 0 };
    match (verb, path) {
        ("GET", "/health") => (StatusClass::Ok, 90_000 + chance % 20_000),
        ("GET", _) if chance.is_multiple_of(25) => (StatusClass::ClientError, 300_000),
        ("GET", _) => (StatusClass::Ok, 2_000_000 + chance % 3_000_000 + slow_ns),
        _ if chance.is_multiple_of(40) => (StatusClass::ServerError, 1_000_000_000),
        _ => (StatusClass::Ok, 20_000_000 + chance % 10_000_000),
    }
}

fn main() {
    let mut aggregator = Aggregator::new(Config::default());
    let browser = Arc::new(Identity::new(IdentityKind::ExternalClient, None, "browser"));
    let shop = Arc::new(Identity::new(IdentityKind::Process, None, "shop"));

    // A server of yours reads its clock where a handler returns; here the clock goes on by ten milliseconds a request.
    let mut windows = Vec::new();
    for request in 0..6_000_u64 {
        let now = Timestamp::from_ns(request * 10_000_000);
        let chance = request.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let (verb, path) = match request % 10 {
            0 => ("GET", "/health".to_owned()),
            1..=7 => ("GET", format!("/items/{}", chance % 1_000)),
            _ => ("POST", format!("/carts/{}/checkout", chance % 100)),
        };
        let (class, duration_ns) = handle(verb, &path, chance);

        let subject = Subject {
            observed: Observed::Server,
            client: &browser,
            server: &shop,
            delivery: false,
            protocol: Protocol::Http1,
            verb,
            resource: &path,
        };
        let status = Status { class, ..Status::default() };
        aggregator.observe(&subject, &Outcome { status, ..Outcome::answered(now, duration_ns) });
        windows.append(&mut aggregator.advance(now));
    }
    windows.append(&mut aggregator.flush());

    println!("{} windows of ten seconds", windows.len());
    let minute = Window { start: Timestamp::MIN, length_ns: 60_000_000_000 };
    println!(
        "{:32} {:>8} {:>7} {:>7} {:>9} {:>9} {:>9}",
        "operation", "requests", "per s", "errors", "p50", "p95", "p99"
    );
    for (operation, figures) in by_operation(&windows, minute) {
        let ms = |seconds: f64| format!("{:.2} ms", seconds * 1_000.0);
        let [p50, p95, p99] = figures.duration_seconds.map_or([0.0; 3], |all| [all.p50, all.p95, all.p99]).map(ms);
        let (requests, rate, errors) = (figures.requests, figures.rate_per_second, figures.error_ratio * 100.0);
        println!("{operation:32} {requests:>8} {rate:>7.1} {errors:>5.1} % {p50:>9} {p95:>9} {p99:>9}");
    }
}

/// Windows and statuses add up, and the quantiles of the sum are those of all its values.
fn by_operation(windows: &[WindowSnapshot], range: Window) -> BTreeMap<Arc<str>, Summary> {
    let mut tallies = BTreeMap::new();
    for point in windows.iter().flat_map(|window| &window.points) {
        let tally = tallies.entry(Arc::clone(&point.key.operation)).or_insert_with(|| Tally::new(View::Server));
        tally.add(point).expect("we measure as a server, and the point is our own");
    }
    tallies.into_iter().map(|(name, tally)| (name, Summary::new(&tally, range, Coverage::default()))).collect()
}
