//! HeapSize and HeapValidate.

use heapwalk::api::*;
use heapwalk::heap::Options;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("Z1", z1_bytes_asked_for),
    Case("Z2", z2_failure),
    Case("V1", v1_whole_heap),
    Case("V2", v2_busy_block),
    Case("V3", v3_freed_block),
    Case("V4", v4_readable_but_no_block),
    Case("V5", v5_unmapped),
    Case("V6", v6_not_the_start_of_a_block),
    Case("V7", v7_every_structure_is_checked),
    Case("V8", v8_overrun_into_the_next_header),
];

fn z1_bytes_asked_for() {
    for flags in [0, 0x20, 0x40, 0x60, 0x6000_0060] {
        let bench = Bench::with(flagged(flags));
        for bytes in (0..100).chain([1000, 0xFFFF, 0xF_E000, 0x10_0000, 0x20_0003]) {
            let place = bench.alloc(bytes);
            assert_eq!(bench.size(place), (bytes, KEPT), "{flags:#x}");
        }
    }
}

fn z2_failure() {
    // Documented: HeapSize does not set the last error.
    let bench = Bench::growable();
    let [place, freed, _] = bench.allocs(64);
    bench.free(freed);
    let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0].lpData;
    for pointer in [
        0,
        place + 1,
        place + 16,
        freed,
        bench.heap,
        range,
        0xdead_be00,
    ] {
        let answer = bench.unchanged(|| bench.size(pointer));
        assert_eq!(answer, (usize::MAX, KEPT), "{pointer:#x}");
    }
}

fn v1_whole_heap() {
    for bench in [
        Bench::growable(),
        Bench::fixed(0x1_0000),
        Bench::buffer(0x1_0000),
    ] {
        assert_eq!(bench.validate(0), (true, KEPT));
        let blocks: [usize; 20] = bench.allocs(300);
        blocks
            .iter()
            .step_by(3)
            .for_each(|&block| bench.free(block));
        assert_eq!(bench.unchanged(|| bench.validate(0)), (true, KEPT));
    }
}

fn v2_busy_block() {
    let bench = Bench::growable();
    for bytes in [0, 64, 0x4_0000, 0x20_0000] {
        let place = bench.alloc(bytes);
        let answer = bench.unchanged(|| bench.validate(place));
        assert_eq!(answer, (true, KEPT), "{bytes:#x}");
    }
}

fn v3_freed_block() {
    let bench = Bench::growable();
    let [_, place, _] = bench.allocs(64);
    bench.free(place);
    assert_eq!(bench.validate(place), (false, KEPT));
}

fn v4_readable_but_no_block() {
    // Memory is known to be readable where some heap of the process has committed it.
    let bench = Bench::growable();
    let process_heap = bench.process.GetProcessHeap();
    let place = bench.alloc(64);
    for pointer in [
        bench.heap,
        bench.heap + 0x100,
        process_heap + 0x700,
        place - 16,
    ] {
        assert_eq!(bench.validate(pointer), (false, KEPT), "{pointer:#x}");
    }
}

fn v5_unmapped() {
    let bench = Bench::growable();
    let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0].lpData;
    for pointer in [0xdead_be00, 16, usize::MAX - 15, range, range + 0x1000] {
        let answer = bench.unchanged(|| bench.validate(pointer));
        assert_eq!(answer, (false, ERROR_NOACCESS), "{pointer:#x}");
    }
    // So are the pages of a large block that is gone.
    let large = bench.alloc(0x20_0000);
    bench.free(large);
    assert_eq!(bench.validate(large), (false, ERROR_NOACCESS));
}

fn v6_not_the_start_of_a_block() {
    let bench = Bench::growable();
    let other = bench.process.HeapCreate(0, 0, 0);
    let theirs = quiet(bench.process.HeapAlloc(other, 0, 64));
    let place = bench.alloc(64);
    for pointer in [place + 16, place + 32, place + 1, place + 8, theirs] {
        assert_eq!(bench.validate(pointer), (false, KEPT), "{pointer:#x}");
    }
}

/// A heap with a bit of everything: busy blocks, small and large holes, a second segment, a large block.
fn varied(flags: u32) -> (Bench, [usize; 9]) {
    let bench = Bench::with(Options {
        stamp: false,
        ..flagged(flags)
    });
    let blocks =
        [64, 64, 64, 0x1000, 64, 0x1000, 64, 0x4_0000, 0x20_0000].map(|size| bench.alloc(size));
    for nth in [1, 3, 5] {
        bench.free(blocks[nth]);
    }
    assert_eq!(bench.validate(0), (true, KEPT));
    (bench, blocks)
}

fn v7_every_structure_is_checked() {
    const WORD: usize = 8;
    let (bench, blocks) = varied(HEAP_FREE_CHECKING_ENABLED);
    let heap = bench.heap;
    let header = |place: usize| place - 8;
    let second = bench.regions()[1].lpData;
    let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0].lpData;
    // Words 2 and 3 of the bitmaps are those of the granules around the first block.
    let layout = bench.handle().layout();
    for (what, address) in [
        ("signature of the control block", heap + 4 * WORD),
        ("size of the space", heap + 5 * WORD),
        ("busy blocks", heap + 8 * WORD),
        ("busy granules", heap + 8 * WORD + 4),
        ("free blocks", heap + 9 * WORD),
        ("free granules", heap + 9 * WORD + 4),
        ("bytes requested", heap + 10 * WORD),
        ("committed pages", heap + 11 * WORD),
        ("large blocks", heap + 15 * WORD),
        ("first large block", heap + 16 * WORD),
        ("first segment", heap + 14 * WORD),
        ("last segment", heap + 14 * WORD + 4),
        ("last large block", heap + 16 * WORD + 4),
        ("ranges", heap + 18 * WORD),
        ("unmerged pairs", heap + 20 * WORD),
        ("bits of lists", heap + 21 * WORD),
        ("bits of tree bins", heap + 23 * WORD + 1),
        ("bits of range classes", heap + 24 * WORD),
        ("size of a busy block", header(blocks[2])),
        ("previous size of a busy block", header(blocks[2]) + 3),
        ("flags of a busy block", header(blocks[2]) + 5),
        ("unused bytes of a busy block", header(blocks[2]) + 6),
        ("check of a busy block", header(blocks[2]) + 7),
        ("header of a small hole", header(blocks[1])),
        ("links of a small hole", blocks[1]),
        ("links of a large hole", blocks[3]),
        ("children of a large hole", blocks[5] + 8),
        ("fill of a hole", blocks[3] + 0x100),
        ("header of the range's descriptor", range - 56),
        ("pages of the range", range - 40),
        ("signature of the second segment", second),
        ("committed pages of the second segment", second + 3 * WORD),
        ("header of a large block", header(blocks[8])),
        ("owner of a unit", heap + layout.unit_map * WORD + WORD),
        (
            "committed pages of a unit",
            heap + layout.unit_map * WORD + 4,
        ),
        ("starts of blocks", heap + layout.bits * WORD + 16 + 7),
        ("busy bits", heap + layout.bits * WORD + 16 + 15),
    ] {
        bench.flip(address, 1);
        let answer = bench.unchanged(|| bench.validate(0));
        assert_eq!(answer, (false, KEPT), "{what}");
        bench.flip(address, 1);
        assert_eq!(bench.validate(0), (true, KEPT), "{what} put right");
    }
    // The end of the units in use: one that is too low hides regions.
    let end = (bench.summary().cbReserved / 0x1_0000) as u8 + 1;
    for bits in [end, end & end.wrapping_neg()] {
        bench.flip(heap + 19 * WORD + 4, bits);
        assert_eq!(bench.validate(0), (false, KEPT), "{end} units");
        bench.flip(heap + 19 * WORD + 4, bits);
    }
}

fn v8_overrun_into_the_next_header() {
    let bench = Bench::growable();
    let [_, place, next, far, _] = bench.allocs(16);
    bench.fill(place + 16 + 8, 2, 0xEE);
    for (block, sound) in [(place, false), (next, false), (far, false)] {
        assert_eq!(bench.validate(block), (sound, KEPT));
    }
    assert_eq!(bench.validate(0), (false, KEPT));
    // The eight bytes before that are slack.
    let bench = Bench::growable();
    let [place, _] = bench.allocs(16);
    bench.fill(place + 16, 8, 0xEE);
    assert_eq!(bench.validate(0), (true, KEPT));
}
