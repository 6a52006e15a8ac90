//! A row of numbers that is copied in no time: copies share the chunks that have not changed since.
//!
//! Copies that are kept for long share more: see [`Chunks::keep`].

use std::sync::Arc;

use super::kept::{Kept, Touched};

/// Entries of a chunk.
const CHUNK: usize = 256;

/// All chunks of a row.
type Whole<T> = Vec<Arc<[T; CHUNK]>>;
/// An entry that changed: its index, and what it is.
type Entry<T> = (u32, T);

/// A row that grows and shrinks at its end.
#[derive(Clone, Debug)]
pub(crate) struct Chunks<T> {
    chunks: Whole<T>,
    len: usize,
    touched: Touched<u32, Whole<T>, Entry<T>>,
}

/// A copy of a row to keep.
#[derive(Clone, Debug)]
pub(crate) struct KeptChunks<T> {
    kept: Kept<Whole<T>, Entry<T>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks {
            chunks: Vec::new(),
            len: 0,
            touched: Touched::default(),
        }
    }
}

impl<T: Copy> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Option<T> {
        (at < self.len).then(|| self.chunks[at / CHUNK][at % CHUNK])
    }

    /// An entry for changing.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if at >= self.len {
            return None;
        }
        self.touch(at);
        Some(&mut Arc::make_mut(&mut self.chunks[at / CHUNK])[at % CHUNK])
    }

    pub(crate) fn push(&mut self, value: T) {
        self.touch(self.len);
        self.put(self.len, value);
        self.len += 1;
    }

    /// Sets an entry; what lies between the end and it is anything.
    fn put(&mut self, at: usize, value: T) {
        while self.chunks.len() <= at / CHUNK {
            self.chunks.push(Arc::new([value; CHUNK]));
        }
        Arc::make_mut(&mut self.chunks[at / CHUNK])[at % CHUNK] = value;
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.get(self.len.checked_sub(1)?);
        self.len -= 1;
        last
    }

    /// Takes an entry away; the last comes to its place.
    pub(crate) fn swap_remove(&mut self, at: usize) {
        if let Some(last) = self.pop()
            && let Some(place) = self.get_mut(at)
        {
            *place = last;
        }
    }

    /// Notes that an entry changes.
    fn touch(&mut self, at: usize) {
        // Rows have an entry for each block, and 32 bits name more granules than a heap has.
        self.touched
            .note(u32::try_from(at).unwrap_or(u32::MAX), self.len);
    }

    /// A copy that shares with the one kept before all but the entries that changed since, unless those are many.
    pub(crate) fn keep(&mut self) -> KeptChunks<T> {
        let (chunks, len) = (&self.chunks, self.len);
        let entry = |at: u32| {
            let place = at as usize;
            (place < len).then(|| (at, chunks[place / CHUNK][place % CHUNK]))
        };
        let kept = self.touched.keep(len, entry, || chunks.clone());
        KeptChunks { kept, len }
    }
}

impl<T: Copy> KeptChunks<T> {
    /// The row as it was.
    pub(crate) fn row(&self) -> Chunks<T> {
        let mut row = Chunks {
            chunks: self.kept.whole().clone(),
            len: self.len,
            touched: Touched::since(&self.kept),
        };
        for &(at, value) in self.kept.changes() {
            row.put(at as usize, value);
        }
        row
    }

    /// Bytes that it takes beside what it shares with another.
    pub(crate) fn bytes_beside(&self, other: Option<&KeptChunks<T>>) -> u64 {
        let bytes = |whole: &Whole<T>| whole.len() as u64 * size_of::<[T; CHUNK]>() as u64;
        let other = other.map(|other| &other.kept);
        self.kept.bytes_beside(other, bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_row_and_copies_stay_as_they_were(
            acts in proptest::collection::vec((0..40_u8, any::<prop::sample::Index>()), 0..2_000),
        ) {
            let (mut row, mut model) = (Chunks::default(), Vec::new());
            let (mut copies, mut kept) = (Vec::new(), Vec::new());
            for (nth, (act, at)) in acts.into_iter().enumerate() {
                let place = (!model.is_empty()).then(|| at.index(model.len()));
                match (act, place) {
                    (0, Some(place)) => {
                        row.swap_remove(place);
                        model.swap_remove(place);
                    }
                    (1, Some(place)) => {
                        *row.get_mut(place).expect("it is there") = nth;
                        model[place] = nth;
                    }
                    (2, _) => prop_assert_eq!(row.pop(), model.pop()),
                    (3, _) if copies.len() < 20 => copies.push((row.clone(), model.clone())),
                    (4, _) => kept.push((row.keep(), model.clone())),
                    // What was kept can be gone on from, and kept again.
                    (5, _) if !kept.is_empty() => {
                        let (copy, then) = &kept[at.index(kept.len())];
                        (row, model) = (copy.row(), then.clone());
                    }
                    (6..=9, Some(place)) => {
                        row.swap_remove(place);
                        model.swap_remove(place);
                    }
                    (10..=19, Some(place)) => {
                        *row.get_mut(place).expect("it is there") = nth;
                        model[place] = nth;
                    }
                    _ => {
                        row.push(nth);
                        model.push(nth);
                    }
                }
            }
            copies.push((row, model));
            copies.extend(kept.into_iter().map(|(copy, model)| (copy.row(), model)));
            for (row, model) in copies {
                prop_assert_eq!(row.len(), model.len());
                prop_assert!((0..row.len() + 2).all(|at| row.get(at) == model.get(at).copied()));
            }
        }
    }
}
