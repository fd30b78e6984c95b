//! Fuzz targets, each for some seconds.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::{
    run::{command, output, root, run},
    tools,
};

/// Seconds of each target in `cargo xtask test`: enough to notice a target that is broken, or a finding on the surface.
pub(crate) const SECONDS_IN_TEST: u32 = 5;

/// What is missing, if anything is.
pub(crate) fn missing() -> Option<&'static str> {
    if output("cargo", &["+nightly", "--version"]).is_err() {
        return Some("a nightly toolchain (rustup toolchain install nightly)");
    }
    tools::find("cargo-fuzz").is_none().then_some("cargo-fuzz (cargo install --locked cargo-fuzz)")
}

/// Runs every target with `part` in its name for some seconds. A finding is a failure, and cargo-fuzz says where its input lies.
pub(crate) fn fuzz(seconds: u32, part: &str) -> Result<()> {
    if let Some(missing) = missing() {
        bail!("fuzzing needs {missing}");
    }
    run(&mut command("cargo", &["run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "-p", "geophone-fuzz-seeds"]))?;
    let mut targets = targets()?;
    targets.retain(|target| target.contains(part));
    if targets.is_empty() {
        bail!("no fuzz target has {part:?} in its name: they are the files of fuzz/fuzz_targets");
    }
    // What does not compile is no finding.
    run(&mut command("cargo", &["+nightly", "fuzz", "build"]))?;
    let mut found = Vec::new();
    for target in &targets {
        let time = format!("-max_total_time={seconds}");
        let arguments = ["+nightly", "fuzz", "run", target, "--", &time, "-rss_limit_mb=2048", "-print_final_stats=1"];
        println!("fuzz {target} for {seconds} s");
        let mut text = String::new();
        if !crate::run::tee(&mut command("cargo", &arguments), |line| text += &format!("{line}\n"))? {
            println!("{text}");
            found.push(target.clone());
        } else if let Some(runs) = text.lines().find(|line| line.starts_with("stat::number_of_executed_units")) {
            println!("  {runs}");
        }
    }
    if !found.is_empty() {
        bail!("findings in {}: fuzz/README.md says what to do with them", found.join(", "));
    }
    println!("fuzz: {} targets without a finding", targets.len());
    Ok(())
}

/// The targets, by the names of their files.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut targets = Vec::new();
    for file in files {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    targets.sort();
    Ok(targets)
}
