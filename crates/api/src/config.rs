//! Settings, and the bounds of a query.

use std::time::Duration;

use geophone_store::PointQuery;

use crate::AllowedHosts;

/// Length of the range where a query has none: 15 minutes.
pub const DEFAULT_LAST_NS: u64 = 15 * 60 * 1_000_000_000;

/// Most rows of a page, unless the query says otherwise.
pub const DEFAULT_LIMIT: usize = 100;

/// Most rows of a page, whatever the query says.
pub const MAX_LIMIT: usize = 1000;

/// Settings of the API.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Names by which the API may be called. [`AllowedHosts::Loopback`] unless told otherwise.
    pub allowed_hosts: AllowedHosts,
    /// Longest range of a query, in nanoseconds: 7 days unless told otherwise.
    pub max_range_ns: u64,
    /// Most series points that a query may read: [`PointQuery::DEFAULT_MAX_POINTS`] unless told otherwise.
    pub max_points: usize,
    /// Most queries that run at a time; others wait: 4 unless told otherwise.
    pub max_queries: usize,
    /// Longest wait for an answer; after it, the client is told to ask for less: 10 seconds unless told otherwise.
    pub timeout: Duration,
    /// Most clients that follow the stream at a time: 64 unless told otherwise.
    pub max_streams: usize,
    /// How often a silent stream shows that it is alive: 15 seconds unless told otherwise.
    pub keep_alive: Duration,
    /// Thresholds of health, and bounds of the map.
    pub map: geophone_servicemap::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allowed_hosts: AllowedHosts::Loopback,
            max_range_ns: 7 * 24 * 3600 * 1_000_000_000,
            max_points: PointQuery::DEFAULT_MAX_POINTS,
            max_queries: 4,
            timeout: Duration::from_secs(10),
            max_streams: 64,
            keep_alive: Duration::from_secs(15),
            map: geophone_servicemap::Config::default(),
        }
    }
}
