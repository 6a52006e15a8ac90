//! Answers: the newest at the bottom, whole where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::frame::{Answer, Tone};
use crate::tui::canvas::{clipped, put_line, row, width, wrapped};
use crate::tui::numbers::grouped;
use crate::tui::panes::Pane;
use crate::tui::state::Layer;
use crate::tui::theme::Role;

use super::Scene;

/// Shown before anything was asked.
const WELCOME: &str = "{alloc} allocates, {previous-block} and {next-block} select blocks, {explain} explains what is on the screen, {keys} lists all keys";

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let total = format!("{} answers", grouped(scene.frame.log_total));
    let inner = scene.titled(Pane::Log, area, &total, buffer);
    draw_answers(scene, inner, buffer);
}

/// The newest answers without a title.
pub(in crate::tui) fn draw_answers(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let lines = lines(scene, area);
    let first = area
        .height
        .saturating_sub(u16::try_from(lines.len()).unwrap_or(u16::MAX));
    for (index, line) in (first..area.height).zip(&lines) {
        put_line(buffer, row(area, index), line);
    }
}

/// The lines that fit, oldest first: whole entries from the newest upwards; only the newest may be cut.
fn lines(scene: &Scene<'_>, area: Rect) -> Vec<Line<'static>> {
    let mut room = usize::from(area.height);
    let mut entries: Vec<Vec<Line<'static>>> = Vec::new();
    for (role, text, newest) in spoken_entries(scene) {
        let mut lines = wrapped(&text, area.width);
        if room == 0 || (lines.len() > room && !newest) {
            break;
        }
        cut(&mut lines, room, area.width, scene.theme.glyphs.more);
        room -= lines.len();
        entries.push(
            lines
                .into_iter()
                .map(|words| Line::from(scene.span(role, words)))
                .collect(),
        );
    }
    entries.into_iter().rev().flatten().collect()
}

/// What was said, newest first, and whether it is the newest of its kind.
fn spoken_entries<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = (Role, String, bool)> + 'a {
    let log = &scene.frame.log;
    let notice = scene
        .state
        .notice
        .iter()
        .map(|words| (Role::Strong, words.clone(), true));
    let welcome = (log.is_empty() && scene.state.notice.is_none())
        .then(|| (Role::Faint, scene.spell(WELCOME), true));
    // An open prompt shows why its line was refused: saying it twice would push out an answer.
    let skip = usize::from(
        shows_refusal(scene)
            && log
                .last()
                .is_some_and(|answer| answer.tone == Tone::Refused),
    );
    let answers = log
        .iter()
        .rev()
        .enumerate()
        .skip(skip)
        .map(move |(age, answer)| {
            let (role, text) = spoken(scene, answer, age == 0);
            (role, text, age == skip)
        });
    notice.chain(welcome).chain(answers)
}

fn shows_refusal(scene: &Scene<'_>) -> bool {
    matches!(&scene.state.layer, Some(Layer::Prompt(prompt)) if prompt.refusal.is_some())
}

/// Keeps `rows` of `lines`; the last of them then says that something is missing.
fn cut(lines: &mut Vec<String>, rows: usize, columns: u16, more: char) {
    if lines.len() <= rows {
        return;
    }
    lines.truncate(rows);
    if let Some(last) = lines.last_mut() {
        *last = match width(last).saturating_add(2) <= columns {
            true => format!("{last} {more}"),
            false => format!("{}{more}", clipped(last, columns.saturating_sub(2), ' ')),
        };
    }
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
