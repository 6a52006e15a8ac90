//! Free lists: exact ones below 128 granules, a size tree (tree.rs) above.
//!
//! A list is doubly linked through word A of its blocks: previous low, next high. The newest block stands first and
//! is reused first (fact I1). Bit n of the two bitmap words is set iff the list of blocks of n granules is not empty.

use super::access::Access;
use super::control::{Core, EXACT, FREE, LIST_BITS, Settings, Slot, UNMERGED};
use super::event::Event;
use super::header::Header;
use super::region::Cycle;
use super::units::{Block, high, low, pair};

/// What the links of a free block name. Which there are depends on where it hangs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FreeLinks {
    /// On an exact list.
    List {
        /// The block before it, tried sooner.
        previous: Option<Block>,
        /// The block behind it, tried later.
        next: Option<Block>,
    },
    /// A node of the tree.
    Node {
        /// The node above.
        parent: Option<Block>,
        /// The newest of the other blocks of its size, all of which are tried sooner.
        chain: Option<Block>,
        /// The nodes below: the next bit of their sizes is 0, and 1.
        children: [Option<Block>; 2],
    },
    /// In the chain behind a node of its size.
    Chain {
        /// The block before it; for the newest, the node.
        previous: Option<Block>,
        /// The block behind it.
        next: Option<Block>,
    },
}

impl<A: Access> Core<'_, A> {
    #[inline]
    pub(super) fn header(&self, block: Block) -> Header {
        Header(self.mem.load(block.header()))
    }

    #[inline]
    pub(super) fn set_header(&self, block: Block, header: Header) {
        self.mem.event(Event::Header(block));
        self.mem.store(block.header(), header.0);
    }

    /// The bitmap word and bit of the exact list for `size`.
    #[inline]
    fn list_bit(size: u64) -> (Slot, u64) {
        (
            Slot(LIST_BITS.0 + (size as usize >> 6 & 1)),
            1 << (size & 63),
        )
    }

    /// Puts a block whose free header is written on its free list, and counts it.
    pub(super) fn link(&self, block: Block, size: u64, settings: Settings) {
        self.attach(block, size, settings);
        self.add(FREE, pair(1, size as u32));
    }

    /// As `link`, with the count of free blocks left to the caller, who may have more to count.
    #[inline(always)]
    pub(super) fn attach(&self, block: Block, size: u64, settings: Settings) {
        self.mem.event(Event::Link(block));
        if size < EXACT {
            let slot = self.list_head(size);
            let head = self.slot(slot) as u32;
            self.mem.store(block.link_a(), pair(0, head));
            if let Some(head) = Block::from_link(head) {
                let links = self.mem.load(head.link_a());
                self.mem.store(head.link_a(), pair(block.0, high(links)));
            } else {
                let (bits, bit) = Self::list_bit(size);
                self.set_slot(bits, self.slot(bits) | bit);
            }
            self.set_slot(slot, u64::from(block.0));
        } else {
            self.aside().tree_insert(block, size);
        }
        if !settings.coalesce() {
            self.add(UNMERGED, self.free_neighbours(block));
        }
    }

    /// Takes a block off its free list, and off the counts.
    pub(super) fn unlink(&self, block: Block, size: u64, settings: Settings) {
        if !settings.coalesce() {
            self.sub(UNMERGED, self.free_neighbours(block));
        }
        self.unlink_merging(block, size);
    }

    /// As `unlink`, for a block about to be joined with its neighbour: the count of unmerged pairs is left to the
    /// caller.
    pub(super) fn unlink_merging(&self, block: Block, size: u64) {
        self.detach(block, size);
        self.sub(FREE, pair(1, size as u32));
    }

    /// As `unlink_merging`, with the count of free blocks left to the caller too.
    #[inline(always)]
    pub(super) fn detach(&self, block: Block, size: u64) {
        self.mem.event(Event::Unlink(block));
        if size < EXACT {
            let links = self.mem.load(block.link_a());
            let (previous, next) = (low(links), high(links));
            if let Some(next) = Block::from_link(next) {
                let links = self.mem.load(next.link_a());
                self.mem.store(next.link_a(), pair(previous, high(links)));
            }
            if let Some(previous) = Block::from_link(previous) {
                let links = self.mem.load(previous.link_a());
                self.mem.store(previous.link_a(), pair(low(links), next));
            } else {
                self.set_slot(self.list_head(size), u64::from(next));
                if next == 0 {
                    let (bits, bit) = Self::list_bit(size);
                    self.set_slot(bits, self.slot(bits) & !bit);
                }
            }
        } else {
            self.aside().tree_remove(block, size);
        }
    }

    /// How many of the two neighbours are free.
    #[cold]
    pub(super) fn free_neighbours(&self, block: Block) -> u64 {
        let header = self.header(block);
        let before = header.previous() != 0 && self.header(block.back(header.previous())).is_free();
        let behind =
            !header.has(Header::LAST) && self.header(block.forward(header.size())).is_free();
        u64::from(before) + u64::from(behind)
    }

    /// The smallest exact size of at least `need` whose list is not empty.
    #[inline(always)]
    pub(super) fn exact_fit(&self, need: u64) -> Option<u64> {
        if need >= EXACT {
            return None;
        }
        let first = need as usize >> 6;
        let bits = self.slot(Slot(LIST_BITS.0 + first)) & (u64::MAX << (need & 63));
        if bits != 0 {
            return Some((first as u64) << 6 | u64::from(bits.trailing_zeros()));
        }
        let bits = if first == 0 {
            self.slot(Slot(LIST_BITS.0 + 1))
        } else {
            0
        };
        (bits != 0).then(|| 64 + u64::from(bits.trailing_zeros()))
    }

    /// The largest exact size whose list is not empty.
    pub(super) fn exact_largest(&self) -> Option<u64> {
        let find = |word: usize| {
            let bits = self.slot(Slot(LIST_BITS.0 + word));
            (bits != 0).then(|| (word as u64) << 6 | u64::from(63 - bits.leading_zeros()))
        };
        find(1).or_else(|| find(0))
    }

    /// The first block of an exact list.
    #[inline]
    pub(super) fn list_first(&self, size: u64) -> Option<Block> {
        Block::from_link(self.slot(self.list_head(size)) as u32)
    }

    /// The block behind `block` on its exact list or chain.
    #[inline]
    pub(super) fn list_next(&self, block: Block) -> Option<Block> {
        Block::from_link(high(self.mem.load(block.link_a())))
    }

    /// Whether the links of a free block and of those it points to agree (safe unlinking, fact I11).
    #[inline]
    pub(super) fn is_linked(&self, block: Block, size: u64) -> bool {
        if size >= EXACT {
            return self.tree_linked(block, size);
        }
        let links = self.mem.load(block.link_a());
        let back = Block::from_link(low(links)).map_or_else(
            || self.slot(self.list_head(size)) == u64::from(block.0),
            |previous| high(self.mem.load(previous.link_a())) == block.0,
        );
        let forth = Block::from_link(high(links))
            .is_none_or(|next| low(self.mem.load(next.link_a())) == block.0);
        back && forth
    }

    /// The least size of at least `granules` that a free block has.
    #[must_use]
    pub fn free_size(&self, granules: u64) -> Option<u64> {
        self.exact_fit(granules.max(1))
            .or_else(|| self.tree_best(granules).0.map(|fit| fit.size))
    }

    /// The sizes that share a list, or a bin of the tree, with blocks of `granules`: the least, and the least above.
    #[must_use]
    pub fn free_list_sizes(&self, granules: u64) -> (u64, u64) {
        if granules < EXACT {
            (granules, granules + 1)
        } else {
            self.tree_bin_sizes(granules)
        }
    }

    /// The free blocks of one size, in the order in which they would be tried. Breaks off at a link that leads
    /// anywhere else, and reads no page that is not committed.
    pub fn free_of_size(&self, granules: u64) -> impl Iterator<Item = Block> + '_ {
        let (first, last) = if granules < EXACT {
            (self.list_first(granules), None)
        } else {
            let node = self.tree_node(granules);
            (node.and_then(|node| self.list_next(node)), node)
        };
        let mut cycle = Cycle::default();
        let stands = move |block: &Block| {
            self.is_committed(block.page())
                && self.header(*block).is_free()
                && self.header(*block).size() == granules
        };
        std::iter::successors(first, |block| self.list_next(*block))
            .take_while(move |&block| stands(&block) && !cycle.closes(block))
            .chain(last.filter(stands))
    }

    /// The lists of one size each whose links run in a circle: the size in granules, and the block that they come back
    /// to, which one thread alone never makes. Reads no page that is not committed.
    pub fn list_cycles(&self) -> impl Iterator<Item = (u64, Block)> + '_ {
        (0..EXACT).filter_map(|size| Some((size, self.list_cycle(size)?)))
    }

    fn list_cycle(&self, size: u64) -> Option<Block> {
        let mut cycle = Cycle::default();
        let mut next = self.list_first(size);
        while let Some(block) = next.filter(|block| self.is_committed(block.page())) {
            if cycle.closes(block) {
                return Some(block);
            }
            next = self.list_next(block);
        }
        None
    }

    /// The block that is tried when all others of its size are taken, where one search through the tree finds it;
    /// nothing for a size with a list of its own.
    #[must_use]
    pub fn free_node(&self, granules: u64) -> Option<Block> {
        if granules < EXACT {
            return None;
        }
        self.tree_node(granules)
            .filter(|&node| self.header(node).is_free())
    }

    /// The links of a free block.
    #[must_use]
    pub fn free_links(&self, block: Block) -> FreeLinks {
        let links = self.mem.load(block.link_a());
        let (before, behind) = (Block::from_link(low(links)), Block::from_link(high(links)));
        if self.header(block).size() < EXACT {
            let (previous, next) = (before, behind);
            return FreeLinks::List { previous, next };
        }
        match self.tree_children(block) {
            None => FreeLinks::Chain {
                previous: before,
                next: behind,
            },
            Some(children) => FreeLinks::Node {
                parent: before,
                chain: behind,
                children,
            },
        }
    }
}
