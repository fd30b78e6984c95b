//! From capture events to exchanges.

#![forbid(unsafe_code)]

mod config;
mod connection;
mod coverage;
mod driver;
mod face;
mod ledger;
mod lru;
mod pipeline;
mod policy;
mod ready;
mod reassembly;
mod sockets;
mod table;
mod translate;
mod view;

pub use config::Config;
pub use ledger::Connections;
pub use pipeline::Pipeline;
pub use policy::{NoPolicy, Policy, PolicyKey, SkipUntil, Way};
