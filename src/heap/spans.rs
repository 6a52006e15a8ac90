//! Blocks as the bitmaps show them: by address, without a look at their headers.
//!
//! That a block ends is known from the start of the next one, or from the end of its committed run. So a sweep over a
//! heap reads two bits for sixteen bytes instead of a line of memory for each block. Only the last block of a run is
//! looked at, since it may be the hidden one that describes the range behind it.

use super::access::Access;
use super::control::Core;
use super::header::Header;
use super::region::{Region, RegionKind};
use super::units::{Block, GRANULE, PAGE_GRANULES, UNIT_PAGES};

/// Granules of a unit of address space.
const UNIT_GRANULES: u64 = UNIT_PAGES * PAGE_GRANULES;

/// What a span is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpanKind {
    /// A busy block of a segment.
    Busy,
    /// A free block.
    Free,
    /// The descriptor of an uncommitted range.
    Hidden,
    /// A large block in a region of its own.
    Large,
}

/// A block and the granules it covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The block.
    pub block: Block,
    /// Its granules, header included.
    pub granules: u64,
    /// What it is.
    pub kind: SpanKind,
}

impl Span {
    /// The granule behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.block.granule() + self.granules
    }

    /// Its bytes, header included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.granules * GRANULE
    }
}

/// Spans by address.
#[derive(Debug)]
pub struct Spans<'a, A> {
    core: Core<'a, A>,
    /// The granule of the next word to read.
    at: u64,
    /// Blocks that start before it are left out.
    from: u64,
    /// Blocks that start here or behind are left out.
    stop: u64,
    /// The granule behind the last in use.
    end: u64,
    /// Up to here all is committed and of one region.
    clear_to: u64,
    /// The region of the granules being read.
    region: Option<Region>,
    /// The word being read: its first granule, its starts not yet told, its busy bits.
    word: (u64, u64, u64),
    /// The block that has begun.
    open: Option<(u64, bool)>,
}

impl<'a, A: Access> Core<'a, A> {
    /// The blocks that start at the granules in `[from, to)`, by address. Ends whatever the heap holds: no word of the
    /// bitmaps is read twice.
    #[must_use]
    pub fn spans(&self, from: Block, to: Block) -> Spans<'a, A> {
        Spans {
            core: *self,
            at: from.granule() & !63,
            from: from.granule(),
            stop: to.granule(),
            end: self.units_end() * UNIT_GRANULES,
            clear_to: 0,
            region: None,
            word: (0, 0, 0),
            open: None,
        }
    }

    /// Every block.
    #[must_use]
    pub fn all_spans(&self) -> Spans<'a, A> {
        self.spans(Block(1), Block(u32::MAX))
    }
}

impl<A: Access> Spans<'_, A> {
    fn read(&mut self) {
        let (starts, busy) = self
            .core
            .mark_words(Block(u32::try_from(self.at).unwrap_or(u32::MAX)));
        let before = self.from.saturating_sub(self.at).min(63);
        self.word = (self.at, starts & (u64::MAX << before), busy);
        self.at += 64;
    }

    /// Moves to the next granule that is committed and of a segment, from the start of a page. Answers with the large
    /// block that begins there instead, if one does.
    fn enters(&mut self) -> Option<Span> {
        let unit = self.at / UNIT_GRANULES;
        let mask = self.core.unit_mask(unit);
        let next_unit = (unit + 1) * UNIT_GRANULES;
        if mask == 0 {
            self.at = next_unit;
            return None;
        }
        let page = self.at / PAGE_GRANULES;
        let rest = u64::from(mask) >> (page % UNIT_PAGES);
        if rest & 1 == 0 {
            self.at = (page + 1) * PAGE_GRANULES;
            return None;
        }
        let region = self
            .core
            .region_at(unit * UNIT_GRANULES * GRANULE)
            .unwrap_or(Region(u32::try_from(unit).unwrap_or(u32::MAX)));
        if self.core.region_kind(region) == Some(RegionKind::Large) {
            return self.passes_large(region, next_unit);
        }
        self.region = Some(region);
        let pages = u64::from(rest.trailing_ones());
        self.clear_to = ((page + pages) * PAGE_GRANULES).min(next_unit);
        None
    }

    /// The large block of a region, unless it began before; goes on behind the region.
    fn passes_large(&mut self, region: Region, next_unit: u64) -> Option<Span> {
        let begin = region.address() / GRANULE;
        let reserved = self.core.region_reserved(region) / GRANULE;
        self.at = (begin + reserved)
            .next_multiple_of(UNIT_GRANULES)
            .max(next_unit);
        let block = self.core.large_block(region);
        let end = begin + self.core.region_committed(region) * PAGE_GRANULES;
        (self.from..self.stop)
            .contains(&block.granule())
            .then(|| Span {
                block,
                granules: end.saturating_sub(block.granule()),
                kind: SpanKind::Large,
            })
    }

    /// Whether the granule at which a page or unit begins goes on with the run before it.
    fn goes_on(&self) -> bool {
        let unit = self.at / UNIT_GRANULES;
        let committed = self.core.is_committed(self.at / PAGE_GRANULES);
        committed && self.core.region_at(unit * UNIT_GRANULES * GRANULE) == self.region
    }

    /// The block that ends with its run.
    fn close(&mut self) -> Option<Span> {
        let (start, busy) = self.open.take()?;
        let block = Block(u32::try_from(start).unwrap_or(u32::MAX));
        let limit = self
            .region
            .map_or(self.at, |region| self.core.segment_limit(region));
        let hidden = busy && self.core.header(block).has(Header::RANGE);
        Some(Span {
            block,
            granules: self.clear_to.min(limit).saturating_sub(start),
            kind: kind(busy, hidden),
        })
    }
}

fn kind(busy: bool, hidden: bool) -> SpanKind {
    match (busy, hidden) {
        (true, true) => SpanKind::Hidden,
        (true, false) => SpanKind::Busy,
        (false, _) => SpanKind::Free,
    }
}

impl<A: Access> Iterator for Spans<'_, A> {
    type Item = Span;

    #[inline]
    fn next(&mut self) -> Option<Span> {
        loop {
            let (base, starts, busy) = self.word;
            if starts != 0 {
                let bit = starts.trailing_zeros();
                self.word.1 = starts & (starts - 1);
                let granule = base + u64::from(bit);
                let begun = self.open.take();
                if granule < self.stop {
                    self.open = Some((granule, busy >> bit & 1 != 0));
                } else {
                    self.word.1 = 0;
                    self.at = self.end;
                }
                if let Some((start, busy)) = begun {
                    return Some(Span {
                        block: Block(u32::try_from(start).unwrap_or(u32::MAX)),
                        granules: granule - start,
                        kind: kind(busy, false),
                    });
                }
                continue;
            }
            if self.at < self.clear_to {
                self.read();
                continue;
            }
            if self.open.is_some() && (self.at >= self.end || !self.goes_on()) {
                return self.close();
            }
            if self.at >= self.end || self.open.is_none() && self.at >= self.stop {
                return None;
            }
            if let Some(large) = self.enters() {
                return Some(large);
            }
        }
    }
}
