//! Copies of pages, packed: runs of one word take the room of one.
//!
//! Payloads are stamped with one word a block, and free memory is full of stamps of old, so that a page mostly is a few
//! dozen runs. Packing reads each word of the page once and writes little, which is faster than to copy it.
//!
//! ```text
//!  word 0             how many runs there are; 0 for a page that is kept as it is
//!  words 1 ..         where each run ends, four to a word, in words of the page
//!  then               the word of each run; or all words of the page
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::image::PAGE_WORDS;

/// Runs from which on a page is kept as it is.
const MOST_RUNS: usize = 400;
/// Ends of runs in a word.
const ENDS: usize = 4;

/// The words of a page at one moment. Two are equal iff the pages were.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packed(Arc<[u64]>);

/// Packs pages one after another.
pub(super) struct Packer {
    ends: [u16; PAGE_WORDS],
    words: [u64; PAGE_WORDS],
    packed: Vec<u64>,
}

impl Packer {
    pub(super) fn new() -> Packer {
        Packer {
            ends: [0; PAGE_WORDS],
            words: [0; PAGE_WORDS],
            packed: Vec::with_capacity(PAGE_WORDS + 1),
        }
    }

    /// The page as it is now; shared with `old` if that is the same.
    pub(super) fn pack(&mut self, page: &[AtomicU64], old: Option<&Packed>) -> Packed {
        let load = |word: &AtomicU64| word.load(Relaxed);
        self.pack_words(page.iter().map(load));
        match old {
            Some(old) if *old.0 == *self.packed => old.clone(),
            _ => Packed(Arc::from(&*self.packed)),
        }
    }

    /// A page whose words are given.
    pub(super) fn copy(&mut self, page: &[u64; PAGE_WORDS]) -> Packed {
        self.pack_words(page.iter().copied());
        Packed(Arc::from(&*self.packed))
    }

    fn pack_words(&mut self, page: impl Iterator<Item = u64>) {
        let mut page = page.take(PAGE_WORDS);
        let mut runs = 0;
        let mut word = page.next().unwrap_or(0);
        let mut end = 1_u16;
        for next in page {
            if next != word {
                (self.ends[runs], self.words[runs]) = (end, word);
                runs += 1;
                word = next;
            }
            end += 1;
        }
        (self.ends[runs], self.words[runs]) = (end, word);
        runs += 1;
        self.packed.clear();
        if runs > MOST_RUNS {
            self.spread(runs);
            return;
        }
        self.packed.push(runs as u64);
        for ends in self.ends[..runs].chunks(ENDS) {
            let word = ends
                .iter()
                .rev()
                .fold(0, |word, &end| word << 16 | u64::from(end));
            self.packed.push(word);
        }
        self.packed.extend_from_slice(&self.words[..runs]);
    }

    /// Keeps the page as it is.
    fn spread(&mut self, runs: usize) {
        self.packed.push(0);
        let mut from = 0;
        for (&end, &word) in self.ends[..runs].iter().zip(&self.words) {
            let length = usize::from(end) - from;
            self.packed.extend(std::iter::repeat_n(word, length));
            from = usize::from(end);
        }
    }
}

impl Packed {
    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.0.len() * 8 + 16) as u64
    }

    /// Whether every word is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self.0 == [1, PAGE_WORDS as u64, 0]
    }

    /// Whether it is the very same copy.
    pub(super) fn is_shared_with(&self, other: &Packed) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The runs in order: where each ends, and its word.
    fn runs(&self) -> impl Iterator<Item = (usize, u64)> {
        let runs = self.0[0] as usize;
        let ends = runs.div_ceil(ENDS);
        let end = move |nth: usize| (self.0[1 + nth / ENDS] >> (nth % ENDS * 16) & 0xFFFF) as usize;
        let words = if runs == 0 {
            &self.0[1..]
        } else {
            &self.0[1 + ends..]
        };
        let spread = runs == 0;
        words
            .iter()
            .enumerate()
            .map(move |(nth, &word)| (if spread { nth + 1 } else { end(nth) }, word))
    }

    /// All words of the page.
    #[must_use]
    pub fn words(&self) -> Box<[u64; PAGE_WORDS]> {
        let mut page = Box::new([0; PAGE_WORDS]);
        let mut from = 0;
        for (end, word) in self.runs() {
            page[from..end].fill(word);
            from = end;
        }
        page
    }

    /// Makes a page what it was. What is the same is not written, unless all is to be.
    pub(super) fn unpack(&self, page: &[AtomicU64], all: bool) {
        let mut from = 0;
        for (end, value) in self.runs() {
            for word in &page[from..end] {
                if all || word.load(Relaxed) != value {
                    word.store(value, Relaxed);
                }
            }
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_comes_back_as_it_was(
            runs in proptest::collection::vec((0..3_u64, 1..40_usize), 1..700),
            short in any::<bool>(),
        ) {
            let runs = runs.iter().flat_map(|&(word, length)| {
                std::iter::repeat_n(word * 0x5354_414D_0000_0001, if short { 1 } else { length })
            });
            let mut page: Vec<u64> = runs.take(PAGE_WORDS).collect();
            page.resize(PAGE_WORDS, 0);
            let page: Box<[u64; PAGE_WORDS]> = page.into_boxed_slice().try_into().expect("a page");
            let packed = Packer::new().copy(&page);
            prop_assert_eq!(packed.words(), page.clone());
            prop_assert_eq!(packed.is_zero(), page.iter().all(|&word| word == 0));
            prop_assert!(packed.bytes() <= 8 * (PAGE_WORDS as u64 + 3));
            let live: Vec<AtomicU64> = (0..PAGE_WORDS as u64).map(|word| AtomicU64::new(word % 2)).collect();
            packed.unpack(&live, false);
            prop_assert!(live.iter().zip(page.iter()).all(|(live, word)| live.load(Relaxed) == *word));
            let again = Packer::new().pack(&live, Some(&packed));
            prop_assert!(again.is_shared_with(&packed));
        }
    }
}
