//! The program as a process, and a folder for what it writes.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Lines, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// Whether live capture can be tried, with the help of these programs. With `CI=true` it must be.
pub(crate) fn can_capture(programs: &[&str]) -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let installed = |program: &&str| {
        let folders = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
        folders.iter().any(|folder| folder.join(program).is_file())
    };
    let missing = match programs.iter().find(|program| !installed(program)) {
        _ if !root => "live capture needs root".to_owned(),
        Some(program) => format!("{program} is not installed (apt-get install util-linux mount gcc)"),
        None => return true,
    };
    assert!(env::var("CI").as_deref() != Ok("true"), "with CI=true no test may be skipped: {missing}");
    println!("skipped: {missing}");
    false
}

/// The program, to be started with the rights of the test.
pub(crate) fn geophone() -> Command {
    Command::new(env!("CARGO_BIN_EXE_geophone"))
}

/// A running geophone; killed if the test ends before it does.
pub(crate) struct Geophone {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

/// What a geophone has left when it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it printed since it was attached.
    pub(crate) stdout: String,
    /// All that it complained about.
    pub(crate) stderr: String,
}

impl Geophone {
    /// Starts `program` with these arguments and waits until it is attached.
    pub(crate) fn start(mut program: Command, arguments: &[&str]) -> Self {
        program.args(["--listen", "127.0.0.1:0"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let attached = lines.by_ref().map(Result::unwrap).find_map(|line| {
            line.strip_prefix("Capture is attached. Open http://127.0.0.1:")?.trim_end_matches('/').parse().ok()
        });
        let Some(port) = attached else {
            let mut error = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut error);
            panic!("it does not say that capture is attached, but: {error}");
        };
        Self { child, lines, port }
    }

    pub(crate) fn get(&self, path: &str) -> serde_json::Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        // The body may be chunked; the document is what lies between the braces.
        let document = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
        serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The rows of a test's exchanges, of which there are to be so many. An exchange waits for late facts for a moment, and is
    /// then in the list.
    pub(crate) fn exchanges(&self, test: &str, number: usize) -> Vec<serde_json::Value> {
        let listed = (0..100).find_map(|_| {
            thread::sleep(Duration::from_millis(100));
            let page = self.get(&format!("/api/v1/exchanges?path=^/{test}/&limit=100"));
            let rows = page["exchanges"].as_array().unwrap().clone();
            (rows.len() >= number).then_some(rows)
        });
        listed.expect("the exchanges of the last seconds are listed")
    }

    /// Asks it to end, and returns what it printed at its end.
    pub(crate) fn terminate(self) -> String {
        let ended = self.end_by("TERM");
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        ended.stdout
    }

    /// Sends it a signal and waits for its end.
    pub(crate) fn end_by(self, signal: &str) -> Ended {
        self.signal(signal);
        self.wait()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    }

    /// Ends it without a chance to do anything about it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let ended = (0..3_000).find_map(|_| {
            thread::sleep(Duration::from_millis(10));
            self.child.try_wait().unwrap()
        });
        let status = ended.expect("it ends within half a minute");
        let stdout = self.lines.by_ref().map(Result::unwrap).collect::<Vec<_>>().join("\n");
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Ended { status, stdout, stderr }
    }
}

impl Drop for Geophone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that goes away with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("geophone-live-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Of something in it.
    pub(crate) fn path_of(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
