//! What the command line and the settings file say together.

use std::{
    io::Read as _,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::args::{self, Hooks, LiveArgs};

/// Where the page is served unless told otherwise.
pub(crate) const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7070);
/// The memory limit unless told otherwise.
pub(crate) const DEFAULT_MEMORY_BYTES: u64 = 256 << 20;
/// Exchanges of a second that are kept as rows unless told otherwise.
const DEFAULT_KEEP_EXCHANGES: u64 = 1_000;

/// The longest settings file that is read.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Settings of a live run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) for_: Option<Duration>,
    pub(crate) record: Option<PathBuf>,
    pub(crate) memory_bytes: u64,
    pub(crate) capture: Hooks,
    pub(crate) cgroup: Option<PathBuf>,
    /// Exchanges of a second that are kept as rows, and as many that failed.
    pub(crate) keep_exchanges: u64,
    /// Host names by which the page may be called besides those of the loopback address.
    pub(crate) allowed_hosts: Vec<String>,
}

/// The settings file. Every key can be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<String>,
    #[serde(rename = "for")]
    for_: Option<String>,
    record: Option<PathBuf>,
    memory_limit: Option<String>,
    capture: Option<Hooks>,
    cgroup: Option<PathBuf>,
    keep_exchanges: Option<u64>,
    allowed_hosts: Vec<String>,
}

impl Settings {
    /// The command line's values, else the file's, else the defaults.
    pub(crate) fn new(args: LiveArgs) -> Result<Self> {
        let file = args.config.as_deref().map_or_else(|| Ok(File::default()), File::read)?;
        let from_file = |what: &str, error: String| {
            let path = args.config.as_deref().unwrap_or_else(|| Path::new("the settings"));
            anyhow::anyhow!("{}: {what}: {error}", path.display())
        };
        let capture = args.capture.or(file.capture).unwrap_or(Hooks::Packets);
        let cgroup = args.cgroup.clone().or_else(|| file.cgroup.clone());
        if let (Hooks::Syscalls, Some(cgroup)) = (capture, &cgroup) {
            let capture_from = if args.capture.is_some() { "--capture" } else { "the setting capture" };
            let cgroup_from = if args.cgroup.is_some() { "--cgroup" } else { "the setting cgroup" };
            anyhow::bail!(
                "system calls are observed of the whole machine, packets of a cgroup too: {capture_from} (syscalls) and \
                 {cgroup_from} ({}) do not go together, leave one of them out",
                cgroup.display()
            );
        }
        let listen = file.listen.as_deref().map(args::address).transpose();
        let listen = listen.map_err(|error| from_file("listen", error))?;
        let for_ = file.for_.as_deref().map(args::duration).transpose().map_err(|error| from_file("for", error))?;
        let memory = file.memory_limit.as_deref().map(args::size).transpose();
        let memory = memory.map_err(|error| from_file("memory_limit", error))?;
        let of_file = file.allowed_hosts.iter().map(|name| args::host(name)).collect::<Result<Vec<_>, _>>();
        let of_file = of_file.map_err(|error| from_file("allowed_hosts", error))?;
        let allowed_hosts = if args.allow_hosts.is_empty() { of_file } else { args.allow_hosts };
        Ok(Self {
            listen: args.listen.or(listen).unwrap_or(DEFAULT_LISTEN),
            for_: args.for_.or(for_),
            record: args.record.or(file.record),
            memory_bytes: args.memory_limit.or(memory).unwrap_or(DEFAULT_MEMORY_BYTES),
            capture,
            cgroup,
            keep_exchanges: args.keep_exchanges.or(file.keep_exchanges).unwrap_or(DEFAULT_KEEP_EXCHANGES),
            allowed_hosts,
        })
    }
}

impl File {
    fn read(path: &Path) -> Result<Self> {
        let text = Self::text(path).with_context(|| format!("cannot read the settings {}", path.display()))?;
        // The library's message has the line and, for an unknown key, the ones that are known.
        toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
    }

    /// Its text, within limits: a device has no end, and a FIFO that nobody writes to no beginning.
    fn text(path: &Path) -> Result<String> {
        anyhow::ensure!(std::fs::metadata(path)?.is_file(), "it is not a regular file");
        let mut text = String::new();
        std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
        anyhow::ensure!(
            text.len() as u64 <= MAX_FILE_BYTES,
            "it is longer than the {} KiB that settings may have",
            MAX_FILE_BYTES >> 10
        );
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    fn settings(name: &str, file: &str, args: &[&str]) -> Result<Settings> {
        let path = std::env::temp_dir().join(format!("geophone-settings-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, file).unwrap();
        let path_text = path.to_string_lossy().into_owned();
        let words = ["geophone", "--config", &path_text].into_iter().chain(args.iter().copied());
        let settings = Settings::new(args::Args::parse_from(words).live);
        std::fs::remove_file(&path).unwrap();
        settings
    }

    /// The example of the README has every key, and the help names them all.
    #[test]
    fn the_settings_are_documented() {
        let readme = include_str!("../../../README.md");
        let (_, example) = readme.split_once("```toml\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let file: File = toml::from_str(example).unwrap();
        let File { listen, for_, record, memory_limit, capture, cgroup, keep_exchanges, allowed_hosts } = file;
        assert!(listen.is_some() && for_.is_some() && record.is_some() && memory_limit.is_some());
        assert!(capture.is_some() && cgroup.is_some() && keep_exchanges.is_some() && !allowed_hosts.is_empty());
        settings("readme", example, &[]).unwrap();

        let command = args::Args::command();
        let config = command.get_arguments().find(|argument| argument.get_id() == "config").unwrap();
        let help = config.get_help().unwrap().to_string();
        for key in toml::from_str::<toml::Table>(example).unwrap().keys() {
            assert!(help.contains(key), "{key} is not in: {help}");
        }
    }

    #[test]
    fn the_command_line_comes_before_the_file() {
        let file = "listen = \"127.0.0.1:1\"\nmemory_limit = \"64MiB\"\nfor = \"5s\"\n";
        let settings = settings("order", file, &["--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(settings.listen.port(), 2);
        assert_eq!((settings.memory_bytes, settings.for_), (64 << 20, Some(Duration::from_secs(5))));
    }

    #[test]
    fn a_cgroup_does_not_go_with_system_calls() {
        let refusal = |name, file, args: &[&str]| settings(name, file, args).unwrap_err().to_string();
        let by_flags = refusal("flags", "", &["--cgroup", "/c", "--capture", "syscalls"]);
        assert!(by_flags.contains("--capture (syscalls) and --cgroup (/c) do not go together"), "{by_flags}");
        let one_each = refusal("one-each", "cgroup = \"/c\"", &["--capture", "syscalls"]);
        assert!(one_each.contains("--capture (syscalls) and the setting cgroup (/c)"), "{one_each}");
        let by_file = refusal("file", "cgroup = \"/c\"\ncapture = \"syscalls\"", &[]);
        assert!(by_file.contains("the setting capture (syscalls) and the setting cgroup (/c)"), "{by_file}");
        let overruled = settings("overruled", "capture = \"syscalls\"", &["--cgroup", "/c", "--capture", "packets"]);
        assert_eq!(overruled.unwrap().cgroup.as_deref(), Some(Path::new("/c")));
    }

    #[test]
    fn settings_have_an_end() {
        let longest = format!("#{}", "x".repeat(MAX_FILE_BYTES as usize - 1));
        assert!(settings("longest", &longest, &[]).is_ok());
        let error = format!("{:#}", settings("too-long", &(longest + "x"), &[]).unwrap_err());
        assert!(error.contains("longer than the 64 KiB"), "{error}");
    }

    #[test]
    fn hosts_of_the_command_line_replace_those_of_the_file() {
        let file = "allowed_hosts = [\"of.the.file\"]";
        assert_eq!(settings("hosts", file, &[]).unwrap().allowed_hosts, ["of.the.file"]);
        let named = ["--allow-host", "a.example", "--allow-host", "b.example"];
        assert_eq!(settings("hosts", file, &named).unwrap().allowed_hosts, ["a.example", "b.example"]);
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        let message = |name, file| format!("{:#}", settings(name, file, &[]).unwrap_err());
        assert!(message("key", "lisen = \"127.0.0.1:1\"").contains("unknown field `lisen`"));
        assert!(message("value", "listen = \"nowhere\"").contains("listen: `nowhere` is no address"));
        assert!(message("host", "allowed_hosts = [\"a:1\"]").contains("allowed_hosts: `a:1` is no name of a host"));
        assert!(message("size", "memory_limit = \"lots\"").contains("memory_limit: `lots` is no size"));
    }
}
