//! Reading procfs: one directory per process, held open so that a reused process id cannot mix two of them.

use std::{mem::MaybeUninit, os::fd::OwnedFd, path::Path};

use geophone_model::fact::Pid;
use rustix::{
    fs::{Dir, Mode, OFlags, openat, readlinkat_raw},
    io::Errno,
};

use crate::config::{Cost, Unreadable};

/// The mount of procfs.
#[derive(Debug)]
pub(crate) struct ProcDir {
    fd: OwnedFd,
}

/// The directory of one process. Once that has ended, reads give [`Unreadable::Gone`], whoever has its number now.
#[derive(Debug)]
pub(crate) struct PidDir {
    fd: OwnedFd,
}

impl ProcDir {
    pub(crate) fn open(root: &Path, cost: &mut Cost) -> Result<Self, Unreadable> {
        cost.opened += 1;
        Ok(Self { fd: rustix::fs::open(root, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())? })
    }

    /// Process ids, ascending; at most `max`, and whether there were more.
    pub(crate) fn pids(&self, max: usize, cost: &mut Cost) -> Result<(Vec<Pid>, bool), Unreadable> {
        cost.opened += 1;
        let mut pids = Vec::new();
        let mut is_truncated = false;
        for entry in Dir::read_from(&self.fd)? {
            let Some(pid) = number(entry?.file_name().to_bytes()) else { continue };
            if pids.len() == max {
                is_truncated = true;
                break;
            }
            pids.push(Pid(pid));
        }
        pids.sort_unstable();
        Ok((pids, is_truncated))
    }

    pub(crate) fn pid(&self, pid: Pid, cost: &mut Cost) -> Result<PidDir, Unreadable> {
        cost.opened += 1;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(PidDir { fd: openat(&self.fd, pid.0.to_string(), flags, Mode::empty())? })
    }
}

impl PidDir {
    /// The contents of a file, at most `max` bytes of them. `into` is emptied first.
    pub(crate) fn read(&self, name: &str, max: usize, into: &mut Vec<u8>, cost: &mut Cost) -> Result<(), Unreadable> {
        const STEP: usize = 4_096;
        cost.opened += 1;
        into.clear();
        let file = openat(&self.fd, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        loop {
            let len = into.len();
            into.resize((len + STEP).min(max), 0);
            let read = match rustix::io::read(&file, &mut into[len..]) {
                Err(Errno::INTR) => 0,
                result => {
                    let read = result.inspect_err(|_| into.truncate(len))?;
                    if read == 0 {
                        into.truncate(len);
                        cost.file_bytes += len as u64;
                        return Ok(());
                    }
                    read
                }
            };
            into.truncate(len + read);
            if into.len() == max {
                cost.file_bytes += max as u64;
                return Ok(());
            }
        }
    }

    /// Where a link leads. A target that is longer than the buffer is cut, as readlinkat(2) does.
    pub(crate) fn link<'b>(
        &self,
        name: &str,
        buffer: &'b mut [MaybeUninit<u8>],
        cost: &mut Cost,
    ) -> Result<&'b [u8], Unreadable> {
        cost.links += 1;
        let (target, _) = readlinkat_raw(&self.fd, name, buffer)?;
        Ok(target)
    }

    /// Adds the children of all threads of the process to `into`, and stops when that has `max`. A kernel without
    /// `CONFIG_PROC_CHILDREN` gives [`Unreadable::Gone`].
    pub(crate) fn children(&self, max: usize, into: &mut Vec<Pid>, cost: &mut Cost) -> Result<(), Unreadable> {
        const MAX_CHILDREN_LEN: usize = 65_536;
        cost.opened += 1;
        let tasks = openat(&self.fd, "task", OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut text = Vec::new();
        let mut is_told = false;
        for entry in Dir::read_from(&tasks)? {
            let Some(task) = number(entry?.file_name().to_bytes()) else { continue };
            match self.read(&format!("task/{task}/children"), MAX_CHILDREN_LEN, &mut text, cost) {
                Ok(()) => {
                    is_told = true;
                    into.extend(text.split(|&byte| byte == b' ').filter_map(number).map(Pid));
                }
                // A thread that has ended meanwhile.
                Err(Unreadable::Gone) => {}
                Err(unreadable) => return Err(unreadable),
            }
            if into.len() >= max {
                break;
            }
        }
        if is_told { Ok(()) } else { Err(Unreadable::Gone) }
    }

    /// Opens what is in the directory: a namespace to be entered.
    pub(crate) fn open(&self, name: &str, cost: &mut Cost) -> Result<OwnedFd, Unreadable> {
        cost.opened += 1;
        Ok(openat(&self.fd, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// The inode numbers of the sockets that the process holds, and how many descriptors it has; no more than `max` are
    /// looked at. One socket may be held by several descriptors.
    pub(crate) fn sockets(
        &self,
        max: usize,
        cost: &mut Cost,
        mut socket: impl FnMut(u64),
    ) -> Result<usize, Unreadable> {
        cost.opened += 1;
        let fds = openat(&self.fd, "fd", OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut buffer = [MaybeUninit::uninit(); LINK_LEN];
        let mut seen = 0;
        let mut entries = Dir::read_from(&fds)?;
        while let Some(entry) = entries.next().filter(|_| seen < max) {
            let entry = entry?;
            if !entry.file_name().to_bytes().first().is_some_and(u8::is_ascii_digit) {
                continue;
            }
            seen += 1;
            cost.links += 1;
            match readlinkat_raw(&fds, entry.file_name(), &mut buffer) {
                Ok((target, _)) => {
                    if let Some(inode) = inode(target, b"socket:[") {
                        socket(inode);
                    }
                }
                // A descriptor that was closed meanwhile.
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(seen)
    }
}

/// Room for `socket:[18446744073709551615]`.
const LINK_LEN: usize = 64;

/// The inode number in a link of the form `socket:[4711]` or `net:[4026531840]`, where `prefix` has the opening bracket.
pub(crate) fn inode<N: std::str::FromStr>(target: &[u8], prefix: &[u8]) -> Option<N> {
    let digits = target.strip_prefix(prefix)?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn number(name: &[u8]) -> Option<u32> {
    name.first().filter(|first| first.is_ascii_digit())?;
    std::str::from_utf8(name).ok()?.parse().ok()
}
