//! One call played slowly: `play` begins, `step` makes and takes back steps, and the end is the plain call.
//!
//! The allocator makes the call once, writing down what it does, and takes it back; then each step is made on the heap
//! itself when asked for. At the end all is taken back and the plain command carried out: so it answers, is undone and
//! is journalled as if it had been typed without `play`.

mod words;

use std::fmt;
use std::sync::Arc;

use crate::heap::Flags;
use crate::lab::{Call, SlowCall, Unplayed};
use crate::view::{Mark, MarkedRange};

use super::command::Command;
use super::error::ParseError;
use super::frame::{Answer, Played};
use super::interleave::{OneCall, StepTo};
use super::lexer::Piece;
use super::session::{Here, Session, Slot};
use super::words::grouped;

/// Steps before and behind the present one that a screen is told.
const AROUND: usize = 128;
/// Words written by a step that a screen is told.
const STORED: usize = 8;

/// A command that can be played slowly: one call on one block, or on the heap.
#[derive(Clone, PartialEq, Debug)]
pub enum Playable {
    /// As two of them can be interleaved.
    One(OneCall),
    /// `heapmin`, on the heap tagged CRT.
    Heapmin,
}

impl Playable {
    pub(super) fn of(command: &Command) -> Option<Playable> {
        match command {
            Command::Heapmin => Some(Playable::Heapmin),
            // It changes nothing: there is nothing to see.
            Command::Validate { .. } => None,
            command => OneCall::of(command).map(Playable::One),
        }
    }

    /// The command without `play`.
    pub(super) fn plain(&self) -> Command {
        match self {
            Playable::One(call) => call.command(),
            Playable::Heapmin => Command::Heapmin,
        }
    }
}

impl fmt::Display for Playable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Playable::One(call) => call.fmt(f),
            Playable::Heapmin => f.write_str("heapmin"),
        }
    }
}

/// Refuses what is no single call.
pub(super) fn playable(piece: Piece<'_>, command: &Command) -> Result<Playable, ParseError> {
    Playable::of(command).ok_or_else(|| {
        let calls = "one call: alloc, free or realloc of one block, compact, heapmin or minimize";
        let error = ParseError::at(piece, calls);
        error.hint("one call is played, not a series of calls")
    })
}

/// A call under way in small steps.
pub(super) struct Playing {
    slow: SlowCall,
    here: Here,
    call: Playable,
}

impl Session {
    /// `play`: the call is written down and stands before its first step.
    pub(super) fn play(&mut self, call: &Playable) -> Answer {
        if self.running.is_some() {
            return Answer::refused("a workload is under way; Ctrl-c ends it");
        }
        if self.in_view.is_none() {
            self.open_default_heap();
        }
        self.close_part();
        let here = match call {
            Playable::One(_) => Some(self.here()),
            Playable::Heapmin => self.crt.and_then(|crt| self.slot(crt)).map(Slot::here),
        };
        let Some(here) = here else {
            return Self::no_crt();
        };
        let made = match call {
            Playable::One(call) => match self.resolved_call(&here, call) {
                Ok(made) => made,
                Err(answer) => return answer,
            },
            Playable::Heapmin => Call::Minimize(Flags::NONE),
        };
        if let Call::Free(0, _) | Call::Realloc(0, ..) = made {
            return Answer::refused(format!("{call} names no block: there is nothing to play"));
        }
        let start = self.image_of(here.number);
        let recorded = SlowCall::record(Arc::clone(&here.heap), start, made);
        self.touch(here.number);
        match recorded {
            Ok(slow) => {
                let call = call.clone();
                self.playing = Some(Playing { slow, here, call });
                self.played_answer()
            }
            Err(error @ Unplayed::TooLong) => {
                Answer::refused(format!("{error}; `{call}` makes it at once"))
            }
            Err(error) => Answer::refused(error.to_string()),
        }
    }

    /// `step` while a call is played. Its end is the plain command, which [`Session::ends_play`] has taken out.
    pub(super) fn step_played(&mut self, to: StepTo) -> Answer {
        let Some(playing) = &mut self.playing else {
            return Answer::refused("no call is played; `play alloc a 64` begins one");
        };
        let at = playing.slow.at();
        let steps = |steps: u64| usize::try_from(steps).unwrap_or(usize::MAX);
        let to = match to {
            StepTo::Move(..) => {
                return Answer::refused(
                    "one call is played: `step forward` and `step back` lead through it",
                );
            }
            StepTo::Forward(by) => at.saturating_add(steps(by)),
            StepTo::Back(by) => at.saturating_sub(steps(by)),
            StepTo::To(place) => steps(place),
            StepTo::End => playing.slow.steps().len(),
            StepTo::Off => {
                self.drop_play();
                return Answer::note("the call is given up: the heap is as it was before it");
            }
        };
        playing.slow.go_to(to);
        let number = playing.here.number;
        self.touch(number);
        self.played_answer()
    }

    /// The command that is to be carried out at the end of what is played, if `command` is that end. The heap is as it
    /// was before the call.
    pub(super) fn ends_play(&mut self, command: &Command) -> Option<Command> {
        if *command != Command::Step(StepTo::End) {
            return None;
        }
        let plain = self.playing.as_ref()?.call.plain();
        self.drop_play();
        Some(plain)
    }

    /// Gives up the call that is played. Answers whether there was one.
    pub(super) fn drop_play(&mut self) -> bool {
        let Some(playing) = self.playing.take() else {
            return false;
        };
        let number = playing.here.number;
        drop(playing);
        self.touch(number);
        true
    }

    /// Where what is played stands, in a sentence, and about which block.
    fn played_answer(&self) -> Answer {
        let Some(playing) = &self.playing else {
            return Answer::default();
        };
        let (at, total) = (playing.slow.at(), playing.slow.steps().len());
        let words = format!(
            "step {} of {}: {}",
            grouped(at as u64),
            grouped(total as u64),
            playing.sentence(at)
        );
        Answer::note(words).about(playing.lit().map(|(from, _)| from))
    }

    /// The call that is played, for screens.
    pub(super) fn played(&self) -> Option<Arc<Played>> {
        self.playing
            .as_ref()
            .map(|playing| Arc::new(playing.view()))
    }

    /// The place that the present step is about.
    pub(super) fn played_mark(&self, number: u32) -> Option<MarkedRange> {
        let playing = self.playing.as_ref();
        let playing = playing.filter(|playing| playing.here.number == number)?;
        let (from, to) = playing.lit()?;
        let mark = Mark::Step;
        Some(MarkedRange { from, to, mark })
    }
}

impl Playing {
    /// The bytes that the present step is about.
    fn lit(&self) -> Option<(u64, u64)> {
        let step = self.slow.steps().get(self.slow.at().checked_sub(1)?)?;
        let place = self.slow.place(step)?;
        Some((place.start, place.end))
    }

    /// What the step does with which `at` steps are made; before the first, what is asked.
    fn sentence(&self, at: usize) -> String {
        match at
            .checked_sub(1)
            .and_then(|last| self.slow.steps().get(last))
        {
            Some(step) => words::sentence(&self.slow, step),
            None => format!("before the first step of {}", self.call),
        }
    }

    fn view(&self) -> Played {
        let (at, total) = (self.slow.at(), self.slow.steps().len());
        let first = at.saturating_sub(AROUND);
        let last = at.saturating_add(AROUND).min(total);
        let step = at
            .checked_sub(1)
            .and_then(|last| self.slow.steps().get(last));
        Played {
            call: self.call.to_string(),
            at: at as u64,
            total: total as u64,
            first: first as u64,
            rows: (first..=last).map(|at| self.sentence(at)).collect(),
            stored: step.map_or_else(Vec::new, |step| words::stored(&self.slow, step, STORED)),
        }
    }
}

#[cfg(test)]
mod tests;
