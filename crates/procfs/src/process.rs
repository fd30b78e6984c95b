//! One process, and all of them.

use std::mem::MaybeUninit;

use geophone_model::{
    fact::{Pid, ProcessFact},
    net::NetNs,
    time::Timestamp,
};

use crate::{
    cgroup::{self, Membership},
    command,
    config::{Cost, Unreadable},
    machine::Machine,
    namespace::net_namespace,
    procdir::{PidDir, ProcDir},
    stat::Stat,
};

/// What was found at a process id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sighting {
    /// A process. Its `at` is its start; whoever knows of a later exec sets it to that.
    Process(Box<ProcessFact>),
    /// A process of which the kernel tells only part: the executable, the script or the namespace is missing.
    InPart(Box<ProcessFact>, Unreadable),
    /// A thread of the kernel, which owns no socket of interest.
    KernelThread,
    /// Nothing that could be read.
    Unreadable(Unreadable),
}

/// The processes of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessScan {
    /// One fact per process that could be read, in ascending order of their ids.
    pub facts: Vec<ProcessFact>,
    /// How many of them are known in part only, for want of permission.
    pub in_part: u64,
    /// Kernel threads, which are left out.
    pub kernel_threads: u64,
    /// Processes that ended while they were looked at.
    pub gone: u64,
    /// Processes that could not be read for another reason.
    pub failed: u64,
    /// Whether there are more than [`Config::max_processes`](crate::Config::max_processes).
    pub is_truncated: bool,
    /// What it has cost.
    pub cost: Cost,
}

impl Machine {
    /// What a process is. Its arguments are looked at only where it is an interpreter, for the name of the script, and its
    /// environment never.
    pub fn process(&self, pid: Pid) -> (Sighting, Cost) {
        let mut cost = Cost::default();
        let sighting = match ProcDir::open(&self.config.root, &mut cost) {
            Ok(root) => self.sighting(&root, pid, &mut Vec::new(), &mut cost),
            Err(unreadable) => Sighting::Unreadable(unreadable),
        };
        (sighting, cost)
    }

    /// What all processes are.
    ///
    /// # Errors
    ///
    /// Where [`Config::root`](crate::Config::root) is no readable directory. What concerns single processes is counted.
    pub fn processes(&self) -> Result<ProcessScan, Unreadable> {
        let mut scan = ProcessScan::default();
        let root = ProcDir::open(&self.config.root, &mut scan.cost)?;
        let (pids, is_truncated) = root.pids(self.config.max_processes, &mut scan.cost)?;
        scan.is_truncated = is_truncated;
        let mut buffer = Vec::new();
        for pid in pids {
            match self.sighting(&root, pid, &mut buffer, &mut scan.cost) {
                Sighting::Process(fact) => scan.facts.push(*fact),
                Sighting::InPart(fact, _) => {
                    scan.facts.push(*fact);
                    scan.in_part += 1;
                }
                Sighting::KernelThread => scan.kernel_threads += 1,
                Sighting::Unreadable(Unreadable::Gone) => scan.gone += 1,
                Sighting::Unreadable(_) => scan.failed += 1,
            }
        }
        Ok(scan)
    }

    pub(crate) fn sighting(&self, root: &ProcDir, pid: Pid, buffer: &mut Vec<u8>, cost: &mut Cost) -> Sighting {
        self.read_process(root, pid, buffer, cost).unwrap_or_else(Sighting::Unreadable)
    }

    fn read_process(
        &self,
        root: &ProcDir,
        pid: Pid,
        buffer: &mut Vec<u8>,
        cost: &mut Cost,
    ) -> Result<Sighting, Unreadable> {
        const MAX_STAT_LEN: usize = 4_096;
        const MAX_CGROUP_LEN: usize = 65_536;
        let dir = root.pid(pid, cost)?;
        dir.read("stat", MAX_STAT_LEN, buffer, cost)?;
        let stat = Stat::parse(buffer).ok_or(Unreadable::Malformed)?;
        if stat.is_kernel_thread {
            return Ok(Sighting::KernelThread);
        }
        dir.read("cgroup", MAX_CGROUP_LEN, buffer, cost)?;
        let cgroup = cgroup::telling_path(&String::from_utf8_lossy(buffer)).to_owned();
        let Membership { container, unit } = Membership::of(&cgroup);

        let mut missing = None;
        let mut or_missing = |result: Result<(), Unreadable>| match result {
            Err(Unreadable::Gone) => Err(Unreadable::Gone),
            Err(unreadable) => {
                missing = Some(unreadable);
                Ok(())
            }
            Ok(()) => Ok(()),
        };
        let (mut executable, mut script, mut netns) = (String::new(), None, NetNs::default());
        or_missing(executable_name(&dir, &stat.comm, cost).map(|name| executable = name))?;
        if command::is_interpreter(&executable) {
            or_missing(script_name(&dir, &executable, buffer, cost).map(|name| script = name))?;
        }
        or_missing(net_namespace(&dir, cost).map(|found| netns = found))?;

        let fact = Box::new(ProcessFact {
            at: self.started(stat.start_ticks),
            pid,
            parent: Pid(stat.parent),
            comm: stat.comm,
            executable,
            script,
            cgroup,
            container,
            unit,
            netns,
        });
        Ok(match missing {
            None => Sighting::Process(fact),
            Some(missing) => Sighting::InPart(fact, missing),
        })
    }

    fn started(&self, ticks: u64) -> Timestamp {
        let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(ticks_per_second);
        self.config.boot.plus_ns(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

/// The base name of the executable; a file that was replaced since is called ` (deleted)` by the kernel. A program that lies
/// in memory alone (memfd_create(2)) has a name for debugging, not one that people know it by: it counts as none.
fn executable_name(dir: &PidDir, comm: &str, cost: &mut Cost) -> Result<String, Unreadable> {
    let mut buffer = [MaybeUninit::uninit(); MAX_PATH_LEN];
    let path = dir.link("exe", &mut buffer, cost)?;
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    if path.starts_with(b"/memfd:") {
        return Ok(String::new());
    }
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    if name != comm.as_bytes() && is_called_as(dir, path, comm, cost) {
        return Ok(comm.to_owned());
    }
    Ok(String::from_utf8_lossy(name).chars().filter(|c| !c.is_control()).collect())
}

const MAX_PATH_LEN: usize = 4_096;

/// Whether `comm` is a name of the executable at `path` as well: a link to it that lies beside it, as `redis-server` is one to
/// `redis-check-rdb`. What a program is started as is what the kernel calls it (`begin_new_exec`, fs/exec.c), unless it
/// chooses another name.
fn is_called_as(dir: &PidDir, path: &[u8], comm: &str, cost: &mut Cost) -> bool {
    let Ok(path) = std::str::from_utf8(path) else { return false };
    let Some((folder, name)) = path.rsplit_once('/').filter(|_| !comm.is_empty() && !comm.contains('/')) else {
        return false;
    };
    let mut buffer = [MaybeUninit::uninit(); MAX_PATH_LEN];
    let target = dir.link(&format!("root{folder}/{comm}"), &mut buffer, cost);
    target.is_ok_and(|target| target.rsplit(|&byte| byte == b'/').next() == Some(name.as_bytes()))
}

/// The name of what an interpreter runs. Its arguments are in `buffer` meanwhile, which is overwritten before this returns.
fn script_name(
    dir: &PidDir,
    executable: &str,
    buffer: &mut Vec<u8>,
    cost: &mut Cost,
) -> Result<Option<String>, Unreadable> {
    // A Java class path fills tens of thousands of bytes before the name of the class.
    const MAX_ARGUMENTS_LEN: usize = 262_144;
    dir.read("cmdline", MAX_ARGUMENTS_LEN, buffer, cost)?;
    let is_cut = buffer.len() == MAX_ARGUMENTS_LEN;
    let mut argv: Vec<&[u8]> = buffer.strip_suffix(b"\0").unwrap_or(buffer).split(|&byte| byte == 0).collect();
    if is_cut {
        argv.pop();
    }
    let script = command::script(executable, &argv);
    buffer.fill(0);
    Ok(script)
}
