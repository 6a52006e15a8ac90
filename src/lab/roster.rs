//! The live blocks of a workload: slots that can be picked at random, by age, and removed, each in constant time.

use super::chunks::{Chunks, KeptChunks};

/// No slot: the end of the list by age.
const NONE: u32 = u32::MAX;

/// Live slots in a dense list, for picking at random, and by age if that is wanted. A copy is made in no time.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    /// The place of each slot in `members`; `NONE` iff it does not live.
    places: Chunks<u32>,
    /// Live slots in no order. `places[members[i]] == i` for every `i`.
    members: Chunks<u32>,
    /// Slots that may be used again, the next one last.
    spare: Chunks<u32>,
    ages: Option<Ages>,
}

/// A doubly linked list of live slots by age.
#[derive(Clone, Debug)]
struct Ages {
    links: Chunks<Link>,
    oldest: u32,
    newest: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    older: u32,
    newer: u32,
}

/// A copy of live slots to keep: see [`Chunks::keep`].
#[derive(Clone, Debug)]
pub(super) struct KeptRoster {
    places: KeptChunks<u32>,
    members: KeptChunks<u32>,
    spare: KeptChunks<u32>,
    links: Option<KeptChunks<Link>>,
    oldest: u32,
    newest: u32,
}

impl KeptRoster {
    /// The slots as they were.
    pub(super) fn roster(&self) -> Roster {
        let ages = self.links.as_ref().map(|links| Ages {
            links: links.row(),
            oldest: self.oldest,
            newest: self.newest,
        });
        Roster {
            places: self.places.row(),
            members: self.members.row(),
            spare: self.spare.row(),
            ages,
        }
    }

    /// Bytes that it takes beside what it shares with another.
    pub(super) fn bytes_beside(&self, other: Option<&KeptRoster>) -> u64 {
        let links = self.links.as_ref().map_or(0, |links| {
            links.bytes_beside(other.and_then(|other| other.links.as_ref()))
        });
        self.places.bytes_beside(other.map(|other| &other.places))
            + self.members.bytes_beside(other.map(|other| &other.members))
            + self.spare.bytes_beside(other.map(|other| &other.spare))
            + links
    }
}

/// More slots than fit are more blocks than a heap has granules.
fn narrow(slot: usize) -> u32 {
    u32::try_from(slot).unwrap_or(NONE)
}

fn some(slot: u32) -> Option<usize> {
    (slot != NONE).then_some(slot as usize)
}

impl Ages {
    fn new() -> Ages {
        Ages {
            links: Chunks::default(),
            oldest: NONE,
            newest: NONE,
        }
    }

    /// A slot is the newest.
    fn insert(&mut self, slot: u32) {
        let link = Link {
            older: self.newest,
            newer: NONE,
        };
        match self.links.get_mut(slot as usize) {
            Some(place) => *place = link,
            None => self.links.push(link),
        }
        match self.links.get_mut(self.newest as usize) {
            Some(newest) => newest.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    fn remove(&mut self, slot: usize) {
        let Some(Link { older, newer }) = self.links.get(slot) else {
            return;
        };
        match self.links.get_mut(older as usize) {
            Some(link) => link.newer = newer,
            None => self.oldest = newer,
        }
        match self.links.get_mut(newer as usize) {
            Some(link) => link.older = older,
            None => self.newest = older,
        }
    }
}

impl Roster {
    /// No slots; their ages are kept only if someone is to ask for them.
    pub(super) fn new(by_age: bool) -> Roster {
        Roster {
            places: Chunks::default(),
            members: Chunks::default(),
            spare: Chunks::default(),
            ages: by_age.then(Ages::new),
        }
    }

    /// A copy to keep.
    pub(super) fn keep(&mut self) -> KeptRoster {
        let end = |end: fn(&Ages) -> u32| self.ages.as_ref().map_or(NONE, end);
        let (oldest, newest) = (end(|ages| ages.oldest), end(|ages| ages.newest));
        KeptRoster {
            places: self.places.keep(),
            members: self.members.keep(),
            spare: self.spare.keep(),
            links: self.ages.as_mut().map(|ages| ages.links.keep()),
            oldest,
            newest,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The `n`th member in no particular order; `n` must be below `len()`.
    pub(super) fn nth(&self, n: usize) -> usize {
        self.members.get(n).unwrap_or(0) as usize
    }

    /// The oldest member, where ages are kept.
    pub(super) fn oldest(&self) -> Option<usize> {
        some(self.ages.as_ref()?.oldest)
    }

    /// The newest member, where ages are kept.
    pub(super) fn newest(&self) -> Option<usize> {
        some(self.ages.as_ref()?.newest)
    }

    /// Takes a slot into use as the newest member.
    pub(super) fn insert(&mut self) -> usize {
        let slot = self.spare.pop().unwrap_or(narrow(self.places.len()));
        let place = narrow(self.members.len());
        match self.places.get_mut(slot as usize) {
            Some(at) => *at = place,
            None => self.places.push(place),
        }
        self.members.push(slot);
        if let Some(ages) = &mut self.ages {
            ages.insert(slot);
        }
        slot as usize
    }

    /// Removes a member; does nothing for a slot that is none.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(at) = self.places.get(slot).filter(|&at| at != NONE) else {
            return;
        };
        self.members.swap_remove(at as usize);
        if let Some(moved) = self.members.get(at as usize)
            && let Some(place) = self.places.get_mut(moved as usize)
        {
            *place = at;
        }
        if let Some(place) = self.places.get_mut(slot) {
            *place = NONE;
        }
        if let Some(ages) = &mut self.ages {
            ages.remove(slot);
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
            let ages = roster.ages.as_ref().expect("they are kept");
            some(ages.links.get(slot).expect("it is a member").newer)
        })
        .collect()
    }

    proptest! {
        #[test]
        fn agrees_with_a_list(steps in proptest::collection::vec(proptest::option::of(0_usize..40), 0..200)) {
            let mut roster = Roster::new(true);
            let mut ageless = Roster::new(false);
            let mut model: Vec<usize> = Vec::new();
            let mut most = 0;
            for step in steps {
                match step {
                    Some(slot) => {
                        roster.remove(slot);
                        ageless.remove(slot);
                        model.retain(|&member| member != slot);
                    }
                    None => {
                        let slot = roster.insert();
                        prop_assert_eq!(ageless.insert(), slot);
                        prop_assert!(!model.contains(&slot));
                        model.push(slot);
                        most = most.max(model.len());
                        prop_assert!(slot < most, "slots are dense");
                    }
                }
                prop_assert!((0..roster.len()).all(|n| ageless.nth(n) == roster.nth(n)));
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
