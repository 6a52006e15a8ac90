//! The question that a verb in the past asks: whether to go on from there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::Request;
use crate::tui::canvas::{put, row, wrapped};
use crate::tui::numbers::grouped;
use crate::tui::theme::Role;

use super::{Scene, popup};

/// Rows for the words.
const ROWS: u16 = 3;

pub(in crate::tui) fn draw(scene: &Scene<'_>, request: &Request, area: Rect, buffer: &mut Buffer) {
    let time = &scene.frame.time;
    let hint = scene.spell("{branch-here} branches, {change-nothing} changes nothing");
    let place = popup::place(area, ROWS);
    let inner = popup::framed(scene, place, "Branch here?", &hint, buffer);
    let question = format!(
        "This is the past, behind operation {} of {}. {} changes the heap: that begins a new line of history here. \
         The old future stays reachable as branch {}.",
        grouped(time.at),
        grouped(time.present),
        verb(request),
        time.line
    );
    for (index, line) in (0..inner.height).zip(wrapped(&question, inner.width)) {
        put(
            buffer,
            row(inner, index),
            &line,
            scene.theme.style(Role::Text),
        );
    }
}

/// What is asked for, as it would be typed.
fn verb(request: &Request) -> String {
    match request {
        Request::Line(line) => format!("\"{}\"", line.trim()),
        Request::Command(command) => format!("\"{command}\""),
        _ => "Freeing this block".to_owned(),
    }
}
