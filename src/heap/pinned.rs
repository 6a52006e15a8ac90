//! What heapmin would give back, and what single live blocks keep from being given back.

use crate::os::PAGE;

use super::access::Access;
use super::control::Core;
use super::header::Header;
use super::minimize::{Behind, HolePlan, may_fill_a_page, whole_pages};
use super::region::{Region, RegionKind};
use super::units::{Block, GRANULE, MIN_GRANULES, PAGE_GRANULES, RANGE_GRANULES, page_start};

/// What heapmin would give back.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Returnable {
    /// Pages.
    pub pages: u64,
    /// Bytes of free blocks in them.
    pub free_bytes: u64,
}

/// Part of a row of free blocks, for reckoning what minimizing would make of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece {
    /// A free block: its first granule and the one behind its last.
    Free(u64, u64),
    /// The descriptor of a range, of so many granules.
    Descriptor(u64),
    /// Pages that are not committed.
    Range,
}

/// Free blocks side by side. With coalescing off they are several, and what minimizing takes of one may make room in
/// the next: only going through it tells how many pages go.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct FreeRow {
    pieces: Vec<Piece>,
    /// The row starts the committed run.
    begins_run: bool,
    /// The row ends with its segment.
    ends_segment: bool,
}

impl FreeRow {
    /// Pages that minimizing gives back.
    fn returnable(mut self, coalesce: bool) -> u64 {
        let mut sum = 0;
        loop {
            let pages = self.pass();
            sum += pages;
            if pages == 0 || coalesce {
                return sum;
            }
        }
    }

    /// Does to the row what one pass of minimizing does to the heap. Answers with the pages given back.
    fn pass(&mut self) -> u64 {
        let mut sum = 0;
        let mut old = std::mem::take(&mut self.pieces).into_iter().peekable();
        while let Some(piece) = old.next() {
            let Piece::Free(start, end) = piece else {
                self.pieces.push(piece);
                continue;
            };
            let behind = match old.peek() {
                Some(&Piece::Descriptor(granules)) => Behind::Range(granules),
                None if self.ends_segment => Behind::End,
                _ => Behind::Block,
            };
            let pages = self.decommit(start, end, behind);
            if pages > 0 && matches!(behind, Behind::Range(_)) {
                // The two ranges are one now.
                old.next();
                old.next_if_eq(&Piece::Range);
            }
            sum += pages;
        }
        sum
    }

    /// Adds the free block of these granules to the row, less the pages that go.
    fn decommit(&mut self, start: u64, end: u64, behind: Behind) -> u64 {
        let after_range = self
            .pieces
            .last()
            .map_or(self.begins_run, |&piece| piece == Piece::Range);
        let joins_before = after_range && start.is_multiple_of(PAGE_GRANULES);
        let (first, stop) = whole_pages(start, end, joins_before, behind);
        if first >= stop || !may_fill_a_page(end - start) {
            self.pieces.push(Piece::Free(start, end));
            return 0;
        }
        if !joins_before {
            let left = first * PAGE_GRANULES - start - RANGE_GRANULES;
            if left < MIN_GRANULES {
                self.pieces.push(Piece::Descriptor(RANGE_GRANULES + left));
            } else {
                self.pieces.push(Piece::Free(start, start + left));
                self.pieces.push(Piece::Descriptor(RANGE_GRANULES));
            }
            self.pieces.push(Piece::Range);
        }
        if behind == Behind::Block && stop * PAGE_GRANULES < end {
            self.pieces.push(Piece::Free(stop * PAGE_GRANULES, end));
        }
        stop - first
    }
}

impl<A: Access> Core<'_, A> {
    /// Pages that heapmin would give back, hole by hole, and the bytes of free blocks in them.
    ///
    /// Exact while coalescing is on. With coalescing off, unmerged neighbours can make room for each other, and
    /// heapmin may give back more. Nothing for a buffer, which cannot give pages back.
    #[must_use]
    pub fn returnable(&self) -> Returnable {
        let mut sum = Returnable::default();
        if !self.mem.memory().can_return() {
            return sum;
        }
        self.each_large_hole(|hole, size| {
            let plan = self.plan_hole(hole, size);
            sum.pages += plan.pages();
            sum.free_bytes += bytes_in(&plan, hole, size);
        });
        for segment in self.regions(RegionKind::Segment) {
            if segment.is_first() || self.other_busy(segment, None) {
                continue;
            }
            // It is released whole.
            sum.pages += self.region_committed(segment);
            for (block, header) in self.segment_blocks(segment) {
                if header.is_free() {
                    let plan = self.plan_hole(block, header.size());
                    let counted = bytes_in(&plan, block, header.size());
                    sum.pages = sum.pages.saturating_sub(plan.pages());
                    sum.free_bytes += (header.size() * GRANULE).saturating_sub(counted);
                }
            }
        }
        sum
    }

    /// Pages that heapmin would additionally give back if the busy block `block` alone were freed: what it pins.
    /// Nothing where pages cannot be given back at all.
    #[must_use]
    pub fn pinned_by(&self, block: Block) -> u64 {
        let alone = self.region_at(block.address()).is_some_and(|segment| {
            self.region_kind(segment) == Some(RegionKind::Segment)
                && !segment.is_first()
                && !self.other_busy(segment, Some(block))
        });
        self.pinned_with(block, alone)
    }

    /// As [`Core::pinned_by`], for a caller who knows whether the block is the only busy one of a segment that can be
    /// released.
    #[must_use]
    pub fn pinned_with(&self, block: Block, alone: bool) -> u64 {
        let header = self.header(block);
        let Some(region) = self.region_at(block.address()) else {
            return 0;
        };
        if !self.mem.memory().can_return() || !header.is_valid() {
            return 0;
        }
        if header.has(Header::LARGE) {
            return self.region_committed(region);
        }
        if alone {
            let already = self.segment_returnable(region);
            return self.region_committed(region).saturating_sub(already);
        }
        let coalesce = self.settings().coalesce();
        if coalesce {
            return self.pinned_when_joined(block, header);
        }
        let (before, behind) = (self.row_before(block), self.row_behind(block));
        let own = Piece::Free(block.granule(), block.granule() + header.size());
        let whole = FreeRow {
            pieces: [&before.pieces[..], &[own], &behind.pieces[..]].concat(),
            begins_run: header.previous() == 0 || before.begins_run,
            ends_segment: header.has(Header::LAST) || behind.ends_segment,
        };
        let already = before.returnable(coalesce) + behind.returnable(coalesce);
        whole.returnable(coalesce).saturating_sub(already)
    }

    /// What a block pins that would be joined with its free neighbours.
    fn pinned_when_joined(&self, block: Block, header: Header) -> u64 {
        let (mut start, mut size, mut previous) = (block, header.size(), header.previous());
        let mut last = header.has(Header::LAST);
        let mut already = 0;
        let before = self.header(start.back(previous));
        if previous != 0 && before.is_free() {
            start = start.back(previous);
            already += self.plan_hole(start, before.size()).pages();
            size += before.size();
            previous = before.previous();
        }
        let behind = block.forward(header.size());
        let next = self.header(behind);
        if !last && next.is_free() {
            already += self.plan_hole(behind, next.size()).pages();
            size += next.size();
            last = next.has(Header::LAST);
        }
        let plan = self.plan_span(start, size, previous, last);
        plan.pages().saturating_sub(already)
    }

    /// Whether a segment has a busy block besides `except`.
    fn other_busy(&self, segment: Region, except: Option<Block>) -> bool {
        let end = page_start(self.segment_end_page(segment));
        let mut from = segment.first_block();
        while let Some(block) = self.next_marked(from, end, |starts, busy| starts & busy) {
            if Some(block) != except && !self.header(block).has(Header::RANGE) {
                return true;
            }
            from = block.forward(1);
        }
        false
    }

    /// The free blocks right before `block`.
    fn row_before(&self, block: Block) -> FreeRow {
        let mut row = FreeRow::default();
        let mut at = block;
        loop {
            let previous = self.header(at).previous();
            let start = at.back(previous);
            let header = self.header(start);
            if previous == 0 || !header.is_free() || header.size() != previous {
                break;
            }
            row.pieces.push(Piece::Free(start.granule(), at.granule()));
            row.begins_run = header.previous() == 0;
            at = start;
        }
        row.pieces.reverse();
        row
    }

    /// The free blocks right behind `block`, with the range behind them.
    fn row_behind(&self, block: Block) -> FreeRow {
        let mut row = FreeRow::default();
        let mut at = block;
        let mut header = self.header(at);
        while !header.has(Header::LAST) && header.size() >= MIN_GRANULES {
            at = at.forward(header.size());
            header = self.header(at);
            if header.has(Header::RANGE | Header::BUSY) {
                row.pieces.push(Piece::Descriptor(header.size()));
                row.pieces.push(Piece::Range);
                break;
            }
            if !header.is_free() {
                break;
            }
            row.pieces
                .push(Piece::Free(at.granule(), at.granule() + header.size()));
            row.ends_segment = header.has(Header::LAST);
        }
        row
    }

    /// Pages of a segment that heapmin would give back, releasing the segment left aside.
    fn segment_returnable(&self, segment: Region) -> u64 {
        let coalesce = self.settings().coalesce();
        let mut sum = 0;
        let mut row = FreeRow::default();
        for (block, header) in self.segment_blocks(segment) {
            if header.is_free() {
                if row.pieces.is_empty() {
                    row.begins_run = header.previous() == 0;
                }
                let end = block.granule() + header.size();
                row.pieces.push(Piece::Free(block.granule(), end));
                row.ends_segment = header.has(Header::LAST);
            } else {
                if header.has(Header::RANGE) {
                    row.pieces.push(Piece::Descriptor(header.size()));
                    row.pieces.push(Piece::Range);
                }
                sum += std::mem::take(&mut row).returnable(coalesce);
            }
        }
        sum + row.returnable(coalesce)
    }
}

/// Bytes of a free block in the pages that would go.
fn bytes_in(plan: &HolePlan, hole: Block, size: u64) -> u64 {
    let from = hole.address().max(plan.first_page() * PAGE);
    let to = hole.forward(size).address().min(plan.end_page() * PAGE);
    to.saturating_sub(from)
}
