//! `x`: ways to misuse the selected block, each with what the documentation warns of.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::FAULTS;
use crate::session::frame::Frame;

use super::choices::Choices;
use super::{Scene, popup};

/// What a fault would be about: the selected block, by name or by the address of its payload.
pub(in crate::tui) fn target(frame: &Frame) -> Option<String> {
    let block = frame.picture.selected.as_ref()?;
    Some(
        block
            .name
            .clone()
            .unwrap_or_else(|| format!("{:#x}", block.payload)),
    )
}

/// The fault drawn at `position` on a screen of `area`.
pub(in crate::tui) fn entry_at(chosen: usize, area: Rect, position: Position) -> Option<usize> {
    choices(chosen).at(area, position)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let choices = choices(chosen);
    let target = target(scene.frame).unwrap_or_default();
    let checks = if scene.frame.picture.heap.checks {
        "checks on: calls are refused; :checks off"
    } else {
        "checks OFF: it happens"
    };
    let title = format!("Break {target}");
    let inner = popup::framed(scene, choices.place(area), &title, checks, buffer);
    choices.draw(scene, inner, buffer, |entry| {
        let row = &FAULTS[entry];
        let digit = (entry + 1) % 10;
        let head = format!("{digit} {:<29}{}", row.title, row.command.doc);
        [head, row.warning.to_owned()]
    });
}

fn choices(chosen: usize) -> Choices {
    let entries = FAULTS.len();
    Choices {
        entries,
        chosen: chosen.min(entries - 1),
    }
}
