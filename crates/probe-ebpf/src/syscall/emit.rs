//! Writing a call's records into the ring.

use aya_ebpf::helpers::generated::bpf_probe_read_user;
use geophone_probe_common::{
    counter,
    record::cut,
    syscall::{CAPACITIES, ChunkHead, ChunkRecord},
};

use crate::{
    bytes::{bounded, forgotten, opaque},
    maps::{NO_WAKEUP, RING, count},
};

/// What became of the bytes of a call.
#[repr(C)]
pub struct Fates {
    /// Bytes that are in records.
    pub passed: u64,
    /// Bytes that could not be read.
    pub unreadable: u64,
    /// Bytes for which the ring had no room.
    pub refused: u64,
    /// Records that were handed to the ring.
    pub records: u64,
}

impl Fates {
    /// Nothing yet. Word by word: to clear four at once LLVM calls `memset`.
    #[inline(always)]
    pub fn clear(&mut self) {
        let Self { passed, unreadable, refused, records } = self;
        for number in [passed, unreadable, refused, records] {
            // SAFETY: a reference.
            unsafe { core::ptr::from_mut(number).write_volatile(0) };
        }
    }

    #[inline(always)]
    pub fn count(&self) {
        count(counter::BYTES_PASSED, self.passed);
        count(counter::RECORDS, self.records);
        if self.unreadable != 0 {
            count(counter::BYTES_UNREADABLE, self.unreadable);
        }
        if self.refused != 0 {
            count(counter::BYTES_RING_FULL, self.refused);
        }
    }
}

/// One record with the `len` bytes at `from`, as many as the largest holds at most.
#[inline(always)]
pub fn bytes(head: &mut ChunkHead, fates: &mut Fates, from: u64, len: u64) {
    head.len = len;
    head.captured_len = len as u32;
    head.cut = cut::WHOLE;
    let head = forgotten(head);
    let (len, from) = (head.len, opaque(from));
    if len <= CAPACITIES[0] as u64 {
        record::<{ CAPACITIES[0] }>(head, fates, from);
    } else if len <= CAPACITIES[1] as u64 {
        record::<{ CAPACITIES[1] }>(head, fates, from);
    } else if len <= CAPACITIES[2] as u64 {
        record::<{ CAPACITIES[2] }>(head, fates, from);
    } else {
        record::<{ CAPACITIES[3] }>(head, fates, from);
    }
}

/// One record of `len` bytes that cannot be read.
#[inline(always)]
pub fn gap(head: &mut ChunkHead, fates: &mut Fates, len: u64) {
    head.len = len;
    head.captured_len = 0;
    head.cut = cut::LOST;
    record::<0>(head, fates, 0);
}

#[inline(always)]
fn record<const N: usize>(head: &ChunkHead, fates: &mut Fates, from: u64) {
    let Some(mut entry) = RING.reserve::<ChunkRecord<N>>(0) else {
        fates.refused += head.len;
        return;
    };
    let record = entry.as_mut_ptr();
    // SAFETY: the reservation has room for the head and N bytes; `len` is at most N; what lies behind `captured_len` is not
    // read by anybody.
    let read = unsafe {
        // As it is, and not through the stack, as a write of the value would.
        (&raw mut (*record).head).copy_from_nonoverlapping(head, 1);
        let captured_len = &raw mut (*record).head.captured_len;
        // Read back from the record for the verifier's sake, as in `packet::emit`.
        let read = match bounded(u64::from(captured_len.read_volatile()), N as u64) {
            Some(len) => bpf_probe_read_user((&raw mut (*record).payload).cast(), len, from as *const _) == 0,
            None => false,
        };
        if !read {
            captured_len.write_volatile(0);
            (&raw mut (*record).head.cut).write_volatile(cut::LOST);
        }
        read
    };
    // The sooner the record is given away, the sooner the verifier takes its sizes for the same again.
    entry.submit(NO_WAKEUP);
    fates.records += 1;
    if read {
        fates.passed += head.len;
    } else {
        fates.unreadable += head.len;
    }
}
