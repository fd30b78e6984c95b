//! Looking things up beside a capture, so that no packet waits for `/proc`.
//!
//! `listeners` knows when it is time to ask who holds a listener, `agenda` how much may be looked for and when, and `search`
//! looks. `survey` looks at everything, once.

mod agenda;
mod listeners;
mod now;
mod search;
mod survey;
mod threads;

use std::{
    collections::HashSet,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

use geophone_model::{
    capture::{SocketChange, SocketState},
    fact::{Fact, Pid},
    net::NetNs,
    time::Timestamp,
};

use self::{
    listeners::{Inquiry, Listeners},
    now::Now,
    threads::Question,
};
use crate::machine::Machine;

pub use self::survey::Survey;

/// How much is kept and how much may wait.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Questions that may wait; past it they are dropped and counted.
    questions: usize,
    /// Facts that may wait to be taken; past it nothing is looked up until some were.
    facts: usize,
    /// Processes that are remembered as asked for; past it the memory begins anew.
    asked: usize,
    /// Network namespaces that are remembered as looked at; past it the memory begins anew.
    namespaces: usize,
    /// Listeners that are known; past it the one that was used the longest time ago is forgotten and counted.
    listeners: usize,
}

const LIMITS: Limits = Limits { questions: 4_096, facts: 65_536, asked: 65_536, namespaces: 4_096, listeners: 8_192 };

/// Looks up in the background what events are about: processes, the addresses of new network namespaces, and who holds the
/// listeners that are in use. What it finds are facts, to be taken by [`Discovery::found`].
///
/// A **process** is looked up once, when it is first seen to act, and again when it runs another program.
///
/// A **listener** is made by one process and may be served by another (socket activation, forked workers). Who holds a
/// descriptor of it is looked up when it takes its first connection, again when the one that held it ends or runs another
/// program, and from time to time while it is in use: after ten seconds, then after twice as long each time, up to some ten
/// minutes. Of several holders, the one that has accepted a connection serves; where no connection lives long enough to tell,
/// one that was given the listener rather than one that gave it.
///
/// * The first answer comes 20 to 30 ms after the event of the first connection, where the holder is the one that called
///   `listen()` or descends from it. Else all processes are looked at, some 50 ms after the event, but once in two seconds at
///   most and for no more than about a twentieth of one core; under many such questions the answer comes that much later.
/// * The first answer replaces the guess that who called `listen()` serves, back to the beginning. Exchanges that wait for
///   facts for half a second (`geophone_resolve::Pending`) get it from the first one on; what was named before keeps its name.
///   A later change of hands holds from the event that it was noticed by.
/// * Who has given a listener away and keeps a descriptor of it is told from its heir by the connections alone, by one that
///   lives long enough to be looked at. A listener that is closed before it can be looked at remains its maker's.
#[derive(Debug)]
pub struct Discovery {
    machine: Machine,
    now: Now,
    limits: Limits,
    questions: Option<SyncSender<Question>>,
    inquiries: Option<SyncSender<Inquiry>>,
    facts: Receiver<Fact>,
    asked: HashSet<Pid>,
    namespaces: HashSet<NetNs>,
    listeners: Listeners,
    dropped: u64,
    threads: Vec<JoinHandle<()>>,
}

/// What the limits of a [`Discovery`] have cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiscoveryCounters {
    /// Questions that were dropped because too many waited.
    pub questions_dropped: u64,
    /// Listeners that were forgotten to make room for others.
    pub listeners_evicted: u64,
}

impl Discovery {
    /// Starts the threads: one for processes and addresses, one for listeners, so that a look at all processes delays no
    /// other. `now` reads the clock of the events that it is told of, for the times of what is looked at.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn start(machine: Machine, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::within(LIMITS, machine, Now::new(now))
    }

    fn within(limits: Limits, machine: Machine, now: Now) -> std::io::Result<Self> {
        let (questions, to_answer) = sync_channel(limits.questions);
        let (inquiries, to_search) = sync_channel(limits.questions);
        let (told, facts) = sync_channel(limits.facts);
        let threads = threads::start(&machine, now.clone(), to_answer, to_search, told)?;
        Ok(Self {
            machine,
            now,
            limits,
            questions: Some(questions),
            inquiries: Some(inquiries),
            facts,
            asked: HashSet::new(),
            namespaces: HashSet::new(),
            listeners: Listeners::new(limits.listeners),
            dropped: 0,
            threads,
        })
    }

    /// Everything that is there now, looked at in the calling thread.
    pub fn survey(&mut self) -> Survey {
        let survey = Survey::of(&self.machine, &self.now);
        for fact in &survey.facts {
            if let Fact::Socket(socket) = fact {
                self.listeners.surveyed(socket);
            }
        }
        survey
    }

    /// A socket has changed: asks for the process that acted, the addresses of a namespace that is new, and the holder of a
    /// listener that is in use.
    pub fn socket(&mut self, change: &SocketChange) {
        self.saw_namespace(change.netns);
        if let Some(pid) = change.pid {
            self.saw(pid);
        }
        match change.change {
            SocketState::Listening => self.listeners.opened(change),
            SocketState::Accepted => {
                let Self { listeners, inquiries, dropped, .. } = self;
                listeners.accepted(change, |inquiry| ask(inquiries.as_ref(), inquiry, dropped));
            }
            SocketState::Closed => self.listeners.closed(change.cookie),
            _ => {}
        }
    }

    /// A process was seen to act; what it is will be looked up if that was not done before.
    pub fn saw(&mut self, pid: Pid) {
        if self.remember(pid) {
            self.ask(Question::Process(pid, None));
        }
    }

    /// A process runs another program since a time. It may be gone before anybody can look.
    pub fn exec(&mut self, pid: Pid, at: Timestamp) {
        self.remember(pid);
        self.ask(Question::Process(pid, Some(at)));
        let Self { listeners, inquiries, dropped, .. } = self;
        listeners.exec(pid, at, |inquiry| ask(inquiries.as_ref(), inquiry, dropped));
    }

    /// A process has ended; its number may come again.
    pub fn exit(&mut self, pid: Pid, at: Timestamp) {
        self.asked.remove(&pid);
        self.listeners.exit(pid, at);
    }

    /// The next fact that has been found; `None` where there is none yet. To be called between the batches in which events
    /// are read: what was closed with its process is not asked for.
    pub fn found(&mut self) -> Option<Fact> {
        self.ask_for_left();
        let fact = self.facts.try_recv().ok()?;
        self.took(&fact);
        Some(fact)
    }

    /// Ends the threads once they have answered what was asked, and returns the facts that are left. It waits for each half a
    /// second at most. What is asked later is not looked up.
    pub fn finish(&mut self) -> Vec<Fact> {
        const PATIENCE: Duration = Duration::from_millis(500);
        self.ask_for_left();
        (self.questions, self.inquiries) = (None, None);
        std::iter::from_fn(|| self.facts.recv_timeout(PATIENCE).ok()).collect()
    }

    /// What the limits have cost so far.
    pub const fn counters(&self) -> DiscoveryCounters {
        DiscoveryCounters { questions_dropped: self.dropped, listeners_evicted: self.listeners.evicted }
    }

    /// A process is asked for. Returns whether it is not remembered that it was before.
    fn remember(&mut self, pid: Pid) -> bool {
        if self.asked.len() >= self.limits.asked {
            self.asked.clear();
        }
        self.asked.insert(pid)
    }

    /// A socket was seen in a network namespace. One that is new has addresses that are not known yet: a container's.
    fn saw_namespace(&mut self, netns: NetNs) {
        if self.namespaces.len() >= self.limits.namespaces {
            self.namespaces.clear();
        }
        if self.namespaces.insert(netns) {
            self.ask(Question::Addresses);
        }
    }

    fn ask_for_left(&mut self) {
        let Self { listeners, inquiries, dropped, .. } = self;
        listeners.ask_for_left(|inquiry| ask(inquiries.as_ref(), inquiry, dropped));
    }

    /// A holder that was found may be a process that nothing else is known of: one that was forked.
    fn took(&mut self, fact: &Fact) {
        if let Fact::Socket(socket) = fact
            && let Some(cookie) = socket.cookie
        {
            self.listeners.held(cookie, socket.pid);
            self.saw(socket.pid);
        }
    }

    fn ask(&mut self, question: Question) {
        ask(self.questions.as_ref(), question, &mut self.dropped);
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        (self.questions, self.inquiries) = (None, None);
        // A thread may wait for room for its facts; nobody wants them any more.
        for _ in self.facts.try_iter() {}
        for thread in self.threads.drain(..).filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }
}

fn ask<T>(to: Option<&SyncSender<T>>, question: T, dropped: &mut u64) {
    if let Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = to.map(|to| to.try_send(question)) {
        *dropped += 1;
    }
}

#[cfg(test)]
mod tests;
