//! Compiling the kernel programs, and checking that the committed object is what the sources give.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::run::{command, output, root, run, target_dir};

const TARGET: &str = "bpfel-unknown-none";
const OBJECT: &str = "crates/probe/object/geophone.bpf.o";
/// Beside the object: what it was made from, and with what.
const STAMP: &str = "crates/probe/object/geophone.bpf.txt";
/// What the object depends on.
const SOURCES: [&str; 4] = [
    "crates/probe-ebpf/Cargo.toml",
    "crates/probe-ebpf/Cargo.lock",
    "crates/probe-ebpf/src",
    "crates/probe-common/src",
];

/// Compiles the kernel programs into the object that `crates/probe` embeds.
pub(crate) fn build() -> Result<()> {
    let toolchain = Toolchain::find()?;
    let bytes = compile(&toolchain)?;
    fs::create_dir_all(root().join("crates/probe/object"))?;
    fs::write(root().join(OBJECT), &bytes)?;
    fs::write(root().join(STAMP), stamp(&toolchain.versions(), &hash_of_sources()?, &hash(&bytes)))?;
    println!("{OBJECT}: {} bytes, made with {}", bytes.len(), toolchain.versions());
    Ok(())
}

/// Fails where the committed object is not what the sources give.
pub(crate) fn check() -> Result<()> {
    let stamp = fs::read_to_string(root().join(STAMP)).with_context(|| format!("cannot read {STAMP}"))?;
    let committed = fs::read(root().join(OBJECT)).with_context(|| format!("cannot read {OBJECT}"))?;
    if field(&stamp, "object")? != hash(&committed) {
        bail!("{OBJECT} is not the object that {STAMP} speaks of: run `cargo xtask ebpf`");
    }
    if field(&stamp, "sources")? != hash_of_sources()? {
        bail!("the sources of the kernel programs have changed since {OBJECT} was made: run `cargo xtask ebpf`");
    }
    let toolchain = match Toolchain::find() {
        Ok(toolchain) if toolchain.versions() == field(&stamp, "toolchain")? => toolchain,
        Ok(toolchain) => {
            println!(
                "ebpf: the sources are those of the object; not compiled again, since this is {}",
                toolchain.versions()
            );
            return Ok(());
        }
        Err(missing) => {
            println!("ebpf: the sources are those of the object; not compiled again: {missing:#}");
            return Ok(());
        }
    };
    if compile(&toolchain)? != committed {
        bail!("the same toolchain makes another object from the sources than {OBJECT}: run `cargo xtask ebpf`");
    }
    println!("ebpf: compiled again with {}, byte for byte the same", toolchain.versions());
    Ok(())
}

fn compile(toolchain: &Toolchain) -> Result<Vec<u8>> {
    let folder = target_dir().join("ebpf");
    let home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|home| format!("{home}/.cargo")))?;
    // Paths of this machine end up in the line numbers that the verifier's log shows, so they are replaced.
    let flags = [
        "--cfg=bpf_target_arch=\"x86_64\"".to_owned(),
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        format!("--remap-path-prefix={}=geophone", root().display()),
        format!("--remap-path-prefix={home}=cargo"),
        format!("--remap-path-prefix={}=rust", toolchain.sysroot.display()),
    ];
    let mut cargo = command(&toolchain.cargo, &toolchain.cargo_arguments);
    cargo
        .args(["build", "--quiet", "--locked", "--release", "--target", TARGET, "-Zbuild-std=core"])
        .current_dir(root().join("crates/probe-ebpf"))
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("PATH", toolchain.path()?)
        .env("RUSTC_BOOTSTRAP", "1")
        // Set by the cargo that runs this program, for its own compiler.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("CARGO");
    match &toolchain.rustc {
        Some(rustc) => cargo.env("RUSTC", rustc),
        None => cargo.env_remove("RUSTC"),
    };
    run(&mut cargo)?;
    let linked = folder.join(TARGET).join("release/geophone-probe-ebpf");
    let stripped = folder.join("geophone.bpf.o");
    let objcopy = toolchain.objcopy.to_string_lossy();
    run(command(&objcopy, &["--strip-debug"]).arg(&linked).arg(&stripped))?;
    fs::read(&stripped).with_context(|| format!("cannot read {}", stripped.display()))
}

/// A compiler that can build `core` from source, and the linker for it.
struct Toolchain {
    cargo: String,
    cargo_arguments: Vec<&'static str>,
    rustc: Option<PathBuf>,
    sysroot: PathBuf,
    rustc_version: String,
    linker_version: String,
    objcopy: PathBuf,
}

impl Toolchain {
    /// Debian's own compiler with `rust-web-src`, or a nightly of rustup with the component `rust-src`.
    fn find() -> Result<Self> {
        let linker_version = output(linker(), &["--version"]).context(
            "the kernel programs are linked by bpf-linker: \
             PATH=/usr/lib/llvm-22/bin:$PATH cargo install bpf-linker --version 0.13.0 --no-default-features --features llvm-22",
        )?;
        let objcopy = objcopy().context("llvm-objcopy is missing: install llvm")?;
        let debian = ("/usr/bin/cargo", vec![], Some(PathBuf::from("/usr/bin/rustc")));
        let nightly = ("cargo", vec!["+nightly"], None);
        for (cargo, cargo_arguments, rustc) in [debian, nightly] {
            let compiler = rustc.clone().unwrap_or_else(|| PathBuf::from("rustc"));
            let with = |question| {
                let mut arguments = cargo_arguments.clone();
                arguments.extend(question);
                output(&compiler, &arguments)
            };
            let (Ok(sysroot), Ok(rustc_version)) = (with(vec!["--print", "sysroot"]), with(vec!["--version"])) else {
                continue;
            };
            let sysroot = PathBuf::from(sysroot);
            if sysroot.join("lib/rustlib/src/rust/library/core").exists() {
                let cargo = cargo.to_owned();
                return Ok(Self { cargo, cargo_arguments, rustc, sysroot, rustc_version, linker_version, objcopy });
            }
        }
        bail!(
            "the kernel programs need a compiler with the source of `core`: on Debian the packages \
             rustc-web, cargo-web, rust-web-src; elsewhere `rustup toolchain install nightly --component rust-src`"
        )
    }

    fn versions(&self) -> String {
        format!("{}, {}", self.rustc_version, self.linker_version)
    }

    /// `PATH` with cargo's own programs, where bpf-linker is installed.
    fn path(&self) -> Result<std::ffi::OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let linker = linker();
        let folder = linker.parent().map(Path::to_path_buf);
        Ok(env::join_paths(folder.into_iter().filter(|f| !f.as_os_str().is_empty()).chain(env::split_paths(&path)))?)
    }
}

fn linker() -> PathBuf {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let installed = home.map(|home| home.join("bin/bpf-linker")).filter(|linker| linker.exists());
    installed.unwrap_or_else(|| PathBuf::from("bpf-linker"))
}

fn objcopy() -> Option<PathBuf> {
    let versions = (15..30).rev().map(|version| PathBuf::from(format!("/usr/lib/llvm-{version}/bin/llvm-objcopy")));
    versions.chain([PathBuf::from("llvm-objcopy")]).find(|program| output(program, &["--version"]).is_ok())
}

fn stamp(toolchain: &str, sources: &str, object: &str) -> String {
    format!(
        "# What geophone.bpf.o was made from, and with what. `cargo xtask ebpf` writes this, `cargo xtask ebpf --check` reads it.\n\
         toolchain: {toolchain}\nsources: {sources}\nobject: {object}\n"
    )
}

fn field<'a>(stamp: &'a str, name: &str) -> Result<&'a str> {
    let line = stamp.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.with_context(|| format!("{STAMP} has no line `{name}`"))
}

fn hash_of_sources() -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        list(&root().join(source), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        let name = file.strip_prefix(root()).unwrap_or(&file).to_string_lossy().into_owned();
        let bytes = fs::read(&file)?;
        hasher.update(format!("{name}\n{}\n", bytes.len()));
        hasher.update(bytes);
    }
    Ok(hex(&hasher.finalize()))
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        list(&entry?.path(), files)?;
    }
    Ok(())
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
