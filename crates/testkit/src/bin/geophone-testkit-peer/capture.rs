//! A capture by a process that may have other rights than the test.

use std::{
    io,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use geophone_model::capture::CaptureEvent;
use geophone_probe::{Capture, Config, Item};

use crate::{say, wait_for_the_end};

/// Captures the sockets of a cgroup until the kit ends it, and prints how many packets were seen and the ledger.
pub(crate) fn run(cgroup: &str) -> io::Result<()> {
    let mut config = Config::default();
    config.cgroup = Some(PathBuf::from(cgroup));
    let mut capture = Capture::open(&config).map_err(io::Error::other)?;
    for hook in capture.hooks() {
        say(&hook.to_string())?;
    }
    say("ready")?;
    let ended = AtomicBool::new(false);
    let mut packets: u64 = 0;
    let mut count = |item: Item<'_>| packets += u64::from(matches!(item, Item::Event(CaptureEvent::Packet(_))));
    thread::scope(|scope| -> io::Result<()> {
        scope.spawn(|| {
            let _ = wait_for_the_end();
            ended.store(true, Ordering::Relaxed);
        });
        while !ended.load(Ordering::Relaxed) {
            capture.drain(&mut count).map_err(io::Error::other)?;
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })?;
    capture.detach();
    while capture.drain(&mut count).map_err(io::Error::other)?.records > 0 {}
    say(&format!("packets {packets}"))?;
    for row in capture.ledger().map_err(io::Error::other)? {
        say(&row.to_string())?;
    }
    Ok(())
}
