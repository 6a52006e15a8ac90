//! Where workers stop between two operations: while someone looks at the heap, while they have to wait for their turn,
//! and for good.
//!
//! A worker that has its turn passes with two loads. Whoever changes what holds for all raises `orders` first, so that
//! each worker reads it anew at its next boundary.

use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::lane::Lane;

/// Between two countings of those who cannot move.
const COUNTING: Duration = Duration::from_millis(1);

/// What holds for all workers.
#[derive(Debug)]
struct State {
    /// Workers that are not at a boundary. One that has ended never is.
    inside: usize,
    /// Those who look at the heap from outside.
    parks: u32,
    /// A worker looks at the heap, or waits for the others to stop so that it can.
    audit: bool,
    stopping: bool,
    /// Workers that have not ended.
    left: usize,
    /// Since when none is inside, and for how long that was before.
    rests: Rests,
}

/// How long no worker was inside.
#[derive(Clone, Copy, Default, Debug)]
struct Rests {
    since: Option<Instant>,
    before: Duration,
}

impl Rests {
    fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    fn end(&mut self) {
        self.before = self.all();
        self.since = None;
    }

    fn all(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// The boundary between operations.
#[derive(Debug)]
pub(super) struct Gate {
    orders: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

impl Gate {
    /// A gate for so many workers, each of which is inside until its first pass.
    pub(super) fn new(workers: usize) -> Gate {
        Gate {
            orders: AtomicU64::new(1),
            state: Mutex::new(State {
                inside: workers,
                parks: 0,
                audit: false,
                stopping: false,
                left: workers,
                rests: Rests::default(),
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Raised with the state held, so that who reads the state knows which orders it has read.
    fn order(&self) {
        self.orders.fetch_add(1, Release);
        self.changed.notify_all();
    }

    /// Lets a worker make its next operation, when it may. False when it is to end. `seen` are the orders it knows.
    #[inline]
    pub(super) fn pass(&self, lane: &Lane, seen: &mut u64) -> bool {
        (self.orders.load(Acquire) == *seen && lane.take()) || self.pass_when_open(lane, seen)
    }

    #[cold]
    fn pass_when_open(&self, lane: &Lane, seen: &mut u64) -> bool {
        let mut state = self.state();
        loop {
            *seen = self.orders.load(Acquire);
            if state.stopping {
                return false;
            }
            let open = state.parks == 0 && !state.audit;
            if open && lane.take() {
                return true;
            }
            lane.rest();
            self.leave(&mut state);
            while !(state.stopping || state.parks == 0 && !state.audit && lane.may()) {
                state = self.wait(state);
            }
            if state.inside == 0 {
                state.rests.end();
            }
            state.inside += 1;
            lane.work();
        }
    }

    fn leave(&self, state: &mut State) {
        state.inside -= 1;
        if state.inside == 0 {
            state.rests.begin();
        }
        self.changed.notify_all();
    }

    /// A worker ends.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.left -= 1;
        self.leave(&mut state);
    }

    /// Keeps workers from their next operation, and waits until none moves: see [`Gate::settle`].
    pub(super) fn park(&self, stuck: impl Fn() -> usize) {
        let mut state = self.state();
        state.parks += 1;
        self.order();
        drop(state);
        self.settle(stuck);
    }

    /// As long as someone has parked them: waits until no worker is inside but those that cannot move; `stuck` counts
    /// them. Nobody tells when a worker gets stuck, so that they are counted from time to time.
    pub(super) fn settle(&self, stuck: impl Fn() -> usize) {
        let mut state = self.state();
        while state.parks > 0 && (state.audit || state.inside > 0 && stuck() < state.inside) {
            state = self
                .changed
                .wait_timeout(state, COUNTING)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Ends a [`Gate::park`].
    pub(super) fn unpark(&self) {
        let mut state = self.state();
        state.parks -= 1;
        self.changed.notify_all();
    }

    /// Waits until the calling worker is the only one inside, and keeps it so. False when others want to look as well,
    /// or the end has come.
    pub(super) fn begin_audit(&self) -> bool {
        let mut state = self.state();
        if state.audit {
            return false;
        }
        state.audit = true;
        self.order();
        while state.inside > 1 && state.parks == 0 && !state.stopping {
            state = self.wait(state);
        }
        let alone = state.parks == 0 && !state.stopping;
        if !alone {
            state.audit = false;
            self.changed.notify_all();
        }
        alone
    }

    /// Ends a [`Gate::begin_audit`] that was granted.
    pub(super) fn end_audit(&self) {
        let mut state = self.state();
        state.audit = false;
        self.changed.notify_all();
    }

    /// Ends all workers at their next boundary.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        self.order();
    }

    /// Tells that workers have other tickets than before.
    pub(super) fn tell(&self) {
        let _state = self.state();
        self.order();
    }

    /// Whether all workers have ended.
    pub(super) fn is_over(&self) -> bool {
        self.state().left == 0
    }

    /// Whether no worker is inside a call at this moment.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().inside == 0
    }

    /// Waits at most so long for all workers to have ended. Whether they have.
    pub(super) fn wait_over(&self, most: Duration) -> bool {
        let state = self.state();
        let left = self
            .changed
            .wait_timeout_while(state, most, |state| state.left > 0)
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .left;
        left == 0
    }

    /// For how long in all no worker was inside.
    pub(super) fn rested(&self) -> Duration {
        self.state().rests.all()
    }
}
