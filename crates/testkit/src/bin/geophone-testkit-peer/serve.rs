//! The servers.

use std::{
    io::{self, BufReader},
    net::{TcpListener, TcpStream},
    os::{fd::AsRawFd as _, unix::process::CommandExt as _},
    process::Command,
    thread,
};

use geophone_testkit::clock::monotonic_ns;

use crate::{
    account::Account,
    answer::Answer,
    http, listen, say,
    uring::{Ring, UringWire},
    wait_for_the_end,
    wire::{SendfileWire, Wire},
};

/// Processes of a server that forks before it accepts.
const PREFORKED: usize = 4;

/// Serves until the kit ends it.
pub(crate) fn run(kind: &str, address: &str) -> io::Result<()> {
    let listener = if kind == "activated" { listen::passed() } else { TcpListener::bind(address)? };
    if kind == "deferred" {
        listen::defer_accept(&listener)?;
    }
    let account = Account::default();
    let accounts = account.clone();
    if kind == "prefork" {
        return prefork(&listener);
    }
    say(&format!("listening {}", listener.local_addr()?))?;
    match kind {
        "uring" => spawn(move || accept_by_uring(&listener, &accounts))?,
        "sendfile" => spawn(move || accept(&listener, &accounts, SendfileWire::new))?,
        _ => spawn(move || accept(&listener, &accounts, Ok))?,
    }
    wait_for_the_end()?;
    account.print()
}

/// Listens and leaves the listener to another program, which it becomes the parent of.
pub(crate) fn activate(maker: &str, address: &str, program: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let descriptor = listener.as_raw_fd();
    let mut command = Command::new(program);
    command.args(["serve", "activated", address]);
    // SAFETY: only system calls are made between fork and exec.
    unsafe { command.pre_exec(move || listen::pass(descriptor)) };
    let mut service = command.spawn()?;
    let _kept = match maker {
        "ends" => return Ok(()),
        "keeps" => Some(listener),
        _ => None,
    };
    if service.wait()?.success() { Ok(()) } else { Err(io::Error::other("the activated service failed")) }
}

fn prefork(listener: &TcpListener) -> io::Result<()> {
    let mut children = Vec::new();
    for _ in 0..PREFORKED {
        let Some(child) = listen::fork()? else {
            let account = Account::default();
            let (accounts, listener) = (account.clone(), listener.try_clone()?);
            spawn(move || accept(&listener, &accounts, Ok))?;
            wait_for_the_end()?;
            return account.print();
        };
        children.push(child);
    }
    say(&format!("listening {}", listener.local_addr()?))?;
    children.into_iter().try_for_each(listen::wait)
}

fn accept<W: Wire + 'static>(
    listener: &TcpListener,
    account: &Account,
    wire: fn(TcpStream) -> io::Result<W>,
) -> io::Result<()> {
    loop {
        let stream = listener.accept()?.0;
        stream.set_nodelay(true)?;
        let account = account.clone();
        spawn(move || serve(wire(stream)?, &account))?;
    }
}

fn accept_by_uring(listener: &TcpListener, account: &Account) -> io::Result<()> {
    let mut ring = Ring::new()?;
    loop {
        let stream = ring.accept(listener)?;
        stream.set_nodelay(true)?;
        let account = account.clone();
        spawn(move || serve(UringWire::new(stream)?, &account))?;
    }
}

/// Runs `work` in a thread. A connection that breaks ends its thread and is noticed by the client.
fn spawn(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

/// Answers the requests of a connection, one after the other.
fn serve(wire: impl Wire, account: &Account) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(64 << 10, wire);
    while let Some(head) = http::head(&mut stream)? {
        let request_bytes = head.bytes + head.skip_body(&mut stream)?;
        let begin_ns = monotonic_ns();
        let mut words = head.first_line.split(' ');
        let (verb, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let answer = Answer::to(path);
        thread::sleep(answer.after);
        // Entered first: who has read the answer may ask for the account.
        account.add(verb, path, answer.status, monotonic_ns() - begin_ns, [request_bytes, answer.bytes()]);
        answer.send(stream.get_mut())?;
    }
    Ok(())
}
