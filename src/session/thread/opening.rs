//! Doing again what a script or a journal says, beside the screen.
//!
//! While a journal is opened nobody else may change anything: `undo` in it would take back something else then.

use crate::session::apply::is_journalled;
use crate::session::frame::{Answer, Request};
use crate::session::journal::Deed;
use crate::session::script::ScriptRun;
use crate::session::words::{count, grouped};
use crate::session::{Command, parse_line};

use super::Worker;

const STILL_OPENING: &str = "the session is still being opened; it can be changed when that is done, or when Ctrl-c stops it";

/// A journal that is being done again.
pub(super) struct Opening {
    /// What it is called.
    pub(super) file: String,
    /// All that stands in it.
    pub(super) deeds: usize,
}

impl Worker {
    pub(super) fn script_line(&mut self) {
        match self.script.next_line() {
            Some(Deed::Command(Command::Run(workload))) => self.begin(&workload),
            Some(Deed::Command(Command::Threads(threads))) if threads.left.is_none() => {
                self.begin_threads(&threads);
            }
            Some(Deed::Command(Command::Situations(situations))) => {
                self.begin_situations(situations);
            }
            Some(Deed::Command(Command::Quit)) => {
                self.script = ScriptRun::default();
                self.session.apply(&Command::Quit);
            }
            // What holds as the script's author expected is no news to who watches.
            Some(Deed::Command(command)) => {
                let answer = self.session.apply_quietly(&command);
                self.session.end_seeking();
                self.follow(&answer);
            }
            Some(deed) => self.session.do_again(&deed),
            // No session has pauses; one that a person wrote into its journal must not hold it up.
            None if self.opening.is_some() => self.script.go_on(),
            None => {}
        }
        if !self.script.is_left()
            && let Some(cut) = self.cut.take()
        {
            self.session.note_cut(&cut);
        }
    }

    /// The journal goes on where the one that was opened has been done again.
    pub(super) fn end_opening(&mut self) {
        let runs = self.session.running.is_some() || self.session.crew.is_some();
        if self.script.is_left() || runs {
            return;
        }
        if let Some(opening) = self.opening.take() {
            self.session.let_go_of_journal(opening.deeds);
        }
    }

    /// Does no more of a journal: the session is what was done again until now. Answers with what is to be told.
    pub(super) fn stop_opening(&mut self) -> Option<String> {
        let opening = self.opening.take()?;
        // What runs was begun, and is written down as the part that was made of it.
        let begun = opening.deeds - self.script.left();
        let done =
            begun - usize::from(self.session.running.is_some() || self.session.crew.is_some());
        self.session.let_go_of_journal(done);
        self.script = ScriptRun::default();
        self.cut = None;
        Some(format!(
            "opening was stopped: {} of {} done again; what was not is still in {}",
            grouped(done as u64),
            count(opening.deeds as u64, "command"),
            opening.file
        ))
    }

    /// Whether a request has to wait until a journal is opened.
    pub(super) fn comes_too_early(&self, request: &Request) -> bool {
        if self.opening.is_none() {
            return false;
        }
        match request {
            Request::Line(line) => {
                matches!(parse_line(line), Ok(Some(command)) if self.would_change(&command))
            }
            Request::Command(command) => self.would_change(command),
            Request::FreeAt(_)
            | Request::Undo
            | Request::Redo
            | Request::ToggleRun
            | Request::Step
            | Request::Script(_) => true,
            Request::Look(_)
            | Request::Watch(_)
            | Request::Refuse(..)
            | Request::Cancel
            | Request::Slower
            | Request::Faster
            | Request::Select(_)
            | Request::Quit
            | Request::QuitNow => false,
        }
    }

    fn would_change(&self, command: &Command) -> bool {
        match command {
            Command::Undo | Command::Redo | Command::Pause => true,
            Command::Seek(_) | Command::Branch(_) => true,
            Command::Interleave(_) | Command::Play(_) | Command::Step(_) | Command::Example(_) => {
                true
            }
            Command::Quit | Command::Rate(_) => false,
            // Where there is no heap yet, even a question makes one.
            command => is_journalled(command) || self.session.in_view.is_none(),
        }
    }

    /// Says why nothing comes of a request.
    pub(super) fn refuse_early(&mut self, request: Request) {
        let command = match request {
            Request::Line(line) => line,
            Request::Command(command) => command.to_string(),
            Request::Undo => Command::Undo.to_string(),
            Request::Redo => Command::Redo.to_string(),
            _ => String::new(),
        };
        self.session.tell(Answer {
            command,
            ..Answer::refused(STILL_OPENING)
        });
    }
}
