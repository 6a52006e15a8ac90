//! The prompt's two rows: the line, and below it what is wrong, what completes it, or its keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::session::{CALL_FLAGS, CommandRow, Completion, inline_help};
use crate::tui::canvas::{blank, ending_in, put, right_of, row, width, wrapped};
use crate::tui::prompt::{Prompt, Refusal, Search};
use crate::tui::theme::Role;

use super::{Scene, footer, popup};

/// Before the line.
const MARK: &str = ": ";

/// Below a line that was left there before.
const LEFT_OVER: &str = "left here before: {run-line} runs it, {delete-to-start} empties the line";

/// Before what is looked for in the history.
const SEARCH: &str = "history: ";

pub(in crate::tui) fn draw(scene: &Scene<'_>, prompt: &Prompt, area: Rect, buffer: &mut Buffer) {
    blank(buffer, area);
    if let Some(search) = prompt.search() {
        return draw_search(scene, search, area, buffer);
    }
    let line = row(area, 0);
    put(buffer, line, MARK, scene.theme.style(Role::Key));
    let field = field(area);
    let scroll = prompt
        .input
        .visual_scroll(usize::from(field.width.saturating_sub(1)));
    put(
        buffer,
        field,
        &from_column(prompt.text(), scroll),
        scene.theme.style(Role::Strong),
    );
    let below = row(area, 1);
    if let Some(refusal) = &prompt.refusal {
        draw_refusal(scene, prompt, refusal, area, scroll, buffer);
    } else if prompt.submitted.is_some() {
        put(
            buffer,
            below,
            "waits for the answer",
            scene.theme.style(Role::Faint),
        );
    } else if prompt.is_left_over() {
        let words = scene.spell(LEFT_OVER);
        put(buffer, below, &words, scene.theme.style(Role::Faint));
    } else {
        draw_help(scene, prompt, below, buffer);
    }
    if let Some((offers, at)) = prompt.offers() {
        draw_offers(scene, offers, at, above(area), buffer);
    }
}

/// What is looked for and the line that has it; below, the keys.
fn draw_search(scene: &Scene<'_>, search: &Search, area: Rect, buffer: &mut Buffer) {
    let key = scene.span(Role::Key, SEARCH);
    let typed = scene.span(Role::Strong, search.typed.clone());
    let found = match search.line() {
        Some(line) => scene.span(Role::Text, line.to_owned()),
        None if search.typed.is_empty() => {
            scene.span(Role::Faint, "type a part of an earlier line")
        }
        None => scene.span(Role::Faint, "no earlier line has this"),
    };
    let line = Line::from(vec![key, typed, scene.bar(), found]);
    scene.put_line(&line, row(area, 0), buffer);
    footer::draw(scene, row(area, 1), buffer);
}

/// What the chosen completion means, or how the command goes on and which part of it is being typed.
fn draw_help(scene: &Scene<'_>, prompt: &Prompt, below: Rect, buffer: &mut Buffer) {
    let meaning = prompt
        .offers()
        .and_then(|(offers, at)| offers.get(at))
        .map(|offer| offer.doc)
        .filter(|doc| !doc.is_empty());
    if let Some(meaning) = meaning {
        let meaning = Line::from(scene.span(Role::Text, meaning));
        scene.put_line(&meaning, below, buffer);
        return;
    }
    let Some(command) = inline_help(prompt.text()) else {
        return footer::draw(scene, below, buffer);
    };
    let typed: String = prompt.text().chars().take(prompt.input.cursor()).collect();
    let parts = usage(command, &typed);
    let mut spans = Vec::new();
    for (part, present) in parts {
        let role = if present { Role::Strong } else { Role::Text };
        spans.push(scene.span(role, part));
        spans.push(scene.span(Role::Text, " "));
    }
    spans.pop();
    spans.push(scene.bar());
    spans.push(scene.span(Role::Faint, command.doc));
    scene.put_line(&Line::from(spans), below, buffer);
}

/// The parts of a command's usage, and which of them is being typed at the end of `typed`.
///
/// What may come in any order at the end is present as a whole.
fn usage(command: &CommandRow, typed: &str) -> Vec<(&'static str, bool)> {
    let parts = parts(command.usage);
    let begun = usize::from(!typed.ends_with(char::is_whitespace));
    let at = typed.split_whitespace().count().saturating_sub(begun);
    let at = at.min(parts.len().saturating_sub(1));
    let optional = |part: &str| part.starts_with('[');
    let any = parts.get(at).is_some_and(|part| optional(part));
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| (*part, index == at || (any && optional(part))))
        .collect()
}

/// A usage at its blanks, but for those inside of brackets.
fn parts(usage: &'static str) -> Vec<&'static str> {
    let mut depth = 0_usize;
    usage
        .split(move |letter: char| {
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            letter == ' ' && depth == 0
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// The row above the prompt, where there is one.
fn above(area: Rect) -> Rect {
    Rect {
        y: area.y.saturating_sub(1),
        height: u16::from(area.y > 0).min(area.height),
        ..area
    }
}

/// The completions in a line, the chosen one in sight and highlighted.
fn draw_offers(
    scene: &Scene<'_>,
    offers: &[Completion],
    at: usize,
    area: Rect,
    buffer: &mut Buffer,
) {
    blank(buffer, area);
    let place = format!("{} of {}  ", at + 1, offers.len());
    let room = area.width.saturating_sub(width(&place));
    let mut spans = vec![scene.span(Role::Faint, place)];
    for (index, offer) in offers
        .iter()
        .enumerate()
        .skip(first_shown(offers, at, room))
    {
        let role = if index == at {
            Role::Selected
        } else {
            Role::Text
        };
        spans.push(scene.span(role, offer.text.clone()));
        spans.push(scene.span(Role::Text, "  "));
    }
    scene.put_line(&Line::from(spans), area, buffer);
}

/// The first completion to show so that the one at `at` is in sight as well.
fn first_shown(offers: &[Completion], at: usize, room: u16) -> usize {
    let mut used = 0_u16;
    let mut first = at;
    for (index, offer) in offers.iter().enumerate().take(at + 1).rev() {
        used = used.saturating_add(width(&offer.text)).saturating_add(2);
        if used > room {
            break;
        }
        first = index;
    }
    first
}

/// All that is known of the command being typed, over the map.
pub(in crate::tui) fn draw_command_help(
    scene: &Scene<'_>,
    prompt: &Prompt,
    area: Rect,
    buffer: &mut Buffer,
) {
    let Some(command) = inline_help(prompt.text()) else {
        return;
    };
    let above_prompt = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let columns = popup::inside(popup::place(above_prompt, 1)).width;
    let lines = help_lines(command, columns);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let hint = scene.spell("{command-help} closes");
    let place = popup::place(above_prompt, rows);
    let inner = popup::framed(scene, place, command.verb, &hint, buffer);
    for (index, (role, line)) in (0..inner.height).zip(lines) {
        put(buffer, row(inner, index), &line, scene.theme.style(role));
    }
}

/// Usage, meaning, example, options and flags.
fn help_lines(command: &CommandRow, columns: u16) -> Vec<(Role, String)> {
    let mut lines = vec![(Role::Strong, command.usage.to_owned())];
    let told = |words: &str, indent: u16| {
        let indent = columns.min(indent);
        let blanks = " ".repeat(usize::from(indent));
        wrapped(words, columns - indent)
            .into_iter()
            .map(move |line| (Role::Text, format!("{blanks}{line}")))
            .collect::<Vec<_>>()
    };
    lines.extend(told(command.doc, 0));
    let call = command
        .call
        .map_or_else(String::new, |call| format!(", calls {call}"));
    lines.push((
        Role::Faint,
        format!("for example: {}{call}", command.example),
    ));
    for option in command.options() {
        let (key, values, doc, default) = (option.key, option.values, option.doc, option.default);
        lines.extend(told(
            &format!("{key}={values}: {doc} (default {default})"),
            2,
        ));
    }
    for flag in CALL_FLAGS
        .iter()
        .filter(|flag| command.flags().has(flag.flag))
    {
        let (word, constant, doc) = (flag.word, flag.constant, flag.doc);
        lines.extend(told(&format!("{word} ({constant}): {doc}"), 2));
    }
    lines
}

/// Where the terminal's cursor belongs.
pub(in crate::tui) fn cursor(prompt: &Prompt, area: Rect) -> Position {
    if let Some(search) = prompt.search() {
        let column = width(SEARCH).saturating_add(width(&search.typed));
        return Position {
            x: area
                .x
                .saturating_add(column.min(area.width.saturating_sub(1))),
            y: area.y,
        };
    }
    let field = field(area);
    let scroll = prompt
        .input
        .visual_scroll(usize::from(field.width.saturating_sub(1)));
    let column = prompt.input.visual_cursor().saturating_sub(scroll);
    let column = u16::try_from(column)
        .unwrap_or(u16::MAX)
        .min(field.width.saturating_sub(1));
    Position {
        x: field.x.saturating_add(column),
        y: area.y,
    }
}

fn field(area: Rect) -> Rect {
    right_of(row(area, 0), width(MARK))
}

/// A caret under the column that the words name, and the words beside it; above the line where they have no room there.
fn draw_refusal(
    scene: &Scene<'_>,
    prompt: &Prompt,
    refusal: &Refusal,
    area: Rect,
    scroll: usize,
    buffer: &mut Buffer,
) {
    let strong = scene.theme.style(Role::Strong);
    let (field, below) = (field(area), row(area, 1));
    let needed = width(&refusal.words);
    let (mut before, mut behind) = (below, below);
    if let Some(column) = refusal.column {
        let typed: String = prompt.text().chars().take(column - 1).collect();
        let place = u16::try_from(typed.width().saturating_sub(scroll)).unwrap_or(u16::MAX);
        let place = place
            .min(field.width.saturating_sub(1))
            .saturating_add(field.x - below.x);
        let caret = scene.theme.glyphs.caret.to_string();
        put(buffer, right_of(below, place), &caret, strong);
        behind = right_of(below, place.saturating_add(2));
        before.width = place.saturating_sub(1);
    }
    if needed <= behind.width {
        put(buffer, behind, &refusal.words, strong);
    } else if needed <= before.width {
        let words = right_of(before, before.width - needed);
        put(buffer, words, &refusal.words, strong);
    } else {
        draw_above(scene, &refusal.words, area, buffer);
    }
}

/// Words in as many rows above the prompt as they take, or as there are.
fn draw_above(scene: &Scene<'_>, words: &str, area: Rect, buffer: &mut Buffer) {
    let lines = wrapped(words, area.width);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.y);
    let place = Rect {
        y: area.y - rows,
        height: rows,
        ..area
    };
    blank(buffer, place);
    let more = scene.theme.glyphs.more.to_string();
    for (index, line) in (0..rows).zip(&lines) {
        let cut = index + 1 == rows && usize::from(rows) < lines.len();
        let line = match cut {
            true => ending_in(line, &more, area.width),
            false => line.clone(),
        };
        put(
            buffer,
            row(place, index),
            &line,
            scene.theme.style(Role::Strong),
        );
    }
}

/// `text` without its first `columns` columns.
fn from_column(text: &str, columns: usize) -> String {
    let mut skipped = 0;
    text.chars()
        .skip_while(|character| {
            let skip = skipped < columns;
            skipped += character.width().unwrap_or(0);
            skip
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line up to the cursor, and the usage with what is present in angle brackets.
    #[test]
    fn the_part_being_typed_is_present() {
        for (typed, expected) in [
            (
                "alloc",
                "<alloc> NAMES SIZE [zero] [noserialize] [exceptions]",
            ),
            (
                "alloc ",
                "alloc <NAMES> SIZE [zero] [noserialize] [exceptions]",
            ),
            (
                "alloc b",
                "alloc <NAMES> SIZE [zero] [noserialize] [exceptions]",
            ),
            (
                "alloc b 6",
                "alloc NAMES <SIZE> [zero] [noserialize] [exceptions]",
            ),
            (
                "alloc b 64 ",
                "alloc NAMES SIZE <[zero]> <[noserialize]> <[exceptions]>",
            ),
            (
                "alloc b 64 zero n",
                "alloc NAMES SIZE <[zero]> <[noserialize]> <[exceptions]>",
            ),
            (
                "heap new fixed ",
                "heap new fixed <SIZE> [OPTION=VALUE ...]",
            ),
            (
                "heap new fixed 64K init=4K ",
                "heap new fixed SIZE <[OPTION=VALUE ...]>",
            ),
            ("walk ", "<walk>"),
        ] {
            let command = inline_help(typed).expect("a command");
            let marked: Vec<String> = usage(command, typed)
                .into_iter()
                .map(|(part, present)| match present {
                    true => format!("<{part}>"),
                    false => part.to_owned(),
                })
                .collect();
            assert_eq!(marked.join(" "), expected, "{typed:?}");
        }
    }
}
