//! The two sets of characters, by meaning.

use crate::view::{Cell, CellState};

use super::legend::Kind;

/// Every this many cells of reserved memory bear the sparse mark.
const SPARSE: usize = 4;

/// Characters by meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glyphs {
    /// First cell of a busy block, and the others.
    pub busy: [char; 2],
    /// First cell of a hole, and the others.
    pub free: [char; 2],
    /// The heap's own memory.
    pub control: [char; 2],
    /// First cell of the selected block, and the others when busy.
    pub selected: [char; 2],
    /// The other cells of the selected block when it is a hole.
    pub selected_free: char,
    /// First cell of a block allocated just now, and the others.
    pub new: [char; 2],
    /// First cell of a block freed just now, and the others.
    pub freed: [char; 2],
    /// First cell of a hole that was merged just now, and the others.
    pub merged: [char; 2],
    /// First cell of what stayed free of a block cut just now, and the others.
    pub split: [char; 2],
    /// Memory given back to the system just now: the sparse mark, and what lies between.
    pub returned: [char; 2],
    /// What the present step of a call that is played is about: first cell, and the others.
    pub step: [char; 2],
    /// First cell of a block that keeps pages, and the others.
    pub pin: [char; 2],
    /// First cell of a block that the filter matches, and the others when busy.
    pub found: [char; 2],
    /// The other cells of such a block when it is a hole.
    pub found_free: char,
    /// Where a second free block begins without having been merged with the first.
    pub unmerged: char,
    /// Reserved memory: the sparse mark, and what lies between.
    pub uncommitted: [char; 2],
    /// A cell partly busy, by eighths of busy bytes from 1 to 7.
    pub mixed: [char; 7],
    /// Memory that cannot be read as blocks.
    pub bad: char,
    /// Parts of the committed memory in a bar: live, slack, headers, control, returnable and pinned holes.
    pub parts: [char; 6],
    /// Heights in one row of text by eighths, from 1 to 8.
    pub levels: [char; 8],
    /// Columns of a chart by eighths, from 1 to 8: none looks like a line of a chart.
    pub area: [char; 8],
    /// Lines of a chart: committed, resident, both. Dots of braille take their place where there are any.
    pub lines: [char; 3],
    /// Whether lines of charts are made of braille.
    pub braille: bool,
    /// The chosen row of a list.
    pub chosen: char,
    /// Around the part of the overview that the map shows.
    pub window: [char; 2],
    /// Beside the first, the middle and the last row of a chosen range.
    pub range: [char; 3],
    /// From one row of a list to the next.
    pub down: char,
    /// Rules and folded rows.
    pub rule: char,
    /// Between the segments of a line.
    pub bar: char,
    /// What was cut off.
    pub more: char,
    /// Something runs; something is paused.
    pub run: [char; 2],
    /// Before and after.
    pub arrow: &'static str,
    /// Points at a place in the line above.
    pub caret: char,
}

/// The two sets. `▒▓█▀▄` and lines may be two columns wide in East Asian terminals: hence the second.
pub(super) const UNICODE: Glyphs = Glyphs {
    busy: ['▐', '█'],
    free: ['┊', '░'],
    control: ['▛', '▒'],
    selected: ['┣', '━'],
    selected_free: '┅',
    new: ['▟', '▓'],
    freed: ['╳', '╱'],
    merged: ['╠', '═'],
    split: ['├', '┄'],
    returned: ['▽', '·'],
    step: ['◉', '◎'],
    pin: ['◆', '◇'],
    found: ['●', '○'],
    found_free: '◦',
    unmerged: '║',
    uncommitted: ['·', ' '],
    mixed: ['▁', '▂', '▃', '▄', '▅', '▆', '▇'],
    bad: '!',
    parts: ['█', '▚', '▐', '▒', '▽', '░'],
    levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    area: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    lines: ['⠒', '⠂', '⠛'],
    braille: true,
    chosen: '▸',
    window: ['┤', '├'],
    range: ['┏', '┃', '┗'],
    down: '↓',
    rule: '─',
    bar: '│',
    more: '…',
    run: ['▶', '‖'],
    arrow: "→",
    caret: '↑',
};

pub(super) const ASCII: Glyphs = Glyphs {
    busy: ['[', '#'],
    free: ['(', '.'],
    control: ['{', '='],
    selected: ['>', '@'],
    selected_free: ':',
    new: ['*', '+'],
    freed: ['X', 'x'],
    merged: ['<', '-'],
    split: ['/', ','],
    returned: ['v', ' '],
    step: ['&', '&'],
    pin: ['P', 'p'],
    found: ['F', 'f'],
    found_free: ';',
    unmerged: '|',
    uncommitted: [' ', ' '],
    mixed: ['~'; 7],
    bad: '!',
    parts: ['#', '%', '[', '=', 'v', '.'],
    levels: ['_', '_', '-', '-', '=', '=', '#', '#'],
    area: ['.', '.', '.', ':', ':', '#', '#', '#'],
    lines: ['-', 'o', '='],
    braille: false,
    chosen: '>',
    window: ['<', '>'],
    range: ['/', '|', '\\'],
    down: 'v',
    rule: '-',
    bar: '|',
    more: '~',
    run: ['>', '='],
    arrow: "->",
    caret: '^',
};

impl Glyphs {
    /// The character of a cell that is read as `kind`.
    pub(super) fn of_cell(&self, kind: Kind, cell: &Cell, column: usize) -> char {
        let sparse = usize::from(!column.is_multiple_of(SPARSE));
        let free = cell.state == CellState::Free && !cell.starts;
        let place = usize::from(!cell.starts);
        match kind {
            Kind::Damaged => self.bad,
            Kind::Returned => self.returned[sparse],
            Kind::Uncommitted => self.uncommitted[sparse],
            Kind::Selected if free => self.selected_free,
            Kind::Found if free => self.found_free,
            Kind::Unmerged => self.unmerged,
            Kind::Mixed => self.mixed[usize::from(cell.fill.clamp(1, 7)) - 1],
            _ => self.pair(kind)[place],
        }
    }

    /// First and other cells of what is not one character alone.
    fn pair(&self, kind: Kind) -> [char; 2] {
        match kind {
            Kind::Busy => self.busy,
            Kind::Free => self.free,
            Kind::Control => self.control,
            Kind::Selected => self.selected,
            Kind::Found => self.found,
            Kind::Pin => self.pin,
            Kind::New => self.new,
            Kind::Freed => self.freed,
            Kind::Merged => self.merged,
            Kind::Split => self.split,
            Kind::Returned => self.returned,
            Kind::Uncommitted => self.uncommitted,
            Kind::First => ['1'; 2],
            Kind::Second => ['2'; 2],
            Kind::Step => self.step,
            Kind::Unmerged => [self.unmerged; 2],
            Kind::Mixed => [self.mixed[0], self.mixed[6]],
            Kind::Damaged => [self.bad; 2],
        }
    }

    /// What the legend shows of `kind`.
    pub(super) fn sample(&self, kind: Kind) -> String {
        match kind {
            // A blank shows nothing by itself.
            Kind::Uncommitted if self.uncommitted[0] == ' ' => "' '".to_owned(),
            Kind::Mixed if self.mixed[0] != self.mixed[6] => {
                [self.mixed[0], self.mixed[3], self.mixed[6]]
                    .iter()
                    .collect()
            }
            Kind::Uncommitted
            | Kind::Returned
            | Kind::Unmerged
            | Kind::Mixed
            | Kind::Damaged
            | Kind::First
            | Kind::Second => self.pair(kind)[0].to_string(),
            Kind::Control => self.control[1].to_string(),
            _ => self.pair(kind).iter().collect(),
        }
    }
}
