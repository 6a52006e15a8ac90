//! Moments that a person keeps: bookmarks, and the baseline that figures are compared with.
//!
//! Undo does not touch them. A bookmark belongs to a place on a line of history, though: where another line is gone on
//! that does not lead there, the bookmark keeps its figures and says that it was left behind.

use std::sync::Arc;

use crate::view;

use super::command::Baseline;
use super::frame::{Answer, Bookmark, Tone};
use super::session::Session;
use super::words::{count, exact, grouped, rough};

/// Bookmarks kept at most: more than a person tells apart.
const MOST: usize = 999;

/// The bookmarks, and where in the past they belong.
#[derive(Clone, Default)]
pub(super) struct Bookmarks {
    /// As screens see them.
    pub(super) kept: Arc<Vec<Arc<Bookmark>>>,
    /// What figures are compared with.
    pub(super) baseline: Option<Arc<Bookmark>>,
    /// The place of each bookmark.
    places: Vec<u64>,
    /// The place of the baseline.
    baseline_place: u64,
}

impl Bookmarks {
    fn keep(&mut self, bookmark: Arc<Bookmark>, place: u64) {
        Arc::make_mut(&mut self.kept).push(Arc::clone(&bookmark));
        self.places.push(place);
        self.compare_with(bookmark, place);
    }

    fn compare_with(&mut self, bookmark: Arc<Bookmark>, place: u64) {
        self.baseline = Some(bookmark);
        self.baseline_place = place;
    }

    /// The place of each.
    pub(super) fn places(&self) -> &[u64] {
        &self.places
    }

    /// Notes which of them the line of history that is gone on does not lead to.
    pub(super) fn settle(&mut self, on_line: impl Fn(u64) -> bool) {
        let changed = |(kept, place): (&Arc<Bookmark>, &u64)| kept.gone == on_line(*place);
        if self.kept.iter().zip(&self.places).any(changed) {
            let kept = Arc::make_mut(&mut self.kept).iter_mut();
            for (bookmark, place) in kept.zip(&self.places) {
                Arc::make_mut(bookmark).gone = !on_line(*place);
            }
        }
        if let Some(baseline) = &mut self.baseline {
            Arc::make_mut(baseline).gone = !on_line(self.baseline_place);
        }
    }
}

impl Session {
    /// Keeps the moment, and compares with it from here on.
    pub(super) fn bookmark(&mut self, words: Option<&str>) -> Answer {
        let kept = self.bookmarks.kept.len();
        if kept >= MOST {
            return Answer {
                words: format!(
                    "there are {} already, and no more are kept",
                    count(kept as u64, "bookmark")
                ),
                tone: Tone::Refused,
                ..Answer::default()
            };
        }
        let number = u32::try_from(kept).unwrap_or(u32::MAX) + 1;
        let bookmark = self.moment(number, words.unwrap_or_default());
        let heap = bookmark.heap;
        let words = format!(
            "{}; figures are compared with it from here on",
            described(&bookmark)
        );
        self.bookmarks.keep(bookmark, self.place);
        self.letter(heap, 'm');
        Answer {
            words,
            ..Answer::default()
        }
    }

    /// Chooses what figures are compared with.
    pub(super) fn set_baseline(&mut self, baseline: Baseline) -> Answer {
        let words = match baseline {
            Baseline::Here => {
                let here = self.moment(0, "");
                let words = format!(
                    "{}; figures are compared with it from here on",
                    described(&here)
                );
                self.bookmarks.compare_with(here, self.place);
                words
            }
            Baseline::Off => {
                self.bookmarks.baseline = None;
                "figures are compared with nothing".to_owned()
            }
            Baseline::Mark(number) => match self.compare_with_mark(number) {
                Some(words) => words,
                None => return self.no_such_mark(number),
            },
        };
        Answer {
            words,
            ..Answer::default()
        }
    }

    fn compare_with_mark(&mut self, number: u32) -> Option<String> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let bookmark = Arc::clone(self.bookmarks.kept.get(index)?);
        let place = self.bookmarks.places[index];
        let whither = if bookmark.gone {
            "; it lies in a future that was taken back or left for another: only its figures are left"
        } else if self.lies_ahead(place) {
            "; it lies in a future that was taken back: redo leads there"
        } else {
            ""
        };
        let words = format!(
            "figures are compared with {}{whither}",
            described(&bookmark)
        );
        self.bookmarks.compare_with(bookmark, place);
        Some(words)
    }

    fn no_such_mark(&self, number: u32) -> Answer {
        let known = match self.bookmarks.kept.len() {
            0 => "none is kept yet; mark keeps one".to_owned(),
            1 => "expected 1".to_owned(),
            most => format!("expected 1 to {most}"),
        };
        Answer {
            words: format!("there is no bookmark {number}: {known}"),
            tone: Tone::Refused,
            ..Answer::default()
        }
    }

    /// The heap in view at this moment.
    fn moment(&self, number: u32, words: &str) -> Arc<Bookmark> {
        let slot = self.shown();
        Arc::new(Bookmark {
            at: self.operations,
            number,
            words: words.to_owned(),
            heap: slot.number,
            gone: false,
            command: self.did.to_string(),
            figures: view::figures(&slot.heap),
            memory: view::memory_line(&slot.heap, slot.returned),
        })
    }
}

fn described(bookmark: &Bookmark) -> String {
    let name = match bookmark.number {
        0 => "this moment".to_owned(),
        number => format!("bookmark {number}"),
    };
    let words = if bookmark.words.is_empty() {
        String::new()
    } else {
        format!(" \"{}\"", bookmark.words)
    };
    format!(
        "{name}{words}, operation {} of heap {}: {} in {}, {} free, {} committed",
        grouped(bookmark.at),
        bookmark.heap,
        exact(bookmark.figures.busy_bytes),
        count(bookmark.figures.busy_blocks, "busy block"),
        exact(bookmark.figures.free_bytes),
        rough(bookmark.figures.committed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::parse_line;
    use crate::view::Lens;

    fn tell(session: &mut Session, line: &str) -> Answer {
        match line {
            "undo" => session.undo(),
            "redo" => session.redo(),
            line => session.apply(&parse_line(line).expect(line).expect("not blank")),
        }
    }

    /// Lines, and words that the answer to the last of them has.
    #[test]
    fn answers_say_where_a_bookmark_lies() {
        for (lines, expected) in [
            (&["mark"][..], "bookmark 1, operation 0 of heap 0"),
            (
                &["alloc a 100", "mark"],
                "bookmark 1, operation 1 of heap 1: 112 B in 1 busy block",
            ),
            (
                &["alloc a 100", "mark \"before the flood\""],
                "bookmark 1 \"before the flood\", operation 1",
            ),
            (
                &["alloc a 100", "mark before the flood"],
                "bookmark 1 \"before the flood\", operation 1",
            ),
            (
                &["baseline 1"],
                "there is no bookmark 1: none is kept yet; mark keeps one",
            ),
            (
                &["mark", "mark", "baseline 3"],
                "there is no bookmark 3: expected 1 to 2",
            ),
            (&["baseline here"], "this moment, operation 0"),
            (
                &["mark", "baseline off"],
                "figures are compared with nothing",
            ),
            (
                &["alloc a 8", "mark", "alloc b 8", "baseline 1"],
                "compared with bookmark 1, operation 1 of heap 1: 32 B in 1 busy block, ",
            ),
            (
                &["alloc a 8", "mark", "undo", "baseline 1"],
                "taken back: redo leads there",
            ),
            (
                &["alloc a 8", "mark", "undo", "redo", "baseline 1"],
                "KiB committed",
            ),
            (
                &["alloc a 8", "mark", "undo", "alloc b 8", "baseline 1"],
                "taken back or left",
            ),
            (
                &[
                    "alloc a 8",
                    "mark",
                    "alloc b 8",
                    "undo",
                    "undo",
                    "alloc c 8",
                    "baseline 1",
                ],
                "taken back or left",
            ),
            (
                &[
                    "alloc a 8",
                    "mark",
                    "alloc b 8",
                    "undo",
                    "alloc c 8",
                    "baseline 1",
                ],
                "KiB committed",
            ),
            // No operation, but a change all the same.
            (
                &["alloc a 8", "coalesce off", "mark", "undo", "baseline 1"],
                "taken back: redo leads there",
            ),
        ] {
            let mut session = Session::new().expect("addresses");
            let answers: Vec<String> = lines
                .iter()
                .map(|line| tell(&mut session, line).words)
                .collect();
            let last = answers.last().expect("a line");
            assert!(last.contains(expected), "{lines:?}: {last}");
            let ahead = last.contains("taken back");
            assert_eq!(ahead, expected.contains("taken back"), "{lines:?}: {last}");
        }
    }

    #[test]
    fn in_the_past_there_is_another_way_to_come_back() {
        let mut session = Session::new().expect("addresses");
        for line in ["alloc a[0:3] 5000", "free a", "seek 2"] {
            tell(&mut session, line);
        }
        let answer = tell(&mut session, "mark");
        assert_eq!(answer.tone, Tone::Refused);
        assert!(
            answer.words.contains("`seek 2` leads back here"),
            "{answer:?}"
        );
    }

    #[test]
    fn undo_leaves_bookmarks_and_baseline_alone() {
        let mut session = Session::new().expect("addresses");
        for line in ["alloc a 5000", "mark", "free a", "mark low", "baseline 1"] {
            tell(&mut session, line);
        }
        let before = session.frame(&Lens::default());
        for _ in 0..2 {
            tell(&mut session, "undo");
        }
        let after = session.frame(&Lens::default());
        assert_eq!(after.bookmarks, before.bookmarks);
        assert_eq!(after.baseline, before.baseline);
        let marks: Vec<(u32, u64, &str, &str)> = after
            .bookmarks
            .iter()
            .map(|mark| (mark.number, mark.at, &*mark.words, &*mark.command))
            .collect();
        assert_eq!(marks, [(1, 1, "", "alloc a 5000"), (2, 2, "low", "free a")]);
        let [high, low] = &after.bookmarks[..] else {
            panic!("two bookmarks")
        };
        assert_eq!(high.figures.busy_blocks, 1);
        assert_eq!(low.figures.busy_blocks, 0);
        assert_eq!(after.baseline.as_ref(), Some(high));
        // The first was left for good, the second too.
        tell(&mut session, "alloc c 8");
        let frame = session.frame(&Lens::default());
        assert!(frame.bookmarks.iter().all(|mark| mark.gone));
        assert!(frame.baseline.is_some_and(|baseline| baseline.gone));
    }
}
