//! One worker: a seeded workload on the common heap, with a stamp over each block.

use std::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, Ordering::SeqCst, fence};
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::heap::{AllocError, waits_here};

use super::Shared;
use super::audit::changed;
use super::incident::{Incident, Seen, What};
use super::lane::{Ended, Lane};
use super::registry::{Held, Registry};
use super::stamp::Stamp;
use crate::lab::{Generator, Step, Workload};

/// A worker, on its thread.
pub(super) struct Worker {
    shared: Arc<Shared>,
    number: usize,
    steps: Generator,
    /// Blocks made so far: each has a stamp of its own.
    serial: u64,
}

/// Tells the others that a worker is gone, however it went.
struct Leaving<'a> {
    shared: &'a Shared,
    number: usize,
    all_done: bool,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.shared.lanes[self.number].end(self.all_done);
        self.shared.gate.end();
    }
}

/// The workload of worker `number`: the same kind of sequence, another one for each.
pub(in crate::lab) fn workload_of(workload: &Workload, number: usize) -> Workload {
    // The golden ratio's bits, as SplitMix has them: seeds of neighbouring workers have nothing in common.
    let apart = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Workload {
        seed: workload.seed.wrapping_add(apart),
        ..workload.whole()
    }
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, number: usize) -> Worker {
        let steps = Generator::new(&workload_of(&shared.plan.workload, number));
        Worker {
            shared,
            number,
            steps,
            serial: 0,
        }
    }

    /// Makes all operations, or as many as it may until it is stopped.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut leaving = Leaving {
            shared: &shared,
            number: self.number,
            all_done: false,
        };
        self.lane().begin();
        let mut orders = 0;
        while shared.gate.pass(self.lane(), &mut orders) {
            let Some(step) = self.steps.next() else {
                leaving.all_done = true;
                break;
            };
            let operation = shared.sequence.fetch_add(1, Relaxed) + 1;
            self.lane().at(operation, step);
            let ended = self.make(step, operation);
            self.lane().count(ended, self.steps.live(), waits_here());
            if shared.audits.is_due(operation) && shared.gate.begin_audit() {
                shared.audit();
                shared.gate.end_audit();
            }
        }
    }

    fn lane(&self) -> &Lane {
        &self.shared.lanes[self.number]
    }

    fn registry(&self) -> &Registry {
        &self.shared.registries[self.number]
    }

    /// Its own mutual exclusion around a call, where the plan has it.
    fn guard(&self) -> Option<MutexGuard<'_, ()>> {
        let guard = self.shared.guard.as_ref()?;
        self.shared.at_guard.fetch_add(1, SeqCst);
        let held = guard.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.at_guard.fetch_sub(1, SeqCst);
        Some(held)
    }

    fn make(&mut self, step: Step, operation: u64) -> Ended {
        match step {
            Step::Alloc { slot, size } => self.alloc(slot, size, operation),
            Step::Free { slot } => self.free(slot, operation),
            Step::Realloc { slot, size } => self.realloc(slot, size, operation),
        }
    }

    fn alloc(&mut self, slot: usize, size: u64, operation: u64) -> Ended {
        let calls = self.shared.plan.calls;
        let guard = self.guard();
        let placed = self.shared.heap.alloc(size, calls);
        drop(guard);
        match placed {
            Ok(placed) => {
                self.take_over(slot, placed.payload, size, operation, Seen::Allocating);
                Ended::Allocated
            }
            Err(error) => {
                self.refused(error, None, operation, Seen::Allocating);
                self.steps.failed(slot);
                Ended::Failed
            }
        }
    }

    fn free(&mut self, slot: usize, operation: u64) -> Ended {
        let Some(block) = self.give_up(slot, operation, Seen::Freeing) else {
            return Ended::Nothing;
        };
        let calls = self.shared.plan.calls;
        let guard = self.guard();
        let freed = self.shared.heap.free(block.payload, calls);
        drop(guard);
        self.registry().gave_up();
        match freed {
            Ok(_) => Ended::Freed,
            Err(error) => {
                self.refused(error, Some(block), operation, Seen::Freeing);
                Ended::Failed
            }
        }
    }

    fn realloc(&mut self, slot: usize, size: u64, operation: u64) -> Ended {
        let Some(block) = self.give_up(slot, operation, Seen::Resizing) else {
            return Ended::Nothing;
        };
        let calls = self.shared.plan.calls;
        let guard = self.guard();
        let resized = self.shared.heap.realloc(block.payload, size, calls);
        drop(guard);
        self.registry().gave_up();
        match resized {
            Ok(resized) => {
                self.take_over(slot, resized.payload, size, operation, Seen::Resizing);
                Ended::Resized
            }
            Err(error) => {
                // The block stays what it was, unless the heap does not know it.
                if matches!(error, AllocError::Misuse(_)) {
                    self.steps.failed(slot);
                } else {
                    self.take_over(slot, block.payload, block.size, operation, Seen::Resizing);
                }
                self.refused(error, Some(block), operation, Seen::Resizing);
                Ended::Failed
            }
        }
    }

    /// Writes down what it was given, claims and stamps it.
    fn take_over(&mut self, slot: usize, payload: u64, size: u64, operation: u64, seen: Seen) {
        // With the fence before a free: whoever is given a block comes behind the one who gave it up.
        fence(Ordering::Acquire);
        self.serial += 1;
        let stamp = Stamp::new(self.number, slot, self.serial);
        let to = Held {
            worker: self.number,
            slot,
            payload,
            size,
            born: operation,
        };
        // Before the claim: who finds it claimed finds whose it is.
        self.registry().hold(&to, stamp);
        if self.shared.claims.claim(payload, size) {
            let holder = self.shared.holder(&to);
            // What comes of it, for either owner, is the same incident.
            self.registry().tells(slot);
            if let Some(holder) = holder {
                self.shared.registries[holder.worker].tells(holder.slot);
            }
            self.tell(What::Handed { to, holder }, payload, operation, seen);
        }
        self.shared
            .heap
            .look(|core| core.fill_words(payload, size, stamp.0));
    }

    /// Checks the block in a slot and gives it up. Nothing where the slot is empty.
    fn give_up(&mut self, slot: usize, operation: u64, seen: Seen) -> Option<Held> {
        let (block, stamp) = self.registry().get(self.number, slot)?;
        let workers = self.shared.lanes.len();
        let wrong = self
            .shared
            .heap
            .look(|core| changed(core, &block, stamp, workers));
        if let Some(what) = wrong
            && self.registry().tells(slot)
        {
            self.tell(what, block.payload, operation, seen);
        }
        self.shared.claims.give_up(block.payload, block.size);
        self.registry().give_up(&block);
        fence(Ordering::Release);
        Some(block)
    }

    /// A call failed. That memory is short is no damage.
    fn refused(&self, error: AllocError, block: Option<Held>, operation: u64, seen: Seen) {
        match (error, block) {
            (AllocError::Damaged(finding), _) => {
                let incident = self.incident(What::Damage(finding), finding.at, operation, seen);
                self.shared.incidents.add_place(incident);
                self.shared.saw_one();
            }
            (AllocError::Misuse(why), Some(block)) if self.registry().tells(block.slot) => {
                let what = What::Unknown { block, why };
                self.tell(what, block.payload, operation, seen);
            }
            _ => {}
        }
    }

    fn incident(&self, what: What, at: u64, operation: u64, seen: Seen) -> Incident {
        Incident {
            what,
            at,
            operation,
            sound: self.shared.incidents.sound(),
            worker: Some(self.number),
            seen,
        }
    }

    fn tell(&self, what: What, at: u64, operation: u64, seen: Seen) {
        let incident = self.incident(what, at, operation, seen);
        self.shared.incidents.add(incident);
        self.shared.saw_one();
    }
}

/// The number that operations are counted on: on a line of its own, since all workers write it.
#[derive(Default, Debug)]
#[repr(align(128))]
pub(super) struct Sequence(pub(super) AtomicU64);

impl std::ops::Deref for Sequence {
    type Target = AtomicU64;

    fn deref(&self) -> &AtomicU64 {
        &self.0
    }
}
