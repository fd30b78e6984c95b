//! The page of a recording.

use std::{collections::BTreeSet, fs, path::Path};

use geophone_servicemap::Thresholds;
use serde_json::Value;

use crate::{
    browser::Browser,
    program::Program,
    snapshot::{Snapshot, attribute},
};

/// Opens the page of the demo in a browser of its own; `None` where there is no browser.
fn open(name: &str, query: &str) -> Option<(Program, Browser, Snapshot)> {
    let mut browser = Browser::start(name)?;
    let program = Program::replay();
    browser.open(&program.page(query));
    let page = browser.snapshot();
    Some((program, browser, page))
}

#[test]
fn the_map_and_the_table_have_every_service_with_its_figures() {
    let Some((program, mut browser, page)) = open("map", "") else { return };
    browser.has_no_complaint();

    let services = program.ask("services?limit=1000");
    let services = services["services"].as_array().unwrap();
    assert!(services.len() >= 10, "the demo has some services");
    let ids: BTreeSet<&str> = services.iter().map(|service| text(service, "id")).collect();
    let nodes: BTreeSet<&str> = page.tags("class=\"node ").filter_map(|tag| attribute(tag, "data-id")).collect();
    assert_eq!(nodes, ids);

    let map = program.ask("service-map");
    let edge_of = |edge: &Value| {
        let [source, target, health] = ["source", "target", "health"].map(|name| text(edge, name).to_owned());
        (source, target, health)
    };
    let edges: BTreeSet<_> = map["edges"].as_array().unwrap().iter().map(edge_of).collect();
    let drawn_of = |tag: &str| {
        let [source, target, health] = ["data-source", "data-target", "data-health"].map(|name| attribute(tag, name));
        (source.unwrap().to_owned(), target.unwrap().to_owned(), health.unwrap().to_owned())
    };
    assert_eq!(page.tags("class=\"edge ").map(drawn_of).collect::<BTreeSet<_>>(), edges);

    for service in services {
        assert_eq!(page.row(text(service, "id")), row_of(service));
    }
}

#[test]
fn the_legend_says_where_one_health_ends() {
    let Some((_program, mut browser, page)) = open("legend", "") else { return };
    let Thresholds { failing_error_ratio, degraded_client_error_ratio, failing_client_error_ratio, .. } =
        Thresholds::default();
    let percent = |ratio: f64| format!("{:.0} %", ratio * 100.0);
    for (health, ratios) in [
        ("healthy", vec![degraded_client_error_ratio]),
        ("degraded", vec![degraded_client_error_ratio]),
        ("failing", vec![failing_error_ratio, failing_client_error_ratio]),
    ] {
        let entry = format!("li class=\"{health}\" title=");
        let entry = page.tags(&entry).next().unwrap();
        let title = attribute(entry, "title").unwrap();
        assert!(ratios.iter().all(|&ratio| title.contains(&percent(ratio))), "{health}: {title}");
        let pointed_at = format!("getComputedStyle(document.querySelector('.legend .{health}')).pointerEvents");
        assert_eq!(browser.evaluate(&pointed_at), "auto", "{health}");
    }
}

#[test]
fn a_selected_service_has_a_panel_with_its_operations() {
    let Some((program, mut browser, _)) = open("selected", "") else { return };
    let busiest = busiest(&program);
    let id = text(&busiest, "id");
    browser.open(&program.page(&format!("selected={id}")));
    browser.has_no_complaint();
    let page = browser.snapshot();

    let panel = page.part("<aside", "</aside>");
    assert!(panel.contains(&format!("<h2>{}</h2>", text(&busiest, "name"))), "{panel}");
    assert!(panel.contains(text(&busiest, "reason")), "{panel}");
    let detail = program.ask(&format!("services/{id}"));
    let operations = detail["operations"].as_array().unwrap();
    assert!(!operations.is_empty());
    for operation in operations {
        assert!(panel.contains(&format!(">{}</div></th>", text(operation, "name"))), "{panel}");
    }
    let around = page.tags("data-id=").filter(|tag| tag.starts_with("tr ")).count();
    let peers = |name: &str| detail[name].as_array().unwrap().len();
    assert_eq!(around, 1 + peers("inbound") + peers("outbound"), "the table has it and its neighbours");
}

#[test]
fn exchanges_are_listed_as_they_are_asked_for() {
    let Some((program, mut browser, page)) = open("exchanges", "tab=exchanges&status=server_error") else { return };
    browser.has_no_complaint();
    let answer = program.ask("exchanges?status=server_error");
    let exchanges = answer["exchanges"].as_array().unwrap();
    assert!(!exchanges.is_empty(), "the demo has some errors");
    let ids: Vec<&str> = exchanges.iter().map(|exchange| text(exchange, "id")).collect();
    let shown: Vec<&str> = page
        .tags("data-id=")
        .filter(|tag| tag.starts_with("tr "))
        .filter_map(|tag| attribute(tag, "data-id"))
        .collect();
    assert_eq!(shown, ids, "the same, newest first");
    for exchange in exchanges {
        let row = page.row(text(exchange, "id"));
        assert!(row[1].starts_with(text(exchange, "code")), "{row:?}");
        assert_eq!(row[2], text(exchange, "protocol"));
        assert_eq!(row[3], format!("{} {}", text(exchange, "verb"), text(exchange, "path")));
        assert_eq!(row[5], duration(exchange["duration_seconds"].as_f64()));
    }
}

#[test]
fn exchanges_of_any_protocol_say_how_they_ended_and_how_long_they_took() {
    let rows_of = |page: &Snapshot, program: &Program, question: &str| {
        let answer = program.ask(question);
        let exchanges = answer["exchanges"].as_array().unwrap();
        exchanges.iter().map(|exchange| page.row(text(exchange, "id"))).collect::<Vec<_>>()
    };
    let Some((program, mut browser, page)) = open("codes", "tab=exchanges&status=client_error") else { return };
    browser.has_no_complaint();
    let rows = rows_of(&page, &program, "exchanges?status=client_error");
    let has = |protocol: &str, said: &str| rows.iter().any(|row| row[2] == protocol && row[1].starts_with(said));
    let expected =
        [("postgres", "23505"), ("postgres", "40001"), ("redis", "WRONGTYPE"), ("dns", "3 NXDOMAIN"), ("http1", "404")];
    for (protocol, said) in expected {
        assert!(has(protocol, said), "{protocol} {said} in {rows:?}");
    }

    // What nobody answers takes no time, rather than none at all.
    browser.open(&program.page("tab=exchanges&protocol=amqp"));
    let rows = rows_of(&browser.snapshot(), &program, "exchanges?protocol=amqp");
    for (verb, is_answered) in [("deliver", false), ("ack", false), ("publish", true)] {
        let row = rows.iter().find(|row| row[3].starts_with(verb)).unwrap_or_else(|| panic!("{verb} in {rows:?}"));
        assert_eq!(row[5] != "–", is_answered, "{row:?}");
    }
}

#[test]
fn the_legend_has_the_kinds_of_servers_that_are_on_the_map() {
    let Some((program, mut browser, _)) = open("roles", "") else { return };
    let shown =
        "[...document.querySelectorAll('.legend [data-role]:not([hidden])')].map((one) => one.dataset.role).join()";
    assert_eq!(browser.evaluate(shown), "database,cache,queue,name_server");
    browser.open(&program.page("protocol=redis"));
    assert_eq!(browser.evaluate(shown), "cache");
}

#[test]
fn the_ledger_has_every_account() {
    let Some((program, mut browser, page)) = open("ledger", "tab=ledger") else { return };
    browser.has_no_complaint();
    let answer = program.ask("ledger");
    let records = answer["latest"].as_array().unwrap();
    let stages: Vec<&str> =
        records.iter().flat_map(|record| record["rows"].as_array().unwrap()).map(|row| text(row, "stage")).collect();
    assert!(!stages.is_empty());
    let shown: Vec<&str> = page.tags("data-stage=").filter_map(|tag| attribute(tag, "data-stage")).collect();
    assert_eq!(shown, stages);
    assert!(page.part("id=\"ledger\"", "</main>").contains("Kept in memory only"), "what a restart loses is said");
}

#[test]
fn a_problem_is_said_in_words_at_the_field() {
    let Some((_program, _browser, page)) = open("problem", "path=%28") else { return };
    assert!(page.part("id=\"problem\"", "</div>").contains("unclosed group"), "the API's own words");
    let field = page.tags("name=\"path\"").next().unwrap();
    assert_eq!(attribute(field, "aria-invalid"), Some("true"));
}

#[test]
fn what_matches_nothing_says_so() {
    let Some((program, mut browser, page)) = open("nothing", "service=nobody-is-called-so") else { return };
    browser.has_no_complaint();
    assert!(page.part("id=\"map-empty\"", "</section>").contains("Nothing matches"));
    // Before the recording began.
    browser.open(&program.page("from=2020-01-01T00:00:00Z&to=2020-01-01T00:05:00Z"));
    let page = browser.snapshot();
    assert!(page.part("id=\"map-empty\"", "</section>").contains("Show the whole recording"));
}

#[test]
fn a_replay_is_shown_as_one_with_all_of_its_time() {
    let Some((_program, mut browser, page)) = open("replay", "") else { return };
    assert!(page.part("id=\"following\"", "</div>").contains("Replay of demo.geocap"));
    assert!(page.part("id=\"measured\"", "</time>").contains("2026-01-15 "), "{}", page.dom);
    assert_eq!(browser.evaluate("document.title"), "Map · demo.geocap · Geophone");
    let range = "document.querySelector('#filters [name=range]')";
    assert_eq!(browser.evaluate(&format!("{range}.selectedOptions[0].text")), "whole recording");
    // It is two minutes long.
    let offered = format!("[...{range}.options].filter((one) => !one.hidden).map((one) => one.value).join()");
    assert_eq!(browser.evaluate(&offered), "all,1m,custom");
    let requests = "performance.getEntriesByType('resource').map((one) => one.name).join()";
    assert!(!browser.evaluate(requests).as_str().unwrap().contains("/stream"), "nothing is followed");
}

#[test]
fn a_file_without_an_exchange_says_so_and_what_is_not_shown() {
    let Some(mut browser) = Browser::start("empty") else { return };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("empty-{}.pcap", std::process::id()));
    // The head of a pcap of Ethernet packets, version 2.4, in this machine's byte order.
    let head = [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 65_535, 1_u32];
    fs::write(&file, head.map(u32::to_ne_bytes).concat()).unwrap();
    let program = Program::replay_of(&file);
    fs::remove_file(&file).unwrap();
    browser.open(&program.page(""));
    browser.has_no_complaint();
    let page = browser.snapshot();
    let said = page.part("id=\"map-empty\"", "</section>");
    for text in ["No exchange in this recording", file.file_name().unwrap().to_str().unwrap()] {
        assert!(said.contains(text), "{text} in {said}");
    }
    let not_seen = program.ask("about")["not_seen"].clone();
    for text in not_seen.as_array().unwrap() {
        assert!(said.contains(&format!("<li>{}</li>", text.as_str().unwrap())), "{text} in {said}");
    }
    assert_eq!(browser.evaluate("document.querySelector('#measured').textContent"), "", "it is of no time");
}

#[test]
fn who_points_at_a_service_sees_its_figures_beside_it() {
    let Some((program, mut browser, _)) = open("card", "") else { return };
    let busiest = busiest(&program);
    browser.point_at(&format!("#map .node[data-id='{}'] .box", text(&busiest, "id")));
    browser.wait_for("document.querySelector('#card:not([hidden]) .operations')");
    let page = browser.snapshot();
    let card = page.part("id=\"card\"", "<footer");
    let p95 = duration(busiest["duration_seconds"]["p95"].as_f64());
    for figure in [text(&busiest, "name"), text(&busiest, "reason"), &busiest["requests"].to_string(), &p95] {
        assert!(card.contains(figure), "{figure} in {card}");
    }
    browser.has_no_complaint();
}

#[test]
fn no_part_of_the_page_is_wider_than_the_window() {
    let Some((program, mut browser, _)) = open("width", "") else { return };
    for width in [360, 800, 1280, 1920] {
        browser.resize(width, 800);
        for tab in ["map", "exchanges", "ledger"] {
            browser.open(&program.page(&format!("tab={tab}")));
            let least = browser.evaluate("document.documentElement.scrollWidth - innerWidth");
            assert!(least.as_i64().unwrap() <= 0, "{tab} at {width} px is {least} px too wide");
        }
    }
}

/// The service with the most requests.
fn busiest(program: &Program) -> Value {
    let services = program.ask("services?limit=1000");
    services["services"].as_array().unwrap().iter().max_by_key(|one| one["requests"].as_u64()).unwrap().clone()
}

/// A row of the table, as the API's answer has it.
fn row_of(service: &Value) -> Vec<String> {
    let kind = match text(service, "role") {
        "service" => text(service, "kind"),
        role => role,
    };
    let kind = kind.replace('_', " ");
    if service["view"].is_null() {
        let none = ["–"; 8].map(str::to_owned);
        return [text(service, "name").to_owned(), kind].into_iter().chain(none).collect();
    }
    let requests = service["requests"].as_u64().unwrap();
    let ratio = |name: &str| {
        let number = service[name].as_u64().unwrap();
        // In tenths of a percent, and with the number for those who cannot point at it.
        match number * 1000 / requests {
            _ if number == 0 => "0 %".to_owned(),
            0 => format!("< 0.1 % ({number})"),
            1000 => format!("100 % ({number})"),
            mille => format!("{}.{} % ({number})", mille / 10, mille % 10),
        }
    };
    let quantile = |name: &str| duration(service["duration_seconds"][name].as_f64());
    vec![
        text(service, "name").to_owned(),
        kind,
        text(service, "health").to_owned(),
        format!("{} req/s", significant(service["rate_per_second"].as_f64().unwrap())),
        ratio("errors"),
        ratio("client_errors"),
        quantile("p50"),
        quantile("p95"),
        quantile("p99"),
        text(service, "view").to_owned(),
    ]
}

fn duration(seconds: Option<f64>) -> String {
    match seconds {
        None => "–".to_owned(),
        Some(seconds) if seconds >= 0.9995 => format!("{} s", significant(seconds)),
        Some(seconds) if seconds >= 0.0009995 => format!("{} ms", significant(seconds * 1e3)),
        Some(seconds) => format!("{} µs", significant(seconds * 1e6)),
    }
}

fn significant(value: f64) -> String {
    let digits = if value >= 99.95 { 0 } else { usize::from(value < 9.995) + 1 };
    format!("{value:.digits$}")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is text in {value}"))
}
