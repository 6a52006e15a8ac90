//! From the numbers of a file to dense ids.

use std::collections::HashMap;

/// Marks a number in `near` that has not been met.
const UNMET: u32 = u32::MAX;

/// Numbers below this much more than four times the numbers met go into the table, others into the map.
const SLACK: usize = 1 << 16;

/// Gives each number of a file a dense id, in order of first mention.
///
/// A number has its id in exactly one of `near` and `far`. The table makes the
/// usual, nearly dense numbering fast; it grows only with the numbers met, so
/// that one number of 2^60 costs one entry of the map and no more.
#[derive(Default, Debug)]
pub(super) struct Ids {
    near: Vec<u32>,
    far: HashMap<u64, u32>,
    file_ids: Vec<u64>,
    distinct: u64,
    /// The highest number and the line of its first mention.
    highest: Option<(u64, u32)>,
}

impl Ids {
    /// The id of `number`, which `line` mentions.
    pub(super) fn id(&mut self, number: u64, line: u32) -> u32 {
        self.known(number)
            .unwrap_or_else(|| self.meet(number, line))
    }

    /// A fresh id for `number`, which is known; later mentions mean the fresh one.
    pub(super) fn renew(&mut self, number: u64) -> u32 {
        let id = self.issue(number);
        self.place(number, id);
        id
    }

    /// Ids given out.
    pub(super) fn count(&self) -> u32 {
        self.file_ids.len() as u32
    }

    /// Different numbers met.
    pub(super) fn distinct(&self) -> u64 {
        self.distinct
    }

    /// How many numbers below the highest never occurred, and the line of the highest.
    pub(super) fn gap(&self) -> Option<(u64, u32)> {
        let (highest, line) = self.highest?;
        let missing = highest - (self.distinct - 1);
        (missing > 0).then_some((missing, line))
    }

    /// The file's number of each id; empty if they are the same throughout.
    pub(super) fn into_file_ids(self) -> Vec<u64> {
        let same = self
            .file_ids
            .iter()
            .zip(0..)
            .all(|(&number, id)| number == id);
        if same { Vec::new() } else { self.file_ids }
    }

    fn known(&self, number: u64) -> Option<u32> {
        let near = usize::try_from(number)
            .ok()
            .and_then(|index| self.near.get(index));
        match near {
            Some(&id) if id != UNMET => Some(id),
            _ if self.far.is_empty() => None,
            _ => self.far.get(&number).copied(),
        }
    }

    fn meet(&mut self, number: u64, line: u32) -> u32 {
        self.distinct += 1;
        if self.highest.is_none_or(|(highest, _)| number > highest) {
            self.highest = Some((number, line));
        }
        let id = self.issue(number);
        self.place(number, id);
        id
    }

    fn issue(&mut self, number: u64) -> u32 {
        let id = self.count();
        self.file_ids.push(number);
        id
    }

    fn place(&mut self, number: u64, id: u32) {
        if let Some(known) = self.far.get_mut(&number) {
            *known = id;
            return;
        }
        match usize::try_from(number) {
            Ok(index) if index < 4 * self.file_ids.len() + SLACK => {
                if index >= self.near.len() {
                    self.near.resize(index + 1, UNMET);
                }
                self.near[index] = id;
            }
            _ => {
                self.far.insert(number, id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `numbers` and compares ids, gap, and what is left in the file's numbering.
    fn check(numbers: &[u64], ids: &[u32], gap: Option<(u64, u32)>, file_ids: &[u64]) {
        let mut table = Ids::default();
        let given: Vec<u32> = (1..)
            .zip(numbers)
            .map(|(line, &number)| table.id(number, line))
            .collect();
        assert_eq!(given, ids);
        assert_eq!(table.gap(), gap);
        assert_eq!(table.into_file_ids(), file_ids);
    }

    #[test]
    fn numbers_become_dense_ids() {
        check(&[], &[], None, &[]);
        check(&[0, 1, 0, 2, 1], &[0, 1, 0, 2, 1], None, &[]);
        check(&[2, 0, 1], &[0, 1, 2], None, &[2, 0, 1]);
        check(&[7, 9, 7], &[0, 1, 0], Some((8, 2)), &[7, 9]);
        check(
            &[u64::MAX, 0, u64::MAX],
            &[0, 1, 0],
            Some((u64::MAX - 1, 1)),
            &[u64::MAX, 0],
        );
    }

    #[test]
    fn far_numbers_cost_no_table() {
        let mut table = Ids::default();
        let far = SLACK as u64 * 16;
        assert_eq!(table.id(far, 1), 0);
        assert!(table.near.is_empty());
        // The table grows past the far number, which keeps its id all the same.
        for number in 0..=far {
            let expected = if number == far { 0 } else { number as u32 + 1 };
            assert_eq!(table.id(number, 2), expected);
        }
        assert_eq!(table.renew(far), far as u32 + 1);
        assert_eq!(table.id(far, 3), far as u32 + 1);
        assert_eq!((table.distinct(), table.gap()), (far + 1, None));
    }
}
