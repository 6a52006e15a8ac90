//! Workloads in progress: seeded steps on the heap in view, all at once or a few at a time.
//!
//! Other commands may come in between. Then what was made so far is a command of its own, and so is what follows: each
//! can be undone, and each is a line of the journal, so that a replay does everything in the order in which it happened.

mod blocks;
mod kept;
mod steps;
mod whole;

use blocks::Held;
pub(super) use kept::KeptRun;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::heap::{Flags, GRANULE};

use super::command::Command;
use super::frame::{Answer, Run, Tone};
use super::marks::Marks;
use super::name::Name;
use super::number::Size;
use super::session::{Here, LastCall, Session, Slot};
use super::time::{Again, Spacing};
use super::words::{Moment, change, count, exact, grouped, rough};
use crate::lab::{Chunks, Generator, Step, Workload};

/// The letter of workloads' blocks.
pub(super) const BASE: &str = "w";

/// Steps between looks at the clock.
const FEW: u64 = 256;

/// Where steps come from.
#[derive(Clone)]
enum Source {
    /// A seeded workload.
    Workload(Box<Generator>),
    /// Recorded steps, and how many were made.
    Recorded(Arc<[Step]>, usize),
}

impl Source {
    fn next(&mut self) -> Option<Step> {
        match self {
            Source::Workload(generator) => generator.next(),
            Source::Recorded(steps, done) => {
                let step = steps.get(*done).copied()?;
                *done += 1;
                Some(step)
            }
        }
    }

    fn failed(&mut self, slot: usize) {
        if let Source::Workload(generator) = self {
            generator.failed(slot);
        }
    }

    fn done(&self) -> u64 {
        match self {
            Source::Workload(generator) => generator.done(),
            Source::Recorded(_, done) => *done as u64,
        }
    }

    /// All steps there could be.
    fn whole(&self) -> u64 {
        match self {
            Source::Workload(generator) => generator.workload().ops,
            Source::Recorded(steps, _) => steps.len() as u64,
        }
    }
}

/// What the steps did so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    allocs: u64,
    frees: u64,
    reallocs: u64,
    failed: u64,
    live: u64,
}

/// The steps since the last command that came in between.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Steps that were made before it.
    from: u64,
    /// Undo knows of it.
    open: bool,
}

/// A workload or a recording that has begun.
#[derive(Clone)]
pub(super) struct Running {
    what: String,
    /// The step behind which it ends.
    of: u64,
    steps: Source,
    /// The block in each slot.
    blocks: Chunks<Held>,
    /// Operations of the session when it began.
    begin: u64,
    /// Nothing but its own blocks came between the names before it and those now: they can be told from these two.
    plain: bool,
    /// How often it gave or took a name.
    renamed: u64,
    heap: u32,
    handle: usize,
    /// The index of the first slot's name: blocks of earlier workloads keep theirs.
    first_name: u64,
    tally: Tally,
    /// The first operation that failed, and why.
    failure: Option<String>,
    /// Someone watches: what steps do is marked.
    watched: bool,
    part: Part,
    begun: Box<Moment>,
    pub(super) paused: bool,
    /// When the next checkpoint is due.
    pub(super) spacing: Spacing,
}

impl Running {
    /// Blocks are called `w0`, `w1`, … by slot.
    fn name(&self, slot: usize) -> Name {
        Name {
            base: BASE.to_owned(),
            index: Some(self.index(slot)),
        }
    }

    fn index(&self, slot: usize) -> u64 {
        self.first_name.saturating_add(slot as u64)
    }

    /// Whether names now are those before it and its own.
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether what its steps do is marked.
    pub(super) fn watch(&mut self, watched: bool) {
        self.watched = watched;
    }

    /// How often it gave or took a name.
    pub(super) fn renamed(&self) -> u64 {
        self.renamed
    }

    fn offset(&self, address: usize) -> u64 {
        (address as u64).wrapping_sub(self.handle as u64)
    }

    fn pointer(&self, payload: u64) -> usize {
        (self.handle as u64).wrapping_add(payload) as usize
    }

    /// The number of the heap that it works on.
    pub(super) fn heap(&self) -> u32 {
        self.heap
    }

    pub(super) fn progress(&self) -> Run {
        let Tally {
            allocs,
            frees,
            reallocs,
            failed,
            live,
        } = self.tally;
        Run {
            what: self.what.clone(),
            done: self.steps.done(),
            of: Some(self.of),
            paused: self.paused,
            target: None,
            reached: None,
            allocs,
            frees,
            reallocs,
            failed,
            live,
        }
    }

    /// The command that does what the part did with heap `in_view` in view; there is none for recorded steps.
    fn part_as_command(&self, in_view: Option<u32>) -> Option<String> {
        match &self.steps {
            Source::Recorded(..) => None,
            Source::Workload(generator) => {
                let workload = generator.workload();
                let done = generator.done();
                let elsewhere = self.part.from == 0 && in_view != Some(self.heap);
                let part = Workload {
                    heap: elsewhere.then_some(self.heap),
                    from: self.part.from,
                    until: (done < workload.ops).then_some(done),
                    ..workload
                };
                Some(Command::Run(part).to_string())
            }
        }
    }

    /// The step that it makes next, as it would be typed.
    pub(super) fn next_step(&self) -> Option<String> {
        if self.steps.done() >= self.of {
            return None;
        }
        Some(match self.steps.clone().next()? {
            Step::Alloc { slot, size } => format!("alloc {} {}", self.name(slot), Size(size)),
            Step::Free { slot } => format!("free {}", self.name(slot)),
            Step::Realloc { slot, size } => format!("realloc {} {}", self.name(slot), Size(size)),
        })
    }

    /// Whether it made the steps that `workload` wants to go on behind.
    fn leads_to(&self, workload: &Workload) -> bool {
        match &self.steps {
            Source::Recorded(..) => false,
            Source::Workload(generator) => {
                generator.workload() == workload.whole() && generator.done() == workload.from
            }
        }
    }
}

impl Session {
    /// Begins a workload. Its steps are made by [`Session::run_steps`].
    ///
    /// # Errors
    /// The answer, when it is to go on behind steps that were not made.
    pub(super) fn begin_run(&mut self, workload: &Workload) -> Result<(), Answer> {
        if let Some(refused) = self.held_up(&Command::Run(*workload)) {
            return Err(refused);
        }
        if workload.from > 0 {
            return self.go_on(workload);
        }
        let here = match workload.heap {
            None => self.here(),
            Some(number) => match self.slot(number) {
                Some(slot) => slot.here(),
                None => {
                    return Err(Answer {
                        words: format!("there is no heap {number}"),
                        tone: Tone::Refused,
                        ..Answer::default()
                    });
                }
            },
        };
        let what = Command::Run(*workload).to_string();
        let steps = Source::Workload(Box::new(Generator::new(workload)));
        self.begin(&here, what, workload.end(), steps);
        Ok(())
    }

    /// Goes on with the workload that ended last, on its heap.
    fn go_on(&mut self, workload: &Workload) -> Result<(), Answer> {
        let slot = |ended: &Running| {
            self.slot(ended.heap)
                .filter(|slot| slot.handle == ended.handle)
        };
        let begun = self
            .ended
            .as_ref()
            .filter(|ended| ended.leads_to(workload))
            .and_then(|ended| Some(Moment::of(&slot(ended)?.heap)));
        let Some((ended, begun)) = begun.and_then(|begun| Some((self.ended.take()?, begun))) else {
            let words = format!(
                "there are no steps to go on behind: expected the same workload to have ended behind step {} just before",
                grouped(workload.from)
            );
            return Err(Answer::refused(words));
        };
        self.mark_anew(ended.heap);
        self.running = Some(Running {
            what: Command::Run(*workload).to_string(),
            of: workload.end(),
            part: Part {
                from: workload.from,
                open: false,
            },
            begun: Box::new(begun),
            paused: false,
            ..ended
        });
        Ok(())
    }

    /// Begins recorded steps, on the heap in view. `what` names the recording.
    pub fn begin_recorded(&mut self, what: &str, steps: Arc<[Step]>) {
        let here = self.here();
        self.begin(
            &here,
            what.to_owned(),
            steps.len() as u64,
            Source::Recorded(steps, 0),
        );
        self.open_part();
    }

    fn begin(&mut self, here: &Here, what: String, of: u64, steps: Source) {
        self.mark_anew(here.number);
        self.running = Some(Running {
            what,
            of,
            steps,
            blocks: Chunks::default(),
            begin: self.operations,
            plain: true,
            renamed: 0,
            heap: here.number,
            handle: here.handle,
            first_name: self.at(here).names.next_index(BASE),
            tally: Tally::default(),
            failure: None,
            watched: true,
            part: Part::default(),
            begun: Box::new(Moment::of(&here.heap)),
            paused: false,
            spacing: Spacing::default(),
        });
        self.ended = None;
    }

    /// Marks are those of a workload from now on.
    fn mark_anew(&mut self, heap: u32) {
        self.marks = Marks::default();
        self.marks.about(heap);
    }

    /// Whether what runs has steps left, and its heap.
    pub(super) fn has_steps(&self) -> bool {
        self.running.as_ref().is_some_and(|running| {
            let alive = self
                .slot(running.heap)
                .is_some_and(|slot| slot.handle == running.handle);
            alive && running.steps.done() < running.of
        })
    }

    /// Keeps the way back from the steps that come now, unless it was done since the last other command.
    pub(super) fn open_part(&mut self) {
        self.find_names();
        if let Some(running) = self.running.as_mut().filter(|running| !running.part.open) {
            running.part.open = true;
            let text = running.what.clone();
            self.begin_inner();
            self.open_entry(&text, Again::Run);
        }
    }

    /// A workload that has made no step yet names its blocks after those that are there: commands may have come between
    /// its begin and its first step, and a replay does them first.
    fn find_names(&mut self) {
        let fresh = self
            .running
            .as_ref()
            .filter(|running| running.steps.done() == 0);
        let slot = fresh.and_then(|running| self.slot(running.heap));
        let Some(first_name) = slot.map(|slot| slot.names.next_index(BASE)) else {
            return;
        };
        if let Some(running) = &mut self.running {
            running.first_name = first_name;
        }
    }

    /// Ends a part: what follows is another command.
    pub(super) fn close_part(&mut self) {
        let line = self.open_part_as_command();
        self.close_entry();
        if let Some(running) = self.running.as_mut().filter(|running| running.part.open) {
            running.part = Part {
                from: running.steps.done(),
                open: false,
            };
            // What comes in between may rename its blocks.
            running.plain = false;
        }
        if let Some(line) = line {
            self.journal_part(&line, true);
        }
    }

    /// Writes down what was made of a part that goes on: a program that is killed loses no more than what came since.
    pub(super) fn journal_progress(&mut self) {
        if let Some(line) = self.open_part_as_command() {
            self.journal_part(&line, false);
        }
    }

    fn open_part_as_command(&self) -> Option<String> {
        let running = self.running.as_ref().filter(|running| running.part.open)?;
        running.part_as_command(self.in_view)
    }

    /// Holds what runs, and what will, to a rate.
    pub(super) fn set_rate(&mut self, rate: Option<u64>) -> Answer {
        self.target = rate;
        let words = match rate {
            Some(rate) => format!(
                "workloads beside the screen are held to {} a second",
                count(rate, "operation")
            ),
            None => "workloads go flat out".to_owned(),
        };
        Answer::done("", words)
    }

    /// Makes at most `most` steps of what runs. Answers with how many it made; 0 when the workload is over.
    pub(super) fn run_steps(&mut self, most: u64) -> u64 {
        let mut made = 0;
        while made < most {
            let begin = Instant::now();
            let few = self.run_few_steps((most - made).min(FEW));
            made += few;
            self.keep_inner_if_due(begin.elapsed());
            if few == 0 {
                break;
            }
        }
        made
    }

    /// Keeps a checkpoint when the steps since the last took long enough.
    fn keep_inner_if_due(&mut self, spent: Duration) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let goes_on = running.steps.done() < running.of;
        if running.spacing.is_due(spent, self.made_again) && goes_on {
            self.keep_inner(&mut running);
        }
        self.running = Some(running);
    }

    fn run_few_steps(&mut self, most: u64) -> u64 {
        let Some(mut running) = self.running.take() else {
            return 0;
        };
        let mut made = 0;
        let now = Instant::now();
        if self
            .slot(running.heap)
            .is_some_and(|slot| slot.handle == running.handle)
        {
            let left = running.of.saturating_sub(running.steps.done());
            while made < most.min(left)
                && let Some(step) = running.steps.next()
            {
                made += 1;
                self.operations += 1;
                let failed = running.tally.failed;
                self.run_step(&mut running, step, now);
                self.note_call(running.heap, running.tally.failed > failed);
            }
            self.touch(running.heap);
            self.marks.forget_old(now);
        }
        self.running = Some(running);
        made
    }

    /// Ends what runs and answers with what it did.
    pub(super) fn finish_run(&mut self) -> Option<Answer> {
        self.close_part();
        let running = self.running.take()?;
        self.rate = None;
        self.marks.settle_recent();
        self.sample(running.heap);
        self.end_keeping(running.heap);
        let answer = self.ran(&running);
        if running.steps.done() < running.steps.whole() {
            self.ended = Some(running);
        }
        Some(answer)
    }

    /// How many blocks of a workload may live at once so that they fill about half of the heap in view.
    pub(super) fn room_for(&self, workload: &Workload) -> u32 {
        let heap = &self.shown().heap;
        if heap.settings().flags.has(Flags::GROWABLE) {
            return u32::MAX;
        }
        let typical = (workload.size_min + workload.size_max) / 2 + GRANULE;
        let room = heap.look(|core| core.totals().reserved) / (2 * typical.max(1));
        u32::try_from(room).unwrap_or(u32::MAX).max(1)
    }

    /// The answer to what ran.
    fn ran(&mut self, running: &Running) -> Answer {
        let done = running.steps.done();
        let ended = if done < running.of {
            ", ended before its time"
        } else {
            ""
        };
        let call = format!("{} operations of {}{ended}", grouped(done), running.what);
        let Some(here) = self.slot(running.heap).map(Slot::here) else {
            return Answer::failed(call, "the heap was destroyed meanwhile");
        };
        let (before, after) = (*running.begun, Moment::of(&here.heap));
        self.book_returns(here.number, &before, &after);
        self.last = LastCall {
            result: i64::try_from(done).unwrap_or(i64::MAX),
            merged: 0,
        };
        let failed = match &running.failure {
            None => "none failed".to_owned(),
            Some(first) => format!(
                "{} failed, the first at {first}",
                count(running.tally.failed, "operation")
            ),
        };
        let words = format!(
            "{failed}; {} live, {} free in {}; committed {} -> {}; biggest request {}",
            count(after.figures.busy_blocks, "block"),
            exact(after.figures.free_bytes),
            count(after.figures.holes, "hole"),
            rough(before.figures.committed),
            rough(after.figures.committed),
            change(
                before.figures.largest_request,
                after.figures.largest_request
            )
        );
        Answer::done(call, words)
    }

    /// Stops for the moment what runs, if anything does.
    pub(super) fn pause(&mut self) -> Option<Answer> {
        let running = self.running.as_mut().filter(|running| !running.paused)?;
        running.paused = true;
        let words = format!(
            "{} stands at operation {} of {}; space goes on, s makes one",
            running.what,
            grouped(running.steps.done()),
            grouped(running.of)
        );
        Some(Answer::note(words))
    }
}
