//! One call played slowly: made once by the real allocator, written down step by step, and taken back; from then on
//! each step can be made and taken back again.
//!
//! What is written down is what the allocator tells ([`Event`]) and every word that it changes, with what stood there
//! before. So a step forward or back is a few stores on the heap itself, and in between the heap is what it is in the
//! middle of the call: a header may be written whose bits are not set yet.
//!
//! Whoever drops a [`SlowCall`] gets the heap back as it was before the call, wherever it stands.

mod recorder;

use std::ops::Range;
use std::sync::Arc;

use crate::heap::{Access, Direct, Event, GRANULE, Heap, Image, PAGE_WORDS, Part, Word};
use crate::os::PAGE;

use super::interleave::{Call, Outcome};
use recorder::{Recorder, Tape};

/// A call that is made and taken back in small steps.
pub struct SlowCall {
    heap: Arc<Heap>,
    start: Arc<Image>,
    tape: Tape,
    /// Steps made.
    at: usize,
    outcome: Outcome,
}

/// What a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// What the allocator told, and the words that it then wrote for it.
    Told(Event),
    /// Bits of the bitmaps that say where blocks start and which are busy.
    Bits,
    /// Counts in the control block.
    Counts,
    /// Entries of the map of address space.
    Units,
    /// The call answers.
    Answer,
}

/// A step of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmallStep {
    /// What it is.
    pub deed: Deed,
    /// Which of all changes it makes.
    changes: Range<usize>,
}

/// A word that a step changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Which word.
    pub word: Word,
    /// What it is, for those beside the blocks. What a word of a block is changes while the call is made.
    pub part: Part,
    /// What stood there.
    pub old: u64,
    /// What stands there then.
    pub new: u64,
}

/// A change of the arena or of its books, which can be made and taken back.
#[derive(Debug)]
enum Change {
    Word {
        at: Word,
        old: u64,
        new: u64,
    },
    /// The same value in a run of words.
    Fill {
        from: Word,
        old: Box<[u64]>,
        new: u64,
    },
    /// A run of words.
    Run {
        from: Word,
        old: Box<[u64]>,
        new: Box<[u64]>,
    },
    /// Pages given back, with those of them that held anything.
    Pages {
        pages: Range<u64>,
        held: Vec<(u64, Box<[u64]>)>,
    },
    /// Bytes charged to the session; negative where a charge ends.
    Charge(i64),
}

/// Why a call cannot be played.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unplayed {
    /// Another holds the lock: the call would wait.
    #[error("the heap's lock is held: a call that waits for it would never end")]
    LockHeld,
    /// It changes more than can be kept.
    #[error("the call changes too much to be played step by step")]
    TooLong,
}

impl SlowCall {
    /// Makes a call, writes it down and takes it back. `start` is a copy of the heap as it is now.
    ///
    /// # Errors
    /// [`Unplayed`]; the heap is as it was.
    pub fn record(heap: Arc<Heap>, start: Arc<Image>, call: Call) -> Result<SlowCall, Unplayed> {
        if heap.lock().held().1 {
            return Err(Unplayed::LockHeld);
        }
        let recorder = Recorder::new(&heap);
        let outcome = call.run(&heap, &recorder);
        let tape = recorder.finish();
        heap.restore(&start);
        let tape = tape.ok_or(Unplayed::TooLong)?;
        Ok(SlowCall {
            heap,
            start,
            tape,
            at: 0,
            outcome,
        })
    }

    /// All steps, the answer as the last.
    #[must_use]
    pub fn steps(&self) -> &[SmallStep] {
        &self.tape.steps
    }

    /// How many of them are made.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What the call answers at the end.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Makes steps, or takes them back, until so many are made.
    pub fn go_to(&mut self, at: usize) {
        let at = at.min(self.tape.steps.len());
        let access = self.heap.direct();
        let mut charge = 0;
        let changes = |steps: Range<usize>| self.tape.changes_of(steps);
        if at >= self.at {
            for change in &self.tape.changes[changes(self.at..at)] {
                charge += self.make(access, change);
            }
        } else {
            let back = changes(at..self.at);
            for change in self.tape.changes[back.clone()].iter().rev() {
                charge -= self.take_back(access, change);
            }
            self.let_go(back);
        }
        self.at = at;
        let memory = self.heap.memory();
        memory.recharge(memory.charged().saturating_add_signed(charge));
    }

    fn make(&self, access: Direct<'_>, change: &Change) -> i64 {
        match change {
            Change::Word { at, new, .. } => access.store(*at, *new),
            Change::Fill { from, old, new } => access.fill(*from..from + old.len(), *new),
            Change::Run { from, new, .. } => store_run(access, *from, new),
            Change::Pages { pages, .. } => {
                let given = self.heap.memory().discard(pages.clone());
                debug_assert!(given.is_ok(), "the call gave them back itself");
            }
            Change::Charge(bytes) => return *bytes,
        }
        0
    }

    fn take_back(&self, access: Direct<'_>, change: &Change) -> i64 {
        match change {
            Change::Word { at, old, .. } => access.store(*at, *old),
            Change::Fill { from, old, .. } | Change::Run { from, old, .. } => {
                store_run(access, *from, old);
            }
            Change::Pages { held, .. } => {
                for (page, words) in held {
                    store_run(access, *page as usize * PAGE_WORDS, words);
                }
            }
            Change::Charge(bytes) => return *bytes,
        }
        0
    }

    /// Gives back the pages that first came into being by changes that are taken back: they hold zeroes again.
    fn let_go(&self, back: Range<usize>) {
        for (page, _) in self.tape.fresh.iter().filter(|(_, by)| back.contains(by)) {
            // A buffer keeps its pages.
            let _ = self.heap.memory().discard(*page..page + 1);
        }
    }

    /// The words that a step changes, as far as they stand alone: not the insides of blocks, written in runs.
    pub fn stored(&self, step: &SmallStep) -> impl Iterator<Item = Stored> {
        let part = |word| self.heap.look(|core| core.part_of(word));
        let changes = self.tape.changes[step.changes.clone()].iter();
        changes.filter_map(move |change| match *change {
            Change::Word { at, old, new } => Some(Stored {
                word: at,
                part: part(at),
                old,
                new,
            }),
            _ => None,
        })
    }

    /// The bytes that a step is about.
    #[must_use]
    pub fn place(&self, step: &SmallStep) -> Option<Range<u64>> {
        match step.deed {
            Deed::Told(event) => place_of(event),
            Deed::Answer => {
                let payload = self.outcome.payload()?;
                Some(payload - GRANULE..payload)
            }
            Deed::Bits => self.place_of_bits(step),
            Deed::Counts | Deed::Units => None,
        }
    }

    /// The granules whose bits a step changes.
    fn place_of_bits(&self, step: &SmallStep) -> Option<Range<u64>> {
        let of = |stored: Stored| {
            let bits = stored.old ^ stored.new;
            let first = stored.part.of + u64::from(bits.trailing_zeros()) * GRANULE;
            (bits != 0).then_some(first)
        };
        let first = self.stored(step).find_map(of)?;
        Some(first..first + GRANULE)
    }
}

impl Drop for SlowCall {
    fn drop(&mut self) {
        self.go_to(0);
        // The counts of the handle, and whatever a damaged heap did beside.
        self.heap.restore(&self.start);
    }
}

fn store_run(access: Direct<'_>, from: Word, words: &[u64]) {
    for (at, &word) in (from..).zip(words) {
        access.store(at, word);
    }
}

/// The bytes that an event is about.
fn place_of(event: Event) -> Option<Range<u64>> {
    let block = |block: crate::heap::Block, size: u64| {
        let from = block.address();
        // The least that a map can show.
        from..from + (size * GRANULE).max(GRANULE)
    };
    let pages = |page: u64, pages: u64| page * PAGE..(page + pages) * PAGE;
    Some(match event {
        Event::Probe {
            block: at, size, ..
        }
        | Event::Choice {
            block: at, size, ..
        }
        | Event::Found { block: at, size }
        | Event::Neighbour { with: at, size, .. }
        | Event::Split {
            block: at, size, ..
        } => block(at, size),
        Event::Check(at)
        | Event::Header(at)
        | Event::Link(at)
        | Event::Unlink(at)
        | Event::Range(at)
        | Event::RangeGone(at)
        | Event::Merge { block: at, .. } => block(at, 1),
        Event::Write { from, bytes, .. } => from..from + bytes,
        Event::Commit { page, pages: count } | Event::Decommit { page, pages: count } => {
            pages(page, count)
        }
        Event::Region(from) | Event::RegionGone(from) => from..from + GRANULE,
        Event::Request { .. } | Event::Lists { .. } | Event::NoFit { .. } => return None,
    })
}

#[cfg(test)]
mod tests;
