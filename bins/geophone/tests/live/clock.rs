//! A wall clock that is set while traffic is captured, as by NTP or after a suspend.

use std::{fs, path::Path, process::Command, time::Duration};

use crate::{
    program::{Folder, Geophone, can_capture, geophone},
    traffic,
};

/// Builds what shows a program a wall clock that is an hour slow until the file `set` is there.
fn slow_clock_until(program: &mut Command, folder: &Folder, set: &str) {
    let library = folder.path_of("stepped_clock.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/stepped_clock.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o", &library]).arg(source).status();
    assert!(built.unwrap().success());
    program.env("LD_PRELOAD", library).env("STEPPED_CLOCK_SET", set);
}

/// An event has the time that the capture's clock gives it. If anything else went by the wall clock, it would be an hour ahead
/// of the events from the step on: connections would expire, facts would come too late, and the last minutes be empty.
#[test]
fn a_wall_clock_that_is_set_ahead_loses_nobody() {
    const TEST: &str = "clock-set";
    const REQUESTS: usize = 3;
    /// Longer than from one writing of the accounts to the next, so that the books are made up within an exchange.
    const PAUSE: Duration = Duration::from_millis(1_200);
    if !can_capture(&["cc"]) {
        return;
    }
    let folder = Folder::new(TEST);
    let (set, recording) = (folder.path_of("set"), folder.path_of("recording.geocap"));
    let mut program = geophone();
    slow_clock_until(&mut program, &folder, &set);
    // Other tests may make more requests in a second than are listed.
    let geophone = Geophone::start(program, &["--record", &recording, "--keep-exchanges", "1000000"]);
    fs::write(&set, "").unwrap();
    traffic::exchange_slowly(TEST, REQUESTS, PAUSE);

    for row in geophone.exchanges(TEST, REQUESTS) {
        let kind = row["server"]["kind"].as_str().unwrap();
        assert!(["process", "unit", "container"].contains(&kind), "{row}");
        assert_eq!(row["client"], row["server"], "the test asks itself: {row}");
    }
    let ledger = geophone.terminate();
    assert!(!ledger.contains("OFF BY"), "{ledger}");
    assert_eq!(traffic::counted(&traffic::replay(&recording), TEST), (REQUESTS as u64, 0));
}
