//! The live blocks of a workload: slots that can be picked at random, by age, and removed, each in constant time.

use super::chunks::{Chunks, KeptChunks};

/// A copy of live slots to keep: see [`Chunks::keep`].
#[derive(Clone, Debug)]
pub(super) struct KeptRoster {
    slots: KeptChunks<Slot>,
    members: KeptChunks<u32>,
    spare: KeptChunks<u32>,
    oldest: u32,
    newest: u32,
}

impl KeptRoster {
    /// The slots as they were.
    pub(super) fn roster(&self) -> Roster {
        Roster {
            slots: self.slots.row(),
            members: self.members.row(),
            spare: self.spare.row(),
            oldest: self.oldest,
            newest: self.newest,
        }
    }

    /// Bytes that it takes beside what it shares with another.
    pub(super) fn bytes_beside(&self, other: Option<&KeptRoster>) -> u64 {
        self.slots.bytes_beside(other.map(|other| &other.slots))
            + self.members.bytes_beside(other.map(|other| &other.members))
            + self.spare.bytes_beside(other.map(|other| &other.spare))
    }
}

/// No slot: the end of the list by age.
const NONE: u32 = u32::MAX;

/// Live slots, on two structures at once: a dense list for picking at random
/// and a doubly linked list by age. A copy is made in no time.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    slots: Chunks<Slot>,
    /// Live slots in no order. `slots[members[i]].at == i` for every `i`.
    members: Chunks<u32>,
    /// Slots that may be used again, the next one last.
    spare: Chunks<u32>,
    oldest: u32,
    newest: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Place in `members`; `NONE` iff the slot does not live.
    at: u32,
    older: u32,
    newer: u32,
}

/// More slots than fit are more blocks than a heap has granules.
fn narrow(slot: usize) -> u32 {
    u32::try_from(slot).unwrap_or(NONE)
}

fn some(slot: u32) -> Option<usize> {
    (slot != NONE).then_some(slot as usize)
}

impl Roster {
    pub(super) fn new() -> Roster {
        Roster {
            slots: Chunks::default(),
            members: Chunks::default(),
            spare: Chunks::default(),
            oldest: NONE,
            newest: NONE,
        }
    }

    /// A copy to keep.
    pub(super) fn keep(&mut self) -> KeptRoster {
        KeptRoster {
            slots: self.slots.keep(),
            members: self.members.keep(),
            spare: self.spare.keep(),
            oldest: self.oldest,
            newest: self.newest,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The `n`th member in no particular order; `n` must be below `len()`.
    pub(super) fn nth(&self, n: usize) -> usize {
        self.members.get(n).unwrap_or(0) as usize
    }

    pub(super) fn oldest(&self) -> Option<usize> {
        some(self.oldest)
    }

    pub(super) fn newest(&self) -> Option<usize> {
        some(self.newest)
    }

    /// Takes a slot into use as the newest member.
    pub(super) fn insert(&mut self) -> usize {
        let slot = self.spare.pop().unwrap_or(narrow(self.slots.len()));
        let link = Slot {
            at: narrow(self.members.len()),
            older: self.newest,
            newer: NONE,
        };
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = link,
            None => self.slots.push(link),
        }
        self.members.push(slot);
        match self.slots.get_mut(self.newest as usize) {
            Some(newest) => newest.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
        slot as usize
    }

    /// Removes a member; does nothing for a slot that is none.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(Slot { at, older, newer }) = self.slots.get(slot).filter(|link| link.at != NONE)
        else {
            return;
        };
        self.members.swap_remove(at as usize);
        if let Some(moved) = self.members.get(at as usize)
            && let Some(link) = self.slots.get_mut(moved as usize)
        {
            link.at = at;
        }
        match self.slots.get_mut(older as usize) {
            Some(link) => link.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer as usize) {
            Some(link) => link.older = older,
            None => self.newest = older,
        }
        if let Some(link) = self.slots.get_mut(slot) {
            link.at = NONE;
        }
        self.spare.push(narrow(slot));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Members oldest first, read along the links.
    fn by_age(roster: &Roster) -> Vec<usize> {
        std::iter::successors(roster.oldest(), |&slot| {
            some(roster.slots.get(slot).expect("it is a member").newer)
        })
        .collect()
    }

    proptest! {
        #[test]
        fn agrees_with_a_list(steps in proptest::collection::vec(proptest::option::of(0_usize..40), 0..200)) {
            let mut roster = Roster::new();
            let mut model: Vec<usize> = Vec::new();
            let mut most = 0;
            for step in steps {
                match step {
                    Some(slot) => {
                        roster.remove(slot);
                        model.retain(|&member| member != slot);
                    }
                    None => {
                        let slot = roster.insert();
                        prop_assert!(!model.contains(&slot));
                        model.push(slot);
                        most = most.max(model.len());
                        prop_assert!(slot < most, "slots are dense");
                    }
                }
                prop_assert_eq!(by_age(&roster), model.clone());
                prop_assert_eq!(roster.oldest(), model.first().copied());
                prop_assert_eq!(roster.newest(), model.last().copied());
                let mut members: Vec<usize> = (0..roster.len()).map(|n| roster.nth(n)).collect();
                members.sort_unstable();
                let mut sorted = model.clone();
                sorted.sort_unstable();
                prop_assert_eq!(members, sorted);
            }
        }
    }
}
