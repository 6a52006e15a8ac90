//! Raw access: the one place where bytes of an arena are read and written.
//!
//! Every access is one aligned 64-bit relaxed atomic load or store at a checked offset. An offset beyond the arena
//! (which only a damaged heap can produce) loads 0, which is no valid header, and stores nothing. Two threads that
//! race here damage the heap's logic, never this process.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::units::Word;

/// Loads a word.
#[inline(always)]
pub(super) fn load(words: &[AtomicU64], at: Word) -> u64 {
    words.get(at).map_or(0, |word| word.load(Relaxed))
}

/// Stores a word.
#[inline(always)]
pub(super) fn store(words: &[AtomicU64], at: Word, value: u64) {
    if let Some(word) = words.get(at) {
        word.store(value, Relaxed);
    }
}
