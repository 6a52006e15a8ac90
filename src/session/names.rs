//! Which block bears which name, in one heap.

use std::collections::{BTreeMap, HashMap};

use super::heap_file::KeptName;
use super::name::{Name, Names};

/// A block that a person or a workload made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Owned {
    /// Its name.
    pub(super) name: Name,
    /// The operation that made it.
    pub(super) born: u64,
}

/// Names of live blocks, both ways.
#[derive(Clone, Default, Debug)]
pub(super) struct NameTable {
    /// How often names came or went.
    changes: u64,
    by_payload: HashMap<u64, Owned>,
    /// Older names of payloads that were handed out again while they had one, the newest last.
    older: BTreeMap<u64, Vec<Owned>>,
    by_name: BTreeMap<String, BTreeMap<Option<u64>, u64>>,
}

impl NameTable {
    /// The block with this payload.
    pub(super) fn owner(&self, payload: u64) -> Option<&Owned> {
        self.by_payload.get(&payload)
    }

    /// The payload of the block with this name.
    pub(super) fn payload(&self, name: &Name) -> Option<u64> {
        self.by_name.get(&name.base)?.get(&name.index).copied()
    }

    /// The other names of the block with this payload: a heap without checks handed it out more than once.
    pub(super) fn others(&self, payload: u64) -> &[Owned] {
        self.older.get(&payload).map_or(&[], Vec::as_slice)
    }

    /// The payloads that have more than one name, by address.
    pub(super) fn shared(&self) -> impl Iterator<Item = u64> + '_ {
        self.older.keys().copied()
    }

    /// Gives a block a name. A block that bore it before goes on without; a block that has another keeps both.
    pub(super) fn insert(&mut self, name: Name, payload: u64, born: u64) {
        self.changes += 1;
        let old = self
            .by_name
            .entry(name.base.clone())
            .or_default()
            .insert(name.index, payload);
        if let Some(old) = old {
            self.disown(old, &name);
        }
        if let Some(before) = self.by_payload.insert(payload, Owned { name, born }) {
            self.older.entry(payload).or_default().push(before);
        }
    }

    /// Takes one of its names from a payload. Answers with what it was.
    fn disown(&mut self, payload: u64, name: &Name) -> Option<Owned> {
        let is_newest = self.by_payload.get(&payload)?.name == *name;
        let mut older = self.older.remove(&payload).unwrap_or_default();
        let owned = if is_newest {
            let newest = self.by_payload.remove(&payload);
            if let Some(before) = older.pop() {
                self.by_payload.insert(payload, before);
            }
            newest
        } else {
            let at = older.iter().position(|owned| owned.name == *name);
            at.map(|at| older.remove(at))
        };
        if !older.is_empty() {
            self.older.insert(payload, older);
        }
        owned
    }

    /// Takes a freed block's name; of several, `name` if it is one of them, else the newest.
    pub(super) fn remove_as(&mut self, payload: u64, name: Option<&Name>) -> Option<Owned> {
        let newest = &self.by_payload.get(&payload)?.name;
        let others = self.others(payload).iter().map(|owned| &owned.name);
        let wanted = name.filter(|name| others.into_iter().any(|other| other == *name));
        let taken = wanted.unwrap_or(newest).clone();
        let owned = self.disown(payload, &taken)?;
        self.forget(payload, owned)
    }

    /// Takes a freed block's newest name.
    pub(super) fn remove(&mut self, payload: u64) -> Option<Owned> {
        self.remove_as(payload, None)
    }

    /// A name leads to a payload no longer.
    fn forget(&mut self, payload: u64, owned: Owned) -> Option<Owned> {
        self.changes += 1;
        if let Some(indices) = self.by_name.get_mut(&owned.name.base)
            && indices.get(&owned.name.index) == Some(&payload)
        {
            indices.remove(&owned.name.index);
            if indices.is_empty() {
                self.by_name.remove(&owned.name.base);
            }
        }
        Some(owned)
    }

    /// The live blocks that `names` means, with their names, by index.
    pub(super) fn select(&self, names: &Names) -> Vec<(Name, u64)> {
        match names {
            Names::One(name) => self
                .payload(name)
                .map(|payload| (name.clone(), payload))
                .into_iter()
                .collect(),
            Names::Slice {
                base,
                from,
                to,
                step,
            } => {
                let Some(indices) = self.by_name.get(base) else {
                    return Vec::new();
                };
                let within = |index: u64| {
                    index >= *from
                        && to.is_none_or(|to| index < to)
                        && (index - from).is_multiple_of((*step).max(1))
                };
                indices
                    .iter()
                    .filter_map(|(&index, &payload)| {
                        Some((index.filter(|&index| within(index))?, payload))
                    })
                    .map(|(index, payload)| {
                        (
                            Name {
                                base: base.clone(),
                                index: Some(index),
                            },
                            payload,
                        )
                    })
                    .collect()
            }
        }
    }

    /// The lowest index above all that `base` has: the next free name on a key.
    pub(super) fn next_index(&self, base: &str) -> u64 {
        self.by_name
            .get(base)
            .and_then(|indices| indices.keys().rev().find_map(|&index| index))
            .map_or(0, |last| last.saturating_add(1))
    }

    /// The first `most` names, in order.
    pub(super) fn some(&self, most: usize) -> Vec<String> {
        let name = |base: &String, index: &Option<u64>| {
            let (base, index) = (base.clone(), *index);
            Name { base, index }.to_string()
        };
        self.by_name
            .iter()
            .flat_map(|(base, indices)| indices.keys().map(move |index| name(base, index)))
            .take(most)
            .collect()
    }

    /// The payload of the live block that an operation made.
    pub(super) fn born_at(&self, operation: u64) -> Option<u64> {
        let is_born = |owned: &Owned| owned.born == operation;
        self.by_payload
            .iter()
            .find_map(|(&payload, owned)| is_born(owned).then_some(payload))
    }

    /// About `most` names, in order; of each base some, however many another has.
    pub(super) fn some_of_each(&self, most: usize) -> Vec<String> {
        let share = most.div_ceil(self.by_name.len().max(1));
        let name = |base: &String, index: &Option<u64>| {
            let (base, index) = (base.clone(), *index);
            Name { base, index }.to_string()
        };
        self.by_name
            .iter()
            .flat_map(|(base, indices)| {
                indices
                    .keys()
                    .take(share)
                    .map(move |index| name(base, index))
            })
            .take(most)
            .collect()
    }

    /// How often names came or went: where this is as before, the names are.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Every name with its block, by address; of a block that has several the newest last.
    pub(super) fn kept(&self) -> Vec<KeptName> {
        let mut blocks: Vec<(&u64, &Owned)> = self.by_payload.iter().collect();
        blocks.sort_unstable_by_key(|(payload, _)| **payload);
        let of_block = |(&payload, newest): (&u64, &Owned)| {
            let names: Vec<KeptName> = self
                .others(payload)
                .iter()
                .chain([newest])
                .map(|owned| KeptName {
                    name: owned.name.clone(),
                    payload,
                    born: owned.born,
                })
                .collect();
            names
        };
        blocks.into_iter().flat_map(of_block).collect()
    }

    /// The table of these names.
    pub(super) fn of(kept: impl IntoIterator<Item = KeptName>) -> NameTable {
        let mut table = NameTable::default();
        for KeptName {
            name,
            payload,
            born,
        } in kept
        {
            table.insert(name, payload, born);
        }
        table
    }

    /// How many blocks have a name.
    pub(super) fn len(&self) -> usize {
        self.by_payload.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_select_live_blocks_by_index() {
        let mut table = NameTable::default();
        for index in [0, 1, 2, 4, 7] {
            table.insert(
                Name {
                    base: "b".into(),
                    index: Some(index),
                },
                0x1000 + index * 16,
                index,
            );
        }
        let select = |from, to, step| {
            let names = Names::Slice {
                base: "b".into(),
                from,
                to,
                step,
            };
            table
                .select(&names)
                .into_iter()
                .map(|(name, _)| name.index.unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(select(0, None, 2), [0, 2, 4]);
        assert_eq!(select(1, Some(5), 1), [1, 2, 4]);
        assert_eq!(table.next_index("b"), 8);
        assert_eq!(table.next_index("c"), 0);
    }

    #[test]
    fn a_payload_handed_out_twice_keeps_both_names() {
        let plain = |base: &str| Name {
            base: base.into(),
            index: None,
        };
        let mut table = NameTable::default();
        for (born, base) in [(1, "a"), (2, "b"), (3, "c")] {
            table.insert(plain(base), 16, born);
        }
        let told = |table: &NameTable| {
            let newest = table.owner(16).map(|owned| owned.name.to_string());
            let others = table.others(16).iter().map(|owned| owned.name.to_string());
            newest.into_iter().chain(others).collect::<Vec<_>>()
        };
        assert_eq!(told(&table), ["c", "a", "b"]);
        assert_eq!(table.shared().collect::<Vec<_>>(), [16]);
        // The name that the free was called with goes, the others stay.
        assert_eq!(table.remove_as(16, Some(&plain("a"))).unwrap().born, 1);
        assert_eq!(table.payload(&plain("a")), None);
        assert_eq!(told(&table), ["c", "b"]);
        assert_eq!(table.remove(16).unwrap().born, 3);
        assert_eq!(told(&table), ["b"]);
        assert_eq!(table.shared().count(), 0);
        // A name given to another block leaves this one.
        table.insert(plain("d"), 16, 4);
        table.insert(plain("b"), 32, 5);
        assert_eq!(told(&table), ["d"]);
        assert_eq!(table.shared().count(), 0);
        assert_eq!(table.payload(&plain("b")), Some(32));
    }

    #[test]
    fn a_sample_of_names_has_some_of_each_base() {
        let mut table = NameTable::default();
        for (base, blocks) in [("a", 5_000), ("b", 2), ("w", 5_000)] {
            for index in 0..blocks {
                let base = base.to_owned();
                let payload = table.len() as u64 * 16;
                let index = Some(index);
                table.insert(Name { base, index }, payload, 1);
            }
        }
        let names = table.some_of_each(300);
        assert_eq!(names.len(), 202);
        assert_eq!(names[99..103], ["a99", "b0", "b1", "w0"]);
        let changes = table.changes();
        assert!(table.remove(16).is_some() && table.remove(16).is_none());
        assert_eq!(table.changes(), changes + 1);
    }

    #[test]
    fn a_name_given_again_leaves_the_old_block_nameless() {
        let mut table = NameTable::default();
        let name = Name {
            base: "a".into(),
            index: None,
        };
        table.insert(name.clone(), 16, 1);
        table.insert(name.clone(), 32, 2);
        assert_eq!(table.owner(16), None);
        assert_eq!(table.payload(&name), Some(32));
        assert_eq!(table.remove(32).unwrap().born, 2);
        assert_eq!(table.payload(&name), None);
    }
}
