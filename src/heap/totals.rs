//! The counters, decoded: what can be told of a heap without walking it.

use crate::os::PAGE;

use super::access::Access;
use super::control::{
    BUSY, COMMITTED, Core, FREE, LARGE, RANGES, REQUESTED, RESERVED, SIDE, UNMERGED,
};
use super::units::{Block, GRANULE, LARGE_BYTES, PAGE_GRANULES, high, low};

/// What a heap counts. Sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Busy blocks of segments.
    pub busy_blocks: u64,
    /// Their bytes, headers included.
    pub busy_bytes: u64,
    /// Free blocks.
    pub free_blocks: u64,
    /// Their bytes, headers included.
    pub free_bytes: u64,
    /// Large blocks.
    pub large_blocks: u64,
    /// Bytes committed for them.
    pub large_bytes: u64,
    /// Bytes requested and held.
    pub requested: u64,
    /// Bytes committed in segments and large blocks.
    pub committed: u64,
    /// The most there ever were.
    pub peak_committed: u64,
    /// Bytes of side tables in use.
    pub side: u64,
    /// Bytes of addresses in segments and large blocks.
    pub reserved: u64,
    /// Uncommitted ranges of segments.
    pub ranges: u64,
    /// Pairs of free neighbours.
    pub unmerged: u64,
    /// Bytes of the largest free block, header included.
    pub largest_free: u64,
}

impl<A: Access> Core<'_, A> {
    /// The counters as they stand.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let both = |slot, unit: u64| {
            let word = self.slot(slot);
            (u64::from(low(word)), u64::from(high(word)) * unit)
        };
        let (busy_blocks, busy_bytes) = both(BUSY, GRANULE);
        let (free_blocks, free_bytes) = both(FREE, GRANULE);
        let (large_blocks, large_bytes) = both(LARGE, PAGE);
        let (committed, peak) = both(COMMITTED, PAGE);
        Totals {
            busy_blocks,
            busy_bytes,
            free_blocks,
            free_bytes,
            large_blocks,
            large_bytes,
            requested: self.slot(REQUESTED),
            committed: committed * PAGE,
            peak_committed: peak,
            side: self.slot(SIDE).saturating_mul(PAGE),
            reserved: u64::from(low(self.slot(RESERVED))) * PAGE,
            ranges: u64::from(low(self.slot(RANGES))),
            unmerged: self.slot(UNMERGED),
            largest_free: self.largest_free() * GRANULE,
        }
    }

    /// Bytes of large blocks' descriptors and headers.
    #[must_use]
    pub fn large_overhead(&self) -> u64 {
        u64::from(low(self.slot(LARGE))) * LARGE_BYTES
    }

    /// The page that holds a block's first byte and the one that holds its last.
    #[must_use]
    pub fn pages_of(&self, block: Block, size: u64) -> (u64, u64) {
        (
            block.granule() / PAGE_GRANULES,
            (block.granule() + size.max(1) - 1) / PAGE_GRANULES,
        )
    }
}
