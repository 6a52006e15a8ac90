//! HeapWalk.

use heapwalk::api::*;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("W1", w1_start),
    Case("W2", w2_end),
    Case("W3", w3_order),
    Case("W3", w3_blocks_tile_their_segments),
    Case("W4", w4_three_entries_of_a_fresh_heap),
    Case("W5", w5_region),
    Case("W6", w6_free),
    Case("W7", w7_uncommitted),
    Case("W8r", w8r_busy),
    Case("W9", w9_large),
    Case("W10", w10_neither_moveable_nor_shared),
    Case("W12", w12_bad_entries),
    Case("W13", w13_blocks_freed_on_the_way),
    Case("W13", w13_a_damaged_heap_ends_the_walk),
    Case("W14", w14_size_of_an_entry),
];

const REGION: u16 = PROCESS_HEAP_REGION;
const RANGE: u16 = PROCESS_HEAP_UNCOMMITTED_RANGE;
const BUSY: u16 = PROCESS_HEAP_ENTRY_BUSY;

/// An entry as tests of Windows fill it before the walk.
fn garbage() -> PROCESS_HEAP_ENTRY {
    PROCESS_HEAP_ENTRY {
        lpData: 0,
        cbData: 0xCDCD_CDCD,
        cbOverhead: 0xCD,
        iRegionIndex: 0xCD,
        wFlags: 0xCDCD,
        Region: PROCESS_HEAP_REGION_BLOCK {
            dwCommittedSize: 0xCDCD_CDCD,
            dwUnCommittedSize: 0xCDCD_CDCD,
            lpFirstBlock: 0xCDCD,
            lpLastBlock: 0xCDCD,
        },
    }
}

fn step(bench: &Bench, entry: &mut PROCESS_HEAP_ENTRY) -> (bool, u32) {
    told(|| bench.process.HeapWalk(bench.heap, Some(entry)))
}

fn w1_start() {
    let bench = Bench::growable();
    bench.alloc(100);
    let mut entry = garbage();
    let mut found = Vec::new();
    while step(&bench, &mut entry) == (true, KEPT) {
        found.push(entry);
    }
    assert_eq!(found, bench.walk());
    assert_eq!(found[0].lpData, bench.heap);
}

fn w2_end() {
    let bench = Bench::growable();
    for large in [false, true] {
        if large {
            bench.alloc(0x20_0000);
        }
        let mut entry = *bench.walk().last().expect("some entry");
        for _ in 0..3 {
            let answer = bench.unchanged(|| step(&bench, &mut entry));
            assert_eq!(answer, (false, ERROR_NO_MORE_ITEMS));
        }
    }
}

fn w3_order() {
    let bench = Bench::growable();
    let [small, second, third] = [100, 0x8_0000, 0xC_0000].map(|size| bench.alloc(size));
    // Large blocks: the newest takes the lowest addresses that are free, and yet comes last.
    let gap = bench.alloc(0x20_0000);
    let kept = bench.alloc(0x20_0000);
    bench.free(gap);
    let newest = bench.alloc(0x10_0000);
    assert!(newest < kept);
    let kinds: Vec<(u16, u8)> = bench
        .walk()
        .iter()
        .map(|entry| (entry.wFlags, entry.iRegionIndex))
        .collect();
    assert_eq!(
        kinds,
        [
            (REGION, 0),
            (BUSY, 0),
            (0, 0),
            (RANGE, 0),
            (REGION, 1),
            (BUSY, 1),
            (0, 1),
            (RANGE, 1),
            (REGION, 2),
            (BUSY, 2),
            (0, 2),
            (RANGE, 2),
            (BUSY, 64),
            (BUSY, 64),
        ]
    );
    let busy: Vec<usize> = bench.busy().iter().map(|entry| entry.lpData).collect();
    assert_eq!(busy, [small, second, third, kept, newest]);
}

fn w3_blocks_tile_their_segments() {
    let bench = Bench::growable();
    let blocks: Vec<usize> = (0..400).map(|nth| bench.alloc(nth * 37 % 2000)).collect();
    for (nth, &block) in blocks.iter().enumerate() {
        if nth % 25 < 20 {
            bench.free(block);
        }
    }
    assert_eq!(bench.process._heapmin(), 0);
    let mut next = 0;
    let mut ranges = 0;
    for entry in bench.walk() {
        let (start, bytes) = match entry.wFlags {
            REGION => {
                next = entry.lpData + entry.cbData as usize;
                continue;
            }
            RANGE => {
                ranges += 1;
                // The 64 bytes of the descriptor, or 80, which the walk does not tell of.
                assert!(
                    matches!(entry.lpData - next, 64 | 80),
                    "{:#x}",
                    entry.lpData - next
                );
                (entry.lpData, entry.cbData as usize)
            }
            BUSY => (entry.lpData - 16, bytes_of(&entry)),
            _ => (entry.lpData - 32, bytes_of(&entry)),
        };
        if entry.wFlags != RANGE {
            assert_eq!(start, next);
        }
        next = start + bytes;
    }
    assert!(ranges > 1, "heapmin left holes in the segments");
}

fn w4_three_entries_of_a_fresh_heap() {
    let flags: Vec<u16> = Bench::growable()
        .walk()
        .iter()
        .map(|entry| entry.wFlags)
        .collect();
    assert_eq!(flags, [REGION, 0, RANGE]);
}

fn w5_region() {
    let bench = Bench::growable();
    let region = bench.walk()[0];
    assert_eq!(region.lpData, bench.heap);
    assert!(region.cbData <= 0x1000);
    assert_eq!((region.cbOverhead, region.iRegionIndex), (0, 0));
    assert_eq!(region.Region.dwCommittedSize, 0x2000);
    assert_eq!(region.Region.dwUnCommittedSize, 0xE000);
    assert_eq!(
        region.Region.lpFirstBlock,
        region.lpData + region.cbData as usize + 16
    );
    let range = bench.walk()[2];
    assert_eq!(
        region.Region.lpLastBlock,
        range.lpData + range.cbData as usize
    );
    // The first block is where it says.
    assert_eq!(bench.alloc(10), region.Region.lpFirstBlock);
}

fn w6_free() {
    let bench = Bench::growable();
    let [_, small, _, larger, _] = [100, 24, 100, 200, 100].map(|size| bench.alloc(size));
    bench.free(small);
    bench.free(larger);
    for (hole, place, bytes) in [(0, small, 0x20), (1, larger, 0xD0)] {
        let entry = bench.holes()[hole];
        assert_eq!((entry.wFlags, entry.cbOverhead), (0, 32));
        assert_eq!((entry.lpData, bytes_of(&entry)), (place + 16, bytes));
    }
}

fn w7_uncommitted() {
    let bench = Bench::growable();
    let [region, free, range] = bench.walk()[..] else {
        panic!("three entries");
    };
    let committed = region.Region.dwCommittedSize as usize;
    assert_eq!(range.lpData, bench.heap + committed);
    assert_eq!(range.lpData, free.lpData + free.cbData as usize + 64);
    // No last page is held back here: a fixed heap's overhead (B9) decides.
    assert_eq!(range.cbData, region.Region.dwUnCommittedSize);
    assert_eq!(range.cbOverhead, 0);
}

fn w8r_busy() {
    for flags in [0, 0x20, 0x40, 0x60, 0x4000_0060] {
        let bench = Bench::with(flagged(flags));
        let blocks: Vec<(usize, usize)> = (0..300).map(|size| (bench.alloc(size), size)).collect();
        let entries = bench.busy();
        assert_eq!(entries.len(), blocks.len());
        for (entry, (place, size)) in entries.iter().zip(&blocks) {
            assert_eq!((entry.lpData, entry.cbData as usize), (*place, *size));
            assert_eq!(entry.wFlags, 4);
        }
        for pair in entries.windows(2) {
            assert_eq!(pair[0].lpData + bytes_of(&pair[0]), pair[1].lpData);
        }
    }
}

fn w9_large() {
    let bench = Bench::growable();
    let place = bench.alloc(0x12_3456);
    let entry = *bench.walk().last().expect("an entry");
    assert_eq!(entry.lpData, place);
    assert_eq!((entry.wFlags, entry.iRegionIndex), (BUSY, 64));
    assert_eq!((entry.cbData, entry.cbOverhead), (0x12_3456, 0));
}

fn w10_neither_moveable_nor_shared() {
    let bench = Bench::growable();
    for size in [0, 100, 0x4_0000, 0x20_0000] {
        bench.alloc(size);
    }
    let never = PROCESS_HEAP_ENTRY_MOVEABLE | PROCESS_HEAP_ENTRY_DDESHARE;
    assert_eq!(never, 0x30);
    let entries = bench.walk();
    assert!(entries.iter().all(|entry| entry.wFlags & never == 0));
    // No handle either, where the documentation has one.
    let blocks = entries.iter().filter(|entry| entry.wFlags == BUSY);
    assert!(
        blocks
            .clone()
            .all(|entry| entry.Region == PROCESS_HEAP_REGION_BLOCK::default())
    );
    assert_eq!(blocks.count(), 4);
}

fn w12_bad_entries() {
    let bench = Bench::growable();
    let [place, _] = bench.allocs(64);
    let null = told(|| bench.process.HeapWalk(bench.heap, None));
    assert_eq!(null, (false, ERROR_INVALID_PARAMETER));
    for (pointer, flags) in [
        (place + 1, BUSY),
        (place + 16, BUSY),
        (place, REGION),
        (place, RANGE),
        (bench.heap, BUSY),
        (bench.heap, 0),
        (bench.heap + 0x1_0000, REGION),
        (bench.heap + 0x1_0000, RANGE),
        (bench.heap + 0x8000, BUSY),
        (bench.heap - 16, BUSY),
        (0xdead_be00, BUSY),
        (0xdead_be00, 0),
        (usize::MAX, REGION),
    ] {
        let mut entry = PROCESS_HEAP_ENTRY {
            lpData: pointer,
            wFlags: flags,
            ..garbage()
        };
        let before = entry;
        let answer = bench.unchanged(|| step(&bench, &mut entry));
        assert_eq!(
            answer,
            (false, ERROR_INVALID_PARAMETER),
            "{pointer:#x} {flags}"
        );
        assert_eq!(entry, before);
    }
}

fn w13_blocks_freed_on_the_way() {
    for flags in [0, HEAP_DISABLE_COALESCE_ON_FREE] {
        for skip in [1, 2, 3] {
            let bench = Bench::with(flagged(flags));
            let blocks: Vec<usize> = (0..300).map(|nth| bench.alloc(nth * 7)).collect();
            let mut entry = PROCESS_HEAP_ENTRY::default();
            let mut met = Vec::new();
            while step(&bench, &mut entry).0 {
                if entry.wFlags == BUSY {
                    if met.len() % skip == 0 {
                        bench.free(entry.lpData);
                    }
                    met.push(entry.lpData);
                }
            }
            assert_eq!(GetLastError(), ERROR_NO_MORE_ITEMS);
            assert_eq!(met, blocks, "every block once, in order");
            assert_eq!(bench.validate(0), (true, KEPT));
        }
    }
}

fn w13_a_damaged_heap_ends_the_walk() {
    // Whatever byte is damaged, the walk ends, and tells of the end or of the damage.
    let bench = Bench::growable();
    let blocks: [usize; 4] = bench.allocs(64);
    bench.free(blocks[1]);
    let seconds = [0x8_0000, 0xC_0000, 0x20_0000, 0x20_0000].map(|size| bench.alloc(size));
    let most = bench.walk().len() + 4;
    let segments = bench
        .regions()
        .into_iter()
        .map(|region| region.lpData..region.lpData + 0x40);
    let control = bench.heap..bench.heap + 25 * 8;
    let headers = blocks
        .into_iter()
        .chain(seconds)
        .map(|place| place - 0x40..place + 16);
    for range in segments.chain([control]).chain(headers) {
        for address in range {
            for bits in [1, 0x80, 0xFF] {
                bench.flip(address, bits);
                let mut entry = PROCESS_HEAP_ENTRY::default();
                let mut steps = 0;
                let error = loop {
                    match step(&bench, &mut entry) {
                        (true, _) => steps += 1,
                        (false, error) => break error,
                    }
                    assert!(steps <= most, "{address:#x}: the walk goes round and round");
                };
                assert!(matches!(
                    error,
                    ERROR_NO_MORE_ITEMS | ERROR_INVALID_PARAMETER
                ));
                bench.flip(address, bits);
            }
        }
    }
    // A header that makes no sense is told as such.
    bench.flip(blocks[2] - 8, 1);
    let mut entry = PROCESS_HEAP_ENTRY::default();
    while step(&bench, &mut entry).0 {}
    assert_eq!(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_eq!(entry.lpData, blocks[1] + 16);
}

fn w14_size_of_an_entry() {
    assert_eq!(size_of::<PROCESS_HEAP_ENTRY>(), 40);
}
