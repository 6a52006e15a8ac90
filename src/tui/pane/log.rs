//! Answers: the newest at the bottom, whole where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::frame::{Answer, Tone};
use crate::tui::canvas::{below, ending_in, put_line, row, wrapped};
use crate::tui::numbers::grouped;
use crate::tui::panes::Pane;
use crate::tui::state::Layer;
use crate::tui::theme::Role;

use super::Scene;

/// Shown before anything was asked.
const WELCOME: &str = "{alloc} allocates, {previous-block} and {next-block} select blocks, {explain} explains what is on the screen, {keys} lists all keys";

/// Columns before the words of an answer in the pane: the mark of the chosen one.
const MARK: u16 = 2;

/// What ends an answer that was cut where the log has no pane.
const ELSEWHERE: &str = "{log-pane} shows all";

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let total = format!("{} answers", grouped(scene.frame.log_total));
    let inner = scene.titled(Pane::Log, area, &total, buffer);
    match chosen_first(scene, inner) {
        Some(lines) => put_lines(&lines, inner, buffer),
        None => put_at_the_bottom(&newest_last(scene, inner, Form::Pane), inner, buffer),
    }
}

/// The newest answers without a title.
pub(in crate::tui) fn draw_answers(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    put_at_the_bottom(&newest_last(scene, area, Form::Answers), area, buffer);
}

/// Where answers are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In the pane, with the mark of the chosen one.
    Pane,
    /// In the lines that are always there.
    Answers,
}

fn put_lines(lines: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    for (index, line) in (0..area.height).zip(lines) {
        put_line(buffer, row(area, index), line);
    }
}

fn put_at_the_bottom(lines: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    put_lines(
        lines,
        below(area, area.height.saturating_sub(count)),
        buffer,
    );
}

/// The lines that fit, oldest first: whole entries from the newest upwards; the oldest of the pane may be cut, and
/// elsewhere only the newest.
fn newest_last(scene: &Scene<'_>, area: Rect, form: Form) -> Vec<Line<'static>> {
    let mut room = usize::from(area.height);
    let mut entries: Vec<Vec<Line<'static>>> = Vec::new();
    for entry in spoken_entries(scene) {
        if room == 0 {
            break;
        }
        let mut lines = words_of(&entry, area.width, form);
        // A piece of an older answer is worth no more than a blank line, but for the call at its start in the pane.
        let may_be_cut = entry.newest || form == Form::Pane;
        if lines.len() > room && !may_be_cut {
            break;
        }
        cut(scene, &mut lines, room, area.width, form);
        room -= lines.len();
        entries.push(marked(scene, &entry, lines, form));
    }
    entries.into_iter().rev().flatten().collect()
}

/// The chosen answer at the top and newer ones below it, when it is too old to be seen with the newest.
fn chosen_first(scene: &Scene<'_>, area: Rect) -> Option<Vec<Line<'static>>> {
    if !scene.has_focus(Pane::Log) {
        return None;
    }
    let chosen = usize::try_from(scene.state.lists[Pane::Log as usize].chosen).ok()?;
    let room = usize::from(area.height);
    let down_to_chosen = || answers(scene).take(chosen.saturating_add(1));
    // Thousands of answers may be newer: from either end, no more are worded than fill the area.
    let mut height = 0;
    let is_below = down_to_chosen().any(|entry| {
        height += words_of(&entry, area.width, Form::Pane).len();
        height > room
    });
    if !is_below {
        return None;
    }
    let lines = down_to_chosen().rev().flat_map(|entry| {
        let words = words_of(&entry, area.width, Form::Pane);
        marked(scene, &entry, words, Form::Pane)
    });
    Some(lines.take(room).collect())
}

/// The words of an entry in lines; in the pane, all but the first are indented.
fn words_of(entry: &Entry, columns: u16, form: Form) -> Vec<String> {
    let room = match form {
        Form::Pane => columns.saturating_sub(MARK),
        Form::Answers => columns,
    };
    wrapped(&entry.text, room)
}

fn marked(scene: &Scene<'_>, entry: &Entry, lines: Vec<String>, form: Form) -> Vec<Line<'static>> {
    let (mark, selected) = match (form, entry.age) {
        (Form::Pane, Some(age)) => scene.row_mark(Pane::Log, age),
        _ => (' ', Role::Text),
    };
    let lines = lines.into_iter().enumerate().map(|(at, words)| {
        let words = scene.span(entry.role, words);
        if form == Form::Answers {
            return Line::from(words);
        }
        let mark = if at == 0 { mark } else { ' ' };
        Line::from(vec![
            scene.span(selected, mark.to_string()),
            scene.span(Role::Text, " "),
            words,
        ])
    });
    lines.collect()
}

/// Something that was said.
struct Entry {
    role: Role,
    text: String,
    /// The newest of its kind.
    newest: bool,
    /// How many answers are newer; `None` for what is no answer.
    age: Option<u64>,
}

/// What was said, newest first.
fn spoken_entries<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = Entry> + 'a {
    let said = |role, text: String| Entry {
        role,
        text,
        newest: true,
        age: None,
    };
    let notice = scene.state.notice.iter();
    let notice = notice.map(move |words| said(Role::Strong, words.clone()));
    let welcome = (scene.frame.log.is_empty() && scene.state.notice.is_none())
        .then(|| said(Role::Faint, scene.spell(WELCOME)));
    notice.chain(welcome).chain(answers(scene))
}

/// The answers, newest first.
fn answers<'a>(
    scene: &'a Scene<'_>,
) -> impl DoubleEndedIterator<Item = Entry> + ExactSizeIterator + 'a {
    let log = &scene.frame.log;
    // An open prompt shows why its line was refused: saying it twice would push out an answer.
    let skip = usize::from(
        shows_refusal(scene)
            && log
                .last()
                .is_some_and(|answer| answer.tone == Tone::Refused),
    );
    let newest_first = log.iter().rev().enumerate().skip(skip);
    newest_first.map(move |(age, answer)| {
        let (role, text) = spoken(scene, answer, age == 0);
        Entry {
            role,
            text,
            newest: age == skip,
            age: Some(age as u64),
        }
    })
}

fn shows_refusal(scene: &Scene<'_>) -> bool {
    matches!(&scene.state.layer, Some(Layer::Prompt(prompt)) if prompt.refusal.is_some())
}

/// Keeps `rows` of `lines`; the last of them then says that something is missing, and where it is shown.
fn cut(scene: &Scene<'_>, lines: &mut Vec<String>, rows: usize, columns: u16, form: Form) {
    if lines.len() <= rows {
        return;
    }
    lines.truncate(rows);
    let more = scene.theme.glyphs.more;
    let behind = match form {
        Form::Pane => more.to_string(),
        Form::Answers => format!("{more} {}", scene.spell(ELSEWHERE)),
    };
    if let Some(last) = lines.last_mut() {
        *last = ending_in(last, &behind, columns);
    }
}

/// An answer as one text: key, call, words.
fn spoken(scene: &Scene<'_>, answer: &Answer, newest: bool) -> (Role, String) {
    let key = scene
        .state
        .answered_by
        // Words of a script are not the answer to a key.
        .filter(|_| newest && answer.tone != Tone::Note)
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
        Tone::Word => ("", Role::Faint),
        Tone::Failed => ("! ", Role::Strong),
        Tone::Refused => ("? ", Role::Strong),
    };
    (role, format!("{key}{mark}{call}{colon}{}", answer.words))
}
