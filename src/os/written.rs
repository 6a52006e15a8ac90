//! What was written of a memory since someone last asked: a word for each page, in it a bit for each line.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::mapping::Mapping;
use super::{PAGE, ReserveFailed};

/// Words of a page.
const PAGE_WORDS: usize = (PAGE / 8) as usize;
/// Words of a line: 64 lines make a page.
pub const LINE_WORDS: usize = PAGE_WORDS / 64;

/// Notes which lines are written.
///
/// The notes are a mapping of their own, of which only what is noted takes memory. Threads may write and note at once;
/// a note is never lost. Whoever asks must see to it that nobody writes meanwhile.
#[derive(Debug)]
pub struct Written {
    pages: Mapping,
}

impl Written {
    /// Notes for so many pages.
    pub(super) fn new(pages: u64) -> Result<Written, ReserveFailed> {
        let bytes = (pages * 8).next_multiple_of(rustix::param::page_size() as u64);
        let failed = |reason| ReserveFailed { bytes, reason };
        let length = usize::try_from(bytes).map_err(|_| failed(rustix::io::Errno::NOMEM))?;
        let pages = Mapping::new(length).map_err(failed)?;
        Ok(Written { pages })
    }

    /// Notes lines of a page, given by their bits.
    #[inline(always)]
    fn add(&self, page: usize, lines: u64) {
        let Some(word) = self.pages.words().get(page) else {
            return;
        };
        // Most are noted already, and asking disturbs no other thread.
        if word.load(Relaxed) & lines != lines {
            word.fetch_or(lines, Relaxed);
        }
    }

    /// Notes that a word is written.
    #[inline(always)]
    pub fn note(&self, at: usize) {
        self.add(at / PAGE_WORDS, 1 << (at % PAGE_WORDS / LINE_WORDS));
    }

    /// Notes that a run of words is written, as far as the memory goes.
    pub fn note_run(&self, run: Range<usize>) {
        let end = run.end.min(self.pages.words().len() * PAGE_WORDS);
        if run.start >= end {
            return;
        }
        let (first, last) = (run.start / LINE_WORDS, (end - 1) / LINE_WORDS);
        for page in first / 64..=last / 64 {
            let from = first.max(page * 64) % 64;
            let to = last.min(page * 64 + 63) % 64;
            self.add(page, u64::MAX << from & u64::MAX >> (63 - to));
        }
    }

    /// Notes that pages are written as a whole, or given back.
    pub(super) fn note_pages(&self, pages: Range<u64>) {
        for page in pages {
            self.add(page as usize, u64::MAX);
        }
    }

    /// The lines of a page that were written, a bit for each.
    #[must_use]
    pub fn of(&self, page: u64) -> u64 {
        let word = self.pages.words().get(page as usize);
        word.map_or(0, |word| word.load(Relaxed))
    }

    /// Forgets what is noted of these pages.
    pub fn forget(&self, pages: Range<u64>) {
        let words = self.pages.words();
        let end = (pages.end as usize).min(words.len());
        let Some(words) = words.get(pages.start as usize..end) else {
            return;
        };
        let noted = |word: &&AtomicU64| word.load(Relaxed) != 0;
        words
            .iter()
            .filter(noted)
            .for_each(|word| word.store(0, Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_noted_by_words_runs_and_pages() {
        let written = Written::new(4).unwrap();
        written.note(0);
        written.note(8);
        written.note(511);
        assert_eq!(written.of(0), 1 | 2 | 1 << 63);
        written.note_run(504..504);
        written.note_run(500..513);
        assert_eq!((written.of(0), written.of(1)), (1 | 2 | 3 << 62, 1));
        written.note_run(1_030..2_048);
        assert_eq!((written.of(2), written.of(3)), (u64::MAX, u64::MAX));
        written.forget(1..3);
        assert_eq!((written.of(1), written.of(2)), (0, 0));
        written.note_pages(1..2);
        assert_eq!((written.of(1), written.of(3)), (u64::MAX, u64::MAX));
        // Beyond the memory nothing is noted.
        written.note(usize::MAX / 16);
        written.note_run(usize::MAX - 9..usize::MAX);
        assert_eq!(written.of(1 << 40), 0);
    }
}
