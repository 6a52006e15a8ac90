//! Workloads in progress: seeded steps on the heap in view, all at once or a few at a time.

use std::sync::Arc;

use super::frame::{Answer, Run, Tone};
use super::generator::{Generator, Step};
use super::name::Name;
use super::session::{LastCall, Session};
use super::words::{Moment, change, count, exact, rough};
use super::workload::Workload;

/// Blocks of workloads are called `w0`, `w1`, …: a letter and the workload's slot.
const BASE: &str = "w";

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
}

/// A workload or a recording that has begun.
#[derive(Clone)]
pub(super) struct Running {
    what: String,
    of: u64,
    steps: Source,
    /// Payload of the block in each slot.
    blocks: Vec<Option<u64>>,
    heap: u32,
    handle: usize,
    failed: u64,
    begun: Box<Moment>,
    pub(super) paused: bool,
}

impl Running {
    pub(super) fn progress(&self) -> Run {
        Run {
            what: self.what.clone(),
            done: self.steps.done(),
            of: Some(self.of),
            paused: self.paused,
        }
    }
}

impl Session {
    /// Begins a workload. Its steps are made by [`Session::run_steps`].
    pub(super) fn begin_run(&mut self, workload: &Workload) {
        let what = super::Command::Run(*workload).to_string();
        self.begin(
            what,
            workload.ops,
            Source::Workload(Box::new(Generator::new(workload))),
        );
    }

    /// Begins recorded steps, on the heap in view. `what` names the recording.
    pub fn begin_recorded(&mut self, what: &str, steps: Arc<[Step]>) {
        self.checkpoint(what.to_owned());
        self.begin(
            what.to_owned(),
            steps.len() as u64,
            Source::Recorded(steps, 0),
        );
    }

    /// Makes all steps of a recording on the heap in view, and answers.
    pub fn run_recorded(&mut self, what: &str, steps: Arc<[Step]>) -> Answer {
        self.begin_recorded(what, steps);
        while self.run_steps(u64::MAX) > 0 {}
        let answer = Answer {
            command: what.to_owned(),
            ..self.finish_run().unwrap_or_default()
        };
        self.tell(answer.clone());
        answer
    }

    fn begin(&mut self, what: String, of: u64, steps: Source) {
        let slot = self.here();
        self.running = Some(Running {
            what,
            of,
            steps,
            blocks: Vec::new(),
            heap: slot.number,
            handle: slot.handle,
            failed: 0,
            begun: Box::new(Moment::of(&slot.heap)),
            paused: false,
        });
    }

    pub(super) fn run_to_end(&mut self, workload: &Workload) -> Answer {
        self.begin_run(workload);
        while self.run_steps(u64::MAX) > 0 {}
        self.finish_run().unwrap_or_default()
    }

    /// Makes at most `most` steps of what runs. Answers with how many it made; 0 when the workload is over.
    pub(super) fn run_steps(&mut self, most: u64) -> u64 {
        let Some(mut running) = self.running.take() else {
            return 0;
        };
        let mut made = 0;
        if self
            .slot(running.heap)
            .is_some_and(|slot| slot.handle == running.handle)
        {
            while made < most
                && let Some(step) = running.steps.next()
            {
                made += 1;
                self.operations += 1;
                self.run_step(&mut running, step);
            }
            self.touch(running.heap);
        }
        self.running = Some(running);
        made
    }

    fn run_step(&mut self, running: &mut Running, step: Step) {
        let base = running.handle;
        let offset = |address: usize| (address as u64).wrapping_sub(base as u64);
        let pointer = |payload: u64| (base as u64).wrapping_add(payload) as usize;
        let name = |slot: usize| Name {
            base: BASE.to_owned(),
            index: Some(slot as u64),
        };
        let born = self.operations;
        match step {
            Step::Alloc { slot, size } => {
                if running.blocks.len() <= slot {
                    running.blocks.resize(slot + 1, None);
                }
                // An exception is a failure like NULL here: a workload goes on.
                let address = self.process.HeapAlloc(base, 0, size as usize).unwrap_or(0);
                if address == 0 {
                    running.failed += 1;
                    running.steps.failed(slot);
                    return;
                }
                running.blocks[slot] = Some(offset(address));
                if let Some(table) = self.names_mut(running.heap) {
                    table.insert(name(slot), offset(address), born);
                }
            }
            Step::Free { slot } => {
                // A person may have freed it meanwhile, and given its place to another block.
                let payload = running.blocks.get_mut(slot).and_then(Option::take);
                let Some(payload) =
                    payload.filter(|&payload| self.bears(running.heap, payload, &name(slot)))
                else {
                    return;
                };
                running.failed +=
                    u64::from(self.process.HeapFree(base, 0, pointer(payload)) != Ok(true));
                if let Some(table) = self.names_mut(running.heap) {
                    table.remove(payload);
                }
            }
            Step::Realloc { slot, size } => {
                let Some(payload) = running.blocks.get(slot).copied().flatten() else {
                    // As realloc(NULL, size): recordings have it.
                    return self.run_step(running, Step::Alloc { slot, size });
                };
                if !self.bears(running.heap, payload, &name(slot)) {
                    return;
                }
                let address = self
                    .process
                    .HeapReAlloc(base, 0, pointer(payload), size as usize)
                    .unwrap_or(0);
                if address == 0 {
                    running.failed += 1;
                    return;
                }
                running.blocks[slot] = Some(offset(address));
                if let Some(table) = self.names_mut(running.heap) {
                    table.remove(payload);
                    table.insert(name(slot), offset(address), born);
                }
            }
        }
    }

    /// Whether the block with this payload bears this name.
    fn bears(&self, number: u32, payload: u64, name: &Name) -> bool {
        let owner = self.slot(number).and_then(|slot| slot.names.owner(payload));
        owner.is_some_and(|owned| owned.name == *name)
    }

    /// Ends what runs and answers with what it did.
    pub(super) fn finish_run(&mut self) -> Option<Answer> {
        let running = self.running.take()?;
        self.rate = None;
        let done = running.steps.done();
        let call = format!(
            "{} operations of {}",
            super::words::grouped(done),
            running.what
        );
        let Some(slot) = self.slot(running.heap).cloned() else {
            let words = "the heap was destroyed meanwhile".to_owned();
            return Some(Answer {
                call,
                words,
                tone: Tone::Failed,
                ..Answer::default()
            });
        };
        let (before, after) = (*running.begun, Moment::of(&slot.heap));
        self.book_returns(slot.number, &before, &after);
        self.last = LastCall {
            result: i64::try_from(done).unwrap_or(i64::MAX),
            merged: 0,
        };
        let failed = if running.failed == 0 {
            "none failed".to_owned()
        } else {
            format!("{} failed", count(running.failed, "operation"))
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
        Some(Answer {
            call,
            words,
            ..Answer::default()
        })
    }
}
