//! How much the resolver may know at a time.

/// Limits of a [`Resolver`](crate::Resolver). Every table has one; what goes past it is evicted and counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Sockets that are kept, open ones and those closed less than [`retention_ns`](Self::retention_ns) ago.
    pub max_sockets: usize,
    /// Processes that are kept, running ones and those that ended less than [`retention_ns`](Self::retention_ns) ago.
    pub max_processes: usize,
    /// Versions that one socket (owners) or one process id (programs) is remembered with.
    pub max_versions: usize,
    /// Addresses of this machine, counted once per network namespace that has them.
    pub max_local_addresses: usize,
    /// Addresses whose host names are kept.
    pub max_host_names: usize,
    /// External clients that are told apart by their address; later ones are `other external clients`.
    pub max_external_clients: usize,
    /// External services that are told apart by their host name; later ones are `other external services`.
    pub max_external_services: usize,
    /// Ports of this machine whose owner is not known and that are told apart; later ones are `unknown`.
    pub max_unknown_ports: usize,
    /// How long, in nanoseconds of event time, what has ended is still answered for.
    pub retention_ns: u64,
    /// How long, in nanoseconds of event time, an external client, an external service or an unknown port keeps its name
    /// without being asked for. Only then may another one have its place.
    pub idle_ns: u64,
}

impl Config {
    /// What one entry of every big table costs together, in bytes, by [`Resolver::memory_bytes`](crate::Resolver::memory_bytes)
    /// with the proportions of the default limits: measured by a test, rounded up.
    const BYTES_PER_SOCKET: usize = 1_024;

    /// The default limits, scaled so that full tables stay within `bytes`. No table gets fewer than 64 entries; the caps on
    /// names that appear in the output stay as they are.
    pub fn within_memory(bytes: usize) -> Self {
        let default = Self::default();
        let sockets = bytes / Self::BYTES_PER_SOCKET;
        let scaled = |limit: usize| {
            let scaled = limit as u128 * sockets as u128 / default.max_sockets as u128;
            usize::try_from(scaled).unwrap_or(usize::MAX).max(64)
        };
        Self {
            max_sockets: scaled(default.max_sockets),
            max_processes: scaled(default.max_processes),
            max_local_addresses: scaled(default.max_local_addresses),
            max_host_names: scaled(default.max_host_names),
            ..default
        }
    }
}

impl Default for Config {
    /// Enough for a busy machine: 65,536 sockets and 32,768 processes.
    fn default() -> Self {
        Self {
            max_sockets: 65_536,
            max_processes: 32_768,
            max_versions: 8,
            max_local_addresses: 16_384,
            max_host_names: 16_384,
            max_external_clients: 100,
            max_external_services: 1_000,
            max_unknown_ports: 100,
            retention_ns: 60_000_000_000,
            idle_ns: 3_600_000_000_000,
        }
    }
}

/// What the limits have cost so far, and what has gone the ordinary way. All count since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Facts that were learned.
    pub facts: u64,
    /// Facts of a kind that this version does not know.
    pub facts_ignored: u64,
    /// Sockets and processes that had ended and were forgotten after the retention.
    pub expired: u64,
    /// Sockets that were forgotten to keep [`Config::max_sockets`] or the cap on sockets with one address.
    pub sockets_evicted: u64,
    /// Processes that were forgotten to keep [`Config::max_processes`].
    pub processes_evicted: u64,
    /// Versions of an owner, a program or a host name that were forgotten to keep [`Config::max_versions`].
    pub versions_dropped: u64,
    /// Addresses of this machine that found no place.
    pub addresses_refused: u64,
    /// Addresses whose host names were forgotten to keep [`Config::max_host_names`].
    pub host_names_evicted: u64,
    /// Answers that were `other external clients`.
    pub clients_folded: u64,
    /// Answers that were `other external services`.
    pub services_folded: u64,
    /// Answers that were `unknown` for want of a place in [`Config::max_unknown_ports`].
    pub ports_folded: u64,
}
