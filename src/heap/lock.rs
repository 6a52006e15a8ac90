//! The lock of a heap: a real one, with an owner, recursion and waiting, as the heap's critical section on Windows.
//!
//! It is taken and released by calls that need not nest in one scope (HeapLock, HeapUnlock), so that it has no guard.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::caller::Caller;

/// A recursive lock that counts how it is used.
#[derive(Debug, Default)]
pub struct Lock {
    /// The token of the owning thread, 0 if free.
    owner: AtomicU64,
    /// How often the owner holds it. Only the owner touches this.
    depth: AtomicU64,
    /// Threads that wait or are about to.
    waiting: AtomicU64,
    gate: Mutex<()>,
    freed: Condvar,
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
        self.owner.compare_exchange(0, me, SeqCst, Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self, me: u64) {
        let start = Instant::now();
        // Counted before the next try: an `unlock` after that try sees it and knocks at the gate.
        self.waiting.fetch_add(1, SeqCst);
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.grab(me) {
            gate = self
                .freed
                .wait(gate)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(gate);
        self.waiting.fetch_sub(1, SeqCst);
        self.contended.fetch_add(1, Relaxed);
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.waited.fetch_add(nanoseconds, Relaxed);
    }

    /// Waits until the lock could be taken, and leaves it to be taken. Counted as a wait if it was one, not as taken.
    pub fn await_turn(&self) {
        let me = token();
        if self.owner.load(Relaxed) == me {
            return;
        }
        if !self.grab(me) {
            self.wait(me);
        }
        self.depth.store(1, Relaxed);
        self.unlock();
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
                let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
                self.freed.notify_one();
            }
        }
        true
    }

    /// Whether the calling thread holds it, and whether anyone does.
    #[must_use]
    pub fn held(&self) -> (bool, bool) {
        let owner = self.owner.load(Relaxed);
        (owner == token(), owner != 0)
    }

    /// Threads that wait for it now, or are about to.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(SeqCst)
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
