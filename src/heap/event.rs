//! What the allocator tells while it works, for those who run it with [`Traced`](super::Traced).

use super::units::Block;

/// One step worth telling. Sizes are in granules of 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A free block was looked at for a request of `need` granules.
    Probe {
        /// The free block.
        block: Block,
        /// Its size.
        size: u64,
        /// What is needed.
        need: u64,
    },
    /// A free block was cut; the rest stays free.
    Split {
        /// The block handed out.
        block: Block,
        /// Its size.
        size: u64,
        /// What stays free behind it.
        rest: u64,
    },
    /// A block was put on a free list.
    Link(Block),
    /// A block was taken off a free list.
    Unlink(Block),
    /// Two neighbours became one free block.
    Merge {
        /// The first of the two.
        block: Block,
        /// The second.
        with: Block,
    },
    /// Pages were committed.
    Commit {
        /// The first page.
        page: u64,
        /// How many.
        pages: u64,
    },
    /// Pages were given back.
    Decommit {
        /// The first page.
        page: u64,
        /// How many.
        pages: u64,
    },
}
