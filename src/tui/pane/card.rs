//! The card of the first minute: what heapwalk is, and the keys to begin with. Each can be clicked.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::action::Action;
use crate::tui::canvas::{below, put, right_of, row, width, wrapped};
use crate::tui::panes::Pane;
use crate::tui::state::State;
use crate::tui::theme::Role;

use super::{Scene, popup};

/// What heapwalk is, in two sentences.
const WORDS: &str = "A real heap with the calls of Windows, from HeapAlloc to _heapmin, on real \
    memory, drawn block by block while you use it. Fragment it, compact it, and watch its pages go \
    back to the system.";

/// Actions, and what they are for somebody new.
const FIRST_KEYS: [(&str, &str); 7] = [
    ("tour", "take the 30-second tour"),
    ("lessons", "learn: twelve short lessons"),
    ("alloc", "allocate a block"),
    ("run", "run a random program"),
    ("prompt", "type a command"),
    ("keys", "list all keys"),
    ("quit", "quit"),
];

/// Columns of the card where there is plenty of room.
const WIDEST: u16 = 72;

/// Columns of a key.
const KEYS: u16 = 7;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let bindings = &scene.state.bindings;
    let card = Card::of(scene.state, area);
    let inner = popup::framed(
        scene,
        card.area,
        "heapwalk",
        &bindings.spell("{close-card} closes"),
        buffer,
    );
    for (index, line) in (0..inner.height).zip(&card.words) {
        put(
            buffer,
            row(inner, index),
            line,
            scene.theme.style(Role::Text),
        );
    }
    for ((_, words), (action, place)) in FIRST_KEYS.iter().zip(card.keys()) {
        let key = bindings
            .key(action)
            .map_or_else(String::new, |key| key.to_string());
        put(buffer, place, &key, scene.theme.style(Role::Key));
        let rest = right_of(place, KEYS);
        put(buffer, rest, words, scene.theme.style(Role::Strong));
    }
}

/// The action of the card's row at `position`.
pub(in crate::tui) fn action_at(state: &State, position: Position) -> Option<&'static Action> {
    let card = Card::of(state, Rect::new(0, 0, state.size.0, state.size.1));
    card.keys()
        .into_iter()
        .find(|(_, place)| place.contains(position))
        .map(|(action, _)| action)
}

/// Where the card and its parts are.
struct Card {
    area: Rect,
    words: Vec<String>,
}

impl Card {
    /// In the middle of the map where it has room, else in the middle of the screen.
    fn of(state: &State, area: Rect) -> Card {
        let map = state
            .layout()
            .map_or(area, |layout| layout.pane(Pane::Map).intersection(area));
        // Slivers of the map on both sides would only distract.
        let columns = if map.width < WIDEST + 24 {
            map.width
        } else {
            WIDEST
        };
        let words = wrapped(WORDS, columns.saturating_sub(2));
        let lines = words.len() + 1 + FIRST_KEYS.len().div_ceil(2);
        let rows = u16::try_from(lines).unwrap_or(u16::MAX);
        let room = if map.height >= rows.saturating_add(2) {
            map
        } else {
            area
        };
        let height = rows.saturating_add(2).min(room.height);
        Card {
            area: Rect {
                x: map.x + (map.width - columns) / 2,
                y: room.y + (room.height - height) / 2,
                width: columns,
                height,
            },
            words,
        }
    }

    /// The actions with their places, in two columns.
    fn keys(&self) -> Vec<(&'static Action, Rect)> {
        let inner = popup::inside(self.area);
        let first = u16::try_from(self.words.len() + 1).unwrap_or(u16::MAX);
        let list = below(inner, first);
        let column = inner.width / 2;
        let rows = FIRST_KEYS.len().div_ceil(2);
        FIRST_KEYS
            .iter()
            .enumerate()
            .filter_map(|(at, (id, words))| {
                let line = row(list, u16::try_from(at % rows).unwrap_or(u16::MAX));
                let place = right_of(line, if at < rows { 0 } else { column });
                let width = KEYS.saturating_add(width(words)).min(place.width);
                Some((Action::of_id(id)?, Rect { width, ..place }))
            })
            .collect()
    }
}
