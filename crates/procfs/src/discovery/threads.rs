//! The threads that look things up.

use std::{
    sync::mpsc::{Receiver, SyncSender, TryRecvError},
    thread::{Builder, JoinHandle, sleep},
    time::Duration,
};

use geophone_model::{
    fact::{Fact, OwnerSource, Pid, SocketFact},
    net::Transport,
    time::Timestamp,
};

use super::{
    agenda::{Agenda, Scope, TICK_MS},
    listeners::Inquiry,
    now::Now,
    search::{Finding, search},
};
use crate::{config::Cost, machine::Machine, process::Sighting};

/// What is asked of the thread for processes and addresses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    /// What is this process? If it has just begun to run another program: since when.
    Process(Pid, Option<Timestamp>),
    /// Which addresses does this machine have now?
    Addresses,
}

/// Listeners that are looked for at a time; others wait among the questions.
const MAX_SEARCHED: usize = 1_024;

/// Starts both threads. They end when nobody asks any more, or nobody wants their facts.
pub(super) fn start(
    machine: &Machine,
    now: Now,
    questions: Receiver<Question>,
    inquiries: Receiver<Inquiry>,
    told: SyncSender<Fact>,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let (machine, to_answer, to_tell) = (machine.clone(), machine.clone(), told.clone());
    let answers = move || {
        for question in questions {
            if !answer(&to_answer, &now, question).into_iter().all(|fact| to_tell.send(fact).is_ok()) {
                return;
            }
        }
    };
    let mut searcher = Searcher { machine, agenda: Agenda::new(MAX_SEARCHED), told };
    let searches = move || searcher.run(&inquiries);
    Ok(vec![
        Builder::new().name("discovery".to_owned()).spawn(answers)?,
        Builder::new().name("listeners".to_owned()).spawn(searches)?,
    ])
}

fn answer(machine: &Machine, now: &Now, question: Question) -> Vec<Fact> {
    match question {
        Question::Process(pid, exec_at) => {
            let (Sighting::Process(mut process) | Sighting::InPart(mut process, _), _) = machine.process(pid) else {
                return Vec::new();
            };
            // The kernel counts a start from the boot, suspends included (`start_boottime`, fs/proc/array.c), and the clock of
            // events stands still in them: what was started after one would seem to be of the future.
            process.at = exec_at.unwrap_or_else(|| process.at.min(now.read()));
            vec![Fact::Process(*process)]
        }
        Question::Addresses => machine.addresses(now.read()).map_or_else(|_| Vec::new(), |scan| scan.facts),
    }
}

/// Looks for the holders of listeners.
struct Searcher {
    machine: Machine,
    agenda: Agenda,
    told: SyncSender<Fact>,
}

/// Nobody asks any more, or nobody wants to know.
struct Over;

impl Searcher {
    fn run(&mut self, inquiries: &Receiver<Inquiry>) {
        while self.round(inquiries).is_ok() {}
    }

    fn round(&mut self, inquiries: &Receiver<Inquiry>) -> Result<(), Over> {
        if self.agenda.is_idle() {
            self.agenda.add(inquiries.recv().map_err(|_| Over)?);
        }
        // Listeners that come into use together are looked for together.
        sleep(Duration::from_millis(TICK_MS));
        self.agenda.tick();
        let mut is_over = false;
        while !is_over && self.agenda.has_room() {
            match inquiries.try_recv() {
                Ok(inquiry) => self.agenda.add(inquiry),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => is_over = true,
            }
        }
        self.look(Scope::Near)?;
        self.look(Scope::All)?;
        // What was asked last has been looked for once.
        if is_over { Err(Over) } else { Ok(()) }
    }

    fn look(&mut self, scope: Scope) -> Result<(), Over> {
        let inquiries = self.agenda.take(scope);
        if inquiries.is_empty() {
            return Ok(());
        }
        let (findings, cost) = search(&self.machine, &inquiries, scope);
        self.agenda.spent(scope, operations(cost));
        for (inquiry, finding) in inquiries.into_iter().zip(findings) {
            match (finding, scope) {
                (Finding::Unaccepted, _) => self.agenda.again(inquiry.cookie),
                (Finding::Elsewhere, Scope::Near) => self.agenda.widen(inquiry.cookie),
                (Finding::Elsewhere, Scope::All) | (Finding::Closed, _) => self.agenda.done(inquiry.cookie),
                (Finding::Served(pid), _) => {
                    self.agenda.done(inquiry.cookie);
                    self.told.send(fact(&inquiry, pid)).map_err(|_| Over)?;
                }
            }
        }
        Ok(())
    }
}

fn fact(inquiry: &Inquiry, pid: Pid) -> Fact {
    let &Inquiry { cookie, netns, local, at, .. } = inquiry;
    let (cookie, transport, source) = (Some(cookie), Transport::Tcp, OwnerSource::Descriptor);
    Fact::Socket(SocketFact { at, netns, cookie, transport, local, remote: None, pid, source })
}

/// What a search has cost, in units of a file that is opened.
const fn operations(cost: Cost) -> u64 {
    // To enter a namespace is to start a thread, and a kibibyte is copied in about the time that a file is opened in.
    const PER_NAMESPACE: u64 = 30;
    let Cost { opened, links, file_bytes, namespaces_entered, netlink_bytes } = cost;
    opened + links + PER_NAMESPACE * namespaces_entered + (file_bytes + netlink_bytes) / 1_024
}
