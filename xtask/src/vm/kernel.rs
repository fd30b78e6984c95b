//! Debian's kernels for virtual machines, fetched with apt and kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::run::{command, output, run};

/// How often a package is asked for: package servers are busy at times.
const ATTEMPTS: u32 = 3;

/// The image of the newest kernel of a series (`6.12`), from the package lists of this machine. What was fetched before is
/// taken from `folder`.
pub(super) fn fetch(series: &str, folder: &Path) -> Result<PathBuf> {
    // `6.1` must not find 6.12.
    let pattern = format!("^linux-image-{}[.+-].*cloud-amd64-unsigned$", series.replace('.', "\\."));
    let found = output("apt-cache", &["search", "--names-only", &pattern])?;
    let package = newest(found.lines().filter_map(|line| line.split(' ').next()));
    let package =
        package.context("no such package is known here: run `apt-get update`, or take a Debian that has it")?;
    let release = package.trim_start_matches("linux-image-").trim_end_matches("-unsigned");
    let image = folder.join(format!("vmlinuz-{release}"));
    if !image.exists() {
        println!("vm: fetching {package}");
        // Whatever an interrupted run has left is thrown away, and the image appears only when it is whole.
        let work = folder.join(format!("fetching-{release}"));
        let _ = fs::remove_dir_all(&work);
        fs::create_dir_all(&work)?;
        download(package, &work)?;
        fs::rename(work.join("boot").join(format!("vmlinuz-{release}")), &image)
            .with_context(|| format!("{package} has no image for {release}"))?;
        fs::remove_dir_all(&work)?;
    }
    Ok(image)
}

/// Downloads a package and unpacks it where it is.
fn download(package: &str, work: &Path) -> Result<()> {
    let mut apt = command("apt-get", &["-qq", "-o", "APT::Sandbox::User=root", "download", package]);
    apt.current_dir(work);
    let mut done = run(&mut apt);
    for _ in 1..ATTEMPTS {
        if done.is_err() {
            done = run(&mut apt);
        }
    }
    done?;
    for entry in fs::read_dir(work)? {
        run(command("dpkg-deb", &["-x"]).arg(entry?.path()).arg(work))?;
    }
    Ok(())
}

/// The name with the highest version. Packages of one series differ in their numbers alone.
fn newest<'a>(packages: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    packages.max_by_key(|package| {
        let numbers = package.split(|c: char| !c.is_ascii_digit());
        numbers.filter_map(|number| number.parse::<u64>().ok()).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn versions_are_compared_as_numbers() {
        let packages = ["linux-image-6.1.0-9-cloud-amd64-unsigned", "linux-image-6.1.0-56-cloud-amd64-unsigned"];
        assert_eq!(newest(packages.into_iter()), Some(packages[1]));
        assert_eq!(newest(packages.into_iter().rev()), Some(packages[1]));
        let packages =
            ["linux-image-6.12.117+deb12-cloud-amd64-unsigned", "linux-image-6.12.99+deb12-cloud-amd64-unsigned"];
        assert_eq!(newest(packages.into_iter()), Some(packages[0]));
        assert_eq!(newest([].into_iter()), None);
    }
}
