//! What keys and `pause` do to what runs beside the screen: start it, stop it for the moment, end it.

use crate::lab::Workload;
use crate::session::Command;
use crate::session::frame::Answer;
use crate::session::words::grouped;

use super::Worker;

/// Operations of the workload that the space bar starts: enough to watch, to pause and to cancel.
const SPACE_OPS: u64 = 1_000_000;
/// Operations a second that the space bar's program makes until a person chooses a rate.
const SPACE_RATE: u64 = 1_000;

impl Worker {
    /// `pause` at the prompt: stops what runs until the space bar.
    pub(super) fn pause(&mut self) {
        let script = self.script.is_due();
        if self.session.crew.as_ref().is_some_and(|work| !work.paused) {
            self.toggle_threads();
            let answer =
                Answer::note("the threads stand; space goes on, s lets each make one operation");
            let command = Command::Pause.to_string();
            return self.session.tell(Answer { command, ..answer });
        }
        let answer = match self.session.pause() {
            Some(answer) => answer,
            None if script => {
                self.script.wait();
                Answer::note("the script waits; space goes on")
            }
            None => Answer::refused("nothing runs that could pause; space runs a workload"),
        };
        let command = Command::Pause.to_string();
        self.session.tell(Answer { command, ..answer });
    }

    /// Undo, redo and `branch`: what runs ends before the past is entered, it does not go on there. Where they are sure
    /// to be refused it goes on.
    pub(super) fn leave(&mut self, command: &Command) {
        // What threads made until now is a command that can be taken back.
        self.session.count_threads();
        if !self.session.leads_nowhere(command) {
            self.finish();
        }
        self.session.apply(command);
    }

    /// Says that nothing runs in the past, where that is what is looked at.
    fn refuse_in_past(&mut self) -> bool {
        let past = self.session.is_past();
        if past {
            self.session.tell(Answer::refused(
                "this is the past: nothing runs here; `branch` goes on from this place, `seek present` leads back",
            ));
        }
        past
    }

    pub(super) fn toggle(&mut self) {
        if self.refuse_in_past() {
            return;
        }
        if self.toggle_threads() {
            return self.measure_anew();
        }
        match &mut self.session.running {
            Some(running) => {
                running.paused = !running.paused;
                // What was made until now is sure to be in the journal, however long the pause.
                self.session.close_part();
            }
            None if self.script.is_left() => self.script.go_on(),
            None => self.begin_program(),
        }
        self.measure_anew();
    }

    /// The program of the space bar: at a rate that eyes can follow, unless a rate was chosen.
    fn begin_program(&mut self) {
        let chosen = self.rate_chosen || self.session.target.is_some();
        if !chosen {
            self.session.target = Some(SPACE_RATE);
        }
        let workload = Workload {
            ops: SPACE_OPS,
            ..Workload::default()
        };
        let live = self.session.room_for(&workload);
        self.begin(&Workload {
            live: workload.live.min(live),
            ..workload
        });
        self.easy = !chosen;
        if self.easy {
            self.session.tell(Answer::note(format!(
                "a random program at {} operations a second: > goes faster, < slower, space pauses, Ctrl-c ends it",
                grouped(SPACE_RATE)
            )));
        }
    }

    pub(super) fn step(&mut self) {
        if self.refuse_in_past() {
            return;
        }
        if self.step_threads() {
            return;
        }
        if let Some(running) = &mut self.session.running {
            running.paused = true;
            let goes_on = self.make_steps(1);
            self.session.close_part();
            if !goes_on {
                self.finish();
            }
        } else {
            self.script.wait();
            self.script_line();
        }
    }

    /// Stops what runs; the rest of a script waits for the space bar.
    pub(super) fn cancel(&mut self) {
        // Before what runs ends, so that what was made of it is written down.
        let stopped = self.stop_opening();
        if self.session.give_up_seeking() {
            return self
                .session
                .note("the way there was given up: the old place stands".to_owned());
        }
        if self.session.running.is_some() || self.session.crew.is_some() {
            self.finish();
        }
        self.session.cancel_situations();
        self.script.wait();
        if let Some(words) = stopped {
            self.session.note(words);
        }
    }
}
