//! Tests of the screen as a whole, on pretended heaps.

mod doubt;
mod keys;
mod lessons;
mod mouse;
mod past;
mod pictures;
mod remapped;
mod sizes;
mod triples;

use crate::session::frame::Frame;

use super::key::Key;
use super::message::{Effect, Message};
use super::state::State;
use super::update::update;

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
