//! Two bits for each granule: *a block starts here* and *it is busy*, both at a block's first granule.
//!
//! The word of starts and the word of busy bits for the same 64 granules stand side by side. Headers decide, these
//! follow: they give random access and fast walks.

use super::access::Access;
use super::control::Core;
use super::units::{Block, Word};

impl<A: Access> Core<'_, A> {
    #[inline]
    fn update(&self, at: Word, clear: u64, set: u64) {
        self.mem.store(at, self.mem.load(at) & !clear | set);
    }

    /// A busy block starts here.
    #[inline]
    pub(super) fn mark_busy(&self, block: Block) {
        let (at, bit) = (self.layout.bits_word(block), 1 << (block.0 & 63));
        self.update(at, 0, bit);
        self.update(at + 1, 0, bit);
    }

    /// A free block starts here.
    #[inline]
    pub(super) fn mark_free(&self, block: Block) {
        let (at, bit) = (self.layout.bits_word(block), 1 << (block.0 & 63));
        self.update(at, 0, bit);
        self.update(at + 1, bit, 0);
    }

    /// The free block that starts here is busy now.
    #[inline]
    pub(super) fn mark_taken(&self, block: Block) {
        self.update(self.layout.bits_word(block) + 1, 0, 1 << (block.0 & 63));
    }

    /// The busy block that starts here is free now.
    #[inline]
    pub(super) fn mark_freed(&self, block: Block) {
        self.update(self.layout.bits_word(block) + 1, 1 << (block.0 & 63), 0);
    }

    /// A free block starts here, where it was cut off a larger one.
    #[inline]
    pub(super) fn mark_cut(&self, block: Block) {
        self.update(self.layout.bits_word(block), 0, 1 << (block.0 & 63));
    }

    /// The free block that started here was joined with the one before.
    #[inline]
    pub(super) fn mark_joined(&self, block: Block) {
        self.update(self.layout.bits_word(block), 1 << (block.0 & 63), 0);
    }

    /// No block starts here.
    #[inline]
    pub(super) fn mark_none(&self, block: Block) {
        let (at, bit) = (self.layout.bits_word(block), 1 << (block.0 & 63));
        self.update(at, bit, 0);
        self.update(at + 1, bit, 0);
    }

    /// (a block starts here, it is busy)
    #[inline]
    #[must_use]
    pub fn marks(&self, block: Block) -> (bool, bool) {
        let (at, bit) = (self.layout.bits_word(block), 1u64 << (block.0 & 63));
        (
            self.mem.load(at) & bit != 0,
            self.mem.load(at + 1) & bit != 0,
        )
    }

    /// The words of starts and of busy bits for the 64 granules around `block`.
    #[inline]
    #[must_use]
    pub fn mark_words(&self, block: Block) -> (u64, u64) {
        let at = self.layout.bits_word(block);
        (self.mem.load(at), self.mem.load(at + 1))
    }

    /// The first block in `[from, end)` whose start bit is set and for which `wanted(starts, busy)` keeps the bit.
    /// Skips units of address space that have no committed page.
    pub(super) fn next_marked(
        &self,
        from: Block,
        end: Block,
        wanted: impl Fn(u64, u64) -> u64,
    ) -> Option<Block> {
        let mut granule = from.granule();
        let end = end.granule();
        while granule < end {
            let unit = granule / super::units::PAGE_GRANULES / super::units::UNIT_PAGES;
            if self.unit_mask(unit) == 0 {
                granule = (unit + 1) * super::units::UNIT_PAGES * super::units::PAGE_GRANULES;
                continue;
            }
            let (starts, busy) = self.mark_words(Block(granule as u32));
            let found = wanted(starts, busy) & (u64::MAX << (granule & 63));
            if found != 0 {
                let granule = (granule & !63) + u64::from(found.trailing_zeros());
                return (granule < end).then_some(Block(granule as u32));
            }
            granule = (granule & !63) + 64;
        }
        None
    }

    /// The last block in `[begin, before)` whose start bit is set.
    pub(super) fn previous_marked(&self, begin: Block, before: Block) -> Option<Block> {
        let mut end = before.granule();
        let begin = begin.granule();
        while end > begin {
            let unit = (end - 1) / super::units::PAGE_GRANULES / super::units::UNIT_PAGES;
            if self.unit_mask(unit) == 0 {
                end = unit * super::units::UNIT_PAGES * super::units::PAGE_GRANULES;
                continue;
            }
            let last = end - 1;
            let (starts, _) = self.mark_words(Block(last as u32));
            let found = starts & (u64::MAX >> (63 - (last & 63)));
            if found != 0 {
                let granule = (last & !63) + u64::from(63 - found.leading_zeros());
                return (granule >= begin).then_some(Block(granule as u32));
            }
            end = last & !63;
        }
        None
    }
}
