//! The rules of the house that no other tool knows.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::run::{output, root};

/// Which crate of the workspace may import which (ARCHITECTURE.md, "Crates"). A crate that is not listed may import
/// anything: binaries, examples, the test kit.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("distribution", &[]),
    ("probe-common", &[]),
    ("proto-parse", &[]),
    ("path-pattern", &[]),
    ("resolve", &["model"]),
    ("procfs", &["model"]),
    ("capture-file", &["model"]),
    ("probe", &["model", "probe-common"]),
    ("pipeline", &["model", "proto-parse"]),
    ("series", &["model", "distribution"]),
    ("analysis", &["model", "pipeline", "resolve", "red"]),
    ("red", &["model", "distribution", "series"]),
    ("servicemap", &["model", "distribution", "series", "path-pattern"]),
    ("store", &["model", "distribution", "series", "path-pattern"]),
    ("api", &["model", "distribution", "store", "servicemap"]),
];

/// Foreign crates, and the only ones of ours that may depend on them.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("aya", &["probe"]),
    ("hdrhistogram", &["distribution"]),
    ("anyhow", &["bin", "xtask", "examples"]),
    ("clap", &["bin"]),
    ("tokio", &["bin", "api", "store", "examples", "probe"]),
    ("axum", &["api", "bin", "examples"]),
];

/// Crates that may hold `unsafe` code.
const MAY_BE_UNSAFE: &[&str] = &["probe", "probe-ebpf", "testkit"];

/// Files that may ask the system for the time other than by std, which clippy.toml watches over. What runs beside a capture
/// takes its times from the capture's clock: a second reading of the wall clock is apart from it once somebody sets that.
const MAY_READ_CLOCKS: &[&str] = &["crates/probe/src/clock.rs", "crates/testkit/src/clock.rs"];

/// A file longer than this is more than one room.
const MAX_LINES: usize = 700;

/// Checks all rules, and names every breach.
pub(crate) fn tidy() -> Result<()> {
    let metadata: Value = serde_json::from_str(&output("cargo", &["metadata", "--format-version", "1", "--no-deps"])?)?;
    let mut breaches = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata has no packages")? {
        dependencies(package, &mut breaches);
    }
    let mut files = Vec::new();
    for folder in ["crates", "bins", "examples", "fuzz", "xtask"] {
        sources(&root().join(folder), &mut files)?;
    }
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        lines(file.strip_prefix(root()).unwrap_or(file), &text, &mut breaches);
    }
    if !breaches.is_empty() {
        bail!("{}", breaches.join("\n"));
    }
    println!("tidy: {} files", files.len());
    Ok(())
}

/// The crate's name without the prefix; `bin` for all below `bins/`.
fn short_name(package: &Value) -> String {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    let name = package["name"].as_str().unwrap_or_default();
    if manifest.contains("/bins/") { "bin".to_owned() } else { name.trim_start_matches("geophone-").to_owned() }
}

fn dependencies(package: &Value, breaches: &mut Vec<String>) {
    let name = short_name(package);
    let may_import: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        // Tests and benchmarks may use anything; what a user compiles may not.
        if dependency["kind"].as_str() == Some("dev") {
            continue;
        }
        let imported = dependency["name"].as_str().unwrap_or_default();
        if let Some(ours) = imported.strip_prefix("geophone-")
            && let Some(allowed) = may_import.get(name.as_str())
            && !allowed.contains(&ours)
        {
            breaches.push(format!("{name} may not import {ours} (ARCHITECTURE.md, \"Crates\"; xtask/src/tidy.rs)"));
        }
        if let Some((_, allowed)) = ONLY_IN.iter().find(|(foreign, _)| *foreign == imported)
            && !allowed.contains(&name.as_str())
        {
            breaches.push(format!("{name} may not depend on {imported}: only {} may", allowed.join(", ")));
        }
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn lines(file: &Path, text: &str, breaches: &mut Vec<String>) {
    let shown = file.display();
    let crate_name = file.components().nth(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let count = text.lines().count();
    if count > MAX_LINES {
        breaches.push(format!("{shown}: {count} lines; more than {MAX_LINES} are more than one room"));
    }
    if !text.starts_with("//!") && !is_test(file) {
        breaches.push(format!("{shown}: begins without a `//!` that says what is in it"));
    }
    let may_be_unsafe = crate_name.is_some_and(|name| MAY_BE_UNSAFE.contains(&name.as_str())) || is_test(file);
    let may_read_clocks = MAY_READ_CLOCKS.iter().any(|may| Path::new(may) == file) || is_test(file);
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let place = || format!("{shown}:{}", number + 1);
        if !may_be_unsafe
            && (code.contains("unsafe {") || code.contains("unsafe impl") || code.contains("unsafe fn"))
            && !code.contains('"')
        {
            breaches.push(format!("{}: `unsafe` lives in {} only", place(), MAY_BE_UNSAFE.join(", ")));
        }
        if !may_read_clocks && code.contains("clock_gettime") && !code.contains('"') {
            breaches.push(format!("{}: clocks are read in {} only", place(), MAY_READ_CLOCKS.join(", ")));
        }
        if line.ends_with(' ') || line.contains('\t') && !line.contains("\\t") && !is_test(file) {
            breaches.push(format!("{}: a tab, or blanks at the end", place()));
        }
    }
}

fn is_test(file: &Path) -> bool {
    let text = file.to_string_lossy();
    text.contains("/tests/") || text.contains("/benches/") || text.ends_with("/tests.rs") || text.contains("/testdata/")
}
