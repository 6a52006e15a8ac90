//! Copies to keep: as it was as a whole at some moment, and what changed from one copy to the next since.

use std::sync::Arc;

/// Changes are noted up to this many, however small the whole is.
const FEW: usize = 256;

/// A copy of something with wholes `W` and changed entries `E`: the last entry with a key counts.
#[derive(Debug)]
pub(crate) struct Kept<W, E> {
    whole: Arc<W>,
    parts: Vec<Arc<[E]>>,
}

impl<W, E> Clone for Kept<W, E> {
    fn clone(&self) -> Kept<W, E> {
        Kept {
            whole: Arc::clone(&self.whole),
            parts: self.parts.clone(),
        }
    }
}

impl<W, E> Kept<W, E> {
    /// What it was as a whole.
    pub(crate) fn whole(&self) -> &W {
        &self.whole
    }

    /// What changed since, in order.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &E> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    fn changed(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Bytes that it takes beside what it shares with another, whose whole takes so many.
    pub(crate) fn bytes_beside(&self, other: Option<&Self>, whole: impl Fn(&W) -> u64) -> u64 {
        let shared = other.filter(|other| Arc::ptr_eq(&self.whole, &other.whole));
        let of = |part: &Arc<[E]>| size_of_val(&**part) as u64;
        let Some(other) = shared else {
            return whole(&self.whole) + self.parts.iter().map(of).sum::<u64>();
        };
        let mut theirs = other.parts.iter();
        let own = |part: &&Arc<[E]>| !theirs.next().is_some_and(|their| Arc::ptr_eq(part, their));
        self.parts.iter().filter(own).map(of).sum()
    }
}

/// Notes what changes between one kept copy and the next, by key.
#[derive(Debug)]
pub(crate) struct Touched<K, W, E> {
    /// The last copy; nothing is noted where there is none.
    since: Option<Kept<W, E>>,
    keys: Vec<K>,
}

impl<K, W, E> Default for Touched<K, W, E> {
    fn default() -> Touched<K, W, E> {
        Touched {
            since: None,
            keys: Vec::new(),
        }
    }
}

impl<K: Clone, W, E> Clone for Touched<K, W, E> {
    fn clone(&self) -> Touched<K, W, E> {
        Touched {
            since: self.since.clone(),
            keys: self.keys.clone(),
        }
    }
}

impl<K: Ord, W, E> Touched<K, W, E> {
    /// What changes from here on is noted beside this copy.
    pub(crate) fn since(kept: &Kept<W, E>) -> Touched<K, W, E> {
        Touched {
            since: Some(kept.clone()),
            keys: Vec::new(),
        }
    }

    /// Notes that an entry changes, of so many. Where much has changed a copy is made as a whole.
    #[inline]
    pub(crate) fn note(&mut self, key: K, of: usize) {
        if self.since.is_none() {
            return;
        }
        if self.keys.len() < of.max(FEW) {
            self.keys.push(key);
        } else {
            *self = Touched::default();
        }
    }

    /// A copy to keep, of so many entries: what an entry is now is asked for those that changed, unless these are many.
    pub(crate) fn keep(
        &mut self,
        of: usize,
        entry: impl FnMut(K) -> Option<E>,
        whole: impl FnOnce() -> W,
    ) -> Kept<W, E> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.sort_unstable();
        keys.dedup();
        let little = |kept: &Kept<W, E>| kept.changed() + keys.len() <= (of / 3).max(FEW);
        let kept = match self.since.take().filter(little) {
            Some(mut kept) => {
                if !keys.is_empty() {
                    kept.parts
                        .push(keys.into_iter().filter_map(entry).collect());
                }
                kept
            }
            None => Kept {
                whole: Arc::new(whole()),
                parts: Vec::new(),
            },
        };
        self.since = Some(kept.clone());
        kept
    }
}
