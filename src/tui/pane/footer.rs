//! The last row: keys of the moment, from the actions table. Each can be clicked.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::frame::Frame;
use crate::tui::action::{Action, Context, Does, RUN, Screen};
use crate::tui::canvas::{put, right_of, width};
use crate::tui::state::{Guide, State};
use crate::tui::theme::Role;

use super::{Scene, lesson};

/// The rank of the way to end what runs: wherever it counts, it is among the last to be left out.
const CANCEL: u8 = 1;
/// Columns between two hints.
const GAP: u16 = 1;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if scene.state.context() == Context::Presenter {
        return draw_presented(scene, area, buffer);
    }
    draw_hints(scene, area, [Role::Strong, Role::Key], buffer);
}

/// In front of an audience all of it is faint, and what has to be told stands here, as there is no other place for it.
fn draw_presented(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    match &scene.state.notice {
        None => draw_hints(scene, area, [Role::Faint; 2], buffer),
        Some(notice) => {
            put(buffer, area, notice, scene.theme.style(Role::Text));
        }
    }
}

fn draw_hints(scene: &Scene<'_>, area: Rect, [where_it_is, keys]: [Role; 2], buffer: &mut Buffer) {
    put(
        buffer,
        area,
        &progress(scene.state, scene.frame),
        scene.theme.style(where_it_is),
    );
    for hint in hints(scene.state, scene.frame, area) {
        let behind = put(buffer, hint.area, &hint.key, scene.theme.style(keys));
        let rest = right_of(
            hint.area,
            behind.saturating_sub(hint.area.x).saturating_add(1),
        );
        put(buffer, rest, hint.word, scene.theme.style(Role::Faint));
    }
}

/// The action of the hint at `position`.
pub(in crate::tui) fn action_at(
    state: &State,
    frame: &Frame,
    area: Rect,
    position: Position,
) -> Option<&'static Action> {
    hints(state, frame, area)
        .into_iter()
        .find(|hint| hint.area.contains(position))
        .map(|hint| hint.action)
}

/// How far the script or the presented lesson is, in front of the keys that lead through it.
fn progress(state: &State, frame: &Frame) -> String {
    if state.guide == Guide::Over && state.context().is_over_map() {
        return state.bindings.spell("script over: {undo} takes it back ");
    }
    if let (Context::Presenter, Some(playing)) = (state.context(), &state.lesson) {
        return format!("{} ", lesson::progress(playing));
    }
    match (state.context(), frame.script) {
        (Context::Script | Context::Stepping, Some(script)) => {
            format!("step {}/{} ", script.step, script.of)
        }
        (Context::Tour, Some(script)) => format!("tour {}/{} ", script.step, script.of),
        _ => String::new(),
    }
}

struct Hint {
    action: &'static Action,
    key: String,
    word: &'static str,
    area: Rect,
}

/// Whether something is under way that can be cancelled.
fn works(frame: &Frame) -> bool {
    frame.run.is_some() || frame.measuring.is_some()
}

fn is_cancel(action: &Action) -> bool {
    matches!(action.does, Does::Screen(Screen::Interrupt))
}

/// The word of a hint: what starts something pauses what runs.
fn word_now(action: &Action, word: &'static str, frame: &Frame) -> &'static str {
    match &frame.run {
        Some(run) if action.name == RUN && run.paused => "go on",
        Some(_) if action.name == RUN => "pause",
        _ => word,
    }
}

/// What fits, in the order of the table; the highest ranks are left out first.
fn hints(state: &State, frame: &Frame, area: Rect) -> Vec<Hint> {
    let area = right_of(area, width(&progress(state, frame)));
    let (bindings, context) = (&state.bindings, state.context());
    let mut chosen: Vec<_> = bindings
        .hints(context)
        .filter(|(action, ..)| !is_cancel(action) || works(frame))
        // An audience needs to know of no more than leads through the lesson.
        .filter(|(action, ..)| context != Context::Presenter || action.context == context)
        .map(|(action, key, rank, word)| {
            let key = key.to_string();
            let word = word_now(action, word, frame);
            let rank = if is_cancel(action) { CANCEL } else { rank };
            let columns = width(&key).saturating_add(1).saturating_add(width(word));
            (action, rank, word, key, columns)
        })
        .collect();
    while chosen
        .iter()
        .map(|hint| hint.4.saturating_add(GAP))
        .fold(0, u16::saturating_add)
        > area.width.saturating_add(GAP)
    {
        let Some(last) = (0..chosen.len()).max_by_key(|&at| (chosen[at].1, at)) else {
            break;
        };
        chosen.remove(last);
    }
    let mut x = area.x;
    chosen
        .into_iter()
        .map(|(action, _, word, key, columns)| {
            let place = Rect {
                x,
                width: columns,
                ..area
            }
            .intersection(area);
            x = x.saturating_add(columns).saturating_add(GAP);
            Hint {
                action,
                key,
                word,
                area: place,
            }
        })
        .collect()
}
