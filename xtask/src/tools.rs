//! The tools that tests and benchmarks use beside cargo.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use crate::{
    python,
    run::{command, output, run},
};

/// A program, and the package of Debian that has it.
struct Tool {
    program: &'static str,
    package: &'static str,
    used_for: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "nginx", package: "nginx-light", used_for: "kernel tests" },
    Tool { program: "curl", package: "curl", used_for: "kernel tests" },
    Tool { program: "h2load", package: "nghttp2-client", used_for: "kernel tests" },
    Tool { program: "wrk", package: "wrk", used_for: "kernel tests, benchmarks" },
    Tool { program: "ip", package: "iproute2", used_for: "kernel tests" },
    Tool { program: "nft", package: "nftables", used_for: "kernel tests" },
    Tool { program: "capsh", package: "libcap2-bin", used_for: "kernel tests" },
    Tool { program: "dumpcap", package: "wireshark-common", used_for: "kernel tests" },
    Tool { program: "openssl", package: "openssl", used_for: "kernel tests" },
    Tool { program: "postgres", package: "postgresql", used_for: "kernel tests" },
    Tool { program: "mariadbd", package: "mariadb-server", used_for: "kernel tests" },
    Tool { program: "redis-server", package: "redis-server", used_for: "kernel tests" },
    Tool { program: "memcached", package: "memcached", used_for: "kernel tests" },
    Tool { program: "memccp", package: "libmemcached-tools", used_for: "kernel tests" },
    Tool { program: "rabbitmq-server", package: "rabbitmq-server", used_for: "kernel tests" },
    Tool { program: "nats-server", package: "nats-server", used_for: "kernel tests" },
    Tool { program: "mosquitto", package: "mosquitto", used_for: "kernel tests" },
    Tool { program: "mosquitto_pub", package: "mosquitto-clients", used_for: "kernel tests" },
    Tool { program: "dnsmasq", package: "dnsmasq-base", used_for: "kernel tests" },
    Tool { program: "dig", package: "bind9-dnsutils", used_for: "kernel tests" },
    Tool { program: "nghttpd", package: "nghttp2-server", used_for: "kernel tests" },
    Tool { program: "nghttpx", package: "nghttp2-proxy", used_for: "kernel tests" },
    Tool { program: "python3", package: "python3", used_for: "kernel tests" },
    Tool { program: "tshark", package: "tshark", used_for: "the oracle" },
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
    let tools: Vec<&Tool> = TOOLS.iter().filter(|tool| find(tool.program).is_none()).collect();
    let compiler = !Path::new("/usr/lib/rustlib/src/rust/library/core").exists();
    let linker = find("bpf-linker").is_none();
    let fuzz = find("cargo-fuzz").is_none();
    let python = !python::is_installed();
    if tools.is_empty() && !compiler && !linker && !fuzz && !python {
        return Ok(());
    }
    if !is_debian() || !is_root() {
        for tool in &tools {
            println!("not installed: {} (package {}), for {}", tool.program, tool.package, tool.used_for);
        }
        println!("--install works on Debian and Ubuntu as root; what is missing is left out of the tests");
        return Ok(());
    }
    let mut packages: Vec<&str> = tools.iter().map(|tool| tool.package).collect();
    if compiler {
        packages.extend(EBPF_PACKAGES);
    }
    // Debian's Python comes without its module venv; others' have it.
    if python && output("python3", &["-m", "ensurepip", "--version"]).is_err() {
        packages.push("python3-venv");
    }
    install_packages(&packages)?;
    if python {
        python::install()?;
    }
    if linker {
        install_bpf_linker()?;
    }
    if fuzz {
        println!("installing cargo-fuzz");
        run(outside_target(&mut command("cargo", &["install", "-q", "--locked", "cargo-fuzz"])))?;
    }
    Ok(())
}

fn install_packages(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    println!("installing {}", packages.join(" "));
    let _no_services = NoServices::declare()?;
    apt(&["update", "-q"])?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends"], packages].concat())
}

fn install_bpf_linker() -> Result<()> {
    const VERSION: &str = "0.13.0";
    println!("installing bpf-linker {VERSION}");
    let path = format!("/usr/lib/llvm-22/bin:{}", env::var("PATH").unwrap_or_default());
    let features = ["--no-default-features", "--features", "llvm-22"];
    let arguments = [&["install", "-q", "--locked", "bpf-linker", "--version", VERSION], &features[..]].concat();
    run(outside_target(command("cargo", &arguments).env("PATH", path)))
}

/// While it is there, packages that bring a service do not start it (deb-systemd-invoke(1), invoke-rc.d(8)): tests start
/// their servers themselves.
struct NoServices {
    is_ours: bool,
}

impl NoServices {
    const POLICY: &str = "/usr/sbin/policy-rc.d";
    const CONTENT: &str = "#!/bin/sh\n# cargo xtask test --install\nexit 101\n";

    /// Leaves a policy alone that somebody else has declared.
    fn declare() -> Result<Self> {
        // Ours may be left from a run that was killed.
        let is_ours = fs::read_to_string(Self::POLICY).map_or(true, |content| content == Self::CONTENT);
        if is_ours {
            fs::write(Self::POLICY, Self::CONTENT)?;
            fs::set_permissions(Self::POLICY, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { is_ours })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = fs::remove_file(Self::POLICY);
        }
    }
}

/// Where a program is, if it is anywhere on the path, or where Debian or `cargo install` puts it.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let postgres = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let postgres = postgres.map(|version| version.path().join("bin"));
    let installed = cargo_home().map(|home| home.join("bin"));
    env::split_paths(&path)
        .chain(system)
        .chain(postgres)
        .chain(installed)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn cargo_home() -> Option<PathBuf> {
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or(home)
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
    let mut missing = not_installed(&TOOLS.iter().map(|tool| tool.program).collect::<Vec<_>>());
    if !python::is_installed() {
        missing.push("Python's packages for workloads".to_owned());
    }
    if !missing.is_empty() {
        bail!("missing: {}; `cargo xtask test --install` installs them on Debian as root", missing.join(", "));
    }
    Ok(())
}
