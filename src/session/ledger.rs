//! The ledger: what heaps gave back to the system, when, and why.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::{Cause, Returned};
use super::session::Session;
use super::words::Moment;

/// Returns of memory kept.
const KEPT: usize = 1000;

/// The last returns of memory, and how many there were.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    kept: VecDeque<Returned>,
    total: u64,
}

impl Ledger {
    fn push(&mut self, entry: Returned) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(entry);
        self.total += 1;
    }

    /// Returns so far, those that are not kept any more included.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The last returns, newest last.
    pub(super) fn kept(&self) -> Vec<Returned> {
        self.kept.iter().copied().collect()
    }
}

impl Session {
    /// Keeps what a heap returned and the ledger does not have yet, with the residency of two moments around it.
    pub(super) fn book_returns(&mut self, number: u32, before: &Moment, after: &Moment) {
        let resident = before.resident.zip(after.resident);
        let now = (after.stats.pages_heapmin, after.stats.pages_automatic);
        let Some(slot) = self.slot_mut(number) else {
            return;
        };
        let booked = std::mem::replace(&mut slot.booked, now);
        for (pages, cause) in [
            (now.1.saturating_sub(booked.1), Cause::Automatic),
            (now.0.saturating_sub(booked.0), Cause::Heapmin),
        ] {
            if pages > 0 {
                self.book_return(number, pages * crate::os::PAGE, cause, resident);
            }
        }
    }

    /// Keeps one return.
    pub(super) fn book_return(
        &mut self,
        number: u32,
        bytes: u64,
        cause: Cause,
        resident: Option<(u64, u64)>,
    ) {
        if let Some(slot) = self.slot_mut(number) {
            slot.returned = (bytes, slot.returned.1 + bytes);
        }
        let entry = Returned {
            at: self.operations,
            bytes,
            cause,
            resident,
        };
        Arc::make_mut(&mut self.ledger).push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_returns_are_kept_and_all_are_counted() {
        let mut ledger = Ledger::default();
        let returns = KEPT as u64 + 3;
        for at in 0..returns {
            ledger.push(Returned {
                at,
                bytes: 4096,
                cause: Cause::Heapmin,
                resident: None,
            });
        }
        let kept = ledger.kept();
        assert_eq!((kept.len(), ledger.total()), (KEPT, returns));
        assert_eq!((kept[0].at, kept[KEPT - 1].at), (3, returns - 1));
    }
}
