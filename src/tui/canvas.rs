//! Writing into a buffer without ever leaving it: every helper clips, none panics.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::{Role, Theme};

/// Columns that `text` takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// One row of `area`, counted from its top; empty when there is no such row.
#[must_use]
pub fn row(area: Rect, index: u16) -> Rect {
    if index >= area.height {
        return Rect { height: 0, ..area };
    }
    Rect {
        y: area.y.saturating_add(index),
        height: 1,
        ..area
    }
}

/// `area` without its first `count` rows.
#[must_use]
pub fn below(area: Rect, count: u16) -> Rect {
    let count = count.min(area.height);
    Rect {
        y: area.y.saturating_add(count),
        height: area.height - count,
        ..area
    }
}

/// `area` without its first `count` columns.
#[must_use]
pub fn right_of(area: Rect, count: u16) -> Rect {
    let count = count.min(area.width);
    Rect {
        x: area.x.saturating_add(count),
        width: area.width - count,
        ..area
    }
}

/// Writes `text` at the start of `area`, clipped; the column behind it.
pub fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    put_line(buffer, area, &Line::styled(text, style))
}

/// Writes `line` at the start of `area`, clipped; the column behind it.
pub fn put_line(buffer: &mut Buffer, area: Rect, line: &Line<'_>) -> u16 {
    let inside = area.intersection(buffer.area);
    if inside.is_empty() {
        return area.x;
    }
    buffer.set_line(inside.x, inside.y, line, inside.width).0
}

/// As [`put_line`]; where something does not fit, the last column says so with `more`.
pub fn put_cut(buffer: &mut Buffer, area: Rect, line: &Line<'_>, more: char) -> u16 {
    let behind = put_line(buffer, area, line);
    let fits = u16::try_from(line.width()).is_ok_and(|columns| columns <= area.width);
    let last = (area.right().saturating_sub(1), area.y);
    if !fits
        && !area.is_empty()
        && let Some(cell) = buffer.cell_mut(last)
    {
        cell.set_char(more);
    }
    behind
}

/// Blanks `area`.
pub fn blank(buffer: &mut Buffer, area: Rect) {
    let inside = area.intersection(buffer.area);
    for y in inside.top()..inside.bottom() {
        for x in inside.left()..inside.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// A pane's title as a rule over its first row, with words at the right; the rest of the area.
pub fn titled(buffer: &mut Buffer, area: Rect, theme: &Theme, title: &str, right: &str) -> Rect {
    let top = row(area, 0);
    let faint = theme.style(Role::Faint);
    let rule = theme.glyphs.rule.to_string();
    put(buffer, top, &rule.repeat(usize::from(top.width)), faint);
    let used = put_line(
        buffer,
        right_of(top, 1),
        &Line::from(vec![Span::styled(
            format!(" {title} "),
            theme.style(Role::Strong),
        )]),
    );
    let words = format!(" {right} ");
    let start = top.right().saturating_sub(width(&words).saturating_add(1));
    if !right.is_empty() && start > used {
        put(buffer, right_of(top, start - top.x), &words, faint);
    }
    below(area, 1)
}

/// `text` in at most `columns`, ending in `more` if something was cut off.
#[must_use]
pub fn clipped(text: &str, columns: u16, more: char) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = usize::from(columns.saturating_sub(1));
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(character);
    }
    if columns > 0 {
        kept.push(more);
    }
    kept
}

/// `text` with `behind` at its end, as far as both have room in `columns`: more would have come.
#[must_use]
pub fn ending_in(text: &str, behind: &str, columns: u16) -> String {
    let room = columns.saturating_sub(width(behind).saturating_add(1));
    let kept = if width(text) <= room {
        text.to_owned()
    } else {
        clipped(text, room, ' ')
    };
    format!("{} {behind}", kept.trim_end())
}

/// `text` broken between words into lines of at most `columns`; a longer word is broken inside.
#[must_use]
pub fn wrapped(text: &str, columns: u16) -> Vec<String> {
    let columns = usize::from(columns.max(1));
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let needed = word.width();
        if used > 0 && used + 1 + needed > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for character in word.chars() {
            let wide = character.width().unwrap_or(0);
            if used + wide > columns && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A piece of a line that may be left out: the higher `rank`, the sooner.
#[derive(Clone, Debug)]
pub struct Segment {
    /// 0 stays to the last.
    pub rank: u8,
    /// What is written.
    pub spans: Vec<Span<'static>>,
}

impl Segment {
    /// A segment of several spans.
    #[must_use]
    pub fn new(rank: u8, spans: Vec<Span<'static>>) -> Segment {
        Segment { rank, spans }
    }

    fn width(&self) -> u16 {
        self.spans
            .iter()
            .map(|span| width(&span.content))
            .fold(0, u16::saturating_add)
    }
}

/// Joins what fits of `segments` into one line, leaving out the highest ranks first.
#[must_use]
pub fn joined(
    mut segments: Vec<Segment>,
    separator: &Span<'static>,
    columns: u16,
) -> Line<'static> {
    let gap = width(&separator.content);
    loop {
        let gaps =
            gap.saturating_mul(u16::try_from(segments.len().saturating_sub(1)).unwrap_or(u16::MAX));
        let total = segments
            .iter()
            .map(Segment::width)
            .fold(gaps, u16::saturating_add);
        let Some(last) = (0..segments.len()).max_by_key(|&at| (segments[at].rank, at)) else {
            break;
        };
        if total <= columns || segments[last].rank == 0 {
            break;
        }
        segments.remove(last);
    }
    let mut spans = Vec::new();
    for segment in segments {
        if !spans.is_empty() {
            spans.push(separator.clone());
        }
        spans.extend(segment.spans);
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_word_within_the_columns() {
        let rows: [(&str, u16, &[&str]); 6] = [
            ("", 10, &[]),
            ("one two three", 7, &["one two", "three"]),
            ("one two three", 80, &["one two three"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("a bcdefgh i", 4, &["a", "bcde", "fgh", "i"]),
            ("日本語", 4, &["日本", "語"]),
        ];
        for (text, columns, lines) in rows {
            assert_eq!(wrapped(text, columns), lines, "{text:?} in {columns}");
        }
    }

    #[test]
    fn clipping_shows_that_something_is_missing() {
        for (text, columns, shown) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab~"),
            ("abcd", 1, "~"),
            ("abcd", 0, ""),
            ("日本語", 4, "日~"),
        ] {
            assert_eq!(clipped(text, columns, '~'), shown, "{text:?} in {columns}");
        }
    }

    #[test]
    fn a_line_that_does_not_fit_ends_in_the_mark() {
        for (text, columns, shown) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab~"),
            ("abcd", 1, "~"),
            ("abcd", 0, ""),
        ] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
            put_cut(
                &mut buffer,
                Rect::new(0, 0, columns, 1),
                &Line::from(text),
                '~',
            );
            let row: String = buffer
                .content
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect();
            assert_eq!(row.trim_end(), shown, "{text:?} in {columns}");
        }
    }

    #[test]
    fn segments_leave_by_rank() {
        let segments = || {
            [(0, "aaa"), (2, "bbb"), (1, "ccc")]
                .map(|(rank, text)| Segment::new(rank, vec![Span::raw(text)]))
                .to_vec()
        };
        for (columns, text) in [(11, "aaa|bbb|ccc"), (10, "aaa|ccc"), (6, "aaa"), (1, "aaa")] {
            assert_eq!(
                joined(segments(), &Span::raw("|"), columns).to_string(),
                text,
                "{columns}"
            );
        }
    }
}
