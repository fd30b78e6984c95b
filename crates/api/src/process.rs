//! The metrics of the process that client libraries of Prometheus give by convention
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>), read from `/proc/self`. One that cannot
//! be read is left out, and so are all of them on a system without `/proc`.

use std::fs;

use crate::{Exposition, MetricKind};

/// Ticks a second in which the kernel tells CPU time to user space (`USER_HZ`, include/asm-generic/param.h): it is part of
/// the ABI on every architecture that Geophone runs on.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) fn expose(exposition: &mut Exposition) {
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let status = fs::read_to_string("/proc/self/status").ok();
    let kernel = fs::read_to_string("/proc/stat").ok();
    let metrics = [
        (
            "process_cpu_seconds_total",
            MetricKind::Counter,
            "CPU time of the process, user and kernel.",
            stat.as_deref().and_then(cpu_seconds),
        ),
        (
            "process_resident_memory_bytes",
            MetricKind::Gauge,
            "Memory of the process that is in RAM.",
            status.as_deref().and_then(|status| kibibytes(status, "VmRSS:")),
        ),
        (
            "process_virtual_memory_bytes",
            MetricKind::Gauge,
            "Address space of the process.",
            status.as_deref().and_then(|status| kibibytes(status, "VmSize:")),
        ),
        (
            "process_open_fds",
            MetricKind::Gauge,
            "Open file descriptors.",
            fs::read_dir("/proc/self/fd").ok().map(|open| open.count() as f64),
        ),
        (
            "process_start_time_seconds",
            MetricKind::Gauge,
            "When the process was started, in seconds since the Unix epoch.",
            stat.as_deref().zip(kernel.as_deref()).and_then(|(stat, kernel)| start_seconds(stat, kernel)),
        ),
    ];
    for (name, kind, help, value) in metrics {
        if let Some(value) = value {
            exposition.family(name, kind, help).sample(&[], value);
        }
    }
}

/// A field of `/proc/PID/stat` by its number in proc_pid_stat(5). The second one, the command, is in parentheses and may
/// hold spaces and parentheses itself.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_command) = stat.rsplit_once(')')?;
    after_command.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    let (user, kernel) = (stat_field(stat, 14)?, stat_field(stat, 15)?);
    Some((user + kernel) / TICKS_PER_SECOND)
}

fn start_seconds(stat: &str, kernel: &str) -> Option<f64> {
    let boot: f64 = kernel.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

fn kibibytes(status: &str, name: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kibibytes| kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 1200 1 2";

    #[test]
    fn a_command_with_parentheses_does_not_shift_the_fields() {
        assert_eq!(cpu_seconds(STAT), Some(2.0));
        assert_eq!(start_seconds(STAT, "cpu 1\nbtime 1700000000\n"), Some(1_700_000_012.0));
    }

    #[test]
    fn kibibytes_are_bytes() {
        assert_eq!(kibibytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2_097_152.0));
        assert_eq!(kibibytes("", "VmRSS:"), None);
    }

    #[test]
    fn this_process_has_all_of_them() {
        let mut exposition = Exposition::default();
        expose(&mut exposition);
        assert_eq!(exposition.into_text().lines().filter(|line| !line.starts_with('#')).count(), 5);
    }
}
