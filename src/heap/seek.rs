//! Random access to blocks by address, through the bitmaps. Hidden blocks are passed over where people count blocks.

use super::access::Access;
use super::control::Core;
use super::header::Header;
use super::region::{Region, RegionKind};
use super::units::Block;

/// Counting blocks up to an address stops after this many bitmap words.
const MOST_WORDS: u32 = 1 << 16;

impl<A: Access> Core<'_, A> {
    /// The header word of a block, whatever it holds.
    #[inline]
    #[must_use]
    pub fn header_at(&self, block: Block) -> Header {
        self.header(block)
    }

    /// The last block of a region that starts before `before`.
    #[must_use]
    pub fn block_before(&self, region: Region, before: Block) -> Option<Block> {
        let begin = match self.region_kind(region) {
            Some(RegionKind::Large) => self.large_block(region),
            _ => region.first_block(),
        };
        self.previous_marked(begin, before)
    }

    /// The first block at or behind `from`.
    #[must_use]
    pub fn next_block(&self, from: Block) -> Option<Block> {
        self.next_shown(from, |starts, _| starts)
    }

    /// The first free block at or behind `from`.
    #[must_use]
    pub fn next_hole(&self, from: Block) -> Option<Block> {
        self.next_marked(from, self.space_end(), |starts, busy| starts & !busy)
    }

    fn next_shown(
        &self,
        mut from: Block,
        wanted: impl Fn(u64, u64) -> u64 + Copy,
    ) -> Option<Block> {
        loop {
            let block = self.next_marked(from, self.space_end(), wanted)?;
            if !self.header(block).has(Header::RANGE | Header::BUSY) {
                return Some(block);
            }
            from = block.forward(1);
        }
    }

    /// The last block before `before`.
    #[must_use]
    pub fn previous_block(&self, before: Block) -> Option<Block> {
        let mut before = before;
        loop {
            before = self.previous_marked(Block(1), before)?;
            if !self.header(before).has(Header::RANGE | Header::BUSY) {
                return Some(before);
            }
        }
    }

    /// The last free block before `before`.
    #[must_use]
    pub fn previous_hole(&self, before: Block) -> Option<Block> {
        let mut before = before;
        loop {
            before = self.previous_marked(Block(1), before)?;
            if !self.marks(before).1 {
                return Some(before);
            }
        }
    }

    /// The last block of the heap by address.
    #[must_use]
    pub fn last_block(&self) -> Option<Block> {
        self.previous_block(self.space_end())
    }

    /// The largest free block.
    #[must_use]
    pub fn largest_hole(&self) -> Option<Block> {
        self.largest(0, &mut 0).map(|fit| fit.block)
    }

    /// The block right before `block` in its committed run.
    #[must_use]
    pub fn neighbour_before(&self, block: Block) -> Option<Block> {
        let previous = self.header(block).previous();
        (previous != 0).then(|| block.back(previous))
    }

    /// The block right behind `block` in its committed run, unless that is a hidden one.
    #[must_use]
    pub fn neighbour_behind(&self, block: Block) -> Option<Block> {
        let header = self.header(block);
        let behind = block.forward(header.size());
        let ends = header.has(Header::LAST) || header.has(Header::LARGE) || header.size() == 0;
        (!ends && !self.header(behind).has(Header::RANGE | Header::BUSY)).then_some(behind)
    }

    /// The position of a block among all by address, from 1, hidden ones counted too. `None` when too much of the
    /// heap lies before it to count.
    #[must_use]
    pub fn index_of(&self, block: Block) -> Option<u64> {
        let mut count = 0;
        let mut words = 0;
        let mut granule = 0;
        while granule < block.0 {
            let unit = u64::from(granule) / super::units::PAGE_GRANULES / super::units::UNIT_PAGES;
            if self.unit_mask(unit) == 0 {
                let next = (unit + 1) * super::units::UNIT_PAGES * super::units::PAGE_GRANULES;
                granule = u32::try_from(next).ok()?;
                continue;
            }
            words += 1;
            if words > MOST_WORDS {
                return None;
            }
            let (starts, _) = self.mark_words(Block(granule));
            let below = block.0 - granule;
            let mask = if below < 64 {
                (1 << below) - 1
            } else {
                u64::MAX
            };
            count += u64::from((starts & mask).count_ones());
            granule += 64;
        }
        Some(count + 1)
    }
}
