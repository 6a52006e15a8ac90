//! Raw access: the one place where bytes of an arena are read and written.
//!
//! Every access is one aligned 64-bit relaxed atomic load or store at a checked offset. An offset beyond the arena
//! (which only a damaged heap can produce) loads 0, which is no valid header, and stores nothing. Two threads that
//! race here damage the heap's logic, never this process.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::units::Word;

/// Loads a word.
#[inline(always)]
pub(super) fn load(words: &[AtomicU64], at: Word) -> u64 {
    words.get(at).map_or(0, |word| word.load(Relaxed))
}

/// Stores one value in a run of words, as far as the arena goes.
#[inline]
pub(super) fn fill(words: &[AtomicU64], run: Range<Word>, value: u64) {
    for word in run_of(words, run) {
        word.store(value, Relaxed);
    }
}

/// Copies a run of words upwards, word by word, as far as the arena goes.
#[inline]
pub(super) fn copy(words: &[AtomicU64], from: Range<Word>, to: Word) {
    let behind = to.saturating_add(from.len());
    for (source, target) in run_of(words, from).iter().zip(run_of(words, to..behind)) {
        target.store(source.load(Relaxed), Relaxed);
    }
}

fn run_of(words: &[AtomicU64], run: Range<Word>) -> &[AtomicU64] {
    let end = run.end.min(words.len());
    words.get(run.start..end).unwrap_or_default()
}

/// Stores a word.
#[inline(always)]
pub(super) fn store(words: &[AtomicU64], at: Word, value: u64) {
    if let Some(word) = words.get(at) {
        word.store(value, Relaxed);
    }
}
