//! The program as a person meets it: what it prints, what it refuses, and how it ends.

mod pcap;
mod replay;
mod serve;

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const GEOPHONE: &str = env!("CARGO_BIN_EXE_geophone");

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/demo.geocap")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(GEOPHONE).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("geophone-cli-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_demo_gives_its_services_and_a_ledger_that_balances() {
    let output = run(&["replay", demo().to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let table = stdout(&output);
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{table}"));
    assert!(row("api.stripe.example").contains("failing"), "{table}");
    assert!(row("payments.jar").contains("healthy"), "{table}");
    for (name, kind) in [
        ("postgres", "database"),
        ("redis.shop.example", "cache"),
        ("rabbitmq-server.service", "queue"),
        ("systemd-resolved.service", "name-server"),
        ("mailer.rb", "process"),
    ] {
        assert_eq!(row(name).split_whitespace().nth(1), Some(kind), "{table}");
    }
    let ledger = stderr(&output);
    assert!(ledger.contains("aggregate exchanges: seen 3404 = passed 3404"), "{ledger}");
    assert!(!ledger.contains("OFF BY"), "{ledger}");
}

#[test]
fn a_replay_reads_standard_input() {
    let from = |input: &[u8]| {
        let mut command = Command::new(GEOPHONE);
        command.args(["replay", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who is refused at the first bytes does not read the others.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    };
    let demo = fs::read(demo()).unwrap();
    let whole = from(&demo);
    assert!(whole.status.success(), "{}", stderr(&whole));
    assert_eq!(stdout(&whole), stdout(&run(&["replay", self::demo().to_str().unwrap()])));
    let cut = from(&demo[..demo.len() / 2]);
    assert!(stderr(&cut).contains("standard input is damaged"), "{}", stderr(&cut));
    let text = from(b"Dear diary");
    assert!(stderr(&text).contains("cannot read events from standard input: it begins with"), "{}", stderr(&text));
}

#[test]
fn a_reader_who_has_enough_is_no_error_and_a_full_disk_is() {
    let replay = |format: &str, to: &str| {
        let line = format!("\"$0\" replay \"$1\" --format {format} {to}");
        let demo = demo();
        Command::new("bash").args(["-o", "pipefail", "-c", &line, GEOPHONE]).arg(demo).output().unwrap()
    };
    for format in ["json", "table", "dot"] {
        let output = replay(format, "| true");
        assert_eq!(
            (output.status.code(), stderr(&output).contains("panicked")),
            (Some(0), false),
            "{}",
            stderr(&output)
        );
    }
    // What is wrong with the file is said all the same.
    let bytes = fs::read(demo()).unwrap();
    let cut = Scratch::new("cut-and-unread", &bytes[..bytes.len() / 2]);
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", "\"$0\" replay \"$1\" | true", GEOPHONE, cut.path()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("it was cut off"), "{}", stderr(&output));
    let output = replay("json", "> /dev/full");
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(error.contains("cannot write to the standard output: No space left on device"), "{error}");
}

#[test]
fn every_format_has_the_same_edges() {
    let format = |format| stdout(&run(&["replay", demo().to_str().unwrap(), "--format", format]));
    let json: serde_json::Value = serde_json::from_str(&format("json")).unwrap();
    let edges = json["edges"].as_array().unwrap().len();
    assert_eq!(edges, 23);
    // As examples/data/README.md says.
    let health = |health| json["edges"].as_array().unwrap().iter().filter(|edge| edge["health"] == health).count();
    assert_eq!((health("degraded"), health("failing")), (6, 1));
    assert_eq!(format("dot").matches("->").count(), edges);
    assert_eq!(format("mermaid").matches(" -->|").count(), edges);
}

#[test]
fn a_cut_recording_gives_what_was_readable_and_a_failure() {
    let whole = fs::read(demo()).unwrap();
    let cut = Scratch::new("cut.geocap", &whole[..whole.len() / 2]);
    let output = run(&["replay", cut.path()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("frontend.service"), "{}", stdout(&output));
    let error = stderr(&output);
    assert!(error.contains(cut.path()) && error.contains("what was readable is shown"), "{error}");
}

#[test]
fn a_changed_byte_is_noticed() {
    let mut bytes = fs::read(demo()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    let changed = Scratch::new("changed.geocap", &bytes);
    let output = run(&["replay", changed.path()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("damaged"), "{}", stderr(&output));
}

#[test]
fn what_is_no_capture_is_named() {
    let check = |arguments: &[&str], words: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let error = stderr(&output);
        for word in words {
            assert!(error.contains(word), "{arguments:?} says `{error}` without `{word}`");
        }
    };
    check(&["replay", "/nowhere/at.all"], &["/nowhere/at.all", "No such file"]);
    let text = Scratch::new("text", b"Dear diary, today I saw no packets at all.");
    check(&["replay", text.path()], &[text.path(), "pcap"]);
    let empty = Scratch::new("empty", b"");
    check(&["replay", empty.path()], &[empty.path(), "empty"]);
    let gzip = Scratch::new("x.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    check(&["replay", gzip.path()], &["gzip", "decompress"]);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [&["--listen", &address] as &[&str], &["replay", "x", "--serve", "--listen", &address]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1));
        let error = stderr(&output);
        assert!(error.contains(&address) && error.contains("in use") && error.contains("--listen"), "{error}");
    }
}

#[test]
fn a_wrong_flag_or_setting_is_named() {
    let output = run(&["--lisen", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--lisen") && stderr(&output).contains("--listen"), "{}", stderr(&output));
    let output = run(&["--listen", ":7070"]);
    assert!(stderr(&output).contains("`:7070` is no address") && stderr(&output).contains("127.0.0.1:7070"));
    let output = run(&["--for", "soon"]);
    assert!(stderr(&output).contains("`soon` is no time"), "{}", stderr(&output));
    let settings = Scratch::new("settings.toml", b"memory_limit = \"64MiB\"\ncgruop = \"/x\"\n");
    let output = run(&["--config", settings.path()]);
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(error.contains(settings.path()) && error.contains("cgruop") && error.contains("line 2"), "{error}");
}

#[test]
fn a_recording_replaces_nothing() {
    let there = Scratch::new("there.geocap", b"dear");
    for (path, words) in [
        (there.path(), "it exists already; choose another path, or remove it"),
        ("/", "what is there is not a regular file; choose another path"),
        ("/dev/full", "what is there is not a regular file; choose another path"),
    ] {
        let output = run(&["--listen", "127.0.0.1:0", "--record", path]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stderr(&output).trim_end(), format!("geophone: cannot record to {path}: {words}"));
    }
    assert_eq!(fs::read(&there.0).unwrap(), b"dear");
}

/// The first was read without end, and a FIFO was waited for.
#[test]
fn settings_come_from_a_regular_file() {
    let fifo = Scratch::new("fifo", b"");
    fs::remove_file(&fifo.0).unwrap();
    assert!(Command::new("mkfifo").arg(&fifo.0).status().unwrap().success());
    for path in ["/dev/zero", "/", fifo.path()] {
        let output = run(&["--config", path]);
        assert_eq!(output.status.code(), Some(1));
        let error = stderr(&output);
        assert!(error.contains(&format!("cannot read the settings {path}: it is not a regular file")), "{error}");
    }
}

#[test]
fn without_rights_it_says_what_is_missing_and_what_works_all_the_same() {
    // Somebody without rights must be able to run the binary: a target directory may lie in a home that is closed.
    let copy = Scratch::new("binary", &fs::read(GEOPHONE).unwrap());
    fs::set_permissions(&copy.0, fs::Permissions::from_mode(0o755)).unwrap();
    let refusal = |folder: &Path| {
        let mut command = Command::new(copy.path());
        command.args(["--listen", "127.0.0.1:0", "--for", "1s"]).current_dir(folder);
        if is_root() {
            const NOBODY: u32 = 65_534;
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    let error = refusal(Path::new("/"));
    assert!(error.contains("CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"), "{error}");
    assert!(error.contains("`geophone replay FILE --serve`"), "{error}");
    let checkout = std::env::temp_dir().join(format!("geophone-cli-{}-checkout", std::process::id()));
    fs::create_dir_all(checkout.join("examples/data")).unwrap();
    fs::write(checkout.join("examples/data/demo.geocap"), b"").unwrap();
    let error = refusal(&checkout);
    fs::remove_dir_all(&checkout).unwrap();
    assert!(error.contains("`geophone replay examples/data/demo.geocap --serve`"), "{error}");
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
