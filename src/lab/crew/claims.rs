//! Which granules of an arena are somebody's: a bit each, outside of the arena, where no race of the heap's reaches.
//!
//! A worker claims what it is given and gives the claim up before it frees: granules that are claimed already when they
//! are given belong to two owners from that moment on.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Relaxed};

use crate::heap::GRANULE;
use crate::os::{CommitLimit, Memory, PAGE, ReserveFailed};

/// A bit for each granule, in pages that become resident where there are claims.
#[derive(Debug)]
pub(super) struct Claims {
    bits: Memory,
}

/// The granules of a payload. An empty one has one as well: no two blocks share it.
fn granules(payload: u64, size: u64) -> Range<u64> {
    let from = payload / GRANULE;
    from..payload.saturating_add(size.max(1)).div_ceil(GRANULE)
}

impl Claims {
    /// No claims, for an arena of `bytes`.
    pub(super) fn new(bytes: u64) -> Result<Claims, ReserveFailed> {
        let size = bytes.div_ceil(GRANULE * 8).next_multiple_of(PAGE);
        let nobody = Arc::new(CommitLimit::new(u64::MAX));
        let bits = Memory::reserve(size, nobody)?;
        Ok(Claims { bits })
    }

    /// The words that hold bits of `range`, each with the bits.
    fn words(&self, range: Range<u64>) -> impl Iterator<Item = (&AtomicU64, u64)> {
        let all = self.bits.words();
        let end = range.end.min(all.len() as u64 * 64);
        let mut at = range.start;
        std::iter::from_fn(move || {
            let (word, from) = (all.get((at / 64) as usize)?, at % 64);
            let count = end.checked_sub(at).filter(|&left| left > 0)?.min(64 - from);
            at += count;
            Some((word, u64::MAX >> (64 - count) << from))
        })
    }

    /// Claims a payload. Whether any of it was somebody's already.
    pub(super) fn claim(&self, payload: u64, size: u64) -> bool {
        self.words(granules(payload, size))
            .fold(false, |taken, (word, bits)| {
                taken | (word.fetch_or(bits, AcqRel) & bits != 0)
            })
    }

    /// Gives the claim to a payload up.
    pub(super) fn give_up(&self, payload: u64, size: u64) {
        for (word, bits) in self.words(granules(payload, size)) {
            word.fetch_and(!bits, AcqRel);
        }
    }

    /// Whether the first granule of a payload is somebody's.
    pub(super) fn is_claimed(&self, payload: u64) -> bool {
        self.words(granules(payload, 0))
            .any(|(word, bits)| word.load(Relaxed) & bits != 0)
    }

    /// Forgets all claims.
    pub(super) fn clear(&self) {
        let pages = 0..self.bits.bytes() / PAGE;
        // Mapped memory can always give its pages back; they read as zero then.
        let _ = self.bits.discard(pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_granule_is_claimed_once() {
        let claims = Claims::new(1 << 20).expect("addresses");
        assert!(!claims.claim(0x1000, 100));
        assert!(!claims.claim(0x1070, 5_000), "the granule behind");
        // First byte, bytes; whether they are somebody's.
        for (payload, size, taken) in [
            (0x1060, 1, true),
            (0xff0, 16, false),
            (0xfe0, 33, true),
            (0x2400, 1, false),
            (0x23f0, 1, true),
        ] {
            let claims_it = claims.claim(payload, size);
            assert_eq!(claims_it, taken, "{payload:#x}");
            if !taken {
                claims.give_up(payload, size);
            }
        }
        claims.give_up(0x1000, 100);
        assert!(!claims.is_claimed(0x1000) && claims.is_claimed(0x1070));
        claims.clear();
        assert!(!claims.claim(0x1000, 0x2000));
    }

    #[test]
    fn beyond_the_arena_nothing_is_anybodys() {
        let claims = Claims::new(1 << 16).expect("addresses");
        for payload in [1 << 30, u64::MAX - 15, u64::MAX] {
            assert!(!claims.claim(payload, u64::MAX));
            assert!(!claims.is_claimed(payload));
            claims.give_up(payload, 100);
        }
    }

    #[test]
    fn an_empty_payload_and_a_neighbour_do_not_meet() {
        let claims = Claims::new(1 << 16).expect("addresses");
        assert!(!claims.claim(0x100, 0));
        assert!(!claims.claim(0x110, 24));
        assert!(claims.claim(0x100, 0));
    }
}
