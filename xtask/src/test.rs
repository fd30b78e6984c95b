//! Everything that must hold before a change is taken.

use std::{env, time::Instant};

use anyhow::{Result, bail};

use crate::{
    ebpf, fuzz, oracle,
    run::{command, show, tee},
    tidy, tools, vm,
};

/// What a missing tool means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The tests that use it are left out, and say so.
    Skips,
    /// It is a failure.
    Fails,
}

impl Missing {
    /// With `CI=true`, a missing tool is a failure.
    pub(crate) fn from_environment() -> Self {
        if env::var("CI").is_ok_and(|ci| ci == "true") { Self::Fails } else { Self::Skips }
    }
}

/// Runs all checks and tests. The last line has the sums.
pub(crate) fn test(missing: Missing) -> Result<()> {
    if missing == Missing::Fails {
        tools::require_all()?;
    }
    let mut sums = Sums::default();
    sums.check("tidy", tidy::tidy);
    sums.check("ebpf --check", ebpf::check);
    sums.cargo("fmt", &["fmt", "--all", "--", "--check"], &[]);
    sums.cargo(
        "clippy",
        &["clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
        &[],
    );
    sums.cargo(
        "doc",
        &["doc", "--quiet", "--workspace", "--no-deps", "--all-features"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    );
    let ci = if missing == Missing::Fails { "true" } else { "false" };
    // Kernel tests attach to the machine's own kernel; each crate's tests run after the other's, and those of one file one
    // at a time where they must, by their own lock.
    sums.cargo("test", &["test", "--workspace", "--all-features", "--no-fail-fast"], &[("CI", ci)]);
    sums.oracle(missing);
    sums.fuzz(missing);
    for kernel in vm::KERNELS {
        sums.machine(kernel, missing);
    }
    sums.print()
}

/// How many checks and tests passed and failed.
#[derive(Default)]
struct Sums {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// What failed, by name.
    failures: Vec<String>,
}

impl Sums {
    fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        println!("== {name}");
        match check() {
            Ok(()) => self.passed += 1,
            Err(error) => {
                println!("{error:#}");
                self.fail(name);
            }
        }
    }

    /// Runs the test on another kernel.
    fn machine(&mut self, kernel: &str, missing: Missing) {
        let name = format!("vm {kernel}");
        println!("== {name}");
        match vm::vm(&[kernel], missing) {
            Ok(vm::Outcome::Passed) => self.passed += 1,
            Ok(vm::Outcome::Skipped) => self.skipped += 1,
            Err(error) => {
                println!("{error:#}");
                self.fail(&name);
            }
        }
    }

    fn oracle(&mut self, missing: Missing) {
        let lacks = tools::not_installed(&["tshark"]);
        if missing == Missing::Skips && !lacks.is_empty() {
            println!("skipped: the oracle needs {}", lacks.join(", "));
            self.skipped += 1;
            return;
        }
        self.check("oracle", || oracle::oracle(&[]));
    }

    fn fuzz(&mut self, missing: Missing) {
        match fuzz::missing() {
            Some(what) if missing == Missing::Skips => {
                println!("skipped: fuzzing needs {what}");
                self.skipped += 1;
            }
            _ => self.check("fuzz", || fuzz::fuzz(fuzz::SECONDS_IN_TEST, "")),
        }
    }

    fn fail(&mut self, name: &str) {
        self.failed += 1;
        self.failures.push(name.to_owned());
    }

    /// Runs cargo. The sums of test binaries in its output are added; without any, the command itself counts as one.
    #[expect(clippy::disallowed_methods, reason = "a person wants to know how long it took")]
    fn cargo(&mut self, name: &str, arguments: &[&str], environment: &[(&str, &str)]) {
        let mut cargo = command("cargo", arguments);
        cargo.envs(environment.iter().copied());
        println!("== {}", show(&cargo));
        let (begin, before) = (Instant::now(), (self.passed, self.failed, self.skipped));
        let mut failures = Vec::new();
        let succeeded = tee(&mut cargo, |line| {
            println!("{line}");
            self.add_result_line(line);
            if let Some(test) = line.strip_prefix("test ").and_then(|test| test.strip_suffix(" ... FAILED")) {
                failures.push(format!("{name}: {test}"));
            }
            if line.starts_with("skipped: ") {
                self.skipped += 1;
            }
        });
        self.failures.extend(failures);
        match succeeded {
            Ok(true) if before.0 == self.passed => self.passed += 1,
            Ok(true) => {}
            Ok(false) if before.1 == self.failed => self.fail(name),
            Ok(false) => {}
            Err(error) => {
                println!("{error:#}");
                self.fail(name);
            }
        }
        println!("== {name} took {:.0} s", begin.elapsed().as_secs_f64());
    }

    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`
    fn add_result_line(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let number = |what: &str| -> u64 {
            let words: Vec<&str> = result.split([' ', ';']).collect();
            words.windows(2).find(|pair| pair[1] == what).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
        };
        self.passed += number("passed");
        self.failed += number("failed");
        self.skipped += number("ignored");
    }

    fn print(self) -> Result<()> {
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        if self.failed != 0 {
            bail!("not all checks passed");
        }
        Ok(())
    }
}
