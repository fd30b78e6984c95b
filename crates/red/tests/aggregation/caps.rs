//! What happens at every bound.

use geophone_model::series::OTHER_OPERATION;
use geophone_red::{Aggregator, Config, Outcome};

use crate::support::{assert_balanced, at, external, get, ok_at, operations, process, starts_and_requests, status};

#[test]
fn operations_past_the_cap_are_folded() {
    let (web, shop) = (process("web"), process("shop"));
    let mut config = Config::default();
    config.max_operations = 2;
    let mut aggregator = Aggregator::new(config);
    for path in ["/a", "/b", "/c", "/d", "/a"] {
        aggregator.observe(&get(&web, &shop, path), &ok_at(1));
    }
    aggregator.observe(&get(&shop, &web, "/c"), &ok_at(1));
    let mut counted = operations(&aggregator.flush());
    counted.sort();
    let expected = [("GET /a", 2), ("GET /b", 1), ("GET /c", 1), (OTHER_OPERATION, 2)];
    assert_eq!(counted, expected.map(|(operation, requests)| (operation.to_owned(), requests)));
    assert_eq!(aggregator.counters().operations_folded, 2);
}

#[test]
fn a_scan_takes_a_quarter_of_the_operations_and_teaches_nothing() {
    let (scanner, shop) = (external("203.0.113.9"), process("shop"));
    let mut config = Config::default();
    config.max_operations = 8;
    config.template.max_first_literals = 4;
    let mut aggregator = Aggregator::new(config);
    for number in 0..50 {
        let outcome = Outcome { status: status(404), ..ok_at(1) };
        aggregator.observe(&get(&scanner, &shop, &format!("/admin-{number}x")), &outcome);
    }
    assert_eq!(aggregator.counters().operations_folded, 48);
    for path in ["/cart", "/pay", "/admin-0x", "/admin-49x"] {
        let operation = aggregator.observe(&get(&scanner, &shop, path), &ok_at(1));
        assert_eq!(**operation, format!("GET {path}"), "an answer other than 404 gives it a place");
    }
    assert_eq!(aggregator.counters().positions_learned, 0);
    let outcome = Outcome { status: status(404), ..ok_at(1) };
    let operation = aggregator.observe(&get(&scanner, &shop, "/admin-50x"), &outcome);
    assert_eq!(&**operation, "GET /admin-50x", "the quarter has a place again, since one of it was answered");
}

#[test]
fn learning_a_position_is_counted_and_reaches_cached_paths() {
    let (web, shop) = (process("web"), process("shop"));
    let mut config = Config::default();
    config.template.max_literals = 2;
    let mut aggregator = Aggregator::new(config);
    let mut operation =
        |name: &str| aggregator.observe(&get(&web, &shop, &format!("/users/{name}")), &ok_at(1)).to_string();
    assert_eq!(operation("ann"), "GET /users/ann");
    assert_eq!(operation("bob"), "GET /users/bob");
    assert_eq!(operation("cyd"), "GET /users/{var}");
    assert_eq!(operation("ann"), "GET /users/{var}");
    assert_eq!(aggregator.counters().positions_learned, 1);
}

#[test]
fn identities_past_the_cap_are_folded_and_our_own_have_places_kept() {
    let shop = process("shop");
    let mut config = Config::default();
    config.max_identities = 8;
    let mut aggregator = Aggregator::new(config);
    for number in 0..20 {
        aggregator.observe(&get(&external(&format!("203.0.113.{number}")), &shop, "/"), &ok_at(1));
    }
    assert_eq!(aggregator.counters().identities_folded, 14);
    aggregator.observe(&get(&process("cron"), &shop, "/"), &ok_at(1));
    assert_eq!(aggregator.counters().identities_folded, 14);
    aggregator.observe(&get(&process("late"), &shop, "/"), &ok_at(1));
    assert_eq!(aggregator.counters().identities_folded, 15);
    let points = aggregator.flush().remove(0).points;
    let folded: Vec<_> = points.iter().filter(|point| point.key.peer.name == "~other").map(|p| p.requests).collect();
    assert_eq!(folded, [1, 14], "one process, and the rest of the external clients");
}

#[test]
fn series_past_the_cap_lose_their_names_before_they_are_withheld() {
    let shop = process("shop");
    let mut config = Config::default();
    config.max_series = 32;
    let mut aggregator = Aggregator::new(config);
    for number in 0..100 {
        let outcome = Outcome { status: status(200 + number % 50), ..ok_at(1) };
        aggregator.observe(&get(&external(&format!("203.0.113.{number}")), &shop, "/"), &outcome);
    }
    assert_eq!(aggregator.counters().recorded, 100);
    assert_eq!(aggregator.counters().series_folded, 72);
    assert_eq!(starts_and_requests(&aggregator.flush()), [(0, 100)]);

    for number in 0..100 {
        aggregator.observe(&get(&process(&format!("p{number}")), &shop, "/"), &ok_at(11));
    }
    assert_eq!(aggregator.counters().series_full, 68);
    assert_balanced(&aggregator);
    assert_eq!(starts_and_requests(&aggregator.flush()), [(10, 32)]);
}

#[test]
fn under_churn_memory_stays_within_the_budget_and_old_names_expire() {
    let shop = process("shop");
    let mut config = Config::default();
    config.memory_budget = 1 << 20;
    config.path_cache_entries = 256;
    config.idle_windows = 3;
    let mut aggregator = Aggregator::new(config.clone());
    let mut most = 0;
    for round in 0..60 {
        for number in 0..400 {
            let client = external(&format!("client-{round}-{number}"));
            aggregator.observe(&get(&client, &shop, &format!("/r{round}/n{number}")), &ok_at(10 * round + 1));
        }
        aggregator.advance(at(10 * round));
        most = most.max(aggregator.memory_bytes());
    }
    let counters = aggregator.counters();
    // Series that exist may grow past the budget, by their buckets.
    assert!(most < config.memory_budget + config.memory_budget / 4, "{most}");
    assert!(counters.identities_expired > 400 && counters.operations_expired > 100, "{counters:?}");
    assert_eq!(counters.recorded, 60 * 400, "{counters:?}");
    assert_balanced(&aggregator);

    for round in 60..80 {
        aggregator.observe(&get(&shop, &shop, "/"), &ok_at(10 * round));
        aggregator.advance(at(10 * round + 2));
    }
    assert!(aggregator.memory_bytes() < most / 2, "{} of {most}", aggregator.memory_bytes());
}

#[test]
fn an_operation_that_expired_gives_its_place_to_another() {
    let (web, shop) = (process("web"), process("shop"));
    let mut config = Config::default();
    config.max_operations = 1;
    config.idle_windows = 2;
    let mut aggregator = Aggregator::new(config);
    aggregator.observe(&get(&web, &shop, "/old"), &ok_at(1));
    for round in 0..8 {
        aggregator.observe(&get(&web, &shop, "/new"), &ok_at(10 * round + 1));
        aggregator.advance(at(10 * round + 2));
    }
    assert_eq!(&**aggregator.observe(&get(&web, &shop, "/new"), &ok_at(80)), "GET /new");
    assert_eq!(&**aggregator.observe(&get(&web, &shop, "/old"), &ok_at(80)), OTHER_OPERATION);
    assert_eq!(aggregator.counters().operations_expired, 1);
}

#[test]
fn external_identities_that_expired_give_their_places_to_others() {
    let shop = process("shop");
    let mut config = Config::default();
    config.max_identities = 8;
    config.idle_windows = 1;
    let mut aggregator = Aggregator::new(config);
    for round in 0..20 {
        aggregator.observe(&get(&external(&format!("client-{round}")), &shop, "/"), &ok_at(10 * round));
        aggregator.advance(at(10 * round + 2));
    }
    let counters = aggregator.counters();
    assert_eq!((counters.identities_folded, counters.recorded), (0, 20));
    assert!(counters.identities_expired >= 16, "{counters:?}");
}
