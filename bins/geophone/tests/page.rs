//! The page in a browser: what headless Chromium makes of it when the demo recording is replayed.
//!
//! The API is asked for the same figures, so that the test holds for whatever the recording has.

use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

/// Names under which Chromium is installed.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Longest time that the browser may take, in tenths of a second.
const MAX_WAIT_DS: u32 = 600;

#[test]
fn the_map_and_the_table_have_every_service_with_its_figures() {
    let Some(browser) = Browser::find() else { return };
    let program = Program::replay();
    let page = browser.open(&program, "map", "");
    page.has_no_complaint();

    let services = program.ask("services?limit=1000");
    let services = services["services"].as_array().unwrap();
    assert!(services.len() >= 10, "the demo has some services");
    let ids: BTreeSet<&str> = services.iter().map(|service| text(service, "id")).collect();
    let nodes: BTreeSet<&str> = page.tags("class=\"node ").filter_map(|tag| attribute(tag, "data-id")).collect();
    assert_eq!(nodes, ids);

    let map = program.ask("service-map");
    let edge_of = |edge: &Value| {
        let [source, target, health] = ["source", "target", "health"].map(|name| text(edge, name).to_owned());
        (source, target, health)
    };
    let edges: BTreeSet<_> = map["edges"].as_array().unwrap().iter().map(edge_of).collect();
    let drawn_of = |tag: &str| {
        let [source, target, health] = ["data-source", "data-target", "data-health"].map(|name| attribute(tag, name));
        (source.unwrap().to_owned(), target.unwrap().to_owned(), health.unwrap().to_owned())
    };
    assert_eq!(page.tags("class=\"edge ").map(drawn_of).collect::<BTreeSet<_>>(), edges);

    for service in services {
        assert_eq!(page.row(text(service, "id")), row_of(service));
    }
}

#[test]
fn a_selected_service_has_a_panel_with_its_operations() {
    let Some(browser) = Browser::find() else { return };
    let program = Program::replay();
    let services = program.ask("services?limit=1000");
    let busiest = services["services"].as_array().unwrap().iter().max_by_key(|one| one["requests"].as_u64()).unwrap();
    let id = text(busiest, "id");
    let page = browser.open(&program, "selected", &format!("selected={id}"));
    page.has_no_complaint();

    let panel = page.part("<aside", "</aside>");
    assert!(panel.contains(&format!("<h2>{}</h2>", text(busiest, "name"))), "{panel}");
    assert!(panel.contains(text(busiest, "reason")), "{panel}");
    let detail = program.ask(&format!("services/{id}"));
    let operations = detail["operations"].as_array().unwrap();
    assert!(!operations.is_empty());
    for operation in operations {
        assert!(panel.contains(&format!(">{}</th>", text(operation, "name"))), "{panel}");
    }
    let around = page.tags("data-id=").filter(|tag| tag.starts_with("tr ")).count();
    let peers = |name: &str| detail[name].as_array().unwrap().len();
    assert_eq!(around, 1 + peers("inbound") + peers("outbound"), "the table has it and its neighbours");
}

#[test]
fn exchanges_are_listed_as_they_are_asked_for() {
    let Some(browser) = Browser::find() else { return };
    let program = Program::replay();
    let page = browser.open(&program, "exchanges", "tab=exchanges&status=server_error");
    page.has_no_complaint();
    let answer = program.ask("exchanges?status=server_error");
    let exchanges = answer["exchanges"].as_array().unwrap();
    assert!(!exchanges.is_empty(), "the demo has some errors");
    let ids: Vec<&str> = exchanges.iter().map(|exchange| text(exchange, "id")).collect();
    let shown: Vec<&str> = page
        .tags("data-id=")
        .filter(|tag| tag.starts_with("tr "))
        .filter_map(|tag| attribute(tag, "data-id"))
        .collect();
    assert_eq!(shown, ids, "the same, newest first");
    for exchange in exchanges {
        let row = page.row(text(exchange, "id"));
        assert!(row[1].starts_with(&exchange["code"].to_string()), "{row:?}");
        assert_eq!(row[2], format!("{} {}", text(exchange, "verb"), text(exchange, "path")));
        assert_eq!(row[4], duration(exchange["duration_seconds"].as_f64()));
    }
}

#[test]
fn the_ledger_has_every_account() {
    let Some(browser) = Browser::find() else { return };
    let program = Program::replay();
    let page = browser.open(&program, "ledger", "tab=ledger");
    page.has_no_complaint();
    let answer = program.ask("ledger");
    let records = answer["latest"].as_array().unwrap();
    let stages: Vec<&str> =
        records.iter().flat_map(|record| record["rows"].as_array().unwrap()).map(|row| text(row, "stage")).collect();
    assert!(!stages.is_empty());
    let shown: Vec<&str> = page.tags("data-stage=").filter_map(|tag| attribute(tag, "data-stage")).collect();
    assert_eq!(shown, stages);
    assert!(page.dom.contains("Kept in memory only"), "what a restart loses is said");
}

#[test]
fn a_problem_is_said_in_words_at_the_field() {
    let Some(browser) = Browser::find() else { return };
    let program = Program::replay();
    let page = browser.open(&program, "problem", "path=%28");
    assert!(page.part("id=\"problem\"", "</div>").contains("unclosed group"), "the API's own words");
    let field = page.tags("name=\"path\"").next().unwrap();
    assert_eq!(attribute(field, "aria-invalid"), Some("true"));
}

#[test]
fn what_matches_nothing_says_so() {
    let Some(browser) = Browser::find() else { return };
    let program = Program::replay();
    let page = browser.open(&program, "nothing", "service=nobody-is-called-so");
    page.has_no_complaint();
    assert!(page.part("id=\"map-empty\"", "</section>").contains("Nothing matches"));
}

/// A row of the table, as the API's answer has it.
fn row_of(service: &Value) -> Vec<String> {
    let kind = text(service, "kind").replace('_', " ");
    if service["view"].is_null() {
        let none = ["–"; 8].map(str::to_owned);
        return [text(service, "name").to_owned(), kind].into_iter().chain(none).collect();
    }
    let requests = service["requests"].as_u64().unwrap();
    let ratio = |name: &str| {
        let number = service[name].as_u64().unwrap();
        // In tenths of a percent, and with the number for those who cannot point at it.
        match number * 1000 / requests {
            _ if number == 0 => "0 %".to_owned(),
            0 => format!("< 0.1 % ({number})"),
            1000 => format!("100 % ({number})"),
            mille => format!("{}.{} % ({number})", mille / 10, mille % 10),
        }
    };
    let quantile = |name: &str| duration(service["duration_seconds"][name].as_f64());
    vec![
        text(service, "name").to_owned(),
        kind,
        text(service, "health").to_owned(),
        format!("{} req/s", significant(service["rate_per_second"].as_f64().unwrap())),
        ratio("errors"),
        ratio("client_errors"),
        quantile("p50"),
        quantile("p95"),
        quantile("p99"),
        text(service, "view").to_owned(),
    ]
}

fn duration(seconds: Option<f64>) -> String {
    match seconds {
        None => "–".to_owned(),
        Some(seconds) if seconds >= 0.9995 => format!("{} s", significant(seconds)),
        Some(seconds) if seconds >= 0.0009995 => format!("{} ms", significant(seconds * 1e3)),
        Some(seconds) => format!("{} µs", significant(seconds * 1e6)),
    }
}

fn significant(value: f64) -> String {
    let digits = if value >= 99.95 { 0 } else { usize::from(value < 9.995) + 1 };
    format!("{value:.digits$}")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is text in {value}"))
}

/// An attribute of a start tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The program that replays the demo and serves the page.
struct Program {
    child: Child,
    /// Address and port.
    host: String,
    /// The time of the recording. A page of a range that has ended follows no stream, whose end the browser would await.
    range: String,
}

impl Program {
    fn replay() -> Self {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/demo.geocap");
        let mut child = Command::new(env!("CARGO_BIN_EXE_geophone"))
            .arg("replay")
            .arg(demo)
            .args(["--serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let host = lines.filter_map(|line| Some(line.split_once("http://")?.1.trim_end_matches('/').to_owned())).next();
        let host = host.expect("the program says where the page is");
        let mut program = Self { child, host, range: String::new() };
        let measured = &program.ask("services")["measured"];
        program.range = format!("from={}&to={}", text(measured, "from"), text(measured, "to"));
        program
    }

    /// What the API answers to a question, about the time of the recording.
    fn ask(&self, question: &str) -> Value {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let join = if question.contains('?') { '&' } else { '?' };
        let question = format!("{question}{join}{}", self.range);
        write!(stream, "GET /api/v1/{question} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser that is installed.
struct Browser(PathBuf);

impl Browser {
    fn find() -> Option<Self> {
        let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
        let found = BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        let browser = found.into_iter().find(|path| path.is_file()).map(Self);
        if browser.is_none() {
            assert!(env::var("CI").as_deref() != Ok("true"), "chromium is not installed (package chromium)");
            let _ = writeln!(std::io::stderr(), "skipped: chromium is not installed (package chromium)");
        }
        browser
    }

    /// Opens the page, and takes what it has become once it has nothing left to do.
    fn open(&self, program: &Program, name: &str, query: &str) -> Page {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let [dom, log] = ["dom.html", "log.txt"].map(|file| folder.join(file));
        let mut browser = Command::new(&self.0)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--window-size=1280,800", "--enable-logging=stderr", "--v=0", "--dump-dom"])
            // The browser's clock runs when nothing else is left to do, and stands still while an answer is awaited.
            .arg("--virtual-time-budget=3000")
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg(format!("http://{}/?{}&{query}", program.host, program.range))
            .stdout(File::create(&dom).unwrap())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let ended = (0..MAX_WAIT_DS).any(|_| {
            thread::sleep(Duration::from_millis(100));
            browser.try_wait().unwrap().is_some()
        });
        if !ended {
            let _ = browser.kill();
            let _ = browser.wait();
        }
        let [dom, log] = [dom, log].map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned());
        assert!(ended, "the browser does not end: {log}");
        let _ = fs::remove_dir_all(&folder);
        // The page writes figures with narrow no-break spaces.
        Page { dom: dom.replace('\u{202f}', " "), log }
    }
}

/// What has become of the page.
struct Page {
    dom: String,
    log: String,
}

impl Page {
    /// No error, no warning and nothing that the security policy has refused.
    fn has_no_complaint(&self) {
        let said: Vec<&str> = self.log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(said.is_empty(), "{said:#?}");
        assert!(self.part("id=\"problem\"", "</div>").contains("hidden"), "no problem is shown");
        assert!(!self.dom.contains("class=\"loading"), "the page has come to rest");
    }

    /// Start tags that contain a text, without their brackets.
    fn tags<'a>(&'a self, with: &'a str) -> impl Iterator<Item = &'a str> {
        self.dom.split('<').filter_map(|piece| Some(piece.split_once('>')?.0)).filter(move |tag| tag.contains(with))
    }

    /// From one text to the next other.
    fn part(&self, from: &str, to: &str) -> &str {
        let start = self.dom.find(from).unwrap_or_else(|| panic!("{from} is in {}", self.dom));
        self.dom[start..].split(to).next().unwrap_or_default()
    }

    /// The cells of the table row with this id, as text.
    fn row(&self, id: &str) -> Vec<String> {
        let row = self.part(&format!("<tr data-id=\"{id}\""), "</tr>");
        let cells = row.split("<t").skip(2);
        cells
            .map(|cell| cell.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text)).collect())
            .collect()
    }
}
