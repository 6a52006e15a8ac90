//! HeapReAlloc.

use heapwalk::api::*;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("R1", r1_null),
    Case("R2", r2_to_nothing),
    Case("R3", r3_impossible_sizes),
    Case("R4", r4_in_place_beside_a_busy_block),
    Case("R5", r5_in_place_over_a_free_block),
    Case("R5", r5_in_place_over_uncommitted_memory),
    Case("R6", r6_shrinking),
    Case("R7", r7_contents),
    Case("R8", r8_large_blocks_keep_their_place),
    Case("R9", r9_blocks_of_a_segment_shrink_and_grow_again),
    Case("R11", r11_freed),
];

const IN_PLACE: u32 = HEAP_REALLOC_IN_PLACE_ONLY;

fn r1_null() {
    let bench = Bench::growable();
    for heap in [bench.heap, 0] {
        let call = || {
            bench
                .process
                .HeapReAlloc(heap, HEAP_GENERATE_EXCEPTIONS, 0, 100)
        };
        assert_eq!(bench.unchanged(|| told(call)), (Ok(0), NO_ERROR));
    }
}

fn r2_to_nothing() {
    let bench = Bench::growable();
    let place = bench.alloc(100);
    let (moved, error) = bench.realloc(0, place, 0);
    assert_ne!(moved, 0);
    assert_eq!(error, KEPT);
    assert_eq!(bench.size(moved), (0, KEPT));
}

fn r3_impossible_sizes() {
    let bench = Bench::growable();
    for place in [bench.alloc(100), bench.alloc(0x20_0000)] {
        for bytes in [usize::MAX, usize::MAX - 7, usize::MAX - 64, 1 << 40] {
            let answer = bench.unchanged(|| bench.realloc(0, place, bytes));
            assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY), "{bytes:#x}");
        }
        assert_eq!(bench.validate(place), (true, KEPT));
    }
}

fn r4_in_place_beside_a_busy_block() {
    let bench = Bench::growable();
    let [place, _] = bench.allocs(64);
    for bytes in [73, 100, 0x1000, 0x20_0000] {
        let answer = bench.unchanged(|| bench.realloc(IN_PLACE, place, bytes));
        assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY), "{bytes:#x}");
    }
    // Within the block's own slack there is room.
    assert_eq!(bench.realloc(IN_PLACE, place, 72), (place, KEPT));
}

fn r5_in_place_over_a_free_block() {
    // A remainder of up to two granules is absorbed, one of three stays free.
    for (rest, block) in [(0, 0x100), (1, 0x100), (2, 0x100), (3, 0xD0), (4, 0xC0)] {
        let bench = Bench::growable();
        let [place, hole, _] = bench.allocs(0x78);
        bench.free(hole);
        let holes = bench.holes().len();
        let bytes = 0xF8 - rest * 16;
        assert_eq!(bench.realloc(IN_PLACE, place, bytes), (place, KEPT));
        assert_eq!(bench.size(place), (bytes, KEPT));
        assert_eq!(bench.block_bytes(place), block, "{rest} granules");
        let left = usize::from(rest > 2);
        assert_eq!(bench.holes().len(), holes - 1 + left, "{rest} granules");
        assert_eq!(bench.validate(0), (true, KEPT));
    }
    // Too small a hole does not help.
    let bench = Bench::growable();
    let [place, hole, _] = bench.allocs(0x78);
    bench.free(hole);
    let answer = bench.unchanged(|| bench.realloc(IN_PLACE, place, 0xF9));
    assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY));
}

fn r5_in_place_over_uncommitted_memory() {
    for maximum in [0, 0x4_0000] {
        let bench = Bench::of(process(), 0, 0, maximum);
        let place = bench.alloc(64);
        let before = bench.summary().cbCommitted;
        assert_eq!(bench.realloc(IN_PLACE, place, 0x8000), (place, KEPT));
        assert!(bench.summary().cbCommitted >= before + 0x6000);
        assert_eq!(bench.validate(0), (true, KEPT));
        // To the very end of the segment, and not a byte further.
        let reserved = bench.summary().cbReserved;
        let most = reserved - 0x720 - 16 - 8;
        let beyond = bench.unchanged(|| bench.realloc(IN_PLACE, place, most + 1));
        assert_eq!(beyond, (0, ERROR_NOT_ENOUGH_MEMORY));
        assert_eq!(bench.realloc(IN_PLACE, place, most), (place, KEPT));
        assert_eq!(bench.summary().cbCommitted, reserved);
        assert_eq!(bench.validate(0), (true, KEPT));
    }
    // With no memory left to commit the block stays as it is.
    let bench = Bench::growable();
    let place = bench.alloc(64);
    bench.process.limit().set_limit(0);
    let answer = bench.unchanged(|| bench.realloc(IN_PLACE, place, 0x8000));
    assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY));
}

fn r6_shrinking() {
    for (granules, block) in [(0, 0x100), (1, 0x100), (2, 0xE0), (3, 0xD0)] {
        let bench = Bench::growable();
        let [place, _] = bench.allocs(0xF8);
        let bytes = 0xF8 - granules * 16;
        assert_eq!(bench.realloc(0, place, bytes), (place, KEPT));
        assert_eq!(bench.size(place), (bytes, KEPT));
        assert_eq!(bench.block_bytes(place), block, "{granules} granules");
        assert_eq!(bench.validate(0), (true, KEPT));
    }
    // The tail joins the hole behind.
    let bench = Bench::growable();
    let [place, hole, _] = bench.allocs(0xF8);
    bench.free(hole);
    let holes = bench.holes();
    assert_eq!(bench.realloc(0, place, 0x78), (place, KEPT));
    let after = bench.holes();
    assert_eq!(after.len(), holes.len());
    assert_eq!(after[0].lpData, holes[0].lpData - 0x80);
    assert_eq!(after[0].cbData, holes[0].cbData + 0x80);
}

fn r7_contents() {
    for (old, new) in [
        (10, 20),
        (24, 25),
        (100, 5000),
        (5000, 0x3_0000),
        (100, 0x20_0000),
        (0x20_0000, 0x30_0001),
        (0x20_0001, 100),
        (5000, 33),
    ] {
        for (zero, guard) in [(0, true), (8, true), (8, false)] {
            let bench = Bench::growable();
            let place = bench.alloc(old);
            // With a busy block behind it, it has to move.
            if guard {
                bench.alloc(16);
            }
            bench.fill(place, old, 0x5A);
            let (moved, error) = bench.realloc(zero, place, new);
            assert_eq!(error, KEPT);
            let kept = old.min(new);
            let held = bench.bytes(moved, new);
            assert!(
                held[..kept].iter().all(|&byte| byte == 0x5A),
                "{old} to {new}"
            );
            if zero != 0 {
                assert!(held[kept..].iter().all(|&byte| byte == 0), "{old} to {new}");
            }
            assert_eq!(bench.size(moved), (new, KEPT));
            assert_eq!(bench.validate(0), (true, KEPT));
        }
    }
}

fn r8_large_blocks_keep_their_place() {
    let bench = Bench::growable();
    let place = bench.alloc(0x10_0000);
    let before = bench.summary().cbCommitted;
    assert_eq!(bench.realloc(IN_PLACE, place, 0x6_0000), (place, KEPT));
    assert_eq!(bench.size(place), (0x6_0000, KEPT));
    // Its pages went back, so that it cannot grow again where it stands.
    assert_eq!(bench.summary().cbCommitted, before - 0xA_0000);
    let answer = bench.unchanged(|| bench.realloc(IN_PLACE, place, 0x8_0000));
    assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY));
    assert_eq!(bench.validate(0), (true, KEPT));
}

fn r9_blocks_of_a_segment_shrink_and_grow_again() {
    for first in [0x4_0000, 0xC_0000] {
        let bench = Bench::of(process(), 0, 0x20_0000, 0);
        let place = bench.alloc(first);
        for bytes in [0x6_0000, 0x8_0000] {
            let answer = bench.realloc(IN_PLACE, place, bytes);
            assert_eq!(answer, (place, KEPT), "{first:#x}");
        }
    }
}

fn r11_freed() {
    let bench = Bench::growable();
    let [place, _] = bench.allocs(64);
    let large = bench.alloc(0x20_0000);
    for place in [place, large] {
        bench.free(place);
        let answer = bench.unchanged(|| bench.realloc(0, place, 100));
        assert_eq!(answer, (0, ERROR_INVALID_PARAMETER));
    }
}
