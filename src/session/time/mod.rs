//! Time as a place: every moment of a session can be looked at, and gone on from.
//!
//! A *line* of history is a row of entries, one for each command that changed something, with the state before each and,
//! inside long ones, checkpoints on the way. A *place* on it is the end of an entry, or one of its operations. To get
//! there the nearest checkpoint before it is entered, and the entry's own command is made again up to the operation
//! ([`seek`](self)): from the same state it gives the same bytes. What does not repeat (real threads, calls made step by
//! step) has no places inside.
//!
//! While the past is looked at, the present is kept aside as it was. `branch` makes the place a present of its own, on
//! a new line; the old line keeps its number and its future.

mod branch;
mod extremes;
mod inner;
mod line;
mod place;
mod seek;
mod shown;
mod state;
mod undo;

use std::fmt;

pub(super) use extremes::Extremes;
pub(super) use inner::Spacing;
pub(super) use line::{Again, Entry, History};
pub(super) use seek::Looking;
pub use shown::{BranchShown, Progress64, TimeShown};
pub(super) use state::Before;
pub use state::Checkpoint;

/// The letters of what `seek next` finds: coalesce, serialize, HeapCompact, `_heapmin`.
pub const LETTERS: [char; 4] = ['C', 'S', 'K', 'M'];

/// A place in time, as a person names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeekTo {
    /// `seek N`: behind operation N, and behind whatever came before operation N + 1.
    Operation(u64),
    /// `seek back [COUNT]`, `seek forward [COUNT]`: so many places on.
    By(Direction, u64),
    /// `seek mark back|forward`: the next mark that way: a command with a letter of its own, or a bookmark.
    Mark(Direction),
    /// `seek present`: the end of this line of history.
    Present,
    /// `seek peak`: where the most was committed.
    Peak,
    /// `seek worst`: where external fragmentation was worst.
    Worst,
    /// `seek failure`: the first operation that failed.
    Failure,
    /// `seek next C|S|K|M`: the next command with this letter.
    Next(char),
}

impl SeekTo {
    /// The word for the present.
    pub const PRESENT: &'static str = "present";
    /// The word for where the most was committed.
    pub const PEAK: &'static str = "peak";
    /// The word for the worst fragmentation.
    pub const WORST: &'static str = "worst";
    /// The word for the first failure.
    pub const FAILURE: &'static str = "failure";
}

/// A way through time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Towards the begin.
    Back,
    /// Towards the present.
    Forward,
}

impl Direction {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Back => "back",
            Direction::Forward => "forward",
        }
    }
}

impl fmt::Display for SeekTo {
    /// What follows the verb, with the blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeekTo::Operation(number) => write!(f, " {number}"),
            SeekTo::By(_, 1) => Ok(()),
            SeekTo::By(_, count) => write!(f, " {count}"),
            SeekTo::Mark(direction) => write!(f, " {}", direction.name()),
            SeekTo::Next(letter) => write!(f, " {letter}"),
            SeekTo::Present => write!(f, " {}", SeekTo::PRESENT),
            SeekTo::Peak => write!(f, " {}", SeekTo::PEAK),
            SeekTo::Worst => write!(f, " {}", SeekTo::WORST),
            SeekTo::Failure => write!(f, " {}", SeekTo::FAILURE),
        }
    }
}

#[cfg(test)]
mod tests;
