//! What leads a person through the first minutes: the card, the tour, and words for keys without a meaning.

use crate::session::frame::{Frame, Request};
use crate::tui::action::{Action, Context, RUN, Screen};
use crate::tui::key::Key;
use crate::tui::layout::Arrangement;
use crate::tui::pane::card;
use crate::tui::panes::Pane;
use crate::tui::state::{Guide, Layer, MapView};
use crate::tui::tour;
use ratatui::layout::Position;

use super::Update;

impl Update<'_> {
    /// The tour makes a heap of its own and shows it where the map usually is.
    pub(super) fn begin_tour(&mut self) {
        self.state.guide = Guide::Tour;
        self.state.view = MapView::default();
        self.state.focus = Pane::Map;
        self.state.arrangement = Arrangement::Usual;
        self.send(Request::Script(tour::commands()));
        self.look();
    }

    pub(super) fn end_tour(&mut self) {
        self.state.guide = Guide::Free;
        self.send(Request::Script(Vec::new()));
        self.spell(
            "{end-tour}  the tour is over; this heap is yours now, {heap} goes to the others, {keys} lists keys",
        );
    }

    /// Takes in what a new frame says about the script, and whether the card is still of use.
    pub(super) fn follow_guide(&mut self) {
        if !self.state.is_current(self.frame) || self.state.lesson.is_some() {
            return;
        }
        self.state.guide = match (self.state.guide, self.frame.script) {
            (Guide::Over, None) => Guide::Over,
            (Guide::Script { steps }, None) if steps > 1 => Guide::Over,
            (_, None) => Guide::Free,
            (Guide::Free | Guide::Over, Some(script)) => Guide::Script { steps: script.of },
            (guide, Some(_)) => guide,
        };
        if matches!(self.state.layer, Some(Layer::Card)) && !is_fresh(self.frame) {
            self.state.layer = None;
        }
    }

    /// Whether the tour keeps an action from changing what its captions are about; says so then.
    pub(super) fn is_held_back(&mut self, action: &Action, key: Option<Key>) -> bool {
        let held_back =
            self.state.guide == Guide::Tour && action.context != Context::Tour && action.acts();
        if held_back {
            let words = format!(
                "{} waits until the tour is over: {{next-step-of-the-tour}} goes on, {{end-tour}} ends it",
                action.name
            );
            self.echo(key, &self.state.bindings.spell(&words));
        }
        held_back
    }

    /// Whether the key that led through a script is pressed once too often; says so then. What acts otherwise goes on
    /// from the script's heap, and the script is forgotten.
    pub(super) fn is_after_the_script(&mut self, action: &Action, key: Option<Key>) -> bool {
        if self.state.guide != Guide::Over || !action.acts() {
            return false;
        }
        self.state.guide = Guide::Free;
        let starts = action.context == Context::Map && action.name == RUN;
        if starts {
            let words = "the script is over: {undo} takes it back, {interleave-pane} shows examples; \
                         once more starts the random program on this heap";
            self.echo(key, &self.state.bindings.spell(words));
        }
        starts
    }

    /// The action of the card that was clicked; a click elsewhere closes the card.
    pub(super) fn click_card(&mut self, at: Position) -> Option<&'static Action> {
        if !matches!(self.state.layer, Some(Layer::Card)) {
            return None;
        }
        let action = card::action_at(self.state, at);
        self.state.layer = None;
        action
    }

    /// Says that a key has no meaning here, and what may have been meant.
    pub(super) fn say_meaningless(&mut self, key: Key) {
        let context = self.state.context();
        let bindings = &self.state.bindings;
        let way = |screen: Screen, does: &str| {
            let key = bindings.key_of(context, screen);
            key.map_or_else(String::new, |key| format!("; {key} {does}"))
        };
        let list = if context.is_over_map() {
            way(Screen::OpenHelp, "lists keys")
        } else {
            way(Screen::Back, "leaves")
        };
        let near = other_case(key)
            .and_then(|other| Some((other, bindings.find(context, other)?)))
            .map_or_else(String::new, |(other, action)| {
                format!("; {other} is {}", action.name)
            });
        self.say(format!("{key} does nothing here{near}{list}"));
    }
}

/// Whether nothing was done in this session yet, and nothing is about to be.
pub(super) fn is_fresh(frame: &Frame) -> bool {
    frame.operations == 0
        && frame.log_total == 0
        && frame.run.is_none()
        && frame.script.is_none()
        && frame.picture.figures.busy_blocks == 0
}

/// The key that a shift or caps lock away gives.
fn other_case(key: Key) -> Option<Key> {
    match key {
        Key::Char(letter) if letter.is_ascii_uppercase() => {
            Some(Key::Char(letter.to_ascii_lowercase()))
        }
        Key::Char(letter) if letter.is_ascii_lowercase() => {
            Some(Key::Char(letter.to_ascii_uppercase()))
        }
        _ => None,
    }
}
