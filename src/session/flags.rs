//! Call flags as words: the table from which they are parsed, printed and explained.

use std::fmt;

use crate::heap::Flags;

/// A flag of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallFlag {
    /// The word in commands.
    pub word: &'static str,
    /// The bit.
    pub flag: Flags,
    /// The name in `winnt.h`.
    pub constant: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// Every call flag, in the order in which commands print them.
pub const CALL_FLAGS: [CallFlag; 4] = [
    CallFlag {
        word: "zero",
        flag: Flags::ZERO_MEMORY,
        constant: "HEAP_ZERO_MEMORY",
        doc: "the new memory reads as zero",
    },
    CallFlag {
        word: "inplace",
        flag: Flags::REALLOC_IN_PLACE_ONLY,
        constant: "HEAP_REALLOC_IN_PLACE_ONLY",
        doc: "the block may not move; if it would have to, the call fails",
    },
    CallFlag {
        word: "noserialize",
        flag: Flags::NO_SERIALIZE,
        constant: "HEAP_NO_SERIALIZE",
        doc: "this call skips the lock",
    },
    CallFlag {
        word: "exceptions",
        flag: Flags::GENERATE_EXCEPTIONS,
        constant: "HEAP_GENERATE_EXCEPTIONS",
        doc: "a failure raises an exception instead of returning NULL",
    },
];

/// The flags that most calls take.
pub(super) const LOCKING: Flags = Flags::NO_SERIALIZE;

/// The flags of HeapAlloc.
pub(super) const ALLOCATING: Flags =
    Flags(Flags::ZERO_MEMORY.0 | Flags::NO_SERIALIZE.0 | Flags::GENERATE_EXCEPTIONS.0);

/// The flags of HeapReAlloc.
pub(super) const REALLOCATING: Flags = Flags(ALLOCATING.0 | Flags::REALLOC_IN_PLACE_ONLY.0);

/// The words of the flags within `mask`.
pub(super) fn words_of(mask: Flags) -> Vec<&'static str> {
    CALL_FLAGS
        .iter()
        .filter(|row| mask.has(row.flag))
        .map(|row| row.word)
        .collect()
}

/// Prints each flag as a word with a blank before it.
pub(super) fn write_flags(f: &mut fmt::Formatter<'_>, flags: Flags) -> fmt::Result {
    words_of(flags)
        .into_iter()
        .try_for_each(|word| write!(f, " {word}"))
}
