//! What was found wrong: in a heap, or in a request.

use std::fmt;

use crate::os::CommitRefused;

/// Damage: at `at`, `expected` should stand and `found` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Address of the first byte concerned, from the start of the arena.
    pub at: u64,
    /// What is wrong.
    pub what: Damage,
    /// The value that should be there.
    pub expected: u64,
    /// The value that is.
    pub found: u64,
}

/// Kinds of damage.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Damage {
    /// The control block is not one.
    Control,
    /// A region's descriptor does not fit the unit map or its list.
    Region,
    /// A header's check does not hold.
    Header,
    /// A block's size is impossible where it stands.
    Size,
    /// A block's previous size is not the size of the block before.
    PreviousSize,
    /// The mark of the last block of a run is missing or misplaced.
    LastMark,
    /// A bit of the granule bitmaps contradicts a header.
    Bitmap,
    /// Two free neighbours were not joined although coalescing is on.
    Unmerged,
    /// A link of a free list, of the size tree or of the range lists is wrong.
    Link,
    /// A bit that says whether a list is empty is wrong.
    ListBit,
    /// A counter differs from a recount.
    Counter,
    /// The pattern behind a block was overwritten (tail checking).
    Tail,
    /// Free memory was written to (free checking).
    FreeFill,
}

impl Damage {
    /// A sentence for people: what was found and what it likely means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Damage::Control => "the control block was overwritten",
            Damage::Region => "a segment's or large block's descriptor was overwritten",
            Damage::Header => {
                "the header was overwritten: often the block before was written past its end, or this one before its start"
            }
            Damage::Size => "the size reaches out of the committed run",
            Damage::PreviousSize => "the header disagrees with the block before it",
            Damage::LastMark => "a run ends where it should not, or does not end where it should",
            Damage::Bitmap => "the bitmap disagrees with the headers",
            Damage::Unmerged => "two free neighbours stand unmerged although coalescing is on",
            Damage::Link => "a free list is broken: a write after free, or a block freed twice",
            Damage::ListBit => "the bitmap of free lists disagrees with the lists",
            Damage::Counter => "a counter disagrees with the blocks",
            Damage::Tail => {
                "the bytes behind the block were overwritten: its owner wrote past the end"
            }
            Damage::FreeFill => {
                "free memory was written to: someone used the block after freeing it"
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            at,
            what,
            expected,
            found,
        } = self;
        write!(
            f,
            "at {at:#07x}: expected {expected:#x}, found {found:#x}: {}",
            what.meaning()
        )
    }
}

/// Why an allocation failed. The arena is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AllocError {
    /// The size is more than any heap could have.
    #[error("no heap can hold a block of this size")]
    Absurd,
    /// A fixed-size heap has no blocks of this size.
    #[error("a fixed-size heap holds no block of 0xFF000 bytes or more")]
    TooLargeForFixed,
    /// No free block is large enough and a fixed-size heap cannot grow.
    #[error("no free block is large enough and the heap may not grow")]
    Full,
    /// No addresses are left in the heap's space.
    #[error("the heap's address space is used up")]
    NoAddresses,
    /// The commit limit of the session.
    #[error("failed to {0}")]
    Commit(#[from] CommitRefused),
    /// In place, and there is no room behind the block.
    #[error("the block cannot grow where it stands")]
    InPlace,
    /// The structures that the request met are damaged.
    #[error("the heap is damaged {0}")]
    Damaged(Finding),
    /// Not a busy block.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// Without checks, damaged links led to an address on a page that is not committed. What was done until then stays
    /// done, as in a program that dies there.
    #[error("damaged links led the allocator to {0:#07x}, which is not committed")]
    Strayed(u64),
}

/// Why something is not a busy block of this heap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Misuse {
    /// Not a multiple of 16.
    #[error("the pointer is not a multiple of 16")]
    Misaligned,
    /// Not in the memory that this heap has committed.
    #[error("the pointer is outside of this heap's committed memory")]
    Outside,
    /// Inside a block, or in the heap's own structures.
    #[error("no block starts there")]
    NoBlock,
    /// A block that was freed.
    #[error("the block is free already")]
    Freed,
    /// The header cannot be believed.
    #[error("the block's header is damaged")]
    Damaged,
}
