//! HeapAlloc; large blocks and fixed-size heaps.

use heapwalk::api::*;
use heapwalk::heap::Options;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("A1", a1_size_zero),
    Case("A2", a2_alignment),
    Case("A3", a3_footprint),
    Case("A4", a4_footprint_under_debug_flags),
    Case("A5", a5_the_header_overlaps_the_block_before),
    Case("A6", a6_zeroed_on_request),
    Case("A7", a7_impossible_sizes),
    Case("A8", a8_failure_sets_the_last_error),
    Case("A9", a9_exceptions),
    Case("A10", a10_a_call_cannot_switch_a_heap_flag_off),
    Case("A11", a11_two_gigabytes_and_more),
    Case("B1", b1_threshold),
    Case("B2", b2_in_the_segment_below),
    Case("B3", b3_just_below),
    Case("B4", b4_a_region_of_its_own),
    Case("B6", b6_largest_block_of_a_fixed_heap),
    Case("B7", b7_a_megabyte_in_a_fixed_heap),
    Case("B8", b8_large_reallocations_in_a_fixed_heap),
    Case("B9", b9_overhead_of_a_fixed_heap),
];

const LARGE_REGION: u8 = 64;

fn a1_size_zero() {
    let bench = Bench::growable();
    let mut blocks: [usize; 10] = bench.allocs(0);
    for block in blocks {
        assert_eq!(bench.size(block), (0, KEPT));
    }
    blocks.sort_unstable();
    assert!(blocks.is_sorted_by(|a, b| a < b), "distinct");
}

fn a2_alignment() {
    let bench = Bench::growable();
    let blocks: Vec<usize> = (0..200).map(|size| bench.alloc(size)).collect();
    assert!(blocks.iter().all(|block| block % 16 == 0));
    assert!(blocks.iter().any(|block| block % 32 == 16));
    let large: [usize; 3] = bench.allocs(0x10_0000);
    assert!(large.iter().all(|block| block % 64 == 0));
}

/// Addresses between two blocks of `bytes` allocated one after the other.
fn step(bench: &Bench, flags: u32, bytes: usize) -> usize {
    let [a, b] = [(); 2].map(|()| bench.try_alloc(flags, bytes).0);
    b - a
}

fn a3_footprint() {
    for bytes in 0..=0x200usize {
        let expected = (bytes.max(16) + 8).next_multiple_of(16);
        let bench = Bench::fixed(0x1000);
        assert_eq!(step(&bench, 0, bytes), expected, "{bytes}");
    }
    for (bytes, expected) in [(0, 0x20), (24, 0x20), (25, 0x30), (40, 0x30), (0xF0, 0x100)] {
        assert_eq!(step(&Bench::fixed(0x1000), 0, bytes), expected, "{bytes}");
    }
}

fn a4_footprint_under_debug_flags() {
    // Heap flags by the process's global flags, call flags, bytes beside what is asked for.
    for (global, call, extra) in [
        (0, 0, 8),
        (0x10, 0, 32),
        (0x20, 0, 16),
        (0x30, 0, 32),
        (0x40, 0, 48),
        (0x80, 0, 48),
        (0, HEAP_TAIL_CHECKING_ENABLED, 32),
        (0, HEAP_FREE_CHECKING_ENABLED, 16),
        (
            0,
            HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED,
            32,
        ),
    ] {
        for bytes in [0usize, 1, 8, 16, 17, 24, 32, 33, 100, 0xF0] {
            let bench = Bench::global(global);
            let expected = (bytes.max(16) + extra).next_multiple_of(16);
            let found = step(&bench, call, bytes);
            assert_eq!(found, expected, "{global:#x} {call:#x} {bytes}");
            assert_eq!(bench.validate(0), (true, KEPT));
        }
    }
}

fn a5_the_header_overlaps_the_block_before() {
    let bench = Bench::growable();
    let [a, b] = bench.allocs(24);
    assert_eq!(b - a, 0x20);
    // The block may use all up to the header word, which is the second half of the next block's first 16 bytes.
    bench.fill(a, 24, 0xFF);
    assert_eq!(bench.validate(0), (true, KEPT));
    bench.flip(a + 24, 1);
    assert_eq!(bench.validate(0), (false, KEPT));
    assert_eq!(a + 24, b - 8);
}

fn a6_zeroed_on_request() {
    for bytes in [1, 15, 24, 100, 5000, 0x10_0000, 0x20_0001] {
        for zero in [0, HEAP_ZERO_MEMORY] {
            let bench = Bench::growable();
            let dirty = bench.alloc(bytes);
            bench.fill(dirty, bytes, 0xEE);
            bench.free(dirty);
            let (place, error) = bench.try_alloc(zero, bytes);
            assert_eq!(error, KEPT);
            let is_large = bench.entry(place).iRegionIndex == LARGE_REGION;
            let is_zero = bench.bytes(place, bytes).iter().all(|&byte| byte == 0);
            assert_eq!(is_zero, zero != 0 || is_large, "{bytes:#x}");
        }
    }
}

fn a7_impossible_sizes() {
    for heap in [Bench::growable(), Bench::fixed(0x1_0000)] {
        for bytes in [
            usize::MAX,
            usize::MAX - 7,
            usize::MAX - 64,
            1 << 63,
            1 << 40,
        ] {
            let answer = heap.unchanged(|| heap.try_alloc(0, bytes));
            assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY), "{bytes:#x}");
        }
    }
}

fn a8_failure_sets_the_last_error() {
    let full = Bench::fixed(0x4000);
    assert_eq!(
        full.unchanged(|| full.try_alloc(0, 0x4000)),
        (0, ERROR_NOT_ENOUGH_MEMORY)
    );
    assert_eq!(full.try_alloc(0, 0x100).1, KEPT);
    // The commit limit.
    let bench = Bench::growable();
    let limit = bench.process.limit();
    limit.set_limit(limit.used());
    for bytes in [0x4000, 0x8_0000, 0x10_0000] {
        let answer = bench.unchanged(|| bench.try_alloc(0, bytes));
        assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY), "{bytes:#x}");
    }
    assert_eq!(bench.try_alloc(0, 0x100).1, KEPT);
    assert_eq!(limit.used(), limit.limit());
}

fn a9_exceptions() {
    let raising = HEAP_GENERATE_EXCEPTIONS;
    for (options, call) in [(raising, 0), (0, raising), (raising, raising)] {
        let bench = Bench::of(process(), options, 0x1_0000, 0x1_0000);
        let alloc = |bytes| told(|| bench.process.HeapAlloc(bench.heap, call, bytes));
        let no_memory = Exception {
            code: 0xC000_0017,
            name: "STATUS_NO_MEMORY",
        };
        assert_eq!(bench.unchanged(|| alloc(0x1_0000)), (Err(no_memory), KEPT));
        assert_eq!(alloc(usize::MAX), (Err(no_memory), KEPT));
        let place = quiet(alloc(100).0);
        let realloc = |bytes| told(|| bench.process.HeapReAlloc(bench.heap, call, place, bytes));
        assert_eq!(
            bench.unchanged(|| realloc(0x1_0000)),
            (Err(no_memory), KEPT)
        );
        // The block in question and its neighbour are damaged.
        let violation = Exception {
            code: 0xC000_0005,
            name: "STATUS_ACCESS_VIOLATION",
        };
        bench.flip(bench.holes()[0].lpData - 24, 1);
        assert_eq!(bench.unchanged(|| alloc(100)), (Err(violation), KEPT));
        assert_eq!(bench.unchanged(|| realloc(200)), (Err(violation), KEPT));
        // HeapFree and HeapSize know no such flag.
        let free = |place| told(|| bench.process.HeapFree(bench.heap, call, place));
        assert_eq!(free(place + 16), (Ok(false), ERROR_INVALID_PARAMETER));
        assert_eq!(bench.size(place + 16), (usize::MAX, KEPT));
    }
    let bench = Bench::fixed(0x1_0000);
    bench.flip(bench.holes()[0].lpData - 24, 1);
    assert_eq!(bench.try_alloc(0, 100), (0, ERROR_INVALID_PARAMETER));
}

fn a10_a_call_cannot_switch_a_heap_flag_off() {
    // Not serialised: no call takes the lock.
    let bench = Bench::of(process(), HEAP_NO_SERIALIZE, 0, 0);
    let place = bench.alloc(10);
    bench.free(place);
    let stats = bench.handle().stats();
    assert_eq!((stats.lock.taken, stats.skipped), (0, 2));
    // Tail checking: blocks have a tail whatever the call says.
    let bench = Bench::with(flagged(HEAP_TAIL_CHECKING_ENABLED));
    let place = bench.alloc(10);
    assert_eq!(bench.bytes(place + 10, 16), [0xAB; 16]);
}

fn a11_two_gigabytes_and_more() {
    let process = process_with(16 << 30, 0);
    let options = Options {
        stamp: false,
        ..Options::default()
    };
    let heap = process.create_with(&options).expect("room for a heap");
    let bench = Bench { process, heap };
    for bytes in [0x7FFF_FFFF, 0x8000_0000, 0x1_0000_0001] {
        let (place, error) = bench.try_alloc(0, bytes);
        assert_eq!((place == 0, error), (false, KEPT), "{bytes:#x}");
        assert_eq!(bench.size(place), (bytes, KEPT));
        bench.free(place);
    }
    let answer = bench.try_alloc(0, 17 << 30);
    assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY));
}

fn b1_threshold() {
    for (bytes, is_large) in [
        (0xFE_FF7, false),
        (0xFE_FF8, false),
        (0xFE_FF9, true),
        (0xFF_000, true),
    ] {
        let bench = Bench::growable();
        let place = bench.alloc(bytes);
        let index = bench.entry(place).iRegionIndex;
        assert_eq!(index == LARGE_REGION, is_large, "{bytes:#x}");
    }
}

fn b2_in_the_segment_below() {
    for bytes in [0xF_0000, 0xF_CFF0, 0xF_D000usize] {
        let bench = Bench::growable();
        let place = bench.alloc(bytes);
        let entry = bench.entry(place);
        assert_ne!(entry.iRegionIndex, LARGE_REGION);
        assert_eq!(bytes_of(&entry), (bytes + 8).next_multiple_of(16));
        // And it lies within its segment.
        let inside = |region: &PROCESS_HEAP_ENTRY| {
            region.lpData < place && place + bytes <= region.Region.lpLastBlock
        };
        assert_eq!(
            bench
                .regions()
                .iter()
                .filter(|region| inside(region))
                .count(),
            1
        );
    }
}

fn b3_just_below() {
    // Windows is inconsistent here; heapwalk keeps to B1.
    let bench = Bench::growable();
    let place = bench.alloc(0xF_E000);
    assert_eq!(bench.size(place), (0xF_E000, KEPT));
    assert_ne!(bench.entry(place).iRegionIndex, LARGE_REGION);
}

fn b4_a_region_of_its_own() {
    for flags in [0, HEAP_TAIL_CHECKING_ENABLED] {
        for bytes in [0xF_F000, 0x10_0000, 0x30_0001] {
            let bench = Bench::with(flagged(flags));
            let place = bench.alloc(bytes);
            assert_eq!(place % 64, 0);
            let entry = bench.entry(place);
            assert_eq!(entry.iRegionIndex, LARGE_REGION);
            assert_eq!((entry.cbData as usize, entry.cbOverhead), (bytes, 0));
            // Zeroed, and never tail-filled.
            let held = bench.bytes(place, bytes + 16);
            assert!(held.iter().all(|&byte| byte == 0), "{bytes:#x}");
            let committed = bench.summary().cbCommitted;
            bench.free(place);
            assert_eq!(bench.busy(), []);
            let pages = (bytes + 64).next_multiple_of(0x1000);
            assert_eq!(bench.summary().cbCommitted, committed - pages);
        }
    }
}

fn b6_largest_block_of_a_fixed_heap() {
    for maximum in [0x40_0000, 0x100_0000] {
        let bench = Bench::of(process(), 0, 0, maximum);
        assert_ne!(bench.try_alloc(0, 0xFE_FF8).0, 0);
        let answer = bench.unchanged(|| bench.try_alloc(0, 0xFE_FF9));
        assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY));
        assert_eq!(bench.try_alloc(0, 0x7_FFF8).1, KEPT);
    }
}

fn b7_a_megabyte_in_a_fixed_heap() {
    let bench = Bench::of(process(), 0, 0, 0x20_0000);
    assert_eq!(bench.try_alloc(0, 0x10_0000), (0, ERROR_NOT_ENOUGH_MEMORY));
}

fn b8_large_reallocations_in_a_fixed_heap() {
    let bench = Bench::of(process(), 0, 0, 0x20_0000);
    let place = bench.alloc(0x4_0000);
    let (place, error) = bench.realloc(0, place, 0x8_0000);
    assert_eq!((place == 0, error), (false, KEPT));
    for bytes in [0x6_0000, 0x8_0000] {
        let answer = bench.realloc(HEAP_REALLOC_IN_PLACE_ONLY, place, bytes);
        assert_eq!(answer, (place, KEPT));
        assert_eq!(bench.size(place), (bytes, KEPT));
    }
}

fn b9_overhead_of_a_fixed_heap() {
    let bench = Bench::of(process(), 0, 0, 0x4_0000);
    assert_ne!(bench.try_alloc(0, 0x3_F400).0, 0);
    let bench = Bench::of(process(), 0, 0, 0x4_0000);
    assert_eq!(bench.try_alloc(0, 0x3_FA00), (0, ERROR_NOT_ENOUGH_MEMORY));
    // Exactly: the control block, the last granule that lends its half, the header's net cost.
    let most = 0x4_0000 - 0x720 - 16 - 8;
    assert_eq!(bench.try_alloc(0, most + 1), (0, ERROR_NOT_ENOUGH_MEMORY));
    assert_ne!(bench.try_alloc(0, most).0, 0);
}
