//! Flags: what a heap or a call takes, and what of a process's global flags (gflags) its heaps inherit.

use crate::heap::Flags;

/// Skip the lock: for the heap's life, or for one call.
pub const HEAP_NO_SERIALIZE: u32 = 0x1;
/// The heap may grow; follows from `dwMaximumSize` 0.
pub const HEAP_GROWABLE: u32 = 0x2;
/// A failed allocation raises an exception.
pub const HEAP_GENERATE_EXCEPTIONS: u32 = 0x4;
/// The memory handed out reads as zero.
pub const HEAP_ZERO_MEMORY: u32 = 0x8;
/// The block may not move.
pub const HEAP_REALLOC_IN_PLACE_ONLY: u32 = 0x10;
/// A pattern behind each block is checked.
pub const HEAP_TAIL_CHECKING_ENABLED: u32 = 0x20;
/// Free memory is filled with a pattern that is checked.
pub const HEAP_FREE_CHECKING_ENABLED: u32 = 0x40;
/// `HeapFree` does not join free neighbours.
pub const HEAP_DISABLE_COALESCE_ON_FREE: u32 = 0x80;
/// The class of private heaps (`HEAP_CLASS_1`): set for every heap but that of the process.
pub const HEAP_PRIVATE: u32 = 0x1000;
/// Blocks are aligned to 16 bytes.
pub const HEAP_CREATE_ALIGN_16: u32 = 0x10000;
/// Calls are traced.
pub const HEAP_CREATE_ENABLE_TRACING: u32 = 0x20000;
/// The heap's memory may be executed.
pub const HEAP_CREATE_ENABLE_EXECUTE: u32 = 0x40000;
/// The whole heap is validated with each call.
pub const HEAP_VALIDATE_ALL_ENABLED: u32 = 0x2000_0000;
/// The block that a call names is validated.
pub const HEAP_VALIDATE_PARAMETERS_ENABLED: u32 = 0x4000_0000;

/// Where a flag can be given so that it has an effect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// `flOptions` of HeapCreate.
    HeapCreate,
    /// `dwFlags` of HeapAlloc.
    HeapAlloc,
    /// `dwFlags` of HeapReAlloc.
    HeapReAlloc,
    /// `dwFlags` of HeapFree, HeapSize, HeapValidate and HeapCompact.
    OtherCalls,
    /// A heap's flags: by a global flag, or by heapwalk's own way of making heaps.
    Heap,
}

/// A `HEAP_*` flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlagRow {
    /// The bit.
    pub bit: u32,
    /// Its name in Microsoft's headers.
    pub name: &'static str,
    /// What it asks for.
    pub doc: &'static str,
    /// What heapwalk then does.
    pub effect: &'static str,
    /// Where it has that effect; elsewhere it is ignored, as on Windows.
    pub places: &'static [Place],
}

use Place::{Heap, HeapAlloc, HeapCreate, HeapReAlloc, OtherCalls};

/// Every flag, by bit.
pub const FLAGS: &[FlagRow] = &[
    FlagRow {
        bit: HEAP_NO_SERIALIZE,
        name: "HEAP_NO_SERIALIZE",
        doc: "serialised access is not used",
        effect: "calls skip the heap's lock: all of them if the heap has the flag, else this one; two threads at once \
                 then damage the heap",
        places: &[HeapCreate, HeapAlloc, HeapReAlloc, OtherCalls, Heap],
    },
    FlagRow {
        bit: HEAP_GROWABLE,
        name: "HEAP_GROWABLE",
        doc: "the heap grows as needed",
        effect: "set for heaps made with a maximum size of 0: they add segments, and blocks of 0xFF000 bytes and more \
                 get regions of their own",
        places: &[Heap],
    },
    FlagRow {
        bit: HEAP_GENERATE_EXCEPTIONS,
        name: "HEAP_GENERATE_EXCEPTIONS",
        doc: "a failed allocation raises an exception instead of returning NULL",
        effect: "HeapAlloc and HeapReAlloc answer with STATUS_NO_MEMORY, or STATUS_ACCESS_VIOLATION for damage and \
                 misuse",
        places: &[HeapCreate, HeapAlloc, HeapReAlloc, Heap],
    },
    FlagRow {
        bit: HEAP_ZERO_MEMORY,
        name: "HEAP_ZERO_MEMORY",
        doc: "the memory handed out is set to zero",
        effect: "zeroes a fresh block, or what HeapReAlloc adds to one",
        places: &[HeapAlloc, HeapReAlloc],
    },
    FlagRow {
        bit: HEAP_REALLOC_IN_PLACE_ONLY,
        name: "HEAP_REALLOC_IN_PLACE_ONLY",
        doc: "the block may not move",
        effect: "HeapReAlloc fails where the block would have to move, and leaves it as it is",
        places: &[HeapReAlloc],
    },
    FlagRow {
        bit: HEAP_TAIL_CHECKING_ENABLED,
        name: "HEAP_TAIL_CHECKING_ENABLED",
        doc: "writes behind the end of a block are looked for",
        effect: "16 bytes of 0xAB follow each payload; HeapValidate checks them",
        places: &[HeapAlloc, HeapReAlloc, Heap],
    },
    FlagRow {
        bit: HEAP_FREE_CHECKING_ENABLED,
        name: "HEAP_FREE_CHECKING_ENABLED",
        doc: "writes to free memory are looked for",
        effect: "fresh blocks hold 0xBAADF00D; free ones, if the heap has the flag, 0xFEEEFEEE, which HeapValidate \
                 checks",
        places: &[HeapAlloc, HeapReAlloc, Heap],
    },
    FlagRow {
        bit: HEAP_DISABLE_COALESCE_ON_FREE,
        name: "HEAP_DISABLE_COALESCE_ON_FREE",
        doc: "HeapFree does not join free neighbours",
        effect: "free neighbours stand unmerged until HeapCompact, or until coalescing is switched on",
        places: &[Heap],
    },
    FlagRow {
        bit: HEAP_PRIVATE,
        name: "HEAP_CLASS_1",
        doc: "the heap was made by HeapCreate",
        effect: "tells a private heap from the process heap; nothing else",
        places: &[Heap],
    },
    FlagRow {
        bit: HEAP_CREATE_ALIGN_16,
        name: "HEAP_CREATE_ALIGN_16",
        doc: "blocks are aligned to 16 bytes",
        effect: "none: they always are",
        places: &[],
    },
    FlagRow {
        bit: HEAP_CREATE_ENABLE_TRACING,
        name: "HEAP_CREATE_ENABLE_TRACING",
        doc: "calls are traced",
        effect: "none: heapwalk logs every call anyway",
        places: &[],
    },
    FlagRow {
        bit: HEAP_CREATE_ENABLE_EXECUTE,
        name: "HEAP_CREATE_ENABLE_EXECUTE",
        doc: "the heap's memory may be executed",
        effect: "none: memory of a heap is never executable here",
        places: &[],
    },
    FlagRow {
        bit: HEAP_VALIDATE_ALL_ENABLED,
        name: "HEAP_VALIDATE_ALL_ENABLED",
        doc: "the whole heap is validated with each call",
        effect: "HeapAlloc, HeapReAlloc, HeapFree and HeapSize fail when anything in the heap is damaged; each costs a \
                 walk of the heap",
        places: &[Heap],
    },
    FlagRow {
        bit: HEAP_VALIDATE_PARAMETERS_ENABLED,
        name: "HEAP_VALIDATE_PARAMETERS_ENABLED",
        doc: "the block that a call names is validated",
        effect: "HeapReAlloc, HeapFree and HeapSize fail when the block, its tail or its neighbours are damaged",
        places: &[Heap],
    },
];

/// The bits that have an effect at each place, in the order of [`Place`].
const MASKS: [u32; 5] = [
    mask(HeapCreate),
    mask(HeapAlloc),
    mask(HeapReAlloc),
    mask(OtherCalls),
    mask(Heap),
];

/// Computed when heapwalk is compiled: every call asks.
const fn mask(place: Place) -> u32 {
    let (mut bits, mut row) = (0, 0);
    while row < FLAGS.len() {
        let places = FLAGS[row].places;
        let mut at = 0;
        while at < places.len() {
            if places[at] as usize == place as usize {
                bits |= FLAGS[row].bit;
            }
            at += 1;
        }
        row += 1;
    }
    bits
}

/// Those of `flags` that have an effect at `place`.
#[inline]
#[must_use]
pub const fn accepted(flags: u32, place: Place) -> Flags {
    Flags(flags & MASKS[place as usize])
}

/// A global flag of a process (`gflags`), and what it makes of the process's heaps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GlobalFlagRow {
    /// The bit of `NtGlobalFlag`.
    pub bit: u32,
    /// Its name in Microsoft's headers.
    pub name: &'static str,
    /// The three letters that `gflags` takes.
    pub abbreviation: &'static str,
    /// The flags that heaps get by it.
    pub heap: Flags,
    /// What it does.
    pub doc: &'static str,
}

/// Every global flag that has to do with heaps, by bit.
pub const GLOBAL_FLAGS: &[GlobalFlagRow] = &[
    GlobalFlagRow {
        bit: 0x10,
        name: "FLG_HEAP_ENABLE_TAIL_CHECK",
        abbreviation: "htc",
        heap: Flags(HEAP_TAIL_CHECKING_ENABLED),
        doc: "a pattern behind each block is checked",
    },
    GlobalFlagRow {
        bit: 0x20,
        name: "FLG_HEAP_ENABLE_FREE_CHECK",
        abbreviation: "hfc",
        heap: Flags(HEAP_FREE_CHECKING_ENABLED),
        doc: "free memory is filled with a pattern that is checked",
    },
    GlobalFlagRow {
        bit: 0x40,
        name: "FLG_HEAP_VALIDATE_PARAMETERS",
        abbreviation: "hpc",
        heap: Flags(
            HEAP_VALIDATE_PARAMETERS_ENABLED
                | HEAP_TAIL_CHECKING_ENABLED
                | HEAP_FREE_CHECKING_ENABLED,
        ),
        doc: "the block that a call names is validated",
    },
    GlobalFlagRow {
        bit: 0x80,
        name: "FLG_HEAP_VALIDATE_ALL",
        abbreviation: "hvc",
        heap: Flags(
            HEAP_VALIDATE_ALL_ENABLED | HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED,
        ),
        doc: "the whole heap is validated with each call",
    },
    GlobalFlagRow {
        bit: 0x800,
        name: "FLG_HEAP_ENABLE_TAGGING",
        abbreviation: "htg",
        heap: Flags(0x0400_0000),
        doc: "blocks carry tags: not modelled, the heap's flag has no effect",
    },
    GlobalFlagRow {
        bit: 0x1000,
        name: "FLG_USER_STACK_TRACE_DB",
        abbreviation: "ust",
        heap: Flags::NONE,
        doc: "stacks of allocations are kept: not modelled, no effect",
    },
    GlobalFlagRow {
        bit: 0x8000,
        name: "FLG_HEAP_ENABLE_TAG_BY_DLL",
        abbreviation: "htd",
        heap: Flags::NONE,
        doc: "blocks are tagged by the library that asked: not modelled, no effect",
    },
    GlobalFlagRow {
        bit: 0x20_0000,
        name: "FLG_HEAP_DISABLE_COALESCING",
        abbreviation: "dhc",
        heap: Flags(HEAP_DISABLE_COALESCE_ON_FREE),
        doc: "HeapFree does not join free neighbours",
    },
    GlobalFlagRow {
        bit: 0x200_0000,
        name: "FLG_HEAP_PAGE_ALLOCS",
        abbreviation: "hpa",
        heap: Flags(0x0100_0000),
        doc: "each block gets pages of its own (page heap): not modelled, the heap's flag has no effect",
    },
];

/// The flags that the heaps of a process with these global flags get.
#[must_use]
pub fn heap_flags_of(global_flags: u32) -> Flags {
    GLOBAL_FLAGS
        .iter()
        .filter(|row| global_flags & row.bit != 0)
        .fold(Flags::NONE, |flags, row| flags | row.heap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_one_bit_and_rows_are_sorted() {
        let bits: Vec<u32> = FLAGS.iter().map(|row| row.bit).collect();
        let globals: Vec<u32> = GLOBAL_FLAGS.iter().map(|row| row.bit).collect();
        for bits in [bits, globals] {
            assert!(bits.iter().all(|bit| bit.count_ones() == 1));
            assert!(bits.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn the_bits_that_the_allocator_knows_are_these() {
        for (bit, flag) in [
            (HEAP_NO_SERIALIZE, Flags::NO_SERIALIZE),
            (HEAP_GROWABLE, Flags::GROWABLE),
            (HEAP_GENERATE_EXCEPTIONS, Flags::GENERATE_EXCEPTIONS),
            (HEAP_ZERO_MEMORY, Flags::ZERO_MEMORY),
            (HEAP_REALLOC_IN_PLACE_ONLY, Flags::REALLOC_IN_PLACE_ONLY),
            (HEAP_TAIL_CHECKING_ENABLED, Flags::TAIL_CHECKING),
            (HEAP_FREE_CHECKING_ENABLED, Flags::FREE_CHECKING),
            (
                HEAP_DISABLE_COALESCE_ON_FREE,
                Flags::DISABLE_COALESCE_ON_FREE,
            ),
            (HEAP_VALIDATE_ALL_ENABLED, Flags::VALIDATE_ALL),
            (HEAP_VALIDATE_PARAMETERS_ENABLED, Flags::VALIDATE_PARAMETERS),
        ] {
            assert_eq!(bit, flag.0);
        }
    }

    #[test]
    fn flags_without_effect_are_dropped() {
        for (place, mask) in [
            (HeapCreate, 0x5),
            (HeapAlloc, 0x6D),
            (HeapReAlloc, 0x7D),
            (OtherCalls, 0x1),
            (Heap, 0x6000_10E7),
        ] {
            assert_eq!(accepted(u32::MAX, place).0, mask, "{place:?}");
        }
    }
}
