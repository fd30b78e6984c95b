//! What was done, one line for each request.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    os::fd::AsFd as _,
    sync::{Arc, Mutex},
};

/// Requests with their durations, written by many threads.
#[derive(Clone, Default)]
pub(crate) struct Account(Arc<Mutex<String>>);

impl Account {
    /// Enters a request with the bytes of its own and of its answer, heads and bodies.
    pub(crate) fn add(&self, verb: &str, path: &str, status: u16, duration_ns: u64, [request, response]: [u64; 2]) {
        let mut lines = self.0.lock().expect("no thread panics with the account");
        let _ = writeln!(lines, "{verb} {path} {status} {duration_ns} {request} {response}");
    }

    /// Prints it. Several processes may share the output: a line is written whole.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let lines = self.0.lock().expect("no thread panics with the account");
        // Up to PIPE_BUF bytes a pipe takes at once (pipe(7)).
        let mut rest = lines.as_str();
        while !rest.is_empty() {
            let end = rest.as_bytes()[..rest.len().min(4096)].iter().rposition(|byte| *byte == b'\n');
            let (part, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            out.write_all(part.as_bytes())?;
            rest = after;
        }
        Ok(())
    }
}
