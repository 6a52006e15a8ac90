//! Names for many blocks at once.

use super::{Label, NameTable, key};

/// Payload and operation of birth of a block.
type Born = (u64, u64);

impl NameTable {
    /// The same table with names for blocks that have none, all with the same letters and with indices from `first` on.
    /// `block` tells of each of so many whether there is one, with its payload (below 2^36). None of the names may be in
    /// use. `changes` is how often names came or went meanwhile.
    pub(in crate::session) fn with_blocks(
        &self,
        letters: &str,
        first: u64,
        count: usize,
        block: impl Fn(usize) -> Option<Born>,
        changes: u64,
    ) -> NameTable {
        let mut table = self.clone();
        table.changes += changes;
        let named = || (0..count).filter_map(|nth| Some((nth as u64, block(nth)?)));
        if named().next().is_none() {
            return table;
        }
        let letters = table.number_of(letters);
        if let Some(base) = table.base_mut(letters) {
            base.indexed
                .fill(named().map(|(nth, (payload, _))| (first + nth, payload)));
        }
        // Numbers are sorted faster than what they stand for.
        let mut order: Vec<u64> = Vec::with_capacity(count);
        order.extend(named().map(|(nth, (payload, _))| key(payload) << 32 | nth));
        order.sort_unstable();
        table.by_payload.fill(order.into_iter().map(|place| {
            let nth = place & u64::from(u32::MAX);
            let label = Label {
                letters,
                has_index: true,
                index: first + nth,
                born: block(nth as usize).map_or(0, |(_, born)| born),
            };
            (place >> 32, label)
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
            let held = |index: u64| blocks.iter().find(|block| block.0 == index);
            let slot = |nth: usize| held(100 + nth as u64).map(|&(_, payload, born)| (payload, born));
            let bulk = table.with_blocks("w", 100, 600, slot, blocks.len() as u64);
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
