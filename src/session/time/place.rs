//! Places on a line, and where they lie.

use crate::session::session::Session;

use super::Direction;
use super::line::{Again, Entry};

/// A place on the line that is gone on: so many entries done, and so many operations of the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::session) struct Place {
    pub(super) entry: usize,
    pub(super) inside: u64,
}

impl Place {
    /// Behind so many entries.
    pub(super) fn behind(entry: usize) -> Place {
        Place { entry, inside: 0 }
    }
}

impl Session {
    /// The present of the line.
    pub(super) fn end_of_line(&self) -> Place {
        Place::behind(self.history.line.at)
    }

    /// Where in time this is.
    pub(super) fn here_in_time(&self) -> Place {
        self.looking
            .as_ref()
            .map_or(self.end_of_line(), |looking| looking.place)
    }

    /// Operations that an entry made.
    pub(super) fn operations_of(&self, index: usize) -> u64 {
        let Some(entry) = self.history.entry(index) else {
            return 0;
        };
        let live = || {
            let looking = self.looking.as_ref();
            let end = looking.map_or(self.operations, |looking| looking.present.operations());
            end.saturating_sub(entry.begin())
        };
        entry.made.unwrap_or_else(live)
    }

    /// How many places an entry has: its end, and its operations if they can be made again.
    fn places_of(&self, index: usize) -> u64 {
        match self.history.entry(index).map(|entry| &entry.again) {
            None | Some(Again::Ends) => 1,
            Some(Again::Command(_) | Again::Run) => self.operations_of(index).max(1),
        }
    }

    /// The last place at which so many operations are done, or else the last before.
    pub(super) fn place_of_operation(&self, number: u64) -> Place {
        let line = &self.history.line;
        let entries = &self.history.entries;
        let begins = |id: &u64| entries.get(id).map_or(0, Entry::begin);
        let done = &line.ids[..line.at];
        let behind = done.partition_point(|id| begins(id) <= number);
        let Some(index) = behind.checked_sub(1) else {
            return Place::behind(0);
        };
        let inside = number - begins(&done[index]);
        if inside >= self.operations_of(index) && inside > 0 {
            return Place::behind(index + 1);
        }
        if inside >= self.places_of(index) {
            return Place::behind(index);
        }
        // Of entries without operations behind this number all are done.
        let open = inside == 0 && self.operations_of(index) == 0;
        Place {
            entry: index + usize::from(open),
            inside,
        }
    }

    /// Operations done at a place.
    pub(super) fn place_operation(&self, place: Place) -> u64 {
        match self
            .history
            .entry(place.entry)
            .filter(|_| place < self.end_of_line())
        {
            Some(entry) => entry.begin() + place.inside,
            None => {
                let looking = self.looking.as_ref();
                looking.map_or(self.operations, |looking| looking.present.operations())
            }
        }
    }

    /// So many places on from here.
    pub(super) fn place_on(&self, from: Place, direction: Direction, count: u64) -> Place {
        let mut left = count;
        let mut place = from;
        match direction {
            Direction::Forward => {
                while left > 0 && place < self.end_of_line() {
                    let rest = self.places_of(place.entry) - place.inside;
                    if left < rest {
                        place.inside += left;
                        return place;
                    }
                    left -= rest;
                    place = Place::behind(place.entry + 1);
                }
            }
            Direction::Back => {
                while left > place.inside {
                    left -= place.inside;
                    place.inside = 0;
                    let Some(before) = place.entry.checked_sub(1) else {
                        return place;
                    };
                    place = Place {
                        entry: before,
                        inside: self.places_of(before),
                    };
                }
                place.inside -= left;
            }
        }
        place
    }
}
