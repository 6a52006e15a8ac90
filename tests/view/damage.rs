//! Heaps whose bytes were overwritten: no picture of them fails, whatever it shows.

use heapwalk::heap::{Access, Header, Heap, Source};
use heapwalk::view::{BlockFacts, Context, Lens, Search, Target, Wanted, survey, take};
use proptest::prelude::*;

use crate::parts::{EVERYTHING, blocks};
use crate::support::{PLAIN, lived};

/// Where a word of the heap is overwritten.
#[derive(Clone, Debug)]
enum Place {
    /// The header of a block.
    Header(prop::sample::Index),
    /// The links of a block, if it is free.
    Link(prop::sample::Index, bool),
    /// A word of the control block or of a region's descriptor.
    Region(prop::sample::Index, usize),
    /// The bitmaps beside a block.
    Bits(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Vec<(Place, u64)>> {
    let index = any::<prop::sample::Index>;
    let place = prop_oneof![
        6 => index().prop_map(Place::Header),
        3 => (index(), any::<bool>()).prop_map(|(block, second)| Place::Link(block, second)),
        2 => (index(), 0_usize..200).prop_map(|(region, word)| Place::Region(region, word)),
        2 => index().prop_map(Place::Bits),
    ];
    let word = prop_oneof![
        any::<u64>(),
        Just(0),
        Just(u64::MAX),
        // A header whose check holds.
        (any::<u64>(), any::<u64>(), any::<u64>())
            .prop_map(|(size, previous, flags)| { Header::new(size, previous % 3, flags, 0).0 }),
        (0_u64..5000).prop_map(|small| small << 32 | small),
    ];
    prop::collection::vec((place, word), 1..12)
}

fn break_it(heap: &Heap, damage: &[(Place, u64)]) {
    let all = blocks(heap);
    let layout = heap.layout();
    let regions: Vec<u64> = heap.look(|core| {
        let units = 0..core.units_end();
        units
            .filter(|&unit| core.unit_mask(unit) & 1 != 0)
            .map(|unit| unit * 0x1_0000)
            .collect()
    });
    for (place, word) in damage {
        let block = |index: &prop::sample::Index| index.get(&all).0.address() as usize / 8;
        let at = match place {
            Place::Header(index) => block(index) + 1,
            Place::Link(index, second) => block(index) + 2 + usize::from(*second),
            Place::Region(index, word) => (*index.get(&regions) / 8) as usize + word,
            Place::Bits(index) => layout.bits + block(index) / 2 / 64 * 2,
        };
        heap.direct().store(at, *word);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_heaps_are_drawn_too(
        seed in 1_u64..40,
        coalesce in any::<bool>(),
        large in any::<bool>(),
        damage in damage(),
        cursor in any::<prop::sample::Index>(),
    ) {
        let largest = if large { 1_500_000 } else { 9_000 };
        let (heap, _) = lived(seed, Source::Growable, coalesce, largest);
        let cursors: Vec<u64> = blocks(&heap).iter().map(|(block, _)| block.address()).collect();
        break_it(&heap, &damage);
        let matches = |facts: &BlockFacts<'_>| facts.bytes > 100 || facts.pins > 0;
        let search = Search { matches: &matches, owners: true, pins: true };
        let wanted = Wanted { pins: true, search: Some(search) };
        let survey = survey(&heap, &wanted, &|payload| Some((String::new(), payload)));
        for (zoom, fresh) in [(None, true), (Some(16), false)] {
            let context = Context { survey: Some(&survey), search: Some(search), fresh, ..PLAIN };
            let cursor = Some(*cursor.get(&cursors));
            let lens = Lens { zoom, cursor, range: Some((0, u64::MAX)), parts: EVERYTHING, ..Lens::default() };
            let picture = take(&heap, &lens, &context);
            prop_assert!(picture.map.rows.len() <= usize::from(lens.rows));
            for target in [
                Target::NextBlock, Target::PreviousBlock, Target::NextHole, Target::PreviousHole,
                Target::Rows(1), Target::Rows(-1), Target::First, Target::Last, Target::LargestHole,
                Target::NextFound, Target::PreviousFound, Target::WorstPin,
            ] {
                let _ = heapwalk::view::seek(&heap, cursor, target, 1024, &context);
            }
        }
    }
}
