//! `L`: the lessons that heapwalk brings along.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::lesson::{Lesson, course};
use crate::tui::numbers::counted;

use super::choices::Choices;
use super::{Scene, popup};

/// Columns of a title in the list.
const TITLE: usize = 44;

/// The lesson drawn at `position` on a screen of `area`.
pub(in crate::tui) fn entry_at(chosen: usize, area: Rect, position: Position) -> Option<usize> {
    choices(chosen).at(area, position)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let choices = choices(chosen);
    let title = counted(course().len() as u64, "lesson");
    let hint = scene.spell("{begin-lesson} begins it, {close-lessons} closes");
    let inner = popup::framed(scene, choices.place(area), &title, &hint, buffer);
    choices.draw(scene, inner, buffer, |entry| {
        let lesson = &course()[entry];
        let head = format!(
            "{} {:<TITLE$} {}",
            number(lesson),
            lesson.title,
            length(lesson)
        );
        [head, lesson.about.clone()]
    });
}

/// How long a lesson takes, in words.
pub(super) fn length(lesson: &Lesson) -> String {
    match lesson.minutes {
        Some(minutes) => counted(minutes, "minute"),
        None => counted(lesson.steps.len() as u64, "step"),
    }
}

fn number(lesson: &Lesson) -> String {
    let number = lesson.number.map(|number| number.to_string());
    format!("{:>2}", number.unwrap_or_default())
}

fn choices(chosen: usize) -> Choices {
    let entries = course().len();
    Choices {
        entries,
        chosen: chosen.min(entries.saturating_sub(1)),
    }
}
