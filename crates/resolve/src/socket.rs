//! Sockets, found by their cookie or by their endpoints, and who held them.

use std::net::{IpAddr, Ipv4Addr};

use geophone_model::{
    fact::SocketFact,
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

use crate::{
    owner::{Owner, Owners},
    table::{Map, eviction_threshold, map_bytes},
};

/// Where a socket is: its namespace and both its ends. Several sockets may share an address: at once, where workers listen
/// with `SO_REUSEPORT`, or one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) netns: NetNs,
    pub(crate) transport: Transport,
    pub(crate) local: Endpoint,
    /// `None` for a listener or an unconnected socket.
    pub(crate) remote: Option<Endpoint>,
}

/// The other end in the second address of a client's socket, by which it is found whatever the other end is.
const ANYBODY: Endpoint = Endpoint::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Address {
    /// Where a client's socket is found by its own end alone. What it dialled need not be what its packets say at the other
    /// end, if the address was translated on the way; and a client's port is given to few sockets at a time.
    pub(crate) const fn of_client(netns: NetNs, transport: Transport, local: Endpoint) -> Self {
        Self { netns, transport, local, remote: Some(ANYBODY) }
    }

    const fn with_anybody(self) -> Self {
        Self::of_client(self.netns, self.transport, self.local)
    }

    /// Whether it leads to a socket. A client's that has no port yet, and is known by its cookie alone, shares what there is
    /// of its address with every other client of that server.
    const fn is_whole(&self) -> bool {
        self.local.port() != 0
    }
}

/// All known sockets, closed ones for a while too.
#[derive(Debug)]
pub(crate) struct Sockets {
    slots: Vec<Option<Socket>>,
    free: Vec<u32>,
    by_cookie: Map<SocketCookie, u32>,
    by_address: Map<Address, Neighbours>,
    max_sockets: usize,
    max_versions: usize,
    /// How many ever found a place.
    pub(crate) heard_of: u64,
    pub(crate) evicted: u64,
    pub(crate) versions_dropped: u64,
}

#[derive(Debug)]
struct Socket {
    cookie: Option<SocketCookie>,
    address: Address,
    /// Whether it connected, and so is found by its own end alone too.
    is_client: bool,
    /// The first time that it was heard of.
    known_from: Timestamp,
    closed: Option<Timestamp>,
    touched: Timestamp,
    owners: Owners,
}

/// Slots of the sockets that share an address: nearly always one, which needs no allocation.
#[derive(Debug)]
struct Neighbours {
    first: u32,
    more: Vec<u32>,
}

impl Sockets {
    /// Sockets that may share an address: workers of one listener, or generations of one tuple within the retention.
    const MAX_NEIGHBOURS: usize = 64;

    pub(crate) fn new(max_sockets: usize, max_versions: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_cookie: Map::default(),
            by_address: Map::default(),
            max_sockets: max_sockets.clamp(1, u32::MAX as usize),
            max_versions,
            heard_of: 0,
            evicted: 0,
            versions_dropped: 0,
        }
    }

    /// A process holds a socket.
    pub(crate) fn held(&mut self, fact: &SocketFact) {
        let owner = Owner { from: fact.at, pid: fact.pid, source: fact.source };
        let address = Address { netns: fact.netns, transport: fact.transport, local: fact.local, remote: fact.remote };
        let slot = match fact.cookie {
            Some(cookie) => self.by_cookie.get(&cookie).copied(),
            // Without a cookie, the open socket of that address that has none either is the same one.
            None => self.neighbours(&address).find(|&slot| {
                self.socket(slot).is_some_and(|socket| socket.cookie.is_none() && socket.closed.is_none())
            }),
        };
        let Some(slot) = slot else {
            let (at, cookie) = (fact.at, fact.cookie);
            let owners = Owners::new(owner);
            let is_client = false;
            self.insert(Socket { cookie, address, is_client, known_from: at, closed: None, touched: at, owners });
            return;
        };
        let max_versions = self.max_versions;
        let Some(socket) = self.slots[slot as usize].as_mut() else { return };
        self.versions_dropped += socket.owners.state(owner, max_versions);
        socket.known_from = socket.known_from.min(fact.at);
        socket.touched = socket.touched.max(fact.at);
        self.move_slot(slot, address);
    }

    /// A client's socket has its address.
    pub(crate) fn connected(&mut self, cookie: SocketCookie, address: Address) {
        let Some(&slot) = self.by_cookie.get(&cookie) else { return };
        self.move_slot(slot, address);
        let Some(socket) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if !socket.is_client && socket.address.is_whole() {
            socket.is_client = true;
            let address = socket.address.with_anybody();
            self.make_room_at(&address);
            self.join(address, slot);
        }
    }

    /// bind(), connect() and the end of a handshake move a socket.
    fn move_slot(&mut self, slot: u32, address: Address) {
        let Some(socket) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        // What is less than is known says nothing: facts come in any order.
        if socket.address == address || !address.is_whole() {
            return;
        }
        let previous = std::mem::replace(&mut socket.address, address);
        let was_client = std::mem::take(&mut socket.is_client);
        self.leave(&previous, slot);
        if was_client {
            self.leave(&previous.with_anybody(), slot);
        }
        self.make_room_at(&address);
        self.join(address, slot);
    }

    /// A socket is closed.
    pub(crate) fn closed(&mut self, cookie: SocketCookie, at: Timestamp) {
        let slot = self.by_cookie.get(&cookie).copied();
        if let Some(socket) = slot.and_then(|slot| self.slots[slot as usize].as_mut()) {
            socket.closed = Some(at);
            socket.touched = socket.touched.max(at);
        }
    }

    /// The owner of a socket at a time. A cookie is not given to another socket, so what was stated late holds for before.
    pub(crate) fn owner_by_cookie(&mut self, cookie: SocketCookie, at: Timestamp) -> Option<Owner> {
        let slot = *self.by_cookie.get(&cookie)?;
        self.use_slot(slot, at)
    }

    /// The owner of the socket that had an address at a time: of those that were not closed yet, the one heard of last
    /// before that time, else the one heard of first after it. Where the cookie is known, a socket of another cookie has or
    /// had the same ends by chance.
    pub(crate) fn owner_by_address(
        &mut self,
        address: &Address,
        cookie: Option<SocketCookie>,
        at: Timestamp,
    ) -> Option<Owner> {
        let is_another = |socket: &Socket| cookie.is_some() && socket.cookie.is_some() && socket.cookie != cookie;
        let slot = self
            .neighbours(address)
            .filter_map(|slot| Some((slot, self.socket(slot)?)))
            .filter(|(_, socket)| socket.closed.is_none_or(|closed| at <= closed) && !is_another(socket))
            .min_by_key(|(slot, socket)| {
                (socket.known_from > at, at.as_ns().abs_diff(socket.known_from.as_ns()), *slot)
            })?
            .0;
        self.use_slot(slot, at)
    }

    /// Forgets sockets that were closed before a time, and returns how many.
    pub(crate) fn expire(&mut self, before: Timestamp) -> u64 {
        self.forget_where(|_, socket| socket.closed.is_some_and(|closed| closed < before))
    }

    /// How many are known.
    pub(crate) const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let owners: usize = self.slots.iter().flatten().map(|socket| socket.owners.heap_bytes()).sum();
        let neighbours: usize = self.by_address.values().map(|neighbours| neighbours.more.capacity()).sum();
        self.slots.capacity() * size_of::<Option<Socket>>()
            + (self.free.capacity() + neighbours) * size_of::<u32>()
            + map_bytes(&self.by_cookie)
            + map_bytes(&self.by_address)
            + owners
    }

    fn socket(&self, slot: u32) -> Option<&Socket> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn use_slot(&mut self, slot: u32, at: Timestamp) -> Option<Owner> {
        let socket = self.slots.get_mut(slot as usize)?.as_mut()?;
        socket.touched = socket.touched.max(at);
        Some(socket.owners.at(at))
    }

    fn neighbours(&self, address: &Address) -> impl Iterator<Item = u32> + '_ {
        let neighbours = self.by_address.get(address);
        neighbours
            .into_iter()
            .flat_map(|neighbours| std::iter::once(neighbours.first).chain(neighbours.more.iter().copied()))
    }

    fn insert(&mut self, socket: Socket) {
        if self.slots.len() - self.free.len() >= self.max_sockets {
            self.evict();
        }
        self.make_room_at(&socket.address);
        self.heard_of += 1;
        let (cookie, address) = (socket.cookie, socket.address);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                (self.slots.len() - 1) as u32
            }
        };
        self.slots[slot as usize] = Some(socket);
        if let Some(cookie) = cookie {
            self.by_cookie.insert(cookie, slot);
        }
        self.join(address, slot);
    }

    fn join(&mut self, address: Address, slot: u32) {
        if !address.is_whole() {
            return;
        }
        self.by_address
            .entry(address)
            .and_modify(|neighbours| neighbours.more.push(slot))
            .or_insert_with(|| Neighbours { first: slot, more: Vec::new() });
    }

    fn leave(&mut self, address: &Address, slot: u32) {
        let Some(neighbours) = self.by_address.get_mut(address) else { return };
        if neighbours.first == slot {
            match neighbours.more.pop() {
                Some(other) => neighbours.first = other,
                None => _ = self.by_address.remove(address),
            }
        } else {
            neighbours.more.retain(|&other| other != slot);
        }
    }

    fn forget(&mut self, slot: u32) {
        let Some(socket) = self.slots[slot as usize].take() else { return };
        if let Some(cookie) = socket.cookie {
            self.by_cookie.remove(&cookie);
        }
        self.leave(&socket.address, slot);
        if socket.is_client {
            self.leave(&socket.address.with_anybody(), slot);
        }
        self.free.push(slot);
    }

    fn forget_where(&mut self, forget: impl Fn(u32, &Socket) -> bool) -> u64 {
        let free_before = self.free.len();
        for slot in 0..self.slots.len() as u32 {
            if self.socket(slot).is_some_and(|socket| forget(slot, socket)) {
                self.forget(slot);
            }
        }
        (self.free.len() - free_before) as u64
    }

    /// Makes room in the whole: closed sockets go before open ones.
    fn evict(&mut self) {
        let only_closed = self.slots.iter().flatten().any(|socket| socket.closed.is_some());
        let may_go = |socket: &Socket| socket.closed.is_some() || !only_closed;
        // A survey states all its sockets at one time: the slot tells them apart, lest they all go at once.
        let last_use = |slot: u32, socket: &Socket| (socket.touched, slot);
        let candidates = (0..)
            .zip(&self.slots)
            .filter_map(|(slot, socket)| Some((slot, socket.as_ref()?)))
            .filter(|(_, socket)| may_go(socket))
            .map(|(slot, socket)| last_use(slot, socket));
        let Some(threshold) = eviction_threshold(candidates.collect()) else { return };
        self.evicted += self.forget_where(|slot, socket| may_go(socket) && last_use(slot, socket) <= threshold);
    }

    /// Makes room among the sockets of one address.
    fn make_room_at(&mut self, address: &Address) {
        if self.neighbours(address).count() < Self::MAX_NEIGHBOURS {
            return;
        }
        let oldest = self
            .neighbours(address)
            .min_by_key(|&slot| self.socket(slot).map(|socket| (socket.closed.is_none(), socket.touched)));
        if let Some(slot) = oldest {
            self.forget(slot);
            self.evicted += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use geophone_model::fact::{OwnerSource, Pid};

    use super::*;

    const AT: fn(u64) -> Timestamp = Timestamp::from_ns;

    fn fact(at: u64, cookie: u64, local: &str, remote: Option<&str>, pid: u32) -> SocketFact {
        SocketFact {
            at: AT(at),
            netns: NetNs(1),
            cookie: SocketCookie::new(cookie),
            transport: Transport::Tcp,
            local: local.parse().unwrap(),
            remote: remote.map(|remote| remote.parse().unwrap()),
            pid: Pid(pid),
            source: OwnerSource::Descriptor,
        }
    }

    fn address(local: &str, remote: Option<&str>) -> Address {
        let fact = fact(0, 0, local, remote, 0);
        Address { netns: fact.netns, transport: fact.transport, local: fact.local, remote: fact.remote }
    }

    fn pid(sockets: &mut Sockets, local: &str, remote: Option<&str>, at: u64) -> Option<u32> {
        sockets.owner_by_address(&address(local, remote), None, AT(at)).map(|owner| owner.pid.0)
    }

    #[test]
    fn a_port_passes_from_one_process_to_the_next() {
        let mut sockets = Sockets::new(10, 8);
        sockets.held(&fact(10, 1, "0.0.0.0:80", None, 7));
        sockets.closed(SocketCookie::new(1).unwrap(), AT(20));
        sockets.held(&fact(30, 2, "0.0.0.0:80", None, 8));
        let at = |sockets: &mut Sockets, at| pid(sockets, "0.0.0.0:80", None, at);
        assert_eq!([5, 15, 20].map(|t| at(&mut sockets, t)), [Some(7); 3]);
        assert_eq!([25, 35].map(|t| at(&mut sockets, t)), [Some(8); 2], "somebody answered, and it was not the first");
    }

    #[test]
    fn one_of_several_listeners_may_close() {
        let mut sockets = Sockets::new(10, 8);
        for (cookie, worker) in [(1, 7), (2, 8), (3, 9)] {
            sockets.held(&fact(10, cookie, "0.0.0.0:80", None, worker));
        }
        sockets.closed(SocketCookie::new(1).unwrap(), AT(20));
        assert_eq!(pid(&mut sockets, "0.0.0.0:80", None, 15), Some(7));
        assert_eq!(pid(&mut sockets, "0.0.0.0:80", None, 25), Some(8));
    }

    #[test]
    fn a_socket_that_moves_is_found_where_it_is() {
        let mut sockets = Sockets::new(10, 8);
        sockets.held(&fact(10, 1, "0.0.0.0:9999", None, 7));
        sockets.held(&fact(20, 1, "10.0.0.1:9999", Some("10.0.0.2:53"), 7));
        assert_eq!(pid(&mut sockets, "0.0.0.0:9999", None, 25), None);
        assert_eq!(pid(&mut sockets, "10.0.0.1:9999", Some("10.0.0.2:53"), 25), Some(7));
        assert_eq!(sockets.by_address.len(), 1);
    }

    #[test]
    fn a_socket_without_a_cookie_is_restated_not_doubled() {
        let mut sockets = Sockets::new(10, 8);
        for at in 0..100 {
            sockets.held(&fact(at, 0, "10.0.0.1:80", None, 7));
        }
        assert_eq!((sockets.slots.len(), sockets.evicted), (1, 0));
    }

    #[test]
    fn churn_stays_within_bounds_and_spares_what_is_used() {
        let mut sockets = Sockets::new(64, 8);
        let busy = SocketCookie::new(1_000_000).unwrap();
        sockets.held(&fact(0, busy.as_u64(), "10.0.0.1:5432", Some("10.0.0.2:40000"), 7));
        for n in 1..10_000_u64 {
            let local = format!("10.0.0.1:{}", n % 50_000 + 1_000);
            sockets.held(&fact(n, n, &local, Some("10.0.0.2:80"), 7));
            sockets.owner_by_cookie(busy, AT(n));
            let known = sockets.slots.iter().flatten().count();
            assert!(known <= 64 && sockets.by_cookie.len() == known && sockets.by_address.len() <= known);
        }
        assert!(sockets.owner_by_cookie(busy, AT(10_000)).is_some());
        assert_eq!(sockets.evicted as usize, 10_000 - sockets.by_cookie.len());
        assert!(sockets.slots.len() <= 64);
    }

    #[test]
    fn closed_sockets_go_first_and_expire() {
        let mut sockets = Sockets::new(16, 8);
        for n in 1..=16 {
            sockets.held(&fact(n, n, &format!("10.0.0.1:{n}"), None, 7));
        }
        sockets.closed(SocketCookie::new(16).unwrap(), AT(20));
        sockets.held(&fact(30, 17, "10.0.0.1:17", None, 7));
        assert!(sockets.owner_by_cookie(SocketCookie::new(16).unwrap(), AT(30)).is_none());
        assert!(sockets.owner_by_cookie(SocketCookie::new(1).unwrap(), AT(30)).is_some());

        sockets.closed(SocketCookie::new(2).unwrap(), AT(40));
        assert_eq!((sockets.expire(AT(40)), sockets.expire(AT(41))), (0, 1));
    }

    /// All sockets of a survey have its time.
    #[test]
    fn sockets_of_one_time_do_not_all_go() {
        const MAX: u64 = 1_000;
        let mut sockets = Sockets::new(MAX as usize, 8);
        for n in 1..=MAX + 1 {
            sockets.held(&fact(10, n, &format!("10.0.0.1:{n}"), Some("10.0.0.2:80"), 7));
        }
        let share = MAX / 8;
        assert_eq!((sockets.evicted, sockets.by_cookie.len() as u64), (share, MAX + 1 - share));
        for n in [1, share, share + 1, MAX + 1] {
            let is_known = sockets.owner_by_cookie(SocketCookie::new(n).unwrap(), AT(10)).is_some();
            assert_eq!(is_known, n > share, "{n}: of one time, what was heard of first goes first");
        }

        // The same among those that are closed, which are the only ones that go.
        for n in 501..=700 {
            sockets.closed(SocketCookie::new(n).unwrap(), AT(10));
        }
        for n in MAX + 2..=MAX + 1 + share {
            sockets.held(&fact(10, n, &format!("10.0.0.1:{n}"), Some("10.0.0.2:80"), 7));
        }
        assert_eq!((sockets.evicted, sockets.by_cookie.len() as u64), (share + 25, MAX + 1 - 25));
        assert!(sockets.owner_by_cookie(SocketCookie::new(share + 1).unwrap(), AT(10)).is_some());
    }

    /// connect() is told of before the kernel has chosen a port (`tcp_v4_connect`, net/ipv4/tcp_ipv4.c).
    #[test]
    fn clients_without_a_port_are_known_by_their_cookies_alone() {
        const COUNT: u64 = 500;
        let mut sockets = Sockets::new(1_000, 8);
        let owner = |sockets: &mut Sockets, n| {
            sockets.owner_by_cookie(SocketCookie::new(n).unwrap(), AT(n)).map(|owner| owner.pid.0)
        };
        for n in 1..=COUNT {
            sockets.held(&fact(n, n, "10.0.0.1:0", Some("10.0.0.2:80"), n as u32));
        }
        assert_eq!((sockets.evicted, sockets.by_address.len()), (0, 0));
        for n in 1..=COUNT {
            assert_eq!(owner(&mut sockets, n), Some(n as u32));
        }
        // A scan finds the port; what was said at connect() and comes late does not take it away.
        sockets.held(&fact(600, 1, "10.0.0.1:40000", Some("10.0.0.2:80"), 1));
        sockets.held(&fact(1, 1, "10.0.0.1:0", Some("10.0.0.2:80"), 1));
        assert_eq!(pid(&mut sockets, "10.0.0.1:40000", Some("10.0.0.2:80"), 600), Some(1));
    }

    #[test]
    fn a_client_that_has_its_port_is_found_whoever_it_talks_to() {
        let mut sockets = Sockets::new(10, 8);
        let cookie = SocketCookie::new(1).unwrap();
        sockets.held(&fact(10, 1, "10.0.0.2:0", Some("10.96.0.1:80"), 7));
        sockets.connected(cookie, address("10.0.0.2:50000", Some("10.96.0.1:80")));
        let by_own_end = |sockets: &mut Sockets, local: &str| {
            let address = Address::of_client(NetNs(1), Transport::Tcp, local.parse().unwrap());
            sockets.owner_by_address(&address, None, AT(20)).map(|owner| owner.pid.0)
        };
        assert_eq!(by_own_end(&mut sockets, "10.0.0.2:50000"), Some(7), "the other end may see a translated address");
        assert_eq!(pid(&mut sockets, "10.0.0.2:50000", Some("10.96.0.1:80"), 20), Some(7));
        // Its socket is used for another connection: the first address leads nowhere any more.
        sockets.connected(cookie, address("10.0.0.2:50001", Some("10.96.0.1:80")));
        assert_eq!(by_own_end(&mut sockets, "10.0.0.2:50000"), None);
        assert_eq!(by_own_end(&mut sockets, "10.0.0.2:50001"), Some(7));
        sockets.closed(cookie, AT(30));
        assert_eq!(sockets.expire(AT(40)), 1);
        assert_eq!(by_own_end(&mut sockets, "10.0.0.2:50001"), None);
    }

    #[test]
    fn listeners_of_one_address_are_bounded() {
        let mut sockets = Sockets::new(1_000, 8);
        for n in 1..=200 {
            sockets.held(&fact(n, n, "0.0.0.0:80", None, n as u32));
        }
        assert_eq!(sockets.neighbours(&address("0.0.0.0:80", None)).count(), Sockets::MAX_NEIGHBOURS);
        assert_eq!(sockets.evicted as usize, 200 - Sockets::MAX_NEIGHBOURS);
        assert_eq!(pid(&mut sockets, "0.0.0.0:80", None, 300), Some(200));
    }
}
