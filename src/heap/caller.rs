//! Who calls: a lock has to know whose it is.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Someone who takes locks: a thread, or a part that a thread plays for a while.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Caller(u64);

thread_local!(static HERE: Cell<Caller> = Cell::new(Caller::new()));

impl Caller {
    /// Someone new.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "each is another: there is no default one"
    )]
    pub fn new() -> Caller {
        // 0 is the owner of a lock that nobody holds.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Caller(NEXT.fetch_add(1, Relaxed))
    }

    /// The calling thread, or the part that it plays.
    #[inline]
    #[must_use]
    pub fn here() -> Caller {
        HERE.with(Cell::get)
    }

    /// Lets the calling thread play this part during `work`: what it locks and unlocks there is this caller's.
    pub fn play<R>(self, work: impl FnOnce() -> R) -> R {
        /// Plays the part before again, panic or not.
        struct Back(Caller);
        impl Drop for Back {
            fn drop(&mut self) {
                HERE.with(|here| here.set(self.0));
            }
        }
        let _back = Back(HERE.with(|here| here.replace(self)));
        work()
    }

    /// The number in a lock's word, never 0.
    #[inline]
    pub(super) fn token(self) -> u64 {
        self.0
    }

    /// The caller with this number in a lock's word.
    pub(super) fn of_token(token: u64) -> Option<Caller> {
        (token != 0).then_some(Caller(token))
    }
}
