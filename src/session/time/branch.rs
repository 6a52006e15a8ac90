//! Going on from the past: lines of history that part, and the way from one to another.

use std::sync::Arc;

use crate::session::Command;
use crate::session::frame::Answer;
use crate::session::session::Session;
use crate::session::words::grouped;

use super::place::Place;
use super::{Direction, SeekTo};

impl Session {
    /// `branch`.
    pub(super) fn branch(&mut self, line: Option<u32>) -> Answer {
        self.end_seeking();
        match line {
            None => self.branch_here(),
            Some(number) => self.branch_to(number),
        }
    }

    /// The place that is looked at becomes the present of a line of its own.
    fn branch_here(&mut self) -> Answer {
        let Some(place) = self.looking.as_ref().map(|looking| looking.place) else {
            return Answer::refused(
                "this is the present: `seek` looks at the past, and `branch` goes on from there",
            );
        };
        let way = self.way_to(place);
        // Whoever looked may have left traces in counts of calls.
        self.enter_place(place);
        let Some(looking) = self.looking.take() else {
            return Answer::default();
        };
        if let Some(running) = &looking.running {
            self.end_keeping(running.heap());
        }
        let begun = place.inside > 0;
        let parted = self.history.entry(place.entry).filter(|_| begun);
        let parted = parted.map(|entry| entry.until(place.inside, looking.extremes));
        let old = self.history.line.number;
        self.history.part(place.entry, looking.present);
        if let Some(entry) = parted {
            self.places += 1;
            self.place = self.places;
            self.did = Arc::clone(&entry.command);
            self.history.add(entry);
        }
        // At once: a program that is killed in between must not leave a journal that ends in the past.
        self.settle_bookmarks();
        self.journal(&format!("{}\nbranch", way.join("\n")));
        self.make_room();
        let after = if self.history.has_other(old) {
            format!("what came after stays line {old}: `branch {old}` leads there")
        } else {
            format!("there was no room to keep what came after (line {old})")
        };
        Answer::done(
            "",
            format!(
                "this is the present of line {} now, behind operation {}; {after}",
                self.history.line.number,
                grouped(self.operations)
            ),
        )
    }

    /// The present is that of another line from here on.
    fn branch_to(&mut self, number: u32) -> Answer {
        let Some(line) = self.history.take(number) else {
            let known: Vec<String> = self
                .history
                .others
                .iter()
                .map(|line| line.number.to_string())
                .collect();
            return Answer::refused(match (number == self.history.line.number, &known[..]) {
                (true, _) => format!("line {number} is the one that is shown"),
                _ if self.history.had(number) => format!(
                    "line {number} is gone: there was no room for it; `history SIZE` makes more for others"
                ),
                (_, []) => format!("there is no line {number}: this is the only one"),
                _ => format!("there is no line {number}; others are {}", known.join(", ")),
            });
        };
        let now = self.looking.take().map(|looking| looking.present);
        let now = now.unwrap_or_else(|| self.state());
        let left = self.history.line.number;
        let present = line.present.clone();
        self.history.exchange(line, now);
        if let Some(present) = present {
            self.enter(&present);
        }
        self.history.line.present = None;
        self.settle_bookmarks();
        self.journal(&format!("branch {number}"));
        self.make_room();
        let back = if self.history.has_other(left) {
            format!("`branch {left}` leads back")
        } else {
            format!("there was no room to keep line {left}")
        };
        Answer::done(
            "",
            format!(
                "line {number}, behind operation {}; {back}",
                grouped(self.operations)
            ),
        )
    }

    /// The commands that lead from the present to the place that is looked at; none where that is the present.
    pub(in crate::session) fn way_here(&self) -> Vec<String> {
        let looking = self.looking.as_ref();
        looking.map_or_else(Vec::new, |looking| self.way_to(looking.place))
    }

    /// The commands that lead to a place from the present, for a replay.
    fn way_to(&self, place: Place) -> Vec<String> {
        let operation = self.place_operation(place);
        let mut near = self.place_of_operation(operation);
        let mut back = 0_u64;
        while near > place {
            near = self.place_on(near, Direction::Back, 1);
            back += 1;
        }
        let seek = Command::Seek(SeekTo::Operation(operation));
        let rest = (back > 0).then_some(Command::Seek(SeekTo::By(Direction::Back, back)));
        [seek]
            .into_iter()
            .chain(rest)
            .map(|seek| seek.to_string())
            .collect()
    }
}
