//! The command line.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Parser, Subcommand, ValueEnum};
use serde::Deserialize;

/// Shows which programs on this machine call which, how often, how often in vain and how long it takes, without a change
/// to any of them.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) live: LiveArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a recording, or a pcap or pcapng file, through the same analysis. Needs no rights.
    Replay(ReplayArgs),
}

/// Listening to the running kernel.
#[derive(Debug, clap::Args)]
pub(crate) struct LiveArgs {
    /// Where the page and the API are served, as `127.0.0.1:7070` or a port alone; port 0 takes a free one [default: 127.0.0.1:7070]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// A name, besides localhost, by which the page and the API may be called; can be given several times [default: any name,
    /// or none if they are served on a loopback address]
    #[arg(long = "allow-host", value_name = "NAME", value_parser = host)]
    pub(crate) allow_hosts: Vec<String>,
    /// Ends after this time, as `30s`, `5m` or `2h`
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) for_: Option<Duration>,
    /// Writes what passes into a file, for `geophone replay`. It is raw traffic, with all secrets in it
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// How much memory may be used, as `256MiB` [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory_limit: Option<u64>,
    /// What is looked at to see the bytes of connections [default: packets]
    #[arg(long, value_enum, value_name = "HOOKS")]
    pub(crate) capture: Option<Hooks>,
    /// With packets: observes only the sockets of this cgroup (a directory of a cgroup2 file system) and those below it
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) cgroup: Option<PathBuf>,
    /// How many exchanges of a second are listed one by one, and as many that failed, until the memory limit drives out the
    /// oldest; figures count all [default: 1000]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) keep_exchanges: Option<u64>,
    /// A TOML file with settings: listen, allowed_hosts, for, record, memory_limit, capture, cgroup, keep_exchanges (an example
    /// is in README.md); what the command line says comes first
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Running a file.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// A recording of `geophone --record`, or a pcap or pcapng file; `-` is standard input
    pub(crate) file: PathBuf,
    /// How the services and edges are printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Keeps the page up after the replay, until it is interrupted
    #[arg(long)]
    pub(crate) serve: bool,
    /// Where the page is served, with --serve, as `127.0.0.1:7070` or a port alone [default: 127.0.0.1:7070]
    #[arg(long, value_name = "ADDRESS", requires = "serve", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// With --serve: a name, besides localhost, by which the page may be called; can be given several times [default: any name,
    /// or none if it is served on a loopback address]
    #[arg(long = "allow-host", value_name = "NAME", requires = "serve", value_parser = host)]
    pub(crate) allow_hosts: Vec<String>,
    /// How much memory may be used, as `256MiB` [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory_limit: Option<u64>,
}

/// What is looked at to see the bytes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hooks {
    /// The packets that leave and reach sockets: cheaper, and sees every way to send. Needs cgroup2
    Packets,
    /// The system calls that read and write sockets: where there is no cgroup2. Does not see io_uring
    Syscalls,
}

/// How services and edges are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal.
    Table,
    /// For programs.
    Json,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

/// The smallest memory limit that leaves every part room to work.
pub(crate) const MIN_MEMORY_BYTES: u64 = 32 << 20;

/// Where to listen: an IP address and a port, or a port of the loopback address, with or without `localhost:` before it.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text).parse();
    let of_loopback = |port: u16| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    port.map(of_loopback).or_else(|_| text.parse()).map_err(|_| {
        format!("`{text}` is no address: write an IP address and a port, as `127.0.0.1:7070`, or a port alone")
    })
}

/// A span of time: a number and `ms`, `s`, `m` or `h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write a number and a unit (ms, s, m, h), as `30s`");
    let (number, unit) = split_unit(text);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" => number / 1e3,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// A size in bytes: a number and `KiB`, `MiB` or `GiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write a number and a unit (KiB, MiB, GiB), as `256MiB`");
    let (number, unit) = split_unit(text);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let shift = match unit {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(1 << shift).ok_or_else(wrong)?;
    if bytes < MIN_MEMORY_BYTES {
        return Err(format!("{text} is too little: at least {} MiB are needed", MIN_MEMORY_BYTES >> 20));
    }
    Ok(bytes)
}

/// The name or address of a host, as it stands in a URL, without scheme, port and brackets.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if is_name || text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is no name of a host: write it without scheme and port, as `geophone.example`"))
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_port_and_are_of_loopback_without_an_ip() {
        for (text, expected) in [
            ("127.0.0.1:7070", "127.0.0.1:7070"),
            ("[::]:0", "[::]:0"),
            ("7070", "127.0.0.1:7070"),
            ("localhost:7070", "127.0.0.1:7070"),
        ] {
            assert_eq!(address(text), Ok(expected.parse().unwrap()), "{text}");
        }
        // Elsewhere `:7070` means all addresses.
        for wrong in ["", ":7070", "0.0.0.0", "::1:x", "70700", "localhost", "localhost:", "shop.example:80"] {
            assert!(address(wrong).unwrap_err().contains("as `127.0.0.1:7070`"), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "30", "s", "-1s", "1d", "1e300h"] {
            assert!(duration(wrong).unwrap_err().contains("as `30s`"), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_a_unit_and_a_floor() {
        assert_eq!(size("256MiB"), Ok(256 << 20));
        assert_eq!(size("2 GiB"), Ok(2 << 30));
        for wrong in ["", "256", "1MB", "-1MiB", "99999999999999GiB"] {
            assert!(size(wrong).unwrap_err().contains("as `256MiB`"), "{wrong}");
        }
        assert_eq!(size("1MiB"), Err("1MiB is too little: at least 32 MiB are needed".to_owned()));
    }

    #[test]
    fn hosts_have_neither_scheme_nor_port() {
        for right in ["geophone.example", "my_host-2", "10.0.0.1", "fe80::1"] {
            assert_eq!(host(right), Ok(right.to_owned()));
        }
        for wrong in ["", "geophone.example:7070", "http://geophone.example", "a/b", "[::1]", "a b", "*"] {
            assert!(host(wrong).unwrap_err().contains("as `geophone.example`"), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }
}
