//! The words of a lesson: caption, question, task, and what came of it. As a panel of the explorer, or large and alone
//! for presenters.

mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use crate::tui::canvas::{blank, put, right_of, row, titled, width, wrapped};
use crate::tui::lesson::Playing;
use crate::tui::state::State;
use crate::tui::theme::Role;

use super::Scene;

use words::{Said, said};

/// Columns that words are kept within: longer lines are hard to read.
const WIDEST: u16 = 100;

/// What a presented caption keeps free on either side, in hundredths of the width.
const MARGIN: u16 = 6;

/// Rows of a presented caption that are not words: one free above, one free below.
const AROUND: u16 = 2;

/// Rows from which presented lines stand apart.
const AIRY: u16 = 36;

/// Rows that the words take on a screen of `area`.
pub(in crate::tui) fn rows(state: &State, playing: &Playing, area: Rect) -> u16 {
    let lines = Lines::of(state, playing, area).lines.len();
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    match playing.presenting {
        None => lines.saturating_add(1),
        Some(_) => lines.saturating_mul(spacing(area)).saturating_add(AROUND),
    }
}

/// Whether a presented screen is blank.
pub(in crate::tui) fn is_blank(scene: &Scene<'_>) -> bool {
    let playing = scene.state.lesson.as_ref();
    let presenting = playing.and_then(|playing| playing.presenting);
    presenting.is_some_and(|presenting| presenting.blank)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(playing) = &scene.state.lesson else {
        return;
    };
    let screen = Rect::new(0, 0, scene.state.size.0, scene.state.size.1);
    let lines = Lines::of(scene.state, playing, screen);
    match playing.presenting {
        None => draw_panel(scene, playing, &lines, area, buffer),
        Some(_) => draw_caption(scene, &lines, area, buffer),
    }
}

/// The answer drawn at `position`, by its place.
pub(in crate::tui) fn answer_at(state: &State, area: Rect, position: Position) -> Option<usize> {
    let playing = state.lesson.as_ref()?;
    if !area.contains(position) {
        return None;
    }
    let screen = Rect::new(0, 0, state.size.0, state.size.1);
    let index = match playing.presenting {
        None => position.y.checked_sub(area.y.saturating_add(1))?,
        Some(_) => position.y.checked_sub(area.y.saturating_add(1))? / spacing(screen),
    };
    Lines::of(state, playing, screen)
        .lines
        .get(usize::from(index))?
        .answer
}

/// Words cut into lines.
struct Lines {
    lines: Vec<OneLine>,
}

struct OneLine {
    role: Role,
    text: String,
    /// The answer that it is part of.
    answer: Option<usize>,
    /// That answer is the chosen one, or the true one.
    chosen: bool,
    /// The first line of what is said.
    is_first: bool,
}

impl Lines {
    fn of(state: &State, playing: &Playing, screen: Rect) -> Lines {
        let columns = match playing.presenting {
            None => screen.width.min(WIDEST),
            Some(_) => screen.width.saturating_sub(2 * margin(screen)),
        };
        let mut lines = Vec::new();
        for Said {
            role,
            text,
            answer,
            chosen,
        } in said(state, playing)
        {
            let indent = usize::from(answer.is_some()) * 4;
            let room = columns.saturating_sub(u16::try_from(indent).unwrap_or(0));
            for (nth, words) in wrapped(&text, room).into_iter().enumerate() {
                let head = match answer {
                    None => String::new(),
                    Some(answer) if nth == 0 => format!("{:>2}  ", answer + 1),
                    Some(_) => "    ".to_owned(),
                };
                lines.push(OneLine {
                    role,
                    text: format!("{head}{words}"),
                    answer,
                    chosen,
                    is_first: nth == 0,
                });
            }
        }
        Lines { lines }
    }
}

fn draw_panel(
    scene: &Scene<'_>,
    playing: &Playing,
    lines: &Lines,
    area: Rect,
    buffer: &mut Buffer,
) {
    let lesson = playing.player.lesson();
    let number = lesson.number.map(|number| format!(" {number}"));
    let title = format!("Lesson{}: {}", number.unwrap_or_default(), lesson.title);
    let inner = titled(buffer, area, scene.theme, &title, &progress(playing));
    for (index, line) in (0..inner.height).zip(&lines.lines) {
        draw_line(scene, line, row(inner, index), false, buffer);
    }
}

fn draw_caption(scene: &Scene<'_>, lines: &Lines, area: Rect, buffer: &mut Buffer) {
    let screen = Rect::new(0, 0, scene.state.size.0, scene.state.size.1);
    let inner = right_of(area, margin(screen));
    let rows = (1..area.height).step_by(usize::from(spacing(screen)));
    for (index, line) in rows.zip(&lines.lines) {
        draw_line(scene, line, row(inner, index), true, buffer);
    }
}

fn draw_line(scene: &Scene<'_>, line: &OneLine, area: Rect, large: bool, buffer: &mut Buffer) {
    let role = if line.chosen {
        Role::Selected
    } else {
        line.role
    };
    let mut style = scene.theme.style(role);
    if large {
        style = style.add_modifier(Modifier::BOLD);
    }
    if line.chosen {
        let marked = Rect {
            width: width(&line.text).saturating_add(1).min(area.width),
            ..area
        };
        blank(buffer, marked);
        buffer.set_style(marked.intersection(buffer.area), style);
    }
    put(buffer, area, &line.text, style);
    if line.chosen && line.is_first {
        // Colours are never the only sign.
        let mark = scene.theme.glyphs.chosen.to_string();
        put(buffer, area, &mark, style);
    }
}

/// `step 4 of 17`
pub(super) fn progress(playing: &Playing) -> String {
    let player = &playing.player;
    format!(
        "step {} of {}",
        player.number(),
        player.lesson().steps.len()
    )
}

fn margin(screen: Rect) -> u16 {
    (u32::from(screen.width) * u32::from(MARGIN) / 100)
        .try_into()
        .unwrap_or(0)
}

/// Rows from a presented line to the next.
fn spacing(screen: Rect) -> u16 {
    if screen.height >= AIRY { 2 } else { 1 }
}
