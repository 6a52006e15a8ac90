//! The lock of a heap: a real one, with an owner, recursion and waiting, as the heap's critical section on Windows.
//!
//! It is taken and released by calls that need not nest in one scope (HeapLock, HeapUnlock), so that it has no guard.
//!
//! Threads that wait stand in a queue. Whoever releases the lock wakes the first of them; a thread that comes just then
//! may still be faster, as on Windows, and the first then goes on waiting at its place.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Instant;

use super::caller::Caller;

/// A recursive lock that counts how it is used.
#[derive(Debug, Default)]
pub struct Lock {
    /// The token of the owning thread, 0 if free.
    owner: AtomicU64,
    /// How often the owner holds it. Only the owner touches this.
    depth: AtomicU64,
    /// How many stand in the queue.
    waiting: AtomicU64,
    queue: Mutex<VecDeque<Waiter>>,
    taken: AtomicU64,
    contended: AtomicU64,
    waited: AtomicU64,
}

/// How a lock was used so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LockCounts {
    /// Times it was taken, recursion included.
    pub taken: u64,
    /// Times another thread held it at first.
    pub contended: u64,
    /// Nanoseconds that threads waited for it.
    pub waited: u64,
}

/// A thread that waits.
#[derive(Debug)]
struct Waiter {
    caller: Caller,
    thread: Thread,
}

/// What the calling thread waited for locks of heaps.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Waits {
    /// Times another thread held one at first.
    pub contended: u64,
    /// Nanoseconds.
    pub waited: u64,
}

thread_local!(static WAITS: Cell<Waits> = const { Cell::new(Waits { contended: 0, waited: 0 }) });

/// What the calling thread has waited so far, for the locks of all heaps. Calls that find a lock free count nothing here.
#[must_use]
pub fn waits_here() -> Waits {
    WAITS.get()
}

/// The calling thread's number, never 0.
#[inline]
fn token() -> u64 {
    Caller::here().token()
}

impl Lock {
    /// Takes the lock, waiting for it if another thread holds it.
    #[inline]
    pub fn lock(&self) {
        let me = token();
        if self.owner.load(Relaxed) == me {
            self.depth.store(self.depth.load(Relaxed) + 1, Relaxed);
        } else {
            if !self.grab(me) {
                self.wait(me);
            }
            self.depth.store(1, Relaxed);
        }
        // Held: no other thread counts at the same time.
        self.taken.store(self.taken.load(Relaxed) + 1, Relaxed);
    }

    #[inline]
    fn grab(&self, me: u64) -> bool {
        self.owner.compare_exchange(0, me, SeqCst, SeqCst).is_ok()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Waiter>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn wait(&self, me: u64) {
        self.stand_in_queue(me, || self.grab(me));
    }

    /// Stands in the queue until the calling thread is its first and `may` go.
    fn stand_in_queue(&self, me: u64, may: impl Fn() -> bool) {
        let start = Instant::now();
        // Counted before the next try: an `unlock` after that try sees it and looks into the queue.
        let mut queue = self.queue();
        queue.push_back(Waiter {
            caller: Caller::here(),
            thread: std::thread::current(),
        });
        self.waiting.fetch_add(1, SeqCst);
        while queue.front().is_none_or(|first| first.caller.token() != me) || !may() {
            drop(queue);
            std::thread::park();
            queue = self.queue();
        }
        queue.pop_front();
        self.waiting.fetch_sub(1, SeqCst);
        drop(queue);
        self.count_wait(start);
    }

    fn count_wait(&self, start: Instant) {
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.contended.fetch_add(1, Relaxed);
        self.waited.fetch_add(nanoseconds, Relaxed);
        let before = waits_here();
        WAITS.set(Waits {
            contended: before.contended + 1,
            waited: before.waited.saturating_add(nanoseconds),
        });
    }

    /// Waits until the lock could be taken, and leaves it to be taken. Counted as a wait if it was one, not as taken. It
    /// is never held on the way: whoever sees a holder sees one that releases it by a call of its own.
    pub fn await_turn(&self) {
        let me = token();
        let free = || self.owner.load(SeqCst) == 0;
        if self.owner.load(Relaxed) == me || free() {
            return;
        }
        self.stand_in_queue(me, free);
        // The first of the queue was told that the lock is free, and goes without it: that was the next one's word.
        self.wake_first();
    }

    /// Who holds it.
    #[must_use]
    pub fn holder(&self) -> Option<Caller> {
        Caller::of_token(self.owner.load(Relaxed))
    }

    /// Releases one hold of the calling thread. False if it holds none.
    #[inline]
    pub fn unlock(&self) -> bool {
        if self.owner.load(Relaxed) != token() {
            return false;
        }
        let depth = self.depth.load(Relaxed) - 1;
        self.depth.store(depth, Relaxed);
        if depth == 0 {
            self.owner.store(0, SeqCst);
            if self.waiting.load(SeqCst) != 0 {
                self.wake_first();
            }
        }
        true
    }

    #[cold]
    fn wake_first(&self) {
        if let Some(first) = self.queue().front() {
            first.thread.unpark();
        }
    }

    /// Releases all holds of the calling thread. Answers with how many there were, for [`Lock::retake`].
    pub fn release(&self) -> u64 {
        let mut holds = 0;
        while self.unlock() {
            holds += 1;
        }
        holds
    }

    /// Takes the lock `holds` times, behind [`Lock::release`].
    pub fn retake(&self, holds: u64) {
        (0..holds).for_each(|_| self.lock());
    }

    /// Whether the calling thread holds it, and whether anyone does.
    #[must_use]
    pub fn held(&self) -> (bool, bool) {
        let owner = self.owner.load(Relaxed);
        (owner == token(), owner != 0)
    }

    /// Threads that wait for it now. One that is counted has its place in the queue.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(SeqCst)
    }

    /// Who waits for it now, in the order in which they will be woken.
    #[must_use]
    pub fn waiters(&self) -> Vec<Caller> {
        if self.waiting() == 0 {
            return Vec::new();
        }
        self.queue().iter().map(|waiter| waiter.caller).collect()
    }

    /// How it was used so far.
    #[must_use]
    pub fn counts(&self) -> LockCounts {
        LockCounts {
            taken: self.taken.load(Relaxed),
            contended: self.contended.load(Relaxed),
            waited: self.waited.load(Relaxed),
        }
    }

    /// Sets the counts back, when an earlier state of the heap is restored.
    pub(super) fn set_counts(&self, counts: LockCounts) {
        self.taken.store(counts.taken, Relaxed);
        self.contended.store(counts.contended, Relaxed);
        self.waited.store(counts.waited, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn recursion_counts_and_only_the_owner_unlocks() {
        let lock = Arc::new(Lock::default());
        lock.lock();
        lock.lock();
        let other = Arc::clone(&lock);
        assert!(!std::thread::spawn(move || other.unlock()).join().unwrap());
        assert!(lock.unlock());
        assert_eq!(lock.held(), (true, true));
        assert!(lock.unlock());
        assert_eq!(lock.held(), (false, false));
        assert!(!lock.unlock());
        assert_eq!(lock.counts().taken, 2);
    }

    #[test]
    fn a_part_that_a_thread_plays_is_another_caller() {
        let lock = Lock::default();
        let other = Caller::new();
        other.play(|| lock.lock());
        assert_eq!(lock.holder(), Some(other));
        assert_eq!(lock.held(), (false, true));
        assert!(!lock.unlock());
        assert!(other.play(|| lock.unlock()));
        assert_eq!(lock.holder(), None);
    }

    #[test]
    fn a_turn_is_awaited_without_taking_the_lock() {
        let lock = Lock::default();
        lock.lock();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| lock.await_turn());
            while lock.waiting() == 0 {
                std::thread::yield_now();
            }
            assert!(!waiter.is_finished());
            lock.unlock();
        });
        let LockCounts {
            taken, contended, ..
        } = lock.counts();
        assert_eq!((lock.held().1, taken, contended), (false, 1, 1));
    }

    #[test]
    fn turns_come_in_order_and_nobody_is_seen_to_hold_the_lock_on_the_way() {
        let lock = Lock::default();
        for _ in 0..50 {
            lock.lock();
            std::thread::scope(|scope| {
                for nth in 0..6 {
                    scope.spawn(|| {
                        lock.await_turn();
                        assert_eq!(lock.holder(), None);
                    });
                    while lock.waiting() <= nth {
                        std::thread::yield_now();
                    }
                }
                lock.unlock();
                while lock.waiting() > 0 {
                    assert_eq!(lock.holder(), None);
                }
            });
        }
        assert_eq!((lock.counts().taken, lock.counts().contended), (50, 300));
    }

    /// The order in which `threads` get a lock that is held until all of them wait, each begun when the one before waits.
    fn order_of(threads: u64) -> Vec<u64> {
        let lock = Lock::default();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            lock.lock();
            for nth in 0..threads {
                let (lock, order) = (&lock, &order);
                scope.spawn(move || {
                    lock.lock();
                    order.lock().unwrap().push(nth);
                    lock.unlock();
                });
                while lock.waiting() <= nth {
                    std::thread::yield_now();
                }
            }
            assert_eq!(lock.waiters().len() as u64, threads);
            lock.unlock();
        });
        assert_eq!((lock.waiting(), lock.waiters()), (0, Vec::new()));
        assert_eq!(lock.counts().contended, threads);
        order.into_inner().unwrap()
    }

    #[test]
    fn those_who_wait_are_served_in_the_order_in_which_they_came() {
        for _ in 0..50 {
            assert_eq!(order_of(6), [0, 1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn a_thread_counts_its_own_waits() {
        let lock = Lock::default();
        lock.lock();
        lock.lock();
        assert_eq!(lock.release(), 2);
        lock.retake(2);
        let (mine, theirs) = std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                lock.lock();
                assert!(lock.unlock());
                waits_here()
            });
            while lock.waiting() == 0 {
                std::thread::yield_now();
            }
            assert_eq!(lock.release(), 2);
            (waits_here(), waits.join().unwrap())
        });
        assert_eq!((mine.contended, theirs.contended), (0, 1));
        let counts = lock.counts();
        assert_eq!((counts.contended, counts.waited), (1, theirs.waited));
        assert!(theirs.waited > 0);
    }

    #[test]
    fn four_threads_exclude_each_other() {
        let lock = Lock::default();
        let counter = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        lock.lock();
                        counter.store(counter.load(Relaxed) + 1, Relaxed);
                        lock.unlock();
                    }
                });
            }
        });
        assert_eq!(counter.load(Relaxed), 80_000);
        assert_eq!(lock.counts().taken, 80_000);
    }
}
