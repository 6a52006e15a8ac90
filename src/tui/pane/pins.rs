//! Where the committed memory is, and which blocks keep pages from being returned.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::panes::Pane;

use super::{Scene, memory};

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let inner = scene.titled(Pane::Pins, area, "", buffer);
    memory::draw_table(scene, inner, buffer);
}

/// Rows of the list of pins that fit into `area`.
pub(super) fn rows_in(area: Rect) -> u16 {
    area.height.saturating_sub(1)
}
