//! The block header: one 64-bit word, after NT's HEAP_ENTRY (facts A5, I9).
//!
//! | bits | field | |
//! |---|---|---|
//! | 0..20 | size | granules of the block, header included; 0 for a large block |
//! | 20..40 | previous size | granules of the block before in the same committed run; 0 for the first |
//! | 40..48 | flags | see [`Header::BUSY`] and its sisters |
//! | 48..56 | unused | bytes of a busy block that were not asked for, header included |
//! | 56..64 | check | makes the exclusive or of all eight bytes [`CHECK`] |
//!
//! The check finds every single-bit flip (it changes the exclusive or) and the all-zero word.

/// What the bytes of a valid header exclusive-or to.
const CHECK: u64 = 0xA5;

const SIZE_BITS: u32 = 20;
const SIZE_MASK: u64 = (1 << SIZE_BITS) - 1;
const FLAGS_SHIFT: u32 = 40;
const UNUSED_SHIFT: u32 = 48;
const CHECK_SHIFT: u32 = 56;

/// A header word. It may hold any bits; [`Header::is_valid`] tells whether they make sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header(pub u64);

impl Header {
    /// Handed out, or the heap's own.
    pub const BUSY: u64 = 1;
    /// The block was laid out with a debug header and perhaps a tail pattern.
    pub const EXTRA: u64 = 2;
    /// The payload of this free block is filled with the free-checking pattern.
    pub const FILLED: u64 = 4;
    /// A large block in a region of its own.
    pub const LARGE: u64 = 8;
    /// The last block of a committed run.
    pub const LAST: u64 = 0x10;
    /// The hidden block at the end of a run that describes the uncommitted range behind it.
    pub const RANGE: u64 = 0x20;
    /// What every hidden block has set.
    pub(super) const HIDDEN: u64 = Header::BUSY | Header::RANGE | Header::LAST;
    /// The block carries a tail pattern.
    pub const TAIL: u64 = 0x40;
    /// Every flag with its name.
    pub const FLAGS: [(u64, &'static str); 7] = [
        (Header::BUSY, "BUSY"),
        (Header::EXTRA, "EXTRA"),
        (Header::FILLED, "FILLED"),
        (Header::LARGE, "LARGE"),
        (Header::LAST, "LAST"),
        (Header::RANGE, "RANGE"),
        (Header::TAIL, "TAIL"),
    ];

    /// A header with its check. Values too large for their fields, which only a damaged heap can produce, are cut.
    #[inline]
    #[must_use]
    pub fn new(size: u64, previous: u64, flags: u64, unused: u64) -> Header {
        let word = (size & SIZE_MASK)
            | (previous & SIZE_MASK) << SIZE_BITS
            | (flags & 0xFF) << FLAGS_SHIFT
            | (unused & 0xFF) << UNUSED_SHIFT;
        Header(word | (fold(word) ^ CHECK) << CHECK_SHIFT)
    }

    /// Whether the check holds.
    #[inline]
    #[must_use]
    pub fn is_valid(self) -> bool {
        fold(self.0) == CHECK
    }

    /// Granules of the block.
    #[inline]
    #[must_use]
    pub fn size(self) -> u64 {
        self.0 & SIZE_MASK
    }

    /// Granules of the block before.
    #[inline]
    #[must_use]
    pub fn previous(self) -> u64 {
        self.0 >> SIZE_BITS & SIZE_MASK
    }

    /// All flags.
    #[inline]
    #[must_use]
    pub fn flags(self) -> u64 {
        self.0 >> FLAGS_SHIFT & 0xFF
    }

    /// Bytes of a busy block that were not asked for.
    #[inline]
    #[must_use]
    pub fn unused(self) -> u64 {
        self.0 >> UNUSED_SHIFT & 0xFF
    }

    /// The check as it stands; [`Header::with_check`] has the one that should be.
    #[must_use]
    pub fn check(self) -> u64 {
        self.0 >> CHECK_SHIFT
    }

    /// Whether every one of `flags` is set.
    #[inline]
    #[must_use]
    pub fn has(self, flags: u64) -> bool {
        self.flags() & flags == flags
    }

    /// A valid free block. Large and hidden blocks are never free.
    #[inline]
    #[must_use]
    pub fn is_free(self) -> bool {
        !self.has(Header::BUSY) && self.is_valid()
    }

    /// The same fields with the check they should have.
    #[must_use]
    pub fn with_check(self) -> Header {
        Header(self.0 ^ (fold(self.0) ^ CHECK) << CHECK_SHIFT)
    }

    /// The same with another previous size. A header whose check fails keeps failing: damage is not papered over.
    #[inline]
    #[must_use]
    pub fn with_previous(self, previous: u64) -> Header {
        let change = (self.previous() ^ previous & SIZE_MASK) << SIZE_BITS;
        Header(self.0 ^ change ^ fold(change) << CHECK_SHIFT)
    }
}

/// Exclusive or of the eight bytes of a word.
#[inline]
fn fold(word: u64) -> u64 {
    let word = word ^ word >> 32;
    let word = word ^ word >> 16;
    (word ^ word >> 8) & 0xFF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_round_trip() {
        let header = Header::new(0xFF000, 0xABCDE, Header::BUSY | Header::LAST, 39);
        assert!(header.is_valid());
        assert_eq!(
            (
                header.size(),
                header.previous(),
                header.flags(),
                header.unused()
            ),
            (0xFF000, 0xABCDE, 0x11, 39)
        );
        assert_eq!(header.with_previous(3).previous(), 3);
    }

    #[test]
    fn every_flipped_bit_and_the_empty_word_are_found() {
        let header = Header::new(4, 2, Header::BUSY, 8);
        for bit in 0..64 {
            let flipped = Header(header.0 ^ 1 << bit);
            assert!(!flipped.is_valid(), "bit {bit}");
            assert!(!flipped.with_previous(77).is_valid(), "bit {bit}, relinked");
        }
        assert!(!Header(0).is_valid());
    }
}
