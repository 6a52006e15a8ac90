//! The interactive explorer: the only part of heapwalk that knows a terminal.
//!
//! ```text
//! input thread ─┐
//! signals ──────┼─> Message ─> update(State, Frame) ─> Effect ─> Source (the session thread)
//! Waker ────────┘                     │
//!                                     └─> draw(State, Frame, Theme) ─> cells ─> output thread
//! ```
//!
//! [`update()`] decides and [`draw()`] shows; neither touches a terminal, a clock or a heap. Keys,
//! footer and help are rows of one table in [`action`]; colours and glyphs are in [`theme`].

pub mod action;
mod background;
pub mod bar;
pub mod bindings;
pub mod canvas;
pub mod chart;
pub mod draw;
pub mod environment;
pub mod event_loop;
mod export;
pub mod group;
mod input;
pub mod key;
mod keymap;
pub mod layout;
pub mod lesson;
pub mod message;
pub mod numbers;
mod pace;
pub mod palette;
mod pane;
pub mod panes;
pub mod prompt;
pub mod state;
pub(crate) mod tables;
pub mod terminal;
pub mod terms;
pub mod theme;
pub mod tour;
pub mod update;
pub mod writer;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use background::can_be_asked;
pub use bindings::Bindings;
pub use draw::{draw, still};
pub use environment::{Appearance, ColorChoice, ColorDepth, Environment, GlyphSet};
pub use event_loop::{
    FRAMES_PER_SECOND, Inbox, Lost, Opening, Options, Source, Waker, doorbell, run,
};
pub use message::{Effect, Message};
pub use state::State;
pub use theme::{Colors, Theme, ThemeError, ThemeFile};
pub use update::update;
