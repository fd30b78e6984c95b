//! A look at everything that is there, and what of it could not be seen, in sentences.

use geophone_model::fact::{Fact, Pid};
use rustix::thread::{CapabilitySet, capabilities};

use super::now::Now;
use crate::{
    config::{Config, Unreadable},
    machine::Machine,
    process::ProcessScan,
    socket::{AddressScan, SocketScan},
};

/// What a look at everything found, and what it could not see, as sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Processes, sockets with their holders, addresses.
    pub facts: Vec<Fact>,
    /// What could not be seen, and what to do about it.
    pub limits: Vec<String>,
}

impl Survey {
    pub(super) fn of(machine: &Machine, now: &Now) -> Self {
        let mut survey = Self::default();
        survey.processes(machine.processes(), &machine.config);
        survey.sockets(machine.sockets(now.read()), &machine.config);
        survey.addresses(machine.addresses(now.read()), &machine.config);
        survey
    }

    fn processes(&mut self, scan: Result<ProcessScan, Unreadable>, limits: &Config) {
        match scan {
            Ok(scan) => {
                if scan.is_truncated {
                    let max = limits.max_processes;
                    self.cannot(format!(
                        "Processes are known in part only: there are more than the {max} that are looked at, and the others are \
                         looked up when they act"
                    ));
                }
                self.facts.extend(scan.facts.into_iter().map(Fact::Process));
            }
            Err(error) => self.cannot(format!("Processes are not known: {error}")),
        }
    }

    fn sockets(&mut self, scan: Result<SocketScan, Unreadable>, limits: &Config) {
        match scan {
            Ok(scan) => {
                if scan.is_truncated {
                    let &Config { max_processes, max_descriptors, max_namespaces, max_sockets, .. } = limits;
                    self.cannot(format!(
                        "Sockets older than this run are known in part only: no more than {max_processes} processes with \
                         {max_descriptors} descriptors, and {max_sockets} sockets in each of {max_namespaces} network namespaces, \
                         are looked at, and who holds the others is not known"
                    ));
                }
                if !scan.processes_denied.is_empty() {
                    self.cannot(self.denied(&scan.processes_denied, may_trace()));
                }
                for skipped in &scan.skipped {
                    let (netns, reason) = (skipped.netns.0, &skipped.reason);
                    self.cannot(format!(
                        "Sockets older than this run in network namespace {netns} are not known: {reason}"
                    ));
                }
                self.facts.extend(scan.facts.into_iter().map(Fact::Socket));
            }
            Err(error) => self.cannot(format!("Sockets older than this run are not known: {error}")),
        }
    }

    fn addresses(&mut self, scan: Result<AddressScan, Unreadable>, limits: &Config) {
        match scan {
            Ok(scan) => {
                if scan.is_truncated {
                    let &Config { max_processes, max_namespaces, max_addresses, .. } = limits;
                    self.cannot(format!(
                        "The addresses of this machine are known in part only: no more than {max_addresses} in each of \
                         {max_namespaces} network namespaces, of {max_processes} processes, are looked at; who is at another one \
                         may be taken for somebody outside"
                    ));
                }
                self.facts.extend(scan.facts);
            }
            Err(error) => self.cannot(format!("The addresses of this machine are not known: {error}")),
        }
    }

    /// Whose descriptors are closed, and what would open them. Process 1 may be closed to root, too.
    fn denied(&self, denied: &[Pid], may_trace: bool) -> String {
        /// So many are named.
        const MAX_NAMED: usize = 3;
        let whose = match denied {
            [pid] => format!("process {}", self.name(*pid)),
            few if few.len() <= MAX_NAMED => {
                let names: Vec<_> = few.iter().map(|pid| self.name(*pid)).collect();
                format!("processes {}", names.join(", "))
            }
            many => format!("{} processes", many.len()),
        };
        let their = if let [_] = denied { "its" } else { "their" };
        let closed = match may_trace {
            true => "to this one although it has CAP_SYS_PTRACE, by a security policy of the machine",
            false => "to this one (CAP_SYS_PTRACE opens those of other users)",
        };
        format!("Who owns the sockets of {whose} is not known: {their} descriptors are closed {closed}")
    }

    /// A process by its number and, where it is known, by the kernel's name.
    fn name(&self, pid: Pid) -> String {
        let name = self.facts.iter().find_map(|fact| match fact {
            Fact::Process(process) if process.pid == pid => Some(&process.comm),
            _ => None,
        });
        name.map_or_else(|| pid.0.to_string(), |name| format!("{} ({})", pid.0, name.escape_debug()))
    }

    fn cannot(&mut self, sentence: String) {
        self.limits.push(sentence);
    }
}

/// Whether this process has the capability that opens other users' descriptors (ptrace(2), "Ptrace access mode checking").
fn may_trace() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_PTRACE))
}

#[cfg(test)]
mod tests {
    use geophone_model::{fact::ProcessFact, net::NetNs, time::Timestamp};

    use super::*;

    fn process(pid: u32, comm: &str) -> Fact {
        Fact::Process(ProcessFact {
            at: Timestamp::MIN,
            pid: Pid(pid),
            parent: Pid(0),
            comm: comm.to_owned(),
            executable: String::new(),
            script: None,
            cgroup: String::new(),
            container: None,
            unit: None,
            netns: NetNs(0),
        })
    }

    #[test]
    fn the_few_whose_descriptors_are_closed_are_named() {
        let facts = vec![process(1, "systemd"), process(7, "init")];
        let survey = Survey { facts, limits: Vec::new() };
        let check = |pids: &[u32], may_trace, expected: &str| {
            let pids: Vec<Pid> = pids.iter().copied().map(Pid).collect();
            let sentence = survey.denied(&pids, may_trace);
            assert!(sentence.starts_with(&format!("Who owns the sockets of {expected}")), "{sentence}");
            assert_eq!(sentence.contains("opens those of other users"), !may_trace, "{sentence}");
        };
        check(&[1], true, "process 1 (systemd) is not known: its descriptors are closed to this one although it has");
        check(&[1], false, "process 1 (systemd) is not known: its descriptors are closed to this one (CAP_SYS_PTRACE");
        check(&[1, 7, 9], true, "processes 1 (systemd), 7 (init), 9 is not known: their descriptors");
        check(&[1, 7, 9, 10], true, "4 processes is not known: their descriptors");
    }
}
