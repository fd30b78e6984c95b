//! A recording that finds no room.

use std::process::Command;

use crate::{
    program::{Folder, Geophone, can_capture, geophone},
    traffic,
};

/// A file system of its own in a folder of a test's.
struct Disk<'a> {
    // Unmounted before its place is removed.
    folder: &'a Folder,
}

impl<'a> Disk<'a> {
    fn mount(folder: &'a Folder, kibibytes: u32) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "geophone-live"])
            .arg(folder.path())
            .status();
        assert!(mounted.unwrap().success());
        Self { folder }
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// Whoever records is told at once that there is no room for it, and whoever looks at the page can go on: the program ends when
/// it is asked to, with a failure. What was written until then can be read.
#[test]
fn a_recording_on_a_disk_that_fills() {
    const TEST: &str = "full-disk";
    /// Room for some thousand requests, beside what else the machine does.
    const DISK_KIB: u32 = 2048;
    const ROUND: usize = 500;
    const ROUNDS: usize = 30;
    if !can_capture(&["mount", "umount"]) {
        return;
    }
    let folder = Folder::new(TEST);
    let _disk = Disk::mount(&folder, DISK_KIB);
    let recording = folder.path_of("recording.geocap");
    let geophone = Geophone::start(geophone(), &["--record", &recording]);
    for _ in 0..ROUNDS {
        traffic::exchange(TEST, ROUND);
    }
    let made = ROUNDS * ROUND;
    // Still there, and still listening.
    assert!(geophone.exchanges(TEST, 100).len() >= 100);
    assert!(geophone.get("/api/v1/events?last=1h").to_string().contains("recording_ended"));
    let ended = geophone.end_by("TERM");
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("aggregate exchanges"), "the books are closed all the same: {}", ended.stdout);
    let error = ended.stderr;
    for words in [recording.as_str(), "cannot go on", "No space left on device", "free some space", "listening goes on"]
    {
        assert!(error.contains(words), "`{words}` is not in: {error}");
    }

    let replay = traffic::replay(&recording);
    assert_eq!(replay.status.code(), Some(1));
    let error = String::from_utf8_lossy(&replay.stderr);
    assert!(error.contains(&recording) && error.contains("it was cut off"), "{error}");
    let (requests, errors) = traffic::counted(&replay, TEST);
    assert!(requests > 0 && requests < made as u64, "{requests} of {made}");
    assert_eq!(errors, requests / 10, "every tenth of those that are in it failed");
}
