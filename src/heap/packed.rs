//! Copies of pages, packed: runs of one word take the room of one, and what did not change since an earlier copy is
//! that copy's.
//!
//! Payloads are stamped with one word a block, and free memory is full of stamps of old, so that a page mostly is a few
//! dozen runs. Packing reads each word of the page once and writes little, which is faster than to copy it.
//!
//! ```text
//!  runs      word 0        how many runs there are; 0 for words that are kept as they are
//!            words 1 ..    where each run ends, four to a word
//!            then          the word of each run; or all words
//!  patch     word 0        the lines that it has, a bit for each
//!            then          the runs of their words, one line behind the other
//! ```
//!
//! A page is the runs of all its words, or those of an earlier moment (shared with the copies between) and a patch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::os::LINE_WORDS;

use super::image::PAGE_WORDS;

/// Runs from which on words are kept as they are.
const MOST_RUNS: usize = 400;
/// Ends of runs in a word.
const ENDS: usize = 4;
/// A patch has no more lines than that: much of a page is packed anew as fast.
const MOST_LINES: u32 = 24;

/// The words of a page.
type Words = [u64; PAGE_WORDS];

/// The words of a page at one moment. Two are equal iff the pages were.
#[derive(Clone, Debug)]
pub struct Packed {
    whole: Arc<[u64]>,
    patch: Option<Arc<[u64]>>,
}

/// Packs pages one after another.
pub(super) struct Packer {
    ends: [u16; PAGE_WORDS],
    words: [u64; PAGE_WORDS],
    packed: Vec<u64>,
    old: Box<Words>,
}

impl Packer {
    pub(super) fn new() -> Packer {
        Packer {
            ends: [0; PAGE_WORDS],
            words: [0; PAGE_WORDS],
            packed: Vec::with_capacity(PAGE_WORDS + 1),
            old: Box::new([0; PAGE_WORDS]),
        }
    }

    /// The page as it is now; shared with `old` if that is the same.
    pub(super) fn pack(&mut self, page: &[AtomicU64], old: Option<&Packed>) -> Packed {
        match old {
            None => self.pack_whole(page, None),
            Some(old) => {
                let lines = self.differing(page, old);
                self.pack_lines(page, old, lines)
            }
        }
    }

    /// The page as it is now, where nothing but these lines differs from `old`.
    pub(super) fn pack_lines(&mut self, page: &[AtomicU64], old: &Packed, lines: u64) -> Packed {
        if lines == 0 {
            return old.clone();
        }
        let lines = lines | old.patched();
        if lines.count_ones() > MOST_LINES {
            return self.pack_whole(page, Some(old));
        }
        self.packed.clear();
        self.packed.push(lines);
        let words = lines_of(lines).flat_map(|line| &page[line * LINE_WORDS..][..LINE_WORDS]);
        self.pack_words(words.map(|word| word.load(Relaxed)));
        if self.packed.len() * 2 > old.whole.len() {
            return self.pack_whole(page, Some(old));
        }
        // Lines can be written without a change.
        if old.patch.as_deref() == Some(&*self.packed) {
            return old.clone();
        }
        Packed {
            whole: Arc::clone(&old.whole),
            patch: Some(Arc::from(&*self.packed)),
        }
    }

    fn pack_whole(&mut self, page: &[AtomicU64], old: Option<&Packed>) -> Packed {
        self.packed.clear();
        self.pack_words(page.iter().map(|word| word.load(Relaxed)));
        let same = |old: &&Packed| old.patch.is_none() && *old.whole == *self.packed;
        match old.filter(same) {
            Some(old) => old.clone(),
            None => Packed::whole(&self.packed),
        }
    }

    /// A page whose words are given.
    pub(super) fn copy(&mut self, page: &Words) -> Packed {
        self.packed.clear();
        self.pack_words(page.iter().copied());
        Packed::whole(&self.packed)
    }

    /// The lines in which a page differs from what it was.
    fn differing(&mut self, page: &[AtomicU64], old: &Packed) -> u64 {
        old.decode(&mut self.old);
        let lines = page
            .chunks_exact(LINE_WORDS)
            .zip(self.old.chunks_exact(LINE_WORDS));
        lines.enumerate().fold(0, |differing, (line, (now, old))| {
            let same = now
                .iter()
                .zip(old)
                .all(|(now, &old)| now.load(Relaxed) == old);
            differing | u64::from(!same) << line
        })
    }

    /// Adds the runs of some words, of which there is one at least.
    fn pack_words(&mut self, mut all: impl Iterator<Item = u64>) {
        let mut runs = 0;
        let mut word = all.next().unwrap_or(0);
        let mut end = 1_u16;
        for next in all {
            if next != word {
                (self.ends[runs], self.words[runs]) = (end, word);
                runs += 1;
                word = next;
            }
            end += 1;
        }
        (self.ends[runs], self.words[runs]) = (end, word);
        runs += 1;
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

    /// Keeps words as they are.
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

/// The numbers of the lines whose bits are set.
fn lines_of(mut lines: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let line = lines.trailing_zeros();
        lines &= lines.wrapping_sub(1);
        (line < u64::BITS).then_some(line as usize)
    })
}

/// Runs in order: where each ends, and its word.
fn runs_of(packed: &[u64]) -> impl Iterator<Item = (usize, u64)> {
    let runs = packed[0] as usize;
    let ends = runs.div_ceil(ENDS);
    let end = move |nth: usize| (packed[1 + nth / ENDS] >> (nth % ENDS * 16) & 0xFFFF) as usize;
    let spread = runs == 0;
    let words = if spread {
        &packed[1..]
    } else {
        &packed[1 + ends..]
    };
    words
        .iter()
        .enumerate()
        .map(move |(nth, &word)| (if spread { nth + 1 } else { end(nth) }, word))
}

/// Spreads runs over words.
fn unpack_runs(packed: &[u64], words: &mut [u64]) {
    let mut from = 0;
    for (end, word) in runs_of(packed) {
        words[from..end].fill(word);
        from = end;
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Packed) -> bool {
        self.is_shared_with(other) || self.words() == other.words()
    }
}

impl Eq for Packed {}

impl Packed {
    fn whole(packed: &[u64]) -> Packed {
        Packed {
            whole: Arc::from(packed),
            patch: None,
        }
    }

    /// The lines that its patch has.
    fn patched(&self) -> u64 {
        self.patch.as_ref().map_or(0, |patch| patch[0])
    }

    /// Bytes that it takes beside those that `other` has as well.
    pub(super) fn bytes_beside(&self, other: Option<&Packed>) -> u64 {
        let bytes = |words: &[u64]| (size_of_val(words) + 16) as u64;
        if other.is_some_and(|other| self.is_shared_with(other)) {
            return 0;
        }
        let patch = self.patch.as_deref().map_or(0, bytes);
        let shares = other.is_some_and(|other| Arc::ptr_eq(&self.whole, &other.whole));
        if shares {
            patch
        } else {
            patch + bytes(&self.whole)
        }
    }

    /// Whether every word is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        match self.patch {
            None => *self.whole == [1, PAGE_WORDS as u64, 0],
            Some(_) => self.words().iter().all(|&word| word == 0),
        }
    }

    /// Whether it is the very same copy.
    pub(super) fn is_shared_with(&self, other: &Packed) -> bool {
        let patches = match (&self.patch, &other.patch) {
            (None, None) => true,
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            _ => false,
        };
        patches && Arc::ptr_eq(&self.whole, &other.whole)
    }

    fn decode(&self, page: &mut Words) {
        unpack_runs(&self.whole, page);
        let Some(patch) = &self.patch else {
            return;
        };
        let mut words = [0; MOST_LINES as usize * LINE_WORDS];
        unpack_runs(&patch[1..], &mut words);
        for (line, words) in lines_of(patch[0]).zip(words.chunks_exact(LINE_WORDS)) {
            page[line * LINE_WORDS..][..LINE_WORDS].copy_from_slice(words);
        }
    }

    /// All words of the page.
    #[must_use]
    pub fn words(&self) -> Box<Words> {
        let mut page = Box::new([0; PAGE_WORDS]);
        self.decode(&mut page);
        page
    }

    /// Makes a page what it was. What is the same is not written, unless all is to be.
    pub(super) fn unpack(&self, page: &[AtomicU64], all: bool) {
        let store = |word: &AtomicU64, value: u64| {
            if all || word.load(Relaxed) != value {
                word.store(value, Relaxed);
            }
        };
        if self.patch.is_some() {
            let mut words = [0; PAGE_WORDS];
            self.decode(&mut words);
            page.iter()
                .zip(words)
                .for_each(|(word, value)| store(word, value));
            return;
        }
        let mut from = 0;
        for (end, value) in runs_of(&self.whole) {
            page[from..end].iter().for_each(|word| store(word, value));
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page_of(words: impl Iterator<Item = u64>) -> Box<Words> {
        let mut page: Vec<u64> = words.take(PAGE_WORDS).collect();
        page.resize(PAGE_WORDS, 0);
        page.into_boxed_slice().try_into().expect("a page")
    }

    fn live(page: &Words) -> Vec<AtomicU64> {
        page.iter().map(|&word| AtomicU64::new(word)).collect()
    }

    fn holds(page: &[AtomicU64], words: &Words) -> bool {
        page.iter()
            .zip(words)
            .all(|(live, word)| live.load(Relaxed) == *word)
    }

    proptest! {
        #[test]
        fn a_page_comes_back_as_it_was(
            runs in proptest::collection::vec((0..3_u64, 1..40_usize), 1..700),
            short in any::<bool>(),
        ) {
            let page = page_of(runs.iter().flat_map(|&(word, length)| {
                std::iter::repeat_n(word * 0x5354_414D_0000_0001, if short { 1 } else { length })
            }));
            let packed = Packer::new().copy(&page);
            prop_assert_eq!(packed.words(), page.clone());
            prop_assert_eq!(packed.is_zero(), page.iter().all(|&word| word == 0));
            prop_assert!(packed.bytes_beside(None) <= 8 * (PAGE_WORDS as u64 + 3));
            let now: Vec<AtomicU64> = (0..PAGE_WORDS as u64).map(|word| AtomicU64::new(word % 2)).collect();
            packed.unpack(&now, false);
            prop_assert!(holds(&now, &page));
            let again = Packer::new().pack(&now, Some(&packed));
            prop_assert!(again.is_shared_with(&packed));
        }

        #[test]
        fn a_page_that_changes_now_and_then_comes_back_from_each_copy(
            first in proptest::collection::vec(0..5_u64, PAGE_WORDS),
            changes in proptest::collection::vec(
                (proptest::collection::vec((0..PAGE_WORDS, 0..3_u64, 1..9_usize), 0..6), any::<bool>()),
                1..30,
            ),
        ) {
            let mut packer = Packer::new();
            let page = live(&page_of(first.into_iter().map(|word| word / 4)));
            let words = |page: &[AtomicU64]| page_of(page.iter().map(|word| word.load(Relaxed)));
            let mut copies = vec![(packer.pack(&page, None), words(&page))];
            for (change, told) in changes {
                let mut lines = 0;
                for (from, value, length) in change {
                    let run = from..(from + length).min(PAGE_WORDS);
                    page[run.clone()].iter().for_each(|word| word.store(value, Relaxed));
                    lines |= run.fold(0, |lines, at| lines | 1 << (at / LINE_WORDS));
                }
                let old = copies.last().map(|(copy, _)| copy).expect("the first");
                let copy = if told {
                    packer.pack_lines(&page, old, lines)
                } else {
                    packer.pack(&page, Some(old))
                };
                prop_assert_eq!(copy == *old, words(&page) == old.words());
                let beside = copy.bytes_beside(Some(old));
                prop_assert!(beside <= copy.bytes_beside(None));
                prop_assert!(beside == 0 || !copy.is_shared_with(old));
                copies.push((copy, words(&page)));
            }
            for (copy, words) in copies.iter().rev() {
                prop_assert_eq!(&copy.words(), words);
                copy.unpack(&page, false);
                prop_assert!(holds(&page, words));
                let fresh = live(&[7; PAGE_WORDS]);
                copy.unpack(&fresh, true);
                prop_assert!(holds(&fresh, words));
            }
        }
    }
}
