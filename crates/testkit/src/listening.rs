//! Whether a process's namespace has a listener, found without a connection that would be counted.

use std::{fs, time::Duration};

use crate::clock::wait_for;

/// Waits until something in the network namespace of `pid` listens on a TCP port.
///
/// # Panics
/// If that takes more than ten seconds.
pub(crate) fn wait_until_listening(pid: u32, port: u16) {
    wait_for(&format!("a listener on port {port}"), Duration::from_secs(10), || {
        ["tcp", "tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
            .any(|table| has_listener(&table, port))
            .then_some(())
    });
}

/// `sl local_address rem_address st …`, where the state of a listener is 0A (proc(5)).
fn has_listener(table: &str, port: u16) -> bool {
    let ending = format!(":{port:04X}");
    table.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&ending)) && fields.nth(1) == Some("0A")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_told_from_a_connection() {
        let table = "  sl  local_address rem_address   st\n   0: 0100007F:0050 00000000:0000 0A 00000000:00000000\n   \
                     1: 0100007F:0051 0100007F:C000 01 00000000:00000000\n";
        assert!(has_listener(table, 80) && !has_listener(table, 81) && !has_listener(table, 0xC000));
    }
}
