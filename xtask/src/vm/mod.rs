//! Tests on other kernels: Debian's, under QEMU without acceleration, each with an nginx that is asked and watched.
//!
//! [`kernel`] fetches a kernel, [`initramfs`] packs what runs on it, [`machine`] boots both, and [`console`] reads what the
//! virtual machine said. Requests are counted three times, by client, server and geophone, and must be the same.

mod console;
mod initramfs;
mod kernel;
mod machine;

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result, bail};

use crate::{
    run::{output, target_dir},
    test::Missing,
    tools,
};

/// The series of kernels that are tried: the oldest that is supported, and the long-term one after it.
pub(crate) const KERNELS: [&str; 2] = ["6.1", "6.12"];

/// The lines of the console that a failure shows, and how much of each.
const TAIL_LINES: usize = 40;
const TAIL_LINE_CHARS: usize = 200;

/// What became of a test that needs more than a compiler.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Skipped,
}

/// Runs geophone on the newest Debian kernel of each series, or of all of [`KERNELS`] if none is named.
pub(crate) fn vm(series: &[&str], missing: Missing) -> Result<Outcome> {
    let series = if series.is_empty() { KERNELS.as_slice() } else { series };
    if let Some(lack) = tools_missing() {
        return skip(&lack, missing);
    }
    let folder = target_dir().join("vm");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut kernels = Vec::new();
    for series in series {
        match kernel::fetch(series, &folder) {
            Ok(kernel) => kernels.push(kernel),
            // A kernel that cannot be had is a tool that is missing.
            Err(error) => return skip(&format!("no kernel {series}: {error:#}"), missing),
        }
    }
    let initramfs = initramfs::pack(&folder)?;
    for kernel in &kernels {
        try_on(kernel, &initramfs)?;
    }
    Ok(Outcome::Passed)
}

/// Boots a kernel and checks what was counted on it.
fn try_on(kernel: &Path, initramfs: &Path) -> Result<()> {
    let name = kernel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("vm: booting {name}");
    let file = kernel.with_file_name(format!("{name}.console.txt"));
    let ended = machine::boot(kernel, initramfs, &file);
    let text = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
    match ended.and_then(|()| console::check(&text)) {
        Ok(counted) => {
            println!("vm: {counted}");
            Ok(())
        }
        Err(error) => {
            bail!("on {name}: {error:#}\nthe end of its console ({} has all):\n{}", file.display(), tail(&text))
        }
    }
}

/// The last lines, cut where they are long.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(TAIL_LINES));
    last.map(|line| line.chars().take(TAIL_LINE_CHARS).collect::<String>() + "\n").collect()
}

fn skip(reason: &str, missing: Missing) -> Result<Outcome> {
    if missing == Missing::Fails {
        bail!("tests on other kernels cannot run: {reason}");
    }
    println!("skipped: tests on other kernels: {reason}");
    Ok(Outcome::Skipped)
}

/// What must be installed before anything can be tried.
fn tools_missing() -> Option<String> {
    if env::consts::ARCH != "x86_64" {
        return Some("the kernels that are tried are Debian's for amd64".to_owned());
    }
    let packaging = ["apt-get", "apt-cache", "dpkg-deb"];
    if packaging.iter().any(|program| tools::find(program).is_none()) {
        return Some("the kernels that are tried are fetched with apt, on Debian".to_owned());
    }
    let missing = tools::not_installed(&["qemu-system-x86_64", "cpio", "busybox", "nginx"]);
    if !missing.is_empty() {
        return Some(format!("not installed: {}", missing.join(", ")));
    }
    output("ldd", &["--version"]).err().map(|_| "not installed: ldd (package libc-bin)".to_owned())
}
