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

/// Prints what was asked for, as far as the reader wants it.
///
/// # Errors
/// What keeps it from being written, other than that the reader is gone.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
