//! Real threads and measurements beside the screen: the session thread lets them go on, looks on, and tells.

use std::time::Duration;

use crate::session::apply::is_journalled;
use crate::session::frame::Answer;
use crate::session::{Command, Situations, Threads};

use super::{FRAME, Worker};

impl Worker {
    /// Whether threads or measurements go on without being asked.
    pub(super) fn has_threads(&self) -> bool {
        let works = self.session.crew.as_ref().is_some_and(|work| !work.paused);
        works || self.session.measuring.is_some()
    }

    pub(super) fn begin_threads(&mut self, threads: &Threads) {
        self.finish();
        let had = self.session.in_view.is_some();
        let begun = self.session.begin_threads(threads);
        self.session.journal_made_heap(had);
        match begun {
            Ok(()) => {
                self.measure_anew();
                if let Some(holder) = self.session.holds_up(threads) {
                    let words = format!("the threads wait: {holder} holds the heap's lock");
                    self.session.note(words);
                }
            }
            Err(refused) => {
                let command = Command::Threads(Box::new(threads.clone())).to_string();
                self.session.tell(Answer { command, ..refused });
            }
        }
    }

    pub(super) fn begin_situations(&mut self, situations: Situations) {
        self.finish();
        self.session.begin_situations(situations);
    }

    /// Looks on for a moment. Answers with how long there is nothing to do.
    pub(super) fn look_on(&mut self) -> Duration {
        self.stale |= self.session.tell_situations();
        self.session.count_threads();
        let due = self.due();
        let due = self.session.target.map(|_| due);
        let Some(work) = self.session.crew.as_ref().filter(|work| !work.paused) else {
            return FRAME;
        };
        self.stale = true;
        if work.is_over() {
            self.finish();
            return Duration::ZERO;
        }
        if !self.session.let_threads_go(due) {
            return FRAME;
        }
        if let (Some(pace), Some(due)) = (&mut self.pace, due) {
            pace.made(due);
        }
        self.until_due_or(FRAME)
    }

    fn until_due_or(&self, most: Duration) -> Duration {
        match self.pace {
            Some(pace) => pace.wait(self.now()).clamp(Duration::from_millis(1), most),
            None => most,
        }
    }

    /// Carries out a command while no thread is inside a call.
    pub(super) fn between(&mut self, command: &Command) {
        // What destroys a heap ends those who work on it.
        if matches!(command, Command::HeapDestroy(_)) && self.session.crew.is_some() {
            self.finish();
        }
        let parked = self.session.park_threads();
        if parked.is_some() && is_journalled(command) {
            self.session.close_threads_part();
        }
        let answer = self.session.apply(command);
        self.session.resume_threads(parked);
        self.follow(&answer);
    }

    /// Frees a block while no thread is inside a call.
    pub(super) fn free_between(&mut self, address: u64) {
        let parked = self.session.park_threads();
        if parked.is_some() {
            self.session.close_threads_part();
        }
        self.session.free_at(address);
        self.session.resume_threads(parked);
    }

    /// Stops threads for the moment, or lets them go on. Whether there are any.
    pub(super) fn toggle_threads(&mut self) -> bool {
        let Some(work) = &mut self.session.crew else {
            return false;
        };
        if work.paused {
            work.paused = false;
        } else {
            work.hold();
            let parked = self.session.park_threads();
            self.session.close_threads_part();
            self.session.resume_threads(parked);
        }
        true
    }

    /// Each thread makes one operation. Whether there are any.
    pub(super) fn step_threads(&mut self) -> bool {
        let Some(work) = &mut self.session.crew else {
            return false;
        };
        work.hold();
        let parked = self.session.park_threads();
        self.session.wake_threads();
        drop(parked);
        let over = self.session.crew.as_mut().is_some_and(|work| {
            work.step();
            work.is_over()
        });
        let parked = self.session.park_threads();
        self.session.resume_threads(parked);
        if over {
            self.finish();
        }
        true
    }
}
