//! The whole heap in a row or two above the map, with the part that the map shows between two marks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::canvas::{put, row};
use crate::tui::theme::Role;
use crate::view::{Cell, Overview};

use crate::tui::pane::Scene;

/// What stands in the gutter of each row.
const LABELS: [&str; 2] = ["whole", "heap"];

/// Draws the overview into `area`: cells begin at column `start`, and a row holds `count` of them.
pub(super) fn draw(scene: &Scene<'_>, (start, count): (u16, u16), area: Rect, buffer: &mut Buffer) {
    let overview = &scene.frame.picture.overview;
    let per_row = usize::from(count);
    if overview.cells.is_empty() || per_row == 0 {
        return;
    }
    let rows = overview.cells.chunks(per_row).zip(LABELS);
    for (index, (cells, label)) in (0..area.height).zip(rows) {
        let line = row(area, index);
        put(buffer, line, label, scene.theme.style(Role::Faint));
        let first = usize::from(index) * per_row;
        for ((x, cell), at) in (start..line.right()).zip(cells).zip(first..) {
            let (glyph, style) = glyph_at(scene, overview, cell, at);
            if let Some(target) = buffer.cell_mut((x, line.y)) {
                target.set_char(glyph).set_style(style);
            }
        }
    }
}

fn glyph_at(
    scene: &Scene<'_>,
    overview: &Overview,
    cell: &Cell,
    at: usize,
) -> (char, ratatui::style::Style) {
    let (first, end) = overview.shown;
    let (first, last) = (usize::from(first), usize::from(end).saturating_sub(1));
    let all = first == 0 && last + 1 >= overview.cells.len();
    let window = scene.theme.glyphs.window;
    let mark = match at {
        _ if all => None,
        _ if at == first => Some(window[0]),
        _ if at == last => Some(window[1]),
        _ => None,
    };
    if let Some(mark) = mark {
        return (mark, scene.theme.style(Role::Strong));
    }
    // Where blocks begin, holes meet and pages are kept is too fine for cells of this size.
    let coarse = Cell {
        starts: cell.selected,
        unmerged: false,
        pin: false,
        ..*cell
    };
    scene.theme.cell(&coarse, at)
}
