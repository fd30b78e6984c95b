//! Headless Chromium, driven by the DevTools protocol over a pipe: JSON documents, each ended by a zero byte.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::snapshot::Snapshot;

/// Names under which Chromium is installed.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Longest time to wait for anything: a window of ten seconds may have to close first, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often to look whether what is waited for has come.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    profile: PathBuf,
    session: Option<String>,
    asked: u64,
    /// What the page or the browser had to say about errors.
    complaints: Vec<String>,
}

impl Browser {
    /// Starts one, with a profile of its own. `None`, which is said, where none is installed; with `CI=true` one must be.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let Some(program) = installed() else {
            assert!(env::var("CI").as_deref() != Ok("true"), "chromium is not installed (package chromium)");
            let _ = writeln!(std::io::stderr(), "skipped: chromium is not installed (package chromium)");
            return None;
        };
        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}-{}", std::process::id()));
        // The pipe's ends are descriptors 3 and 4, which only a shell can give without unsafe code.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let (to, mut from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (sender, received) = sync_channel(1024);
        thread::spawn(move || {
            let mut document = Vec::new();
            while from.read_until(0, &mut document).is_ok_and(|length| length > 0) {
                document.pop();
                let Ok(message) = serde_json::from_slice(&document) else { break };
                if sender.send(message).is_err() {
                    break;
                }
                document.clear();
            }
        });
        let mut browser = Self { child, to, from: received, profile, session: None, asked: 0, complaints: Vec::new() };
        let target = browser.command("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.command("Target.attachToTarget", &attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            browser.command(&format!("{domain}.enable"), &json!({}));
        }
        browser.resize(1280, 800);
        Some(browser)
    }

    /// Opens an address, and waits until the page has come to rest.
    pub(crate) fn open(&mut self, url: &str) {
        self.command("Page.navigate", &json!({"url": url}));
        // The address is compared in the page: until it is there, its predecessor answers.
        let arrived = format!("location.href === new URL({}).href", Value::from(url));
        self.wait_for(&format!("{arrived} && document.body && !document.body.matches('.loading, .first')"));
    }

    /// Gives the window a size in pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Moves the pointer to the middle of the first element that a selector finds.
    pub(crate) fn point_at(&mut self, selector: &str) {
        let middle = format!(
            "(() => {{ const at = document.querySelector({}).getBoundingClientRect(); \
             return [at.x + at.width / 2, at.y + at.height / 2]; }})()",
            Value::from(selector)
        );
        let middle = self.evaluate(&middle);
        let moved = json!({"type": "mouseMoved", "x": middle[0], "y": middle[1]});
        self.command("Input.dispatchMouseEvent", &moved);
    }

    /// The value of an expression in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.command(
            "Runtime.evaluate",
            &json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        );
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let begun = now();
        let question = json!({"expression": format!("Boolean({expression})"), "returnByValue": true});
        // While the page is exchanged for another one, there is no answer but an error.
        while self.request("Runtime.evaluate", &question)["result"]["result"]["value"] != true {
            if begun.elapsed() > PATIENCE {
                let dom = self.dom();
                panic!("{expression} does not come: {:#?}\n{dom}", self.complaints);
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// What the page is now.
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        Snapshot::new(&self.dom())
    }

    fn dom(&mut self) -> String {
        self.evaluate("document.documentElement.outerHTML").as_str().unwrap_or_default().to_owned()
    }

    /// No error, no warning and nothing that the security policy has refused; and no problem is shown.
    pub(crate) fn has_no_complaint(&mut self) {
        assert_eq!(self.evaluate("document.getElementById('problem').hidden"), true, "{}", self.dom());
        assert!(self.complaints.is_empty(), "{:#?}", self.complaints);
    }

    fn command(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.request(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let answer = self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.asked {
                return answer;
            }
            self.note(&answer);
        }
    }

    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        let is_complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => matches!(params["type"].as_str(), Some("error" | "warning" | "assert")),
            Some("Log.entryAdded") => matches!(params["entry"]["level"].as_str(), Some("error" | "warning")),
            _ => false,
        };
        if is_complaint {
            self.complaints.push(params.to_string());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its children may still be writing.
        let _ = (0..20).find(|_| {
            thread::sleep(Duration::from_millis(50));
            fs::remove_dir_all(&self.profile).is_ok()
        });
    }
}

fn installed() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let mut paths = BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.find(|path| path.is_file())
}

#[expect(clippy::disallowed_methods, reason = "a test has to give up some time")]
fn now() -> Instant {
    Instant::now()
}
