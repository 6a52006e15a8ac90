//! The way back: what undo keeps of a session, and how it is entered again.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::view;

use super::frame::{Answer, Tone};
use super::ledger::Ledger;
use super::marks::Marks;
use super::session::{LastCall, Session, Slot};

/// Bytes of pages that undo may keep.
const UNDO_BYTES: u64 = 256 << 20;
/// Commands that can be undone at most.
const UNDO_DEPTH: usize = 1000;
/// About how many bytes a name costs in the tables.
const NAME_BYTES: u64 = 160;

/// All that undo brings back.
#[derive(Clone)]
struct State {
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
    place: u64,
    did: Arc<str>,
}

impl State {
    /// Whether the heaps are the same, byte for byte.
    fn same_heaps(&self, other: &State) -> bool {
        let same = |a: &Slot, b: &Slot| {
            let images = a.image.as_ref().zip(b.image.as_ref());
            a.number == b.number && images.is_some_and(|(a, b)| a.same_arena(b))
        };
        self.slots.len() == other.slots.len()
            && self.slots.iter().zip(&other.slots).all(|(a, b)| same(a, b))
    }
}

/// What a session was at one moment. Equal if heaps, figures and what is in view are.
pub struct Checkpoint {
    state: State,
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
pub(super) struct Before(State);

/// A command that can be taken back or brought back.
pub(super) struct Step {
    command: String,
    state: State,
    bytes: u64,
}

impl Session {
    /// All that undo would bring back. Heaps that changed are looked at, others share their images.
    fn state(&mut self) -> State {
        for slot in self.slots.iter_mut().filter(|slot| slot.dirty) {
            slot.image = Some(Arc::new(slot.heap.image(slot.image.as_deref())));
            slot.dirty = false;
        }
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

    /// What undo would bring back, before a command that may change it. Nothing where undo is off, or where the heaps
    /// hold more than undo may keep.
    pub(super) fn before(&mut self) -> Option<Before> {
        let resident = |slot: &Slot| view::resident(&slot.heap).unwrap_or(0);
        let dirty = self.slots.iter().filter(|slot| slot.dirty);
        if !self.undoes || dirty.map(resident).sum::<u64>() > UNDO_BYTES {
            return None;
        }
        Some(Before(self.state()))
    }

    /// Keeps the way back from a command that changed something. Answers whether there is one.
    pub(super) fn keep(&mut self, command: String, before: Option<Before>) -> bool {
        self.did = Arc::from(command.as_str());
        self.places += 1;
        self.place = self.places;
        let left: Vec<u64> = self.redo.drain(..).map(|step| step.state.place).collect();
        self.bookmarks.leave(&left);
        let Some(Before(state)) = before else {
            // Older states do not lead back from here.
            self.undo.clear();
            return !self.undoes;
        };
        let bytes = match self.undo.back() {
            Some(last) => beside(&state, &last.state),
            None => state
                .slots
                .iter()
                .filter_map(|slot| slot.image.as_ref())
                .map(|image| image.bytes())
                .sum(),
        };
        self.undo.push_back(Step {
            command,
            state,
            bytes,
        });
        let kept = |undo: &VecDeque<Step>| undo.iter().map(|step| step.bytes).sum::<u64>();
        while self.undo.len() > UNDO_DEPTH || (self.undo.len() > 1 && kept(&self.undo) > UNDO_BYTES)
        {
            self.undo.pop_front();
        }
        true
    }

    /// Keeps no way back from here on: for runs that nobody watches.
    pub fn without_undo(&mut self) {
        self.undoes = false;
    }

    /// Takes a checkpoint before `command`, which is sure to change something.
    pub(super) fn checkpoint(&mut self, command: String) {
        let before = self.before();
        self.keep(command, before);
    }

    /// Forgets the last checkpoint, if the session still is at the `place` that it led to: its command did nothing.
    pub(super) fn drop_checkpoint(&mut self, place: u64) {
        if self.place == place
            && let Some(step) = self.undo.pop_back()
        {
            (self.place, self.did) = (step.state.place, step.state.did);
        }
    }

    /// Commands that can be taken back, and brought back.
    #[must_use]
    pub fn depths(&self) -> (usize, usize) {
        (self.undo.len(), self.redo.len())
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

    /// Takes back the last command that changed anything.
    pub fn undo(&mut self) -> Answer {
        if let Some(words) = self.waits() {
            return self.nothing(
                "undo",
                &format!("{words}: a call that is under way is not taken back"),
            );
        }
        if let Some(answer) = self.undo_stepping() {
            return answer;
        }
        let Some(step) = self.undo.pop_back() else {
            return self.nothing("undo", "there is nothing to undo");
        };
        self.journal("undo");
        let now = self.state();
        let answer = self.moved("undo", &format!("took back: {}", step.command));
        self.enter(&step.state);
        self.redo.push(Step {
            command: step.command,
            state: now,
            bytes: step.bytes,
        });
        self.tell(answer.clone());
        answer
    }

    /// Brings back the last command taken back.
    pub fn redo(&mut self) -> Answer {
        if let Some(words) = self.waits() {
            return self.nothing("redo", &format!("{words}: the call has to end first"));
        }
        if self.stepping.is_some() {
            return self.nothing("redo", "two calls are under way; `step off` gives them up");
        }
        let Some(step) = self.redo.pop() else {
            return self.nothing("redo", "there is nothing to bring back");
        };
        self.journal("redo");
        let now = self.state();
        let words = match step.command.starts_with("threads ") {
            true => format!(
                "brought back what was left by {}; nothing repeats",
                step.command
            ),
            false => format!("brought back: {}", step.command),
        };
        let answer = self.moved("redo", &words);
        self.enter(&step.state);
        self.undo.push_back(Step {
            command: step.command,
            state: now,
            bytes: step.bytes,
        });
        self.tell(answer.clone());
        answer
    }

    fn moved(&self, command: &str, words: &str) -> Answer {
        Answer {
            command: command.to_owned(),
            words: words.to_owned(),
            ..Answer::default()
        }
    }

    fn nothing(&mut self, command: &str, words: &str) -> Answer {
        let answer = Answer {
            tone: Tone::Refused,
            ..self.moved(command, words)
        };
        self.tell(answer.clone());
        answer
    }

    /// Makes the session what it was in `state`.
    fn enter(&mut self, state: &State) {
        self.changes += 1;
        for slot in &self.slots {
            if !state.slots.iter().any(|old| old.handle == slot.handle) {
                self.process.detach(slot.handle);
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

    /// Whether redo leads to this place.
    pub(super) fn lies_ahead(&self, place: u64) -> bool {
        self.redo.iter().any(|step| step.state.place == place)
    }
}

/// Bytes that `state` keeps beside what it shares with `other`: pages and names.
fn beside(state: &State, other: &State) -> u64 {
    let slot_beside = |slot: &Slot| {
        let old = other.slots.iter().find(|old| old.number == slot.number);
        let pages = match (&slot.image, old.and_then(|old| old.image.as_ref())) {
            (Some(image), Some(old)) => image.bytes_beside(old),
            (Some(image), None) => image.bytes(),
            (None, _) => 0,
        };
        let shared = old.is_some_and(|old| Arc::ptr_eq(&old.names, &slot.names));
        pages
            + if shared {
                0
            } else {
                slot.names.len() as u64 * NAME_BYTES
            }
    };
    state.slots.iter().map(slot_beside).sum()
}
