//! What the screen itself knows: the view of the map, the open layer, the prompt's history. Nothing of the heap.

use std::collections::VecDeque;

use ratatui::layout::Rect;
use tui_input::Input;

use crate::session::frame::{Frame, Request};
use crate::view::{Lens, Parts};

use super::action::{Action, Context};
use super::key::Key;
use super::layout::Layout;
use super::message::Message;
use super::prompt::Prompt;

/// All that belongs to the screen.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Which part of the map is wanted.
    pub view: MapView,
    /// What lies over the map, if anything.
    pub layer: Option<Layer>,
    /// Words from the screen itself, shown where answers are until the next answer.
    pub notice: Option<String>,
    /// The key that asked for the newest answer.
    pub answered_by: Option<Key>,
    /// Lines run from the prompt, oldest first.
    pub history: Vec<String>,
    /// Something on the screen may have changed since it was drawn.
    pub dirty: bool,
    /// The key whose answer is awaited.
    pub(super) asked_by: Option<Key>,
    pub(super) draft: String,
    pub(super) last_verb: Option<Verb>,
    pub(super) interrupted: bool,
    /// Requests sent so far; a frame that has taken in as many shows all that was asked.
    pub(super) sent: u64,
    /// Answers that existed when the last frame came.
    pub(super) seen: u64,
    /// Typed ahead of a frame that the next key depends on.
    pub(super) held: VecDeque<Message>,
}

/// Which part of the map is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapView {
    /// Bytes a cell stands for; `None` fits the heap to the screen.
    pub zoom: Option<u64>,
    /// First row.
    pub top: u64,
    /// The map moves with the cursor.
    pub follow: bool,
}

impl Default for MapView {
    fn default() -> MapView {
        MapView {
            zoom: None,
            top: 0,
            follow: true,
        }
    }
}

/// What lies over the map; each owns its data.
#[derive(Clone, Debug)]
pub enum Layer {
    /// A line is being typed.
    Prompt(Prompt),
    /// The list of all actions.
    Help(Help),
    /// A second key says where to go.
    GoTo,
    /// Terms and formulas, from this line on.
    Explain {
        /// First line shown.
        top: u16,
    },
    /// Pasted lines wait for a yes.
    Paste(Vec<String>),
}

impl Layer {
    /// Whose keys count while the layer is open.
    #[must_use]
    pub fn context(&self) -> Context {
        match self {
            Layer::Prompt(_) => Context::Prompt,
            Layer::Help(_) => Context::Help,
            Layer::GoTo => Context::GoTo,
            Layer::Explain { .. } => Context::Explain,
            Layer::Paste(_) => Context::Paste,
        }
    }
}

/// The list of all actions, filtered.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// What is typed to filter.
    pub filter: Input,
    /// Which of the actions left is chosen.
    pub chosen: usize,
}

/// What `.` does again.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Verb {
    /// An action, on whatever is selected then.
    Action(&'static Action),
    /// `alloc` with the next free name and these words behind it.
    Alloc(String),
    /// A line as typed.
    Line(String),
}

impl Verb {
    /// The verb of a line from the prompt.
    pub(super) fn of_line(line: &str) -> Verb {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            // A slice names many blocks, so the next free name would not stand for it.
            (Some("alloc"), Some(name)) if !name.contains(':') => {
                Verb::Alloc(words.collect::<Vec<_>>().join(" "))
            }
            _ => Verb::Line(line.to_owned()),
        }
    }
}

impl State {
    /// The state of a fresh screen of this size.
    #[must_use]
    pub fn new(size: (u16, u16)) -> State {
        State {
            size,
            dirty: true,
            ..State::default()
        }
    }

    /// Whose keys count now.
    #[must_use]
    pub fn context(&self) -> Context {
        self.layer.as_ref().map_or(Context::Map, Layer::context)
    }

    /// The places of the panes, unless the screen is too small.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        Layout::of(Rect::new(0, 0, self.size.0, self.size.1))
    }

    /// Asks for the part of the map that the screen shows; nothing on a screen that is too small.
    ///
    /// The cursor stays where the session has it, since frames arrive later than keys.
    #[must_use]
    pub fn look(&self) -> Option<Request> {
        let layout = self.layout()?;
        Some(Request::Look(Lens {
            cells: layout.cells,
            rows: layout.map_rows(),
            zoom: self.view.zoom,
            top: self.view.top,
            cursor: None,
            follow: self.view.follow,
            parts: Parts::default(),
            range: None,
        }))
    }

    /// Whether `frame` shows all that was asked for.
    #[must_use]
    pub fn is_current(&self, frame: &Frame) -> bool {
        frame.requests >= self.sent
    }
}
