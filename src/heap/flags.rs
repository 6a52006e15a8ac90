//! Heap flags as `heapapi.h` and `winnt.h` number them, and what heapwalk makes of each.

use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// A set of `HEAP_*` bits, for a heap or for one call.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash, Debug)]
pub struct Flags(pub u32);

impl Flags {
    /// No flag at all.
    pub const NONE: Flags = Flags(0);
    /// The lock is skipped: for the heap, or for one call.
    pub const NO_SERIALIZE: Flags = Flags(0x1);
    /// The heap may add segments and large blocks.
    pub const GROWABLE: Flags = Flags(0x2);
    /// A failed allocation is an exception rather than NULL.
    pub const GENERATE_EXCEPTIONS: Flags = Flags(0x4);
    /// Memory handed out reads as zero.
    pub const ZERO_MEMORY: Flags = Flags(0x8);
    /// `HeapReAlloc` may not move the block.
    pub const REALLOC_IN_PLACE_ONLY: Flags = Flags(0x10);
    /// A pattern behind each block is checked for overruns.
    pub const TAIL_CHECKING: Flags = Flags(0x20);
    /// Free memory is filled with a pattern that is checked for late writes.
    pub const FREE_CHECKING: Flags = Flags(0x40);
    /// `HeapFree` does not join neighbouring free blocks.
    pub const DISABLE_COALESCE_ON_FREE: Flags = Flags(0x80);
    /// The whole heap is validated with each call. Who calls the allocator sees to it; here blocks only get larger.
    pub const VALIDATE_ALL: Flags = Flags(0x2000_0000);
    /// The block that a call names is validated. As above.
    pub const VALIDATE_PARAMETERS: Flags = Flags(0x4000_0000);

    /// Whether every bit of `other` is set in `self`.
    #[must_use]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set in `self`.
    #[must_use]
    pub const fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// `self` with the bits of `other` set or cleared.
    #[must_use]
    pub const fn with(self, other: Flags, on: bool) -> Flags {
        if on {
            Flags(self.0 | other.0)
        } else {
            Flags(self.0 & !other.0)
        }
    }
}

impl BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

impl BitAnd for Flags {
    type Output = Flags;
    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }
}

impl Not for Flags {
    type Output = Flags;
    fn not(self) -> Flags {
        Flags(!self.0)
    }
}
