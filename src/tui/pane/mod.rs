//! The parts of the screen, one file each. A pane draws itself into the area it is given and knows no other.

pub(super) mod block;
pub(super) mod bookmarks;
pub(super) mod branch;
pub(super) mod bytes;
pub(super) mod card;
mod choices;
pub(super) mod explain;
pub(super) mod export;
pub(super) mod faults;
pub(super) mod figures;
pub(super) mod findings;
pub(super) mod footer;
pub(super) mod fragmentation;
pub(super) mod free_list;
pub(super) mod header;
pub(super) mod help;
pub(super) mod interleave;
pub(super) mod lesson;
pub(super) mod lessons;
pub(super) mod log;
pub(super) mod map;
pub(super) mod memory;
pub(super) mod pins;
pub(super) mod play;
pub(super) mod popup;
pub(super) mod prompt;
pub(super) mod returned;
pub(super) mod threads;
pub(super) mod time;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::session::frame::{Bookmark, Frame};

use super::canvas::{put, put_cut, row, titled, wrapped};
use super::numbers::difference;
use super::panes::{ListView, PANES, Pane};
use super::state::State;
use super::theme::{Role, Theme};

/// All that a pane may read.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) state: &'a State,
    pub(super) frame: &'a Frame,
    pub(super) theme: &'a Theme,
}

impl Scene<'_> {
    /// Words in the style of their meaning.
    pub(super) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.theme.style(role))
    }

    /// A pane's title over its first row, with words at the right; the rest of the area.
    ///
    /// The title of the pane whose keys count is reversed, unless it is the map: that is the usual case.
    pub(super) fn titled(&self, pane: Pane, area: Rect, right: &str, buffer: &mut Buffer) -> Rect {
        let inner = titled(buffer, area, self.theme, &pane.title(), right);
        if self.state.focus == pane && pane != Pane::Map {
            let place = Rect {
                x: area.x.saturating_add(1),
                width: super::canvas::width(&pane.title()).saturating_add(2),
                height: 1,
                ..area
            };
            buffer.set_style(
                place.intersection(area).intersection(buffer.area),
                self.theme.style(Role::Selected),
            );
        }
        inner
    }

    /// Words with the keys of actions in place of their names in braces: `{quit} ends heapwalk`.
    pub(super) fn spell(&self, words: &str) -> String {
        self.state.bindings.spell(words)
    }

    /// What figures are compared with: a baseline of another heap says nothing of this one.
    pub(super) fn baseline(&self) -> Option<&Bookmark> {
        let here = self.frame.picture.heap.number;
        let baseline = self.frame.baseline.as_deref();
        baseline.filter(|baseline| baseline.heap == here)
    }

    /// How a figure differs from the baseline, if there is one: ` (+80)`.
    pub(super) fn since(&self, now: u64, then: impl Fn(&Bookmark) -> u64) -> String {
        self.baseline().map_or_else(String::new, |baseline| {
            format!(" ({})", difference(now, then(baseline)))
        })
    }

    /// What stands in place of figures that cannot be true.
    pub(super) fn disbelief(&self) -> Option<&'static str> {
        let picture = &self.frame.picture;
        match (picture.counters_fit(), picture.quiet) {
            (true, _) => None,
            (false, true) => Some("counters damaged"),
            (false, false) => Some("counters in motion"),
        }
    }

    /// Whether the keys that choose rows act on this pane.
    pub(super) fn has_focus(&self, pane: Pane) -> bool {
        self.state.focus == pane
    }

    /// The mark before a row of a list, and the role of its words: the chosen row of the pane with the focus has a
    /// glyph of its own beside its style.
    pub(super) fn row_mark(&self, pane: Pane, row: u64) -> (char, Role) {
        let chosen = self.has_focus(pane) && self.state.lists[pane as usize].chosen == row;
        if chosen {
            (self.theme.glyphs.chosen, Role::Selected)
        } else {
            (' ', Role::Text)
        }
    }

    /// Words in a pane that has nothing to show, wrapped; names of actions in braces become their keys.
    pub(super) fn say(&self, words: &str, area: Rect, buffer: &mut Buffer) {
        let style = self.theme.style(Role::Faint);
        for (index, line) in (0..area.height).zip(wrapped(&self.spell(words), area.width)) {
            put(buffer, row(area, index), &line, style);
        }
    }

    /// Writes a line at the start of `area`; what does not fit is told by a mark at its end.
    pub(super) fn put_line(&self, line: &Line<'_>, area: Rect, buffer: &mut Buffer) -> u16 {
        put_cut(buffer, area, line, self.theme.glyphs.more)
    }

    /// What stands between the segments of a line.
    pub(super) fn bar(&self) -> Span<'static> {
        self.span(Role::Faint, format!(" {} ", self.theme.glyphs.bar))
    }
}

/// What Enter on a row of a pane leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Opened {
    /// The block at this address.
    Block(u64),
    /// A line of the command language.
    Line(String),
}

/// How many rows a pane has to show in all; 0 for panes that do not scroll.
pub(super) fn rows_of(pane: Pane, frame: &Frame) -> u64 {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let picture = &frame.picture;
    match pane {
        Pane::Map | Pane::Block | Pane::Time => 0,
        Pane::Fragmentation => fragmentation::rows_of(frame),
        Pane::Returned => count(frame.returned.len()),
        Pane::Log => count(frame.log.len()),
        Pane::FreeList => picture.free_list.as_ref().map_or(0, |list| list.total),
        Pane::Pins => picture.pins.as_ref().map_or(0, |pins| {
            pins.total
                .unwrap_or_else(|| pins.top.saturating_add(count(pins.pins.len())))
        }),
        Pane::Bytes => picture.bytes.as_ref().map_or(0, |bytes| bytes.total),
        Pane::Threads => threads::rows_of(frame),
        Pane::Interleave => interleave::rows_of(frame),
        Pane::Play => play::rows_of(frame),
    }
}

/// How many of its rows a pane in `area` can show.
pub(super) fn rows_in(pane: Pane, area: Rect) -> u16 {
    match pane {
        Pane::Pins => pins::rows_in(area),
        Pane::FreeList => free_list::rows_in(area),
        Pane::Threads => threads::rows_in(area),
        _ => area.height.saturating_sub(1),
    }
}

/// What Enter on row `chosen` of a pane leads to.
pub(super) fn opened(pane: Pane, frame: &Frame, chosen: u64) -> Option<Opened> {
    let picture = &frame.picture;
    let at = |top: u64| usize::try_from(chosen.checked_sub(top)?).ok();
    match pane {
        Pane::Log => {
            let answer = frame.log.iter().rev().nth(at(0)?)?;
            answer.block.map(Opened::Block)
        }
        Pane::FreeList => {
            let list = picture.free_list.as_ref()?;
            list.entries
                .get(at(list.top)?)
                .map(|entry| Opened::Block(entry.address))
        }
        Pane::Pins => {
            let pins = picture.pins.as_ref()?;
            pins.pins
                .get(at(pins.top)?)
                .map(|pin| Opened::Block(pin.address))
        }
        Pane::Fragmentation => fragmentation::opened(frame, chosen),
        Pane::Threads => threads::opened(frame, chosen).map(Opened::Block),
        Pane::Interleave => interleave::opened(frame, chosen),
        Pane::Play => play::opened(frame),
        Pane::Map | Pane::Block | Pane::Time | Pane::Returned | Pane::Bytes => None,
    }
}

/// The row of a pane that is drawn at `position`.
pub(super) fn row_at(
    pane: Pane,
    frame: &Frame,
    area: Rect,
    position: Position,
    lists: &[ListView; PANES.len()],
) -> Option<u64> {
    let shown = rows_in(pane, area);
    let first = match pane {
        // What stands below its list is no row of it.
        Pane::Threads => area.y.saturating_add(1),
        _ => area.bottom().saturating_sub(shown),
    };
    let index = u64::from(position.y.checked_sub(first)?);
    if index >= u64::from(shown) {
        return None;
    }
    let row = match pane {
        // The newest answer stands at the bottom; answers take several lines each.
        Pane::Log => return None,
        Pane::Play => return play::row_at(frame, area, position),
        Pane::Interleave => u64::from(position.y.checked_sub(area.y.saturating_add(1))?),
        Pane::Fragmentation => {
            return fragmentation::row_at(frame, area, position, lists[pane as usize].chosen);
        }
        _ => lists[pane as usize].top.saturating_add(index),
    };
    (row < rows_of(pane, frame)).then_some(row)
}
