//! Regions: segments and large blocks, laid out in units of 64 KiB, each described by its first words.
//!
//! ```text
//!  word 0   REGION signature, kind            3   pages committed
//!       1   bytes reserved                    4   (large blocks) bytes requested
//!       2   next and previous, in units + 1   5   (large blocks) flags of the heap when it was made: unused
//! ```
//!
//! The unit map tells for each unit which region it belongs to and which of its sixteen pages are committed.

use crate::os::{CommitRefused, PAGE};

use super::access::Access;
use super::control::{COMMITTED, Core, LARGE_LIST, RESERVED, SEGMENTS, SIDE, Slot, UNITS};
use super::event::Event;
use super::units::{
    Block, CONTROL_BYTES, GRANULE, PAGE_GRANULES, SEGMENT_BYTES, UNIT, UNIT_PAGES,
    UNITS_PER_BITS_PAGE, Word, high, low, pair, word_at,
};

/// Upper half of the first word of every region, after NT's segment signature.
const REGION: u64 = 0xFFEE_FFEE;

/// What a region is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegionKind {
    /// Holds many blocks.
    Segment,
    /// Holds one large block.
    Large,
}

impl RegionKind {
    fn signature(self) -> u64 {
        REGION << 32 | if self == RegionKind::Segment { 1 } else { 2 }
    }

    /// The slot with the first (low) and last (high) region of this kind.
    pub(super) fn list(self) -> Slot {
        if self == RegionKind::Segment {
            SEGMENTS
        } else {
            LARGE_LIST
        }
    }
}

/// A region, by its first unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Region(pub(super) u32);

impl Region {
    /// From a link: unit + 1, 0 for none.
    fn from_link(link: u32) -> Option<Region> {
        link.checked_sub(1).map(Region)
    }

    fn link(self) -> u32 {
        self.0.saturating_add(1)
    }

    /// Address of its first byte.
    #[must_use]
    pub fn address(self) -> u64 {
        u64::from(self.0) * UNIT
    }

    /// First page.
    pub(super) fn page(self) -> u64 {
        u64::from(self.0) * UNIT_PAGES
    }

    fn word(self, index: usize) -> Word {
        word_at(self.address()).saturating_add(index)
    }

    /// Whether it holds the control block.
    #[must_use]
    pub fn is_first(self) -> bool {
        self.0 == 0
    }

    /// Bytes of the descriptor (for the first segment: the control block).
    #[must_use]
    pub fn header_bytes(self) -> u64 {
        if self.is_first() {
            CONTROL_BYTES
        } else {
            SEGMENT_BYTES
        }
    }

    /// The first block of a segment.
    #[must_use]
    pub fn first_block(self) -> Block {
        Block(u32::try_from((self.address() + self.header_bytes()) / GRANULE).unwrap_or(u32::MAX))
    }
}

/// Notices that a list comes back to where it was, which only damage makes it do: Brent's method, at the cost of one
/// comparison a step and a few rounds of the cycle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cycle<T> {
    mark: Option<T>,
    left: u64,
    span: u64,
}

impl<T> Default for Cycle<T> {
    fn default() -> Cycle<T> {
        Cycle {
            mark: None,
            left: 1,
            span: 1,
        }
    }
}

impl<T: Copy + PartialEq> Cycle<T> {
    /// Whether the list has passed `link` before. To be called with each link in turn.
    pub(super) fn closes(&mut self, link: T) -> bool {
        if self.mark == Some(link) {
            return true;
        }
        self.left -= 1;
        if self.left == 0 {
            self.mark = Some(link);
            self.span *= 2;
            self.left = self.span;
        }
        false
    }
}

impl<A: Access> Core<'_, A> {
    /// The region that holds byte `address`.
    #[must_use]
    pub fn region_at(&self, address: u64) -> Option<Region> {
        let unit = address / UNIT;
        if unit >= self.layout.units() {
            return None;
        }
        Region::from_link(low(self.mem.load(self.layout.unit_word(unit))))
    }

    /// What a region is, when its signature can be read.
    #[must_use]
    pub fn region_kind(&self, region: Region) -> Option<RegionKind> {
        let signature = self.mem.load(region.word(0));
        [RegionKind::Segment, RegionKind::Large]
            .into_iter()
            .find(|kind| kind.signature() == signature)
    }

    /// Units that were ever in use. What this is read from no damage of the arena reaches, so that no traversal goes
    /// through all the space there is.
    fn units_reached(&self) -> u64 {
        self.mem
            .memory()
            .reached()
            .div_ceil(UNIT)
            .min(self.layout.units())
    }

    /// Bytes of addresses a region has (never more than were ever in use, whatever its descriptor says).
    #[must_use]
    pub fn region_reserved(&self, region: Region) -> u64 {
        self.mem
            .load(region.word(1))
            .min((self.units_reached() * UNIT).saturating_sub(region.address()))
    }

    /// Pages a region has committed (never more than it has, whatever its descriptor says).
    #[must_use]
    pub fn region_committed(&self, region: Region) -> u64 {
        self.region_count(region)
            .min(self.region_reserved(region) / PAGE)
    }

    /// The same as the descriptor says it.
    pub(super) fn region_count(&self, region: Region) -> u64 {
        self.mem.load(region.word(3))
    }

    /// Bytes requested of a large block.
    #[must_use]
    pub fn large_requested(&self, region: Region) -> u64 {
        self.mem
            .load(region.word(4))
            .min(self.region_reserved(region))
    }

    pub(super) fn set_large_requested(&self, region: Region, bytes: u64) {
        self.mem.store(region.word(4), bytes);
    }

    /// The first region of a kind: segments in the order of creation, large blocks in that of allocation.
    #[must_use]
    pub fn first_region(&self, kind: RegionKind) -> Option<Region> {
        Region::from_link(low(self.slot(kind.list())))
            .filter(|&first| self.previous_region(first).is_none())
    }

    /// The region after `region` in its list. It must be linked back, so that a damaged list breaks off and never
    /// leads in a circle.
    #[must_use]
    pub fn next_region(&self, region: Region) -> Option<Region> {
        self.linked_next(region)
            .filter(|&next| self.previous_region(next) == Some(region))
    }

    /// The region that the link of `region` names, linked back or not.
    pub(super) fn linked_next(&self, region: Region) -> Option<Region> {
        Region::from_link(low(self.mem.load(region.word(2))))
    }

    /// The region before `region` in its list.
    #[must_use]
    pub fn previous_region(&self, region: Region) -> Option<Region> {
        Region::from_link(high(self.mem.load(region.word(2))))
    }

    /// All regions of a kind. Ends even if the list is damaged.
    pub fn regions(&self, kind: RegionKind) -> impl Iterator<Item = Region> + '_ {
        let mut cycle = Cycle::default();
        std::iter::successors(self.first_region(kind), |&region| self.next_region(region))
            .take_while(move |&region| !cycle.closes(region))
    }

    /// The last region of a kind.
    #[must_use]
    pub fn last_region(&self, kind: RegionKind) -> Option<Region> {
        Region::from_link(high(self.slot(kind.list())))
    }

    /// The granule behind the last block that a segment can have: its last granule lends eight bytes to that block.
    pub(super) fn segment_limit(&self, segment: Region) -> u64 {
        ((segment.address() + self.region_reserved(segment)) / GRANULE).saturating_sub(1)
    }

    /// The page behind the last of a segment.
    pub(super) fn segment_end_page(&self, segment: Region) -> u64 {
        (segment.address() + self.region_reserved(segment)) / PAGE
    }

    /// Which of a unit's pages are committed, a bit each.
    #[inline]
    #[must_use]
    pub fn unit_mask(&self, unit: u64) -> u16 {
        if unit >= self.layout.units() {
            0
        } else {
            high(self.mem.load(self.layout.unit_word(unit))) as u16
        }
    }

    /// Whether `page` is committed.
    #[must_use]
    pub fn is_committed(&self, page: u64) -> bool {
        self.unit_mask(page / UNIT_PAGES) >> (page % UNIT_PAGES) & 1 != 0
    }

    /// The unit behind the last one in use (never behind the last that ever was, whatever the control block says).
    #[must_use]
    pub fn units_end(&self) -> u64 {
        u64::from(high(self.slot(UNITS))).min(self.units_reached())
    }

    /// The lowest run of `units` free units.
    pub(super) fn find_units(&self, units: u64) -> Option<Region> {
        let mut unit = u64::from(low(self.slot(UNITS))).min(self.units_end());
        let mut run = unit;
        while unit < self.units_end() && unit - run < units {
            match Region::from_link(low(self.mem.load(self.layout.unit_word(unit)))) {
                None => unit += 1,
                Some(region) => {
                    unit = (unit + 1)
                        .max(u64::from(region.0) + self.region_reserved(region).div_ceil(UNIT));
                    run = unit;
                }
            }
        }
        (run + units <= self.layout.units()).then(|| Region(u32::try_from(run).unwrap_or(u32::MAX)))
    }

    /// Writes a region's descriptor, takes its units and puts it at the end of its list. Its first page must be
    /// committed (see `commit`) for the descriptor to count as written.
    pub(super) fn add_region(&self, region: Region, kind: RegionKind, reserved: u64) {
        self.mem.event(Event::Region(region.address()));
        self.mem.store(region.word(0), kind.signature());
        self.mem.store(region.word(1), reserved);
        let ends = self.slot(kind.list());
        self.mem.store(region.word(2), pair(0, high(ends)));
        match Region::from_link(high(ends)) {
            Some(last) => {
                let links = self.mem.load(last.word(2));
                self.mem
                    .store(last.word(2), pair(region.link(), high(links)));
                self.set_slot(kind.list(), pair(low(ends), region.link()));
            }
            None => self.set_slot(kind.list(), pair(region.link(), region.link())),
        }
        self.add(RESERVED, reserved / PAGE);
    }

    /// Takes the units of a region that is about to be made.
    pub(super) fn take_units(&self, region: Region, units: u64) {
        let first = u64::from(region.0);
        self.mem.memory().reach((first + units) * UNIT);
        for unit in first..first + units {
            let word = self.layout.unit_word(unit);
            self.mem
                .store(word, pair(region.link(), high(self.mem.load(word))));
        }
        let ends = self.slot(UNITS);
        let lowest = if u64::from(low(ends)) == first {
            (first + units) as u32
        } else {
            low(ends)
        };
        self.set_slot(UNITS, pair(lowest, high(ends).max((first + units) as u32)));
    }

    /// Takes a region off its list, gives its pages back and frees its units. Answers with the pages given back.
    pub(super) fn remove_region(&self, region: Region, kind: RegionKind) -> u64 {
        self.mem.event(Event::RegionGone(region.address()));
        let reserved = self.region_reserved(region);
        let links = self.mem.load(region.word(2));
        let (next, previous) = (low(links), high(links));
        let ends = self.slot(kind.list());
        let first = if previous == 0 { next } else { low(ends) };
        let last = if next == 0 { previous } else { high(ends) };
        self.set_slot(kind.list(), pair(first, last));
        if let Some(previous) = Region::from_link(previous) {
            let links = self.mem.load(previous.word(2));
            self.mem.store(previous.word(2), pair(next, high(links)));
        }
        if let Some(next) = Region::from_link(next) {
            let links = self.mem.load(next.word(2));
            self.mem.store(next.word(2), pair(low(links), previous));
        }
        let units = reserved.div_ceil(UNIT);
        // Unowned first, so that no count is kept in a descriptor whose page is about to go.
        for unit in u64::from(region.0)..u64::from(region.0) + units {
            let word = self.layout.unit_word(unit);
            self.mem.store(word, pair(0, high(self.mem.load(word))));
        }
        let pages = self.decommit(region.page(), reserved.div_ceil(PAGE));
        let ends = self.slot(UNITS);
        let behind = u64::from(region.0) + units;
        let used = if u64::from(high(ends)) == behind {
            region.0
        } else {
            high(ends)
        };
        self.set_slot(UNITS, pair(low(ends).min(region.0), used));
        self.sub(RESERVED, reserved / PAGE);
        pages
    }

    /// Charges the session for `pages` uncommitted pages from `first` on and the bitmap pages they need, whose number
    /// it answers with. Nothing in the arena changes; `commit_charged` follows, and cannot fail.
    pub(super) fn charge(&self, first: u64, pages: u64) -> Result<u64, CommitRefused> {
        let side = self.new_side_pages(first, pages);
        self.mem.commit((pages + side) * PAGE)?;
        Ok(side)
    }

    /// Commits what was charged.
    pub(super) fn commit_charged(&self, first: u64, pages: u64, side: u64) {
        self.mem.event(Event::Commit { page: first, pages });
        self.each_unit(first, pages, |mask, bits| mask | bits);
        self.add(SIDE, side);
        self.book(pages as i64);
    }

    /// Gives back what is committed of `pages` pages from `first` on. Answers with the number given back.
    /// The memory must be able to (`Memory::can_return`).
    pub(super) fn decommit(&self, first: u64, pages: u64) -> u64 {
        let mut given = 0;
        let mut page = first;
        let stop = (first + pages).min(self.layout.space / PAGE);
        while page < stop {
            if self.unit_mask(page / UNIT_PAGES) == 0 {
                page = (page / UNIT_PAGES + 1) * UNIT_PAGES;
                continue;
            }
            if !self.is_committed(page) {
                page += 1;
                continue;
            }
            let mut end = page;
            while end < stop && self.is_committed(end) {
                end += 1;
            }
            self.mem.event(Event::Decommit {
                page,
                pages: end - page,
            });
            // The books first: a region's count may lie in a page that is about to go.
            self.each_unit(page, end - page, |mask, bits| mask & !bits);
            let returned = self.mem.decommit(page..end);
            debug_assert!(
                returned.is_ok(),
                "callers ask whether pages can be given back"
            );
            // Only where something was committed: a bitmap page not in use is not charged.
            self.drop_side_pages(page, end - page);
            given += end - page;
            page = end;
        }
        self.book(-(given as i64));
        given
    }

    /// Keeps the count of committed pages and its peak.
    fn book(&self, pages: i64) {
        let word = self.slot(COMMITTED);
        let now = low(word).wrapping_add(pages as u32);
        self.set_slot(COMMITTED, pair(now, high(word).max(now)));
    }

    /// Changes the commit masks of the units that `pages` pages from `first` on lie in, and their region's count.
    fn each_unit(&self, first: u64, pages: u64, change: impl Fn(u16, u16) -> u16) {
        let end = first + pages;
        for unit in first / UNIT_PAGES..end.div_ceil(UNIT_PAGES).min(self.layout.units()) {
            let from = first.max(unit * UNIT_PAGES) - unit * UNIT_PAGES;
            let to = end.min((unit + 1) * UNIT_PAGES) - unit * UNIT_PAGES;
            let bits = (((1u32 << to) - 1) & !((1u32 << from) - 1)) as u16;
            let at = self.layout.unit_word(unit);
            let word = self.mem.load(at);
            let (old, new) = (high(word) as u16, change(high(word) as u16, bits));
            self.mem.store(at, pair(low(word), u32::from(new)));
            if let Some(region) = Region::from_link(low(word)) {
                let count = self.mem.load(region.word(3));
                let delta = u64::from(new.count_ones()).wrapping_sub(u64::from(old.count_ones()));
                self.mem.store(region.word(3), count.wrapping_add(delta));
            }
        }
    }

    /// Whether any page under the bitmap page that covers `unit` is committed.
    fn side_in_use(&self, unit: u64) -> bool {
        let first = unit / UNITS_PER_BITS_PAGE * UNITS_PER_BITS_PAGE;
        (first..first + UNITS_PER_BITS_PAGE).any(|unit| self.unit_mask(unit) != 0)
    }

    /// Bitmap pages that a commit of these pages will bring into use.
    fn new_side_pages(&self, first: u64, pages: u64) -> u64 {
        let groups = first / UNIT_PAGES / UNITS_PER_BITS_PAGE
            ..=(first + pages - 1) / UNIT_PAGES / UNITS_PER_BITS_PAGE;
        groups
            .filter(|group| !self.side_in_use(group * UNITS_PER_BITS_PAGE))
            .count() as u64
    }

    /// Bitmap pages in use, and the first page of the unit map: what the side counter should say.
    pub(super) fn side_pages(&self) -> u64 {
        let groups = self.units_end().div_ceil(UNITS_PER_BITS_PAGE);
        1 + (0..groups)
            .filter(|group| self.side_in_use(group * UNITS_PER_BITS_PAGE))
            .count() as u64
    }

    /// Gives back the bitmap pages that nothing under these pages, committed until now, needs any more: all their
    /// bits are zero.
    fn drop_side_pages(&self, first: u64, pages: u64) {
        for group in first / UNIT_PAGES / UNITS_PER_BITS_PAGE
            ..=(first + pages - 1) / UNIT_PAGES / UNITS_PER_BITS_PAGE
        {
            if self.side_in_use(group * UNITS_PER_BITS_PAGE) {
                continue;
            }
            let page = self.layout.bits_page(group * UNITS_PER_BITS_PAGE);
            if self.mem.decommit(page..page + 1).is_ok() {
                self.sub(SIDE, 1);
            }
        }
    }

    /// Whether `block` may be handed to the allocator's code as a block of a segment: inside a segment's blocks.
    pub(super) fn in_segment(&self, block: Block) -> bool {
        self.region_at(block.address()).is_some_and(|region| {
            self.region_kind(region) == Some(RegionKind::Segment)
                && block >= region.first_block()
                && block.granule() < self.segment_limit(region)
                && self.is_committed(block.granule() / PAGE_GRANULES)
        })
    }
}
