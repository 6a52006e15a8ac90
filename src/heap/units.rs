//! Units and typed offsets. All arithmetic on offsets lives here.
//!
//! ```text
//!  arena (one reserved range)
//!  +--------------------------------------------+-----------+------------------+
//!  | space: segments and large blocks           | unit map  | granule bitmaps  |
//!  +--------------------------------------------+-----------+------------------+
//!  0                                        space       +space/8192       +space/64
//! ```
//!
//! A *granule* is 16 bytes, the unit of block sizes; a *unit* is 64 KiB, the unit of address space, as on Windows.
//! Offsets into the space fit 32 bits in granules (64 GiB); 0 is the control block and never a block, so it means
//! "none" in links.

use crate::os::PAGE;

/// Bytes of a granule.
pub const GRANULE: u64 = 16;
/// Bytes of a unit of address space (Windows' allocation granularity).
pub const UNIT: u64 = 0x10000;
/// Granules of a page.
pub const PAGE_GRANULES: u64 = PAGE / GRANULE;
/// Pages of a unit.
pub const UNIT_PAGES: u64 = UNIT / PAGE;
/// Bytes that a block costs beyond what its owner may use: its header, less the eight bytes it lends to the block
/// before (fact A3).
pub const NET_HEADER: u64 = 8;
/// Bytes of the control block, after NT's private heaps (fact I7); the first block starts here.
pub const CONTROL_BYTES: u64 = 0x720;
/// Bytes of the descriptor at the start of a further segment.
pub const SEGMENT_BYTES: u64 = 0x40;
/// Bytes before the payload of a large block: descriptor and header (64-byte aligned, fact B4).
pub const LARGE_BYTES: u64 = 0x40;
/// Granules of the hidden block that describes an uncommitted range (64 bytes, fact I8).
pub const RANGE_GRANULES: u64 = 4;
/// The smallest block: a header and two words of links.
pub const MIN_GRANULES: u64 = 2;
/// The largest block inside a segment (VirtualMemoryThreshold, fact B1).
pub const MAX_GRANULES: u64 = 0xFF00;
/// The largest segment.
pub const MAX_SEGMENT: u64 = 0xFF_0000;
/// What the second segment reserves; doubled for each further one (fact I4).
pub const SEGMENT_RESERVE: u64 = 0x10_0000;
/// The most address space an arena may have.
pub const MAX_SPACE: u64 = 64 << 30;

/// Index of a 64-bit word of the arena.
pub type Word = usize;

/// A block, by the granule at which its header starts.
///
/// ```text
///   byte 0        8             16            24            32
///   +-------------+-------------+-------------+-------------+----
///   | last 8 bytes| header word | payload, or links A and B | ...
///   | of the block|             | of a free block           |
///   | before      |             |                           |
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Block(pub u32);

impl Block {
    /// The block that starts at byte `address`, if that can be a block at all.
    #[must_use]
    pub fn at(address: u64) -> Option<Block> {
        let granule = u32::try_from(address / GRANULE).ok()?;
        (address.is_multiple_of(GRANULE) && granule != 0).then_some(Block(granule))
    }

    /// The block whose payload starts at byte `payload`.
    #[must_use]
    pub fn of_payload(payload: u64) -> Option<Block> {
        Block::at(payload.checked_sub(GRANULE)?)
    }

    /// From a link: `None` for the null link.
    #[inline]
    pub(super) fn from_link(link: u32) -> Option<Block> {
        (link != 0).then_some(Block(link))
    }

    /// The granule as a wide number.
    #[inline]
    pub(super) fn granule(self) -> u64 {
        u64::from(self.0)
    }

    /// Address of the block's first byte.
    #[inline]
    #[must_use]
    pub fn address(self) -> u64 {
        self.granule() * GRANULE
    }

    /// Address that the block's owner is given.
    #[inline]
    #[must_use]
    pub fn payload(self) -> u64 {
        self.address() + GRANULE
    }

    /// The header word.
    #[inline]
    pub(super) fn header(self) -> Word {
        self.0 as usize * 2 + 1
    }

    /// Link word A of a free block.
    #[inline]
    pub(super) fn link_a(self) -> Word {
        self.0 as usize * 2 + 2
    }

    /// Link word B of a free block.
    #[inline]
    pub(super) fn link_b(self) -> Word {
        self.0 as usize * 2 + 3
    }

    /// The block that starts `granules` behind. Saturates: an offset beyond the arena reads as nothing.
    #[inline]
    pub(super) fn forward(self, granules: u64) -> Block {
        Block(u32::try_from(self.granule() + granules).unwrap_or(u32::MAX))
    }

    /// The block that starts `granules` before. Saturates at the control block, which reads as no block.
    #[inline]
    pub(super) fn back(self, granules: u64) -> Block {
        Block(u32::try_from(self.granule().saturating_sub(granules)).unwrap_or(0))
    }

    /// The page that holds the block's first byte.
    #[inline]
    pub(super) fn page(self) -> u64 {
        self.granule() / PAGE_GRANULES
    }
}

/// The word at byte `address` (rounded down).
#[inline]
pub(super) fn word_at(address: u64) -> Word {
    usize::try_from(address / 8).unwrap_or(usize::MAX)
}

/// The block at the first byte of `page`.
#[inline]
pub(super) fn page_start(page: u64) -> Block {
    Block(u32::try_from(page * PAGE_GRANULES).unwrap_or(u32::MAX))
}

/// Two links in one word.
#[inline]
pub(super) fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The low link of a pair.
#[inline]
pub(super) fn low(word: u64) -> u32 {
    word as u32
}

/// The high link of a pair.
#[inline]
pub(super) fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// Where the parts of an arena lie; follows from the size of its space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Bytes of the space.
    pub space: u64,
    /// First word of the unit map: one word a unit.
    pub unit_map: Word,
    /// First word of the bitmaps: for each 64 granules a word of starts and a word of busy bits.
    pub bits: Word,
    /// Bytes of the whole arena.
    pub total: u64,
}

impl Layout {
    /// That of the largest arena, [`Layout::of`] [`MAX_SPACE`], known when the program is compiled.
    pub(super) const WHOLE: Layout = Layout {
        space: MAX_SPACE,
        unit_map: (MAX_SPACE / 8) as Word,
        bits: ((MAX_SPACE + MAX_SPACE / UNIT * 8) / 8) as Word,
        total: MAX_SPACE + MAX_SPACE / UNIT * 8 + MAX_SPACE / 64,
    };

    /// The layout of an arena with `space` bytes for segments and large blocks (rounded up to units).
    #[must_use]
    pub fn of(space: u64) -> Layout {
        let space = space.clamp(UNIT, MAX_SPACE).next_multiple_of(UNIT);
        let map_bytes = (space / UNIT * 8).next_multiple_of(PAGE);
        let bit_bytes = (space / 64).next_multiple_of(PAGE);
        Layout {
            space,
            unit_map: word_at(space),
            bits: word_at(space + map_bytes),
            total: space + map_bytes + bit_bytes,
        }
    }

    /// Units of the space.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.space / UNIT
    }

    /// The word of the unit map that describes `unit`.
    #[inline]
    pub(super) fn unit_word(&self, unit: u64) -> Word {
        self.unit_map + usize::try_from(unit).unwrap_or(usize::MAX / 2)
    }

    /// The word of start bits for the 64 granules around `block`; the busy bits follow in the next word.
    #[inline]
    pub(super) fn bits_word(&self, block: Block) -> Word {
        self.bits + (block.0 as usize >> 6) * 2
    }

    /// Pages of the bitmaps that cover `unit` (one page covers four units).
    pub(super) fn bits_page(&self, unit: u64) -> u64 {
        self.bits as u64 * 8 / PAGE + unit / UNITS_PER_BITS_PAGE
    }
}

/// Units that one page of bitmaps covers.
pub(super) const UNITS_PER_BITS_PAGE: u64 = PAGE * 64 / UNIT;

/// Granules of a block for a request of `size` bytes that costs `extra` bytes beside them: [`NET_HEADER`], or more under
/// the debugging flags (facts A3, A4). `None` when the sum does not fit.
#[inline]
#[must_use]
pub fn granules_for(size: u64, extra: u64) -> Option<u64> {
    Some(size.max(GRANULE).checked_add(extra + GRANULE - 1)? / GRANULE)
}

/// Bytes of the pattern behind the payload when tail checking is on (fact G3).
pub const TAIL_BYTES: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_footprints() {
        for (size, bytes) in [
            (0, 0x20),
            (1, 0x20),
            (24, 0x20),
            (25, 0x30),
            (40, 0x30),
            (41, 0x40),
            (0xF0, 0x100),
        ] {
            assert_eq!(
                granules_for(size, NET_HEADER).unwrap() * GRANULE,
                bytes,
                "A3: {size} bytes"
            );
        }
        assert_eq!(granules_for(u64::MAX, NET_HEADER), None);
    }

    #[test]
    fn the_largest_layout_is_the_one_that_is_made() {
        assert_eq!(Layout::WHOLE, Layout::of(MAX_SPACE));
    }

    #[test]
    fn the_parts_of_an_arena_do_not_overlap() {
        for space in [1, UNIT, UNIT + 1, 1 << 30, MAX_SPACE] {
            let layout = Layout::of(space);
            assert!(layout.space >= space && layout.space.is_multiple_of(UNIT));
            assert!(layout.unit_map as u64 * 8 == layout.space);
            assert!(layout.bits as u64 * 8 >= layout.space + layout.units() * 8);
            assert!(layout.total >= layout.bits as u64 * 8 + layout.space / 64);
            assert!(
                layout.total.is_multiple_of(PAGE) && (layout.bits as u64 * 8).is_multiple_of(PAGE)
            );
        }
    }
}
