//! Opening, reading and closing a capture.

use std::os::unix::fs::MetadataExt as _;

use aya::{
    Ebpf, EbpfLoader, Pod,
    maps::{HashMap, MapData, PerCpuArray, RingBuf},
};
use geophone_model::{
    capture::{CaptureEvent, Loss},
    ledger::{LedgerRow, Stage, Unit},
    net::SocketCookie,
};
use geophone_probe_common::{
    ABI_VERSION,
    counter::COUNT,
    policy::{self, MAX_OWN_LISTENERS, skip},
};

use crate::{
    attach,
    btf::{Btf, BtfError},
    calls::CallLayout,
    clock::Clock,
    config::{Config, Family},
    counters::Totals,
    decode::{Item, decode},
    error::ProbeError,
    hook::Hook,
    kernel::SocketLayout,
    object, requirements,
};

/// Which way bytes pass a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// They leave it.
    Egress,
    /// They arrive at it.
    Ingress,
}

/// What the kernel need not copy of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Payload before this TCP sequence number, which lies less than 2^31 ahead. System calls have no sequence numbers: there
    /// it leaves nothing out.
    Until(u32),
    /// All payload from now on.
    Forever,
}

/// What one drain brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Records that were handed over.
    pub records: u64,
    /// Bytes of the ring that they took.
    pub bytes: u64,
    /// Records that could not be read; counted in the ledger too.
    pub malformed: u64,
}

/// A running capture. Dropping it takes the hooks away.
pub struct Capture {
    ring: RingBuf<MapData>,
    counters: PerCpuArray<MapData, Counters>,
    policy: HashMap<MapData, u64, SkipWord>,
    hooks: Vec<Hook>,
    clock: Clock,
    family: Family,
    ring_bytes: usize,
    read: Drained,
    lost: u64,
    /// Owns the programs and their links.
    kernel: Option<Ebpf>,
}

impl Capture {
    /// Checks the machine, loads the kernel programs and attaches them.
    ///
    /// # Errors
    /// [`ProbeError`] says what is missing and what to do. Hooks that only add to the picture are not errors: see
    /// [`hooks`](Self::hooks).
    pub fn open(config: &Config) -> Result<Self, ProbeError> {
        config.check()?;
        requirements::check_capabilities(config.family)?;
        requirements::check_lockdown()?;
        let cgroup = match config.family {
            Family::Packets => Some(requirements::cgroup(config.cgroup.as_deref())?),
            Family::Syscalls => None,
        };
        let layout = Btf::of_the_running_kernel();
        let mut kernel = load(config, layout.as_ref())?;
        let types = match &layout {
            Ok(_) => aya::Btf::from_sys_fs().map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let mut hooks = match &cgroup {
            Some(cgroup) => attach::packets(&mut kernel, cgroup)?,
            None => attach::calls(&mut kernel, &types)?,
        };
        hooks.extend(attach::tracepoints(&mut kernel, &types));
        let mut capture = Self {
            ring: map(&mut kernel, "RING")?,
            counters: map(&mut kernel, "COUNTERS")?,
            policy: map(&mut kernel, "POLICY")?,
            hooks,
            clock: Clock::measure(),
            family: config.family,
            ring_bytes: config.ring_bytes,
            read: Drained::default(),
            lost: 0,
            kernel: Some(kernel),
        };
        capture.lost = capture.totals()?.lost();
        Ok(capture)
    }

    /// What is attached, and what is not and why.
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// The clock of its events.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// Size of the ring in bytes.
    pub const fn ring_bytes(&self) -> usize {
        self.ring_bytes
    }

    /// Hands over everything that is in the ring. If the kernel found it full since the last call, a
    /// [`CaptureEvent::Loss`] comes last.
    ///
    /// # Errors
    /// [`ProbeError::Map`] if the kernel's counters cannot be read; what was in the ring has been handed over.
    pub fn drain(&mut self, mut sink: impl FnMut(Item<'_>)) -> Result<Drained, ProbeError> {
        let mut drained = Drained::default();
        while let Some(record) = self.ring.next() {
            drained.records += 1;
            drained.bytes += record.len() as u64;
            match decode(&record, self.clock) {
                Ok(item) => sink(item),
                Err(_) => drained.malformed += 1,
            }
            // A producer that is faster than the sink must not keep the caller here for ever.
            if drained.bytes >= self.ring_bytes as u64 {
                break;
            }
        }
        self.read.records += drained.records;
        self.read.bytes += drained.bytes;
        self.read.malformed += drained.malformed;
        let lost = self.totals()?.lost();
        if lost > self.lost {
            let records = lost - self.lost;
            self.lost = lost;
            sink(Item::Event(CaptureEvent::Loss(Loss { at: self.clock.now(), records })));
        }
        Ok(drained)
    }

    /// Tells the kernel what it need not copy of one direction of a socket. A later call replaces an earlier one.
    ///
    /// # Errors
    /// [`ProbeError::Map`]; the direction is copied whole then.
    pub fn skip(&mut self, socket: SocketCookie, flow: Flow, what: Skip) -> Result<(), ProbeError> {
        let word = match what {
            Skip::Until(until) => policy::Skip { mode: skip::UNTIL, until },
            Skip::Forever => policy::Skip { mode: skip::FOREVER, until: 0 },
        };
        let key = policy::key(socket.as_u64(), flow == Flow::Ingress);
        self.policy.insert(key, SkipWord(word), 0).map_err(map_error("POLICY"))
    }

    /// Takes the hooks away. What is in the ring can still be drained, and the ledger does not move any more.
    pub fn detach(&mut self) {
        self.kernel = None;
    }

    /// The accounts of the hooks and of the way through the ring since the start.
    ///
    /// # Errors
    /// [`ProbeError::Map`] if the kernel's counters cannot be read.
    pub fn ledger(&self) -> Result<Vec<LedgerRow>, ProbeError> {
        let totals = self.totals()?;
        let mut rows = totals.rows(self.family);
        let submitted = totals.of(geophone_probe_common::counter::RECORDS);
        // What is neither handed over nor malformed waits in the ring.
        let waiting = submitted.saturating_sub(self.read.records);
        let passed = self.read.records - self.read.malformed;
        let withheld = [("malformed", self.read.malformed), ("in_ring", waiting)];
        rows.push(LedgerRow::new(Stage::Decode, Unit::Records, submitted, passed, &withheld));
        Ok(rows)
    }

    fn totals(&self) -> Result<Totals, ProbeError> {
        let cpus = self.counters.get(&0, 0).map_err(map_error("COUNTERS"))?;
        Ok(Totals::sum(cpus.iter().map(|counters| &counters.0)))
    }
}

fn load(config: &Config, types: Result<&Btf, &BtfError>) -> Result<Ebpf, ProbeError> {
    let load_error = |source: BtfError| ProbeError::Load { source: source.into() };
    let sockets = SocketLayout::new(types.ok()).map_err(load_error)?;
    let calls = match config.family {
        Family::Packets => None,
        Family::Syscalls => Some(CallLayout::new(types)?),
    };
    let version_symbol = format!("GEOPHONE_ABI_{ABI_VERSION}");
    let object = object::embedded();
    if !contains(object, version_symbol.as_bytes()) {
        return Err(ProbeError::ObjectVersion { wanted: ABI_VERSION });
    }
    let ring_bytes = u32::try_from(config.ring_bytes).unwrap_or(u32::MAX);
    let mut loader = EbpfLoader::new();
    loader.map_max_entries("RING", ring_bytes).map_max_entries("POLICY", config.policy_entries);
    let streams = if calls.is_some() { config.stream_entries } else { 1 };
    loader.map_max_entries("STREAMS", streams);
    for (name, value) in sockets.globals().chain(calls.iter().flat_map(CallLayout::globals)) {
        loader.override_global(name, value, true);
    }
    if let Some(calls) = &calls {
        loader.override_global("CALLS", calls.table(), true);
    }
    let mut own_ports = [0u16; MAX_OWN_LISTENERS];
    own_ports.iter_mut().zip(&config.own_ports).for_each(|(own, port)| *own = *port);
    loader.override_global("OWN_PORTS", &own_ports, true);
    let own_netns = own_netns();
    loader.override_global("OWN_NETNS", &own_netns, true);
    let loopback_arrivals = u32::from(config.loopback_arrivals);
    loader.override_global("LOOPBACK_ARRIVALS", &loopback_arrivals, true);
    loader.load(object).map_err(|source| ProbeError::Load { source: source.into() })
}

/// Inode number of this process's network namespace, in which its listeners are; zero, which stands for any, where `/proc` does
/// not say.
fn own_netns() -> u32 {
    let inode = std::fs::metadata("/proc/self/ns/net").map_or(0, |namespace| namespace.ino());
    u32::try_from(inode).unwrap_or(0)
}

fn map<T: TryFrom<aya::maps::Map, Error = aya::maps::MapError>>(
    kernel: &mut Ebpf,
    name: &'static str,
) -> Result<T, ProbeError> {
    let map = kernel.take_map(name).ok_or(ProbeError::ObjectIncomplete { kind: "map", name })?;
    T::try_from(map).map_err(map_error(name))
}

fn map_error(map: &'static str) -> impl Fn(aya::maps::MapError) -> ProbeError {
    move |source| ProbeError::Map { map, source: source.into() }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// All counters of one CPU, for aya.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Counters([u64; COUNT]);

// SAFETY: an array of integers.
unsafe impl Pod for Counters {}

/// An entry of the policy map, for aya.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct SkipWord(policy::Skip);

// SAFETY: `repr(C)`, two integers without padding.
unsafe impl Pod for SkipWord {}
