//! How the allocator reaches its arena. One allocator code, three ways to run it.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use crate::os::{CannotReturn, CommitRefused, Memory, PAGE, Written};

use super::control::Core;
use super::event::Event;
use super::raw;
use super::units::{Layout, UNIT, Word};

/// Loads, stores and page operations on an arena. Something small to copy: where it is the words themselves rather than
/// a reference to who has them, they stay in registers while the arena is written.
pub trait Access: Copy {
    /// Loads a word; 0 beyond the arena.
    fn load(&self, at: Word) -> u64;
    /// Stores a word; nothing happens beyond the arena.
    fn store(&self, at: Word, value: u64);
    /// Stores one value in a run of words.
    fn fill(&self, run: Range<Word>, value: u64) {
        run.for_each(|at| self.store(at, value));
    }
    /// Copies a run of words to where `to` begins, lowest first.
    fn copy(&self, from: Range<Word>, to: Word) {
        from.zip(to..)
            .for_each(|(from, to)| self.store(to, self.load(from)));
    }
    /// The memory under it, for commits and decommits.
    fn memory(&self) -> &Memory;
    /// Called at each step worth telling; costs nothing unless overridden.
    #[inline(always)]
    fn event(&self, _event: Event) {}
    /// Called before a call takes the heap's lock; costs nothing unless overridden.
    #[inline(always)]
    fn locking(&self) {}
    /// Called before a call releases the heap's lock; costs nothing unless overridden.
    #[inline(always)]
    fn unlocking(&self) {}

    /// Charges `bytes` to the session.
    ///
    /// # Errors
    /// [`CommitRefused`] beyond the commit limit.
    fn commit(&self, bytes: u64) -> Result<(), CommitRefused> {
        self.memory().commit(bytes)
    }

    /// Gives pages back.
    ///
    /// # Errors
    /// [`CannotReturn`] when the memory is a buffer.
    fn decommit(&self, pages: Range<u64>) -> Result<(), CannotReturn> {
        self.memory().decommit(pages)
    }
}

/// Plain loads and stores, compiled in. What is stored is noted where the memory keeps notes.
#[derive(Clone, Copy, Debug)]
pub struct Direct<'a> {
    words: &'a [std::sync::atomic::AtomicU64],
    memory: &'a Memory,
    written: Option<&'a Written>,
}

impl<'a> Direct<'a> {
    /// Access to all of `memory`.
    #[inline]
    #[must_use]
    pub fn new(memory: &'a Memory) -> Direct<'a> {
        Direct {
            words: memory.words(),
            memory,
            written: memory.written(),
        }
    }
}

impl Access for Direct<'_> {
    #[inline(always)]
    fn load(&self, at: Word) -> u64 {
        raw::load(self.words, at)
    }

    #[inline(always)]
    fn store(&self, at: Word, value: u64) {
        if let Some(written) = self.written {
            written.note(at);
        }
        raw::store(self.words, at, value);
    }

    fn fill(&self, run: Range<Word>, value: u64) {
        if let Some(written) = self.written {
            written.note_run(run.clone());
        }
        raw::fill(self.words, run, value);
    }

    fn copy(&self, from: Range<Word>, to: Word) {
        if let Some(written) = self.written {
            written.note_run(to..to.saturating_add(from.len()));
        }
        raw::copy(self.words, from, to);
    }

    #[inline]
    fn memory(&self) -> &Memory {
        self.memory
    }
}

/// As [`Direct`], for arenas of the largest size whose memory keeps no notes. Those are arrays in which every granule
/// that a 32-bit link can name has its words: the compiler sees that no offset the hot paths compute can be out of
/// bounds, and checks none.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    words: &'a [std::sync::atomic::AtomicU64; WHOLE_WORDS],
    memory: &'a Memory,
}

const WHOLE_WORDS: usize = (Layout::WHOLE.total / 8) as usize;

impl<'a> Whole<'a> {
    /// Access to `memory`, if it is as large as that and nobody wants to know what is written.
    #[inline(always)]
    pub(super) fn new(memory: &'a Memory) -> Option<Whole<'a>> {
        if memory.written().is_some() {
            return None;
        }
        let words = memory.words().try_into().ok()?;
        Some(Whole { words, memory })
    }
}

impl Access for Whole<'_> {
    #[inline(always)]
    fn load(&self, at: Word) -> u64 {
        raw::load(self.words, at)
    }

    #[inline(always)]
    fn store(&self, at: Word, value: u64) {
        raw::store(self.words, at, value);
    }

    fn fill(&self, run: Range<Word>, value: u64) {
        raw::fill(self.words, run, value);
    }

    fn copy(&self, from: Range<Word>, to: Word) {
        raw::copy(self.words, from, to);
    }

    #[inline]
    fn memory(&self) -> &Memory {
        self.memory
    }
}

/// As [`Direct`], and keeps the events (a reference to it is the [`Access`]): which holes were probed, what was split, linked, committed.
///
/// It can also stand guard: where damaged links lead the allocator to a page that is not committed, nothing is read or
/// written there, and the address is noted. A processor would raise an access violation.
#[derive(Debug)]
pub struct Traced<'a> {
    direct: Direct<'a>,
    /// Where the parts of the arena lie, if this stands guard.
    guarded: Option<Layout>,
    strayed: Cell<Option<u64>>,
    events: RefCell<Vec<Event>>,
    wanted: fn(&Event) -> bool,
    capacity: usize,
    dropped: Cell<u64>,
}

impl<'a> Traced<'a> {
    /// Keeps the first `capacity` events and counts the rest.
    #[must_use]
    pub fn new(memory: &'a Memory, capacity: usize) -> Traced<'a> {
        Traced {
            direct: Direct::new(memory),
            guarded: None,
            strayed: Cell::default(),
            events: RefCell::default(),
            wanted: |_| true,
            capacity,
            dropped: Cell::new(0),
        }
    }

    /// Keeps, and counts, only what `wanted` says.
    #[must_use]
    pub fn only(self, wanted: fn(&Event) -> bool) -> Traced<'a> {
        Traced { wanted, ..self }
    }

    /// Stands guard over an arena laid out like this.
    #[must_use]
    pub fn guarding(self, layout: Layout) -> Traced<'a> {
        Traced {
            guarded: Some(layout),
            ..self
        }
    }

    /// Whether it stands guard.
    #[must_use]
    pub fn is_guarding(&self) -> bool {
        self.guarded.is_some()
    }

    /// The first address on a page that is not committed that was to be read or written.
    #[must_use]
    pub fn strayed(&self) -> Option<u64> {
        self.strayed.get()
    }

    /// Whether there is no memory behind a word. The tables beside the blocks always have some, and so has the first
    /// page of a region that is being made.
    fn strays(&self, at: Word) -> bool {
        let address = at as u64 * 8;
        let Some(layout) = self.guarded.filter(|layout| address < layout.space) else {
            return false;
        };
        let core = Core::new(self.direct, layout);
        let is_there = core.is_committed(address / PAGE)
            || address % UNIT < PAGE && core.region_at(address).is_some();
        if !is_there && self.strayed.get().is_none() {
            self.strayed.set(Some(address));
        }
        !is_there
    }

    /// The events so far, and how many more there were than could be kept.
    #[must_use]
    pub fn finish(self) -> (Vec<Event>, u64) {
        (self.events.into_inner(), self.dropped.get())
    }
}

impl Access for &Traced<'_> {
    fn load(&self, at: Word) -> u64 {
        if self.strays(at) {
            0
        } else {
            self.direct.load(at)
        }
    }

    fn store(&self, at: Word, value: u64) {
        if !self.strays(at) {
            self.direct.store(at, value);
        }
    }

    fn memory(&self) -> &Memory {
        self.direct.memory
    }

    fn event(&self, event: Event) {
        if !(self.wanted)(&event) {
            return;
        }
        let mut events = self.events.borrow_mut();
        if events.len() < self.capacity {
            events.push(event);
        } else {
            self.dropped.set(self.dropped.get() + 1);
        }
    }
}

/// Who decides when a [`Stepped`] access may move.
pub trait Gate {
    /// Called before each load and store, and before the lock is taken and released; that happens when it returns.
    fn pass(&self, step: Step);
}

/// A single step of the allocator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// About to load this word.
    Load(Word),
    /// About to store this value in this word.
    Store(Word, u64),
    /// About to take the heap's lock, and to wait for it if another thread holds it.
    Lock,
    /// About to release the heap's lock.
    Unlock,
}

/// As [`Direct`], with a [`Gate`] before each step: a scheduler decides who moves. A reference to it is the [`Access`].
pub struct Stepped<'a, G: Gate> {
    direct: Direct<'a>,
    gate: G,
}

impl<'a, G: Gate> Stepped<'a, G> {
    /// Access to `memory` through `gate`.
    pub fn new(memory: &'a Memory, gate: G) -> Stepped<'a, G> {
        Stepped {
            direct: Direct::new(memory),
            gate,
        }
    }
}

impl<G: Gate> Access for &Stepped<'_, G> {
    fn load(&self, at: Word) -> u64 {
        self.gate.pass(Step::Load(at));
        self.direct.load(at)
    }

    fn store(&self, at: Word, value: u64) {
        self.gate.pass(Step::Store(at, value));
        self.direct.store(at, value);
    }

    fn locking(&self) {
        self.gate.pass(Step::Lock);
    }

    fn unlocking(&self) {
        self.gate.pass(Step::Unlock);
    }

    fn memory(&self) -> &Memory {
        self.direct.memory
    }
}
