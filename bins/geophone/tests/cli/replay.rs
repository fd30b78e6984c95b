//! Of which time a replay says what it says.

use serde_json::Value;

use crate::{
    Scratch,
    pcap::{self, Packet, exchange},
    run, stderr, stdout,
};

/// 2023-11-14, at the beginning of a window.
const BEGIN_MS: u64 = 1_700_000_000_000;
const WINDOW_SECONDS: f64 = 10.0;

/// The map of a capture of these packets.
fn map(name: &str, packets: &[Packet]) -> Value {
    let file = Scratch::new(name, &pcap::file(packets));
    let output = run(&["replay", file.path(), "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Requests to the shop.
fn requests(map: &Value) -> u64 {
    let nodes = map["nodes"].as_array().unwrap();
    let shop = nodes.iter().find(|node| node["name"] == "shop").unwrap_or_else(|| panic!("{map}"));
    shop["inbound"]["requests"].as_u64().unwrap()
}

#[test]
fn what_comes_late_in_a_file_and_is_older_is_counted() {
    let early = exchange(BEGIN_MS, 1, 40_000);
    let late = [exchange(BEGIN_MS + 60_000, 2, 40_000), exchange(BEGIN_MS + 61_000, 3, 40_000)].concat();
    for (name, packets) in [("in-order.pcap", [&*early, &*late]), ("disorder.pcap", [&*late, &*early])] {
        let map = map(name, &packets.concat());
        assert_eq!((requests(&map), &map["length_seconds"]), (3, &70.0.into()), "{name}");
        assert_eq!(map["start_seconds"], (BEGIN_MS / 1_000) as f64, "{name}");
    }
}

#[test]
fn a_stray_packet_of_another_age_does_not_stretch_the_time() {
    let mut packets = exchange(BEGIN_MS, 1, 40_000);
    let without = map("no-stray.pcap", &packets);
    packets.insert(3, pcap::stray(1_000));
    let with = map("stray.pcap", &packets);
    assert_eq!((requests(&with), &with["length_seconds"]), (requests(&without), &WINDOW_SECONDS.into()));
    assert_eq!(with["start_seconds"], without["start_seconds"]);
}

#[test]
fn what_there_was_no_memory_for_is_said_and_does_not_thin_the_rates() {
    const WINDOWS: u64 = 600;
    const A_WINDOW: u64 = 24;
    let at = |window, number| BEGIN_MS + window * 10_000 + number * 300;
    let packets: Vec<Packet> = (0..WINDOWS)
        .flat_map(|window| (0..A_WINDOW).map(move |number| (window, number)))
        .flat_map(|(window, number)| exchange(at(window, number), number as u8, 10_000 + window as u16))
        .collect();
    let file = Scratch::new("large.pcap", &pcap::file(&packets));

    let output = run(&["replay", file.path(), "--format", "json", "--memory-limit", "32MiB"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (map, ledger) = (serde_json::from_slice::<Value>(&output.stdout).unwrap(), stderr(&output));
    let (requests, seconds) = (requests(&map), map["length_seconds"].as_f64().unwrap());
    let windows = seconds / WINDOW_SECONDS;
    assert!(windows > 1.0 && windows < WINDOWS as f64, "{windows} windows are left");
    assert_eq!(requests as f64, windows * A_WINDOW as f64, "and what they say is whole");
    let sentence = format!("only the last {seconds} s of {} s are shown", WINDOWS as f64 * WINDOW_SECONDS);
    for words in [&sentence, "--memory-limit"] {
        assert!(ledger.contains(words), "`{words}` is not in {ledger}");
    }
    let all = WINDOWS * A_WINDOW;
    // Each exchange is a point in the client's view and one in the server's.
    let (points, held) = (2 * all, 2 * requests);
    for row in [
        format!("aggregate exchanges: seen {all} = passed {all}"),
        format!("store exchanges: seen {all} = passed {all}"),
        format!("store points: seen {points} = passed {held} + evicted {}", points - held),
    ] {
        assert!(ledger.contains(&row), "`{row}` is not in {ledger}");
    }

    let output = run(&["replay", file.path()]);
    let (table, ledger) = (stdout(&output), stderr(&output));
    assert!(table.contains(&format!("  {all}  ")), "{table}");
    assert!(!ledger.contains("evicted") && !ledger.contains("are shown"), "{ledger}");
}
