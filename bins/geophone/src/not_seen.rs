//! What is not seen, for the person who wonders where her traffic is (README, "What it does not see"). The program prints it
//! when it starts, and the API and the page say the same.

use crate::args::Hooks;

/// What no parser reads, whatever the bytes come from.
const BY_PARSERS: [&str; 2] =
    ["what is said inside TLS (https)", "protocols without a parser (README, \"What it sees\", has those with one)"];

/// What no hook sees.
const BY_HOOKS: [&str; 3] = [
    "Unix sockets, raw sockets, SCTP and AF_XDP",
    "traffic that this machine forwards, and that of virtual machines",
    "requests to this program's own page and API",
];

/// What a live capture with these hooks does not see.
pub(crate) fn live(hooks: Hooks) -> Vec<&'static str> {
    let by_these = match hooks {
        Hooks::Packets => "what runs outside the cgroup2 tree that is observed",
        Hooks::Syscalls => "what is sent and received by io_uring",
    };
    [BY_PARSERS.as_slice(), &BY_HOOKS, &[by_these]].concat()
}

/// What a replay does not show, though the file has it.
pub(crate) fn replay() -> Vec<&'static str> {
    BY_PARSERS.to_vec()
}
