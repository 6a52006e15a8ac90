//! Two calls made step by step: `interleave` begins, `step` moves, and what came of it is one command.
//!
//! While calls are under way the heap is in motion: it can be looked at, and nothing else changes it. When both have
//! ended that is one step of undo and one line of the journal, with the order in which they moved.

mod calls;
mod words;

use std::sync::Arc;

use crate::heap::{Finding, Flags, GRANULE};
use crate::lab::{ACTORS, Call, Interleaving, Order, Outcome, Standing};
use crate::view::{Mark, MarkedRange};

use super::command::Command;
use super::frame::{Answer, Interleaved, Side, Tone};
use super::session::{Here, LastCall, Session};
use super::time::{Again, Before};
use super::words::{Moment, count, grouped};

pub use calls::{Interleave, OneCall, Pointer};
use words::{actor_name, answered, begun_words, moved_words, next_words, verdict, waits};

/// What `step` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepTo {
    /// `step t1 [N]`, `step t2 [N]`: an actor (0 or 1) makes so many steps.
    Move(usize, u64),
    /// `step back [N]`: the last steps are taken back.
    Back(u64),
    /// `step forward [N]`: a call that is played makes so many steps.
    Forward(u64),
    /// `step to N`: so many steps of a call that is played are made.
    To(u64),
    /// `step end`: what is left is made, t1 first.
    End,
    /// `step off`: both calls are given up, and the heap is as it was before them.
    Off,
}

/// Two calls under way.
pub(super) struct Stepping {
    lab: Interleaving,
    here: Here,
    calls: [OneCall; ACTORS],
    before: Option<Before>,
    begun: Moment,
}

const TWO_UNDER_WAY: &str = "two calls are under way on this heap: `step end` makes what is left of them, \
                             `step off` or undo gives them up";
const ONE_UNDER_WAY: &str = "a call is under way, played slowly: `step end` makes what is left of it, \
                             `step off` or undo gives it up";
const NOT_UNDER_WAY: &str =
    "no calls are under way; `interleave { alloc a 64 } { alloc b 64 }` begins two";

impl Session {
    /// Why a command has to wait while two calls are under way, if it does: all but those that only look.
    pub(super) fn held_up(&self, command: &Command) -> Option<Answer> {
        if let Some(refused) = self.kept_from_past(command) {
            return Some(refused);
        }
        let under_way = match (&self.stepping, &self.playing) {
            (Some(_), _) => TWO_UNDER_WAY,
            (None, Some(_)) => ONE_UNDER_WAY,
            (None, None) => return None,
        };
        let only_looks = matches!(
            command,
            Command::Step(_)
                | Command::Undo
                | Command::Say(_)
                | Command::Expect { .. }
                | Command::Pause
                | Command::Filter(None)
                | Command::Go(_)
                | Command::Rate(_)
                | Command::Help(_)
                | Command::Quit
        );
        (!only_looks).then(|| Answer {
            command: command.to_string(),
            ..Answer::refused(under_way)
        })
    }

    /// `interleave`: with an order to the end, without one up to the first steps.
    pub(super) fn interleave(&mut self, asked: &Interleave) -> Answer {
        if self.running.is_some() {
            return Answer::refused("a workload is under way; Ctrl-c ends it");
        }
        // The heap that commands need is no part of this one.
        if self.in_view.is_none() {
            self.open_default_heap();
        }
        self.close_part();
        let here = self.here();
        let calls = match self.resolved(&here, &asked.calls) {
            Ok(calls) => calls,
            Err(answer) => return answer,
        };
        let (before, begun) = (self.before(), Moment::of(&here.heap));
        let lab = match Interleaving::start(Arc::clone(&here.heap), calls) {
            Ok(lab) => lab,
            Err(refused) => return Answer::refused(refused.to_string()),
        };
        let mut stepping = Stepping {
            lab,
            here,
            calls: asked.calls.clone(),
            before,
            begun,
        };
        self.stepped = None;
        let Some(order) = &asked.order else {
            return self.goes_on(stepping, begun_words);
        };
        stepping.lab.follow(order);
        stepping.lab.finish();
        self.conclude(stepping)
    }

    /// Two calls that are too long to be made step by step leave nothing behind.
    fn too_long(&mut self, stepping: Stepping) -> Answer {
        let number = stepping.here.number;
        stepping.lab.give_up();
        self.touch(number);
        Answer::refused(format!(
            "the calls need more than {} steps, too many to be made one by one: both are given up, and the heap is as \
             it was before them",
            grouped(Interleaving::MOST_STEPS)
        ))
    }

    /// The calls with the blocks that they name.
    fn resolved(&self, here: &Here, calls: &[OneCall; ACTORS]) -> Result<[Call; ACTORS], Answer> {
        if let [OneCall::Alloc(one, ..), OneCall::Alloc(two, ..)] = calls
            && one == two
        {
            return Err(Answer::refused(format!(
                "both calls would name their block {one}; each needs a name of its own"
            )));
        }
        Ok([
            self.resolved_call(here, &calls[0])?,
            self.resolved_call(here, &calls[1])?,
        ])
    }

    /// A call with the block that it names.
    pub(super) fn resolved_call(&self, here: &Here, call: &OneCall) -> Result<Call, Answer> {
        let payload = |what: &Pointer| {
            let found = self.at(here).operand(&what.operand())?;
            Ok(found.first().copied().unwrap_or(0))
        };
        Ok(match call {
            OneCall::Alloc(_, size, flags) => Call::Alloc(*size, *flags),
            OneCall::Free(what, flags) => Call::Free(payload(what)?, *flags),
            OneCall::Realloc(what, size, flags) => Call::Realloc(payload(what)?, *size, *flags),
            OneCall::Compact(flags) => Call::Compact(*flags),
            OneCall::Minimize => Call::Minimize(Flags::NONE),
            OneCall::Validate(flags) => Call::Validate(*flags),
        })
    }

    /// `step`.
    pub(super) fn step(&mut self, to: StepTo) -> Answer {
        if self.playing.is_some() {
            return self.step_played(to);
        }
        let Some(mut stepping) = self.stepping.take() else {
            return Answer::refused(NOT_UNDER_WAY);
        };
        match to {
            StepTo::Forward(_) | StepTo::To(_) => {
                self.stepping = Some(stepping);
                Answer::refused("two calls are under way: `step t1` or `step t2` says who moves")
            }
            StepTo::Move(actor, steps) => {
                let made = stepping.lab.advance(actor, steps);
                if stepping.lab.is_too_long() {
                    return self.too_long(stepping);
                }
                if stepping.lab.is_over() {
                    return self.conclude(stepping);
                }
                self.goes_on(stepping, |stepping| moved_words(stepping, actor, made))
            }
            StepTo::Back(steps) => {
                let there = stepping.lab.order().steps();
                if let Err(refused) = stepping.lab.back(steps) {
                    self.touch(stepping.here.number);
                    return Answer::refused(refused.to_string());
                }
                let taken = there - stepping.lab.order().steps();
                self.goes_on(stepping, |stepping| {
                    format!(
                        "{} taken back; {}",
                        count(taken, "step"),
                        next_words(stepping)
                    )
                })
            }
            StepTo::End => {
                stepping.lab.finish();
                self.conclude(stepping)
            }
            StepTo::Off => {
                self.give_up(stepping);
                Answer::note("both calls are given up: the heap is as it was before them")
            }
        }
    }

    /// Gives up the calls under way, if there are any: what `undo` means then.
    pub(super) fn undo_stepping(&mut self) -> Option<Answer> {
        let words = match self.stepping.take() {
            Some(stepping) => {
                self.give_up(stepping);
                "gave up both calls: the heap is as it was before them"
            }
            None if self.drop_play() => "gave up the call: the heap is as it was before it",
            None => return None,
        };
        let answer = Answer {
            command: "undo".to_owned(),
            ..Answer::done("", words)
        };
        self.tell(answer.clone());
        Some(answer)
    }

    fn give_up(&mut self, stepping: Stepping) {
        let number = stepping.here.number;
        drop(stepping);
        self.touch(number);
    }

    /// Keeps the calls under way and answers with what was done.
    fn goes_on(&mut self, stepping: Stepping, words: impl FnOnce(&Stepping) -> String) -> Answer {
        self.touch(stepping.here.number);
        let answer = Answer::note(words(&stepping));
        self.stepping = Some(stepping);
        answer
    }

    /// Both calls have ended: their blocks get their names, and what was done is one command.
    fn conclude(&mut self, stepping: Stepping) -> Answer {
        if stepping.lab.is_too_long() {
            return self.too_long(stepping);
        }
        let Some(outcomes) = stepping.lab.outcomes() else {
            return Answer::refused(NOT_UNDER_WAY);
        };
        let shown = stepping.view();
        let Stepping {
            lab,
            here,
            calls,
            before,
            begun,
        } = stepping;
        let (order, text) = (lab.order().clone(), done_text(&calls, lab.order()));
        drop(lab);
        self.touch(here.number);
        let each = || calls.iter().zip(&outcomes);
        // A block that was freed may have been handed out again: names go before they come.
        for (call, outcome) in each() {
            self.take_name(&here, call, outcome);
        }
        for (call, outcome) in each() {
            self.operations += 1;
            self.give_name(&here, call, outcome);
        }
        let raises = here.heap.settings().flags;
        let answers = each().enumerate().map(|(actor, (call, outcome))| {
            format!("{}: {}", actor_name(actor), answered(call, outcome, raises))
        });
        let call = answers.collect::<Vec<_>>().join("; ");
        let after = Moment::of(&here.heap);
        self.book_returns(here.number, &begun, &after);
        let twice = match outcomes.each_ref().map(Outcome::payload) {
            [Some(one), Some(two)] => (one == two).then_some(one),
            _ => None,
        };
        let (first, total) = found(&here);
        let sound = twice.is_none() && total == 0;
        self.last = LastCall {
            result: i64::from(sound),
            merged: after.stats.merged - begun.stats.merged,
        };
        let kept = self.keep(&text, Again::Ends, before);
        self.journal(&text);
        self.stepped = Some((self.place, shown));
        let mut words = verdict(twice, first.as_ref(), total, &order);
        if !kept {
            words.push_str(" (the heaps are too large now for undo to keep)");
        }
        let block = twice.or_else(|| outcomes.iter().find_map(Outcome::payload));
        let tone = if sound { Tone::Done } else { Tone::Failed };
        Answer {
            call,
            words,
            tone,
            block: block.map(|payload| payload - GRANULE),
            ..Answer::default()
        }
    }

    fn take_name(&mut self, here: &Here, call: &OneCall, outcome: &Outcome) {
        let (OneCall::Free(what, _), Outcome::Freed(Ok(_))) = (call, outcome) else {
            return;
        };
        let payload = match what {
            Pointer::Address(address) => Some(*address),
            Pointer::Name(name) => self.at(here).names.payload(name),
        };
        let name = match what {
            Pointer::Name(name) => Some(name),
            Pointer::Address(_) => None,
        };
        if let Some((payload, table)) = payload.zip(self.names_mut(here.number)) {
            table.remove_as(payload, name);
        }
        if let Some(extent) = payload.and_then(|payload| here.extent(payload)) {
            self.marks.add(extent.from, extent.to, Mark::Freed);
        }
    }

    fn give_name(&mut self, here: &Here, call: &OneCall, outcome: &Outcome) {
        let Some(new) = outcome.payload() else {
            return;
        };
        let born = self.operations;
        match call {
            OneCall::Alloc(name, ..) => {
                if let Some(table) = self.names_mut(here.number) {
                    table.insert(name, new, born);
                }
            }
            OneCall::Realloc(Pointer::Name(name), ..) => {
                if let Some(old) = self.at(here).names.payload(name) {
                    self.rename(here.number, old, new);
                }
            }
            OneCall::Realloc(Pointer::Address(old), ..) => self.rename(here.number, *old, new),
            _ => {}
        }
        if let Some(extent) = here.extent(new) {
            self.marks.add(extent.from, extent.to, Mark::New);
        }
    }

    /// The calls under way for screens, or those that ended last while nothing else was done since.
    pub(super) fn interleaved(&self) -> Option<Arc<Interleaved>> {
        if let Some(stepping) = &self.stepping {
            return Some(stepping.view());
        }
        let (place, shown) = self.stepped.as_ref()?;
        (*place == self.place).then(|| Arc::clone(shown))
    }

    /// The places that the next steps touch.
    pub(super) fn next_marks(&self, number: u32) -> Vec<MarkedRange> {
        let stepping = self.stepping.as_ref();
        let Some(stepping) = stepping.filter(|stepping| stepping.here.number == number) else {
            return self.played_mark(number).into_iter().collect();
        };
        let mark = |(actor, mark)| {
            let from = stepping.next_word(actor)? as u64 * 8;
            Some(MarkedRange {
                from,
                to: from + 8,
                mark,
            })
        };
        [(0, Mark::First), (1, Mark::Second)]
            .into_iter()
            .filter_map(mark)
            .collect()
    }
}

impl Stepping {
    /// The word that an actor's next step touches.
    fn next_word(&self, actor: usize) -> Option<usize> {
        match self.lab.standing(actor) {
            Standing::Before(next) => next.word(),
            _ => None,
        }
    }

    fn view(&self) -> Arc<Interleaved> {
        let raises = self.here.heap.settings().flags;
        let side = |actor: usize| {
            let call = &self.calls[actor];
            let (next, ended) = match self.lab.standing(actor) {
                Standing::Before(next) => (next.to_string(), false),
                Standing::Blocked(holder) => (waits(holder), false),
                Standing::Ended(outcome) => (answered(call, &outcome, raises), true),
            };
            let blocked = matches!(self.lab.standing(actor), Standing::Blocked(_));
            Side {
                call: call.to_string(),
                steps: self.lab.steps_of(actor),
                next,
                blocked,
                ended,
            }
        };
        let made = self.lab.made();
        Arc::new(Interleaved {
            sides: [side(0), side(1)],
            made: made
                .iter()
                .map(|made| (made.actor, made.to_string()))
                .collect(),
            steps: self.lab.order().steps(),
            order: self.lab.order().to_string(),
        })
    }
}

/// What a check finds wrong: the first of it, and how much there is. Takes no lock.
fn found(here: &Here) -> (Option<Finding>, u64) {
    let mut first = None;
    let total = here.heap.look(|core| {
        core.validate(&mut |finding| {
            first.get_or_insert(finding);
        })
    });
    (first, total)
}

/// The command that was done, with the whole order.
fn done_text(calls: &[OneCall; ACTORS], order: &Order) -> String {
    Command::Interleave(Box::new(Interleave {
        calls: calls.clone(),
        order: Some(order.clone()),
    }))
    .to_string()
}

#[cfg(test)]
mod tests;
