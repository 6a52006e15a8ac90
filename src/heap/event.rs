//! What the allocator tells while it works, for those who run it with [`Traced`](super::Traced).

use super::units::Block;

/// One step worth telling. Sizes are in granules of 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A size was rounded to granules.
    Request {
        /// Bytes asked for.
        bytes: u64,
        /// Granules needed, with what a block costs beside.
        need: u64,
    },
    /// The lists of one size each were asked, by their bitmap, for the first that can serve.
    Lists {
        /// What is needed.
        need: u64,
        /// The size of its blocks, if one holds any.
        found: Option<u64>,
    },
    /// A free block was looked at for a request of `need` granules.
    Probe {
        /// The free block.
        block: Block,
        /// Its size.
        size: u64,
        /// What is needed.
        need: u64,
    },
    /// A free block was chosen for a request.
    Choice {
        /// The free block.
        block: Block,
        /// Its size.
        size: u64,
        /// What is needed.
        need: u64,
    },
    /// No free block is large enough for a request.
    NoFit {
        /// What is needed.
        need: u64,
    },
    /// The block that a pointer names was found.
    Found {
        /// The block.
        block: Block,
        /// Its size; 0 for a large block, whose region knows it.
        size: u64,
    },
    /// Headers and links around a block were checked, and agree.
    Check(Block),
    /// The neighbour of a block that becomes free was looked at.
    Neighbour {
        /// The block.
        block: Block,
        /// Its neighbour.
        with: Block,
        /// The size of the neighbour.
        size: u64,
        /// Whether it is free, and so is about to be joined.
        free: bool,
    },
    /// The header of a block is about to be written.
    Header(Block),
    /// The inside of a block is about to be written.
    Write {
        /// First byte.
        from: u64,
        /// How many.
        bytes: u64,
        /// With what.
        what: Written,
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
    /// A range of uncommitted pages was put on its list, with the hidden block before it that describes it.
    Range(Block),
    /// A range was taken off its list.
    RangeGone(Block),
    /// A segment or a large block got addresses of its own, from this one on.
    Region(u64),
    /// The addresses of a segment or of a large block became free.
    RegionGone(u64),
}

/// What the inside of a block is written with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// A word that names the block.
    Stamp,
    /// Zeroes.
    Zero,
    /// The pattern of memory that was never written, under free checking.
    Fresh,
    /// The pattern of freed memory, under free checking.
    Freed,
    /// The pattern behind a payload, under tail checking.
    Tail,
    /// What stood in another block.
    Copy,
}
