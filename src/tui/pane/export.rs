//! `E`: what the screen, the heap and the session can be written as.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::EXPORTS;

use super::choices::Choices;
use super::{Scene, popup};

/// The format drawn at `position` on a screen of `area`.
pub(in crate::tui) fn entry_at(chosen: usize, area: Rect, position: Position) -> Option<usize> {
    choices(chosen).at(area, position)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let choices = choices(chosen);
    let place = choices.place(area);
    let inner = popup::framed(
        scene,
        place,
        "Export",
        "nothing is written over unasked",
        buffer,
    );
    choices.draw(scene, inner, buffer, |entry| {
        let row = &EXPORTS[entry];
        let head = format!("{} {:<24}.{}", entry + 1, row.title, row.extension);
        [head, row.doc.to_owned()]
    });
}

fn choices(chosen: usize) -> Choices {
    Choices {
        entries: EXPORTS.len(),
        chosen: chosen.min(EXPORTS.len() - 1),
    }
}
