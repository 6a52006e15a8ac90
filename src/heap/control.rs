//! The control block: all that a heap knows of itself, in the first words of its arena.
//!
//! ```text
//!  word   0..4    descriptor of the first segment (see region.rs)
//!         4       signature                    16  first and last large block
//!         5       bytes of the space           17  rover of next fit
//!         6       flags, policy, switches      18  uncommitted ranges: count, pages
//!         7       decommit thresholds          19  first unit that may be free, end of used units
//!         8       busy blocks: count, granules 20  unmerged pairs
//!         9       free blocks: count, granules 21  bits of non-empty exact lists (2 words)
//!        10       bytes requested              23  bits of non-empty tree bins
//!        11       pages committed, peak        24  bits of non-empty range classes
//!        12       side pages committed         25  heads of the range classes (12)
//!        13       pages reserved, next reserve 40  roots of the tree bins (26)
//!        14       first and last segment       66  heads of the exact lists (128)
//!        15       large blocks: count, pages  194  end; 0x720 bytes are kept, as in NT
//! ```

use std::marker::PhantomData;

use super::access::Access;
use super::flags::Flags;
use super::policy::Policy;
use super::units::{Layout, Word, high, low, pair};

/// Marks an arena, with a version of its layout.
pub(super) const SIGNATURE: u64 = 0x0100_4B57_5041_4548; // "HEAPWK", version 1

/// A word of the control block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot(pub(super) Word);

pub(super) const SIGNATURE_SLOT: Slot = Slot(4);
pub(super) const SPACE: Slot = Slot(5);
pub(super) const SETTINGS: Slot = Slot(6);
pub(super) const THRESHOLDS: Slot = Slot(7);
pub(super) const BUSY: Slot = Slot(8);
pub(super) const FREE: Slot = Slot(9);
pub(super) const REQUESTED: Slot = Slot(10);
pub(super) const COMMITTED: Slot = Slot(11);
pub(super) const SIDE: Slot = Slot(12);
pub(super) const RESERVED: Slot = Slot(13);
pub(super) const SEGMENTS: Slot = Slot(14);
pub(super) const LARGE: Slot = Slot(15);
pub(super) const LARGE_LIST: Slot = Slot(16);
pub(super) const ROVER: Slot = Slot(17);
pub(super) const RANGES: Slot = Slot(18);
pub(super) const UNITS: Slot = Slot(19);
pub(super) const UNMERGED: Slot = Slot(20);
pub(super) const LIST_BITS: Slot = Slot(21);
pub(super) const TREE_BITS: Slot = Slot(23);
pub(super) const RANGE_BITS: Slot = Slot(24);
const RANGE_HEADS: Slot = Slot(25);
const TREE_ROOTS: Slot = Slot(40);
const LIST_HEADS: Slot = Slot(66);

/// Classes of uncommitted ranges, by the logarithm of their pages.
pub(super) const RANGE_CLASSES: usize = 12;
/// Bins of the size tree: two for each power of two from 128 granules up.
pub(super) const TREE_BINS: usize = 26;
/// Exact lists; a block of this many granules or more is in the tree.
pub(super) const EXACT: u64 = 128;

/// The heap's settings, decoded from one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `HEAP_*` flags of the heap.
    pub flags: Flags,
    /// The placement policy.
    pub policy: Policy,
    /// Allocations write their payload.
    pub stamp: bool,
    /// Misuse and damage are looked for.
    pub checks: bool,
    /// HeapFree gives large free ranges back.
    pub decommit: bool,
}

/// Flags that change nothing about where a block is placed or what is written to it.
const ASIDE: Flags =
    Flags(Flags::GROWABLE.0 | Flags::GENERATE_EXCEPTIONS.0 | Flags::REALLOC_IN_PLACE_ONLY.0);

impl Settings {
    /// Best fit and nothing besides: see `Core::is_plain`. Flags that have no say in that are left out.
    pub(super) const PLAIN: Settings = Settings {
        flags: Flags::NONE,
        policy: Policy::Best,
        stamp: false,
        checks: false,
        decommit: false,
    };

    #[inline]
    pub(super) fn decode(word: u64) -> Settings {
        Settings {
            flags: Flags(low(word)),
            policy: Policy::ALL[(word >> 32) as usize & 3],
            stamp: word >> 40 & 1 != 0,
            checks: word >> 41 & 1 != 0,
            decommit: word >> 42 & 1 != 0,
        }
    }

    fn encode(self) -> u64 {
        let policy = Policy::ALL
            .iter()
            .position(|&policy| policy == self.policy)
            .unwrap_or(0) as u64;
        u64::from(self.flags.0)
            | policy << 32
            | u64::from(self.stamp) << 40
            | u64::from(self.checks) << 41
            | u64::from(self.decommit) << 42
    }

    /// Whether HeapFree joins neighbours.
    #[inline]
    #[must_use]
    pub fn coalesce(&self) -> bool {
        !self.flags.has(Flags::DISABLE_COALESCE_ON_FREE)
    }

    /// Whether calls with `call` flags take the lock: giving HEAP_NO_SERIALIZE on either side skips it.
    #[inline]
    #[must_use]
    pub fn serialized(&self, call: Flags) -> bool {
        !(self.flags | call).has(Flags::NO_SERIALIZE)
    }
}

/// The allocator: all operations on an arena reached through `A`. Made afresh for each call; holds no state.
#[derive(Clone, Copy, Debug)]
pub struct Core<'a, A> {
    pub(super) mem: A,
    pub(super) layout: Layout,
    /// The arena outlives it.
    arena: PhantomData<&'a ()>,
}

impl<'a, A: Access> Core<'a, A> {
    /// The allocator for the arena with this layout behind `mem`.
    #[inline]
    pub fn new(mem: A, layout: Layout) -> Core<'a, A> {
        Core {
            mem,
            layout,
            arena: PhantomData,
        }
    }

    /// A copy to call what is off the hot paths on. One that a function is called on has to lie in memory from then
    /// on; with a copy for that, the original stays in registers.
    #[inline(always)]
    pub(super) fn aside(&self) -> Self {
        *self
    }

    #[inline]
    pub(super) fn slot(&self, slot: Slot) -> u64 {
        self.mem.load(slot.0)
    }

    #[inline]
    pub(super) fn set_slot(&self, slot: Slot, value: u64) {
        self.mem.store(slot.0, value);
    }

    /// Adds to a counter, or to both halves of a pair of them.
    #[inline]
    pub(super) fn add(&self, slot: Slot, value: u64) {
        self.set_slot(slot, self.slot(slot).wrapping_add(value));
    }

    /// Subtracts from a counter, or from both halves of a pair of them.
    #[inline]
    pub(super) fn sub(&self, slot: Slot, value: u64) {
        self.set_slot(slot, self.slot(slot).wrapping_sub(value));
    }

    #[inline]
    pub(super) fn list_head(&self, size: u64) -> Slot {
        Slot(LIST_HEADS.0 + (size as usize & (EXACT as usize - 1)))
    }

    #[inline]
    pub(super) fn tree_root(&self, bin: usize) -> Slot {
        Slot(TREE_ROOTS.0 + bin.min(TREE_BINS - 1))
    }

    pub(super) fn range_head(&self, class: usize) -> Slot {
        Slot(RANGE_HEADS.0 + class % RANGE_CLASSES)
    }

    /// The heap's settings.
    #[inline]
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::decode(self.slot(SETTINGS))
    }

    /// Whether a call with `call` takes no lock, and the settings are [`Settings::PLAIN`] as far as the placing and
    /// filling of blocks goes: none of their bits is set then. The hot paths are compiled once for that and once for
    /// everything else.
    #[inline(always)]
    pub(super) fn is_plain(&self, call: Flags) -> bool {
        let word = self.slot(SETTINGS) | u64::from(call.0);
        word & !u64::from(ASIDE.0) == u64::from(Flags::NO_SERIALIZE.0)
    }

    /// Other settings. Does not merge waiting neighbours when coalescing is switched on; `set_coalesce` does.
    pub(super) fn set_settings(&self, settings: Settings) {
        self.set_slot(SETTINGS, settings.encode());
    }

    /// The two decommit thresholds, in bytes: of the freed block, and of all free blocks together.
    #[must_use]
    pub fn thresholds(&self) -> (u64, u64) {
        let word = self.slot(THRESHOLDS);
        (u64::from(low(word)) * 16, u64::from(high(word)) * 16)
    }

    /// Sets the two decommit thresholds, in bytes (rounded up to granules, at most 64 GiB less one granule).
    pub fn set_thresholds(&self, block: u64, total: u64) {
        let granules = |bytes: u64| u32::try_from(bytes.div_ceil(16)).unwrap_or(u32::MAX);
        self.set_slot(THRESHOLDS, pair(granules(block), granules(total)));
    }

    /// Whether this is an arena at all: signature and size fit.
    #[must_use]
    pub fn is_arena(&self) -> bool {
        self.slot(SIGNATURE_SLOT) == SIGNATURE && self.slot(SPACE) == self.layout.space
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::units::CONTROL_BYTES;

    #[test]
    fn the_control_block_fits_its_bytes() {
        const { assert!((LIST_HEADS.0 + EXACT as usize) * 8 <= CONTROL_BYTES as usize) };
        const { assert!(RANGE_HEADS.0 + RANGE_CLASSES <= TREE_ROOTS.0) };
        const { assert!(TREE_ROOTS.0 + TREE_BINS <= LIST_HEADS.0) };
    }

    #[test]
    fn settings_round_trip() {
        for policy in Policy::ALL {
            let settings = Settings {
                flags: Flags(0x85),
                policy,
                stamp: true,
                checks: false,
                decommit: true,
            };
            assert_eq!(Settings::decode(settings.encode()), settings);
        }
    }
}
