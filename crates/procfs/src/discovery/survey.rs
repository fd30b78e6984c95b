//! A look at everything that is there, and what of it could not be seen, in sentences.

use geophone_model::fact::Fact;

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
                if scan.processes_denied > 0 {
                    let denied = scan.processes_denied;
                    self.cannot(format!(
                        "Who owns the sockets of {denied} processes is not known: their descriptors are closed to this process \
                         (CAP_SYS_PTRACE opens those of other users)"
                    ));
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

    fn cannot(&mut self, sentence: String) {
        self.limits.push(sentence);
    }
}
