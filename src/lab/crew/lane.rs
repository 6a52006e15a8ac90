//! What each worker does: written by the worker, read by anyone at any time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed};

use crate::heap::{Caller, Waits};

use super::super::generator::Step;

/// What a worker is doing.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Doing {
    /// Its next operation has to wait: the crew is paused, held to a rate, or looked at.
    #[default]
    Resting,
    /// Operations, one behind the other.
    Working,
    /// It stands in the queue for the heap's lock.
    Waiting,
    /// It has made all its operations.
    Done,
    /// It was stopped before.
    Stopped,
}

const RESTING: u64 = 0;
const WORKING: u64 = 1;
const DONE: u64 = 2;
const STOPPED: u64 = 3;

/// So many operations may be made: all.
const NO_END: u64 = u64::MAX;

/// The lane of one worker. On a cache line of its own, so that counting in one does not slow another.
#[derive(Default, Debug)]
#[repr(align(128))]
pub(super) struct Lane {
    /// Operations that may still be made.
    pub(super) tickets: AtomicU64,
    doing: AtomicU64,
    /// The worker at locks.
    caller: OnceLock<Caller>,
    operation: AtomicU64,
    call: AtomicU64,
    allocs: AtomicU64,
    frees: AtomicU64,
    reallocs: AtomicU64,
    failed: AtomicU64,
    done: AtomicU64,
    live: AtomicU64,
    contended: AtomicU64,
    waited: AtomicU64,
}

/// A worker at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LaneView {
    /// What it is doing.
    pub doing: Doing,
    /// The operation it is at, or made last, by the number that all workers count on; 0 before the first.
    pub operation: u64,
    /// That operation.
    pub step: Option<Step>,
    /// Operations made.
    pub done: u64,
    /// Blocks it holds.
    pub live: u64,
    /// Allocations that succeeded.
    pub allocs: u64,
    /// Frees that succeeded.
    pub frees: u64,
    /// Reallocations that succeeded.
    pub reallocs: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Times that another thread held the lock when it came.
    pub contended: u64,
    /// Nanoseconds that it waited for the lock.
    pub waited: u64,
}

/// How an operation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    Allocated,
    Freed,
    Resized,
    Failed,
    /// There was no block to work on.
    Nothing,
}

const SLOT_BITS: u32 = 28;
const SIZE_BITS: u32 = 34;

/// A step in one word; slots and sizes too large for it are shown as the largest there are.
fn encode(step: Step) -> u64 {
    let (kind, slot, size) = match step {
        Step::Alloc { slot, size } => (1, slot, size),
        Step::Free { slot } => (2, slot, 0),
        Step::Realloc { slot, size } => (3, slot, size),
    };
    let slot = (slot as u64).min((1 << SLOT_BITS) - 1);
    kind << (SLOT_BITS + SIZE_BITS) | slot << SIZE_BITS | size.min((1 << SIZE_BITS) - 1)
}

fn decode(word: u64) -> Option<Step> {
    let slot = (word >> SIZE_BITS & ((1 << SLOT_BITS) - 1)) as usize;
    let size = word & ((1 << SIZE_BITS) - 1);
    match word >> (SLOT_BITS + SIZE_BITS) {
        1 => Some(Step::Alloc { slot, size }),
        2 => Some(Step::Free { slot }),
        3 => Some(Step::Realloc { slot, size }),
        _ => None,
    }
}

/// Adds to what one thread alone counts.
fn add(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

impl Lane {
    /// Takes one operation off those that may be made. Only the worker does.
    pub(super) fn take(&self) -> bool {
        match self.tickets.load(Acquire) {
            NO_END => true,
            0 => false,
            _ => {
                let less = |left: u64| match left {
                    NO_END => Some(NO_END),
                    left => left.checked_sub(1),
                };
                self.tickets.try_update(AcqRel, Acquire, less).is_ok()
            }
        }
    }

    /// Whether there is an operation to take.
    pub(super) fn may(&self) -> bool {
        self.tickets.load(Acquire) > 0
    }

    /// Lets any number of operations be made, or so many more.
    pub(super) fn allow(&self, more: Option<u64>) {
        let sum = |left: u64| match (left, more) {
            (_, None) => NO_END,
            (NO_END, Some(more)) => more,
            (left, Some(more)) => left.saturating_add(more).min(NO_END - 1),
        };
        self.tickets.update(AcqRel, Acquire, sum);
    }

    /// Lets no more operations be made.
    pub(super) fn forbid(&self) {
        self.tickets.store(0, Relaxed);
    }

    /// The worker of this lane has begun.
    pub(super) fn begin(&self) {
        self.caller.get_or_init(Caller::here);
        self.work();
    }

    /// Whether its worker is this caller.
    pub(super) fn is(&self, caller: Caller) -> bool {
        self.caller.get() == Some(&caller)
    }

    pub(super) fn work(&self) {
        self.doing.store(WORKING, Relaxed);
    }

    pub(super) fn rest(&self) {
        self.doing.store(RESTING, Relaxed);
    }

    pub(super) fn end(&self, all_done: bool) {
        self.doing
            .store(if all_done { DONE } else { STOPPED }, Relaxed);
    }

    /// What comes now.
    pub(super) fn at(&self, operation: u64, step: Step) {
        self.operation.store(operation, Relaxed);
        self.call.store(encode(step), Relaxed);
    }

    /// What has come of it.
    pub(super) fn count(&self, ended: Ended, live: usize, waits: Waits) {
        match ended {
            Ended::Allocated => add(&self.allocs),
            Ended::Freed => add(&self.frees),
            Ended::Resized => add(&self.reallocs),
            Ended::Failed => add(&self.failed),
            Ended::Nothing => {}
        }
        self.live.store(live as u64, Relaxed);
        self.contended.store(waits.contended, Relaxed);
        self.waited.store(waits.waited, Relaxed);
        add(&self.done);
    }

    pub(super) fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }

    /// The lane now. `waiters` are those who wait for the heap's lock.
    pub(super) fn view(&self, waiters: &[Caller]) -> LaneView {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        let doing = match read(&self.doing) {
            WORKING if waiters.iter().any(|&waiter| self.is(waiter)) => Doing::Waiting,
            WORKING => Doing::Working,
            DONE => Doing::Done,
            STOPPED => Doing::Stopped,
            _ => Doing::Resting,
        };
        LaneView {
            doing,
            operation: read(&self.operation),
            step: decode(read(&self.call)),
            done: read(&self.done),
            live: read(&self.live),
            allocs: read(&self.allocs),
            frees: read(&self.frees),
            reallocs: read(&self.reallocs),
            failed: read(&self.failed),
            contended: read(&self.contended),
            waited: read(&self.waited),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_fit_a_word() {
        let (slot, size) = (70_000, 5 << 30);
        for step in [
            Step::Alloc { slot, size },
            Step::Free { slot: 0 },
            Step::Realloc { slot, size: 0 },
        ] {
            assert_eq!(decode(encode(step)), Some(step));
        }
        let huge = Step::Alloc {
            slot: usize::MAX,
            size: u64::MAX,
        };
        assert!(matches!(decode(encode(huge)), Some(Step::Alloc { size, .. }) if size > 8 << 30));
        assert_eq!(decode(0), None);
    }

    #[test]
    fn tickets_are_taken_one_by_one_until_there_is_no_end_of_them() {
        let lane = Lane::default();
        assert!(!lane.may() && !lane.take());
        lane.allow(Some(1));
        lane.allow(Some(1));
        assert_eq!([lane.take(), lane.take(), lane.take()], [true, true, false]);
        lane.allow(None);
        assert!((0..100).all(|_| lane.take()));
        lane.allow(Some(1));
        assert_eq!([lane.take(), lane.take()], [true, false]);
        lane.allow(None);
        lane.forbid();
        assert!(!lane.take());
    }
}
