//! Times that no honest clock has: one event of the future must not spoil what comes after it.

mod support;

use geophone_pipeline::Config;
use support::{Run, Scene, Script, View};

const SECOND: u64 = 1_000_000_000;
const FUTURE: u64 = 4_000_000_000 * SECOND;
const OPENING: &str = "1 c syn\n2 s syn";
const GET: &str = r#""GET /a HTTP/1.1\r\nHost: x\r\n\r\n""#;
const OK: &str = r#""HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok""#;

fn caller(port: u16) -> Script {
    Script::new(Scene { client: format!("10.0.0.1:{port}").parse().unwrap(), ..Scene::new(View::Tap) })
}

#[test]
fn one_event_of_the_future_ends_no_connection_and_no_patience() {
    let mut run = Run::new(Config::default());
    let (mut script, mut stray) = (caller(1), caller(2));
    run.script(&mut script, &format!("{OPENING}\n3 c {GET}"));
    run.script(&mut stray, &format!("{FUTURE} c \"junk\""));
    run.script(&mut script, "5 s @20 \"tent-Length: 2\\r\\n\\r\\nok\"\n6 s @0 \"HTTP/1.1 200 OK\\r\\nCon\"");
    assert_eq!(run.pipeline.watermark().as_ns(), 6);
    assert_eq!(run.said.lines().count(), 1, "{}", run.said);
    assert!(run.said.starts_with("#0 same_point GET x/a 200 request 3-3/28 response 6-"), "{}", run.said);
    assert_eq!((run.pipeline.connections().expired, run.pipeline.clock_jumps_held()), (0, 1));
}

#[test]
fn a_connection_of_the_future_is_given_up_in_its_turn() {
    let mut config = Config::default();
    config.idle_ns = SECOND;
    let mut run = Run::new(config);
    run.script(&mut caller(1), OPENING).script(&mut caller(2), &format!("{FUTURE} c \"junk\""));
    run.script(&mut caller(3), "4 c syn");
    run.tick(2 * SECOND);
    assert_eq!((run.pipeline.connections().expired, run.pipeline.connections().open), (2, 1));
    run.tick(4 * SECOND);
    assert_eq!((run.pipeline.connections().expired, run.pipeline.connections().open), (3, 0));
}

#[test]
fn what_waits_behind_a_hole_since_the_future_waits_from_now_on() {
    let mut run = Run::new(Config::default());
    let mut script = caller(1);
    run.script(
        &mut script,
        &format!("{OPENING}\n3 c {GET}\n4 s \"HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\n123\""),
    );
    run.script(&mut script, &format!("5 s passes 3\n{FUTURE} s \"789\""));
    run.script(&mut script, &format!("{} tick", 2 * SECOND));
    assert_eq!(run.said, "");
    run.script(&mut script, &format!("{} tick", 3 * SECOND));
    assert!(run.said.starts_with("#0 same_point GET x/a 200 request 3-3/28 response 4-"), "{}", run.said);
    assert!(run.said.trim_end().ends_with("/47 response_gap"), "{}", run.said);
}

#[test]
fn a_socket_that_closes_in_the_future_closes_from_now_on() {
    let mut run = Run::new(Config::default());
    let mut script = Script::new(Scene::new(View::Loopback));
    run.script(&mut script, &format!("{OPENING}\n3 c {GET}\n{FUTURE} c socket closed\n{} tick", 2 * SECOND));
    assert_eq!(run.pipeline.connections().open, 1);
    run.script(&mut script, &format!("{} tick", 3 * SECOND));
    assert_eq!((run.pipeline.connections().open, run.pipeline.connections().closed), (0, 1));
    assert!(run.said.starts_with("#0 same_point GET x/a no_response request 3-3/28 end "), "{}", run.said);
}

#[test]
fn a_long_pause_is_over_with_its_second_event() {
    // What the first one begins is not as old as the pause.
    let later = 4_000 * SECOND;
    let mut run = Run::new(Config::default());
    run.script(&mut caller(1), OPENING);
    run.script(&mut caller(2), &format!("{later} c syn\n{} s syn", later + 1));
    assert_eq!((run.pipeline.connections().expired, run.pipeline.connections().open), (1, 1));
    assert_eq!(run.pipeline.watermark().as_ns(), later + 1);
}

#[test]
fn what_waits_behind_a_hole_since_a_pause_is_given_its_time() {
    let later = 4_000 * SECOND;
    let mut config = Config::default();
    config.idle_ns = u64::MAX;
    let mut run = Run::new(config);
    let mut script = caller(1);
    run.script(&mut script, OPENING);
    let (from, to) = ("GET /a HTTP/1.1\\r\\n", "Host: x\\r\\n\\r\\n");
    run.script(&mut script, &format!("{later} c @17 \"{to}\"\n{} c @0 \"{from}\"", later + 1));
    script.advance(true, 28);
    run.script(&mut script, &format!("{} s {OK}", later + 2));
    assert!(run.said.starts_with("#0 same_point GET x/a 200 request "), "{}", run.said);
    assert!(!run.said.contains("gap"), "{}", run.said);
}
