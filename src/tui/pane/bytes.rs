//! Bytes of the selected block, 16 a row: never of a page that is not in memory.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::panes::Pane;

use super::Scene;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    scene.titled(Pane::Bytes, area, "", buffer);
}
