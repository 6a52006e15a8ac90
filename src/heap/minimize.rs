//! Giving memory back: every page that holds no byte of anything the heap needs.
//!
//! A hole loses its whole pages. What is needed stays: in front, if a block stands before the hole in its run, the
//! 64-byte descriptor of the range that arises (and what is left before it, as a free block); behind, the fragment up
//! to the next block, which needs two granules to stand as a free block of its own and keeps one page more if it has
//! only one (fact F7).

use crate::os::CannotReturn;

use super::access::Access;
use super::control::{Core, LIST_BITS, RANGE_BITS, Settings, TREE_BITS};
use super::header::Header;
use super::region::{Region, RegionKind};
use super::units::{Block, MIN_GRANULES, PAGE_GRANULES, RANGE_GRANULES, page_start};

/// What minimizing did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Minimized {
    /// Pages given back to the system, those of released segments included.
    pub pages: u64,
    /// Segments released whole.
    pub segments: u64,
}

/// What stands right behind a free block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Behind {
    /// Another block of the run.
    Block,
    /// The descriptor of an uncommitted range, of so many granules.
    Range(u64),
    /// The end of the segment.
    End,
}

/// The whole pages of a free block that can go: the first and the one behind the last, by the granules at which the
/// block starts and ends. A block right behind a range joins it and needs no descriptor of its own.
pub(super) fn whole_pages(start: u64, end: u64, joins_before: bool, behind: Behind) -> (u64, u64) {
    let first = if joins_before {
        start
    } else {
        start + RANGE_GRANULES
    };
    let end_page = match behind {
        Behind::End => (end + 1) / PAGE_GRANULES,
        Behind::Range(descriptor) => (end + descriptor) / PAGE_GRANULES,
        Behind::Block if end % PAGE_GRANULES == MIN_GRANULES - 1 => {
            (end / PAGE_GRANULES).saturating_sub(1)
        }
        Behind::Block => end / PAGE_GRANULES,
    };
    (first.div_ceil(PAGE_GRANULES), end_page)
}

/// Whether a free block of `size` granules is large enough to fill a page together with the descriptor behind it.
#[must_use]
pub fn may_fill_a_page(size: u64) -> bool {
    size + RANGE_GRANULES + 1 >= PAGE_GRANULES
}

/// What decommitting a hole would leave and take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HolePlan {
    /// First page to give back.
    first: u64,
    /// The page behind the last.
    end: u64,
    /// Right behind an uncommitted range: the ranges become one.
    joins_before: bool,
    /// The range right behind: the ranges become one.
    behind: Option<Block>,
    /// The hole ends with its segment.
    ends_segment: bool,
}

impl HolePlan {
    /// First page to give back.
    pub(super) fn first_page(&self) -> u64 {
        self.first
    }

    /// The page behind the last to give back.
    pub(super) fn end_page(&self) -> u64 {
        self.end
    }

    /// Pages that would go back.
    pub(super) fn pages(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }
}

impl<A: Access> Core<'_, A> {
    /// Which pages of the free block `hole` can go.
    pub(super) fn plan_hole(&self, hole: Block, size: u64) -> HolePlan {
        let header = self.header(hole);
        self.plan_span(hole, size, header.previous(), header.has(Header::LAST))
    }

    /// Which pages of a free block could go if one stood at `start`, `previous` granules behind its neighbour.
    pub(super) fn plan_span(&self, start: Block, size: u64, previous: u64, last: bool) -> HolePlan {
        let behind = start.forward(size);
        let joins_before = previous == 0 && start.granule().is_multiple_of(PAGE_GRANULES);
        let next = self.header(behind);
        let range_behind = !last && next.has(Header::RANGE | Header::BUSY) && next.is_valid();
        let what = match (last, range_behind) {
            (true, _) => Behind::End,
            (_, true) => Behind::Range(next.size()),
            _ => Behind::Block,
        };
        let end = start.granule() + size;
        let (first, end) = whole_pages(start.granule(), end, joins_before, what);
        HolePlan {
            first,
            end,
            joins_before,
            behind: range_behind.then_some(behind),
            ends_segment: last,
        }
    }

    /// Gives back the whole pages of a free block. Answers with their number.
    pub(super) fn decommit_hole(&self, hole: Block, size: u64, settings: Settings) -> u64 {
        let plan = self.plan_hole(hole, size);
        if plan.pages() == 0 {
            return 0;
        }
        let end = hole.granule() + size;
        let header = self.header(hole);
        self.unlink(hole, size, settings);
        self.mark_none(hole);
        let mut range_pages = plan.pages();
        if let Some(behind) = plan.behind {
            let range = self.range(behind);
            range_pages += range.pages;
            self.unlink_range(range);
            self.mark_none(behind);
        }
        self.describe_range(hole, header, &plan, range_pages, settings);
        if plan.behind.is_none() && !plan.ends_segment {
            self.head_of_run(plan.end, end, header.flags() & Header::FILLED, settings);
        }
        self.decommit(plan.first, plan.pages())
    }

    /// Writes what stands before the new range: its descriptor (or the longer count in that of the range it joins),
    /// and the free block that is left before it.
    fn describe_range(
        &self,
        hole: Block,
        header: Header,
        plan: &HolePlan,
        pages: u64,
        settings: Settings,
    ) {
        if plan.joins_before {
            let segment = self.region_at(hole.address()).unwrap_or(Region(0));
            if let Some(descriptor) = self.previous_marked(segment.first_block(), hole) {
                let range = self.range(descriptor);
                self.resize_range(range, range.pages + pages);
            }
            return;
        }
        let left = page_start(plan.first).granule() - hole.granule() - RANGE_GRANULES;
        let (left, size) = if left < MIN_GRANULES {
            (0, RANGE_GRANULES + left)
        } else {
            (left, RANGE_GRANULES)
        };
        self.add_range(
            plan.first,
            pages,
            size,
            if left == 0 { header.previous() } else { left },
        );
        if left != 0 {
            let filled = header.flags() & Header::FILLED;
            self.set_header(hole, Header::new(left, header.previous(), filled, 0));
            self.mark_free(hole);
            self.link(hole, left, settings);
        }
    }

    /// Writes what stands behind the new range: a free block up to granule `end`, or nothing if the run goes on there.
    fn head_of_run(&self, page: u64, end: u64, filled: u64, settings: Settings) {
        let start = page_start(page);
        let size = end - start.granule();
        if size != 0 {
            self.set_header(start, Header::new(size, 0, filled, 0));
            self.mark_free(start);
        }
        self.set_previous(start.forward(size), size);
        if size != 0 {
            self.link(start, size, settings);
        }
    }

    /// Gives back every page that holds no byte of the control block, of a busy block, of a free block's header or
    /// links, or of a range descriptor, and releases empty segments other than the first (decision S3).
    ///
    /// # Errors
    /// [`CannotReturn`] when the memory is a fixed buffer; nothing changes.
    pub fn minimize(&self) -> Result<Minimized, CannotReturn> {
        if !self.mem.memory().can_return() {
            return Err(CannotReturn);
        }
        let settings = self.settings();
        let mut done = Minimized::default();
        // Unmerged neighbours free each other's pages, so that one pass may make room for another.
        loop {
            let pages = self.decommit_holes(settings);
            done.pages += pages;
            if pages == 0 || settings.coalesce() {
                break;
            }
        }
        // The iterator has read the next link before a segment is released.
        for segment in self.regions(RegionKind::Segment) {
            let pages = self.release_if_empty(segment);
            done.pages += pages;
            done.segments += u64::from(pages != 0);
        }
        Ok(done)
    }

    /// Gives back the whole pages of every free block. Answers with their number.
    fn decommit_holes(&self, settings: Settings) -> u64 {
        let end = self.space_end();
        let mut pages = 0;
        let mut from = Block(1);
        while let Some(hole) = self.next_marked(from, end, |starts, busy| starts & !busy) {
            let size = self.header(hole).size();
            // Spares the rest a plan.
            if may_fill_a_page(size) {
                pages += self.decommit_hole(hole, size, settings);
            }
            from = hole.forward(size.max(1));
        }
        pages
    }

    /// Releases a segment that holds no busy block, unless it is the first. Answers with the pages given back.
    pub(super) fn release_if_empty(&self, segment: Region) -> u64 {
        if segment.is_first() || self.region_kind(segment) != Some(RegionKind::Segment) {
            return 0;
        }
        if !self
            .segment_blocks(segment)
            .all(|(_, header)| !header.has(Header::BUSY) || header.has(Header::RANGE))
        {
            return 0;
        }
        let settings = self.settings();
        let mut from = segment.first_block();
        let end = page_start(self.segment_end_page(segment));
        while let Some(block) = self.next_marked(from, end, |starts, _| starts) {
            let header = self.header(block);
            if header.has(Header::RANGE) {
                self.unlink_range(self.range(block));
            } else {
                self.unlink(block, header.size(), settings);
                // No longer a free neighbour of the next one.
                self.set_header(block, Header(0));
            }
            self.mark_none(block);
            from = block.forward(1);
        }
        self.remove_region(segment, RegionKind::Segment)
    }

    /// The largest free block in granules, without counting probes.
    #[must_use]
    pub fn largest_free(&self) -> u64 {
        self.largest(0, &mut 0).map_or(0, |fit| fit.size)
    }

    /// The bitmap words of lists, tree bins and range classes, for validation.
    pub(super) fn list_words(&self) -> [u64; 4] {
        let exact = LIST_BITS;
        let second = super::control::Slot(exact.0 + 1);
        [
            self.slot(exact),
            self.slot(second),
            self.slot(TREE_BITS),
            self.slot(RANGE_BITS),
        ]
    }
}
