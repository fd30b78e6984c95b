//! What system calls move through sockets: the fallback where packets cannot be seen.
//!
//! One program runs when a call returns. Nothing has to be remembered from when it began: the registers with the call's
//! arguments are still there (the kernel gives them back to the program as they were, all but the result), and only now it
//! is known how many bytes were moved. A descriptor that another thread closes meanwhile is counted as closed.
//!
//! * [`registers`]: the call and its arguments;
//! * [`descriptor`]: from the descriptor to the socket;
//! * [`endpoint`]: who the socket connects;
//! * [`walk`]: the pieces of user memory that the call names;
//! * [`emit`]: a piece becomes a record.

mod descriptor;
mod emit;
mod endpoint;
mod registers;
mod walk;

use aya_ebpf::{
    helpers::{bpf_get_current_pid_tgid, generated::bpf_ktime_get_ns},
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use geophone_probe_common::{
    counter::{self, Index},
    policy::{self, skip},
    record::Kind,
    syscall::{MAX_MESSAGES, call, stream},
};

pub use self::walk::Walk;
use self::{descriptor::Descriptor, registers::Registers};
use crate::{
    bytes::forgotten,
    globals,
    maps::{POLICY, STREAMS, WALK, add, count},
    own,
};

/// What became of a call, as the counter for it.
pub type Outcome = Index;

const IPPROTO_TCP: u8 = 6;

/// Flags of `recv` (include/linux/socket.h).
mod flags {
    /// The byte beside the stream.
    pub const OOB: u32 = 0x1;
    /// The bytes stay where they are, and will be read again.
    pub const PEEK: u32 = 0x2;
    /// Of a stream, throw the bytes away.
    pub const TRUNC: u32 = 0x20;
    /// What could not be sent comes back.
    pub const ERRQUEUE: u32 = 0x2000;
}

/// A call that moved bytes. It lies in a map, so that the verifier does not follow what is known of each.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Call {
    /// The address of the `struct sock`.
    sock: u64,
    second: u64,
    third: u64,
    /// What it returned, which is positive: bytes, or messages.
    returned: u64,
    /// Flags of a receiving call.
    flags: u32,
    /// One of [`call`]'s.
    shape: u8,
    /// One where the process sends.
    outgoing: u8,
    padding: u16,
}

/// `TP_PROTO(struct pt_regs *regs, long ret)`, include/trace/events/syscalls.h.
#[btf_tracepoint(function = "sys_exit")]
pub fn sys_exit(ctx: BtfTracePointContext) -> i32 {
    let returned: i64 = ctx.arg(1);
    // Nothing was moved at the end of a stream, and by what failed.
    if returned > 0 {
        observe(Registers::new(ctx.arg(0)), returned as u64);
    }
    0
}

#[inline(always)]
fn observe(regs: Registers, returned: u64) {
    let how = globals::call(regs.call());
    // Of a 32-bit program the numbers are others.
    if how == call::NONE || descriptor::is_compat() {
        return;
    }
    let flags = match how & (call::FLAGS_THIRD | call::FLAGS_FOURTH) {
        call::FLAGS_THIRD => regs.third() as u32,
        call::FLAGS_FOURTH => regs.fourth() as u32,
        _ => 0,
    };
    if flags & (flags::PEEK | flags::OOB | flags::ERRQUEUE) != 0 {
        return;
    }
    let shape = how & call::SHAPE;
    let mut outgoing = u8::from(how & call::OUTGOING != 0);
    let mut found = descriptor::find(regs.first());
    if shape == call::SPLICE && !matches!(found, Descriptor::Socket(_)) {
        outgoing = 1;
        found = descriptor::find(regs.third());
    }
    let sock = match found {
        Descriptor::NoSocket => return,
        Descriptor::Closed => 0,
        Descriptor::Socket(sock) => sock,
    };
    // An array of one entry: it is always there.
    let Some(walk) = WALK.get_ptr_mut(0) else { return };
    // SAFETY: the value of a map lives as long as the program, and this CPU's is used by nobody else (see `maps::WALK`).
    let walk = unsafe { &mut *walk };
    let (second, third) = (regs.second(), regs.third());
    walk.call = Call { sock, second, third, returned, flags, shape, outgoing, padding: 0 };
    if let Some(outcome) = report(forgotten(walk)) {
        count(counter::CALLS_SEEN, 1);
        count(outcome, 1);
    }
}

/// Reports a call, and says what became of it; `None` if it has moved nothing.
#[inline(always)]
fn report(walk: &mut Walk) -> Option<Outcome> {
    let call = walk.call;
    if call.sock == 0 {
        return Some(counter::CALLS_CLOSED);
    }
    let tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
    if tgid == globals::own_tgid() {
        return Some(counter::CALLS_OWN);
    }
    let head = &mut walk.head;
    if let Err(outcome) = endpoint::describe(call.sock, head) {
        return Some(outcome);
    }
    if own::is_listener(head.netns, head.local_port) || own::is_listener(head.netns, head.remote_port) {
        return Some(counter::CALLS_OWN);
    }
    head.kind = Kind::Chunk as u32;
    head.tgid = tgid;
    // SAFETY: a helper without preconditions.
    head.at_ns = unsafe { bpf_ktime_get_ns() };
    head.outgoing = call.outgoing;
    let total = match call.shape {
        call::MESSAGES => walk::bytes_of_messages(call.second, call.returned.min(MAX_MESSAGES)),
        _ => call.returned,
    };
    // Messages may be empty.
    if total == 0 {
        return None;
    }
    count(counter::BYTES_SEEN, total);
    let outgoing = call.outgoing != 0;
    head.offset = advance(stream(head.cookie, outgoing), total);
    if is_unwanted(head.cookie, outgoing) {
        count(counter::BYTES_UNWANTED, total);
        return Some(counter::CALLS_UNWANTED);
    }
    let discarded = call.flags & flags::TRUNC != 0 && head.transport == IPPROTO_TCP;
    let unreadable = discarded || matches!(call.shape, call::SENDFILE | call::SPLICE);
    walk.begin(total, unreadable);
    let walk = forgotten(walk);
    walk.run();
    walk.fates.count();
    Some(if walk.fates.refused != 0 {
        counter::CALLS_RING_FULL
    } else if walk.fates.passed == 0 {
        counter::CALLS_OPAQUE
    } else {
        counter::CALLS_PASSED
    })
}

/// Moves a stream on by `n` bytes, and says where it was.
///
/// Read and added to in two steps, since the target has no atomic addition that gives the value back. Calls of one direction
/// that return at the same time on two CPUs have no known order anyhow: programs that care for their bytes have a lock.
#[inline(always)]
fn advance(stream: u64, n: u64) -> u64 {
    match STREAMS.get_ptr_mut(stream) {
        // SAFETY: the value of a map.
        Some(offset) => unsafe {
            let before = offset.read_volatile();
            add(offset, n);
            before
        },
        None => {
            let _ = STREAMS.insert(stream, n, 0);
            0
        }
    }
}

/// Whether nothing is wanted of a direction for ever. Up to a sequence number is not said of calls, which have none.
#[inline(always)]
fn is_unwanted(cookie: u64, outgoing: bool) -> bool {
    // SAFETY: the entry may be replaced while it is read, but it is a word that is read at once.
    let policy = unsafe { POLICY.get(policy::key(cookie, !outgoing)) };
    policy.is_some_and(|policy| policy.mode == skip::FOREVER)
}
