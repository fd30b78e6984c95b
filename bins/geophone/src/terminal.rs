//! What is printed, for a reader who may have left: `| head -1`, a closed terminal, a full disk.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// Says something in passing. Whether anybody hears it does not matter to what the program does.
pub(crate) fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The same where warnings and errors go.
pub(crate) fn warn(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// What became of something that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Printed {
    /// It was written.
    Whole,
    /// The reader had enough.
    Unwanted,
}

/// Prints what was asked for.
///
/// # Errors
/// What keeps it from being written, other than that the reader is gone.
pub(crate) fn print(text: &str) -> io::Result<Printed> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Printed::Whole),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Printed::Unwanted),
        Err(error) => Err(error),
    }
}
