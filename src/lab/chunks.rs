//! A row of numbers that is copied in no time: copies share the chunks that have not changed since.

use std::sync::Arc;

/// Entries of a chunk.
const CHUNK: usize = 256;

/// A row that grows and shrinks at its end.
#[derive(Clone, Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Arc<[T; CHUNK]>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks {
            chunks: Vec::new(),
            len: 0,
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
        Some(&mut Arc::make_mut(&mut self.chunks[at / CHUNK])[at % CHUNK])
    }

    pub(crate) fn push(&mut self, value: T) {
        match self.chunks.get_mut(self.len / CHUNK) {
            Some(chunk) => Arc::make_mut(chunk)[self.len % CHUNK] = value,
            None => self.chunks.push(Arc::new([value; CHUNK])),
        }
        self.len += 1;
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_row_and_copies_stay_as_they_were(
            acts in proptest::collection::vec((0..8_u8, any::<prop::sample::Index>()), 0..2_000),
        ) {
            let (mut row, mut model) = (Chunks::default(), Vec::new());
            let mut copies = Vec::new();
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
                    _ => {
                        row.push(nth);
                        model.push(nth);
                    }
                }
            }
            copies.push((row, model));
            for (row, model) in copies {
                prop_assert_eq!(row.len(), model.len());
                prop_assert!((0..row.len() + 2).all(|at| row.get(at) == model.get(at).copied()));
            }
        }
    }
}
