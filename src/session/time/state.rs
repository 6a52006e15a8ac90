//! What a session is at one moment, and how it is entered again.

use std::sync::Arc;

use crate::session::ledger::Ledger;
use crate::session::marks::Marks;
use crate::session::names::NameTable;
use crate::session::session::{LastCall, Session, Slot};

/// About how many bytes a moment takes besides.
const STATE_BYTES: u64 = 1_000;

/// All that a moment of the past brings back.
#[derive(Clone)]
pub(in crate::session) struct State {
    slots: Vec<Slot>,
    in_view: Option<u32>,
    crt: Option<u32>,
    operations: u64,
    last: LastCall,
    errors: (u32, i32),
    next_number: u32,
    next_size: u64,
    limit: u64,
    ledger: Arc<Ledger>,
    pub(super) place: u64,
    pub(super) did: Arc<str>,
}

impl State {
    /// Operations done.
    pub(in crate::session) fn operations(&self) -> u64 {
        self.operations
    }

    /// The heaps.
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The names of a heap's blocks.
    pub(super) fn names_of(&self, heap: u32) -> Option<&Arc<NameTable>> {
        let slot = self.slots.iter().find(|slot| slot.number == heap);
        slot.map(|slot| &slot.names)
    }

    /// Leaves out the names of a heap's blocks: they are kept elsewhere.
    pub(super) fn forget_names(&mut self, heap: u32) {
        let slot = self.slots.iter_mut().find(|slot| slot.number == heap);
        if let Some(slot) = slot {
            slot.names = Arc::default();
        }
    }

    /// Whether the heaps are the same, byte for byte.
    fn same_heaps(&self, other: &State) -> bool {
        let same = |a: &Slot, b: &Slot| {
            let images = a.image.as_ref().zip(b.image.as_ref());
            a.number == b.number && images.is_some_and(|(a, b)| a.same_arena(b))
        };
        self.slots.len() == other.slots.len()
            && self.slots.iter().zip(&other.slots).all(|(a, b)| same(a, b))
    }

    /// Bytes that it keeps beside what it shares with `other`: pages and names.
    pub(super) fn bytes_beside(&self, other: &State) -> u64 {
        let slot_beside = |slot: &Slot| {
            let old = other.slots.iter().find(|old| old.number == slot.number);
            let pages = match (&slot.image, old.and_then(|old| old.image.as_ref())) {
                (Some(image), Some(old)) => image.bytes_beside(old),
                (Some(image), None) => image.bytes(),
                (None, _) => 0,
            };
            let shared = old.is_some_and(|old| Arc::ptr_eq(&old.timeline, &slot.timeline));
            let before = old.map(|old| &*old.timeline);
            let timeline = if shared {
                0
            } else {
                slot.timeline.bytes_beside(before)
            };
            pages + timeline + names_bytes(slot, old)
        };
        STATE_BYTES + self.slots.iter().map(slot_beside).sum::<u64>()
    }

    /// Bytes of all its pages.
    pub(super) fn bytes(&self) -> u64 {
        let slot_bytes = |slot: &Slot| {
            let pages = slot.image.as_ref().map_or(0, |image| image.bytes());
            pages + slot.timeline.bytes_beside(None) + names_bytes(slot, None)
        };
        STATE_BYTES + self.slots.iter().map(slot_bytes).sum::<u64>()
    }
}

/// Bytes that the names of a heap take beside those of another moment.
fn names_bytes(slot: &Slot, old: Option<&Slot>) -> u64 {
    match old {
        Some(old) if Arc::ptr_eq(&slot.names, &old.names) => 0,
        Some(old) => slot.names.bytes_beside(&old.names),
        None => slot.names.bytes_beside(&NameTable::default()),
    }
}

/// What a session was at one moment. Equal if heaps, figures and what is in view are.
#[derive(Clone)]
pub struct Checkpoint {
    pub(super) state: State,
}

#[cfg(test)]
impl Checkpoint {
    /// Whether the heaps hold the same bytes.
    pub(super) fn same_bytes(&self, other: &Checkpoint) -> bool {
        self.state.same_heaps(&other.state)
    }
}

impl PartialEq for Checkpoint {
    fn eq(&self, other: &Checkpoint) -> bool {
        let rest = |state: &State| {
            let numbers = (
                state.in_view,
                state.crt,
                state.operations,
                state.next_number,
                state.next_size,
            );
            (numbers, state.limit, state.ledger.total())
        };
        rest(&self.state) == rest(&other.state) && self.state.same_heaps(&other.state)
    }
}

/// What undo would bring back.
pub(in crate::session) struct Before(pub(super) State);

impl Session {
    /// All that the past brings back. Heaps that changed are looked at, others share their images.
    pub(super) fn state(&mut self) -> State {
        self.slots.iter_mut().for_each(Slot::take_image);
        State {
            slots: self.slots.clone(),
            in_view: self.in_view,
            crt: self.crt,
            operations: self.operations,
            last: self.last,
            errors: (crate::api::GetLastError(), crate::api::errno()),
            next_number: self.next_number,
            next_size: self.next_size,
            limit: self.limit.limit(),
            ledger: Arc::clone(&self.ledger),
            place: self.place,
            did: Arc::clone(&self.did),
        }
    }

    /// A copy of all that undo brings back, to compare with.
    pub fn image(&mut self) -> Checkpoint {
        Checkpoint {
            state: self.state(),
        }
    }

    /// Whether the heaps hold the same bytes as when `copy` was taken, whatever else the session counted since.
    pub fn same_heaps(&mut self, copy: &Checkpoint) -> bool {
        self.state().same_heaps(&copy.state)
    }

    /// Makes the session what it was in `state`.
    pub(super) fn enter(&mut self, state: &State) {
        self.changes += 1;
        self.nameless = false;
        for slot in &self.slots {
            if !state.slots.iter().any(|old| old.handle == slot.handle) {
                self.process.detach(slot.handle);
                self.actors.lose_lock(&slot.heap);
                // Its image brings it back; until then it takes nothing from the commit limit.
                slot.heap.give_everything_back();
            }
        }
        for slot in &state.slots {
            if self.process.heap_of(slot.handle).is_none() {
                self.process.attach(Arc::clone(&slot.heap));
            }
            // Images are shared while nothing changed, so that an untouched heap costs nothing here.
            let now = self
                .slot(slot.number)
                .filter(|now| now.handle == slot.handle);
            let same = now.is_some_and(|now| {
                !now.dirty
                    && now
                        .image
                        .as_ref()
                        .zip(slot.image.as_ref())
                        .is_some_and(|(a, b)| Arc::ptr_eq(a, b))
            });
            if let Some(image) = slot.image.as_ref().filter(|_| !same) {
                slot.heap.restore(image);
            }
        }
        self.limit.set_limit(state.limit);
        self.slots.clone_from(&state.slots);
        self.in_view = state.in_view;
        self.crt = state.crt;
        match state.crt {
            Some(number) => self.set_crt(number),
            None => self.process.clear_crt(),
        }
        self.operations = state.operations;
        self.last = state.last;
        crate::api::SetLastError(state.errors.0);
        crate::api::_set_errno(state.errors.1);
        self.next_number = state.next_number;
        self.next_size = state.next_size;
        // A workload is part of no state: what was taken back does not go on by itself.
        self.running = None;
        self.ended = None;
        self.crew_left = None;
        self.ledger = Arc::clone(&state.ledger);
        self.place = state.place;
        self.did = Arc::clone(&state.did);
        self.names.0 = None;
        self.marks = Marks::default();
        self.forget_findings();
    }
}
