//! Opening: what a file is, who can read what is created, and how far the reading is.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use geophone_capture_file::{
    OpenError, Progress, Source, open,
    recording::{self, CreateError, Existing, Header},
};
use geophone_model::{
    capture::{CaptureEvent, Loss},
    time::Timestamp,
};

/// A directory for one test, removed with what is in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the next `cargo clean`.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn header() -> Header {
    Header::new(Timestamp::from_ns(5))
}

fn create(path: &Path, existing: Existing) -> Result<(), CreateError> {
    recording::create(path, existing, &header()).map(|writer| assert_eq!(writer.finish().unwrap().1.records(), 0))
}

fn refusal(bytes: &[u8]) -> String {
    Source::new(bytes, None).unwrap_err().to_string()
}

#[test]
fn what_is_not_understood_is_named_with_what_is() {
    assert_eq!(refusal(b""), "it is empty");
    assert_eq!(
        refusal(b"\x1f\x8b\x08\0\0\0\0\0"),
        "it is compressed with gzip, which is not supported: decompress it first"
    );
    assert!(refusal(b"\x28\xb5\x2f\xfd____").contains("zstd"));
    assert_eq!(
        refusal(b"#!/bin/sh"),
        "it begins with 23 21 2f 62 69 6e 2f 73, which is none of the formats that are understood: \
         Geophone recordings, pcap (microseconds and nanoseconds, both byte orders) and pcapng"
    );
    assert!(refusal(b"\x89GEO").contains("ends within the header of the recording"));
    assert!(refusal(b"\xd4\xc3\xb2\xa1").contains("ends within the header of the pcap file"));
}

#[test]
fn a_recording_is_for_its_owner_only_and_reads_back_with_its_progress() {
    let scratch = Scratch::new("owner");
    let path = scratch.file("a.geocap");
    let mut writer = recording::create(&path, Existing::Refuse, &header()).unwrap();
    let loss = CaptureEvent::Loss(Loss { at: Timestamp::from_ns(1), records: 1 });
    writer.event(&loss).unwrap();
    writer.finish().unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);

    let mut source = open(&path).unwrap();
    let Progress { read_bytes, total_bytes, .. } = source.progress();
    assert!(read_bytes > 0 && read_bytes < metadata.len());
    assert_eq!(total_bytes, Some(metadata.len()));
    while source.next().unwrap().is_some() {}
    assert_eq!(source.progress().read_bytes, metadata.len());
}

#[test]
fn what_exists_is_replaced_only_when_told_and_only_if_it_is_a_file() {
    let scratch = Scratch::new("existing");
    let (path, link) = (scratch.file("precious"), scratch.file("link"));
    fs::write(&path, "precious").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&path, &link).unwrap();
    let dangling = scratch.file("dangling");
    symlink(scratch.file("nowhere"), &dangling).unwrap();

    let refused = create(&path, Existing::Refuse);
    assert!(matches!(refused, Err(CreateError::Exists { .. })), "{refused:?}");
    for odd in [&link, &dangling, &scratch.0, &PathBuf::from("/dev/null")] {
        for existing in [Existing::Refuse, Existing::Replace] {
            let refused = create(odd, existing);
            assert!(matches!(refused, Err(CreateError::NotRegular { .. })), "{refused:?}");
        }
    }
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert!(!scratch.file("nowhere").exists());

    create(&path, Existing::Replace).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "the old file's mode is gone");
    assert!(open(&path).unwrap().header().is_some());
    create(&scratch.file("new"), Existing::Replace).unwrap();
}

#[test]
fn errors_name_the_path() {
    let scratch = Scratch::new("errors");
    let missing = scratch.file("missing");
    let error = open(&missing).unwrap_err();
    assert!(matches!(error, OpenError::File { .. }) && error.to_string().contains("missing"), "{error}");
    let text = scratch.file("text");
    fs::write(&text, "text").unwrap();
    let error = open(&text).unwrap_err();
    assert!(matches!(error, OpenError::Content { .. }) && error.to_string().contains("text"), "{error}");
    assert!(open(&scratch.0).is_err(), "a directory opens, and does not read");
    let nowhere = create(&scratch.file("no/such/directory"), Existing::Refuse).unwrap_err();
    assert!(matches!(nowhere, CreateError::Io { .. }), "{nowhere}");
}
