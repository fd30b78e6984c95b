//! The machine that is looked at.

use crate::config::Config;

/// Looks at one machine's procfs and network namespaces. It keeps nothing open between calls and nothing in mind: each call
/// reads anew and says what that has cost.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) config: Config,
}

impl Machine {
    /// A machine; nothing is read yet.
    pub const fn new(config: Config) -> Self {
        Self { config }
    }

    /// What it looks at, and its limits.
    pub const fn config(&self) -> &Config {
        &self.config
    }
}
