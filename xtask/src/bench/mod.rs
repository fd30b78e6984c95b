//! Benchmarks: criterion's, and figures of whole processes.
//!
//! [`whole`] has the latter, a file each. They run [`nginx`], [`geophone`] and [`load`] generators as a [`process`] each, and
//! read the [`ledger`] that geophone prints.

mod figures;
mod geophone;
mod ledger;
mod load;
mod nginx;
mod process;
mod whole;

use anyhow::Result;

use crate::run::{command, output, run};

/// Which benchmarks.
pub(crate) enum What<'a> {
    /// All of criterion's, and the whole-process ones.
    All,
    /// The whole-process ones alone, or a part of these.
    Whole(Option<&'a str>),
    /// Criterion's of one crate.
    Crate(&'a str),
}

/// Runs benchmarks. The figures of whole processes are printed as Markdown, for docs/benchmarks.md.
pub(crate) fn bench(what: &What<'_>) -> Result<()> {
    if let What::All | What::Crate(_) = what {
        let mut cargo = command("cargo", &["bench", "--benches"]);
        match what {
            What::Crate(name) => cargo.args(["-p", &format!("geophone-{name}")]),
            _ => cargo.arg("--workspace"),
        };
        run(&mut cargo)?;
    }
    let part = match what {
        What::All => None,
        What::Whole(part) => *part,
        What::Crate(_) => return Ok(()),
    };
    println!("{}", machine()?);
    whole::run(part)
}

/// The machine and the commit, for whoever reads the figures.
fn machine() -> Result<String> {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |m| m.1);
    let cores = std::thread::available_parallelism()?;
    let kernel = output("uname", &["-r"])?;
    let commit = output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|_| "no repository".to_owned());
    Ok(format!("{model}, {cores} cores, Linux {kernel}, commit {commit}, `cargo xtask bench whole`\n"))
}
