//! A screen that is too small to show anything: what cannot be seen is not done.

use crate::tui::action::{Action, Context, LessonAct, Screen};
use crate::tui::key::Key;
use crate::tui::message::Message;

use super::Update;

impl Update<'_> {
    /// Keeps what is typed, clicked or pasted from acting unseen: only the ways out do as they say. Tells whether it
    /// was taken care of.
    pub(super) fn is_out_of_sight(&mut self, message: &Message) -> bool {
        if self.state.layout().is_some() {
            return false;
        }
        match message {
            Message::Key(key) => self.key_out_of_sight(*key),
            Message::Paste(_) => self.say("what was pasted is not taken: too small".to_owned()),
            // Of a button that went up somewhere else nothing is left to be done.
            Message::Mouse(_) => {
                self.state.dragging = false;
                self.state.scrubbing = false;
            }
            _ => return false,
        }
        true
    }

    /// The key that ends heapwalk or leaves the lesson does so whatever has the focus, as the screen says. What is open
    /// goes first, so that nobody who types into it ends anything.
    fn key_out_of_sight(&mut self, key: Key) {
        self.state.interrupted = false;
        let context = match self.state.lesson {
            Some(_) => Context::Lesson,
            None => Context::Map,
        };
        let found = self.state.bindings.find(context, key);
        match found.and_then(WayOut::of) {
            Some(_) if self.state.layer.is_some() => self.back(),
            Some(WayOut::Lesson) => self.leave_lesson(),
            Some(WayOut::Program) => self.quit(),
            None => self.say(format!("{key} does nothing here: too small")),
        }
    }
}

/// What a key leads out of.
enum WayOut {
    Program,
    Lesson,
}

impl WayOut {
    fn of(action: &Action) -> Option<WayOut> {
        if action.is_screen(Screen::Quit) {
            Some(WayOut::Program)
        } else {
            action.is_lesson(LessonAct::Leave).then_some(WayOut::Lesson)
        }
    }
}
