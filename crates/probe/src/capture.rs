//! Opening, reading and closing a capture.

use std::{fs::File, path::PathBuf};

use aya::{
    Ebpf, EbpfLoader, Pod,
    maps::{Array, HashMap, MapData, PerCpuArray, RingBuf},
    programs::{BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, ProgramError},
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
    btf::Btf,
    clock::Clock,
    counters::Totals,
    decode::{Item, decode},
    error::ProbeError,
    hook::{Hook, HookState},
    kernel::Layout,
    object, requirements,
};

/// How a capture is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The cgroup (a directory of a cgroup2 file system) whose sockets are observed, with all below it. Both ends of a
    /// connection over the loopback device must be inside. `None` for all sockets of the machine.
    pub cgroup: Option<PathBuf>,
    /// Size of the ring in bytes: a power of two and a multiple of the page size.
    pub ring_bytes: usize,
    /// How many directions of connections can have a policy at a time.
    pub policy_entries: u32,
    /// Ports of the agent's own listeners, whose traffic is not reported; at most
    /// [`MAX_OWN_LISTENERS`](geophone_probe_common::policy::MAX_OWN_LISTENERS).
    pub own_ports: Vec<u16>,
}

impl Default for Config {
    fn default() -> Self {
        Self { cgroup: None, ring_bytes: 16 << 20, policy_entries: 32_768, own_ports: Vec::new() }
    }
}

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
    /// Payload before this TCP sequence number, which lies less than 2^31 ahead.
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
        check(config)?;
        requirements::check_capabilities()?;
        requirements::check_lockdown()?;
        let path = config.cgroup.clone().map_or_else(requirements::cgroup2_root, Ok)?;
        let cgroup = File::open(&path).map_err(|source| ProbeError::Cgroup { path, source })?;
        let types = Btf::of_the_running_kernel();
        let mut kernel = load(config, types.as_ref().ok())?;
        let mut hooks = attach_packets(&mut kernel, &cgroup)?;
        hooks.extend(attach_tracepoints(&mut kernel, types.err().map(|error| error.to_string())));
        let mut capture = Self {
            ring: map(&mut kernel, "RING")?,
            counters: map(&mut kernel, "COUNTERS")?,
            policy: map(&mut kernel, "POLICY")?,
            hooks,
            clock: Clock::measure(),
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
        let mut rows = totals.rows();
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

fn check(config: &Config) -> Result<(), ProbeError> {
    const PAGE: usize = 4096;
    let invalid = |what| Err(ProbeError::Config { what });
    if !config.ring_bytes.is_power_of_two() || config.ring_bytes < PAGE || config.ring_bytes > 1 << 30 {
        return invalid(format!(
            "the ring cannot have {} bytes: take a power of two from 4 KiB to 1 GiB",
            config.ring_bytes
        ));
    }
    if config.policy_entries == 0 {
        return invalid("the policy map cannot have 0 entries".to_owned());
    }
    if config.own_ports.len() > MAX_OWN_LISTENERS {
        return invalid(format!(
            "at most {MAX_OWN_LISTENERS} own ports can be left out, not {}",
            config.own_ports.len()
        ));
    }
    Ok(())
}

fn load(config: &Config, types: Option<&Btf>) -> Result<Ebpf, ProbeError> {
    let layout = Layout::new(types).map_err(|source| ProbeError::Load { source: source.into() })?;
    let version_symbol = format!("GEOPHONE_ABI_{ABI_VERSION}");
    let object = object::embedded();
    if !contains(object, version_symbol.as_bytes()) {
        return Err(ProbeError::ObjectVersion { wanted: ABI_VERSION });
    }
    let ring_bytes = u32::try_from(config.ring_bytes).unwrap_or(u32::MAX);
    let mut loader = EbpfLoader::new();
    loader.map_max_entries("RING", ring_bytes).map_max_entries("POLICY", config.policy_entries);
    for (name, value) in layout.globals() {
        loader.override_global(name, value, true);
    }
    let mut kernel = loader.load(object).map_err(|source| ProbeError::Load { source: source.into() })?;
    let own = kernel.map_mut("OWN").ok_or(ProbeError::ObjectIncomplete { kind: "map", name: "OWN" })?;
    let mut own = Array::<_, OwnListeners>::try_from(own).map_err(map_error("OWN"))?;
    own.set(0, OwnListeners::new(&config.own_ports), 0).map_err(map_error("OWN"))?;
    Ok(kernel)
}

fn attach_packets(kernel: &mut Ebpf, cgroup: &File) -> Result<Vec<Hook>, ProbeError> {
    const HOOKS: [(&str, &str, CgroupSkbAttachType, &str); 2] = [
        ("packet_egress", "cgroup_skb/egress", CgroupSkbAttachType::Egress, "packets that leave a socket"),
        ("packet_ingress", "cgroup_skb/ingress", CgroupSkbAttachType::Ingress, "packets that reach a socket"),
    ];
    let mut hooks = Vec::new();
    for (program, hook, direction, purpose) in HOOKS {
        let attach = || -> Result<(), ProgramError> {
            let program: &mut CgroupSkb = kernel.program_mut(program).ok_or(ProgramError::NotLoaded)?.try_into()?;
            program.load()?;
            // "Single" makes a link, which lives beside other programs at the same cgroup; the other modes are refused
            // for a link.
            program.attach(cgroup, direction, CgroupAttachMode::Single).map(|_| ())
        };
        attach_result(attach).map_err(|reason| ProbeError::Attach { hook, reason })?;
        hooks.push(Hook { name: hook, purpose, state: HookState::Attached });
    }
    Ok(hooks)
}

/// Attaches what adds to the picture. Each hook stands for itself.
fn attach_tracepoints(kernel: &mut Ebpf, no_types: Option<String>) -> Vec<Hook> {
    const HOOKS: [(&str, &str); 3] = [
        ("inet_sock_set_state", "who connects and listens"),
        ("sched_process_exec", "programs that start"),
        ("sched_process_exit", "processes that end"),
    ];
    let types = match no_types {
        None => aya::Btf::from_sys_fs().map_err(|error| error.to_string()),
        Some(reason) => Err(reason),
    };
    let mut attach = |name: &'static str| -> Result<(), String> {
        let types = types.as_ref().map_err(Clone::clone)?;
        attach_result(|| {
            let program: &mut BtfTracePoint = kernel.program_mut(name).ok_or(ProgramError::NotLoaded)?.try_into()?;
            program.load(name, types)?;
            program.attach().map(|_| ())
        })
    };
    HOOKS
        .into_iter()
        .map(|(name, purpose)| {
            let state = attach(name).map_or_else(HookState::Absent, |()| HookState::Attached);
            Hook { name, purpose, state }
        })
        .collect()
}

/// Runs `attach`; an error becomes one line, with the end of the verifier's log where there is one.
fn attach_result(attach: impl FnOnce() -> Result<(), ProgramError>) -> Result<(), String> {
    const LOG_LINES: usize = 12;
    attach().map_err(|error| match error {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            let lines: Vec<_> = log.lines().rev().filter(|line| !line.trim().is_empty()).take(LOG_LINES).collect();
            let log: Vec<_> = lines.into_iter().rev().collect();
            format!("the kernel refused the program: {io_error}\n{}", log.join("\n")).trim_end().to_owned()
        }
        other => chain(&other),
    })
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let error_text = error.to_string();
        if !text.contains(&error_text) {
            text.push_str(": ");
            text.push_str(&error_text);
        }
        cause = error.source();
    }
    text
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

/// The agent's own listeners, for aya.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct OwnListeners([policy::OwnListener; MAX_OWN_LISTENERS]);

// SAFETY: an array of `repr(C)` structures of two integers without padding.
unsafe impl Pod for OwnListeners {}

impl OwnListeners {
    fn new(ports: &[u16]) -> Self {
        let mut listeners = [policy::OwnListener::default(); MAX_OWN_LISTENERS];
        for (listener, port) in listeners.iter_mut().zip(ports) {
            listener.port = u32::from(*port);
        }
        Self(listeners)
    }
}
