//! Tests of the screen as a whole, on pretended heaps.

mod doubt;
mod keys;
mod lessons;
mod mouse;
mod past;
mod pictures;
mod prompt;
mod remapped;
mod sizes;
mod triples;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::Frame;

use super::draw::draw;
use super::key::Key;
use super::message::{Effect, Message};
use super::state::State;
use super::update::update;
use super::{Appearance, ColorDepth, GlyphSet, Theme};

/// Types `keys` one after the other on one frame; all effects in order.
fn typed(state: &mut State, frame: &Frame, keys: &[Key]) -> Vec<Effect> {
    keys.iter()
        .flat_map(|key| update(state, frame, Message::Key(*key)))
        .collect()
}

/// The keys of a text, blanks and all.
fn keys_of(text: &str) -> Vec<Key> {
    text.chars().map(Key::Char).collect()
}

/// The characters of a picture, row by row.
fn rows(buffer: &Buffer) -> Vec<String> {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let row = |y: u16| (0..columns).map(|x| buffer[(x, y)].symbol()).collect();
    (0..rows).map(row).collect()
}

/// The rows of a screen in ASCII.
fn shown(state: &State, frame: &Frame) -> Vec<String> {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark);
    draw(state, frame, &theme, area, &mut buffer);
    rows(&buffer)
}
