//! One sweep over all blocks: what no counter tells.
//!
//! The sweep goes over the bitmaps, two bits for sixteen bytes, and looks at a header only where it must: of the last
//! block before an uncommitted range, of blocks that may pin a page, and of blocks that a search asks about.
//!
//! A block pins pages if freeing it would leave whole pages free. So one that would not be large enough to fill a page
//! even together with its free neighbours needs no further look, unless nothing else is busy in its segment.

use crate::heap::{Block, GRANULE, Heap, Region, RegionKind, Span, SpanKind};
use crate::os::PAGE;

use super::Reader;
use super::facts::BlockFacts;
use super::search::{Search, facts_of};
use super::sizes::{Sizes, Tally};

/// What a survey is to find besides the sizes of blocks.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The blocks that keep pages from being returned.
    pub pins: bool,
    /// The blocks that a filter matches.
    pub search: Option<Search<'a>>,
}

/// What one sweep over all blocks found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// Free blocks by size.
    pub holes: Sizes,
    /// Busy blocks by size, large ones too.
    pub blocks: Sizes,
    pins: Option<Pins>,
    found: Option<Vec<Block>>,
}

/// A block that keeps pages from being returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pinning {
    /// The block.
    pub block: Block,
    granules: u32,
    pages: u32,
}

impl Pinning {
    /// Bytes of the block, header included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.granules) * GRANULE
    }

    /// Bytes that heapmin would additionally return if this block alone were freed.
    #[must_use]
    pub fn returns(&self) -> u64 {
        u64::from(self.pages) * PAGE
    }
}

/// Pinning blocks by address, and their order from the worst on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Pins {
    by_address: Vec<Pinning>,
    by_pages: Vec<u32>,
}

impl Survey {
    /// Pinning blocks; `None` if they were not asked for.
    #[must_use]
    pub fn pins(&self) -> Option<u64> {
        self.pins.as_ref().map(|pins| pins.by_address.len() as u64)
    }

    /// Pinning blocks from the worst on, of equal ones the first by address first.
    pub fn worst_pins(&self) -> impl Iterator<Item = Pinning> + '_ {
        let nth = |pins: &'_ Pins, &nth: &u32| pins.by_address[nth as usize];
        self.pins
            .iter()
            .flat_map(move |pins| pins.by_pages.iter().map(move |at| nth(pins, at)))
    }

    /// Whether a pinning block covers any byte in `[from, to)`.
    #[must_use]
    pub fn pins_in(&self, from: u64, to: u64) -> bool {
        let Some(pins) = &self.pins else {
            return false;
        };
        let all = &pins.by_address;
        let end = |pin: &Pinning| pin.block.address() + pin.bytes();
        let first = all.partition_point(|pin| end(pin) <= from);
        all.get(first).is_some_and(|pin| pin.block.address() < to)
    }

    /// The blocks that the search matched, by address; `None` if there was no search.
    #[must_use]
    pub fn found(&self) -> Option<&[Block]> {
        self.found.as_deref()
    }

    /// Which of the matching blocks the one at `address` is, from 1; `None` if it is none of them.
    #[must_use]
    pub fn position_of(&self, address: u64) -> Option<u64> {
        let found = self.found()?;
        let nth = found.binary_search_by_key(&address, |block| block.address());
        nth.ok().map(|nth| nth as u64 + 1)
    }
}

/// Sweeps over a heap.
///
/// `names` tells the name and birth of the block with a payload; it is asked only where the search wants owners.
#[must_use]
pub fn survey(
    heap: &Heap,
    wanted: &Wanted<'_>,
    names: &dyn Fn(u64) -> Option<(String, u64)>,
) -> Survey {
    heap.look(|core| {
        let mut sweep = Sweep {
            core,
            pins: wanted.pins || wanted.search.is_some_and(|search| search.pins),
            can_return: heap.memory().can_return(),
            coalesce: core.settings().coalesce(),
            search: wanted.search,
            names,
            holes: Tally::default(),
            blocks: Tally::default(),
            pinning: Vec::new(),
            found: Vec::new(),
            row: Row::default(),
            segment: Segment::default(),
        };
        core.all_spans().for_each(|span| sweep.add(span));
        sweep.finish()
    })
}

/// What stood right before the span being looked at.
#[derive(Clone, Copy, Default)]
struct Row {
    /// The granule behind it.
    end: u64,
    /// Granules of the free block that ends there.
    free: u64,
    /// A busy block that ends where the free one begins, and the granules free right before it.
    held: Option<(Block, u64, u64)>,
}

/// The segment being swept.
#[derive(Clone, Copy, Default)]
struct Segment {
    region: Option<Region>,
    /// The granule behind its addresses.
    end: u64,
    /// Its busy blocks.
    busy: u64,
    /// The last of them, with its granules.
    last: Option<(Block, u64)>,
}

struct Sweep<'a> {
    core: Reader<'a>,
    pins: bool,
    can_return: bool,
    coalesce: bool,
    search: Option<Search<'a>>,
    names: &'a dyn Fn(u64) -> Option<(String, u64)>,
    holes: Tally,
    blocks: Tally,
    pinning: Vec<Pinning>,
    found: Vec<Block>,
    row: Row,
    segment: Segment,
}

impl Sweep<'_> {
    #[inline]
    fn add(&mut self, span: Span) {
        match span.kind {
            SpanKind::Free => self.holes.add(span.granules),
            SpanKind::Busy | SpanKind::Large => self.blocks.add(span.granules),
            SpanKind::Hidden => {}
        }
        if self.pins && self.can_return {
            self.weigh(span);
        }
        if self.search.is_some_and(|search| !search.pins) {
            self.compare(span.block, 0);
        }
    }

    /// Looks for pins: what a block pins is known when the span behind it is.
    #[inline]
    fn weigh(&mut self, span: Span) {
        let start = u64::from(span.block.0);
        if start >= self.segment.end {
            self.leave(span);
        }
        let joined = start == self.row.end;
        let free_before = if joined { self.row.free } else { 0 };
        let free = if span.kind == SpanKind::Free {
            span.granules
        } else {
            0
        };
        if let Some((block, granules, before)) = self.row.held.take() {
            let behind = if joined { free } else { 0 };
            self.judge(block, granules, before + behind);
        }
        match span.kind {
            SpanKind::Busy => {
                self.segment.busy += 1;
                self.segment.last = Some((span.block, span.granules));
                self.row.held = Some((span.block, span.granules, free_before));
            }
            SpanKind::Large => self.pin(span.block, span.granules, false),
            SpanKind::Free | SpanKind::Hidden => {}
        }
        self.row.free = free;
        self.row.end = span.end();
    }

    /// Looks at a block more closely if it may pin pages, `free` granules being free around it.
    #[inline]
    fn judge(&mut self, block: Block, granules: u64, free: u64) {
        // Without coalescing, only the block itself becomes a free one.
        let joined = if self.coalesce {
            granules + free
        } else {
            granules
        };
        if crate::heap::may_fill_a_page(joined) {
            self.pin(block, granules, false);
        }
    }

    fn pin(&mut self, block: Block, granules: u64, alone: bool) {
        let pages = self.core.pinned_with(block, alone);
        if pages > 0 {
            self.pinning.push(Pinning {
                block,
                granules: u32::try_from(granules).unwrap_or(u32::MAX),
                pages: u32::try_from(pages).unwrap_or(u32::MAX),
            });
        }
    }

    /// The segment is swept. If only one block was busy in it, freeing that one would release it whole.
    fn settle(&mut self) {
        if let Some((block, granules, before)) = self.row.held.take() {
            self.judge(block, granules, before);
        }
        let is_first = self.segment.region.is_none_or(Region::is_first);
        if let Some((block, granules)) = self.segment.last
            && self.segment.busy == 1
            && !is_first
        {
            self.pinning.pop_if(|pin| pin.block == block);
            self.pin(block, granules, true);
        }
    }

    fn leave(&mut self, span: Span) {
        self.settle();
        let region = self.core.region_at(span.block.address());
        let is_segment =
            |region: &Region| self.core.region_kind(*region) == Some(RegionKind::Segment);
        let end = |region: Region| (region.address() + self.core.region_reserved(region)) / GRANULE;
        self.segment = Segment {
            region: region.filter(is_segment),
            end: region.map_or(0, end),
            ..Segment::default()
        };
        self.row = Row::default();
    }

    fn compare(&mut self, block: Block, pins: u64) {
        let Some(search) = self.search else {
            return;
        };
        if let Some(facts) = facts_of(&self.core, block)
            && is_found(&search, facts, pins, self.names)
        {
            self.found.push(block);
        }
    }

    fn finish(mut self) -> Survey {
        self.settle();
        let pins = self.pins.then(|| ranked(std::mem::take(&mut self.pinning)));
        if self.search.is_some_and(|search| search.pins) {
            self.compare_all(pins.as_ref());
        }
        Survey {
            holes: self.holes.finish(),
            blocks: self.blocks.finish(),
            pins,
            found: self.search.map(|_| self.found),
        }
    }

    /// A second sweep for a search that asks what blocks pin, which is known only now.
    fn compare_all(&mut self, pins: Option<&Pins>) {
        let all = pins.map_or(&[][..], |pins| &pins.by_address);
        let mut pins = all.iter().peekable();
        for span in self.core.all_spans() {
            let pin = pins.next_if(|pin| pin.block == span.block);
            self.compare(span.block, pin.map_or(0, Pinning::returns));
        }
    }
}

/// Whether a search wants the block of these facts, which pins so many bytes.
pub(super) fn is_found(
    search: &Search<'_>,
    facts: BlockFacts<'_>,
    pins: u64,
    names: &dyn Fn(u64) -> Option<(String, u64)>,
) -> bool {
    let owner = if search.owners && facts.is_busy() {
        names(facts.address + GRANULE)
    } else {
        None
    };
    (search.matches)(&BlockFacts {
        name: owner.as_ref().map(|(name, _)| name.as_str()),
        born: owner.as_ref().map(|&(_, born)| born),
        pins,
        ..facts
    })
}

/// Sorts pins from the worst on.
fn ranked(by_address: Vec<Pinning>) -> Pins {
    let count = u32::try_from(by_address.len()).unwrap_or(u32::MAX);
    let mut order: Vec<(std::cmp::Reverse<u32>, u32)> = (0..count)
        .zip(&by_address)
        .map(|(nth, pin)| (std::cmp::Reverse(pin.pages), nth))
        .collect();
    order.sort_unstable();
    Pins {
        by_pages: order.into_iter().map(|(_, nth)| nth).collect(),
        by_address,
    }
}
