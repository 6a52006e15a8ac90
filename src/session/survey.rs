//! The last survey of the heap in view, and when it is worth another.
//!
//! A survey costs what there are blocks. While nothing runs it is renewed as soon as the heap changed, so that what is
//! shown holds. While something runs it may be older, so that surveys take a twentieth of the time at most.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::view::{self, BlockFacts, Context, Lens, Search, Survey, Wanted};

use super::frame::Found;
use super::session::{Session, Slot};

/// While something runs, a survey is kept for so many times what it cost.
const COSTS: u32 = 20;
/// While something runs, a survey is kept at least so long.
const LEAST: Duration = Duration::from_millis(250);

/// What a survey is asked for. Surveys that were asked for otherwise answer another question.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Question {
    /// The heap, by its number and its handle.
    pub(super) heap: (u32, usize),
    /// Pins are looked for.
    pub(super) pins: bool,
    /// The filter in words, whose matches are looked for.
    pub(super) filter: Option<String>,
}

impl Question {
    /// Whether a survey taken for this question serves the other one too.
    fn answers(&self, other: &Question) -> bool {
        self.heap == other.heap
            && (self.pins || !other.pins)
            && (other.filter.is_none() || self.filter == other.filter)
    }
}

/// A survey that was taken.
#[derive(Clone, Debug)]
struct Kept {
    question: Question,
    /// The count of changes when it was taken.
    changes: u64,
    survey: Arc<Survey>,
    taken: Instant,
    cost: Duration,
}

/// The last survey.
#[derive(Default, Debug)]
pub(super) struct Surveys(Option<Kept>);

impl Surveys {
    /// The last survey, renewed by `take` where that is due, and whether it is of the heap as it is now: `changes`
    /// counts what was done to heaps, and `runs` tells that more is about to be done.
    pub(super) fn renew(
        &mut self,
        question: &Question,
        changes: u64,
        runs: bool,
        take: impl FnOnce() -> Survey,
    ) -> (Arc<Survey>, bool) {
        let now = Instant::now();
        if let Some(kept) = self
            .0
            .as_ref()
            .filter(|kept| kept.question.answers(question))
        {
            let fresh = kept.changes == changes;
            if fresh || runs && !is_due(now.duration_since(kept.taken), kept.cost) {
                return (Arc::clone(&kept.survey), fresh);
            }
        }
        let survey = Arc::new(take());
        self.0 = Some(Kept {
            question: question.clone(),
            changes,
            survey: Arc::clone(&survey),
            taken: Instant::now(),
            cost: now.elapsed(),
        });
        (survey, true)
    }

    /// The last survey, if it answers the question about the heap as it is now.
    pub(super) fn at_hand(&self, question: &Question, changes: u64) -> Option<Arc<Survey>> {
        self.0
            .as_ref()
            .filter(|kept| kept.changes == changes && kept.question.answers(question))
            .map(|kept| Arc::clone(&kept.survey))
    }
}

impl Session {
    /// What a survey of a heap would be asked for.
    pub(super) fn question(&self, slot: &Slot, pins: bool) -> Question {
        Question {
            heap: (slot.number, slot.handle),
            pins,
            filter: self.filter.as_ref().map(ToString::to_string),
        }
    }

    /// Does `work` with what the filter looks for.
    fn with_search<R>(&self, work: impl FnOnce(Option<Search<'_>>) -> R) -> R {
        let Some(filter) = &self.filter else {
            return work(None);
        };
        let now = self.operations;
        let matches = |block: &BlockFacts<'_>| filter.matches(block, now);
        work(Some(Search {
            matches: &matches,
            owners: filter.needs_names(),
            pins: filter.needs_pins(),
        }))
    }

    /// What the filter finds, as the survey knows it, and which of that the cursor is on.
    pub(super) fn found(&self, survey: Option<&Survey>, cursor: Option<u64>) -> Option<Found> {
        let filter = self.filter.as_ref()?.to_string();
        let position = survey.zip(cursor);
        Some(Found {
            filter,
            count: survey.and_then(|survey| Some(survey.found()?.len() as u64)),
            position: position.and_then(|(survey, cursor)| survey.position_of(cursor)),
        })
    }

    /// The survey that a lens needs, and whether it is of the heap as it is now.
    pub(super) fn survey(&mut self, slot: &Slot, lens: &Lens) -> Option<(Arc<Survey>, bool)> {
        let parts = &lens.parts;
        let pins = parts.pins.rows > 0;
        let counts = parts.fragmentation || parts.free_list.rows > 0;
        if !pins && !counts && self.filter.is_none() {
            return None;
        }
        let question = self.question(slot, pins);
        let threads = self.crew.as_ref().is_some_and(|work| !work.paused);
        let runs = threads || self.running.as_ref().is_some_and(|run| !run.paused);
        let mut surveys = std::mem::take(&mut self.surveys);
        let take = || {
            self.with_search(|search| {
                let wanted = Wanted { pins, search };
                view::survey(&slot.heap, &wanted, &|payload| slot.owner(payload))
            })
        };
        let survey = surveys.renew(&question, self.changes, runs, take);
        self.surveys = surveys;
        Some(survey)
    }

    /// Does `work` with all that pictures show and heaps do not know.
    pub(super) fn with_context<R>(
        &self,
        slot: &Slot,
        survey: Option<&Survey>,
        fresh: bool,
        work: impl FnOnce(&Context<'_>) -> R,
    ) -> R {
        let mut marks = self.marks.of_heap(slot.number);
        marks.extend(self.next_marks(slot.number));
        let bad = self.bad_places(slot);
        let others = |payload: u64| {
            let names = slot.names.others(payload);
            names.iter().map(|owned| owned.name.to_string()).collect()
        };
        self.with_search(|search| {
            work(&Context {
                number: slot.number,
                of: u32::try_from(self.slots.len().saturating_sub(1))
                    .unwrap_or(u32::MAX)
                    .max(1),
                crt: self.crt == Some(slot.number),
                marks: &marks,
                names: &|payload| slot.owner(payload),
                others: &others,
                bad: &bad,
                born: &|operation| slot.names.born_at(operation),
                returned: slot.returned,
                search,
                survey,
                fresh,
                quiet: !self.is_in_steps() && !self.is_in_motion(slot.number),
            })
        })
    }
}

/// Whether a survey of this age that cost so much is worth another while something runs.
fn is_due(age: Duration, cost: Duration) -> bool {
    age >= LEAST.max(cost * COSTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, parse_line};
    use crate::view::{Bucket, Lens, Parts, Window};

    #[test]
    fn surveys_take_a_twentieth_of_the_time_at_most() {
        for (age, cost, due) in [
            (0, 0, false),
            (249, 0, false),
            (250, 0, true),
            (250, 12, true),
            (250, 13, false),
            (1999, 100, false),
            (2000, 100, true),
        ] {
            let (age, cost) = (Duration::from_millis(age), Duration::from_millis(cost));
            assert_eq!(is_due(age, cost), due, "{age:?} old, cost {cost:?}");
        }
    }

    #[test]
    fn a_survey_is_renewed_when_the_heap_changed_or_the_question_did() {
        let ask = |number, pins, filter: Option<&str>| Question {
            heap: (number, 0),
            pins,
            filter: filter.map(str::to_owned),
        };
        let mut surveys = Surveys::default();
        // (question, changes, something runs, taken anew, of the heap as it is)
        for (step, (question, changes, runs, anew, fresh)) in [
            (ask(1, false, None), 1, false, true, true),
            (ask(1, false, None), 1, false, false, true),
            (ask(1, false, None), 2, true, false, false),
            (ask(1, false, None), 2, false, true, true),
            (ask(1, true, None), 2, false, true, true),
            (ask(1, false, None), 2, false, false, true),
            (ask(1, true, Some("busy")), 2, true, true, true),
            (ask(1, true, Some("free")), 2, true, true, true),
            (ask(1, true, None), 2, true, false, true),
            (ask(2, true, None), 2, true, true, true),
        ]
        .into_iter()
        .enumerate()
        {
            let mut taken = false;
            let (_, is_fresh) = surveys.renew(&question, changes, runs, || {
                taken = true;
                Survey::default()
            });
            assert_eq!(
                (taken, is_fresh),
                (anew, fresh),
                "step {step}: {question:?}"
            );
        }
    }

    #[test]
    fn frames_show_surveys_of_the_heap_as_it_is() {
        let mut session = Session::new().unwrap();
        let window = Window { top: 0, rows: 5 };
        let lens = Lens {
            parts: Parts {
                fragmentation: true,
                pins: window,
                free_list: window,
                ..Parts::default()
            },
            ..Lens::default()
        };
        for line in [
            "alloc b[0:40] 1000",
            "free b[1::2]",
            "undo",
            "free b[5:9]",
            "coalesce off",
            "free b[20:30]",
            "coalesce on",
            "run random ops=500 live=60 seed=1",
            "heap new fixed 64K",
            "alloc x 100",
            "heap use 1",
            "heapmin",
            "alloc big 2M",
        ] {
            if line == "undo" {
                session.undo();
            } else {
                session.apply(&parse_line(line).unwrap().unwrap());
            }
            let picture = session.frame(&lens).picture;
            let cut = picture.fragmentation.as_ref().unwrap();
            let count = |bars: &[Bucket]| bars.iter().map(|bar| bar.count).sum::<u64>();
            let told = (count(&cut.holes), count(&cut.blocks));
            let figures = &picture.figures;
            assert_eq!(told, (figures.holes, figures.busy_blocks), "after {line}");
            let list = picture.free_list.as_ref().unwrap();
            assert_eq!(
                list.entries.len() as u64,
                figures.holes.min(5),
                "after {line}"
            );
            let pins = picture.pins.as_ref().unwrap();
            assert_eq!(
                pins.pins.len() as u64,
                pins.total.unwrap().min(5),
                "after {line}"
            );
        }
        let pins = session.frame(&lens).picture.pins.clone().unwrap().pins;
        assert_eq!(pins[0].name.as_deref(), Some("big"), "the worst pin");
    }
}
