//! `?`: every action and every command, searched by what is typed; Enter runs the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::canvas::{below, clipped, put, right_of, row, wrapped};
use crate::tui::palette::{self, Entry, Line};
use crate::tui::state::{Finder, State};
use crate::tui::theme::Role;

use super::{Scene, popup};

/// Columns of the keys, and of the names behind them.
const COLUMNS: [u16; 2] = [13, 19];

/// Rows for the whole sentence of the chosen entry.
const SENTENCE: u16 = 2;

/// The entries that match what is typed, the best first.
pub(in crate::tui) fn found(state: &State, help: &Finder) -> Vec<Entry> {
    palette::found(help.filter.value(), &state.bindings, state.context_below())
}

/// The entry drawn at `position`, by its place among those found.
pub(in crate::tui) fn entry_at(state: &State, help: &Finder, position: Position) -> Option<usize> {
    let place = List::place(Rect::new(0, 0, state.size.0, state.size.1));
    let list = List::of(state, help, List::rows(popup::inside(place)));
    let index = position.y.checked_sub(list.area.y)?;
    if !list.area.contains(position) {
        return None;
    }
    match list.shown().nth(usize::from(index))? {
        Line::Entry(at, _) => Some(*at),
        Line::Here(_) | Line::Heading(_) => None,
    }
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, help: &Finder, area: Rect, buffer: &mut Buffer) {
    let bindings = &scene.state.bindings;
    let found = found(scene.state, help);
    let title = format!(
        "{} of {} actions and commands",
        found.len(),
        palette::count()
    );
    let hint = bindings.spell("type to search, {run-action} runs");
    let inner = popup::framed(scene, List::place(area), &title, &hint, buffer);
    popup::draw_typed(scene, &help.filter, row(inner, 0), buffer);
    match found.get(help.chosen) {
        Some(entry) => draw_sentence(scene, *entry, inner, buffer),
        None => {
            let words = "nothing has these letters; Backspace widens";
            put(
                buffer,
                below(inner, 1),
                words,
                scene.theme.style(Role::Faint),
            );
        }
    }
    let list = List::of(scene.state, help, List::rows(inner));
    for (index, line) in (0..list.area.height).zip(list.shown()) {
        let place = row(list.area, index);
        match line {
            Line::Here(context) => {
                let heading = format!("Here: {}", context.place());
                put(buffer, place, &heading, scene.theme.style(Role::Strong));
            }
            Line::Heading(heading) => {
                put(buffer, place, heading, scene.theme.style(Role::Strong));
            }
            Line::Entry(at, entry) => {
                draw_entry(scene, *entry, *at == help.chosen, place, buffer);
            }
        }
    }
}

/// The list cuts long sentences; the chosen one is told in full.
fn draw_sentence(scene: &Scene<'_>, entry: Entry, inner: Rect, buffer: &mut Buffer) {
    let full = below(inner, inner.height.saturating_sub(SENTENCE));
    let words = match entry {
        Entry::Action(action) => action.doc.to_owned(),
        Entry::Command(row) => format!("{}: {}", row.usage, row.doc),
    };
    for (index, words) in (0..full.height).zip(wrapped(&words, full.width)) {
        put(
            buffer,
            row(full, index),
            &words,
            scene.theme.style(Role::Text),
        );
    }
}

/// The lines that are there, and which of them are shown where.
struct List {
    lines: Vec<Line>,
    first: usize,
    area: Rect,
}

impl List {
    fn place(area: Rect) -> Rect {
        popup::place(area, area.height)
    }

    /// Between what is typed and the sentence.
    fn rows(inner: Rect) -> Rect {
        let list = below(inner, 1);
        Rect {
            height: list.height.saturating_sub(SENTENCE),
            ..list
        }
    }

    fn of(state: &State, help: &Finder, area: Rect) -> List {
        let lines = palette::lines(help.filter.value(), &state.bindings, state.context_below());
        let is_chosen = |line: &Line| matches!(line, Line::Entry(at, _) if *at == help.chosen);
        let chosen = lines.iter().position(is_chosen).unwrap_or(0);
        // The chosen entry stays in the middle, so that one sees what comes on both sides.
        let height = usize::from(area.height);
        let first = chosen
            .saturating_sub(height / 2)
            .min(lines.len().saturating_sub(height));
        List { lines, first, area }
    }

    fn shown(&self) -> impl Iterator<Item = &Line> {
        let rows = usize::from(self.area.height);
        self.lines.iter().skip(self.first).take(rows)
    }
}

fn draw_entry(scene: &Scene<'_>, entry: Entry, chosen: bool, area: Rect, buffer: &mut Buffer) {
    let style = |role: Role| {
        scene
            .theme
            .style(if chosen { Role::Selected } else { role })
    };
    if chosen {
        buffer.set_style(area, style(Role::Selected));
    }
    let more = scene.theme.glyphs.more;
    put(
        buffer,
        area,
        &clipped(&entry.keys(&scene.state.bindings), COLUMNS[0] - 1, more),
        style(Role::Key),
    );
    let name = right_of(area, COLUMNS[0]);
    put(
        buffer,
        name,
        &clipped(entry.name(), COLUMNS[1] - 1, more),
        style(Role::Strong),
    );
    let doc = right_of(name, COLUMNS[1]);
    put(
        buffer,
        doc,
        &clipped(entry.doc(), doc.width, more),
        style(Role::Text),
    );
}
