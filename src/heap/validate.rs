//! Validation: every structure against every other. Reads only, ends whatever bytes it meets, never panics.

use crate::os::PAGE;

use super::access::Access;
use super::control::{
    BUSY, COMMITTED, Core, EXACT, FREE, LARGE, RANGE_CLASSES, RANGES, REQUESTED, SIDE, TREE_BINS,
    UNITS, UNMERGED,
};
use super::finding::{Damage, Finding};
use super::flags::Flags;
use super::header::Header;
use super::ranges::Range;
use super::region::{Region, RegionKind};
use super::units::{Block, GRANULE, PAGE_GRANULES, UNIT, UNIT_PAGES, high, low, page_start, pair};
use super::walk::Entry;

/// What a walk counts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Recount {
    /// Busy blocks of segments, and their granules.
    pub busy: (u64, u64),
    /// Free blocks, and their granules.
    pub free: (u64, u64),
    /// Uncommitted ranges, and their pages.
    pub ranges: (u64, u64),
    /// Large blocks, and their committed pages.
    pub large: (u64, u64),
    /// Bytes requested and held.
    pub requested: u64,
    /// Committed pages, by the unit map.
    pub committed: u64,
    /// Pages of side tables in use.
    pub side: u64,
    /// Pairs of free neighbours.
    pub unmerged: u64,
    /// Entries of the walk, hidden blocks left out: what HeapWalk reports.
    pub entries: u64,
}

/// A validation in progress: where findings go and how many there were.
struct Check<'a, A> {
    core: Core<'a, A>,
    sink: &'a mut dyn FnMut(Finding),
    findings: u64,
    /// Free blocks that the walk met: the lists cannot hold more, however their links run in circles.
    free: u64,
}

impl<A: Access> Core<'_, A> {
    /// Checks the whole heap, calls `sink` with each finding, and answers with their number.
    pub fn validate(&self, sink: &mut dyn FnMut(Finding)) -> u64 {
        let mut check = Check {
            core: *self,
            sink,
            findings: 0,
            free: 0,
        };
        check.heap();
        check.findings
    }

    /// Whether the whole heap is consistent.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        self.validate(&mut |_| ()) == 0
    }

    /// Counts by walking what the counters should say.
    #[must_use]
    pub fn recount(&self) -> Recount {
        let mut count = Recount::default();
        let mut free_before = false;
        for entry in self.walk() {
            let mut free = false;
            count.entries += 1;
            match entry {
                Entry::Segment(_) | Entry::Damaged { .. } => {}
                Entry::Block(_, header) if header.has(Header::BUSY) => {
                    count.busy = (count.busy.0 + 1, count.busy.1 + header.size());
                    count.requested += (header.size() * GRANULE).saturating_sub(header.unused());
                }
                Entry::Block(_, header) => {
                    free = true;
                    count.free = (count.free.0 + 1, count.free.1 + header.size());
                    count.unmerged += u64::from(free_before && header.previous() != 0);
                }
                Entry::Descriptor(..) => count.entries -= 1,
                Entry::Uncommitted { bytes, .. } => {
                    count.ranges = (
                        count.ranges.0 + 1,
                        count.ranges.1 + bytes / GRANULE / PAGE_GRANULES,
                    );
                }
                Entry::Large(region) => {
                    count.large = (
                        count.large.0 + 1,
                        count.large.1 + self.region_committed(region),
                    );
                    count.requested += self.large_requested(region);
                }
            }
            free_before = free;
        }
        count.committed = (0..self.units_end())
            .map(|unit| u64::from(self.unit_mask(unit).count_ones()))
            .sum();
        count.side = self.side_pages();
        count
    }
}

impl<A: Access> Check<'_, A> {
    fn report(&mut self, at: u64, what: Damage, expected: u64, found: u64) {
        self.findings += 1;
        (self.sink)(Finding {
            at,
            what,
            expected,
            found,
        });
    }

    fn expect(&mut self, at: u64, what: Damage, expected: u64, found: u64) {
        if expected != found {
            self.report(at, what, expected, found);
        }
    }

    fn heap(&mut self) {
        let core = self.core;
        if !core.is_arena() {
            return self.report(
                0,
                Damage::Control,
                super::control::SIGNATURE,
                core.slot(super::control::SIGNATURE_SLOT),
            );
        }
        self.regions(RegionKind::Segment, Check::segment);
        self.regions(RegionKind::Large, Check::large);
        self.lists();
        self.ranges();
        // Counters compare a walk with the books; a broken walk would only repeat what was found already.
        if self.findings == 0 {
            self.counters();
        }
    }

    /// Checks a list of regions from end to end, and each region with `inside`. Answers with their number.
    fn regions(&mut self, kind: RegionKind, inside: fn(&mut Self, Region)) -> u64 {
        let core = self.core;
        let mut count = 0;
        let mut before = None;
        for region in core.regions(kind) {
            self.link(region, before, core.previous_region(region));
            // One whose descriptor makes no sense has no blocks that could be found.
            if self.region(region, kind) {
                inside(self, region);
            }
            before = Some(region);
            count += 1;
        }
        if let Some(last) = before {
            // A list that is not linked back, or runs in a circle, was left somewhere within it.
            self.link(last, None, core.linked_next(last));
            self.link(last, before, core.last_region(kind));
        }
        count
    }

    /// A link in the descriptor of `region`.
    fn link(&mut self, region: Region, expected: Option<Region>, found: Option<Region>) {
        let address = |region: Option<Region>| region.map_or(u64::MAX, Region::address);
        self.expect(
            region.address() + 16,
            Damage::Region,
            address(expected),
            address(found),
        );
    }

    /// Checks a region's descriptor. Whether its kind and size can be believed.
    fn region(&mut self, region: Region, kind: RegionKind) -> bool {
        let core = self.core;
        let at = region.address();
        if core.region_kind(region) != Some(kind) {
            self.report(
                at,
                Damage::Region,
                kind as u64,
                core.mem.load((at / 8) as usize),
            );
            return false;
        }
        let reserved = core.region_reserved(region);
        let last = (at + reserved.max(1) - 1) / UNIT * UNIT;
        if last / UNIT >= core.units_end() {
            self.report(
                UNITS.0 as u64 * 8 + 4,
                Damage::Counter,
                last / UNIT + 1,
                core.units_end(),
            );
            return false;
        }
        for probe in [at, last] {
            let owner = core.region_at(probe).map_or(u64::MAX, Region::address);
            self.expect(probe, Damage::Region, at, owner);
        }
        let committed: u64 = (at / UNIT..=last / UNIT)
            .map(|unit| u64::from(core.unit_mask(unit).count_ones()))
            .sum();
        self.expect(at, Damage::Counter, committed, core.region_count(region));
        true
    }

    /// Walks a segment's blocks: headers, previous sizes, marks of run ends, bitmaps, merging.
    fn segment(&mut self, segment: Region) {
        let core = self.core;
        let coalesce = core.settings().coalesce();
        let mut previous = 0;
        let mut free_before = false;
        let mut seen = segment.first_block();
        let mut ended = false;
        for entry in core.walk_from(segment, seen) {
            match entry {
                Entry::Segment(_) | Entry::Large(_) => break,
                Entry::Damaged { address, .. } => {
                    self.damaged(segment, address);
                    // What follows is judged by itself.
                    (previous, free_before) = (u64::MAX, false);
                    ended = true;
                }
                Entry::Uncommitted { address, bytes } => {
                    self.uncommitted(address, bytes);
                    (previous, free_before) = (0, false);
                    ended = address + bytes >= page_start(core.segment_end_page(segment)).address();
                    seen = page_start((address + bytes) / GRANULE / PAGE_GRANULES);
                }
                Entry::Block(block, header) | Entry::Descriptor(block, header) => {
                    if previous != u64::MAX {
                        self.expect(
                            block.address() + 8,
                            Damage::PreviousSize,
                            previous,
                            header.previous(),
                        );
                    }
                    self.gap(seen, block);
                    self.block(segment, block, header);
                    let free = !header.has(Header::BUSY);
                    self.free += u64::from(free);
                    if coalesce && free && free_before {
                        self.report(
                            block.address(),
                            Damage::Unmerged,
                            0,
                            header.size() * GRANULE,
                        );
                    }
                    (previous, free_before) = (header.size(), free);
                    seen = block.forward(header.size());
                    ended = header.has(Header::LAST);
                }
            }
        }
        if !ended {
            self.report(seen.address(), Damage::LastMark, 1, 0);
        }
    }

    fn damaged(&mut self, segment: Region, address: u64) {
        let Some(block) = Block::at(address) else {
            return;
        };
        let header = self.core.header(block);
        if header.is_valid() {
            let most = self
                .core
                .segment_limit(segment)
                .saturating_sub(block.granule());
            self.report(address + 8, Damage::Size, most, header.size());
        } else {
            self.report(address + 8, Damage::Header, header.with_check().0, header.0);
        }
    }

    /// Start bits between blocks would be blocks that no header knows.
    fn gap(&mut self, from: Block, to: Block) {
        let mut at = from;
        while let Some(stray) = self.core.next_marked(at, to, |starts, busy| starts | busy) {
            self.report(stray.address(), Damage::Bitmap, 0, 1);
            at = stray.forward(1);
        }
    }

    fn block(&mut self, segment: Region, block: Block, header: Header) {
        let core = self.core;
        let at = block.address();
        let marks = core.marks(block);
        let expected = (true, header.has(Header::BUSY));
        if marks != expected {
            let code = |(starts, busy): (bool, bool)| u64::from(starts) | u64::from(busy) << 1;
            self.report(at, Damage::Bitmap, code(expected), code(marks));
        }
        self.gap(block.forward(1), block.forward(header.size()));
        let end = block.granule() + header.size();
        let is_last = header.has(Header::RANGE) || end == core.segment_limit(segment);
        if header.has(Header::LAST) != is_last {
            self.report(
                at + 8,
                Damage::LastMark,
                u64::from(is_last),
                u64::from(!is_last),
            );
        }
        self.patterns(block, header);
        if !header.has(Header::BUSY) && !core.is_linked(block, header.size()) {
            self.report(
                block.payload(),
                Damage::Link,
                at,
                core.mem.load(block.link_a()),
            );
        }
    }

    /// Fills of free blocks and tails of busy ones.
    fn patterns(&mut self, block: Block, header: Header) {
        let core = self.core;
        if header.has(Header::BUSY | Header::TAIL) {
            let asked = (header.size() * GRANULE).saturating_sub(header.unused());
            if let Some((at, byte)) = core.changed_tail(block.payload(), asked) {
                self.report(at, Damage::Tail, 0xAB, u64::from(byte));
            }
        }
        let checked = core.settings().flags.has(Flags::FREE_CHECKING);
        if checked
            && !header.has(Header::BUSY)
            && header.has(Header::FILLED)
            && let Some((at, word)) = core.changed_fill(block, header.size())
        {
            self.report(at, Damage::FreeFill, super::payload::FREED, word);
        }
    }

    /// The pages of a range are not committed; those around it are.
    fn uncommitted(&mut self, address: u64, bytes: u64) {
        let core = self.core;
        let (first, end) = (address / PAGE, (address + bytes) / PAGE);
        let mut page = first;
        while page < end {
            let unit = page / UNIT_PAGES;
            let stop = end.min((unit + 1) * UNIT_PAGES);
            let mask = core.unit_mask(unit);
            if mask != 0 && (page..stop).any(core_bit(mask)) {
                self.report(page * PAGE, Damage::Region, 0, u64::from(mask));
            }
            page = stop;
        }
    }

    fn large(&mut self, region: Region) {
        let core = self.core;
        let block = core.large_block(region);
        let header = core.header(block);
        let expected = Header::new(0, 0, Header::BUSY | Header::LARGE | Header::LAST, 0);
        self.expect(block.address() + 8, Damage::Header, expected.0, header.0);
        if core.marks(block) != (true, true) {
            self.report(block.address(), Damage::Bitmap, 3, 0);
        }
    }

    /// Every list holds free blocks of its size, and together they hold as many as there are (the walk has checked
    /// that each free block's links agree; a block cannot be in two places then).
    fn lists(&mut self) {
        let core = self.core;
        let budget = self.free;
        let mut listed = 0;
        let words = core.list_words();
        for size in 0..EXACT {
            let first = core.list_first(size);
            let bit = words[size as usize >> 6] >> (size & 63) & 1;
            self.expect(
                core.list_head(size).0 as u64 * 8,
                Damage::ListBit,
                u64::from(first.is_some()),
                bit,
            );
            let mut next = first.filter(|&first| self.begins(first));
            while let Some(block) = next
                && listed <= budget
            {
                listed += 1;
                if !self.listed(block, |found| found == size) {
                    break;
                }
                next = core.list_next(block);
            }
        }
        for bin in 0..TREE_BINS {
            let root = Block::from_link(core.slot(core.tree_root(bin)) as u32);
            let bit = words[2] >> bin & 1;
            self.expect(
                core.tree_root(bin).0 as u64 * 8,
                Damage::ListBit,
                u64::from(root.is_some()),
                bit,
            );
            if let Some(root) = root.filter(|&root| self.begins(root)) {
                self.subtree(root, bin, budget, &mut listed);
            }
        }
        self.expect(
            FREE.0 as u64 * 8,
            Damage::Counter,
            listed,
            u64::from(low(core.slot(FREE))),
        );
    }

    /// Whether the first block of a list, or a root, has nothing before it.
    fn begins(&mut self, first: Block) -> bool {
        let before = low(self.core.mem.load(first.link_a()));
        self.expect(first.payload(), Damage::Link, 0, u64::from(before));
        before == 0
    }

    fn listed(&mut self, block: Block, fits: impl Fn(u64) -> bool) -> bool {
        let header = self.core.header(block);
        // A list that has a beginning, and whose every block is linked both ways, cannot go round.
        let sound = self.core.in_segment(block)
            && header.is_free()
            && fits(header.size())
            && self.core.is_linked(block, header.size());
        if !sound {
            self.report(block.address() + 8, Damage::Link, 0, header.0);
        }
        sound
    }

    /// Checks a subtree of the size tree and counts its blocks, chains included.
    fn subtree(&mut self, root: Block, bin: usize, budget: u64, listed: &mut u64) {
        let core = self.core;
        let mut node = Some(root);
        while let Some(here) = node
            && *listed <= budget
        {
            let size = core.header(here).size();
            let mut next = Some(here);
            while let Some(block) = next
                && *listed <= budget
            {
                *listed += 1;
                if !self.listed(block, |found| found == size && core.tree_bin(found) == bin) {
                    return;
                }
                next = core.list_next(block);
            }
            node = core.tree_successor(here, root);
        }
    }

    fn ranges(&mut self) {
        let core = self.core;
        let mut listed = 0;
        for class in 0..RANGE_CLASSES {
            let first = core.range_first(class);
            let bit = core.list_words()[3] >> class & 1;
            self.expect(
                core.range_head(class).0 as u64 * 8,
                Damage::ListBit,
                u64::from(first.is_some()),
                bit,
            );
            let (mut before, mut next) = (0, 0);
            for range in core.ranges_of(class) {
                let header = core.header(range.descriptor);
                if !header.is_valid()
                    || !header.has(Header::RANGE)
                    || !core.in_segment(range.descriptor)
                {
                    self.report(range.descriptor.address() + 8, Damage::Link, 0, header.0);
                    break;
                }
                self.range(range);
                let links = core.mem.load(range.descriptor.link_a());
                let at = range.descriptor.payload();
                self.expect(at, Damage::Link, before, u64::from(low(links)));
                before = range.descriptor.granule();
                next = u64::from(high(links));
                listed += 1;
            }
            // A list that runs in a circle was left somewhere within it.
            self.expect(before * GRANULE + GRANULE, Damage::Link, 0, next);
        }
        self.expect(
            RANGES.0 as u64 * 8,
            Damage::Counter,
            listed,
            u64::from(low(core.slot(RANGES))),
        );
    }

    /// A range ends within its segment; that the walk goes on where it ends shows that it ends in the right place.
    fn range(&mut self, range: Range) {
        let core = self.core;
        let Some(segment) = core.region_at(range.descriptor.address()) else {
            return;
        };
        let most = core.segment_end_page(segment).saturating_sub(range.page);
        if range.pages > most {
            self.report(
                range.descriptor.address() + 24,
                Damage::Size,
                most,
                range.pages,
            );
        }
    }

    fn counters(&mut self) {
        let core = self.core;
        let count = core.recount();
        let both = |(blocks, granules): (u64, u64)| pair(blocks as u32, granules as u32);
        let rows = [
            (BUSY, both(count.busy)),
            (FREE, both(count.free)),
            (RANGES, both(count.ranges)),
            (LARGE, both(count.large)),
            (REQUESTED, count.requested),
            (UNMERGED, count.unmerged),
            (SIDE, count.side),
        ];
        for (slot, expected) in rows {
            self.expect(
                slot.0 as u64 * 8,
                Damage::Counter,
                expected,
                core.slot(slot),
            );
        }
        let committed = u64::from(low(core.slot(COMMITTED)));
        self.expect(
            COMMITTED.0 as u64 * 8,
            Damage::Counter,
            count.committed,
            committed,
        );
    }
}

/// Whether the bit of a page is set in its unit's commit mask.
fn core_bit(mask: u16) -> impl Fn(u64) -> bool {
    move |page| mask >> (page % UNIT_PAGES) & 1 != 0
}
