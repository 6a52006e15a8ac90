//! Uncommitted ranges of segments.
//!
//! Each is described by a hidden busy block of 64 bytes (80 where a granule was left over) at the end of the committed
//! run before it, as in NT (facts W7, I8). The descriptors of ranges of 2^n to 2^(n+1)-1 pages form a list; growth
//! looks there for a range that is large enough.
//!
//! ```text
//!  descriptor   A: previous low, next high (blocks)    B: pages of the range
//! ```

use crate::os::PAGE;

use super::access::Access;
use super::control::{Core, RANGE_BITS, RANGE_CLASSES, RANGES};
use super::event::Event;
use super::finding::{Damage, Finding};
use super::header::Header;
use super::region::Cycle;
use super::units::{Block, PAGE_GRANULES, high, low, pair};

/// An uncommitted range: its descriptor, first page and pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The hidden block before it.
    pub(super) descriptor: Block,
    /// Granules of that block.
    pub(super) size: u64,
    /// First uncommitted page.
    pub page: u64,
    /// How many pages.
    pub pages: u64,
}

impl Range {
    /// The page behind the range.
    #[must_use]
    pub fn end(self) -> u64 {
        self.page + self.pages
    }
}

fn class_of(pages: u64) -> usize {
    (pages.max(1).ilog2() as usize).min(RANGE_CLASSES - 1)
}

impl<A: Access> Core<'_, A> {
    /// The range that the hidden block `descriptor` describes.
    pub(super) fn range(&self, descriptor: Block) -> Range {
        let size = self.header(descriptor).size();
        let page = descriptor.forward(size).page();
        Range {
            descriptor,
            size,
            page,
            pages: self
                .mem
                .load(descriptor.link_b())
                .min(self.layout.space / PAGE),
        }
    }

    /// Writes a descriptor that ends at the start of `page` and lists its range.
    pub(super) fn add_range(&self, page: u64, pages: u64, size: u64, previous: u64) -> Block {
        let descriptor = super::units::page_start(page).back(size);
        self.set_header(descriptor, Header::new(size, previous, Header::HIDDEN, 0));
        self.mark_busy(descriptor);
        self.link_range(descriptor, pages);
        descriptor
    }

    fn link_range(&self, descriptor: Block, pages: u64) {
        self.mem.event(Event::Range(descriptor));
        let class = class_of(pages);
        let head = self.slot(self.range_head(class)) as u32;
        self.mem.store(descriptor.link_a(), pair(0, head));
        self.mem.store(descriptor.link_b(), pages);
        if let Some(head) = Block::from_link(head) {
            let links = self.mem.load(head.link_a());
            self.mem
                .store(head.link_a(), pair(descriptor.0, high(links)));
        }
        self.set_slot(self.range_head(class), u64::from(descriptor.0));
        self.set_slot(RANGE_BITS, self.slot(RANGE_BITS) | 1 << class);
        self.add(RANGES, pair(1, pages as u32));
    }

    /// Takes a range off its list; its descriptor stays a block until the caller makes something else of it.
    pub(super) fn unlink_range(&self, range: Range) {
        self.mem.event(Event::RangeGone(range.descriptor));
        let class = class_of(range.pages);
        let links = self.mem.load(range.descriptor.link_a());
        let (previous, next) = (low(links), high(links));
        if let Some(next) = Block::from_link(next) {
            let links = self.mem.load(next.link_a());
            self.mem.store(next.link_a(), pair(previous, high(links)));
        }
        if let Some(previous) = Block::from_link(previous) {
            let links = self.mem.load(previous.link_a());
            self.mem.store(previous.link_a(), pair(low(links), next));
        } else {
            self.set_slot(self.range_head(class), u64::from(next));
            if next == 0 {
                self.set_slot(RANGE_BITS, self.slot(RANGE_BITS) & !(1 << class));
            }
        }
        self.sub(RANGES, pair(1, range.pages as u32));
    }

    /// Gives a listed range another length.
    pub(super) fn resize_range(&self, range: Range, pages: u64) {
        self.unlink_range(range);
        self.link_range(range.descriptor, pages);
    }

    /// The first descriptor of a class.
    pub(super) fn range_first(&self, class: usize) -> Option<Block> {
        Block::from_link(self.slot(self.range_head(class)) as u32)
    }

    /// The ranges of a class, newest first. Each must be linked back, so that a damaged list breaks off and never goes
    /// round.
    pub(super) fn ranges_of(&self, class: usize) -> impl Iterator<Item = Range> + '_ {
        let mut cycle = Cycle::default();
        let next = |block: &Block| Block::from_link(high(self.mem.load(block.link_a())));
        std::iter::successors(self.range_first(class), next)
            .take_while(move |&block| !cycle.closes(block))
            .map(|block| self.range(block))
    }

    /// A range out of which, with the free block before it, `need` granules can be had.
    ///
    /// Ranges that suffice by themselves first, from the smallest class that must have one; then whatever fits
    /// together with its neighbour.
    pub(super) fn find_range(&self, need: u64, coalesce: bool) -> Option<Range> {
        let pages = need.div_ceil(PAGE_GRANULES);
        let class = class_of(pages) + 1;
        let larger = if class < RANGE_CLASSES {
            self.slot(RANGE_BITS) >> class << class
        } else {
            0
        };
        let fits = |range: &Range| self.range_yield(*range, coalesce) >= need;
        if larger != 0
            && let Some(range) = self
                .ranges_of(larger.trailing_zeros() as usize)
                .next()
                .filter(fits)
        {
            return Some(range);
        }
        (0..RANGE_CLASSES)
            .rev()
            .flat_map(|class| self.ranges_of(class))
            .find(fits)
    }

    /// The largest block that committing all of a range can make, in granules.
    fn range_yield(&self, range: Range, coalesce: bool) -> u64 {
        let ends_segment = self.ends_segment(range);
        (range.size + range.pages * PAGE_GRANULES).saturating_sub(u64::from(ends_segment))
            + self
                .tail_before(range, coalesce)
                .map_or(0, |(_, size)| size)
            + if ends_segment || !coalesce {
                0
            } else {
                self.head_behind(range).map_or(0, |(_, size)| size)
            }
    }

    /// Checks a range that is about to be committed: it has pages, all within its segment.
    pub(super) fn verify_range(&self, range: Range) -> Result<(), Finding> {
        let header = self.header(range.descriptor);
        let most = self
            .region_at(range.descriptor.address())
            .map_or(0, |segment| {
                self.segment_end_page(segment).saturating_sub(range.page)
            });
        let (at, what) = if header.is_valid() && header.has(Header::RANGE | Header::BUSY) {
            (range.descriptor.payload() + 8, Damage::Size)
        } else {
            (range.descriptor.address() + 8, Damage::Header)
        };
        if what == Damage::Size && (1..=most).contains(&range.pages) {
            return Ok(());
        }
        Err(Finding {
            at,
            what,
            expected: most,
            found: range.pages,
        })
    }

    /// Whether a range reaches the end of its segment.
    pub(super) fn ends_segment(&self, range: Range) -> bool {
        self.region_at(range.descriptor.address())
            .is_none_or(|region| range.end() >= self.segment_end_page(region))
    }

    /// The free block right before a range's descriptor, if growth may join it.
    pub(super) fn tail_before(&self, range: Range, coalesce: bool) -> Option<(Block, u64)> {
        let previous = self.header(range.descriptor).previous();
        if previous == 0 || !coalesce {
            return None;
        }
        let tail = range.descriptor.back(previous);
        self.header(tail).is_free().then_some((tail, previous))
    }

    /// The free block that starts the run behind a range.
    pub(super) fn head_behind(&self, range: Range) -> Option<(Block, u64)> {
        let head = super::units::page_start(range.end());
        let header = self.header(head);
        header.is_free().then(|| (head, header.size()))
    }
}
