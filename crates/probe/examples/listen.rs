//! Prints what passes for some seconds: `listen [SECONDS]`. Needs root.

use std::time::{Duration, Instant};

use geophone_probe::{Capture, Config, Item, Pace};

#[expect(clippy::print_stdout, reason = "it prints what it hears")]
#[expect(clippy::disallowed_methods, reason = "a program's edge reads the clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(5), |text| text.parse())?;
    let mut capture = Capture::open(&Config::default())?;
    for hook in capture.hooks() {
        println!("{hook}");
    }
    let print = |item: Item<'_>| println!("{item:?}");
    let mut pace = Pace::new(capture.ring_bytes());
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let drained = capture.drain(print)?;
        std::thread::sleep(pace.after(drained));
    }
    capture.detach();
    capture.drain(print)?;
    for row in capture.ledger()? {
        println!("{row}");
    }
    Ok(())
}
