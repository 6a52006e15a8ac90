//! Busy, committed and resident bytes over time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::panes::Pane;

use super::Scene;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    scene.titled(Pane::Time, area, "", buffer);
}
