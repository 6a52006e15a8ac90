//! Internals that show, and global flags (gflags).

use heapwalk::api::*;
use heapwalk::heap::{Flags, Header, Options};

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("I1", i1_the_newest_of_a_size_is_reused_first),
    Case("I1", i1_best_fit_among_large_holes),
    Case("I2", i2_largest_block_of_a_segment),
    Case("I3", i3_segments),
    Case("I4", i4_growth),
    Case("I6", i6_a_single_granule_is_absorbed),
    Case("I7", i7_first_block),
    Case("I8", i8_descriptor_of_a_range),
    Case("I9", i9_flags_of_a_header),
    Case("I11", i11_broken_links_are_found_before_they_are_followed),
    Case("G1", g1_heap_flags_of_global_flags),
    Case("G2", g2_abbreviations),
    Case("G3", g3_tail_fill),
    Case("G4", g4_fresh_fill),
    Case("G5", g5_freed_fill),
    Case("G6", g6_damaged_tail),
];

fn i1_the_newest_of_a_size_is_reused_first() {
    for size in [24, 100, 0x7E8] {
        let bench = Bench::growable();
        let [a, _, b, _] = bench.allocs(size);
        let [c, _] = bench.allocs(size);
        [b, c, a].iter().for_each(|&place| bench.free(place));
        assert_eq!(bench.allocs(size), [a, c, b], "{size}");
    }
    // An exact list that is empty is passed over for the next larger size.
    let bench = Bench::growable();
    let [small, _, larger, _] = [100, 16, 200, 16].map(|size| bench.alloc(size));
    bench.free(small);
    bench.free(larger);
    assert_eq!(bench.alloc(120), larger);
}

fn i1_best_fit_among_large_holes() {
    // In the order of their addresses, then in other orders of freeing.
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let bench = Bench::growable();
        let places = [0x1800, 0x900, 0xA00, 0xC00].map(|size| {
            let place = bench.alloc(size);
            bench.alloc(16);
            place
        });
        order
            .iter()
            .for_each(|&nth: &usize| bench.free(places[nth]));
        for (size, hole) in [(0x9F0, 2), (0xA10, 3), (0x8F0, 1), (0xD00, 0)] {
            assert_eq!(bench.alloc(size), places[hole], "{order:?} {size:#x}");
        }
    }
}

fn i2_largest_block_of_a_segment() {
    let bench = Bench::growable();
    let place = bench.alloc(0xFF_00 * 16 - 8);
    assert_eq!(bench.block_bytes(place), 0xFF_000);
    assert_ne!(bench.entry(place).iRegionIndex, 64);
}

/// A growable heap that does not write its payloads, with much room to commit.
fn roomy() -> Bench {
    let process = process_with(8 << 30, 0);
    let options = Options {
        stamp: false,
        ..Options::default()
    };
    let heap = process.create_with(&options).expect("room for a heap");
    Bench { process, heap }
}

fn i3_segments() {
    let bench = roomy();
    bench.alloc(0x1_0000);
    let second = bench.regions()[1].Region;
    assert_eq!(second.dwCommittedSize + second.dwUnCommittedSize, 0x10_0000);
    // 64 segments are not the end; the index in a walk stays below that of large blocks.
    while bench.regions().len() < 70 {
        bench.allocs::<16>(0xF_D000);
    }
    let indices: Vec<u8> = bench
        .regions()
        .iter()
        .map(|region| region.iRegionIndex)
        .collect();
    let expected: Vec<u8> = (0..indices.len()).map(|nth| nth.min(63) as u8).collect();
    assert_eq!(indices, expected);
    let last = bench.regions()[69];
    assert!(
        bench
            .busy()
            .iter()
            .any(|entry| entry.lpData == last.Region.lpFirstBlock)
    );
}

fn i4_growth() {
    let bench = roomy();
    // From the uncommitted range of the first segment, in pages, as long as one suffices.
    let range = |bench: &Bench| bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0].cbData;
    assert_eq!(range(&bench), 0xE000);
    bench.alloc(0x3000);
    assert_eq!((range(&bench), bench.regions().len()), (0xC000, 1));
    // Then a segment, each reserving twice as much as the one before.
    while bench.regions().len() < 7 {
        bench.alloc(0x4_0000);
    }
    let reserved: Vec<u32> = bench
        .regions()
        .iter()
        .map(|region| region.Region.dwCommittedSize + region.Region.dwUnCommittedSize)
        .collect();
    let expected = [
        0x1_0000, 0x10_0000, 0x20_0000, 0x40_0000, 0x80_0000, 0xFF_0000, 0xFF_0000,
    ];
    assert_eq!(reserved, expected);
    // A request that fits in an older segment goes there.
    let place = bench.alloc(0x2000);
    assert_eq!(bench.regions().len(), 7);
    assert!(place < bench.heap + 0x1_0000);
}

fn i6_a_single_granule_is_absorbed() {
    for (granules, block) in [(0, 0x100), (1, 0x100), (2, 0xE0), (3, 0xD0)] {
        let bench = Bench::growable();
        let [place, _] = bench.allocs(0xF8);
        bench.free(place);
        let size = 0xF8 - granules * 16;
        assert_eq!(bench.alloc(size), place);
        assert_eq!(bench.block_bytes(place), block, "{granules} granules");
        let overhead = usize::from(bench.entry(place).cbOverhead);
        assert_eq!(overhead, block - size);
    }
}

fn i7_first_block() {
    let bench = Bench::growable();
    assert_eq!(bench.alloc(10), bench.heap + 0x720 + 16);
    // No last page is held back: a committed fixed heap has no range.
    let bench = Bench::fixed(0x1_0000);
    assert_eq!(bench.walk().len(), 2);
}

fn i8_descriptor_of_a_range() {
    let bench = Bench::growable();
    let free = bench.walk()[1];
    let first = 0x720;
    assert_eq!(free.lpData, bench.heap + first + 0x20);
    assert_eq!(free.cbData as usize, 0x1FC0 - (first + 0x20));
    // It is busy for the allocator, and no block for anyone else.
    let hidden = bench.heap + 0x2000 - 0x40 + 16;
    assert_eq!(bench.try_free(0, hidden), (false, ERROR_INVALID_PARAMETER));
    assert_eq!(bench.validate(hidden), (false, KEPT));
    // When the whole range is committed it goes.
    bench.alloc(0xF000 - 0x720);
    bench.alloc(0xFF0 - 0x8 - 0x10);
    assert_eq!(bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE), []);
}

fn i9_flags_of_a_header() {
    let numbered = [
        Header::BUSY,
        Header::EXTRA,
        Header::FILLED,
        Header::LARGE,
        Header::LAST,
    ];
    assert_eq!(numbered, [1, 2, 4, 8, 0x10]);
    let header = |bench: &Bench, place: usize| {
        let bytes = bench.bytes(place - 8, 8);
        Header(u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
    };
    let bench = Bench::growable();
    let [a, b, c] = [100, 40, 10].map(|size| bench.alloc(size));
    for (place, size, previous, unused) in [(a, 7, 0, 12), (b, 3, 7, 8), (c, 2, 3, 22)] {
        let header = header(&bench, place);
        assert!(header.is_valid());
        assert_eq!((header.size(), header.previous()), (size, previous));
        assert_eq!((header.flags(), header.unused()), (Header::BUSY, unused));
    }
    let large = bench.alloc(0x20_0000);
    assert!(header(&bench, large).has(Header::BUSY | Header::LARGE | Header::LAST));
    let bench = Bench::with(flagged(HEAP_FREE_CHECKING_ENABLED));
    let [place, _] = bench.allocs(100);
    assert_eq!(header(&bench, place).flags(), Header::BUSY | Header::EXTRA);
    bench.free(place);
    assert_eq!(header(&bench, place).flags(), Header::FILLED);
}

fn i11_broken_links_are_found_before_they_are_followed() {
    for size in [64, 0x900] {
        for at in [0, 4] {
            let bench = Bench::growable();
            let [a, guard, b, _] = [size, 64, size, 64].map(|size| bench.alloc(size));
            bench.free(a);
            bench.free(b);
            // A write after free hits a link of the block that is next to go.
            bench.flip(b + at, 1);
            let answer = bench.unchanged(|| bench.try_alloc(0, size));
            assert_eq!(answer, (0, ERROR_INVALID_PARAMETER), "{size:#x} {at}");
            // Nor is it joined with a neighbour.
            let answer = bench.unchanged(|| bench.try_free(0, guard));
            assert_eq!(answer, (false, ERROR_INVALID_PARAMETER), "{size:#x} {at}");
            bench.flip(b + at, 1);
            assert_eq!(bench.alloc(size), b);
        }
    }
}

fn g1_heap_flags_of_global_flags() {
    for (global, heap) in [
        (0, 0),
        (0x10, 0x20),
        (0x20, 0x40),
        (0x40, 0x4000_0060),
        (0x80, 0x2000_0060),
        (0x800, 0x0400_0000),
        (0x20_0000, 0x80),
        (0x200_0000, 0x0100_0000),
        (0x30, 0x60),
        (0x20_0010, 0xA0),
        (0x1000, 0),
    ] {
        let bench = Bench::global(global);
        assert_eq!(bench.flags(), 0x1002 | heap, "{global:#x}");
        assert_eq!(heap_flags_of(global), Flags(heap));
        let process_heap = bench.process.heap_of(bench.process.GetProcessHeap());
        let flags = process_heap.expect("the process heap").settings().flags;
        assert_eq!(flags.0, 2 | heap, "{global:#x}");
    }
}

fn g2_abbreviations() {
    let rows: Vec<(&str, u32)> = GLOBAL_FLAGS
        .iter()
        .map(|row| (row.abbreviation, row.bit))
        .collect();
    assert_eq!(
        rows,
        [
            ("htc", 0x10),
            ("hfc", 0x20),
            ("hpc", 0x40),
            ("hvc", 0x80),
            ("htg", 0x800),
            ("ust", 0x1000),
            ("htd", 0x8000),
            ("dhc", 0x20_0000),
            ("hpa", 0x200_0000),
        ]
    );
}

fn g3_tail_fill() {
    let bench = Bench::global(0x10);
    for size in [0, 1, 15, 16, 100] {
        let place = bench.alloc(size);
        assert_eq!(bench.bytes(place + size, 16), [0xAB; 16], "{size}");
    }
    let place = bench.alloc(200);
    bench.alloc(16);
    for size in [150, 149, 10, 60, 0] {
        // Shrinking, or growing over what shrinking left.
        let answer = bench.realloc(HEAP_REALLOC_IN_PLACE_ONLY, place, size);
        assert_eq!(answer, (place, KEPT), "{size}");
        assert_eq!(bench.bytes(place + size, 16), [0xAB; 16], "{size}");
        assert_eq!(bench.validate(place), (true, KEPT), "{size}");
    }
}

fn g4_fresh_fill() {
    let bench = Bench::global(0x20);
    for size in [4, 7, 24, 100, 1001] {
        let place = bench.alloc(size);
        let words = size & !3;
        let expected = [0x0D, 0xF0, 0xAD, 0xBA].into_iter().cycle();
        assert!(
            bench
                .bytes(place, words)
                .into_iter()
                .eq(expected.take(words)),
            "{size}"
        );
        let (zeroed, _) = bench.try_alloc(HEAP_ZERO_MEMORY, size);
        assert_eq!(bench.bytes(zeroed, size), vec![0; size]);
    }
}

fn g5_freed_fill() {
    let bench = Bench::global(0x20);
    let [_, place, _] = bench.allocs(200);
    bench.free(place);
    let hole = bench.holes()[0];
    assert_eq!(hole.lpData, place + 16);
    let expected = [0xEE, 0xFE, 0xEE, 0xFE].into_iter().cycle();
    let held = bench.bytes(place + 16, hole.cbData as usize);
    assert!(held.into_iter().eq(expected.take(hole.cbData as usize)));
    for at in [16, 17, 100, 16 + hole.cbData as usize - 1] {
        bench.flip(place + at, 0x40);
        assert_eq!(bench.validate(0), (false, KEPT), "{at}");
        bench.flip(place + at, 0x40);
        assert_eq!(bench.validate(0), (true, KEPT), "{at}");
    }
}

fn g6_damaged_tail() {
    // With tail checking alone only HeapValidate looks; with the validating flags every call about the block does.
    for (global, refused) in [(0x10, false), (0x40, true), (0x80, true)] {
        let bench = Bench::global(global);
        let [_, place, other, _] = bench.allocs(100);
        bench.flip(place + 100, 0xFF);
        assert_eq!(bench.validate(place), (false, KEPT));
        assert_eq!(bench.validate(0), (false, KEPT));
        let size = if refused { usize::MAX } else { 100 };
        assert_eq!(bench.size(place), (size, KEPT), "{global:#x}");
        if refused {
            let answer = bench.unchanged(|| bench.realloc(0, place, 90));
            assert_eq!(answer, (0, ERROR_INVALID_PARAMETER));
            let answer = bench.unchanged(|| bench.try_free(0, place));
            assert_eq!(answer, (false, ERROR_INVALID_PARAMETER));
        }
        // Validating all, calls about other blocks fail too.
        let all = global == 0x80;
        assert_eq!(bench.size(other).0, if all { usize::MAX } else { 100 });
        let (fresh, error) = bench.try_alloc(0, 10);
        assert_eq!(fresh == 0, all);
        assert_eq!(error, if all { ERROR_INVALID_PARAMETER } else { KEPT });
        bench.flip(place + 100, 0xFF);
        assert_eq!(bench.try_free(0, place), (true, KEPT));
    }
    let bench = Bench::global(0x10);
    let place = bench.alloc(100);
    bench.flip(place + 100, 0xFF);
    assert_eq!(bench.try_free(0, place), (true, KEPT));
}
