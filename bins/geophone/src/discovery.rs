//! What `/proc` says, as facts, looked up beside the capture so that no packet waits for it.

use std::{
    collections::HashSet,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
};

use geophone_model::{
    fact::{Fact, Pid, ProcessFact},
    net::NetNs,
    time::Timestamp,
};
use geophone_probe::Exec;
use geophone_procfs::{Machine, Sighting};

use crate::clocks;

/// Questions that may wait; past it they are dropped and counted.
const MAX_QUESTIONS: usize = 4096;
/// Facts that may wait to be taken.
const MAX_FACTS: usize = 65_536;
/// Processes that are remembered as asked for; past it the memory begins anew.
const MAX_ASKED: usize = 65_536;

/// Network namespaces that are remembered as looked at; past it the memory begins anew.
const MAX_NAMESPACES: usize = 4096;

/// A question to the discoverer.
enum Question {
    /// What is this process? If it has just begun to run another program: since when.
    Process(Pid, Option<Timestamp>),
    /// Which addresses does this machine have now?
    Addresses,
}

/// Looks things up in a thread of its own.
pub(crate) struct Discovery {
    questions: Option<SyncSender<Question>>,
    facts: Receiver<Fact>,
    asked: HashSet<Pid>,
    namespaces: HashSet<NetNs>,
    dropped: u64,
    thread: Option<JoinHandle<()>>,
}

/// What the first look found, and what it could not see, as sentences.
pub(crate) struct Survey {
    pub(crate) facts: Vec<Fact>,
    pub(crate) limits: Vec<String>,
}

impl Discovery {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (questions, asked) = sync_channel::<Question>(MAX_QUESTIONS);
        let (told, facts) = sync_channel::<Fact>(MAX_FACTS);
        let thread = std::thread::Builder::new().name("discovery".to_owned()).spawn(move || {
            let machine = machine();
            for question in asked {
                for fact in answer(&machine, &question) {
                    if told.send(fact).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Self {
            questions: Some(questions),
            facts,
            asked: HashSet::new(),
            namespaces: HashSet::new(),
            dropped: 0,
            thread: Some(thread),
        })
    }

    /// Everything that is there now: processes, sockets and their owners, addresses.
    pub(crate) fn survey() -> Survey {
        let machine = machine();
        let (mut facts, mut limits) = (Vec::new(), Vec::new());
        match machine.processes() {
            Ok(scan) => facts.extend(scan.facts.into_iter().map(Fact::Process)),
            Err(error) => limits.push(format!("Processes are not known: {error}")),
        }
        match machine.sockets(clocks::now()) {
            Ok(scan) => {
                if scan.processes_denied > 0 {
                    let denied = scan.processes_denied;
                    limits.push(format!(
                        "Who owns the sockets of {denied} processes is not known: their descriptors are closed to this process \
                         (CAP_SYS_PTRACE opens those of other users)"
                    ));
                }
                for skipped in &scan.skipped {
                    let (netns, reason) = (skipped.netns.0, &skipped.reason);
                    limits.push(format!(
                        "Sockets older than this run in network namespace {netns} are not known: {reason}"
                    ));
                }
                facts.extend(scan.facts.into_iter().map(Fact::Socket));
            }
            Err(error) => limits.push(format!("Sockets older than this run are not known: {error}")),
        }
        match machine.addresses(clocks::now()) {
            Ok(scan) => facts.extend(scan.facts),
            Err(error) => limits.push(format!("The addresses of this machine are not known: {error}")),
        }
        Survey { facts, limits }
    }

    /// A process was seen to act; what it is will be looked up if that was not done before.
    pub(crate) fn saw(&mut self, pid: Pid) {
        if self.asked.len() >= MAX_ASKED {
            self.asked.clear();
        }
        if self.asked.insert(pid) {
            self.ask(Question::Process(pid, None));
        }
    }

    /// A socket was seen in a network namespace. One that is new has addresses that are not known yet: a container's.
    pub(crate) fn saw_namespace(&mut self, netns: NetNs) {
        if self.namespaces.len() >= MAX_NAMESPACES {
            self.namespaces.clear();
        }
        if self.namespaces.insert(netns) {
            self.ask(Question::Addresses);
        }
    }

    /// A process runs another program. What the kernel said of it is the answer until `/proc` says more: it may be gone
    /// before anybody can look.
    pub(crate) fn exec(&mut self, exec: &Exec) -> Fact {
        self.asked.insert(exec.pid);
        self.ask(Question::Process(exec.pid, Some(exec.at)));
        let executable = exec.path.rsplit('/').next().unwrap_or_default().to_owned();
        Fact::Process(ProcessFact {
            at: exec.at,
            pid: exec.pid,
            parent: Pid(0),
            comm: exec.comm.clone(),
            executable,
            script: None,
            cgroup: String::new(),
            container: None,
            unit: None,
            netns: NetNs(0),
        })
    }

    /// A process has ended; its number may come again.
    pub(crate) fn exit(&mut self, pid: Pid, at: Timestamp) -> Fact {
        self.asked.remove(&pid);
        Fact::ProcessExit { at, pid }
    }

    /// Facts that have been found since the last call.
    pub(crate) fn found(&self) -> impl Iterator<Item = Fact> {
        self.facts.try_iter()
    }

    /// Questions that were dropped because too many waited.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn ask(&mut self, question: Question) {
        let Some(questions) = &self.questions else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = questions.try_send(question) {
            self.dropped += 1;
        }
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.questions = None;
        // The thread may wait for room for its facts; nobody wants them any more.
        for _ in self.facts.try_iter() {}
        if let Some(thread) = self.thread.take()
            && thread.is_finished()
        {
            let _ = thread.join();
        }
    }
}

fn answer(machine: &Machine, question: &Question) -> Vec<Fact> {
    match *question {
        Question::Process(pid, exec_at) => {
            let (Sighting::Process(mut process) | Sighting::InPart(mut process, _), _) = machine.process(pid) else {
                return Vec::new();
            };
            process.at = exec_at.unwrap_or(process.at);
            vec![Fact::Process(*process)]
        }
        Question::Addresses => machine.addresses(clocks::now()).map_or_else(|_| Vec::new(), |scan| scan.facts),
    }
}

fn machine() -> Machine {
    Machine::new(geophone_procfs::Config::new(clocks::boot()))
}
