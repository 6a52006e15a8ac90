//! `L`: the lessons that heapwalk brings along, searched by what is typed.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::lesson::{Lesson, SHIPPED, course};
use crate::tui::canvas::{below, put, row};
use crate::tui::numbers::counted;
use crate::tui::state::{Finder, State};
use crate::tui::theme::Role;

use super::choices::Choices;
use super::{Scene, popup};

/// Columns of a title in the list.
const TITLE: usize = 44;

/// The lessons that have what is typed, by their places in the course. A number stands for the lesson's own.
pub(in crate::tui) fn found(finder: &Finder) -> Vec<usize> {
    let typed = finder.filter.value().to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let lessons = course().iter().zip(SHIPPED).enumerate();
    let found = lessons.filter(|(_, (lesson, shipped))| {
        let text = format!("{} {} {}", shipped.name, lesson.title, lesson.about).to_lowercase();
        words.iter().all(|word| match word.parse::<u64>() {
            Ok(_) => number(lesson).starts_with(word),
            Err(_) => text.contains(word),
        })
    });
    found.map(|(place, _)| place).collect()
}

/// Rows of the popup: those of all lessons and the line that is typed, however few are found.
pub(in crate::tui) fn rows() -> u16 {
    let all = Choices {
        entries: course().len(),
        chosen: 0,
    };
    all.rows().saturating_add(1)
}

/// The lesson drawn at `position` on a screen of `area`, by its place among those found.
pub(in crate::tui) fn entry_at(finder: &Finder, area: Rect, position: Position) -> Option<usize> {
    let list = below(popup::inside(popup::place(area, rows())), 1);
    choices(finder, &found(finder)).at_in(list, position)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, finder: &Finder, area: Rect, buffer: &mut Buffer) {
    let found = found(finder);
    let all = counted(course().len() as u64, "lesson");
    let title = if found.len() == course().len() {
        all
    } else {
        format!("{} of {all}", found.len())
    };
    let hint = scene.spell("type to search, {begin-lesson} begins it, {close-lessons} closes");
    let place = popup::place(area, rows());
    let inner = popup::framed(scene, place, &title, &hint, buffer);
    popup::draw_typed(scene, &finder.filter, row(inner, 0), buffer);
    let list = below(inner, 1);
    if found.is_empty() {
        let words = scene.spell("no lesson has these words; {widen-lessons} widens");
        put(buffer, list, &words, scene.theme.style(Role::Faint));
    }
    choices(finder, &found).draw(scene, list, buffer, |entry| {
        let lesson = &course()[found[entry]];
        let head = format!(
            "{:>2} {:<TITLE$} {}",
            number(lesson),
            lesson.title,
            length(lesson)
        );
        let finished = is_finished(scene.state, lesson);
        let mark = if finished { "finished: " } else { "" };
        [head, format!("{mark}{}", lesson.about)]
    });
}

/// Whether a lesson was played to its end before.
fn is_finished(state: &State, lesson: &Arc<Lesson>) -> bool {
    let place = course().iter().position(|other| Arc::ptr_eq(other, lesson));
    let name = place.and_then(|place| SHIPPED.get(place));
    name.is_some_and(|shipped| state.finished.iter().any(|name| name == shipped.name))
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
    number.unwrap_or_default()
}

fn choices(finder: &Finder, found: &[usize]) -> Choices {
    Choices {
        entries: found.len(),
        chosen: finder.chosen.min(found.len().saturating_sub(1)),
    }
}
