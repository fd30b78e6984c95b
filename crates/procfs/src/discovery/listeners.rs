//! The listeners that are known, and when it is time to ask again who holds one.
//!
//! The kernel tells who called `listen()`. It does not tell who was given the socket since: a child inherits it, a supervisor
//! sends it. So its holder is asked for when it takes its first connection, when the one that is known to hold it ends or
//! runs another program, and in growing intervals while it is in use.

use std::{collections::HashMap, net::IpAddr};

use geophone_model::{
    capture::SocketChange,
    fact::{Pid, SocketFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

/// A listener whose holder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inquiry {
    pub(super) cookie: SocketCookie,
    pub(super) netns: NetNs,
    pub(super) local: Endpoint,
    /// Since when the answer holds: the time of what gave rise to the question.
    pub(super) at: Timestamp,
    /// Who is believed to hold it, if it lives: it and its descendants are looked at first.
    pub(super) near: Option<Pid>,
    /// Whether `near` was found with a descriptor of it, rather than seen to call `listen()`.
    pub(super) is_known: bool,
    /// A connection that it took: who holds that has accepted it.
    pub(super) connection: Option<Connection>,
}

/// A connection that a listener took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) cookie: SocketCookie,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
}

/// The listeners of the machine. When there are too many, the one that was used the longest time ago is forgotten.
#[derive(Debug)]
pub(super) struct Listeners {
    by_cookie: HashMap<SocketCookie, Listener>,
    by_port: HashMap<(NetNs, u16), Vec<SocketCookie>>,
    by_pid: HashMap<Pid, Vec<SocketCookie>>,
    /// Those whose holder has ended. They may be closed with it.
    left: Vec<(SocketCookie, Timestamp)>,
    max: usize,
    pub(super) evicted: u64,
}

#[derive(Clone, Copy, Debug)]
struct Listener {
    netns: NetNs,
    local: Endpoint,
    near: Option<Pid>,
    is_known: bool,
    used: Timestamp,
    next_question: Timestamp,
    pause_ns: u64,
}

impl Listeners {
    /// A listener in use is looked at again after ten seconds, then after twice as long each time, up to some ten minutes.
    const FIRST_PAUSE_NS: u64 = 10_000_000_000;
    const LONGEST_PAUSE_NS: u64 = 64 * Self::FIRST_PAUSE_NS;

    pub(super) fn new(max: usize) -> Self {
        let (by_cookie, by_port, by_pid) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { by_cookie, by_port, by_pid, left: Vec::new(), max: max.max(1), evicted: 0 }
    }

    /// `listen()` was called.
    pub(super) fn opened(&mut self, change: &SocketChange) {
        let SocketChange { at, netns, cookie, local, pid, .. } = *change;
        // The survey may have found it before its event is read.
        if !self.by_cookie.contains_key(&cookie) {
            self.insert(cookie, Listener::new(netns, local, at, pid, false));
        }
    }

    /// A socket is there, which may be a listener, and who holds it.
    pub(super) fn surveyed(&mut self, fact: &SocketFact) {
        if let (Transport::Tcp, Some(cookie), None) = (fact.transport, fact.cookie, fact.remote)
            && !self.by_cookie.contains_key(&cookie)
        {
            self.insert(cookie, Listener::new(fact.netns, fact.local, fact.at, Some(fact.pid), true));
        }
    }

    /// An answer: a process holds a listener, which may have been closed since.
    pub(super) fn held(&mut self, cookie: SocketCookie, pid: Pid) {
        let Some(listener) = self.by_cookie.get_mut(&cookie) else { return };
        listener.is_known = true;
        let before = listener.near.replace(pid);
        if before == Some(pid) {
            return;
        }
        listener.pause_ns = Self::FIRST_PAUSE_NS;
        if let Some(before) = before {
            leave(&mut self.by_pid, &before, cookie);
        }
        self.by_pid.entry(pid).or_default().push(cookie);
    }

    /// A socket was closed, which may be a listener.
    pub(super) fn closed(&mut self, cookie: SocketCookie) {
        let Some(Listener { netns, local, near, .. }) = self.by_cookie.remove(&cookie) else { return };
        leave(&mut self.by_port, &(netns, local.port()), cookie);
        if let Some(pid) = near {
            leave(&mut self.by_pid, &pid, cookie);
        }
    }

    /// A connection was taken. `ask` gets the listeners that may have taken it, where it is time to ask for their holders.
    pub(super) fn accepted(&mut self, change: &SocketChange, mut ask: impl FnMut(Inquiry)) {
        let SocketChange { at, netns, cookie, local, remote, .. } = *change;
        let Some(cookies) = self.by_port.get(&(netns, local.port())) else { return };
        let connection = remote.map(|remote| Connection { cookie, local, remote });
        for cookie in cookies {
            let Some(listener) = self.by_cookie.get_mut(cookie).filter(|listener| listener.takes(local.ip())) else {
                continue;
            };
            listener.used = listener.used.max(at);
            if at >= listener.next_question {
                listener.next_question = at.plus_ns(listener.pause_ns);
                listener.pause_ns = (2 * listener.pause_ns).min(Self::LONGEST_PAUSE_NS);
                ask(Inquiry { connection, ..listener.inquiry(*cookie, at) });
            }
        }
    }

    /// A process runs another program: what was to be closed on exec is closed.
    pub(super) fn exec(&mut self, pid: Pid, at: Timestamp, mut ask: impl FnMut(Inquiry)) {
        for cookie in self.by_pid.get(&pid).into_iter().flatten() {
            if let Some(listener) = self.by_cookie.get_mut(cookie) {
                listener.pause_ns = Self::FIRST_PAUSE_NS;
                ask(listener.inquiry(*cookie, at));
            }
        }
    }

    /// A process has ended. What it alone held is closed, which the kernel tells a moment later; the rest others hold.
    pub(super) fn exit(&mut self, pid: Pid, at: Timestamp) {
        for cookie in self.by_pid.remove(&pid).unwrap_or_default() {
            if let Some(listener) = self.by_cookie.get_mut(&cookie) {
                (listener.near, listener.is_known, listener.pause_ns) = (None, false, Self::FIRST_PAUSE_NS);
                self.left.push((cookie, at));
            }
        }
    }

    /// Asks for the listeners whose holders have ended, where they are still there.
    pub(super) fn ask_for_left(&mut self, mut ask: impl FnMut(Inquiry)) {
        for (cookie, at) in self.left.drain(..) {
            if let Some(listener) = self.by_cookie.get(&cookie) {
                ask(listener.inquiry(cookie, at));
            }
        }
    }

    fn insert(&mut self, cookie: SocketCookie, listener: Listener) {
        if self.by_cookie.len() >= self.max {
            let oldest = self.by_cookie.iter().min_by_key(|(_, listener)| listener.used).map(|(cookie, _)| *cookie);
            if let Some(oldest) = oldest {
                self.closed(oldest);
                self.evicted += 1;
            }
        }
        self.by_port.entry((listener.netns, listener.local.port())).or_default().push(cookie);
        if let Some(pid) = listener.near {
            self.by_pid.entry(pid).or_default().push(cookie);
        }
        self.by_cookie.insert(cookie, listener);
    }
}

impl Listener {
    const fn new(netns: NetNs, local: Endpoint, used: Timestamp, near: Option<Pid>, is_known: bool) -> Self {
        let pause_ns = Listeners::FIRST_PAUSE_NS;
        Self { netns, local, near, is_known, used, next_question: Timestamp::MIN, pause_ns }
    }

    const fn inquiry(&self, cookie: SocketCookie, at: Timestamp) -> Inquiry {
        let Self { netns, local, near, is_known, .. } = *self;
        Inquiry { cookie, netns, local, at, near, is_known, connection: None }
    }

    /// Whether it takes connections to an address. One on `::` takes those to IPv4 addresses too, unless it is told not to,
    /// which is not known; then it is asked for once too often.
    fn takes(&self, ip: IpAddr) -> bool {
        match self.local.ip() {
            own if own == ip => true,
            IpAddr::V4(own) => own.is_unspecified() && ip.is_ipv4(),
            IpAddr::V6(own) => own.is_unspecified(),
        }
    }
}

fn leave<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<SocketCookie>>, key: &K, cookie: SocketCookie) {
    if let Some(cookies) = map.get_mut(key) {
        cookies.retain(|other| *other != cookie);
        if cookies.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
