//! Checkpoints inside long entries: how far apart they lie, and which go when there is no room.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::session::names::NameTable;
use crate::session::run::{BASE, Running};
use crate::session::session::Session;

use super::extremes::Extremes;
use super::line::Inner;

/// A workload goes on for so many times as long as its last checkpoint took: they slow it by half at most.
const TIMES: u32 = 2;
/// On the way to a place checkpoints may cost as much as the way does: the next way is shorter.
const TIMES_AGAIN: u32 = 1;
/// As long as there is room, no more than this has to be made again on the way to a place.
const NEAR: Duration = Duration::from_millis(10);

/// When the next checkpoint of a workload is due.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::session) struct Spacing {
    /// The time that steps took since the last one.
    since: Duration,
    /// What the last one took.
    cost: Duration,
}

impl Spacing {
    /// Takes in the time that steps took, and tells whether a checkpoint is due.
    pub(in crate::session) fn is_due(&mut self, spent: Duration, made_again: bool) -> bool {
        self.since += spent;
        let times = if made_again { TIMES_AGAIN } else { TIMES };
        self.since >= NEAR.max(self.cost * times)
    }
}

impl Session {
    /// Keeps a moment inside the entry that is being made, or made again.
    pub(in crate::session) fn keep_inner(&mut self, running: &mut Running) {
        let begin = Instant::now();
        running.spacing.since = Duration::ZERO;
        if self.undoes && self.has_room_here() {
            self.touch(running.heap());
            let inner = self.inner_of(running, self.extremes_here());
            self.add_inner(inner);
        }
        running.spacing.cost = begin.elapsed();
    }

    /// The moment inside an entry that this is.
    pub(super) fn inner_of(&mut self, running: &mut Running, extremes: Extremes) -> Inner {
        let heap = running.heap();
        // Before the state shares the table: then it would be copied, and not the same as it is from here on.
        let names = match running.is_plain() {
            true => None,
            false => self.names_mut(heap).map(|names| names.keep(BASE)),
        };
        let mut state = self.state();
        state.forget_names(heap);
        Inner::new(state, names, running.keep(), extremes)
    }

    /// Makes the session what it was at a moment inside an entry, on the way to operation `to`. Answers with the workload
    /// that went on there.
    pub(super) fn enter_inner(&mut self, index: usize, inner: &Inner, to: u64) -> Running {
        self.enter(&inner.state);
        let running = inner.running.running();
        match &inner.names {
            Some(names) => self.set_names(running.heap(), names.table()),
            None if self.leave_names(index, &running, to) => (),
            None => self.give_names(index, &running),
        }
        running
    }

    /// Goes on without names, if those at operation `to` follow from the workload's blocks. Whether they do.
    pub(super) fn leave_names(&mut self, index: usize, running: &Running, to: u64) -> bool {
        let entry = self.history.entry(index);
        let odd_from = entry.and_then(|entry| entry.odd_from);
        self.nameless = running.is_plain() && odd_from.is_none_or(|odd| to < odd);
        self.nameless
    }

    /// Gives the blocks of a workload their names: those before its entry, and its own.
    pub(super) fn give_names(&mut self, index: usize, running: &Running) {
        self.nameless = false;
        let heap = running.heap();
        let before = self.history.entry(index);
        let before = before.and_then(|entry| entry.before.names_of(heap));
        let before = before.map(Arc::clone).unwrap_or_default();
        let names = before.with_blocks(
            BASE,
            running.first_name(),
            running.slots(),
            |slot| running.born(slot),
            running.renamed(),
        );
        self.set_names(heap, names);
    }

    fn set_names(&mut self, heap: u32, names: NameTable) {
        if let Some(slot) = self.slot_mut(heap) {
            slot.names = Arc::new(names);
        }
        self.names.0 = None;
    }

    /// Notes in the entry that is made that names do not follow from blocks from here on.
    pub(in crate::session) fn note_odd_names(&mut self) {
        let at = self.operations;
        if self.looking.is_some() {
            return;
        }
        let entry = match &mut self.run_begun {
            Some(pending) => Some(&mut **pending),
            None => self.history.last_mut(),
        };
        if let Some(entry) = entry {
            entry.odd_from = entry.odd_from.or(Some(at));
        }
    }

    /// No more moments are kept of what ran on a heap.
    pub(in crate::session) fn end_keeping(&mut self, heap: u32) {
        if let Some(names) = self.names_mut(heap) {
            names.end_keeping(BASE);
        }
    }

    /// The entry that is being made, or made again, on the line.
    fn entry_on_the_way(&self) -> Option<usize> {
        match &self.looking {
            Some(looking) => Some(looking.going_to.entry),
            None => self.history.line.at.checked_sub(1),
        }
    }

    /// Whether no other checkpoint is near. What is made again leaves some only as long as there is room; what is new
    /// makes room.
    fn has_room_here(&self) -> bool {
        let pending = self.run_begun.as_deref();
        let on_line = || self.history.entry(self.entry_on_the_way()?);
        let Some(entry) = pending.or_else(on_line) else {
            return false;
        };
        let at = self.operations;
        let behind = entry.inner.partition_point(|inner| inner.at() <= at);
        let before = behind.checked_sub(1).map(|last| entry.inner[last].at());
        let after = entry.inner.get(behind).map(Inner::at);
        let far = |other: Option<u64>| other.is_none_or(|other| other.abs_diff(at) >= entry.apart);
        far(before) && far(after) && (self.looking.is_none() || self.history.has_room())
    }

    fn add_inner(&mut self, inner: Inner) {
        if let Some(pending) = &mut self.run_begun {
            pending.add_inner(inner);
            while pending.bytes() + self.history.bytes() > self.history.budget
                && pending.inner.len() > 1
            {
                pending.thin_out();
            }
        } else if let Some(index) = self.entry_on_the_way() {
            self.history.add_inner(index, inner);
            self.make_room();
        }
    }
}
