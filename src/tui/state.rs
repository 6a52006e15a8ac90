//! What the screen itself knows: the view of the map, the open layer, the prompt's history. Nothing of the heap.

use std::collections::VecDeque;
use std::sync::Arc;

use ratatui::layout::Rect;
use tui_input::Input;

use crate::session::frame::{Frame, Request};
use crate::view::{Lens, Parts, Window};

use super::action::{Action, Context};
use super::bindings::Bindings;
use super::key::Key;
use super::layout::{Arrangement, Layout};
use super::lesson::Playing;
use super::message::Message;
use super::pane;
use super::panes::{ListView, Motion, PANES, Pane};
use super::prompt::Prompt;

/// All that belongs to the screen.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Which keys do what.
    pub bindings: Arc<Bindings>,
    /// Which part of the map is wanted.
    pub view: MapView,
    /// What lies over the map, if anything.
    pub layer: Option<Layer>,
    /// The pane whose keys count.
    pub focus: Pane,
    /// Whether a pane stands somewhere else than usual.
    pub arrangement: Arrangement,
    /// The pane that has a place because there is something to see of it: of threads, or of a call that is played.
    pub guest: Option<Pane>,
    /// How the list of each pane is scrolled, by number.
    pub lists: [ListView; PANES.len()],
    /// The chosen range of addresses.
    pub range: Option<Range>,
    /// The past is looked at.
    pub past: bool,
    /// What leads the person.
    pub guide: Guide,
    /// Two calls were made step by step in the last frame.
    pub(super) stepping: bool,
    /// The lesson that is played, on a session of its own.
    pub lesson: Option<Box<Playing>>,
    /// Words from the screen itself, shown where answers are until the next answer.
    pub notice: Option<String>,
    /// The key that asked for the newest answer.
    pub answered_by: Option<Key>,
    /// Lines run from the prompt, oldest first.
    pub history: Vec<String>,
    /// Lessons that were played to their end, by the names that they come along under.
    pub finished: Vec<String>,
    /// Something on the screen may have changed since it was drawn.
    pub dirty: bool,
    /// The button went down in the map and is still down.
    pub(super) dragging: bool,
    /// The same in the chart of time.
    pub(super) scrubbing: bool,
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

/// A range of addresses: first byte, and the byte behind the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The heap it is in, by number: addresses mean nothing in another.
    pub heap: u32,
    /// The block where it was begun.
    pub anchor: (u64, u64),
    /// All of it.
    pub span: (u64, u64),
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

/// What leads the person, and so what the space bar does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Guide {
    /// Nothing: the person leads.
    #[default]
    Free,
    /// A script of so many steps goes from pause to pause; in between all keys count.
    Script {
        /// Its steps.
        steps: usize,
    },
    /// A script with pauses has come to its end: the space bar, which led through it, begins nothing unasked.
    Over,
    /// The tour: its captions speak of its heap, which keys therefore leave alone.
    Tour,
}

/// What lies over the map; each owns its data.
#[derive(Clone, Debug)]
pub enum Layer {
    /// What heapwalk is and how to begin, until something is done.
    Card,
    /// A line is being typed.
    Prompt(Box<Prompt>),
    /// The list of all actions.
    Help(Finder),
    /// The lessons.
    Lessons(Finder),
    /// A second key says where to go.
    GoTo,
    /// Terms and formulas.
    Explain(Explain),
    /// The moments that were kept, and which of them is chosen.
    Bookmarks(usize),
    /// Ways to misuse the selected block, and which of them is chosen.
    Faults(usize),
    /// What the last check found, and which of that is chosen.
    Findings(usize),
    /// What can be written, and which of it is chosen.
    Export(usize),
    /// A verb in the past waits for a yes: what it asks for.
    Branch(Box<Request>),
    /// Pasted lines wait for a yes.
    Paste(Vec<String>),
}

impl Layer {
    /// Whose keys count while the layer is open.
    #[must_use]
    pub fn context(&self) -> Context {
        match self {
            Layer::Card => Context::Card,
            Layer::Prompt(prompt) if prompt.search().is_some() => Context::Search,
            Layer::Prompt(_) => Context::Prompt,
            Layer::Help(_) => Context::Help,
            Layer::Lessons(_) => Context::Lessons,
            Layer::GoTo => Context::GoTo,
            Layer::Explain(explain) if explain.typing => Context::Terms,
            Layer::Explain(_) => Context::Explain,
            Layer::Bookmarks(_) => Context::Bookmarks,
            Layer::Faults(_) => Context::Faults,
            Layer::Findings(_) => Context::Findings,
            Layer::Export(_) => Context::Export,
            Layer::Branch(_) => Context::Branch,
            Layer::Paste(_) => Context::Paste,
        }
    }
}

/// Terms and formulas.
#[derive(Clone, Debug, Default)]
pub struct Explain {
    /// First line shown.
    pub top: u16,
    /// What is looked for, if anything.
    pub search: Option<Input>,
    /// It is being typed.
    pub typing: bool,
}

/// A list that is searched by typing.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    /// What is typed to filter.
    pub filter: Input,
    /// Which of the entries left is chosen.
    pub chosen: usize,
}

impl Finder {
    /// Everything, with this entry chosen.
    #[must_use]
    pub fn at(chosen: usize) -> Finder {
        Finder {
            filter: Input::default(),
            chosen,
        }
    }
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

    /// The same with other keys.
    #[must_use]
    pub fn with_bindings(self, bindings: Arc<Bindings>) -> State {
        State { bindings, ..self }
    }

    /// The same with what a frame has to show beside the usual: as a still picture of it would have it.
    #[must_use]
    pub fn attending(self, frame: &Frame) -> State {
        let past = frame.time.past;
        let state = State { past, ..self };
        match (&frame.played, &frame.interleaved) {
            (Some(_), _) => State {
                guest: Some(Pane::Play),
                focus: Pane::Play,
                ..state
            },
            (None, None) => state,
            (None, Some(_)) => State {
                arrangement: Arrangement::InMapsPlace(Pane::Interleave),
                focus: Pane::Interleave,
                ..state
            },
        }
    }

    /// Whose keys count now.
    #[must_use]
    pub fn context(&self) -> Context {
        let below = || self.context_below();
        self.layer.as_ref().map_or_else(below, Layer::context)
    }

    /// Whose keys count where nothing lies over the screen.
    #[must_use]
    pub fn context_below(&self) -> Context {
        let of_pane = match (self.focus.row().motion, self.guide) {
            (Motion::Rows, _) => Context::Rows,
            (Motion::Steps, _) => Context::Stepping,
            (Motion::Play, _) => Context::Playing,
            (Motion::Lines, _) => Context::Lines,
            (Motion::Blocks, Guide::Free | Guide::Over) if self.past => Context::Past,
            (Motion::Blocks, Guide::Free | Guide::Over) => Context::Map,
            (Motion::Blocks, Guide::Script { .. }) => Context::Script,
            (Motion::Blocks, Guide::Tour) => Context::Tour,
        };
        match self.lesson.as_ref().map(|playing| playing.context()) {
            // The learner leads there, and so panes have their keys.
            Some(Context::Task) if of_pane != Context::Map => of_pane,
            Some(context) => context,
            None => of_pane,
        }
    }

    /// The places of the panes, unless the screen is too small.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.layout_in(self.arrangement)
    }

    /// The places that the panes would have.
    pub(super) fn layout_in(&self, arrangement: Arrangement) -> Option<Layout> {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        self.layout_on(area, arrangement)
    }

    /// The same on a screen of this area.
    pub(super) fn layout_on(&self, area: Rect, arrangement: Arrangement) -> Option<Layout> {
        let Some(playing) = &self.lesson else {
            return Layout::with_guest(area, arrangement, self.guest);
        };
        let rows = pane::lesson::rows(self, playing, area);
        let usual = || Layout::with_lesson(area, arrangement, self.guest, rows);
        // Where its words have no room beside everything else, they have it beside the one pane that they are about.
        let holds = |layout: &Layout| layout.lesson.height >= rows;
        match playing.presenting {
            None if usual().as_ref().is_none_or(holds) => usual(),
            _ => Layout::presenting(area, playing.pane(), rows),
        }
    }

    /// Asks for the part of the map that the screen shows; nothing on a screen that is too small.
    ///
    /// The cursor stays where the session has it, since frames arrive later than keys.
    #[must_use]
    pub fn look(&self) -> Option<Request> {
        let layout = self.layout()?;
        Some(Request::Look(Lens {
            cells: layout.cells,
            // A map that is not on the screen keeps a row, so that rows can still be counted.
            rows: layout.map_rows().max(1),
            zoom: self.view.zoom,
            top: self.view.top,
            cursor: None,
            follow: self.view.follow,
            parts: self.parts(&layout),
            range: self.range.map(|range| range.span),
        }))
    }

    /// The parts of the picture that the panes on the screen show.
    fn parts(&self, layout: &Layout) -> Parts {
        let window = |pane: Pane| Window {
            top: self.lists[pane as usize].top,
            rows: pane::rows_in(pane, layout.pane(pane)),
        };
        Parts {
            overview: if layout.overview_rows() > 0 {
                layout.cells * layout.overview_rows()
            } else {
                0
            },
            fragmentation: !layout.pane(Pane::Fragmentation).is_empty(),
            free_list: window(Pane::FreeList),
            pins: window(Pane::Pins),
            bytes: window(Pane::Bytes),
        }
    }

    /// Whether `frame` shows all that was asked for.
    #[must_use]
    pub fn is_current(&self, frame: &Frame) -> bool {
        frame.requests >= self.sent
    }
}
