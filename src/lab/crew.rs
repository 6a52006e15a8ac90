//! Real threads at work on one heap, each with its own seeded workload: the crew.
//!
//! Workers allocate, free and resize through the heap's own calls. Whether those take the heap's lock is the heap's
//! setting and the plan's: where they do not, the race is real. It damages the heap's logic and nothing else, since
//! every access to an arena is a relaxed atomic one at a checked offset.
//!
//! Each worker stamps its blocks and checks them when it gives them back, and claims their granules outside of the
//! arena, so that a block that has two owners is found when it is given to the second. From time to time all workers
//! stand still and everything is looked at. What is wrong is an [`Incident`] with its place, its operation and the
//! operation behind which all was sound.
//!
//! Between two operations workers can be *parked*: then nobody is inside a call and the heap is quiet, for an image, a
//! command of a person's, or an undo.

mod alone;
mod audit;
mod claims;
mod gate;
mod incident;
mod lane;
mod registry;
mod stamp;
mod worker;

pub use alone::alone;
pub use incident::{Incident, Kind, Seen, What};
pub use lane::{Doing, LaneView};
pub use registry::Held;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::heap::{Caller, Flags, Heap, LockCounts};

use super::workload::Workload;
use audit::Audits;
use claims::Claims;
use gate::Gate;
use incident::Incidents;
use lane::Lane;
use registry::Registry;
pub(super) use worker::workload_of;
use worker::{Sequence, Worker};

/// The most workers a crew has.
pub const MOST_WORKERS: usize = 64;

/// What keeps workers apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum Guard {
    /// The heap's lock, unless the heap or the calls say HEAP_NO_SERIALIZE.
    #[default]
    Heap,
    /// A mutex of their own around each call.
    Own,
}

/// What a crew is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Threads, from 1 to [`MOST_WORKERS`].
    pub workers: usize,
    /// The workload of each; every worker has a seed of its own, derived from this one's.
    pub workload: Workload,
    /// Flags that each call is given: NO_SERIALIZE or none.
    pub calls: Flags,
    /// What keeps workers apart.
    pub guard: Guard,
}

/// What workers share.
#[derive(Debug)]
struct Shared {
    heap: Arc<Heap>,
    plan: Plan,
    begun: Instant,
    gate: Gate,
    guard: Option<Mutex<()>>,
    /// Workers that wait for the guard.
    at_guard: AtomicUsize,
    sequence: Sequence,
    lanes: Vec<Lane>,
    registries: Vec<Registry>,
    claims: Claims,
    incidents: Incidents,
    audits: Audits,
}

impl Shared {
    fn new(heap: Arc<Heap>, plan: Plan) -> io::Result<Shared> {
        let claims = Claims::new(heap.memory().bytes()).map_err(io::Error::other)?;
        let shared = Shared {
            plan,
            begun: Instant::now(),
            gate: Gate::new(plan.workers),
            guard: (plan.guard == Guard::Own).then(Mutex::default),
            at_guard: AtomicUsize::new(0),
            sequence: Sequence::default(),
            lanes: (0..plan.workers).map(|_| Lane::default()).collect(),
            registries: (0..plan.workers).map(|_| Registry::default()).collect(),
            claims,
            incidents: Incidents::default(),
            audits: Audits::default(),
            heap,
        };
        shared.claim_all();
        Ok(shared)
    }

    /// Whether nothing keeps the workers apart, as the heap is set now.
    fn races(&self) -> bool {
        let Plan {
            workers,
            calls,
            guard,
            ..
        } = self.plan;
        workers > 1 && guard == Guard::Heap && !self.heap.settings().serialized(calls)
    }

    /// Who keeps the heap's lock, if it is none of the workers.
    fn keeper(&self) -> Option<Caller> {
        let holder = self.heap.lock().holder()?;
        let is_worker = self.lanes.iter().any(|lane| lane.is(holder));
        (!is_worker).then_some(holder)
    }

    /// How many workers cannot move inside their calls as long as someone else keeps the heap's lock: those who stand in
    /// its queue, however the heap is set by now, and those who stand behind one of them at the mutex of their own.
    fn stuck(&self) -> usize {
        if self.keeper().is_none() {
            return 0;
        }
        let waiters = self.heap.lock().waiters();
        let waits = |lane: &&Lane| waiters.iter().any(|&waiter| lane.is(waiter));
        match self.lanes.iter().filter(waits).count() {
            0 => 0,
            queued => queued + self.at_guard.load(SeqCst),
        }
    }

    /// The worker's block that lies where `to` does.
    fn holder(&self, to: &Held) -> Option<Held> {
        let end = |held: &Held| held.payload.saturating_add(held.size.max(1));
        let other = |held: &Held| (held.worker, held.slot) != (to.worker, to.slot);
        let meets = |held: &Held| held.payload < end(to) && to.payload < end(held);
        self.registries
            .iter()
            .enumerate()
            .flat_map(|(worker, registry)| registry.all(worker))
            .map(|(held, _)| held)
            .find(|held| other(held) && meets(held))
    }

    /// A worker saw an incident: at the first one, everything is looked at as soon as can be.
    fn saw_one(&self) {
        if self.incidents.totals().iter().sum::<u64>() == 1 {
            self.audits.hurry();
        }
    }
}

/// Threads at work on one heap. They end when it is dropped.
#[derive(Debug)]
pub struct Crew {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Something was wrong with the heap before anyone began.
    damaged_before: bool,
    lock_before: LockCounts,
}

/// A crew at one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Report {
    /// Each worker.
    pub lanes: Vec<LaneView>,
    /// Operations begun by all.
    pub operations: u64,
    /// How long some worker could make one.
    pub active: Duration,
    /// What became of the heap's lock since they began.
    pub lock: LockCounts,
    /// Audits made, and the operation behind which the last one found all sound.
    pub audits: (u64, u64),
    /// How many incidents there were of each kind, in the order of [`Kind::ALL`].
    pub totals: [u64; Kind::ALL.len()],
    /// The incidents that are kept, the first first.
    pub incidents: Vec<Incident>,
    /// Nothing keeps the workers apart.
    pub races: bool,
    /// The heap was damaged before they began.
    pub damaged_before: bool,
}

impl Report {
    /// Operations made.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.done).sum()
    }

    /// The incident that was seen at the earliest operation. Several threads tell theirs at once, in any order.
    #[must_use]
    pub fn first(&self) -> Option<&Incident> {
        self.incidents
            .iter()
            .min_by_key(|incident| incident.operation)
    }

    /// How many incidents there were.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.totals.iter().sum()
    }
}

/// No worker is inside a call, as long as this lives.
#[derive(Debug)]
pub struct Parked {
    shared: Arc<Shared>,
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.shared.gate.unpark();
    }
}

impl Crew {
    /// Begins the threads. None makes an operation before it is told to.
    ///
    /// # Errors
    /// When the system gives no threads, or no addresses for the books.
    pub fn start(heap: Arc<Heap>, plan: Plan) -> io::Result<Crew> {
        let workers = plan.workers.clamp(1, MOST_WORKERS);
        let lock_before = heap.lock().counts();
        let shared = Arc::new(Shared::new(heap, Plan { workers, ..plan })?);
        let damaged_before = shared.audit_before();
        let mut crew = Crew {
            shared,
            threads: Vec::new(),
            damaged_before,
            lock_before,
        };
        for number in 0..workers {
            let worker = Worker::new(Arc::clone(&crew.shared), number);
            let thread = std::thread::Builder::new()
                .name(format!("worker {}", number + 1))
                .spawn(move || worker.run());
            match thread {
                Ok(thread) => crew.threads.push(thread),
                Err(error) => {
                    // Those that were never begun are not waited for.
                    (number..workers).for_each(|_| crew.shared.gate.end());
                    return Err(error);
                }
            }
        }
        Ok(crew)
    }

    /// The heap that they work on.
    #[must_use]
    pub fn heap(&self) -> &Arc<Heap> {
        &self.shared.heap
    }

    /// What they are to do.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.shared.plan
    }

    /// Lets all workers go on, flat out.
    pub fn go(&self) {
        self.shared.lanes.iter().for_each(|lane| lane.allow(None));
        self.shared.gate.tell();
    }

    /// Lets so many more operations be made, dealt out in turn from worker `first` on.
    pub fn grant(&self, operations: u64, first: usize) {
        let workers = self.shared.lanes.len();
        let (each, more) = (operations / workers as u64, operations % workers as u64);
        for nth in 0..workers {
            let share = each + u64::from((nth as u64) < more);
            self.shared.lanes[(first + nth) % workers].allow(Some(share));
        }
        self.shared.gate.tell();
    }

    /// Lets no more operations be made until it is told otherwise.
    pub fn hold(&self) {
        self.shared.lanes.iter().for_each(Lane::forbid);
        self.shared.gate.tell();
    }

    /// Waits until no worker is inside a call. Where someone else keeps the heap's lock, those who wait for it stay where
    /// they are: none of them has begun to work on the heap. [`Crew::settle`] is for when the lock is given back.
    #[must_use]
    pub fn park(&self) -> Parked {
        self.shared.gate.park(|| self.shared.stuck());
        Parked {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Waits again until no worker of a parked crew moves: behind whatever may have given the heap's lock back.
    pub fn settle(&self) {
        self.shared.gate.settle(|| self.shared.stuck());
    }

    /// Whether all workers have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.gate.is_over()
    }

    /// Whether no worker is inside a call at this moment.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.shared.gate.is_quiet()
    }

    /// Waits at most so long for all workers to have ended. Whether they have.
    #[must_use]
    pub fn wait(&self, most: Duration) -> bool {
        self.shared.gate.wait_over(most)
    }

    /// Ends the workers, each behind the operation it is at. Answers when the last one is gone.
    pub fn stop(&mut self) {
        self.shared.gate.stop();
        if self.threads.is_empty() {
            return;
        }
        // Those who wait for a lock that someone keeps could not end.
        let lock = self.shared.heap.lock();
        let keeper = self.shared.keeper();
        let holds = keeper.map_or(0, |keeper| keeper.play(|| lock.release()));
        for thread in self.threads.drain(..) {
            // A panic was reported by its hook, and the lane says so.
            let _ = thread.join();
        }
        if let Some(keeper) = keeper {
            keeper.play(|| lock.retake(holds));
        }
    }

    /// Operations made so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.shared.lanes.iter().map(Lane::done).sum()
    }

    /// How it stands now.
    #[must_use]
    pub fn report(&self) -> Report {
        let shared = &self.shared;
        let lock = shared.heap.lock();
        let (waiters, now, before) = (lock.waiters(), lock.counts(), self.lock_before);
        Report {
            lanes: shared
                .lanes
                .iter()
                .map(|lane| lane.view(&waiters))
                .collect(),
            operations: shared.sequence.load(Relaxed),
            active: shared.begun.elapsed().saturating_sub(shared.gate.rested()),
            lock: LockCounts {
                taken: now.taken.saturating_sub(before.taken),
                contended: now.contended.saturating_sub(before.contended),
                waited: now.waited.saturating_sub(before.waited),
            },
            audits: (shared.audits.made(), shared.incidents.sound()),
            totals: shared.incidents.totals(),
            incidents: shared.incidents.list(),
            races: shared.races(),
            damaged_before: self.damaged_before,
        }
    }
}

impl Parked {
    /// Looks at everything: what is wrong is in the report then.
    pub fn audit(&self) {
        self.shared.audit();
    }

    /// Every block that a worker holds.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        let registries = self.shared.registries.iter().enumerate();
        registries
            .flat_map(|(worker, registry)| registry.all(worker))
            .map(|(held, _)| held)
            .collect()
    }

    /// Takes a block from its worker, which will not free it: someone else has done so.
    pub fn disown(&self, held: &Held) {
        if let Some(registry) = self.shared.registries.get(held.worker) {
            registry.let_go(held.slot);
        }
    }

    /// Someone else has worked on the heap meanwhile: what is busy now is theirs or the workers'.
    pub fn claim_anew(&self) {
        self.shared.claim_all();
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;
