//! What screens are told of time.

use std::sync::Arc;

use crate::session::frame::Timeline;
use crate::session::session::Session;

use super::line::{Entry, Line};
use super::place::Place;

/// Where in time a frame stands. In the past all figures are those of then: residency, too, is as it was recorded, since
/// a checkpoint knows which pages were resident and what is made again touches the same ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TimeShown {
    /// Operations done at the place shown.
    pub at: u64,
    /// Operations done at the present.
    pub present: u64,
    /// Operations done at the oldest place that can be reached.
    pub first: u64,
    /// The past is looked at: the present is kept aside.
    pub past: bool,
    /// The command that led here, or of which this is an operation; empty where the session begins.
    pub command: String,
    /// Operation k of n of that command.
    pub inside: Option<(u64, u64)>,
    /// The operation or the command that comes next, as it would be typed; `None` at the present.
    pub next: Option<String>,
    /// The number of the line of history that this is.
    pub line: u32,
    /// The other lines, by number.
    pub branches: Vec<BranchShown>,
    /// Bytes that the way back takes.
    pub kept: u64,
    /// Bytes that it may take.
    pub budget: u64,
    /// A long way that is being gone: operations made again, of those to make. Ctrl-c leaves it, and the old place stays.
    pub seeking: Option<Progress64>,
}

/// Another line of history.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BranchShown {
    /// Its number: `branch N` goes to its end.
    pub number: u32,
    /// Operations done where it leaves the line that is shown.
    pub left: u64,
    /// Its last command.
    pub command: String,
    /// Operations done at its end.
    pub operations: u64,
}

/// How many of a known number are done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress64 {
    /// Done.
    pub done: u64,
    /// In all.
    pub of: u64,
}

impl Session {
    /// Where in time this is.
    pub(in crate::session) fn time_shown(&self) -> Arc<TimeShown> {
        let place = self.here_in_time();
        let (command, inside, next) = self.around(place);
        let looking = self.looking.as_ref();
        Arc::new(TimeShown {
            at: self.operations,
            present: looking.map_or(self.operations, |looking| looking.present.operations()),
            first: self.history.first_operation().unwrap_or(self.operations),
            past: looking.is_some(),
            command,
            inside,
            next,
            line: self.history.line.number,
            branches: self
                .history
                .others
                .iter()
                .map(|other| self.branch_shown(other))
                .collect(),
            kept: self.history.bytes(),
            budget: self.history.budget,
            seeking: self.seeking(),
        })
    }

    /// What was measured until the present, of the heap that is shown.
    pub(in crate::session) fn timeline_shown(&self) -> Arc<Timeline> {
        let shown = self.shown();
        let present = self.looking.as_ref().and_then(|looking| {
            let slots = looking.present.slots();
            slots.iter().find(|slot| slot.number == shown.number)
        });
        Arc::new(present.unwrap_or(shown).timeline.shown())
    }

    /// The command that led to a place, which of its operations that is, and what comes next.
    fn around(&self, place: Place) -> (String, Option<(u64, u64)>, Option<String>) {
        let history = &self.history;
        let command = |index: usize| history.entry(index).map(|entry| entry.command.to_string());
        let next = self.looking.as_ref().and_then(|_| command(place.entry));
        if place.inside == 0 {
            let led = place.entry.checked_sub(1).and_then(command);
            return (led.unwrap_or_default(), None, next);
        }
        let of = self.operations_of(place.entry);
        let next = self.next_step().or(next);
        (
            command(place.entry).unwrap_or_default(),
            Some((place.inside, of)),
            next,
        )
    }

    fn branch_shown(&self, other: &Line) -> BranchShown {
        let history = &self.history;
        let common = history.common(other);
        let left = other
            .ids
            .get(common)
            .and_then(|id| history.entries.get(id))
            .map_or(other.operations(), Entry::begin);
        let last = other.at.checked_sub(1).and_then(|last| other.ids.get(last));
        BranchShown {
            number: other.number,
            left,
            command: last
                .and_then(|id| history.entries.get(id))
                .map(|entry| entry.command.to_string())
                .unwrap_or_default(),
            operations: other.operations(),
        }
    }
}
