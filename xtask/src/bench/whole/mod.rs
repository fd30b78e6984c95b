//! What the whole of geophone does and costs: ratios within one run, medians of several rounds, counts to the last request.
//!
//! [`throughput`] and [`cost`] are what a machine pays for being watched, [`memory`] is what geophone keeps; [`exactness`]
//! and [`overload`] are also checks, and fail where a number is not what another one says it must be.

mod cost;
mod exactness;
mod memory;
mod overload;
mod throughput;

use anyhow::{Context as _, Result, ensure};

use super::geophone::Geophone;
use crate::tools;

/// Rounds of everything that is compared in pairs.
const ROUNDS: usize = 5;
/// Seconds of each round.
const SECONDS: u32 = 4;
/// The rate at which the cost of a request is measured, and the counting is checked.
const RATE: u32 = 10_000;
/// Connections of the closed loop, and of the paced load.
const CONNECTIONS: u32 = 64;
/// The memory that geophone is allowed where memory is looked at.
const MEMORY_LIMIT: &str = "64MiB";
const MEMORY_LIMIT_MIB: f64 = 64.0;

/// A part that can be run by itself.
type Part = (&'static str, fn() -> Result<()>);

const PARTS: [Part; 5] = [
    ("throughput", throughput::kept),
    ("cost", cost::of_a_request),
    ("memory", memory::resident),
    ("exactness", exactness::counts),
    ("overload", overload::closed_loop),
];

/// Prints a table of figures, of all parts or of one.
pub(crate) fn run(part: Option<&str>) -> Result<()> {
    let known = PARTS.map(|(name, _)| name);
    let chosen = match part {
        None => PARTS.as_slice(),
        Some(part) => {
            let index = known.iter().position(|name| *name == part);
            let index = index.with_context(|| format!("no part `{part}`: there are {}", known.join(", ")))?;
            &PARTS[index..=index]
        }
    };
    ensure!(tools::is_root(), "the whole-process benchmarks capture live traffic: run them as root");
    Geophone::build()?;
    println!("| what | figure |\n|---|---|");
    chosen.iter().try_for_each(|(_, part)| part())
}
