//! The way back by commands: what is kept before each, undo and redo.

use std::collections::HashSet;
use std::sync::Arc;

use crate::session::frame::{Answer, Tone};
use crate::session::session::Session;
use crate::session::words::rough;
use crate::view;

use super::extremes::Extremes;
use super::line::Again;
use super::place::Place;
use super::state::Before;

impl Session {
    /// What undo would bring back, before a command that may change it. Nothing where undo is off, or where the heaps
    /// hold more than undo may keep.
    pub(in crate::session) fn before(&mut self) -> Option<Before> {
        let resident = |slot: &crate::session::session::Slot| {
            if slot.dirty {
                view::resident(&slot.heap).unwrap_or(0)
            } else {
                0
            }
        };
        if !self.undoes || self.slots.iter().map(resident).sum::<u64>() > self.history.budget {
            return None;
        }
        Some(Before(self.state()))
    }

    /// Keeps the way back from a command that changed something. Answers whether there is one.
    pub(in crate::session) fn keep(
        &mut self,
        command: &str,
        again: Again,
        before: Option<Before>,
    ) -> bool {
        self.did = Arc::from(command);
        self.places += 1;
        self.place = self.places;
        let begun = self.run_begun.take();
        let Some(Before(state)) = before else {
            // Older states do not lead back from here.
            self.history.clear();
            return !self.undoes;
        };
        self.leave_redo(&state);
        let made = self.operations.saturating_sub(state.operations());
        if made == 0 {
            self.note_call(self.shown().number, false);
        }
        let mut entry = self.history.new_entry(Arc::clone(&self.did), again, state);
        entry.made = Some(made);
        entry.extremes = std::mem::take(&mut self.extremes);
        if let Some(begun) = begun {
            entry.odd_from = begun.odd_from;
            (entry.inner, entry.apart) = (begun.inner, begun.apart);
        }
        self.history.add(entry);
        self.make_room();
        true
    }

    /// Forgets what there is no room for. While the past is looked at no place goes: one of them is shown, and another
    /// sought.
    pub(super) fn make_room(&mut self) {
        if self.looking.is_some() {
            self.history.shrink_inside();
        } else {
            self.history.shrink();
        }
    }

    /// What redo would have brought back is another line from here on.
    fn leave_redo(&mut self, present: &super::state::State) {
        if !self.places_ahead().is_empty() {
            let at = self.history.line.at;
            self.history.part(at, present.clone());
            self.settle_bookmarks_at(present.place);
        }
    }

    /// `history`: how much memory the way back may take.
    pub(in crate::session) fn set_history(&mut self, bytes: Option<u64>) -> Answer {
        let before = self.history.budget;
        self.history.set_budget(bytes);
        self.make_room();
        Answer::done(
            "",
            format!(
                "the way back may take {} (was {}); it takes {} now",
                rough(self.history.budget),
                rough(before),
                rough(self.history.bytes())
            ),
        )
    }

    /// Keeps no way back from here on: for runs that nobody watches.
    pub fn without_undo(&mut self) {
        self.undoes = false;
    }

    /// Takes a checkpoint before `command`, which is sure to change something, and goes on until
    /// [`close_entry`](Session::close_entry).
    pub(in crate::session) fn open_entry(&mut self, command: &str, again: Again) {
        let before = self.before();
        self.open_entry_from(before, command, again);
    }

    /// The same with a checkpoint that was taken before.
    pub(in crate::session) fn open_entry_from(
        &mut self,
        before: Option<Before>,
        command: &str,
        again: Again,
    ) {
        let had = before.is_some();
        self.keep(command, again, before);
        if let Some(entry) = self.history.last_mut().filter(|_| had) {
            entry.made = None;
        }
    }

    /// The last entry makes no more operations.
    pub(in crate::session) fn close_entry(&mut self) {
        let now = self.operations;
        let extremes = self.extremes;
        if let Some(entry) = self.history.last_mut().filter(|entry| entry.made.is_none()) {
            entry.made = Some(now.saturating_sub(entry.begin()));
            entry.extremes = extremes;
            self.extremes = Extremes::default();
        }
    }

    /// Keeps what a workload needs to make its steps again from here, for the entry that is kept next or is open.
    pub(in crate::session) fn begin_inner(&mut self) {
        if !self.undoes {
            return;
        }
        let state = self.state();
        if let Some(mut running) = self.running.take() {
            let entry = self.history.new_entry(Arc::from(""), Again::Run, state);
            let mut entry = Box::new(entry);
            entry.add_inner(self.inner_of(&mut running, Extremes::default()));
            self.run_begun = Some(entry);
            self.running = Some(running);
        }
    }

    /// Commands that can be taken back, and brought back.
    #[must_use]
    pub fn depths(&self) -> (usize, usize) {
        self.history.depths()
    }

    /// Takes back the last command that changed anything.
    pub fn undo(&mut self) -> Answer {
        if let Some(words) = self.waits() {
            return self.nothing(
                "undo",
                &format!("{words}: a call that is under way is not taken back"),
            );
        }
        if let Some(answer) = self.undo_stepping() {
            return answer;
        }
        let at = self.history.line.at;
        let Some(entry) = at.checked_sub(1).and_then(|last| self.history.entry(last)) else {
            return self.nothing("undo", "there is nothing to undo");
        };
        let (command, before) = (Arc::clone(&entry.command), Arc::clone(&entry.before));
        self.journal("undo");
        if at == self.history.line.ids.len() {
            self.history.line.tip = Some(Arc::new(self.state()));
        }
        let answer = self.moved("undo", &format!("took back: {command}"));
        self.enter(&before);
        self.history.line.at = at - 1;
        self.tell(answer.clone());
        answer
    }

    /// Brings back the last command taken back.
    pub fn redo(&mut self) -> Answer {
        if let Some(words) = self.waits() {
            return self.nothing("redo", &format!("{words}: the call has to end first"));
        }
        if self.is_in_steps() {
            return self.nothing("redo", "a call is under way; `step off` gives it up");
        }
        let at = self.history.line.at;
        let Some(entry) = self.history.entry(at) else {
            return self.nothing("redo", "there is nothing to bring back");
        };
        let command = Arc::clone(&entry.command);
        let behind = self.history.entry(at + 1).map(|next| &next.before);
        let Some(after) = behind.or(self.history.line.tip.as_ref()).map(Arc::clone) else {
            return self.nothing("redo", "there is nothing to bring back");
        };
        self.journal("redo");
        let words = match command.starts_with("threads ") {
            true => format!("brought back what was left by {command}; nothing repeats"),
            false => format!("brought back: {command}"),
        };
        let answer = self.moved("redo", &words);
        self.enter(&after);
        self.history.line.at = at + 1;
        // What undo led back to may go now.
        self.make_room();
        self.tell(answer.clone());
        answer
    }

    pub(super) fn moved(&self, command: &str, words: &str) -> Answer {
        Answer {
            command: command.to_owned(),
            words: words.to_owned(),
            ..Answer::default()
        }
    }

    fn nothing(&mut self, command: &str, words: &str) -> Answer {
        let answer = Answer {
            tone: Tone::Refused,
            ..self.moved(command, words)
        };
        self.tell(answer.clone());
        answer
    }

    /// The places that redo leads to.
    fn places_ahead(&self) -> Vec<u64> {
        let line = &self.history.line;
        let states = (line.at + 1..line.ids.len())
            .filter_map(|index| self.history.entry(index))
            .map(|entry| &entry.before);
        let ahead = states.chain(line.tip.as_ref().filter(|_| line.at < line.ids.len()));
        ahead.map(|state| state.place).collect()
    }

    /// The places behind so many entries each that are done, but for the present.
    fn places_done(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let before = |index| Some((index, self.history.entry(index)?.before.place));
        (0..self.history.line.at).filter_map(before)
    }

    /// Where on the line bookmarks are: those that lie on another line are nowhere here.
    pub(super) fn bookmarked(&self) -> Vec<Place> {
        let kept: HashSet<u64> = self.bookmarks.places().iter().copied().collect();
        let present = self
            .looking
            .as_ref()
            .map_or(self.place, |looking| looking.present.place);
        self.places_done()
            .chain([(self.history.line.at, present)])
            .filter(|(_, place)| kept.contains(place))
            .map(|(entries, _)| Place::behind(entries))
            .collect()
    }

    /// Notes which bookmarks the line does not lead to, when another has become the one that is gone on.
    pub(super) fn settle_bookmarks(&mut self) {
        self.settle_bookmarks_at(self.place);
    }

    /// The same where the present has this place.
    fn settle_bookmarks_at(&mut self, present: u64) {
        let done = self.places_done().map(|(_, place)| place);
        let on_line: HashSet<u64> = done.chain(self.places_ahead()).chain([present]).collect();
        self.bookmarks.settle(|place| on_line.contains(&place));
    }

    /// Whether redo leads to this place.
    pub(in crate::session) fn lies_ahead(&self, place: u64) -> bool {
        self.places_ahead().contains(&place)
    }
}
