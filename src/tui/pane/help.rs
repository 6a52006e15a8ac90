//! `?`: every action with its keys, filtered by what is typed; Enter runs the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::action::{ACTIONS, Action};
use crate::tui::bindings::Bindings;
use crate::tui::canvas::{below, clipped, put, right_of, row, wrapped};
use crate::tui::state::Help;
use crate::tui::theme::Role;

use super::{Scene, popup};

/// Columns of the keys, and of the names behind them.
const COLUMNS: [u16; 2] = [13, 19];

/// Rows for the whole sentence of the chosen action.
const SENTENCE: u16 = 2;

/// The actions that match what is typed, in the order of the table.
pub(in crate::tui) fn listed<'a>(
    help: &'a Help,
    bindings: &'a Bindings,
) -> impl Iterator<Item = &'static Action> + 'a {
    let filter = help.filter.value();
    ACTIONS
        .iter()
        .filter(move |action| bindings.matches(action, filter))
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, help: &Help, area: Rect, buffer: &mut Buffer) {
    let actions: Vec<_> = listed(help, &scene.state.bindings).collect();
    let title = format!("{} of {} actions", actions.len(), ACTIONS.len());
    let inner = popup::framed(
        scene,
        popup::place(area, area.height),
        &title,
        &scene
            .state
            .bindings
            .spell("type to filter, {run-action} runs"),
        buffer,
    );
    let mark = put(buffer, row(inner, 0), "? ", scene.theme.style(Role::Key));
    let typed = right_of(row(inner, 0), mark.saturating_sub(inner.x));
    put(
        buffer,
        typed,
        help.filter.value(),
        scene.theme.style(Role::Strong),
    );

    let list = below(inner, 1);
    let list = Rect {
        height: list.height.saturating_sub(SENTENCE),
        ..list
    };
    if let Some(action) = actions.get(help.chosen) {
        // The list cuts long sentences; the chosen one is told in full.
        let full = below(inner, inner.height.saturating_sub(SENTENCE));
        for (index, words) in (0..full.height).zip(wrapped(action.doc, full.width)) {
            put(
                buffer,
                row(full, index),
                &words,
                scene.theme.style(Role::Text),
            );
        }
    }
    if actions.is_empty() {
        put(
            buffer,
            list,
            &scene
                .state
                .bindings
                .spell("no action has these words; {widen-filter} widens"),
            scene.theme.style(Role::Faint),
        );
    }
    // The chosen action stays in the middle, so that one sees what comes on both sides.
    let height = usize::from(list.height);
    let first = help
        .chosen
        .saturating_sub(height / 2)
        .min(actions.len().saturating_sub(height));
    for ((index, at), action) in (0..list.height)
        .zip(first..)
        .zip(actions.iter().skip(first))
    {
        draw_action(scene, action, at == help.chosen, row(list, index), buffer);
    }
}

fn draw_action(scene: &Scene<'_>, action: &Action, chosen: bool, area: Rect, buffer: &mut Buffer) {
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
        &clipped(
            &scene.state.bindings.key_names(action),
            COLUMNS[0] - 1,
            more,
        ),
        style(Role::Key),
    );
    let name = right_of(area, COLUMNS[0]);
    put(
        buffer,
        name,
        &clipped(action.name, COLUMNS[1] - 1, more),
        style(Role::Strong),
    );
    let doc = right_of(name, COLUMNS[1]);
    put(
        buffer,
        doc,
        &clipped(action.doc, doc.width, more),
        style(Role::Text),
    );
}
