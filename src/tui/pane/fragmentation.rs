//! What still fits, and holes and blocks by size.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::Frame;
use crate::tui::panes::Pane;

use super::{Opened, Scene};

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    scene.titled(Pane::Fragmentation, area, "", buffer);
}

/// The bars: holes first, then blocks.
pub(super) fn rows_of(frame: &Frame) -> u64 {
    let bars = frame.picture.fragmentation.as_ref();
    bars.map_or(0, |bars| (bars.holes.len() + bars.blocks.len()) as u64)
}

/// The filter that a bar stands for.
pub(super) fn opened(frame: &Frame, chosen: u64) -> Option<Opened> {
    let bars = frame.picture.fragmentation.as_ref()?;
    let chosen = usize::try_from(chosen).ok()?;
    let (state, bucket) = match chosen.checked_sub(bars.holes.len()) {
        None => ("free", bars.holes.get(chosen)?),
        Some(chosen) => ("busy", bars.blocks.get(chosen)?),
    };
    Some(Opened::Line(format!(
        "filter {state} size>={} size<{}",
        bucket.from, bucket.to
    )))
}
