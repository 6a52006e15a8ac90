//! The way into an arena that writes down what is told and changed.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::Range;

use crate::heap::{Access, Direct, Event, Heap, Keeps, PAGE_WORDS, Traced, Word};
use crate::os::{CannotReturn, CommitRefused, Memory};

use super::{Change, Deed, SmallStep};

/// Words that may be kept, old and new ones: 64 MiB of them.
const MOST_WORDS: usize = 8 << 20;
/// Steps and changes that may be kept.
const MOST_ENTRIES: usize = 1 << 20;

/// What a call does, from its first step to its last.
#[derive(Debug, Default)]
pub(super) struct Tape {
    pub(super) steps: Vec<SmallStep>,
    pub(super) changes: Vec<Change>,
    /// The pages that came into being, each with the change that made it.
    pub(super) fresh: Vec<(u64, usize)>,
    seen: HashSet<u64>,
    words: usize,
}

impl Tape {
    /// The changes of these steps.
    pub(super) fn changes_of(&self, steps: Range<usize>) -> Range<usize> {
        let begin = |step: usize| {
            let step = self.steps.get(step);
            step.map_or(self.changes.len(), |step| step.changes.start)
        };
        begin(steps.start)..begin(steps.end)
    }

    fn begin(&mut self, deed: Deed) {
        let changes = self.changes.len()..self.changes.len();
        self.steps.push(SmallStep { deed, changes });
    }

    fn add(&mut self, change: Change, words: usize) {
        if self.steps.is_empty() {
            self.begin(Deed::Counts);
        }
        self.changes.push(change);
        self.words += words;
        if let Some(step) = self.steps.last_mut() {
            step.changes.end = self.changes.len();
        }
    }

    fn is_full(&self) -> bool {
        self.words > MOST_WORDS || self.steps.len().max(self.changes.len()) > MOST_ENTRIES
    }
}

/// Access to a heap's arena; a reference to it is the [`Access`].
pub(super) struct Recorder<'a> {
    heap: &'a Heap,
    /// Stands guard where the heap checks nothing itself.
    traced: Traced<'a>,
    tape: RefCell<Tape>,
    full: Cell<bool>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(heap: &'a Heap) -> Recorder<'a> {
        let traced = Traced::new(heap.memory(), 0);
        Recorder {
            heap,
            traced: match heap.settings().checks {
                true => traced,
                false => traced.guarding(heap.layout()),
            },
            tape: RefCell::default(),
            full: Cell::new(false),
        }
    }

    /// All that was written down; nothing if it is more than can be kept.
    pub(super) fn finish(self) -> Option<Tape> {
        let mut tape = self.tape.into_inner();
        tape.begin(Deed::Answer);
        (!self.full.get()).then_some(tape)
    }

    fn direct(&self) -> Direct<'a> {
        self.heap.direct()
    }

    /// Writes something down, unless there is too much already.
    fn note(&self, write: impl FnOnce(&mut Tape)) {
        if self.full.get() {
            return;
        }
        let mut tape = self.tape.borrow_mut();
        write(&mut tape);
        self.full.set(tape.is_full());
    }

    /// Writes down that a word or a run is about to change: which step it is part of, and the pages that it makes.
    fn is_written(&self, tape: &mut Tape, words: Range<Word>) {
        let part = self.heap.look(|core| core.part_of(words.start));
        let deed = match part.keeps() {
            Keeps::Blocks => None,
            Keeps::Bits => Some(Deed::Bits),
            Keeps::Counts => Some(Deed::Counts),
            Keeps::Units => Some(Deed::Units),
        };
        let now = tape.steps.last().map(|step| step.deed);
        // The map of address space is what taking and committing are about.
        let belongs = match (deed, now) {
            (None, now) => now.is_some(),
            (Some(Deed::Units), Some(Deed::Told(event))) => matches!(
                event,
                Event::Commit { .. }
                    | Event::Decommit { .. }
                    | Event::Region(_)
                    | Event::RegionGone(_)
            ),
            (deed, now) => deed == now,
        };
        if !belongs {
            tape.begin(deed.unwrap_or(Deed::Counts));
        }
        let pages = |word: Word| (word / PAGE_WORDS) as u64;
        for page in pages(words.start)..=pages(words.end.max(words.start + 1) - 1) {
            if tape.seen.insert(page) && self.is_untouched(page) {
                tape.fresh.push((page, tape.changes.len()));
            }
        }
    }

    /// Whether a page is not in memory. Where the kernel does not tell, none counts as new.
    fn is_untouched(&self, page: u64) -> bool {
        let mut untouched = false;
        let memory = self.heap.memory();
        let told = memory.resident(page..page + 1, |_, resident| untouched = !resident);
        told.is_some() && untouched
    }

    fn words(&self, run: Range<Word>) -> Box<[u64]> {
        run.map(|at| self.direct().load(at)).collect()
    }

    /// The part of a run that the arena has.
    fn within(&self, run: Range<Word>) -> Range<Word> {
        let most = self.heap.memory().words().len();
        run.start.min(most)..run.end.min(most)
    }

    /// Writes down a run that `write` changes.
    fn run(
        &self,
        run: Range<Word>,
        write: impl FnOnce(),
        change: impl FnOnce(Box<[u64]>) -> Change,
    ) {
        let run = self.within(run);
        if run.is_empty() {
            return;
        }
        if self.full.get() {
            return write();
        }
        let old = self.words(run.clone());
        self.note(|tape| self.is_written(tape, run.clone()));
        write();
        self.note(|tape| tape.add(change(old), 2 * run.len()));
    }
}

impl Access for &Recorder<'_> {
    fn load(&self, at: Word) -> u64 {
        (&self.traced).load(at)
    }

    fn store(&self, at: Word, value: u64) {
        let old = self.direct().load(at);
        self.note(|tape| self.is_written(tape, at..at + 1));
        (&self.traced).store(at, value);
        // One that goes astray stores nothing.
        let new = self.direct().load(at);
        self.note(|tape| tape.add(Change::Word { at, old, new }, 2));
    }

    fn fill(&self, run: Range<Word>, value: u64) {
        if self.traced.is_guarding() {
            return run.for_each(|at| self.store(at, value));
        }
        let from = run.start;
        let write = || self.direct().fill(run.clone(), value);
        self.run(run.clone(), write, |old| Change::Fill {
            from,
            old,
            new: value,
        });
    }

    fn copy(&self, from: Range<Word>, to: Word) {
        if self.traced.is_guarding() {
            return from
                .zip(to..)
                .for_each(|(from, to)| self.store(to, self.load(from)));
        }
        let run = self.within(to..to.saturating_add(from.len()));
        let write = || self.direct().copy(from, to);
        self.run(run.clone(), write, |old| Change::Run {
            from: to,
            old,
            new: self.words(run.clone()),
        });
    }

    fn memory(&self) -> &Memory {
        self.heap.memory()
    }

    fn event(&self, event: Event) {
        let nothing = matches!(event, Event::Write { bytes: 0, .. });
        if !nothing {
            self.note(|tape| tape.begin(Deed::Told(event)));
        }
    }

    fn commit(&self, bytes: u64) -> Result<(), CommitRefused> {
        self.memory().commit(bytes)?;
        self.note(|tape| tape.add(Change::Charge(bytes.cast_signed()), 1));
        Ok(())
    }

    fn decommit(&self, pages: Range<u64>) -> Result<(), CannotReturn> {
        let mut held = Vec::new();
        let memory = self.memory();
        let mut hold = |page: u64| {
            let from = page as usize * PAGE_WORDS;
            held.push((page, self.words(from..from + PAGE_WORDS)));
        };
        // What is not in memory is not read: it reads as zero.
        let told = memory.resident(pages.clone(), |page, resident| {
            if resident && !self.full.get() {
                hold(page);
            }
        });
        if told.is_none() {
            pages.clone().for_each(hold);
        }
        let before = memory.charged();
        memory.decommit(pages.clone())?;
        let charge = memory.charged().cast_signed() - before.cast_signed();
        let words = held.len() * PAGE_WORDS;
        self.note(|tape| {
            tape.add(Change::Pages { pages, held }, words);
            tape.add(Change::Charge(charge), 1);
        });
        Ok(())
    }
}
