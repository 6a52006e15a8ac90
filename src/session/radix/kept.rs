//! Copies of maps to keep: they share all but what changed from one to the next.

use crate::lab::{Kept, Touched};

use super::Radix;

/// A key, and its value if it has one.
type Entry<V> = (u64, Option<V>);

/// What was done to a map since the copy that was kept last.
pub(super) type Changes<V> = Touched<u64, Radix<V>, Entry<V>>;

/// A copy of a map to keep.
#[derive(Clone, Debug)]
pub(in crate::session) struct KeptRadix<V>(Kept<Radix<V>, Entry<V>>);

impl<V: Clone> Radix<V> {
    /// A copy that shares with the one kept before all but the values that changed since, unless those are many.
    pub(in crate::session) fn keep(&mut self) -> KeptRadix<V> {
        let mut touched = std::mem::take(&mut self.touched);
        let entry = |key| Some((key, self.get(key).cloned()));
        let kept = touched.keep(self.len, entry, || self.clone());
        self.touched = touched;
        KeptRadix(kept)
    }

    /// Copies are kept no more: what changes from here on is not noted.
    pub(in crate::session) fn end_keeping(&mut self) {
        self.touched = Touched::default();
    }
}

impl<V: Clone> KeptRadix<V> {
    /// The map as it was.
    pub(in crate::session) fn map(&self) -> Radix<V> {
        let mut map = self.0.whole().clone();
        for (key, value) in self.0.changes() {
            match value {
                Some(value) => drop(map.insert(*key, value.clone())),
                None => drop(map.remove(*key)),
            }
        }
        map.touched = Touched::since(&self.0);
        map
    }

    /// Bytes that it takes beside what it shares with another.
    pub(in crate::session) fn bytes_beside(&self, other: Option<&KeptRadix<V>>) -> u64 {
        let bytes = |whole: &Radix<V>| whole.bytes_beside(&Radix::default(), &|_, _| 0);
        self.0.bytes_beside(other.map(|other| &other.0), bytes)
    }
}
