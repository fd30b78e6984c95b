//! The maps, by the names under which the probe finds them.

use core::intrinsics::{AtomicOrdering, atomic_xadd};

use aya_ebpf::{
    macros::map,
    maps::{LruHashMap, PerCpuArray, RingBuf},
};
use geophone_probe_common::{
    counter::{Counters, Index},
    policy::Skip,
};

use crate::syscall::Walk;

/// All records. The probe sets the size.
#[map]
pub static RING: RingBuf = RingBuf::with_byte_size(16 << 20, 0);

/// One set of counters a CPU.
#[map]
pub static COUNTERS: PerCpuArray<Counters> = PerCpuArray::with_max_entries(1, 0);

/// What is not wanted, by [`geophone_probe_common::policy::key`]. An entry that is evicted means that more is copied than is needed, no more.
#[map]
pub static POLICY: LruHashMap<u64, Skip> = LruHashMap::with_max_entries(32_768, 0);

/// How many bytes system calls have moved, by [`geophone_probe_common::syscall::stream`]. A stream that is evicted begins again at zero.
#[map]
pub static STREAMS: LruHashMap<u64, u64> = LruHashMap::with_max_entries(65_536, 0);

/// What the program for system calls is at, on each CPU. It runs in the context of the task that makes the call, with
/// preemption disabled, and nothing that interrupts it makes a call, so there is never a second one.
#[map]
pub static WALK: PerCpuArray<Walk> = PerCpuArray::with_max_entries(1, 0);

/// `BPF_RB_NO_WAKEUP`: the reader drains on a timer, since a wake-up costs more than all the rest of an event.
pub const NO_WAKEUP: u64 = 1;

/// Adds to a number that others may add to at the same time.
///
/// # Safety
/// `number` is in the value of a map.
#[inline(always)]
pub unsafe fn add(number: *mut u64, n: u64) {
    // SAFETY: a map's value lives as long as the program, and all writers are atomic. The intrinsic, because the target has no
    // compare-and-swap and so no `fetch_add`. Relaxed: nothing is published by it. Unused, it compiles to a plain locked add.
    unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(number, n) };
}

/// The counters of the CPU that a program runs on. Looked up once by a program that counts often.
#[derive(Clone, Copy)]
pub struct Counts(*mut Counters);

impl Counts {
    /// An array of one entry: they are always there, which the verifier does not know.
    #[inline(always)]
    pub fn of_this_cpu() -> Option<Self> {
        COUNTERS.get_ptr_mut(0).map(Self)
    }

    /// Atomic, because a softirq may interrupt a program on its own CPU and count as well.
    #[inline(always)]
    pub fn add(self, index: Index, n: u64) {
        // SAFETY: `index` is one of the constants below `COUNT`.
        unsafe { add((&raw mut (*self.0).values).cast::<u64>().add(index), n) };
    }
}

/// Adds to a counter of this CPU.
#[inline(always)]
pub fn count(index: Index, n: u64) {
    if let Some(counts) = Counts::of_this_cpu() {
        counts.add(index, n);
    }
}
