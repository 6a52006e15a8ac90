//! Growth: committing more pages, adding segments.

use crate::os::PAGE;

use super::access::Access;
use super::control::{Core, RESERVED, Settings};
use super::finding::AllocError;
use super::flags::Flags;
use super::header::Header;
use super::ranges::Range;
use super::region::{Region, RegionKind};
use super::units::{
    Block, GRANULE, MAX_SEGMENT, PAGE_GRANULES, RANGE_GRANULES, SEGMENT_BYTES, UNIT, high, low,
    page_start, pair,
};

impl<A: Access> Core<'_, A> {
    /// Commits until there is a free block of `need` granules: from an uncommitted range of a segment if one
    /// suffices, else in a new segment (fact I4). Nothing changes on failure.
    #[cold]
    pub(super) fn grow(&self, need: u64, settings: Settings) -> Result<(), AllocError> {
        if let Some(range) = self.find_range(need, settings.coalesce()) {
            return self.extend_run(range, need, settings);
        }
        if !settings.flags.has(Flags::GROWABLE) {
            return Err(AllocError::Full);
        }
        let (segment, reserve) = self.plan_segment(need)?;
        let pages = ((SEGMENT_BYTES / GRANULE + need + RANGE_GRANULES).div_ceil(PAGE_GRANULES))
            .min(reserve / PAGE);
        self.add_segment(segment, reserve, pages, settings)?;
        let doubled = (u64::from(high(self.slot(RESERVED))) * PAGE + reserve).min(MAX_SEGMENT);
        self.set_slot(
            RESERVED,
            pair(low(self.slot(RESERVED)), (doubled / PAGE) as u32),
        );
        Ok(())
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
    ) -> Result<(), AllocError> {
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
        self.give(
            start,
            size,
            0,
            if rest == 0 { Header::LAST } else { 0 },
            settings,
        );
        Ok(())
    }

    /// Commits as many pages at the start of `range` as make a free block of `need` granules with the free block
    /// before it (and, if all of it is committed, with the one behind).
    pub(super) fn extend_run(
        &self,
        range: Range,
        need: u64,
        settings: Settings,
    ) -> Result<(), AllocError> {
        self.verify_range(range).map_err(AllocError::Damaged)?;
        let tail = self.tail_before(range, settings.coalesce());
        let have = range.size + tail.map_or(0, |(_, size)| size);
        let pages = (need + RANGE_GRANULES)
            .saturating_sub(have)
            .div_ceil(PAGE_GRANULES)
            .clamp(1, range.pages);
        let side = self.charge(range.page, pages)?;
        self.commit_charged(range.page, pages, side);
        self.extend_committed(range, pages, settings);
        Ok(())
    }

    /// Makes a free block of a range's descriptor and its first `pages` pages, which are committed already.
    pub(super) fn extend_committed(&self, range: Range, pages: u64, settings: Settings) {
        let start = range.descriptor;
        let previous = self.header(start).previous();
        let ends_segment = self.ends_segment(range);
        self.unlink_range(range);
        let behind = page_start(range.page + pages);
        let rest = range.pages - pages;
        let (end, last) = match (rest, ends_segment) {
            (0, true) => (behind.back(1), Header::LAST),
            (0, false) => (behind, 0),
            _ => (behind.back(RANGE_GRANULES), 0),
        };
        let size = end.granule() - start.granule();
        if rest != 0 {
            self.add_range(range.page + pages, rest, RANGE_GRANULES, size);
        }
        self.give(start, size, previous, last, settings);
    }

    /// Makes `size` granules from `start` a free block, joined with its free neighbours if coalescing is on, and puts
    /// it on its list. `previous` and `last` are its place in the run; what follows must have a header already.
    #[inline]
    pub(super) fn give(
        &self,
        mut start: Block,
        mut size: u64,
        mut previous: u64,
        mut last: u64,
        settings: Settings,
    ) -> (Block, u64) {
        self.mark_free(start);
        if settings.coalesce() {
            if previous != 0 {
                let before = start.back(previous);
                let header = self.header(before);
                if header.is_free() {
                    self.join(before, previous, before, start);
                    start = before;
                    size += previous;
                    previous = header.previous();
                }
            }
            if last == 0 {
                let behind = start.forward(size);
                let header = self.header(behind);
                if header.is_free() {
                    self.join(behind, header.size(), start, behind);
                    size += header.size();
                    last = header.flags() & Header::LAST;
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
        self.link(start, size, settings);
        (start, size)
    }

    /// Unlinks `free` (of `size` granules), one of the neighbours `first` and `second`, which become one block.
    #[inline]
    fn join(&self, free: Block, size: u64, first: Block, second: Block) {
        self.unlink_merging(free, size);
        self.mark_none(second);
        self.mem.event(super::event::Event::Merge {
            block: first,
            with: second,
        });
    }
}
