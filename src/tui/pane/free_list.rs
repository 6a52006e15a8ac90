//! Free blocks in the order in which they are tried.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::panes::Pane;

use super::Scene;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    scene.titled(Pane::FreeList, area, "", buffer);
}
