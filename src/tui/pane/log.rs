//! Answers: the newest at the bottom, whole where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::frame::{Answer, Tone};
use crate::tui::canvas::{clipped, put_line, row, titled, wrapped};
use crate::tui::numbers::grouped;
use crate::tui::theme::Role;

use super::Scene;

/// The least height at which a title is worth its row.
const TITLED: u16 = 5;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let inner = if area.height >= TITLED {
        let total = format!("{} answers", grouped(scene.frame.log_total));
        titled(buffer, area, scene.theme, "[6] Log", &total)
    } else {
        area
    };
    let lines = lines(scene, inner);
    let first = inner
        .height
        .saturating_sub(u16::try_from(lines.len()).unwrap_or(u16::MAX));
    for (index, line) in (first..inner.height).zip(&lines) {
        put_line(buffer, row(inner, index), line);
    }
}

/// The lines that fit, oldest first: whole entries from the newest upwards, and the head of one that is too long.
fn lines(scene: &Scene<'_>, area: Rect) -> Vec<Line<'static>> {
    let mut room = usize::from(area.height);
    let mut entries: Vec<Vec<Line<'static>>> = Vec::new();
    let notice = scene
        .state
        .notice
        .iter()
        .map(|words| (Role::Strong, words.clone()));
    let answers = scene
        .frame
        .log
        .iter()
        .rev()
        .enumerate()
        .map(|(age, answer)| spoken(scene, answer, age == 0));
    for (role, text) in notice.chain(answers) {
        if room == 0 {
            break;
        }
        let mut broken = broken(&text, area.width, scene.theme.glyphs.more, room);
        // An older entry is shown whole or not at all, unless the title row says that this is a log.
        if broken.len() > room
            || (broken.len() == room && !entries.is_empty() && text_is_cut(&broken, scene))
        {
            break;
        }
        room -= broken.len();
        entries.push(
            broken
                .drain(..)
                .map(|words| Line::from(scene.span(role, words)))
                .collect(),
        );
    }
    entries.into_iter().rev().flatten().collect()
}

fn text_is_cut(lines: &[String], scene: &Scene<'_>) -> bool {
    lines
        .last()
        .is_some_and(|line| line.ends_with(scene.theme.glyphs.more))
}

/// `text` in at most `rows` lines, the last of which says if something is missing.
fn broken(text: &str, columns: u16, more: char, rows: usize) -> Vec<String> {
    let mut lines = wrapped(text, columns);
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            let wider = format!("{last} {more}");
            *last = if wider.chars().count() <= usize::from(columns) {
                wider
            } else {
                clipped(&format!("{last}{more}{more}"), columns, more)
            };
        }
    }
    lines
}

/// An answer as one text: key, call, words.
fn spoken(scene: &Scene<'_>, answer: &Answer, newest: bool) -> (Role, String) {
    let key = scene
        .state
        .answered_by
        .filter(|_| newest)
        .map_or_else(String::new, |key| format!("{key}  "));
    let call = if answer.call.is_empty() && answer.tone == Tone::Refused {
        &answer.command
    } else {
        &answer.call
    };
    let colon = if call.is_empty() || answer.words.is_empty() {
        ""
    } else {
        ": "
    };
    let (mark, role) = match answer.tone {
        Tone::Done => ("", if newest { Role::Text } else { Role::Faint }),
        Tone::Note => ("", Role::Strong),
        Tone::Failed => ("! ", Role::Strong),
        Tone::Refused => ("? ", Role::Strong),
    };
    (role, format!("{key}{mark}{call}{colon}{}", answer.words))
}
