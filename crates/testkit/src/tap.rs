//! A third party's capture of the same traffic, for comparison: `dumpcap`, which listens by AF_PACKET.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use geophone_analysis::{Analysis, Config};
use geophone_capture_file::Item;
use geophone_pipeline::NoPolicy;

use crate::{
    clock::wait_for,
    observed::Named,
    process::{Place, Running},
    room::Room,
};

/// A capture that is under way.
#[derive(Debug)]
pub struct Tap {
    process: Running,
    file: PathBuf,
}

impl Tap {
    /// Begins to capture a device of a place.
    ///
    /// # Panics
    /// If that has not begun after ten seconds.
    pub fn begin(room: &Room, place: Place<'_>, device: &str) -> Self {
        let file = room.folder().join("tap.pcapng");
        let mut command = place.command("dumpcap");
        // 64 MiB of kernel buffer; one process that is stopped by the first signal.
        command.args(["-q", "-i", device, "-B", "64", "-w"]).arg(&file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = Running(command.spawn().expect("dumpcap can be started"));
        // It writes the file's header once it listens.
        wait_for("dumpcap", Duration::from_secs(10), || {
            fs::metadata(&file).is_ok_and(|metadata| metadata.len() > 0).then_some(())
        });
        Self { process, file }
    }

    /// Ends it, and runs what was captured through the same analysis as a live capture.
    ///
    /// # Panics
    /// If the file cannot be read to its end.
    pub fn end(mut self) -> Vec<Named> {
        // It hands over what its kernel buffer holds in rounds of a few hundred milliseconds.
        std::thread::sleep(Duration::from_millis(600));
        self.process.signal(libc::SIGINT);
        self.process.wait(Duration::from_secs(10));
        let mut source = geophone_capture_file::open(&self.file).unwrap_or_else(|error| panic!("{error}"));
        let mut analysis = Analysis::new(Config::default());
        let mut exchanges = Vec::new();
        let mut keep = |named: geophone_analysis::Named<'_>| exchanges.push(named.into());
        while let Some(item) = source.next().unwrap_or_else(|error| panic!("{error}")) {
            if let Item::Event(event) = item {
                analysis.event(&event, &mut NoPolicy, &mut keep);
            }
        }
        analysis.finish(&mut keep);
        exchanges
    }
}
