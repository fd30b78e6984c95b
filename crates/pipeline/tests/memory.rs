//! What parsers hold counts, and makes room when there is too much of it.

mod support;

use geophone_pipeline::Config;
use support::{Run, Scene, Script, View};

/// Connections on which a client asks and asks, and nobody answers.
#[test]
fn parsers_that_hold_too_much_make_room() {
    const CONNECTIONS: u16 = 100;
    let mut config = Config::default();
    config.memory_budget_bytes = 8 << 20;
    let budget = config.memory_budget_bytes;
    let mut run = Run::new(config);
    let requests = r"GET /a-path-of-some-length HTTP/1.1\r\nHost: shop.example\r\n\r\n".repeat(500);
    for number in 0..CONNECTIONS {
        let scene = Scene { client: format!("10.0.0.1:{}", 10_000 + number).parse().unwrap(), ..Scene::new(View::Tap) };
        let at = u64::from(number) * 200_000_000;
        let text = format!("{} c syn\n{} s syn\n{} c \"{requests}\"", at + 1, at + 2, at + 3);
        run.script(&mut Script::new(scene), &text);
    }
    run.tick(u64::from(CONNECTIONS) * 200_000_000);
    let connections = run.pipeline.connections();
    assert!(connections.evicted > 10 && connections.open > 10, "{connections:?}");
    assert!(run.pipeline.memory_bytes() <= budget, "{} bytes", run.pipeline.memory_bytes());
    run.finish();
}
