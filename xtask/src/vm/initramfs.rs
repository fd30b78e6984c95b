//! What runs in the virtual machine: geophone, a client, nginx with its libraries, and busybox.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    run::{command, output, run},
    tools,
};

/// The first process of the virtual machine, and all that happens there.
const INIT: &str = include_str!("init.sh");
const NGINX_CONF: &str = include_str!("nginx.conf");
/// nginx wants to know who it runs as.
const USERS: &[(&str, &str)] = &[("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"), ("etc/group", "root:x:0:\n")];
/// Folders that are mounted on, or written to.
const EMPTY: &[&str] = &["dev", "proc", "sys", "run", "var/log/nginx", "var/lib/nginx"];

/// Linked statically, so that they need nothing of the machine that they run on.
const TARGET: &str = "x86_64-unknown-linux-gnu";
const BINARIES: [&str; 2] = ["geophone", "geophone-testkit-peer"];

/// Packs an archive that a kernel can boot with, in `folder`.
pub(super) fn pack(folder: &Path) -> Result<PathBuf> {
    let built = build(folder)?;
    let tree = folder.join("root");
    let _ = fs::remove_dir_all(&tree);
    for empty in EMPTY {
        fs::create_dir_all(tree.join(empty))?;
    }
    for (name, text) in USERS.iter().chain(&[("etc/nginx.conf", NGINX_CONF), ("init", INIT)]) {
        write(&tree.join(name), text)?;
    }
    fs::set_permissions(tree.join("init"), Permissions::from_mode(0o755))?;
    for binary in BINARIES {
        copy(&built.join(binary), &tree.join("bin").join(binary))?;
    }
    for program in ["busybox", "nginx"] {
        let file = tools::find(program).with_context(|| format!("{program} is not installed"))?;
        for library in libraries(&file)? {
            copy(&library, &tree.join(library.strip_prefix("/").unwrap_or(&library)))?;
        }
        copy(&file, &tree.join("bin").join(program))?;
    }
    archive(&tree, &folder.join("initramfs.cpio"))
}

/// Builds our own programs, and returns where they are.
fn build(folder: &Path) -> Result<PathBuf> {
    let mut cargo = command("cargo", &["build", "--quiet", "--target", TARGET]);
    for binary in BINARIES {
        cargo.args(["--bin", binary]);
    }
    cargo
        .args(["-p", "geophone", "-p", "geophone-testkit"])
        .env("CARGO_TARGET_DIR", folder)
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_PROFILE_DEV_STRIP", "symbols");
    run(&mut cargo)?;
    Ok(folder.join(TARGET).join("debug"))
}

/// The shared libraries of a program, the dynamic linker among them; none if it is linked statically.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let shown = program.display().to_string();
    // ldd fails on what is linked statically.
    let Ok(text) = output("ldd", &[&shown]) else { return Ok(Vec::new()) };
    // `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`
    if let Some(lost) = text.lines().find(|line| line.contains("not found")) {
        bail!("{shown} cannot be run here, since it lacks a library: {}", lost.trim());
    }
    Ok(text
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')))
        .map(PathBuf::from)
        .collect())
}

/// Packs a folder as the kernel wants it ("newc"), everything owned by root.
fn archive(tree: &Path, file: &Path) -> Result<PathBuf> {
    let mut find =
        command("find", &["."]).current_dir(tree).stdout(Stdio::piped()).spawn().context("cannot run find")?;
    let names = find.stdout.take().context("find has no output")?;
    let mut cpio = command("cpio", &["--create", "--format=newc", "--owner=0:0", "--quiet"]);
    let archive = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
    run(cpio.current_dir(tree).stdin(names).stdout(archive))?;
    if !find.wait()?.success() {
        bail!("cannot list {}", tree.display());
    }
    Ok(file.to_owned())
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Copies a file with its permissions, and what a link points to for the link.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}
