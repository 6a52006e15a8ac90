//! What a cell of the map is read as, and the legend that says so.

use crate::view::{Cell, CellState, Mark};

use super::{Role, Theme};

/// What a cell is read as: of all that is true of it, the most urgent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Cannot be read as a block.
    Damaged,
    /// The selected block.
    Selected,
    /// Matches the filter.
    Found,
    /// What the first of two calls under way touches next.
    First,
    /// What the second one touches next.
    Second,
    /// What the present step of a call that is played is about.
    Step,
    /// Allocated just now.
    New,
    /// Freed just now.
    Freed,
    /// Merged just now.
    Merged,
    /// What stayed free of a block cut just now.
    Split,
    /// Given back to the system just now.
    Returned,
    /// Keeps pages from being returned.
    Pin,
    /// The seam of two holes.
    Unmerged,
    /// Partly busy, partly free.
    Mixed,
    /// A busy block.
    Busy,
    /// A hole.
    Free,
    /// The heap's own.
    Control,
    /// Reserved, not committed.
    Uncommitted,
}

/// One entry of the map's legend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegendEntry {
    /// What it explains.
    pub kind: Kind,
    /// The characters as the map shows them.
    pub glyphs: String,
    /// How they are coloured.
    pub role: Role,
    /// What they mean.
    pub word: &'static str,
}

/// Every kind with its role and its word, the most needed first.
const LEGEND: [(Kind, Role, &str); 18] = [
    (Kind::Busy, Role::Busy, "busy"),
    (Kind::Free, Role::Free, "hole"),
    (Kind::Damaged, Role::Bad, "bad"),
    (Kind::Unmerged, Role::Unmerged, "unmerged"),
    (Kind::Mixed, Role::Mixed, "mixed"),
    (Kind::Found, Role::Found, "found"),
    (Kind::Pin, Role::Pin, "pin"),
    (Kind::First, Role::Found, "t1 next"),
    (Kind::Second, Role::Found, "t2 next"),
    (Kind::Step, Role::Found, "step"),
    (Kind::New, Role::New, "new"),
    (Kind::Freed, Role::Freed, "freed"),
    (Kind::Merged, Role::Freed, "merged"),
    (Kind::Split, Role::Freed, "split"),
    (Kind::Returned, Role::Returned, "returned"),
    (Kind::Uncommitted, Role::Uncommitted, "reserved"),
    (Kind::Control, Role::Overhead, "control"),
    (Kind::Selected, Role::Selected, "selected"),
];

impl Kind {
    /// Damage beats selection, selection beats what is looked for, then comes what just happened,
    /// and at last the state, so that nothing urgent is hidden.
    #[must_use]
    pub fn of(cell: &Cell) -> Kind {
        match (cell.state, cell.mark) {
            (CellState::Damaged, _) => Kind::Damaged,
            (_, Some(Mark::Step)) => Kind::Step,
            (CellState::Uncommitted, Some(Mark::Returned)) => Kind::Returned,
            (CellState::Uncommitted, _) => Kind::Uncommitted,
            (_, Some(Mark::First)) => Kind::First,
            (_, Some(Mark::Second)) => Kind::Second,
            _ if cell.selected => Kind::Selected,
            _ if cell.found => Kind::Found,
            (_, Some(Mark::New)) => Kind::New,
            (_, Some(Mark::Freed)) => Kind::Freed,
            (CellState::Free, Some(Mark::Merged)) => Kind::Merged,
            (CellState::Free, Some(Mark::Split)) => Kind::Split,
            _ if cell.pin => Kind::Pin,
            (CellState::Free, _) if cell.unmerged => Kind::Unmerged,
            _ if cell.mixed => Kind::Mixed,
            (CellState::Free, _) => Kind::Free,
            (CellState::Busy, _) => Kind::Busy,
            (CellState::Control, _) => Kind::Control,
        }
    }

    /// How it is coloured.
    #[must_use]
    pub fn role(self) -> Role {
        LEGEND
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or(Role::Text, |(_, role, _)| *role)
    }
}

impl Theme {
    /// Every glyph of the map with its meaning, the most needed first.
    #[must_use]
    pub fn legend(&self) -> Vec<LegendEntry> {
        LEGEND
            .iter()
            .map(|&(kind, role, word)| LegendEntry {
                kind,
                glyphs: self.glyphs.sample(kind),
                role,
                word,
            })
            .collect()
    }
}
