//! `i`: the words and formulas of what has the focus, then all others; searched with `/`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::frame::Frame;
use crate::tui::canvas::{below, put, put_line, right_of, row, wrapped};
use crate::tui::state::{Explain, State};
use crate::tui::terms::{TERMS, Term};
use crate::tui::theme::Role;
use crate::view::Picture;

use super::{Scene, popup};

pub(in crate::tui) fn draw(scene: &Scene<'_>, open: &Explain, area: Rect, buffer: &mut Buffer) {
    let place = popup::place(area, area.height);
    let text = text_area(place, open);
    let lines = lines(scene.state, scene.frame, open, text.width);
    let total = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = open.top.min(total.saturating_sub(text.height));
    let last = top.saturating_add(text.height).min(total);
    let right = format!(
        "lines {}-{last} of {total}, {}",
        top.saturating_add(1).min(total),
        scene.spell("{search-text} searches")
    );
    let inner = popup::framed(scene, place, "What the words mean", &right, buffer);
    if let Some(search) = &open.search {
        let behind = put(buffer, row(inner, 0), "/ ", scene.theme.style(Role::Key));
        let typed = right_of(row(inner, 0), behind.saturating_sub(inner.x));
        put(
            buffer,
            typed,
            search.value(),
            scene.theme.style(Role::Strong),
        );
    }
    if lines.is_empty() {
        put(
            buffer,
            text,
            "no term has these words",
            scene.theme.style(Role::Faint),
        );
    }
    for (index, (role, line)) in (0..text.height).zip(lines.into_iter().skip(usize::from(top))) {
        put_line(
            buffer,
            row(text, index),
            &Line::from(scene.span(role, line)),
        );
    }
}

/// The last line that may stand at the top.
pub(in crate::tui) fn last_top(state: &State, frame: &Frame, open: &Explain) -> u16 {
    let place = popup::place(Rect::new(0, 0, state.size.0, state.size.1), state.size.1);
    let text = text_area(place, open);
    let total = lines(state, frame, open, text.width).len();
    u16::try_from(total)
        .unwrap_or(u16::MAX)
        .saturating_sub(text.height)
}

/// Where the terms stand: below the line of the search, if there is one.
fn text_area(place: Rect, open: &Explain) -> Rect {
    below(popup::inside(place), u16::from(open.search.is_some()))
}

fn lines(state: &State, frame: &Frame, open: &Explain, columns: u16) -> Vec<(Role, String)> {
    let picture = &frame.picture;
    let typed = open.search.as_ref().map_or("", |search| search.value());
    let (here, elsewhere): (Vec<&Term>, Vec<&Term>) = TERMS
        .iter()
        .filter(|term| term.matches(typed))
        .partition(|term| term.panes.contains(&state.focus));
    let mut lines = Vec::new();
    if !here.is_empty() {
        let pane = state.focus.row();
        let words = format!("{}: {}", state.focus.title(), pane.doc);
        let heading = wrapped(&words, columns).into_iter();
        lines.extend(heading.map(|line| (Role::Key, line)));
        here.iter()
            .for_each(|term| explain(term, picture, columns, &mut lines));
    }
    if !elsewhere.is_empty() {
        lines.push((Role::Key, "Other words".to_owned()));
        elsewhere
            .iter()
            .for_each(|term| explain(term, picture, columns, &mut lines));
    }
    lines
}

fn explain(term: &Term, picture: &Picture, columns: u16, lines: &mut Vec<(Role, String)>) {
    let heading = wrapped(&term.heading(picture), columns).into_iter();
    lines.extend(heading.map(|line| (Role::Strong, line)));
    let words = wrapped(&term.words(), columns.saturating_sub(2)).into_iter();
    lines.extend(words.map(|line| (Role::Text, format!("  {line}"))));
}
