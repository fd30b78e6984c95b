//! The client: threads with a connection each, paced if that is wished.

use std::{
    io::{self, BufReader, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use geophone_testkit::clock::monotonic_ns;

use crate::{
    account::Account,
    http,
    message::{MessageWire, MessagesWire},
    say,
    uring::UringWire,
    wire::{VectorWire, Wire},
};

/// What every connection does.
struct Plan {
    address: String,
    calls: String,
    requests: u64,
    interval_ns: u64,
    pipelined: u64,
    body: Vec<u8>,
    reconnect: bool,
    paths: Vec<String>,
    /// Numbers for paths that no other request has.
    next: AtomicU64,
    account: Account,
}

/// Connects, makes the requests of a phase for each line that the kit says, and prints the account when it says no more.
pub(crate) fn run(calls: &str, address: &str, words: &[&str]) -> io::Result<()> {
    let [connections, requests, interval_ns, pipelined, body, reconnect, paths @ ..] = words else {
        return Err(io::Error::other("too few arguments"));
    };
    let number = |word: &str| word.parse::<u64>().map_err(io::Error::other);
    let plan = Arc::new(Plan {
        address: address.to_owned(),
        calls: calls.to_owned(),
        requests: number(requests)?,
        interval_ns: number(interval_ns)?,
        pipelined: number(pipelined)?.max(1),
        body: vec![b'g'; usize::try_from(number(body)?).map_err(io::Error::other)?],
        reconnect: number(reconnect)? != 0,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        next: AtomicU64::new(0),
        account: Account::default(),
    });
    let (done, results) = sync_channel(64);
    let mut phases = Vec::new();
    for place in 0..number(connections)? {
        let (go, phase) = sync_channel(1);
        let stream = connect(&plan)?;
        let (plan, done) = (Arc::clone(&plan), done.clone());
        thread::Builder::new().spawn(move || connection(&plan, place, stream, &phase, &done))?;
        phases.push(go);
    }
    say("connected")?;
    for line in io::stdin().lines() {
        line?;
        for go in &phases {
            go.send(()).map_err(io::Error::other)?;
        }
        for _ in &phases {
            results.recv().map_err(io::Error::other)??;
        }
        say("done")?;
    }
    plan.account.print()
}

/// A connection, by whatever calls.
type Connection = BufReader<Box<dyn Wire + Send>>;

fn connect(plan: &Plan) -> io::Result<Connection> {
    let stream = TcpStream::connect(&plan.address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let wire: Box<dyn Wire + Send> = match plan.calls.as_str() {
        "plain" => Box::new(stream),
        "vectors" => Box::new(VectorWire(stream)),
        "message" => Box::new(MessageWire(stream)),
        "messages" => Box::new(MessagesWire(stream)),
        "uring" => Box::new(UringWire::new(stream)?),
        unknown => return Err(io::Error::other(format!("unknown calls {unknown}"))),
    };
    Ok(BufReader::with_capacity(64 << 10, wire))
}

/// Makes the requests of each phase. It ends with the channel.
fn connection(
    plan: &Plan,
    place: u64,
    mut stream: Connection,
    phases: &Receiver<()>,
    done: &SyncSender<io::Result<()>>,
) {
    for () in phases {
        if done.send(phase(plan, place, &mut stream)).is_err() {
            return;
        }
    }
}

fn phase(plan: &Plan, place: u64, stream: &mut Connection) -> io::Result<()> {
    let begin_ns = monotonic_ns();
    let mut made = 0;
    while made < plan.requests {
        if plan.interval_ns > 0 {
            // Paced by the clock and not by the answers: what was late is caught up.
            let due_ns = begin_ns + made * plan.interval_ns;
            thread::sleep(Duration::from_nanos(due_ns.saturating_sub(monotonic_ns())));
        }
        if plan.reconnect && made > 0 {
            *stream = connect(plan)?;
        }
        let together = plan.pipelined.min(plan.requests - made);
        requests(plan, place + made, together, stream)?;
        made += together;
    }
    Ok(())
}

/// Writes some requests at once and reads their answers.
fn requests(plan: &Plan, first: u64, together: u64, stream: &mut Connection) -> io::Result<()> {
    let verb = if plan.body.is_empty() { "GET" } else { "POST" };
    let mut asked = Vec::new();
    let mut bytes = Vec::new();
    for turn in first..first + together {
        let path = &plan.paths[usize::try_from(turn).unwrap_or(0) % plan.paths.len()];
        let path = path.replace("{}", &plan.next.fetch_add(1, Ordering::Relaxed).to_string());
        let begin = bytes.len();
        write!(bytes, "{verb} {path} HTTP/1.1\r\nHost: {}\r\n", plan.address)?;
        if !plan.body.is_empty() {
            write!(bytes, "Content-Length: {}\r\n", plan.body.len())?;
        }
        bytes.extend(b"\r\n");
        bytes.extend(&plan.body);
        asked.push((path, (bytes.len() - begin) as u64));
    }
    let begin_ns = monotonic_ns();
    stream.get_mut().write_all(&bytes)?;
    for (path, request_bytes) in asked {
        let head = http::head(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let response_bytes = head.bytes + head.skip_body(stream)?;
        let duration_ns = monotonic_ns() - begin_ns;
        let status = head.first_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {:?}", head.first_line)))?;
        plan.account.add(verb, &path, status, duration_ns, [request_bytes, response_bytes]);
    }
    Ok(())
}
