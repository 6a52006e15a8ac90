//! Cells: what sixteen bytes, or many kilobytes, of a heap are, from the bitmaps.
//!
//! For each 64 granules four masks are made: where blocks start, and which granules are busy, free, or the heap's own.
//! A cell is a count of their bits.

use crate::heap::{Block, GRANULE, Header, PAGE_GRANULES, Region, RegionKind, UNIT};

use super::Reader;
use super::picture::{Cell, CellState, MarkedRange};

/// The granules of one word of the bitmaps.
#[derive(Clone, Copy, Default)]
pub(super) struct Masks {
    starts: u64,
    busy: u64,
    free: u64,
    control: u64,
    damaged: u64,
}

/// Spreads each bit of `from` upwards over the granules that continue its block.
fn spread(from: u64, starts: u64) -> u64 {
    let (mut filled, mut through) = (from, !starts);
    for shift in [1, 2, 4, 8, 16, 32] {
        filled |= through & filled << shift;
        through &= through << shift;
    }
    filled
}

/// Reads the masks of consecutive words of one region.
pub(super) struct Reading<'a> {
    core: Reader<'a>,
    region: Region,
    large: bool,
    /// What the block is that goes on at the next granule.
    carry: Carry,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Carry {
    Busy,
    Free,
    Control,
}

impl<'a> Reading<'a> {
    /// Starts at the granule at `address`, a multiple of 1 KiB within `region`.
    pub(super) fn new(core: Reader<'a>, region: Region, address: u64) -> Reading<'a> {
        let large = core.region_kind(region) == Some(RegionKind::Large);
        let mut reading = Reading {
            core,
            region,
            large,
            carry: Carry::Control,
        };
        if let Some(at) = Block::at(address)
            && let Some(block) = core.block_before(region, at)
        {
            reading.carry = reading.kind(block, core.marks(block).1);
        }
        reading
    }

    fn kind(&self, block: Block, busy: bool) -> Carry {
        match busy {
            false => Carry::Free,
            true if self.core.header_at(block).has(Header::RANGE) => Carry::Control,
            true => Carry::Busy,
        }
    }

    /// The masks of the 64 granules from `address` on.
    pub(super) fn masks(&mut self, address: u64) -> Masks {
        let committed = self.committed(address);
        if committed == 0 {
            self.carry = Carry::Control;
            return Masks::default();
        }
        let first = u32::try_from(address / GRANULE).unwrap_or(u32::MAX);
        let (starts, busy) = self.core.mark_words(Block(first));
        let (starts, busy) = (starts & committed, busy & starts & committed);
        let hidden = self.descriptors(first, busy);
        let seed = |kind| u64::from(self.carry == kind && starts & 1 == 0);
        let mut masks = Masks {
            starts: starts & !hidden,
            busy: spread(busy & !hidden | seed(Carry::Busy), starts) & committed,
            free: spread(starts & !busy | seed(Carry::Free), starts) & committed,
            control: 0,
            damaged: 0,
        };
        masks.control = committed & !(masks.busy | masks.free);
        self.carry = match (masks.busy >> 63, masks.free >> 63) {
            (1, _) => Carry::Busy,
            (_, 1) => Carry::Free,
            _ => Carry::Control,
        };
        masks
    }

    /// Which granules lie in committed pages of the region.
    fn committed(&self, address: u64) -> u64 {
        let in_region = address < self.region.address() + self.core.region_reserved(self.region);
        if in_region && self.core.is_committed(address / GRANULE / PAGE_GRANULES) {
            u64::MAX
        } else {
            0
        }
    }

    /// Start bits of hidden blocks. They end at a page that is not committed, so that only the last 64 granules
    /// before one can hold such a start.
    fn descriptors(&self, first: u32, busy: u64) -> u64 {
        let next_page = (u64::from(first) / PAGE_GRANULES + 1) * PAGE_GRANULES;
        let is_before_page = u64::from(first) + 64 == next_page;
        if self.large
            || busy == 0
            || !is_before_page
            || self.core.is_committed(next_page / PAGE_GRANULES)
        {
            return 0;
        }
        let last = 63 - busy.leading_zeros();
        let hidden = self.core.header_at(Block(first + last)).has(Header::RANGE);
        u64::from(hidden) << last
    }
}

/// Makes the cells of one row.
pub(super) struct RowShape<'a> {
    /// The region the row lies in.
    pub(super) region: Region,
    /// Address of the first cell.
    pub(super) address: u64,
    /// Bytes of a cell.
    pub(super) cell_bytes: u64,
    /// How many cells.
    pub(super) count: u64,
    /// What the last command did.
    pub(super) marks: &'a [MarkedRange],
    /// Bytes of the selected block.
    pub(super) selected: Option<(u64, u64)>,
    /// Whether a pinning block covers any byte of a range.
    pub(super) pins: &'a dyn Fn(u64, u64) -> bool,
    /// Whether a block that the filter matches does.
    pub(super) found: &'a dyn Fn(u64, u64) -> bool,
    /// Addresses at which something was found wrong, in order.
    pub(super) bad: &'a [u64],
    /// No call is under way: a block without a header is damaged. In the middle of a call its header may just not be
    /// written yet.
    pub(super) quiet: bool,
}

/// Counts that make a cell.
#[derive(Clone, Copy, Default)]
struct Tally {
    starts: bool,
    busy: u64,
    free: u64,
    control: u64,
    damaged: bool,
    unmerged: bool,
}

impl Tally {
    fn add(&mut self, masks: &Masks, unmerged: u64, window: u64) {
        self.starts |= masks.starts & window != 0;
        self.busy += u64::from((masks.busy & window).count_ones());
        self.free += u64::from((masks.free & window).count_ones());
        self.control += u64::from((masks.control & window).count_ones());
        self.damaged |= masks.damaged & window != 0;
        self.unmerged |= unmerged & window != 0;
    }

    fn cell(&self) -> Cell {
        let committed = self.busy + self.free + self.control;
        let state = if self.damaged {
            CellState::Damaged
        } else if committed == 0 {
            CellState::Uncommitted
        } else if self.busy + self.free == 0 {
            CellState::Control
        } else if self.busy >= self.free {
            CellState::Busy
        } else {
            CellState::Free
        };
        Cell {
            state,
            starts: self.starts,
            fill: u8::try_from((self.busy * 8).div_ceil(committed.max(1))).unwrap_or(8),
            mixed: self.busy > 0 && self.free > 0,
            unmerged: self.unmerged,
            mark: None,
            selected: false,
            pin: false,
            found: false,
        }
    }
}

/// Makes cells of consecutive words. Cells of a kilobyte and more take whole words; smaller ones are parts of a word.
pub(super) struct Mosaic {
    /// Granules of a cell.
    granules: u64,
    /// Granules added to the cell being made.
    done: u64,
    tally: Tally,
    was_free: bool,
    cells: Vec<Cell>,
}

impl Mosaic {
    /// Cells of so many bytes: a multiple of 1 KiB, or an even part of it.
    pub(super) fn new(cell_bytes: u64) -> Mosaic {
        Mosaic {
            granules: cell_bytes / GRANULE,
            done: 0,
            tally: Tally::default(),
            was_free: false,
            cells: Vec::new(),
        }
    }

    /// The words that follow are of another run.
    pub(super) fn begin_run(&mut self, reading: &Reading<'_>) {
        self.was_free = reading.carry == Carry::Free;
    }

    /// Adds a word, from its granule `skip` on, as far as that makes no more than `most` cells.
    pub(super) fn add(&mut self, masks: Masks, skip: u64, most: u64) {
        let free_before = masks.free << 1 | u64::from(self.was_free);
        let unmerged = masks.starts & masks.free & free_before;
        self.was_free = masks.free >> 63 != 0;
        let step = self.granules.min(64);
        let window = u64::MAX >> (64 - step);
        let mut at = skip;
        while at < 64 && (self.cells.len() as u64) < most {
            self.tally.add(&masks, unmerged, window << at);
            at += step;
            self.done += step;
            if self.done == self.granules {
                self.done = 0;
                let made = std::mem::take(&mut self.tally);
                self.cells.push(made.cell());
            }
        }
    }

    /// Adds granules of which none is committed.
    fn pass(&mut self, granules: u64) {
        self.was_free = false;
        let mut left = granules;
        while left > 0 {
            let part = left.min(self.granules - self.done);
            left -= part;
            self.done += part;
            if self.done == self.granules {
                self.done = 0;
                let made = std::mem::take(&mut self.tally);
                self.cells.push(made.cell());
            }
        }
    }

    /// The cells; the last may be of less memory than the others.
    pub(super) fn finish(mut self) -> Vec<Cell> {
        if self.done > 0 {
            self.cells.push(self.tally.cell());
        }
        self.cells
    }
}

/// The cells of a row.
pub(super) fn row(core: Reader<'_>, shape: &RowShape<'_>) -> Vec<Cell> {
    let mut word = shape.address / 1024 * 1024;
    let end = shape.address + shape.count * shape.cell_bytes;
    let mut reading = Reading::new(core, shape.region, word);
    let mut mosaic = Mosaic::new(shape.cell_bytes);
    mosaic.begin_run(&reading);
    let mut skip = (shape.address - word) / GRANULE;
    while word < end {
        if word.is_multiple_of(UNIT) && word + UNIT <= end && core.unit_mask(word / UNIT) == 0 {
            reading.carry = Carry::Control;
            mosaic.pass(UNIT / GRANULE);
            word += UNIT;
            continue;
        }
        let masks = reading.masks(word);
        let masks = if shape.quiet {
            checked(core, word, masks, shape.cell_bytes)
        } else {
            masks
        };
        mosaic.add(masks, skip, shape.count);
        skip = 0;
        word += 1024;
    }
    let mut cells = mosaic.finish();
    let here = |marked: &&MarkedRange| marked.from < end && shape.address < marked.to;
    let marks: Vec<MarkedRange> = shape.marks.iter().filter(here).copied().collect();
    for (nth, cell) in (0..).zip(&mut cells) {
        dress(cell, shape.address + nth * shape.cell_bytes, shape, &marks);
    }
    cells
}

/// Looks at the headers themselves where blocks are seen one by one.
fn checked(core: Reader<'_>, address: u64, mut masks: Masks, cell_bytes: u64) -> Masks {
    if cell_bytes > 64 {
        return masks;
    }
    let first = u32::try_from(address / GRANULE).unwrap_or(u32::MAX);
    let mut starts = masks.starts;
    while starts != 0 {
        let bit = starts.trailing_zeros();
        let header = core.header_at(Block(first.saturating_add(bit)));
        masks.damaged |= u64::from(!header.is_valid()) << bit;
        starts &= starts - 1;
    }
    masks
}

/// Adds what is not in the bitmaps: the selection, the marks of the last command, pins, what the filter matches and
/// what a check found.
fn dress(cell: &mut Cell, address: u64, shape: &RowShape<'_>, marks: &[MarkedRange]) {
    let end = address + shape.cell_bytes;
    let overlaps = |from: u64, to: u64| from < end && address < to;
    let bad = shape.bad.partition_point(|&at| at < address);
    if shape.bad.get(bad).is_some_and(|&at| at < end) {
        cell.state = CellState::Damaged;
    }
    cell.pin = (shape.pins)(address, end);
    cell.found = (shape.found)(address, end);
    cell.selected = shape.selected.is_some_and(|(from, to)| overlaps(from, to));
    cell.mark = marks
        .iter()
        .rev()
        .find(|marked| overlaps(marked.from, marked.to))
        .map(|marked| marked.mark);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_fills_a_block_up_to_the_next_start() {
        assert_eq!(spread(0b0001, 0b1_0001), 0b1111);
        assert_eq!(spread(0b1_0000, 0b1_0001), !0b1111);
        assert_eq!(spread(0, 0b1), 0);
        assert_eq!(spread(1, 1), u64::MAX);
    }
}
