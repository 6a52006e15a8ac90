//! Lists that are too long to be passed block by block each time that a picture is taken.

use heapwalk::heap::{Flags, Heap, Options};
use heapwalk::view::{Context, Lens, Parts, Picture, Wanted, Window, survey, take};

use crate::support::{PLAIN, heap};

/// Holes of one size: more than a picture of a changing heap passes.
const HOLES: u64 = 5_000;

/// A heap with many holes of one size, each between busy blocks, and their addresses in the order of their freeing.
fn riddled(request: u64) -> (Heap, Vec<u64>) {
    let heap = heap(&Options::default());
    let make = |size| heap.alloc(size, Flags::NONE).expect("room").payload;
    let payloads: Vec<u64> = (0..HOLES)
        .map(|_| {
            let payload = make(request);
            make(0);
            payload
        })
        .collect();
    for &payload in &payloads {
        heap.free(payload, Flags::NONE).expect("live");
    }
    (heap, payloads.iter().map(|payload| payload - 16).collect())
}

fn lens(cursor: Option<u64>, top: u64) -> Lens {
    Lens {
        cursor,
        parts: Parts {
            free_list: Window { top, rows: 20 },
            ..Parts::default()
        },
        ..Lens::default()
    }
}

fn rested(heap: &Heap, lens: &Lens) -> Picture {
    let wanted = Wanted {
        pins: false,
        search: None,
    };
    let survey = survey(heap, &wanted, &|_| None);
    let context = Context {
        survey: Some(&survey),
        fresh: true,
        ..PLAIN
    };
    take(heap, lens, &context)
}

#[test]
fn the_way_down_a_list_is_bounded_and_says_so() {
    let (heap, _) = riddled(40);
    let near = take(&heap, &lens(None, 4_000), &PLAIN)
        .free_list
        .expect("asked for");
    assert_eq!((near.entries.len(), near.beyond), (20, None));
    let far = take(&heap, &lens(None, 4_900), &PLAIN)
        .free_list
        .expect("asked for");
    assert_eq!((far.entries.len(), far.beyond), (0, Some(4_096)));
    assert!(far.total >= HOLES, "{}", far.total);
    // While nothing changes, a key press may well look further.
    let far = rested(&heap, &lens(None, 4_900))
        .free_list
        .expect("asked for");
    assert_eq!((far.entries.len(), far.beyond), (20, None));
}

#[test]
fn neighbours_in_a_long_list_come_from_the_links_themselves() {
    for request in [40, 3_000] {
        let (heap, freed) = riddled(request);
        let links = |nth: usize| {
            let card = take(&heap, &lens(Some(freed[nth]), 0), &PLAIN).selected;
            card.and_then(|card| card.links).expect("a free block")
        };
        let middle = links(2_500);
        let beside = [freed[2_499], freed[2_501]].map(Some);
        assert!(
            [middle.before, middle.behind] == beside || [middle.behind, middle.before] == beside,
            "{middle:?}"
        );
        assert_eq!(middle.beyond, None);
    }
}

#[test]
fn what_no_link_names_is_looked_for_among_a_few_thousand() {
    let (heap, freed) = riddled(3_000);
    let links = |block: u64| {
        let card = take(&heap, &lens(Some(block), 0), &PLAIN).selected;
        card.and_then(|card| card.links).expect("a free block")
    };
    // The first of its size became the node, which is tried when its chain is used up; the last of the chain leads to it.
    let node = links(freed[0]);
    assert_eq!((node.before, node.behind), (None, None), "{node:?}");
    assert_eq!(node.beyond, Some(4_096));
    let last = links(freed[1]);
    assert_eq!(last.behind, Some(freed[0]), "{last:?}");
}
