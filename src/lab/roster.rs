//! The live blocks of a workload: slots that can be picked at random, by age, and removed, each in constant time.

/// No slot: the end of the list by age.
const NONE: usize = usize::MAX;

/// Live slots, on two structures at once: a dense list for picking at random
/// and a doubly linked list by age.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    slots: Vec<Slot>,
    /// Live slots in no order. `slots[members[i]].at == i` for every `i`.
    members: Vec<usize>,
    /// Slots that may be used again, the next one last.
    spare: Vec<usize>,
    oldest: usize,
    newest: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Place in `members`; `NONE` iff the slot does not live.
    at: usize,
    older: usize,
    newer: usize,
}

impl Roster {
    pub(super) fn new() -> Roster {
        Roster {
            slots: Vec::new(),
            members: Vec::new(),
            spare: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The `n`th member in no particular order; `n` must be below `len()`.
    pub(super) fn nth(&self, n: usize) -> usize {
        self.members[n]
    }

    pub(super) fn oldest(&self) -> Option<usize> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub(super) fn newest(&self) -> Option<usize> {
        (self.newest != NONE).then_some(self.newest)
    }

    /// Takes a slot into use as the newest member.
    pub(super) fn insert(&mut self) -> usize {
        let slot = self.spare.pop().unwrap_or(self.slots.len());
        let link = Slot {
            at: self.members.len(),
            older: self.newest,
            newer: NONE,
        };
        match self.slots.get_mut(slot) {
            Some(place) => *place = link,
            None => self.slots.push(link),
        }
        self.members.push(slot);
        match self.slots.get_mut(self.newest) {
            Some(newest) => newest.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
        slot
    }

    /// Removes a member; does nothing for a slot that is none.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(&Slot { at, older, newer }) = self.slots.get(slot).filter(|link| link.at != NONE)
        else {
            return;
        };
        self.members.swap_remove(at);
        if let Some(&moved) = self.members.get(at) {
            self.slots[moved].at = at;
        }
        match self.slots.get_mut(older) {
            Some(link) => link.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer) {
            Some(link) => link.older = older,
            None => self.newest = older,
        }
        self.slots[slot].at = NONE;
        self.spare.push(slot);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Members oldest first, read along the links.
    fn by_age(roster: &Roster) -> Vec<usize> {
        std::iter::successors(roster.oldest(), |&slot| {
            Some(roster.slots[slot].newer).filter(|&newer| newer != NONE)
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
