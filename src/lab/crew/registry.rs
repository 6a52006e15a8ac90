//! Which blocks a worker holds: written by that worker alone, read by anyone.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use super::stamp::Stamp;

/// Slots of the first part of a table; each further part has twice as many as the one before.
const FIRST: usize = 64;
/// Parts for every slot that a stamp has room for, of 32 bits.
const PARTS: usize = 27;

/// A block that a worker holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// The worker, from 0.
    pub worker: usize,
    /// The slot.
    pub slot: usize,
    /// Address of the payload.
    pub payload: u64,
    /// Bytes asked for.
    pub size: u64,
    /// The operation that made it.
    pub born: u64,
}

#[derive(Default, Debug)]
struct Entry {
    payload: AtomicU64,
    size: AtomicU64,
    born: AtomicU64,
    /// The stamp, 0 while the slot is empty.
    stamp: AtomicU64,
    /// What was wrong with the block was told.
    told: AtomicU64,
}

/// The blocks of one worker by slot.
#[derive(Default, Debug)]
pub(super) struct Registry {
    parts: [OnceLock<Box<[Entry]>>; PARTS],
    /// The block that the call under way takes, 0 where it takes none: the worker does not hold it any more, and for the
    /// heap it is busy until the call has come to it.
    leaving: AtomicU64,
}

/// Part and place in it of a slot.
fn place(slot: usize) -> (usize, usize) {
    let from = slot + FIRST;
    let part = (from.ilog2() - FIRST.ilog2()) as usize;
    (part, from - (FIRST << part))
}

impl Registry {
    fn entry(&self, slot: usize) -> Option<&Entry> {
        let (part, at) = place(slot);
        self.parts.get(part)?.get()?.get(at)
    }

    /// Notes the block of a slot. Only the owner does.
    pub(super) fn hold(&self, held: &Held, stamp: Stamp) {
        let (part, at) = place(held.slot);
        let make = || (0..FIRST << part).map(|_| Entry::default()).collect();
        let entry = &self.parts[part].get_or_init(make)[at];
        entry.payload.store(held.payload, Relaxed);
        entry.size.store(held.size, Relaxed);
        entry.born.store(held.born, Relaxed);
        entry.told.store(0, Relaxed);
        entry.stamp.store(stamp.0, Release);
    }

    /// Empties a slot.
    pub(super) fn let_go(&self, slot: usize) {
        if let Some(entry) = self.entry(slot) {
            entry.stamp.store(0, Release);
        }
    }

    /// Empties a slot: its block goes into a call that takes it.
    pub(super) fn give_up(&self, held: &Held) {
        self.leaving.store(held.payload, Release);
        self.let_go(held.slot);
    }

    /// The call that takes a block has returned.
    pub(super) fn gave_up(&self) {
        self.leaving.store(0, Release);
    }

    /// The block that the call under way takes.
    pub(super) fn leaving(&self) -> Option<u64> {
        let payload = self.leaving.load(Acquire);
        (payload != 0).then_some(payload)
    }

    /// The block of a slot with its stamp.
    pub(super) fn get(&self, worker: usize, slot: usize) -> Option<(Held, Stamp)> {
        self.entry(slot).and_then(|entry| entry.read(worker, slot))
    }

    /// All blocks with their stamps.
    pub(super) fn all(&self, worker: usize) -> impl Iterator<Item = (Held, Stamp)> {
        let parts = self.parts.iter().map_while(OnceLock::get);
        let entries = parts.flat_map(|part| part.iter()).enumerate();
        entries.filter_map(move |(slot, entry)| entry.read(worker, slot))
    }

    /// Whether what is wrong with the block in a slot is told for the first time.
    pub(super) fn tells(&self, slot: usize) -> bool {
        let first = |entry: &Entry| entry.told.swap(1, Relaxed) == 0;
        self.entry(slot).is_some_and(first)
    }
}

impl Entry {
    fn read(&self, worker: usize, slot: usize) -> Option<(Held, Stamp)> {
        let stamp = self.stamp.load(Acquire);
        let held = Held {
            worker,
            slot,
            payload: self.payload.load(Relaxed),
            size: self.size.load(Relaxed),
            born: self.born.load(Relaxed),
        };
        (stamp != 0).then_some((held, Stamp(stamp)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_fill_the_parts_one_behind_the_other() {
        let mut expected = (0, 0);
        for slot in 0..2_000 {
            assert_eq!(place(slot), expected, "{slot}");
            expected = match expected {
                (part, at) if at + 1 == FIRST << part => (part + 1, 0),
                (part, at) => (part, at + 1),
            };
        }
        assert_eq!(place(u32::MAX as usize).0, PARTS - 1);
    }

    #[test]
    fn what_is_held_is_found_until_it_is_let_go() {
        let registry = Registry::default();
        let held = |slot: usize| Held {
            worker: 2,
            slot,
            payload: slot as u64 * 64,
            size: 40,
            born: 7,
        };
        for slot in [0, 63, 64, 1_000] {
            registry.hold(&held(slot), Stamp::new(2, slot, 1));
        }
        registry.let_go(63);
        registry.let_go(5_000_000);
        // The parts between are made as they are needed: what lies behind a missing one is found by its slot.
        assert_eq!(
            registry.get(2, 1_000).map(|(held, _)| held),
            Some(held(1_000))
        );
        assert_eq!(registry.get(2, 63), None);
        assert!(registry.tells(64) && !registry.tells(64) && !registry.tells(999_999));
    }
}
