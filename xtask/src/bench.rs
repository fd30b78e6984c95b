//! Benchmarks.

use anyhow::Result;

use crate::run::{command, run};

/// Runs the criterion benchmarks of all crates whose names contain `filter`.
pub(crate) fn bench(filter: Option<&str>) -> Result<()> {
    let mut cargo = command("cargo", &["bench", "--workspace", "--benches"]);
    if let Some(filter) = filter {
        cargo.args(["--", filter]);
    }
    run(&mut cargo)
}
