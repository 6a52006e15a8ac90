//! A list in a popup, some lines an entry: which part of it is shown, and what is where.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::canvas::{clipped, put, right_of, row};
use crate::tui::theme::Role;

use super::{Scene, popup};

/// Lines of an entry.
const LINES: u16 = 2;
/// Columns by which the second line of an entry stands in.
const INDENT: u16 = 3;

/// The entries of a list, each in two lines, one of them chosen.
pub(super) struct Choices {
    pub(super) entries: usize,
    pub(super) chosen: usize,
}

impl Choices {
    /// The place of the popup on a screen of `area`.
    pub(super) fn place(&self, area: Rect) -> Rect {
        popup::place(area, self.rows())
    }

    /// The rows that all entries take.
    pub(super) fn rows(&self) -> u16 {
        let rows = self.entries.saturating_mul(usize::from(LINES));
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    /// The first entry shown where there are so many rows.
    fn first(&self, rows: u16) -> usize {
        let shown = usize::from(rows / LINES);
        self.chosen
            .saturating_sub(shown / 2)
            .min(self.entries.saturating_sub(shown))
    }

    /// The entry drawn at `position` on a screen of `area`, where nothing else stands in the popup.
    pub(super) fn at(&self, area: Rect, position: Position) -> Option<usize> {
        self.at_in(popup::inside(self.place(area)), position)
    }

    /// The entry drawn at `position` where `inner` is drawn into.
    pub(super) fn at_in(&self, inner: Rect, position: Position) -> Option<usize> {
        if !inner.contains(position) {
            return None;
        }
        let nth = usize::from((position.y - inner.y) / LINES);
        Some(self.first(inner.height) + nth).filter(|&entry| entry < self.entries)
    }

    /// Says in the rule below `inner` how many entries have no room there.
    fn draw_beyond(&self, scene: &Scene<'_>, inner: Rect, buffer: &mut Buffer) {
        let above = self.first(inner.height);
        let shown = usize::from(inner.height / LINES);
        let below = self.entries.saturating_sub(above + shown);
        let more = scene.theme.glyphs.more;
        let parts = [(above, "above"), (below, "below")].map(|(count, word)| {
            let some = count > 0;
            some.then(|| format!("{count} more {word}"))
        });
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            let rule = Rect {
                y: inner.bottom(),
                height: 1,
                ..inner
            };
            let words = format!(" {more} {} ", parts.join(", "));
            put(buffer, rule, &words, scene.theme.style(Role::Text));
        }
    }

    /// Draws the entries that fit into `inner`, as `lines` has them, and says in the rule below it what is beyond.
    pub(super) fn draw(
        &self,
        scene: &Scene<'_>,
        inner: Rect,
        buffer: &mut Buffer,
        lines: impl Fn(usize) -> [String; 2],
    ) {
        self.draw_beyond(scene, inner, buffer);
        let rows = (0..inner.height).step_by(usize::from(LINES));
        for (index, entry) in rows.zip(self.first(inner.height)..self.entries) {
            let [head, rest] = lines(entry);
            let (first, second) = (row(inner, index), row(inner, index + 1));
            let chosen = entry == self.chosen;
            let role = if chosen { Role::Selected } else { Role::Strong };
            if chosen {
                let style = scene.theme.style(role);
                buffer.set_style(first.intersection(buffer.area), style);
            }
            let mark = if chosen {
                scene.theme.glyphs.chosen
            } else {
                ' '
            };
            let more = scene.theme.glyphs.more;
            let head = clipped(&format!("{mark}{head}"), first.width, more);
            put(buffer, first, &head, scene.theme.style(role));
            if index + 1 < inner.height {
                let place = right_of(second, INDENT);
                let rest = clipped(&rest, place.width, more);
                put(buffer, place, &rest, scene.theme.style(Role::Faint));
            }
        }
    }
}
