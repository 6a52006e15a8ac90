//! The prompt's two rows: the line, and below it what is wrong, what completes it, or its keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::session::{Completion, inline_help};
use crate::tui::canvas::{blank, put, put_line, right_of, row, width};
use crate::tui::prompt::{Prompt, Refusal};
use crate::tui::theme::Role;

use super::{Scene, footer};

/// Before the line.
const MARK: &str = ": ";

pub(in crate::tui) fn draw(scene: &Scene<'_>, prompt: &Prompt, area: Rect, buffer: &mut Buffer) {
    blank(buffer, area);
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
        draw_refusal(scene, prompt, refusal, field, below, scroll, buffer);
    } else if prompt.submitted.is_some() {
        put(
            buffer,
            below,
            "waits for the answer",
            scene.theme.style(Role::Faint),
        );
    } else if let Some((offers, at)) = prompt.offers() {
        put_line(buffer, below, &offered(scene, offers, at));
    } else if let Some(row) = inline_help(prompt.text()) {
        let usage = scene.span(Role::Strong, row.usage);
        let doc = scene.span(Role::Faint, row.doc);
        put_line(buffer, below, &Line::from(vec![usage, scene.bar(), doc]));
    } else {
        footer::draw(scene, below, buffer);
    }
}

/// The completion shown, what it means, and those that follow.
fn offered(scene: &Scene<'_>, offers: &[Completion], at: usize) -> Line<'static> {
    let place = scene.span(Role::Faint, format!("{} of {}  ", at + 1, offers.len()));
    let mut spans = vec![place];
    for (index, offer) in offers.iter().enumerate().skip(at) {
        let role = if index == at {
            Role::Strong
        } else {
            Role::Faint
        };
        spans.push(scene.span(role, format!("{}  ", offer.text)));
        if index == at && !offer.doc.is_empty() {
            spans.push(scene.span(Role::Text, format!("{}  ", offer.doc)));
        }
    }
    Line::from(spans)
}

/// Where the terminal's cursor belongs.
pub(in crate::tui) fn cursor(prompt: &Prompt, area: Rect) -> Position {
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

/// A caret under the column that the words name, and the words beside it.
fn draw_refusal(
    scene: &Scene<'_>,
    prompt: &Prompt,
    refusal: &Refusal,
    field: Rect,
    below: Rect,
    scroll: usize,
    buffer: &mut Buffer,
) {
    let strong = scene.theme.style(Role::Strong);
    let Some(column) = refusal.column else {
        put(buffer, below, &refusal.words, strong);
        return;
    };
    let before: String = prompt.text().chars().take(column - 1).collect();
    let place = u16::try_from(before.width().saturating_sub(scroll)).unwrap_or(u16::MAX);
    let place = place
        .min(field.width.saturating_sub(1))
        .saturating_add(field.x - below.x);
    let caret = scene.theme.glyphs.caret.to_string();
    put(buffer, right_of(below, place), &caret, strong);
    let needed = width(&refusal.words);
    let room_behind = below.width.saturating_sub(place.saturating_add(2));
    if needed <= room_behind || place <= needed {
        put(
            buffer,
            right_of(below, place.saturating_add(2)),
            &refusal.words,
            strong,
        );
    } else {
        let words = Rect {
            width: place.saturating_sub(1),
            ..below
        };
        put(
            buffer,
            right_of(words, words.width.saturating_sub(needed)),
            &refusal.words,
            strong,
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
