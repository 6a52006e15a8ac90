//! One call played slowly: a sentence for each step, the present one marked, and the words that it wrote.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::frame::{Frame, Played};
use crate::tui::canvas::{clipped, ending_in, put, right_of, row, wrapped};
use crate::tui::numbers::grouped;
use crate::tui::panes::Pane;
use crate::tui::theme::Role;

use super::{Opened, Scene};

/// Columns before the words of a row.
const MARK: u16 = 2;
/// Rows of the list that stay where the words of the present step are shown below it.
const LIST: u16 = 8;
/// Lines that a sentence may take.
const LINES: usize = 3;

const IDLE: &str = "One call, played slowly: each hole that is looked at, the choice, the cut, headers, links, merges and \
                    pages, forwards and backwards. {play} offers one; \"play free b3\" at the prompt plays your own.";

/// Rows that can be chosen: none, since keys and the wheel make and take back steps.
pub(in crate::tui) fn rows_of(frame: &Frame) -> u64 {
    frame.played.as_ref().map_or(0, |played| played.total + 1)
}

/// What Enter leads to: the end of the call.
pub(in crate::tui) fn opened(frame: &Frame) -> Option<Opened> {
    let end = || Opened::Line("step end".to_owned());
    frame.played.as_ref().map(|_| end())
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(played) = scene.frame.played.as_deref() else {
        let inner = scene.titled(Pane::Play, area, "", buffer);
        return scene.say(IDLE, inner, buffer);
    };
    let title = format!(
        "{}: step {} of {}",
        played.call,
        grouped(played.at),
        grouped(played.total)
    );
    let room = area.width.saturating_sub(14);
    let title = clipped(&title, room, scene.theme.glyphs.more);
    let inner = scene.titled(Pane::Play, area, &title, buffer);
    let list = list_area(played, inner);
    for (y, line) in (0..list.height).zip(lines(played, list)) {
        draw_line(scene, played, &line, row(list, y), buffer);
    }
    let below = list.bottom();
    for (y, words) in (below..inner.bottom()).zip(&played.stored) {
        let place = Rect {
            y,
            height: 1,
            ..right_of(inner, MARK)
        };
        let words = clipped(words, place.width, scene.theme.glyphs.more);
        put(buffer, place, &words, scene.theme.style(Role::Faint));
    }
}

/// The rows of the list; what is left below it is for the words of the present step.
fn list_area(played: &Played, inner: Rect) -> Rect {
    let stored = u16::try_from(played.stored.len()).unwrap_or(u16::MAX);
    let height = inner.height.saturating_sub(stored).max(LIST);
    Rect {
        height: height.min(inner.height),
        ..inner
    }
}

/// A line of the list: of which row, and whether it begins it.
struct Line {
    row: u64,
    begins: bool,
    words: String,
    /// Words of the row were left out behind these.
    cut: bool,
}

/// The lines of the list, scrolled so that the present row stands in the middle where there are enough on both sides.
fn lines(played: &Played, area: Rect) -> Vec<Line> {
    let height = usize::from(area.height);
    let full = lines_of(played, area, LINES);
    let lines = if full.len() <= height {
        full
    } else {
        // Only the present step is told in full.
        lines_of(played, area, 1)
    };
    let present = |line: &Line| line.row == played.at;
    let first = lines.iter().position(present).unwrap_or(0);
    let last = lines.iter().rposition(present).map_or(0, |last| last + 1);
    let most = lines.len().saturating_sub(height);
    let top = last.saturating_sub(height.div_ceil(2)).min(most);
    lines.into_iter().skip(top.min(first)).collect()
}

/// The lines of all rows, at most so many of each but the present one.
fn lines_of(played: &Played, area: Rect, most: usize) -> Vec<Line> {
    let columns = area.width.saturating_sub(MARK);
    let rows = (played.first..).zip(&played.rows);
    let of_row = |(row, sentence): (u64, &String)| {
        let mut parts = wrapped(sentence, columns);
        let all = parts.len();
        parts.truncate(if row == played.at { LINES } else { most });
        let kept = parts.len();
        let lines = parts.into_iter().enumerate().map(move |(at, words)| Line {
            row,
            begins: at == 0,
            words,
            cut: kept < all && at + 1 == kept,
        });
        lines.collect::<Vec<_>>()
    };
    rows.flat_map(of_row).collect()
}

fn draw_line(scene: &Scene<'_>, played: &Played, line: &Line, area: Rect, buffer: &mut Buffer) {
    let role = match line.row.cmp(&played.at) {
        std::cmp::Ordering::Less => Role::Text,
        std::cmp::Ordering::Equal => Role::Selected,
        std::cmp::Ordering::Greater => Role::Faint,
    };
    let style = scene.theme.style(role);
    if line.begins && line.row == played.at {
        put(buffer, area, &scene.theme.glyphs.chosen.to_string(), style);
    }
    let place = right_of(area, MARK);
    let words = match line.cut {
        true => ending_in(
            &line.words,
            &scene.theme.glyphs.more.to_string(),
            place.width,
        ),
        false => line.words.clone(),
    };
    put(buffer, place, &words, style);
}

/// The row of the list at a place of the pane.
pub(in crate::tui) fn row_at(frame: &Frame, area: Rect, position: Position) -> Option<u64> {
    let played = frame.played.as_deref()?;
    let inner = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let list = list_area(played, inner);
    let at = usize::from(position.y.checked_sub(list.y)?);
    if at >= usize::from(list.height) {
        return None;
    }
    lines(played, list).get(at).map(|line| line.row)
}
