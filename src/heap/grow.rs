//! Growth: committing more pages, adding segments.

use crate::os::PAGE;

use super::access::Access;
use super::control::{Core, FREE, RESERVED, Settings};
use super::event::Event;
use super::finding::AllocError;
use super::flags::Flags;
use super::header::Header;
use super::place::Fit;
use super::ranges::Range;
use super::region::{Region, RegionKind};
use super::units::{
    Block, GRANULE, MAX_SEGMENT, PAGE_GRANULES, RANGE_GRANULES, SEGMENT_BYTES, UNIT, high, low,
    page_start, pair,
};

/// How a heap would get memory for a request that no free block can hold. Sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Growth {
    /// Commits more of a segment.
    Extend {
        /// First byte to be committed.
        address: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// Adds a segment.
    Segment {
        /// Its first byte.
        address: u64,
        /// Bytes it would reserve.
        reserve: u64,
        /// Bytes of it to be committed.
        bytes: u64,
    },
    /// Gives the block a region of its own.
    Large {
        /// Its first byte.
        address: u64,
        /// How many bytes.
        bytes: u64,
    },
}

impl<A: Access> Core<'_, A> {
    /// How the heap would grow for a block of `need` granules, if no free block is large enough. Changes nothing, and
    /// does not ask the commit limit.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn plan_growth(&self, need: u64) -> Result<Growth, AllocError> {
        let settings = self.settings();
        if let Some(range) = self.find_range(need, settings.coalesce()) {
            return Ok(Growth::Extend {
                address: page_start(range.page).address(),
                bytes: self.pages_to_extend(range, need, settings) * PAGE,
            });
        }
        if !settings.flags.has(Flags::GROWABLE) {
            return Err(AllocError::Full);
        }
        let (segment, reserve) = self.plan_segment(need)?;
        Ok(Growth::Segment {
            address: segment.address(),
            reserve,
            bytes: Self::pages_of_segment(need, reserve) * PAGE,
        })
    }

    /// Pages that a new segment commits at once for a block of `need` granules.
    fn pages_of_segment(need: u64, reserve: u64) -> u64 {
        (SEGMENT_BYTES / GRANULE + need + RANGE_GRANULES)
            .div_ceil(PAGE_GRANULES)
            .min(reserve / PAGE)
    }

    /// Pages to commit at the start of `range` for a free block of `need` granules.
    fn pages_to_extend(&self, range: Range, need: u64, settings: Settings) -> u64 {
        let tail = self.tail_before(range, settings.coalesce());
        let have = range.size + tail.map_or(0, |(_, size)| size);
        (need + RANGE_GRANULES)
            .saturating_sub(have)
            .div_ceil(PAGE_GRANULES)
            .clamp(1, range.pages.max(1))
    }

    /// Commits until there is a free block of `need` granules, and answers with it: from an uncommitted range of a
    /// segment if one suffices, else in a new segment (fact I4). Nothing changes on failure.
    #[cold]
    pub(super) fn grow(&self, need: u64, settings: Settings) -> Result<Fit, AllocError> {
        if let Some(range) = self.find_range(need, settings.coalesce()) {
            return self.extend_run(range, need, settings);
        }
        if !settings.flags.has(Flags::GROWABLE) {
            return Err(AllocError::Full);
        }
        let (segment, reserve) = self.plan_segment(need)?;
        let pages = Self::pages_of_segment(need, reserve);
        let fit = self.add_segment(segment, reserve, pages, settings)?;
        let doubled = (u64::from(high(self.slot(RESERVED))) * PAGE + reserve).min(MAX_SEGMENT);
        self.set_slot(
            RESERVED,
            pair(low(self.slot(RESERVED)), (doubled / PAGE) as u32),
        );
        Ok(fit)
    }

    /// Where a new segment goes and how much it reserves: what the doubling says, halved while the space has no such
    /// run, never less than the request needs.
    fn plan_segment(&self, need: u64) -> Result<(Region, u64), AllocError> {
        let least = ((SEGMENT_BYTES / GRANULE + need + 1) * GRANULE).next_multiple_of(UNIT);
        let mut reserve = (u64::from(high(self.slot(RESERVED))) * PAGE)
            .max(least)
            .min(MAX_SEGMENT);
        loop {
            if let Some(region) = self.find_units(reserve.div_ceil(UNIT)) {
                return Ok((region, reserve));
            }
            if reserve == least {
                return Err(AllocError::NoAddresses);
            }
            reserve = (reserve / 2).next_multiple_of(UNIT).max(least);
        }
    }

    /// Makes a segment of `reserve` bytes with its first `pages` pages committed as one free block.
    pub(super) fn add_segment(
        &self,
        segment: Region,
        reserve: u64,
        pages: u64,
        settings: Settings,
    ) -> Result<Fit, AllocError> {
        let first = segment.page();
        let side = self.charge(first, pages)?;
        self.take_units(segment, reserve.div_ceil(UNIT));
        self.add_region(segment, RegionKind::Segment, reserve);
        self.commit_charged(first, pages, side);
        let start = segment.first_block();
        let rest = reserve / PAGE - pages;
        let behind = page_start(first + pages).granule();
        let end = if rest == 0 {
            behind - 1
        } else {
            behind - RANGE_GRANULES
        };
        let size = end - start.granule();
        if rest != 0 {
            self.add_range(first + pages, rest, RANGE_GRANULES, size);
        }
        let last = if rest == 0 { Header::LAST } else { 0 };
        let (block, size) = self.give(start, size, 0, last, settings);
        Ok(Fit { block, size })
    }

    /// Commits as many pages at the start of `range` as make a free block of `need` granules with the free block
    /// before it (and, if all of it is committed, with the one behind).
    pub(super) fn extend_run(
        &self,
        range: Range,
        need: u64,
        settings: Settings,
    ) -> Result<Fit, AllocError> {
        self.verify_range(range).map_err(AllocError::Damaged)?;
        let pages = self.pages_to_extend(range, need, settings);
        if settings.checks {
            self.verify_growth(range, pages)?;
        }
        let side = self.charge(range.page, pages)?;
        self.commit_charged(range.page, pages, side);
        Ok(self.extend_committed(range, pages, settings))
    }

    /// Checks the blocks that committing `pages` pages of a range would write to or join.
    fn verify_growth(&self, range: Range, pages: u64) -> Result<(), AllocError> {
        let header = self.header(range.descriptor);
        self.verify_around(range.descriptor, header)
            .map_err(AllocError::Damaged)?;
        if pages == range.pages && !self.ends_segment(range) {
            self.verify_head(page_start(range.end()))
                .map_err(AllocError::Damaged)?;
        }
        Ok(())
    }

    /// Makes a free block of a range's descriptor and its first `pages` pages, which are committed already.
    fn extend_committed(&self, range: Range, pages: u64, settings: Settings) -> Fit {
        let start = range.descriptor;
        let previous = self.header(start).previous();
        let ends_segment = self.ends_segment(range);
        self.unlink_range(range);
        let behind = page_start(range.page + pages);
        let rest = range.pages.saturating_sub(pages);
        let (end, last) = match (rest, ends_segment) {
            (0, true) => (behind.back(1), Header::LAST),
            (0, false) => (behind, 0),
            _ => (behind.back(RANGE_GRANULES), 0),
        };
        let size = end.granule().saturating_sub(start.granule());
        if rest != 0 {
            self.add_range(range.page + pages, rest, RANGE_GRANULES, size);
        }
        let (block, size) = self.give(start, size, previous, last, settings);
        Fit { block, size }
    }

    /// Makes `size` granules from `start` a free block, joined with its free neighbours if coalescing is on, and puts
    /// it on its list. `previous` and `last` are its place in the run; what follows must have a header already.
    #[inline(never)]
    pub(super) fn give(
        &self,
        start: Block,
        size: u64,
        previous: u64,
        last: u64,
        settings: Settings,
    ) -> (Block, u64) {
        self.mark_free(start);
        self.give_marked(start, size, previous, last, settings)
    }

    /// As `give`, for a block that the bitmaps show as free already.
    #[inline(always)]
    pub(super) fn give_marked(
        &self,
        mut start: Block,
        mut size: u64,
        mut previous: u64,
        mut last: u64,
        settings: Settings,
    ) -> (Block, u64) {
        // A block more, and one fewer for each join.
        let mut counts = pair(1, size as u32);
        // What the block behind was in the tree, the whole block is already.
        let mut moved = false;
        if settings.coalesce() {
            if previous != 0 {
                let before = start.back(previous);
                let header = self.header(before);
                self.looked_beside(start, before, header);
                if header.is_free() {
                    self.detach(before, previous);
                    self.joined(before, start);
                    start = before;
                    size += previous;
                    previous = header.previous();
                    counts = counts.wrapping_sub(1);
                }
            }
            if last == 0 {
                let behind = start.forward(size);
                let header = self.header(behind);
                self.looked_beside(start, behind, header);
                if header.is_free() {
                    let total = size + header.size();
                    moved = self.tree_move(behind, header.size(), start, total);
                    if !moved {
                        self.detach(behind, header.size());
                    }
                    self.joined(start, behind);
                    size = total;
                    last = header.flags() & Header::LAST;
                    counts = counts.wrapping_sub(1);
                }
            }
        }
        let filled = if settings.flags.has(Flags::FREE_CHECKING) {
            Header::FILLED
        } else {
            0
        };
        self.set_header(start, Header::new(size, previous, last | filled, 0));
        if filled != 0 {
            self.fill_freed(start, size);
        }
        if last == 0 {
            self.set_previous(start.forward(size), size);
        }
        if !moved {
            self.attach(start, size, settings);
        }
        self.add(FREE, counts);
        (start, size)
    }

    /// The header of the neighbour of a block that becomes free was read.
    #[inline(always)]
    fn looked_beside(&self, block: Block, with: Block, header: Header) {
        self.mem.event(Event::Neighbour {
            block,
            with,
            size: header.size(),
            free: header.is_free(),
        });
    }

    /// Neighbours became one block.
    #[inline(always)]
    fn joined(&self, block: Block, with: Block) {
        self.mem.event(Event::Merge { block, with });
        self.mark_joined(with);
    }
}
