//! Which block bears which name, in one heap.
//!
//! Every checkpoint has the names of its moment, so that a copy of the table is made in constant time, and two copies
//! share what has not changed between them.

mod bulk;
mod kept;

pub(super) use kept::KeptNames;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::heap_file::KeptName;
use super::name::{Name, Names};
use super::radix::{Radix, shared_bytes, vec_bytes};

/// A block that a person or a workload made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Owned {
    /// Its name.
    pub(super) name: Name,
    /// The operation that made it.
    pub(super) born: u64,
}

/// A name as the table keeps it: letters by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Label {
    letters: u32,
    has_index: bool,
    index: u64,
    born: u64,
}

impl Label {
    fn is(self, letters: u32, index: Option<u64>) -> bool {
        self.letters == letters && self.index() == index
    }

    fn index(self) -> Option<u64> {
        self.has_index.then_some(self.index)
    }
}

/// The blocks whose names begin with the same letters.
#[derive(Clone, Default, Debug)]
struct Base {
    /// The block whose name has no index.
    plain: Option<u64>,
    indexed: Radix<u64>,
}

impl Base {
    fn get(&self, index: Option<u64>) -> Option<u64> {
        match index {
            None => self.plain,
            Some(index) => self.indexed.get(index).copied(),
        }
    }

    fn insert(&mut self, index: Option<u64>, payload: u64) -> Option<u64> {
        match index {
            None => self.plain.replace(payload),
            Some(index) => self.indexed.insert(index, payload),
        }
    }

    fn remove(&mut self, index: Option<u64>) {
        match index {
            None => self.plain = None,
            Some(index) => drop(self.indexed.remove(index)),
        }
    }

    fn bytes_beside(&self, old: &Base) -> u64 {
        shared_bytes::<Base>() + self.indexed.bytes_beside(&old.indexed, &|_, _| 0)
    }

    fn is_empty(&self) -> bool {
        self.plain.is_none() && self.indexed.is_empty()
    }

    /// Its indices in order; none comes first.
    fn indices(&self) -> impl Iterator<Item = Option<u64>> {
        let indexed = self.indexed.iter().map(|(index, _)| Some(index));
        self.plain.iter().map(|_| None).chain(indexed)
    }
}

/// Letters that names begin with. None is ever taken away, so that all copies of a table have the same.
#[derive(Default, Debug)]
struct Letters {
    by_number: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, u32>,
}

impl Letters {
    fn get(&self, number: u32) -> &str {
        self.by_number
            .get(number as usize)
            .map_or("", |letters| letters)
    }

    /// The number of these letters, which may be new.
    fn number_of(&mut self, letters: &str) -> u32 {
        if let Some(number) = self.numbers.get(letters) {
            return *number;
        }
        let number = u32::try_from(self.by_number.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = Arc::from(letters);
        self.by_number.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}

/// Names of live blocks, both ways.
#[derive(Clone, Default, Debug)]
pub(super) struct NameTable {
    /// How often names came or went.
    changes: u64,
    /// By payload, as [`key`] has it.
    by_payload: Radix<Label>,
    /// Older names of payloads that were handed out again while they had one, the newest last.
    older: Radix<Arc<Vec<Label>>>,
    /// What numbers of letters mean, here and in all copies.
    letters: Arc<RwLock<Letters>>,
    /// The blocks by the number of their names' letters.
    bases: Radix<Arc<Base>>,
}

/// Payloads begin at multiples of 16 unless something is odd: what tells them apart comes lowest.
const fn key(payload: u64) -> u64 {
    payload.rotate_right(4)
}

/// The payload that has this key.
const fn payload_of(key: u64) -> u64 {
    key.rotate_left(4)
}

impl NameTable {
    /// No thread but the session's own has a table: nobody waits here.
    fn letters(&self) -> RwLockReadGuard<'_, Letters> {
        self.letters.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self, letters: &str) -> Option<u32> {
        self.letters().numbers.get(letters).copied()
    }

    /// The number of these letters, which may be new.
    fn number_of(&mut self, letters: &str) -> u32 {
        if let Some(number) = self.number(letters) {
            return number;
        }
        let known = self.letters.write();
        known
            .unwrap_or_else(PoisonError::into_inner)
            .number_of(letters)
    }

    fn base(&self, letters: &str) -> Option<&Base> {
        let base = self.bases.get(u64::from(self.number(letters)?))?;
        Some(base)
    }

    /// The blocks with these letters, for changing.
    fn base_mut(&mut self, letters: u32) -> Option<&mut Base> {
        let letters = u64::from(letters);
        if self.bases.get(letters).is_none() {
            self.bases.insert(letters, Arc::default());
        }
        self.bases.get_mut(letters).map(Arc::make_mut)
    }

    fn owned(&self, label: Label) -> Owned {
        Owned {
            name: Name {
                base: self.letters().get(label.letters).to_owned(),
                index: label.index(),
            },
            born: label.born,
        }
    }

    /// The block with this payload.
    pub(super) fn owner(&self, payload: u64) -> Option<Owned> {
        let label = self.by_payload.get(key(payload))?;
        Some(self.owned(*label))
    }

    /// Whether the block with this payload bears this name; of several it is the newest that counts.
    pub(super) fn bears(&self, payload: u64, letters: &str, index: Option<u64>) -> bool {
        let label = self.by_payload.get(key(payload));
        label.is_some_and(|label| {
            label.index() == index && self.letters().get(label.letters) == letters
        })
    }

    /// The payload of the block with this name.
    pub(super) fn payload(&self, name: &Name) -> Option<u64> {
        self.base(&name.base)?.get(name.index)
    }

    /// The other names of the block with this payload: a heap without checks handed it out more than once.
    pub(super) fn others(&self, payload: u64) -> Vec<Owned> {
        let older = self.older(payload).iter();
        older.map(|label| self.owned(*label)).collect()
    }

    /// The payloads that have more than one name, by address.
    pub(super) fn shared(&self) -> impl Iterator<Item = u64> + '_ {
        let mut shared: Vec<u64> = self.older.iter().map(|(key, _)| payload_of(key)).collect();
        // Payloads at odd addresses, which only a damaged heap hands out, lie elsewhere in the table.
        shared.sort_unstable();
        shared.into_iter()
    }

    /// The older names of a payload.
    fn older(&self, payload: u64) -> &[Label] {
        self.older.get(key(payload)).map_or(&[], |older| older)
    }

    /// The same for changing. None is kept where there are none.
    fn change_older<R>(&mut self, payload: u64, change: impl FnOnce(&mut Vec<Label>) -> R) -> R {
        let mut older = self.older.remove(key(payload)).unwrap_or_default();
        let result = change(Arc::make_mut(&mut older));
        if !older.is_empty() {
            self.older.insert(key(payload), older);
        }
        result
    }

    /// Gives a block a name. A block that bore it before goes on without; a block that has another keeps both.
    pub(super) fn insert(&mut self, name: &Name, payload: u64, born: u64) {
        self.insert_as(&name.base, name.index, payload, born);
    }

    /// The same, with the parts of the name. Whether neither name nor block was any other's.
    pub(super) fn insert_as(
        &mut self,
        letters: &str,
        index: Option<u64>,
        payload: u64,
        born: u64,
    ) -> bool {
        self.changes += 1;
        let letters = self.number_of(letters);
        let base = self.base_mut(letters);
        let old = base.and_then(|base| base.insert(index, payload));
        if let Some(old) = old {
            self.disown(old, letters, index);
        }
        let label = Label {
            letters,
            has_index: index.is_some(),
            index: index.unwrap_or(0),
            born,
        };
        let before = self.by_payload.insert(key(payload), label);
        let is_plain = old.is_none() && before.is_none();
        if let Some(before) = before {
            self.change_older(payload, |older| older.push(before));
        }
        is_plain
    }

    /// Takes one of its names from a payload. Answers with what it was.
    fn disown(&mut self, payload: u64, letters: u32, index: Option<u64>) -> Option<Label> {
        let newest = *self.by_payload.get(key(payload))?;
        let is_newest = newest.is(letters, index);
        if !is_newest {
            return self.change_older(payload, |older| {
                let at = older.iter().position(|label| label.is(letters, index))?;
                Some(older.remove(at))
            });
        }
        let before = match self.older(payload) {
            [] => None,
            _ => self.change_older(payload, Vec::pop),
        };
        match before {
            Some(before) => self.by_payload.insert(key(payload), before),
            None => self.by_payload.remove(key(payload)),
        }
    }

    /// Takes a freed block's name; of several, `name` if it is one of them, else the newest.
    pub(super) fn remove_as(&mut self, payload: u64, name: Option<&Name>) -> Option<Owned> {
        let label = self.take(payload, name)?;
        Some(self.owned(label))
    }

    /// Takes a freed block's newest name.
    pub(super) fn remove(&mut self, payload: u64) -> Option<Owned> {
        self.remove_as(payload, None)
    }

    /// The same for whoever does not want to know it.
    pub(super) fn forget(&mut self, payload: u64) {
        self.take(payload, None);
    }

    fn take(&mut self, payload: u64, name: Option<&Name>) -> Option<Label> {
        let newest = *self.by_payload.get(key(payload))?;
        let wanted = name.and_then(|name| Some((self.number(&name.base)?, name.index)));
        let wanted = wanted.filter(|(letters, index)| {
            let mut older = self.older(payload).iter();
            older.any(|label| label.is(*letters, *index))
        });
        let (letters, index) = wanted.unwrap_or((newest.letters, newest.index()));
        let label = self.disown(payload, letters, index)?;
        // The name leads to the payload no longer.
        self.changes += 1;
        if let Some(base) = self.base_mut(label.letters)
            && base.get(label.index()) == Some(payload)
        {
            base.remove(label.index());
        }
        Some(label)
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
                let Some(indices) = self.base(base) else {
                    return Vec::new();
                };
                let step = (*step).max(1);
                indices
                    .indexed
                    .iter_from(*from)
                    .take_while(|(index, _)| to.is_none_or(|to| *index < to))
                    .filter(|(index, _)| (index - from).is_multiple_of(step))
                    .map(|(index, &payload)| {
                        let name = Name {
                            base: base.clone(),
                            index: Some(index),
                        };
                        (name, payload)
                    })
                    .collect()
            }
        }
    }

    /// The lowest index above all that `base` has: the next free name on a key.
    pub(super) fn next_index(&self, base: &str) -> u64 {
        let last = self.base(base).and_then(|base| base.indexed.last());
        last.map_or(0, |last| last.saturating_add(1))
    }

    /// The letters that live blocks' names begin with, in order.
    fn in_order(&self) -> Vec<(Arc<str>, &Base)> {
        let letters = self.letters();
        let base = |number: u32| self.bases.get(u64::from(number)).map(|base| &**base);
        let known = letters.numbers.iter();
        known
            .filter_map(|(letters, number)| Some((Arc::clone(letters), base(*number)?)))
            .filter(|(_, base)| !base.is_empty())
            .collect()
    }

    /// The first `most` names, in order.
    pub(super) fn some(&self, most: usize) -> Vec<String> {
        let bases = self.in_order().into_iter();
        bases
            .flat_map(|(letters, base)| base.indices().map(move |index| text(&letters, index)))
            .take(most)
            .collect()
    }

    /// The payload of the live block that an operation made.
    pub(super) fn born_at(&self, operation: u64) -> Option<u64> {
        let is_born = |label: &Label| label.born == operation;
        self.by_payload
            .iter()
            .find_map(|(key, label)| is_born(label).then(|| payload_of(key)))
    }

    /// About `most` names, in order; of each base some, however many another has.
    pub(super) fn some_of_each(&self, most: usize) -> Vec<String> {
        let bases = self.in_order();
        let share = most.div_ceil(bases.len().max(1));
        bases
            .into_iter()
            .flat_map(|(letters, base)| {
                let some = base.indices().take(share);
                some.map(move |index| text(&letters, index))
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
        let of_block = |(key, newest): (u64, &Label)| {
            let payload = payload_of(key);
            let older = self.older(payload).iter().copied();
            older.chain([*newest]).map(move |label| {
                let Owned { name, born } = self.owned(label);
                KeptName {
                    name,
                    payload,
                    born,
                }
            })
        };
        let mut kept: Vec<KeptName> = self.by_payload.iter().flat_map(of_block).collect();
        // Payloads at odd addresses, which only a damaged heap hands out, lie elsewhere in the table.
        kept.sort_by_key(|kept| kept.payload);
        kept
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
            table.insert(&name, payload, born);
        }
        table
    }

    /// Bytes that it takes and does not share with `old`, an earlier copy. The letters are not counted: all copies have
    /// the same.
    pub(super) fn bytes_beside(&self, old: &NameTable) -> u64 {
        let unshared = |older: &Arc<Vec<Label>>, old: Option<&Arc<Vec<Label>>>| {
            if old.is_some_and(|old| Arc::ptr_eq(older, old)) {
                return 0;
            }
            shared_bytes::<Vec<Label>>() + vec_bytes(older)
        };
        let base = |base: &Arc<Base>, old: Option<&Arc<Base>>| match old {
            Some(old) if Arc::ptr_eq(base, old) => 0,
            Some(old) => base.bytes_beside(old),
            None => base.bytes_beside(&Base::default()),
        };
        shared_bytes::<NameTable>()
            + self.by_payload.bytes_beside(&old.by_payload, &|_, _| 0)
            + self.older.bytes_beside(&old.older, &unshared)
            + self.bases.bytes_beside(&old.bases, &base)
    }
}

fn text(letters: &str, index: Option<u64>) -> String {
    index.map_or_else(|| letters.to_owned(), |index| format!("{letters}{index}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_select_live_blocks_by_index() {
        let mut table = NameTable::default();
        for index in [0, 1, 2, 4, 7] {
            table.insert(
                &Name {
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
            table.insert(&plain(base), 16, born);
        }
        let told = |table: &NameTable| {
            let newest = table.owner(16).map(|owned| owned.name.to_string());
            let others = table.others(16);
            let others = others.iter().map(|owned| owned.name.to_string());
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
        table.insert(&plain("d"), 16, 4);
        table.insert(&plain("b"), 32, 5);
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
                let payload = table.changes() * 16;
                let index = Some(index);
                table.insert(&Name { base, index }, payload, 1);
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
        table.insert(&name, 16, 1);
        table.insert(&name, 32, 2);
        assert_eq!(table.owner(16), None);
        assert_eq!(table.payload(&name), Some(32));
        assert_eq!(table.remove(32).unwrap().born, 2);
        assert_eq!(table.payload(&name), None);
    }

    #[test]
    fn copies_of_many_names_share_what_is_the_same() {
        let mut table = NameTable::default();
        let mut copies = vec![table.clone()];
        for nth in 0..4_000_u64 {
            let base = format!("{}x", "abcdefghij".chars().nth(nth as usize % 10).unwrap())
                .repeat(1 + nth as usize / 10);
            let index = None;
            table.insert(&Name { base, index }, 16 + nth * 32, nth);
            copies.push(table.clone());
        }
        let beside: u64 = copies
            .windows(2)
            .map(|pair| pair[1].bytes_beside(&pair[0]))
            .sum();
        // Each has what one name changes, however many there are.
        assert!(beside < 4_000 * 10_000, "{beside}");
        assert!(beside > 4_000 * 1_000, "{beside}");
        // A copy knows the names of its time, and no letters that came later.
        let last = copies.last().expect("a copy");
        assert_eq!(
            (copies[7].some(9).len(), last.some(9_999).len()),
            (7, 4_000)
        );
    }
}
