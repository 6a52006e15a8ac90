//! Names for many blocks at once.

use super::{Label, NameTable, key};

impl NameTable {
    /// The same table with names for blocks that have none, all with the same letters: index, payload (below 2^36) and
    /// operation of birth of each, by index. None of the names may be in use. `changes` is how often names came or went
    /// meanwhile.
    pub(in crate::session) fn with_blocks(
        &self,
        letters: &str,
        blocks: impl Iterator<Item = (u64, u64, u64)>,
        changes: u64,
    ) -> NameTable {
        let mut table = self.clone();
        table.changes += changes;
        let blocks: Vec<(u64, u64, u64)> = blocks.collect();
        if blocks.is_empty() {
            return table;
        }
        let letters = table.number_of(letters);
        let indexed = blocks.iter().map(|&(index, payload, _)| (index, payload));
        if let Some(base) = table.base_mut(letters) {
            base.indexed.fill(indexed);
        }
        // Numbers are sorted faster than what they stand for.
        let by_payload = |(nth, block): (usize, &(u64, u64, u64))| key(block.1) << 32 | nth as u64;
        let mut order: Vec<u64> = blocks.iter().enumerate().map(by_payload).collect();
        order.sort_unstable();
        table.by_payload.fill(order.into_iter().map(|place| {
            let (index, payload, born) = blocks[(place & 0xFFFF_FFFF) as usize];
            let label = Label {
                letters,
                has_index: true,
                index,
                born,
            };
            (key(payload), label)
        }));
        table
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn many_names_at_once_are_those_given_one_by_one(
            before in proptest::collection::btree_map(0_u64..500, 0_u64..90, 0..40),
            slots in proptest::collection::btree_map(0_u64..600, 500_u64..3_000, 0..300),
        ) {
            let mut table = NameTable::default();
            for (granule, index) in before {
                table.insert_as("w", Some(index), granule * 16, 3);
            }
            let mut payloads = std::collections::BTreeSet::new();
            let blocks: Vec<(u64, u64, u64)> = slots
                .into_iter()
                .filter(|(_, granule)| payloads.insert(*granule))
                .map(|(slot, granule)| (100 + slot, granule * 16, slot % 7))
                .collect();
            let bulk = table.with_blocks("w", blocks.iter().copied(), blocks.len() as u64);
            for &(index, payload, born) in &blocks {
                table.insert_as("w", Some(index), payload, born);
            }
            prop_assert_eq!(bulk.changes(), table.changes());
            prop_assert_eq!(bulk.kept(), table.kept());
            prop_assert_eq!(bulk.next_index("w"), table.next_index("w"));
            for &(index, payload, _) in &blocks {
                prop_assert!(bulk.bears(payload, "w", Some(index)));
                prop_assert_eq!(bulk.owner(payload), table.owner(payload));
            }
        }
    }
}
