//! The cells of a screen row as a reader sees them: a wide character once.

use ratatui::buffer::{Buffer, Cell};
use unicode_width::UnicodeWidthStr;

/// A cell and the columns it takes.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) cell: &'a Cell,
    /// The first column, from 0 at the left edge of the buffer.
    pub(super) column: u16,
    /// How many columns.
    pub(super) width: u16,
}

/// The cells of row `row`, counted from 0 at the top of the buffer. Those that a wide character covers are left out.
pub(super) fn cells(buffer: &Buffer, row: u16) -> impl Iterator<Item = Seen<'_>> {
    let area = buffer.area;
    let mut column = 0;
    std::iter::from_fn(move || {
        let cell = buffer
            .cell((area.x + column, area.y + row))
            .filter(|_| column < area.width)?;
        let width = u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
        let seen = Seen {
            cell,
            column,
            width: width.min(area.width - column),
        };
        column += seen.width;
        Some(seen)
    })
}
