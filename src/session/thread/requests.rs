//! What is asked of the session thread, and what it does of it.

use std::sync::atomic::Ordering;

use crate::session::frame::{Answer, Request, Tone};
use crate::session::journal::Deed;
use crate::session::pace;
use crate::session::script::ScriptRun;
use crate::session::words::count;
use crate::session::{Command, parse_line};
use crate::view::{Lens, Target};

use super::{Next, Worker};

impl Worker {
    /// Takes in a request. What is asked of a place that is on the way waits until that is reached.
    pub(super) fn handle(&mut self, request: Request) -> Next {
        match self.hold(request) {
            Some(request) => self.handle_now(request),
            None => Next::Go,
        }
    }

    pub(super) fn handle_now(&mut self, request: Request) -> Next {
        self.session.requests += 1;
        match request {
            Request::Line(_) if self.shared.cancels.load(Ordering::Acquire) > 0 => {
                self.dropped += 1;
            }
            request if self.comes_too_early(&request) => self.refuse_early(request),
            Request::Line(line) => self.line(&line),
            Request::Command(command) => self.command(&command),
            Request::FreeAt(address) => self.free_between(address),
            Request::Look(lens) => {
                self.lens = Lens {
                    cursor: lens.cursor.or(self.lens.cursor),
                    ..lens
                }
            }
            Request::Watch(watch) => self.watch = *watch,
            Request::Refuse(line, words) => self.session.tell(Answer {
                command: line,
                ..Answer::refused(words)
            }),
            Request::Undo => self.leave(&Command::Undo),
            Request::Redo => self.leave(&Command::Redo),
            Request::ToggleRun => self.toggle(),
            Request::Step => self.step(),
            Request::Cancel => {
                self.shared.cancels.fetch_sub(1, Ordering::AcqRel);
                self.drop_held();
                self.cancel();
                self.tell_dropped();
            }
            Request::Script(commands) => {
                self.finish();
                let deeds = commands.into_iter().map(Deed::Command).collect();
                self.script = ScriptRun::new(deeds);
            }
            Request::Slower => self.command(&Command::Rate(pace::slower(self.session.target))),
            Request::Faster => self.command(&Command::Rate(pace::faster(self.session.target))),
            Request::Select(target) => self.select(target),
            Request::Quit | Request::QuitNow => {
                self.session.close_part();
                self.session.end_threads();
                return Next::Quit;
            }
        }
        Next::Go
    }

    fn line(&mut self, line: &str) {
        match parse_line(line) {
            Ok(Some(command)) => self.command(&command),
            Ok(None) => {}
            Err(error) => {
                let words = error.to_string();
                self.session.tell(Answer {
                    command: line.to_owned(),
                    words,
                    tone: Tone::Refused,
                    ..Answer::default()
                });
            }
        }
    }

    pub(super) fn command(&mut self, command: &Command) {
        match command {
            // A workload runs beside the screen; one at a time.
            Command::Run(workload) => {
                self.finish();
                self.begin(workload);
            }
            Command::Threads(threads) if threads.left.is_none() => self.begin_threads(threads),
            Command::Situations(situations) => self.begin_situations(*situations),
            Command::Pause => self.pause(),
            Command::Undo | Command::Redo | Command::Branch(_) => self.leave(command),
            Command::Seek(_) => self.seek(command),
            Command::Interleave(_) | Command::Play(_) => {
                self.finish();
                let answer = self.session.apply(command);
                self.follow(&answer);
            }
            Command::Example(example) if !self.session.is_in_steps() => {
                self.finish();
                let deeds = example.commands().into_iter().map(Deed::Command).collect();
                self.script = ScriptRun::new(deeds);
            }
            Command::Quit => {
                self.session.apply(command);
                self.session.over = true;
            }
            command => {
                self.rate_chosen |= matches!(command, Command::Rate(_));
                self.between(command);
            }
        }
    }

    /// Moves the cursor to the block that an answer is about.
    pub(super) fn follow(&mut self, answer: &Answer) {
        if let Some(block) = answer.block {
            self.lens.cursor = Some(block);
            self.lens.follow = true;
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            self.session.tell(Answer {
                words: format!("{} that waited: cancelled", count(dropped, "line")),
                tone: Tone::Note,
                ..Answer::default()
            });
        }
    }

    fn select(&mut self, target: Target) {
        let row_bytes = self.shared.frame().picture.map.row_bytes;
        self.lens.cursor = self.session.seek(self.lens.cursor, target, row_bytes);
        self.lens.follow = true;
    }
}
