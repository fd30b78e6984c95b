//! Writing a packet's records into the ring.

use aya_ebpf::{helpers::generated::bpf_skb_load_bytes, programs::SkBuffContext};
use geophone_probe_common::{
    counter,
    packet::{CAPACITIES, MAX_RECORDS, PacketHead, PacketRecord},
    policy::Wanted,
    record::cut,
};

use super::header::Outcome;
use crate::{
    bytes::bounded,
    maps::{Counts, NO_WAKEUP, RING},
};

const LARGEST: u32 = CAPACITIES[CAPACITIES.len() - 1] as u32;

const TCP_FIN: u8 = 0x01;

/// Hands what is wanted of a packet to the ring.
#[inline(always)]
pub fn packet(ctx: &SkBuffContext, head: &PacketHead, payload_offset: u32, wanted: Wanted, counts: Counts) -> Outcome {
    let from = match wanted {
        Wanted::Whole => 0,
        Wanted::From(offset) => offset,
        Wanted::Time | Wanted::Nothing => head.payload_len,
    };
    if wanted != Wanted::Nothing && from > 0 {
        counts.add(counter::BYTES_UNWANTED, u64::from(from));
    }
    let mut head = *head;
    head.captured_offset = from;
    head.cut = if from == 0 { cut::WHOLE } else { cut::UNWANTED };
    let mut left = head.payload_len - from;
    let mut offset = payload_offset + from;
    // Only BIG TCP makes packets that are larger than a record.
    for _ in 1..MAX_RECORDS {
        if left <= LARGEST {
            break;
        }
        // A part before the end: the stream does not end with it.
        let mut part = head;
        part.tcp_flags &= !TCP_FIN;
        part.payload_len = part.captured_offset + LARGEST;
        if !record::<{ CAPACITIES[6] }>(ctx, &part, offset, LARGEST, counts) {
            // Nor has it room for the rest.
            counts.add(counter::BYTES_RING_FULL, u64::from(left - LARGEST));
            return counter::PACKETS_RING_FULL;
        }
        head.seq = head.seq.wrapping_add(part.payload_len);
        head.captured_offset = 0;
        head.cut = cut::WHOLE;
        head.payload_len -= part.payload_len;
        offset += LARGEST;
        left -= LARGEST;
    }
    if left > LARGEST {
        counts.add(counter::BYTES_UNREADABLE, u64::from(left - LARGEST));
        left = LARGEST;
        head.cut = cut::LOST;
    }
    let submitted = if left == 0 {
        record::<{ CAPACITIES[0] }>(ctx, &head, offset, 0, counts)
    } else if left <= CAPACITIES[1] as u32 {
        record::<{ CAPACITIES[1] }>(ctx, &head, offset, left, counts)
    } else if left <= CAPACITIES[2] as u32 {
        record::<{ CAPACITIES[2] }>(ctx, &head, offset, left, counts)
    } else if left <= CAPACITIES[3] as u32 {
        record::<{ CAPACITIES[3] }>(ctx, &head, offset, left, counts)
    } else if left <= CAPACITIES[4] as u32 {
        record::<{ CAPACITIES[4] }>(ctx, &head, offset, left, counts)
    } else if left <= CAPACITIES[5] as u32 {
        record::<{ CAPACITIES[5] }>(ctx, &head, offset, left, counts)
    } else {
        record::<{ CAPACITIES[6] }>(ctx, &head, offset, left, counts)
    };
    if submitted { counter::PACKETS_PASSED } else { counter::PACKETS_RING_FULL }
}

/// One record with `left` bytes of the packet from `offset` on. False if the ring had no room.
#[inline(always)]
fn record<const N: usize>(ctx: &SkBuffContext, head: &PacketHead, offset: u32, left: u32, counts: Counts) -> bool {
    let Some(mut entry) = RING.reserve::<PacketRecord<N>>(0) else {
        counts.add(counter::BYTES_RING_FULL, u64::from(left));
        return false;
    };
    let record = entry.as_mut_ptr();
    // SAFETY: the reservation has room for the head and N bytes of payload; `len` is at most N; what lies behind
    // `captured_len` is not read by anybody.
    unsafe {
        (&raw mut (*record).head).write(*head);
        let captured_len = &raw mut (*record).head.captured_len;
        captured_len.write_volatile(left);
        // The length is read back from the record, of whose contents the verifier knows nothing: were it to follow the
        // value to where it came from, it would walk every way of reading a header for every size of record.
        if let Some(len) = bounded(u64::from(captured_len.read_volatile()), N as u64) {
            let payload = (&raw mut (*record).payload).cast();
            if bpf_skb_load_bytes(ctx.skb.skb.cast(), offset, payload, len) == 0 {
                counts.add(counter::BYTES_PASSED, u64::from(left));
            } else {
                captured_len.write_volatile(0);
                (&raw mut (*record).head.cut).write_volatile(cut::LOST);
                counts.add(counter::BYTES_UNREADABLE, u64::from(left));
            }
        }
    }
    entry.submit(NO_WAKEUP);
    counts.add(counter::RECORDS, 1);
    true
}
