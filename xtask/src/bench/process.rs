//! Processes that end with their owners, and what the kernel says of them.

use std::{
    fs,
    process::{Child, ChildStdout, Command, ExitStatus},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::run::{command, run, show};

/// Longest time that a process may take to end when it is asked to, in steps of [`STEP`].
const MAX_STEPS: u32 = 1_000;
const STEP: Duration = Duration::from_millis(20);

/// A process that is killed when it goes out of scope.
pub(crate) struct Process {
    child: Child,
    shown: String,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let shown = show(command);
        let child = command.spawn().with_context(|| format!("cannot start {shown}"))?;
        Ok(Self { child, shown })
    }

    pub(crate) fn stdout(&mut self) -> Result<ChildStdout> {
        self.child.stdout.take().with_context(|| format!("{} has no output", self.shown))
    }

    /// Sends a signal and waits for the end, if it has not ended yet.
    pub(crate) fn end(&mut self, signal: &str) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        run(&mut command("kill", &["-s", signal, &self.pid().to_string()]))?;
        for _ in 0..MAX_STEPS {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(STEP);
        }
        bail!("{} did not end when it got SIG{signal}", self.shown)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// User and system time (proc(5), fields 14 and 15 of stat), in microseconds.
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid()))?;
        let after_name = stat.rsplit_once(") ").context("/proc/PID/stat is not understood")?.1;
        let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
        Ok(ticks * 1e4)
    }

    pub(crate) fn resident_mib(&self) -> Result<f64> {
        self.memory_mib("VmRSS")
    }

    /// The most that it has ever had.
    pub(crate) fn peak_resident_mib(&self) -> Result<f64> {
        self.memory_mib("VmHWM")
    }

    fn memory_mib(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let value = value.with_context(|| format!("/proc/PID/status has no {name}"))?;
        Ok(value.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Microseconds of CPU time that the machine spent on anything while `work` ran, and what it returned.
pub(crate) fn busy_during<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let before = busy_us()?;
    let done = work()?;
    Ok((busy_us()? - before, done))
}

/// All but idle and waiting (proc(5), the first line of /proc/stat, in hundredths of a second).
fn busy_us() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    ensure!(fields.len() >= 8, "/proc/stat is not understood");
    let busy: f64 =
        fields.iter().take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4)).map(|(_, ticks)| ticks).sum();
    Ok(busy * 1e4)
}
