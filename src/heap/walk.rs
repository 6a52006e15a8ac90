//! Walking a heap: every segment with its blocks and uncommitted ranges by address, then the large blocks (fact W3).
//!
//! A walk ends whatever bytes it meets. Where a header makes no sense it tells so and goes on at the next block that
//! the bitmap knows.

use super::access::Access;
use super::control::Core;
use super::header::Header;
use super::region::{Cycle, Region, RegionKind};
use super::units::{Block, GRANULE, MIN_GRANULES, UNIT, page_start};

/// One thing a walk meets. Addresses are from the start of the arena, sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A segment begins.
    Segment(Region),
    /// A busy or free block of a segment.
    Block(Block, Header),
    /// The hidden block that describes the uncommitted range behind it.
    Descriptor(Block, Header),
    /// Reserved, not committed.
    Uncommitted {
        /// First byte.
        address: u64,
        /// How many.
        bytes: u64,
    },
    /// A large block in its region.
    Large(Region),
    /// No block can be read here.
    Damaged {
        /// First byte.
        address: u64,
        /// Bytes up to where the walk goes on.
        bytes: u64,
    },
}

impl Entry {
    fn of(block: Block, header: Header) -> Entry {
        if header.has(Header::RANGE) {
            Entry::Descriptor(block, header)
        } else {
            Entry::Block(block, header)
        }
    }
}

/// Where a walk stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Segment(Option<Region>),
    Block(Region, Block),
    Range(Region, Block, u64),
    Large(Option<Region>),
}

/// A walk in progress.
#[derive(Debug)]
pub struct Walk<'a, A> {
    core: Core<'a, A>,
    at: At,
    /// Steps left: the units in use have at most one block for every two granules, and a region or range for a page.
    budget: u64,
    /// Ends a cycle of segments or of large blocks.
    cycle: Cycle<Region>,
}

impl<'a, A: Access> Core<'a, A> {
    /// Walks the whole heap.
    #[must_use]
    pub fn walk(&self) -> Walk<'a, A> {
        self.walk_at(At::Segment(self.first_region(RegionKind::Segment)))
    }

    fn walk_at(&self, at: At) -> Walk<'a, A> {
        Walk {
            core: *self,
            at,
            budget: self.units_end() * (UNIT / GRANULE),
            cycle: Cycle::default(),
        }
    }

    /// The blocks of one segment, descriptors included, damaged places left out.
    pub fn segment_blocks(
        &self,
        segment: Region,
    ) -> impl Iterator<Item = (Block, Header)> + use<'a, A> {
        let within = move |entry: &Entry| !matches!(entry, Entry::Segment(_) | Entry::Large(_));
        self.walk_at(At::Block(segment, segment.first_block()))
            .take_while(within)
            .filter_map(|entry| match entry {
                Entry::Block(block, header) | Entry::Descriptor(block, header) => {
                    Some((block, header))
                }
                _ => None,
            })
    }

    /// The entries that follow the block at `block` in its segment (or that block itself).
    pub(super) fn walk_from(&self, segment: Region, block: Block) -> Walk<'a, A> {
        self.walk_at(At::Block(segment, block))
    }

    /// The walk that goes on behind `entry`, in constant time. Where the heap changed since, and no block starts behind
    /// it any more, at the next block that the bitmap knows.
    #[must_use]
    pub fn walk_behind(&self, entry: Entry) -> Walk<'a, A> {
        self.walk_at(match entry {
            Entry::Segment(segment) => At::Block(segment, segment.first_block()),
            Entry::Large(region) => At::Large(self.next_region(region)),
            Entry::Block(block, header) | Entry::Descriptor(block, header) => {
                let segment = self.region_at(block.address()).unwrap_or(Region(0));
                match self.behind_block(segment, block, header) {
                    At::Block(segment, behind) => self.at_marked(segment, behind),
                    at => at,
                }
            }
            Entry::Uncommitted { address, bytes } | Entry::Damaged { address, bytes } => {
                let segment = self.region_at(address).unwrap_or(Region(0));
                self.behind_bytes(segment, address.saturating_add(bytes))
            }
        })
    }

    /// What can be read at `block`: a block of a segment, a hidden one, a large one.
    #[must_use]
    pub fn entry_at(&self, block: Block) -> Option<Entry> {
        let region = self.region_at(block.address())?;
        let header = self.header(block);
        match self.region_kind(region)? {
            RegionKind::Large => {
                (block == self.large_block(region)).then_some(Entry::Large(region))
            }
            RegionKind::Segment => (block >= region.first_block()
                && self.is_plausible(region, block, header))
            .then(|| Entry::of(block, header)),
        }
    }

    /// The uncommitted range of a segment that starts at `address`.
    #[must_use]
    pub fn uncommitted_at(&self, address: u64) -> Option<Entry> {
        let start = Block::at(address)?;
        let segment = self.region_at(address)?;
        let descriptor = self.previous_marked(segment.first_block(), start)?;
        let header = self.header(descriptor);
        let describes = self.is_plausible(segment, descriptor, header)
            && header.has(Header::RANGE)
            && descriptor.forward(header.size()) == start;
        describes.then(|| self.uncommitted(segment, start, self.range(descriptor).pages))
    }

    fn uncommitted(&self, segment: Region, start: Block, pages: u64) -> Entry {
        let end = (start.page() + pages).min(self.segment_end_page(segment));
        let address = start.address();
        Entry::Uncommitted {
            address,
            bytes: page_start(end).address().saturating_sub(address),
        }
    }

    fn behind_block(&self, segment: Region, block: Block, header: Header) -> At {
        let behind = block.forward(header.size());
        match (header.has(Header::RANGE), header.has(Header::LAST)) {
            (true, _) => At::Range(segment, behind, self.range(block).pages),
            (false, true) => At::Segment(self.next_region(segment)),
            (false, false) => At::Block(segment, behind),
        }
    }

    fn behind_bytes(&self, segment: Region, end: u64) -> At {
        match Block::at(end) {
            Some(block) if block < page_start(self.segment_end_page(segment)) => {
                At::Block(segment, block)
            }
            _ => At::Segment(self.next_region(segment)),
        }
    }

    fn at_marked(&self, segment: Region, from: Block) -> At {
        let end = page_start(self.segment_end_page(segment));
        match self.next_marked(from, end, |starts, _| starts) {
            Some(block) => At::Block(segment, block),
            None => At::Segment(self.next_region(segment)),
        }
    }

    /// Whether a header can stand at `block` of `segment`.
    pub(super) fn is_plausible(&self, segment: Region, block: Block, header: Header) -> bool {
        let end = block.granule() + header.size();
        header.is_valid()
            && !header.has(Header::LARGE)
            && header.size() >= MIN_GRANULES
            && end <= self.segment_limit(segment)
            && self.is_committed((end - 1) / super::units::PAGE_GRANULES)
    }
}

impl<A: Access> Walk<'_, A> {
    fn segment(&mut self, segment: Option<Region>) -> Option<Entry> {
        let Some(segment) = segment.filter(|&segment| !self.cycle.closes(segment)) else {
            self.cycle = Cycle::default();
            self.at = At::Large(self.core.first_region(RegionKind::Large));
            return self.next();
        };
        self.at = At::Block(segment, segment.first_block());
        Some(Entry::Segment(segment))
    }

    fn block(&mut self, segment: Region, block: Block) -> Option<Entry> {
        let core = self.core;
        if block.granule() >= core.segment_limit(segment) {
            return self.segment(core.next_region(segment));
        }
        let header = core.header(block);
        if !core.is_plausible(segment, block, header) {
            return Some(self.damaged(segment, block));
        }
        self.at = core.behind_block(segment, block, header);
        Some(Entry::of(block, header))
    }

    fn damaged(&mut self, segment: Region, block: Block) -> Entry {
        let core = self.core;
        self.at = core.at_marked(segment, block.forward(1));
        let end = match self.at {
            At::Block(_, next) => next,
            _ => page_start(core.segment_end_page(segment)),
        };
        Entry::Damaged {
            address: block.address(),
            bytes: end.address().saturating_sub(block.address()),
        }
    }

    fn range(&mut self, segment: Region, start: Block, pages: u64) -> Entry {
        let entry = self.core.uncommitted(segment, start, pages);
        if let Entry::Uncommitted { address, bytes } = entry {
            self.at = self.core.behind_bytes(segment, address + bytes);
        }
        entry
    }
}

impl<A: Access> Iterator for Walk<'_, A> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        self.budget = self.budget.checked_sub(1)?;
        match self.at {
            At::Segment(segment) => self.segment(segment),
            At::Block(segment, block) => self.block(segment, block),
            At::Range(segment, start, pages) => Some(self.range(segment, start, pages)),
            At::Large(region) => {
                let region = region.filter(|&region| !self.cycle.closes(region))?;
                self.at = At::Large(self.core.next_region(region));
                Some(Entry::Large(region))
            }
        }
    }
}
