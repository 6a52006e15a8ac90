//! `situations`: what HEAP_NO_SERIALIZE saves where it is safe, and what it costs where it is not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::lab::Workload;
use crate::lab::situations::{Outcome, Situation, measure};
use crate::view::numbers::rounded;

use super::command::{Command, Situations};
use super::frame::{Answer, Progress, Tone};
use super::session::Session;
use super::threads::lock_used;
use super::words::count;

/// The work of each thread.
fn workload(situations: &Situations) -> Workload {
    Workload {
        ops: situations.ops,
        live: 200,
        seed: situations.seed,
        ..Workload::default()
    }
}

/// The situation in words, with the share of the first that its rate is.
fn line(outcome: &Outcome, first: f64) -> String {
    let threads = count(outcome.threads as u64, "thread");
    let how = match outcome.situation {
        Situation::OneSerialized => format!("{threads}, serialised"),
        Situation::One => format!("{threads}, HEAP_NO_SERIALIZE"),
        Situation::HeapEach => format!("{threads}, a heap of its own each, HEAP_NO_SERIALIZE"),
        Situation::Serialized => format!("{threads} on one heap, serialised"),
        Situation::OwnMutex => {
            format!("{threads} on one heap, HEAP_NO_SERIALIZE, own mutual exclusion")
        }
        Situation::Unsafe => format!("{threads} on one heap, HEAP_NO_SERIALIZE, nothing else"),
    };
    let lock = lock_used(&outcome.lock, &count(outcome.lock.taken, "time"));
    let damage = match outcome.damage {
        0 => "clean".to_owned(),
        damage => format!("DAMAGED: {}", count(damage, "finding")),
    };
    format!(
        "{how}: {} op/s, {:.0} %; {lock}; {damage}",
        rounded(outcome.rate),
        outcome.rate * 100.0 / first
    )
}

fn answer(outcome: &Outcome, first: f64) -> Answer {
    let damaged = outcome.damage > 0;
    Answer {
        tone: if damaged { Tone::Failed } else { Tone::Note },
        ..Answer::note(line(outcome, first))
    }
}

/// Measurements under way on a thread of their own.
pub(super) struct Measuring {
    what: String,
    outcomes: Receiver<io::Result<Outcome>>,
    cancel: Arc<AtomicBool>,
    /// Situations whose outcomes were told.
    done: usize,
    /// The rate of the first, which the others are compared with.
    first: Option<f64>,
}

impl Drop for Measuring {
    /// Nobody waits for the thread: it shares nothing with the session, and ends by itself within thousands of steps.
    fn drop(&mut self) {
        self.cancel.store(true, Relaxed);
    }
}

impl Measuring {
    fn begin(situations: Situations) -> io::Result<Measuring> {
        let (sender, outcomes) = channel();
        let cancel = Arc::new(AtomicBool::new(false));
        let cancelled = Arc::clone(&cancel);
        std::thread::Builder::new()
            .name("situations".to_owned())
            .spawn(move || {
                for situation in Situation::ALL {
                    let threads = situations.threads as usize;
                    let outcome = measure(situation, threads, &workload(&situations), &cancelled);
                    let Some(outcome) = outcome.transpose() else {
                        return;
                    };
                    if sender.send(outcome).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Measuring {
            what: Command::Situations(situations).to_string(),
            outcomes,
            cancel,
            done: 0,
            first: None,
        })
    }

    /// How far the measurements have come.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            done: self.done,
            of: Situation::ALL.len(),
        }
    }

    /// The next outcome in words, if it comes within `most`. An error when there is none any more.
    fn next(&mut self, most: Duration) -> Result<Option<Answer>, ()> {
        match self.outcomes.recv_timeout(most) {
            Ok(Ok(outcome)) => {
                self.done += 1;
                let first = *self.first.get_or_insert(outcome.rate);
                Ok(Some(answer(&outcome, first)))
            }
            Ok(Err(error)) => Ok(Some(Answer::refused(error.to_string()))),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }
}

impl Session {
    /// Begins the measurements beside the screen; [`Session::tell_situations`] tells what comes of them.
    pub(super) fn begin_situations(&mut self, situations: Situations) {
        if let Some(refused) = self.held_up(&Command::Situations(situations)) {
            return self.tell(refused);
        }
        self.measuring = None;
        let command = Command::Situations(situations).to_string();
        let answer = match Measuring::begin(situations) {
            Ok(measuring) => {
                self.measuring = Some(measuring);
                Answer::note(
                    "six situations with the same work, on heaps of their own; each line as it is ready, Ctrl-c ends it",
                )
            }
            Err(error) => Answer::refused(format!("the system gives no thread: {error}")),
        };
        self.tell(Answer { command, ..answer });
    }

    /// Tells the outcomes that are ready. Whether there were any.
    pub(super) fn tell_situations(&mut self) -> bool {
        let Some(measuring) = &mut self.measuring else {
            return false;
        };
        match measuring.next(Duration::ZERO) {
            Ok(None) => false,
            Ok(Some(answer)) => {
                self.tell(answer);
                true
            }
            Err(()) => {
                self.measuring = None;
                true
            }
        }
    }

    /// Ends the measurements before their time.
    pub(super) fn cancel_situations(&mut self) {
        if let Some(measuring) = self.measuring.take() {
            self.note(format!("{}: ended before its time", measuring.what));
        }
    }

    /// All measurements, one behind the other, in one answer.
    pub(super) fn situations_to_end(&mut self, situations: &Situations) -> Answer {
        let mut measuring = match Measuring::begin(*situations) {
            Ok(measuring) => measuring,
            Err(error) => return Answer::refused(format!("the system gives no thread: {error}")),
        };
        let mut lines = Vec::new();
        while let Ok(next) = measuring.next(Duration::from_secs(1)) {
            lines.extend(next.map(|answer| answer.words));
        }
        Answer::note(lines.join("\n    "))
    }
}
