//! The size tree: free blocks of 128 granules and more, for a true best fit without a scan.
//!
//! There are two bins for each power of two. A bin holds a bitwise trie of the sizes in it: below a node, the next
//! bit of the size chooses the child; a node's own size is any size of its subtree. Blocks of a size that is already
//! there hang in a chain behind its node, newest first. So of equal blocks the most recently freed is taken first, and
//! the node itself last. When a node is joined with a neighbour the newest of its chain takes its place, and is last
//! from then on. (The structure is Doug Lea's; links here are offsets.)
//!
//! ```text
//!  node   A: parent low, chain high    B: child 0 low, child 1 high
//!  chain  A: previous low, next high   B: CHAINED
//! ```

use super::access::Access;
use super::control::{Core, EXACT, TREE_BINS, TREE_BITS};
use super::event::Event;
use super::place::Fit;
use super::units::{Block, PAGE_GRANULES, RANGE_GRANULES, UNIT_PAGES, high, low, pair};

/// Word B of a block that hangs in a chain.
const CHAINED: u64 = u64::MAX;

/// A trie of 20-bit sizes is never deeper; a damaged one is left there.
const DEPTH: usize = 20;

/// The bin of a size.
#[inline]
fn bin_of(size: u64) -> usize {
    let log = (size | EXACT).ilog2();
    (((log - EXACT.ilog2()) * 2) as usize + (size >> (log - 1) & 1) as usize).min(TREE_BINS - 1)
}

/// The bits of a size below those that its bin fixes, from the top of the word.
#[inline]
fn path_of(size: u64) -> u64 {
    size << (65 - (size | EXACT).ilog2())
}

/// One of the two links of a word.
#[inline]
fn child(children: u64, side: u64) -> u32 {
    if side == 0 {
        low(children)
    } else {
        high(children)
    }
}

impl<A: Access> Core<'_, A> {
    #[inline]
    fn size_of(&self, block: Block) -> u64 {
        self.header(block).size()
    }

    /// The links to the nodes below a node. A block that was freed twice stands in the tree and hangs in its own chain:
    /// it leads nowhere.
    #[inline]
    fn children_of(&self, node: Block) -> u64 {
        match self.mem.load(node.link_b()) {
            CHAINED => 0,
            children => children,
        }
    }

    #[inline(never)]
    pub(super) fn tree_insert(&self, block: Block, size: u64) {
        let bin = bin_of(size);
        let root = self.tree_root(bin);
        let Some(mut node) = Block::from_link(self.slot(root) as u32) else {
            self.set_slot(root, u64::from(block.0));
            self.set_slot(TREE_BITS, self.slot(TREE_BITS) | 1 << bin);
            return self.set_node(block, 0, 0);
        };
        let mut path = path_of(size);
        for _ in 0..=DEPTH {
            if self.size_of(node) == size {
                return self.chain_insert(node, block);
            }
            let side = path >> 63;
            path <<= 1;
            let children = self.children_of(node);
            let Some(next) = Block::from_link(child(children, side)) else {
                let children = if side == 0 {
                    pair(block.0, high(children))
                } else {
                    pair(low(children), block.0)
                };
                self.mem.store(node.link_b(), children);
                return self.set_node(block, node.0, 0);
            };
            node = next;
        }
    }

    /// Makes `to` of `size` granules stand for the block `from` of `old` granules, one of which is cut off the other or
    /// joined to it. Does so only where that is one store: the block is all that its bin holds, and the bin stays the
    /// same. What serves most requests of a heap without holes is such a block.
    #[inline(always)]
    pub(super) fn tree_move(&self, from: Block, old: u64, to: Block, size: u64) -> bool {
        // Sizes of a bin agree in their two highest bits.
        if old < EXACT || size < EXACT || (old ^ size) >> (old.ilog2() - 1) != 0 {
            return false;
        }
        let root = self.tree_root(bin_of(old));
        // A root has no parent, so that word A holds the chain alone.
        let alone = self.slot(root) == u64::from(from.0)
            && self.mem.load(from.link_a()) == 0
            && self.mem.load(from.link_b()) == 0;
        if alone {
            self.mem.event(Event::Unlink(from));
            self.mem.event(Event::Link(to));
            self.set_slot(root, u64::from(to.0));
            self.set_node(to, 0, 0);
        }
        alone
    }

    #[inline]
    fn set_node(&self, block: Block, parent: u32, children: u64) {
        self.mem.store(block.link_a(), pair(parent, 0));
        self.mem.store(block.link_b(), children);
    }

    fn chain_insert(&self, node: Block, block: Block) {
        let links = self.mem.load(node.link_a());
        self.mem.store(node.link_a(), pair(low(links), block.0));
        self.mem.store(block.link_a(), pair(node.0, high(links)));
        self.mem.store(block.link_b(), CHAINED);
        if let Some(next) = Block::from_link(high(links)) {
            let links = self.mem.load(next.link_a());
            self.mem.store(next.link_a(), pair(block.0, high(links)));
        }
    }

    #[inline(never)]
    pub(super) fn tree_remove(&self, block: Block, size: u64) {
        let links = self.mem.load(block.link_a());
        if self.mem.load(block.link_b()) == CHAINED {
            return self.chain_remove(links);
        }
        let children = self.mem.load(block.link_b());
        let heir = match Block::from_link(high(links)) {
            Some(next) => Some(next),
            None => self.detach_leaf(block, children),
        };
        // Detaching a leaf may have changed them.
        let children = self.mem.load(block.link_b());
        self.replace_child(Block::from_link(low(links)), block, heir, size);
        if let Some(heir) = heir {
            let links_of_heir = self.mem.load(heir.link_a());
            self.mem
                .store(heir.link_a(), pair(low(links), high(links_of_heir)));
            self.mem.store(heir.link_b(), children);
            for link in [low(children), high(children)] {
                if let Some(child) = Block::from_link(link) {
                    let links = self.mem.load(child.link_a());
                    self.mem.store(child.link_a(), pair(heir.0, high(links)));
                }
            }
        }
    }

    fn chain_remove(&self, links: u64) {
        let previous = Block(low(links));
        let behind = self.mem.load(previous.link_a());
        self.mem
            .store(previous.link_a(), pair(low(behind), high(links)));
        if let Some(next) = Block::from_link(high(links)) {
            let links_of_next = self.mem.load(next.link_a());
            self.mem
                .store(next.link_a(), pair(low(links), high(links_of_next)));
        }
    }

    /// Cuts a leaf off the subtree below `node` and returns it.
    fn detach_leaf(&self, node: Block, children: u64) -> Option<Block> {
        let mut parent = node;
        let mut leaf = Block::from_link(high(children)).or(Block::from_link(low(children)))?;
        for _ in 0..=DEPTH {
            let children = self.mem.load(leaf.link_b());
            let Some(next) = Block::from_link(high(children)).or(Block::from_link(low(children)))
            else {
                break;
            };
            (parent, leaf) = (leaf, next);
        }
        let children = self.mem.load(parent.link_b());
        let left = if high(children) == leaf.0 {
            pair(low(children), 0)
        } else {
            pair(0, high(children))
        };
        self.mem.store(parent.link_b(), left);
        Some(leaf)
    }

    fn replace_child(&self, parent: Option<Block>, old: Block, new: Option<Block>, size: u64) {
        let link = new.map_or(0, |block| block.0);
        if let Some(parent) = parent {
            let children = self.mem.load(parent.link_b());
            let children = if low(children) == old.0 {
                pair(link, high(children))
            } else {
                pair(low(children), link)
            };
            return self.mem.store(parent.link_b(), children);
        }
        let bin = bin_of(size);
        self.set_slot(self.tree_root(bin), u64::from(link));
        if link == 0 {
            self.set_slot(TREE_BITS, self.slot(TREE_BITS) & !(1 << bin));
        }
    }

    /// As `tree_best`, quick where the least bin that can serve an exact size holds blocks of one size only.
    #[inline(always)]
    pub(super) fn tree_fit(&self, need: u64) -> (Option<Fit>, u64) {
        let bins = self.slot(TREE_BITS);
        if bins == 0 {
            return (None, 0);
        }
        let root = self.slot(self.tree_root(bins.trailing_zeros() as usize)) as u32;
        if need < EXACT
            && let Some(block) = Block::from_link(root)
            && self.mem.load(block.link_b()) == 0
        {
            let size = self.size_of(block);
            // Smaller only in a damaged heap, which the search in full copes with.
            if size >= need {
                self.mem.event(Event::Probe { block, size, need });
                let block = self.newest(block);
                return (Some(Fit { block, size }), 1);
            }
        }
        self.aside().tree_best(need)
    }

    /// The smallest block of at least `need` granules; and how many blocks were looked at.
    #[inline(never)]
    pub(super) fn tree_best(&self, need: u64) -> (Option<Fit>, u64) {
        let mut probes = 0;
        let need_bin = bin_of(need);
        let mut best: Option<(Block, u64)> = None;
        let mut look = |node: Block, best: &mut Option<(Block, u64)>| {
            let size = self.size_of(node);
            probes += 1;
            self.mem.event(Event::Probe {
                block: node,
                size,
                need,
            });
            if size >= need && best.is_none_or(|(_, least)| size < least) {
                *best = Some((node, size));
            }
            size == need
        };
        let mut larger = None;
        if need >= EXACT {
            let mut path = path_of(need);
            let mut node = Block::from_link(self.slot(self.tree_root(need_bin)) as u32);
            for _ in 0..=DEPTH {
                let Some(here) = node else { break };
                if look(here, &mut best) {
                    larger = None;
                    break;
                }
                let children = self.children_of(here);
                if path >> 63 == 0 {
                    larger = Block::from_link(high(children)).or(larger);
                }
                node = Block::from_link(child(children, path >> 63));
                path <<= 1;
            }
        }
        if best.is_none() && larger.is_none() {
            let first = if need >= EXACT { need_bin + 1 } else { 0 };
            let bins = self.slot(TREE_BITS) >> first << first;
            let bin = bins.trailing_zeros() as usize;
            larger = if bins == 0 {
                None
            } else {
                Block::from_link(self.slot(self.tree_root(bin)) as u32)
            };
        }
        for _ in 0..=DEPTH {
            let Some(here) = larger else { break };
            look(here, &mut best);
            let children = self.children_of(here);
            larger = Block::from_link(low(children)).or(Block::from_link(high(children)));
        }
        let fit = best.map(|(node, size)| Fit {
            block: self.newest(node),
            size,
        });
        (fit, probes)
    }

    /// The largest block, with its size; adds the blocks looked at to `probes`.
    #[inline(never)]
    pub(super) fn tree_largest(&self, need: u64, probes: &mut u64) -> Option<(Block, u64)> {
        let bins = self.slot(TREE_BITS);
        let bin = 63u32.checked_sub(bins.leading_zeros())? as usize;
        let mut node = Block::from_link(self.slot(self.tree_root(bin)) as u32);
        let mut best: Option<(Block, u64)> = None;
        for _ in 0..=DEPTH {
            let Some(here) = node else { break };
            let size = self.size_of(here);
            *probes += 1;
            self.mem.event(Event::Probe {
                block: here,
                size,
                need,
            });
            if best.is_none_or(|(_, most)| size > most) {
                best = Some((here, size));
            }
            let children = self.children_of(here);
            node = Block::from_link(high(children)).or(Block::from_link(low(children)));
        }
        best.map(|(node, size)| (self.newest(node), size))
    }

    /// The most recently freed block of a node's size.
    #[inline]
    fn newest(&self, node: Block) -> Block {
        Block::from_link(high(self.mem.load(node.link_a()))).unwrap_or(node)
    }

    /// Whether the links of a block of the tree and of those it points to agree.
    pub(super) fn tree_linked(&self, block: Block, size: u64) -> bool {
        let links = self.mem.load(block.link_a());
        let children = self.mem.load(block.link_b());
        let chain = Block::from_link(high(links))
            .is_none_or(|next| low(self.mem.load(next.link_a())) == block.0);
        if children == CHAINED {
            return chain
                && low(links) != 0
                && high(self.mem.load(Block(low(links)).link_a())) == block.0;
        }
        let above = Block::from_link(low(links)).map_or_else(
            || self.slot(self.tree_root(bin_of(size))) == u64::from(block.0),
            |parent| {
                let children = self.mem.load(parent.link_b());
                children != CHAINED && (low(children) == block.0 || high(children) == block.0)
            },
        );
        let below = [low(children), high(children)]
            .into_iter()
            .filter_map(Block::from_link);
        // A child on both sides would be visited for ever.
        let forks = low(children) == 0 || low(children) != high(children);
        chain
            && above
            && forks
            && below
                .into_iter()
                .all(|child| low(self.mem.load(child.link_a())) == block.0)
    }
}

impl<A: Access> Core<'_, A> {
    /// The bin of a size, for validation.
    pub(super) fn tree_bin(&self, size: u64) -> usize {
        bin_of(size)
    }

    /// The sizes of the bin that `granules` is in: the least, and the least above.
    pub(super) fn tree_bin_sizes(&self, granules: u64) -> (u64, u64) {
        let least = |bin: usize| {
            let log = EXACT.ilog2() + (bin / 2) as u32;
            (1 << log) + ((bin as u64 & 1) << (log - 1))
        };
        let bin = bin_of(granules);
        (least(bin), least(bin + 1))
    }

    /// The node of a size.
    pub(super) fn tree_node(&self, granules: u64) -> Option<Block> {
        let root = self.slot(self.tree_root(bin_of(granules))) as u32;
        let mut node = Block::from_link(root);
        let mut path = path_of(granules);
        for _ in 0..=DEPTH {
            let here = node.filter(|node| self.is_committed(node.page()))?;
            if self.size_of(here) == granules {
                return Some(here);
            }
            node = Block::from_link(child(self.mem.load(here.link_b()), path >> 63));
            path <<= 1;
        }
        None
    }

    /// The nodes below a node; nothing for a block that hangs in a chain.
    pub(super) fn tree_children(&self, block: Block) -> Option<[Option<Block>; 2]> {
        let children = self.mem.load(block.link_b());
        let both = [low(children), high(children)].map(Block::from_link);
        (children != CHAINED).then_some(both)
    }

    /// Calls `each` with every free block of the tree that might fill a page.
    pub(super) fn each_large_hole(&self, mut each: impl FnMut(Block, u64)) {
        let mut budget = self.units_end() * UNIT_PAGES;
        for bin in bin_of(PAGE_GRANULES - RANGE_GRANULES - 1)..TREE_BINS {
            let Some(root) = Block::from_link(self.slot(self.tree_root(bin)) as u32) else {
                continue;
            };
            let mut node = Some(root);
            while let Some(here) = node {
                let size = self.size_of(here);
                let mut next = Some(here);
                while let Some(block) = next
                    && budget > 0
                {
                    budget -= 1;
                    each(block, size);
                    next = self.list_next(block);
                }
                node = if budget > 0 {
                    self.tree_successor(here, root)
                } else {
                    None
                };
            }
        }
    }

    /// The node after `node` when the subtree below `root` is walked parents first.
    pub(super) fn tree_successor(&self, node: Block, root: Block) -> Option<Block> {
        let children = self.mem.load(node.link_b());
        if let Some(child) = Block::from_link(low(children)).or(Block::from_link(high(children))) {
            return Some(child);
        }
        let mut node = node;
        for _ in 0..=DEPTH {
            if node == root {
                return None;
            }
            let parent = Block::from_link(low(self.mem.load(node.link_a())))?;
            let children = self.mem.load(parent.link_b());
            if low(children) == node.0
                && let Some(sibling) = Block::from_link(high(children))
            {
                return Some(sibling);
            }
            node = parent;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_split_each_power_of_two_in_halves() {
        for (size, bin) in [
            (128, 0),
            (191, 0),
            (192, 1),
            (255, 1),
            (256, 2),
            (0xFF000, 25),
            (0xFFFFF, 25),
        ] {
            assert_eq!(bin_of(size), bin, "size {size}");
        }
        assert!(
            (128..0x10_0000)
                .zip(129..)
                .all(|(a, b)| bin_of(a) <= bin_of(b))
        );
    }

    #[test]
    fn sizes_of_a_bin_agree_in_two_bits() {
        for old in (128..0x10_0000).step_by(61) {
            for size in [128, old / 2, old - 1, old, old + 1, old * 3 / 2]
                .map(|size: u64| size.clamp(128, 0xFFFFF))
            {
                let agree = (old ^ size) >> (old.ilog2() - 1) == 0;
                assert_eq!(agree, bin_of(old) == bin_of(size), "{old} and {size}");
            }
        }
    }

    #[test]
    fn a_path_is_the_size_without_the_bits_its_bin_fixes() {
        assert_eq!(path_of(0b1011_0101), 0b11_0101 << 58);
        assert_eq!(path_of(0b1_0011_0101), 0b011_0101 << 57);
    }
}
