//! The servers and clients of the kernel tests. They are run by the kit (`geophone_testkit::peer`), speak with it over
//! standard input and output, and print what they have done: one line for each request.
//!
//! * `serve KIND ADDRESS`: a server; ends when its input does.
//! * `activate MAKER ADDRESS PROGRAM`: listens, and leaves the listener to `PROGRAM`; then `closes` its own descriptor,
//!   `keeps` it or `ends`.
//! * `client ADDRESS CONNECTIONS REQUESTS INTERVAL_NS PIPELINED BODY RECONNECT PATH…`: a client.
//! * `client-by CALLS ADDRESS …`: the same with other system calls.
//! * `udp ADDRESS COUNT`: sends datagrams.
//! * `capture CGROUP`: opens a capture and counts packets until its input ends.

mod account;
mod answer;
mod capture;
mod client;
mod http;
mod listen;
mod message;
mod serve;
mod udp;
mod uring;
mod wire;

use std::{
    io::{self, Read as _, Write as _},
    process::ExitCode,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["serve", "udp", address] => udp::serve(address),
        ["serve", kind, address] => serve::run(kind, address),
        ["activate", maker, address, program] => serve::activate(maker, address, program),
        ["client", address, numbers @ ..] => client::run("plain", address, numbers),
        ["client-by", calls, address, numbers @ ..] => client::run(calls, address, numbers),
        ["udp", address, count] => udp::send(address, count),
        ["capture", cgroup] => capture::run(cgroup),
        _ => Err(io::Error::other(format!("unknown arguments {words:?}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{words:?}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says a line to the kit.
fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// Waits until the kit closes our input.
fn wait_for_the_end() -> io::Result<()> {
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}
