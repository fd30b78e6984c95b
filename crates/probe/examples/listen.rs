//! Prints what passes for some seconds: `listen [SECONDS [packets|syscalls]]`. Needs root.

use std::time::{Duration, Instant};

use geophone_probe::{Capture, Config, Family, Item, Pace};

#[expect(clippy::print_stdout, reason = "it prints what it hears")]
#[expect(clippy::disallowed_methods, reason = "a program's edge reads the clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let mut config = Config::default();
    if arguments.next().as_deref() == Some("syscalls") {
        config.family = Family::Syscalls;
    }
    let mut capture = Capture::open(&config)?;
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
