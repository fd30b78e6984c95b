//! What each part of the program may take of the memory limit.

/// The program itself and its libraries, the stacks of its threads and what the tables of the kernel's types leave behind.
const PROGRAM_BYTES: u64 = 12 << 20;

/// What an exchange takes as a row, about.
const ROW_BYTES: u64 = 512;

/// Shares of a memory limit. What they leave is for requests to the API, and for what an allocator loses to fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// The ring between kernel and reader, a power of two.
    pub(crate) ring_bytes: usize,
    /// Connections, names, series of open windows.
    pub(crate) analysis_bytes: u64,
    /// Rows.
    pub(crate) store_bytes: u64,
    /// Rows that may gather before they are written: while they are, there are two of each.
    pub(crate) max_waiting: usize,
}

impl Budget {
    /// Of a limit of at least [`MIN_MEMORY_BYTES`](crate::args::MIN_MEMORY_BYTES), for a capture.
    pub(crate) fn live(limit_bytes: u64) -> Self {
        let ring_bytes = 1_u64 << (limit_bytes / 16).clamp(4 << 20, 64 << 20).ilog2();
        // Each of its pages is mapped twice, one behind the other, and counted twice (kernel/bpf/ringbuf.c).
        Self::share_out(limit_bytes, ring_bytes, 2 * ring_bytes)
    }

    /// The same for a file, which needs no ring.
    pub(crate) fn replay(limit_bytes: u64) -> Self {
        Self::share_out(limit_bytes, 0, 0)
    }

    fn share_out(limit_bytes: u64, ring_bytes: u64, taken_bytes: u64) -> Self {
        let rest = limit_bytes.saturating_sub(PROGRAM_BYTES + taken_bytes);
        let ring_bytes = usize::try_from(ring_bytes).unwrap_or(usize::MAX);
        let store_bytes = rest / 2;
        let max_waiting = (store_bytes / 64 / ROW_BYTES).clamp(100, 10_000) as usize;
        Self { ring_bytes, analysis_bytes: rest / 4, store_bytes, max_waiting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::MIN_MEMORY_BYTES;

    #[test]
    fn the_shares_stay_within_the_limit_with_room_to_spare() {
        for limit in [MIN_MEMORY_BYTES, 64 << 20, 100 << 20, 256 << 20, 16 << 30] {
            let Budget { ring_bytes, analysis_bytes, store_bytes, .. } = Budget::live(limit);
            let sum = PROGRAM_BYTES + 2 * ring_bytes as u64 + analysis_bytes + store_bytes;
            assert!(sum < limit && analysis_bytes >= 2 << 20 && store_bytes >= 4 << 20, "{limit}: {sum}");
            assert!(ring_bytes.is_power_of_two());
        }
        let budget = Budget::live(64 << 20);
        assert_eq!((budget.ring_bytes, budget.analysis_bytes, budget.store_bytes), (4 << 20, 11 << 20, 22 << 20));
    }
}
