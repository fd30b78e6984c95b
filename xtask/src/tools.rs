//! The tools that tests and benchmarks use beside cargo.

use std::{env, fs, path::Path};

use anyhow::{Result, bail};

use crate::run::{command, output, run};

/// A program, and the package of Debian that has it.
struct Tool {
    program: &'static str,
    package: &'static str,
    used_for: &'static str,
}

const TOOLS: [Tool; 12] = [
    Tool { program: "nginx", package: "nginx-light", used_for: "kernel tests" },
    Tool { program: "curl", package: "curl", used_for: "kernel tests" },
    Tool { program: "h2load", package: "nghttp2-client", used_for: "kernel tests" },
    Tool { program: "wrk", package: "wrk", used_for: "kernel tests, benchmarks" },
    Tool { program: "ip", package: "iproute2", used_for: "kernel tests" },
    Tool { program: "nft", package: "nftables", used_for: "kernel tests" },
    Tool { program: "capsh", package: "libcap2-bin", used_for: "kernel tests" },
    Tool { program: "dumpcap", package: "wireshark-common", used_for: "kernel tests" },
    Tool { program: "qemu-system-x86_64", package: "qemu-system-x86", used_for: "tests on other kernels" },
    Tool { program: "cpio", package: "cpio", used_for: "tests on other kernels" },
    Tool { program: "busybox", package: "busybox-static", used_for: "tests on other kernels" },
    Tool { program: "chromium", package: "chromium", used_for: "page tests" },
];

/// What compiles the kernel programs, so that the committed object can be compared byte for byte.
const EBPF_PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "llvm-22-dev", "libpolly-22-dev", "clang-22"];

/// Installs what is missing, and says what.
pub(crate) fn install() -> Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| find(tool.program).is_none()).collect();
    let compiler = !Path::new("/usr/lib/rustlib/src/rust/library/core").exists();
    let linker = find("bpf-linker").is_none();
    let fuzz = find("cargo-fuzz").is_none();
    if missing.is_empty() && !compiler && !linker && !fuzz {
        return Ok(());
    }
    if !is_debian() || !is_root() {
        for tool in &missing {
            println!("not installed: {} (package {}), for {}", tool.program, tool.package, tool.used_for);
        }
        println!("--install works on Debian and Ubuntu as root; what is missing is left out of the tests");
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if compiler {
        packages.extend(EBPF_PACKAGES);
    }
    if !packages.is_empty() {
        println!("installing {}", packages.join(" "));
        apt(&["update", "-q"])?;
        apt(&[&["install", "-y", "-q", "--no-install-recommends"], packages.as_slice()].concat())?;
    }
    if linker {
        println!("installing bpf-linker 0.13.0");
        let path = format!("/usr/lib/llvm-22/bin:{}", env::var("PATH").unwrap_or_default());
        let arguments = [
            "install",
            "-q",
            "--locked",
            "bpf-linker",
            "--version",
            "0.13.0",
            "--no-default-features",
            "--features",
            "llvm-22",
        ];
        run(outside_target(command("cargo", &arguments).env("PATH", path)))?;
    }
    if fuzz {
        println!("installing cargo-fuzz");
        run(outside_target(&mut command("cargo", &["install", "-q", "--locked", "cargo-fuzz"])))?;
    }
    Ok(())
}

/// Where a program is, if it is anywhere on the path, or where `cargo install` puts it.
pub(crate) fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = env::var_os("PATH")?;
    let system = ["/usr/sbin", "/sbin"].map(std::path::PathBuf::from);
    let installed = cargo_home().map(|home| home.join("bin"));
    env::split_paths(&path)
        .chain(system)
        .chain(installed)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn cargo_home() -> Option<std::path::PathBuf> {
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    env::var_os("CARGO_HOME").map(std::path::PathBuf::from).or(home)
}

/// `cargo install` must not build into the target directory of this project, whose flags are others.
fn outside_target(command: &mut std::process::Command) -> &mut std::process::Command {
    command.env_remove("CARGO_TARGET_DIR")
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut apt = command("apt-get", arguments);
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null());
    // Package servers are busy at times; asking again is what a person would do.
    for _ in 0..2 {
        if run(&mut apt).is_ok() {
            return Ok(());
        }
    }
    run(&mut apt)
}

fn is_debian() -> bool {
    fs::metadata("/etc/debian_version").is_ok() && find("apt-get").is_some()
}

pub(crate) fn is_root() -> bool {
    output("id", &["-u"]).is_ok_and(|id| id == "0")
}

/// Those of these programs that are missing, with the packages that have them.
pub(crate) fn not_installed(programs: &[&str]) -> Vec<String> {
    let tools = TOOLS.iter().filter(|tool| programs.contains(&tool.program) && find(tool.program).is_none());
    tools.map(|tool| format!("{} (package {})", tool.program, tool.package)).collect()
}

/// Fails with the tools that are missing.
pub(crate) fn require_all() -> Result<()> {
    let missing = not_installed(&TOOLS.map(|tool| tool.program));
    if !missing.is_empty() {
        bail!("missing: {}; `cargo xtask test --install` installs them on Debian as root", missing.join(", "));
    }
    Ok(())
}
