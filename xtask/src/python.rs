//! The Python of the workload scripts: an environment below the target directory, with the packages that they import.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use crate::run::{command, root, run, target_dir};

/// Where it is. The test kit looks for it there.
fn folder() -> PathBuf {
    target_dir().join("python")
}

/// The packages, with their versions.
fn requirements() -> PathBuf {
    root().join("crates/testkit/workloads/requirements.txt")
}

/// Whether it is there with the packages of today. Those that it was made with are written down beside it.
pub(crate) fn is_installed() -> bool {
    let read = |path: PathBuf| fs::read(path).ok();
    let installed = read(folder().join("requirements.txt"));
    installed.is_some() && installed == read(requirements()) && folder().join("bin/python").exists()
}

/// Makes it anew.
pub(crate) fn install() -> Result<()> {
    let (folder, requirements) = (folder(), requirements());
    println!("installing what {} names into {}", requirements.display(), folder.display());
    let [environment, python, packages] =
        [folder.clone(), folder.join("bin/python"), requirements.clone()].map(|path| path.display().to_string());
    run(&mut command("python3", &["-m", "venv", "--clear", &environment]))?;
    let quietly = ["--quiet", "--disable-pip-version-check"];
    run(&mut command(&python, &[&["-m", "pip", "install"], &quietly[..], &["-r", &packages]].concat()))?;
    fs::copy(&requirements, folder.join("requirements.txt"))
        .with_context(|| format!("cannot write into {}", folder.display()))?;
    Ok(())
}
