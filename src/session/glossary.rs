//! The words of the subject, each with what it means in a sentence.

use super::frame::Answer;

/// A word that a person meets in answers and on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What stands in an answer when the word begins to matter.
    pub met: &'static [&'static str],
    /// What it means.
    pub doc: &'static str,
}

const fn word(name: &'static str, met: &'static [&'static str], doc: &'static str) -> Word {
    Word { name, met, doc }
}

/// Every word. Where an answer has several that were not met before, the first of them is explained.
#[rustfmt::skip]
pub static GLOSSARY: &[Word] = &[
    word("pin", &["stay in pages", "pages kept by"], "a live block that keeps pages from being returned: one live byte is enough"),
    word("returned", &["returned "], "given back to the kernel; the addresses stay reserved"),
    word("_heapmin", &["_heapmin("], "gives wholly free pages to the system; 0 means success, not bytes"),
    word("HeapCompact", &["HeapCompact("], "reports the largest committed free block, header included, and merges only while coalescing is off; it moves nothing"),
    word("coalesce", &["merged with", "unmerged", "coalesce O"], "joins free neighbours when a block is freed; no busy block moves"),
    word("serialize", &["HEAP_NO_SERIALIZE"], "each call takes the heap's lock; HEAP_NO_SERIALIZE (serialize OFF) means that it does not"),
    word("decommit", &["decommit"], "gives pages back to the kernel and keeps their addresses"),
    word("external fragmentation", &["external fragmentation"], "1 - largest free block / free bytes: near 1 much is free, but in small pieces"),
    word("resident", &["resident"], "pages really in memory, asked of the kernel"),
    word("reserved", &["reserved"], "addresses only: nobody else gets them, no memory stands behind them"),
    word("committed", &["committed"], "the heap may use it; the kernel may not have given a page yet"),
    word("hole", &["hole"], "a free block between others, header included"),
];

/// What the glossary says of a word.
#[must_use]
pub fn meaning(name: &str) -> Option<&'static str> {
    GLOSSARY
        .iter()
        .find(|word| word.name == name)
        .map(|word| word.doc)
}

/// Which words a person has met.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Met(u32);

impl Met {
    /// The first word that `answer` brings up and none did before.
    pub(super) fn meet(&mut self, answer: &Answer) -> Option<&'static Word> {
        let says = |needle: &&str| answer.words.contains(*needle) || answer.call.contains(*needle);
        let (at, word) = GLOSSARY
            .iter()
            .enumerate()
            .find(|(at, word)| self.0 & 1 << at == 0 && word.met.iter().any(says))?;
        self.0 |= 1 << at;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_explained_once_and_one_at_a_time() {
        let mut met = Met::default();
        for (call, words, explained) in [
            ("HeapAlloc(heap, 0, 64) = 0x00730", "b0: 80 B", None),
            (
                "HeapFree(heap, 0, b1) = TRUE",
                "merged with 2 free neighbours; external fragmentation 96 %",
                Some("coalesce"),
            ),
            (
                "HeapFree(heap, 0, b3) = TRUE",
                "merged with 2 free neighbours; external fragmentation 88 %",
                Some("external fragmentation"),
            ),
            (
                "_heapmin() = 0, success",
                "returned 20 KiB; kernel resident 64 KiB -> 44 KiB; 24 KiB free stay in pages that hold something else",
                Some("pin"),
            ),
            (
                "_heapmin() = 0, success",
                "returned 4 KiB",
                Some("returned"),
            ),
            (
                "_heapmin() = 0, success",
                "returned 4 KiB",
                Some("_heapmin"),
            ),
            ("_heapmin() = 0, success", "returned 4 KiB", None),
        ] {
            let answer = Answer {
                call: call.to_owned(),
                words: words.to_owned(),
                ..Answer::default()
            };
            let found = met.meet(&answer).map(|word| word.name);
            assert_eq!(found, explained, "{call}: {words}");
        }
    }

    #[test]
    fn words_are_unique_fragments() {
        assert!(GLOSSARY.len() <= 32, "a bit each");
        for (at, word) in GLOSSARY.iter().enumerate() {
            assert!(
                !word.doc.ends_with('.') && !word.met.is_empty(),
                "{}",
                word.name
            );
            let again = GLOSSARY[..at].iter().any(|other| other.name == word.name);
            assert!(!again, "{}", word.name);
            assert_eq!(meaning(word.name), Some(word.doc));
        }
        assert_eq!(meaning("segfault"), None);
    }
}
