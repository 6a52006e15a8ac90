//! The counters, decoded: what can be told of a heap without walking it.

use crate::os::PAGE;

use super::access::Access;
use super::control::{
    BUSY, COMMITTED, Core, FREE, LARGE, RANGES, REQUESTED, RESERVED, SIDE, UNMERGED,
};
use super::header::Header;
use super::region::{Region, RegionKind};
use super::units::{Block, GRANULE, LARGE_BYTES, PAGE_GRANULES, high, low, page_start};

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
            side: self.slot(SIDE) * PAGE,
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

    /// Pages that heapmin would give back, hole by hole, and the bytes of free blocks in them.
    ///
    /// Exact while coalescing is on. With coalescing off, unmerged neighbours can make room for each other, and
    /// heapmin may give back more.
    #[must_use]
    pub fn returnable(&self) -> Returnable {
        let mut sum = Returnable::default();
        self.each_large_hole(|hole, size| {
            let plan = self.plan_hole(hole, size);
            let from = hole.address().max(plan.first_page() * PAGE);
            let to = hole.forward(size).address().min(plan.end_page() * PAGE);
            sum.pages += plan.pages();
            sum.free_bytes += if plan.pages() == 0 { 0 } else { to - from };
        });
        for segment in self
            .regions(RegionKind::Segment)
            .filter(|segment| !segment.is_first())
        {
            if let Some((block, size)) = self.only_block(segment) {
                let plan = self.plan_hole(block, size);
                sum.pages += self.region_committed(segment).saturating_sub(plan.pages());
                let page = plan.first_page() * PAGE;
                sum.free_bytes += if plan.pages() == 0 {
                    size * GRANULE
                } else {
                    page.saturating_sub(block.address())
                };
            }
        }
        sum
    }

    /// The free block that is all there is in an empty segment.
    fn only_block(&self, segment: Region) -> Option<(Block, u64)> {
        let block = segment.first_block();
        let header = self.header(block);
        if !header.is_free() {
            return None;
        }
        let behind = block.forward(header.size());
        let range = self.header(behind);
        let alone = header.has(Header::LAST)
            || range.has(Header::RANGE)
                && self.range(behind).end() >= self.segment_end_page(segment);
        alone.then_some((block, header.size()))
    }

    /// Pages that heapmin would additionally give back if the busy block `block` alone were freed: what it pins.
    #[must_use]
    pub fn pinned_by(&self, block: Block) -> u64 {
        let header = self.header(block);
        if header.has(Header::LARGE) {
            return self
                .region_at(block.address())
                .map_or(0, |region| self.region_committed(region));
        }
        let Some(segment) = self.region_at(block.address()) else {
            return 0;
        };
        let (mut start, mut size, mut previous) = (block, header.size(), header.previous());
        let mut last = header.has(Header::LAST);
        let mut already = 0;
        let coalesce = self.settings().coalesce();
        let before = self.header(start.back(previous));
        if coalesce && previous != 0 && before.is_free() {
            start = start.back(previous);
            already += self.plan_hole(start, before.size()).pages();
            size += before.size();
            previous = before.previous();
        }
        let behind = block.forward(header.size());
        let next = self.header(behind);
        if coalesce && !last && next.is_free() {
            already += self.plan_hole(behind, next.size()).pages();
            size += next.size();
            last = next.has(Header::LAST);
        }
        let plan = self.plan_span(start, size, previous, last);
        let end = start.granule() + size;
        let range = self.header(start.forward(size));
        let to_the_end = last
            || range.has(Header::RANGE)
                && self.range(start.forward(size)).end() >= self.segment_end_page(segment);
        let pages = if start == segment.first_block() && to_the_end && !segment.is_first() {
            self.region_committed(segment)
        } else {
            plan.pages()
        };
        debug_assert!(end <= page_start(self.segment_end_page(segment)).granule());
        pages.saturating_sub(already)
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

/// What heapmin would give back.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Returnable {
    /// Pages.
    pub pages: u64,
    /// Bytes of free blocks in them.
    pub free_bytes: u64,
}
