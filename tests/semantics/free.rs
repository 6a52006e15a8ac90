//! HeapFree.

use heapwalk::api::*;
use heapwalk::heap::Options;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("F1", f1_success),
    Case("F2", f2_null),
    Case("F3", f3_misuse_is_refused),
    Case("F4", f4_without_checks_double_free_hands_a_block_out_twice),
    Case(
        "F4",
        f4_without_checks_missing_memory_is_an_access_violation,
    ),
    Case("F5", f5_no_serialize_skips_the_lock_for_one_call),
    Case("F6", f6_neighbours_are_joined),
    Case("F7", f7_thresholds_decide_about_decommit),
    Case("F7", f7_whole_pages_go_and_fragments_stay),
    Case("F8", f8_default_thresholds),
    Case("F9", f9_a_larger_threshold),
];

fn f1_success() {
    let bench = Bench::growable();
    for bytes in [0, 100, 0x8_0000, 0x20_0000] {
        let place = bench.alloc(bytes);
        assert_eq!(bench.try_free(0, place), (true, KEPT), "{bytes:#x}");
    }
    assert_eq!(bench.busy(), []);
}

fn f2_null() {
    let bench = Bench::growable();
    for heap in [bench.heap, bench.process.GetProcessHeap(), 0, 0x1234] {
        let answer = bench.unchanged(|| told(|| bench.process.HeapFree(heap, 0, 0)));
        assert_eq!(answer, (Ok(true), KEPT), "{heap:#x}");
    }
}

fn f3_misuse_is_refused() {
    static ELSEWHERE: u64 = 0;
    let bench = Bench::growable();
    let other = bench.process.HeapCreate(0, 0, 0);
    let theirs = quiet(bench.process.HeapAlloc(other, 0, 64));
    let [_, place, freed, _] = bench.allocs(64);
    let large = bench.alloc(0x20_0000);
    bench.free(freed);
    let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0].lpData;
    for (what, pointer) in [
        ("misaligned", place + 1),
        ("misaligned by eight", place + 8),
        ("interior", place + 16),
        ("header", place - 16),
        ("of another heap", theirs),
        ("static", &raw const ELSEWHERE as usize),
        ("freed", freed),
        ("the heap itself", bench.heap),
        ("control block", bench.heap + 0x100),
        ("the range's descriptor", range - 48),
        ("uncommitted", range),
        ("unmapped", 0xdead_be00),
        ("inside a large block", large + 0x1000),
        ("the end of the address space", usize::MAX - 15),
    ] {
        let answer = bench.unchanged(|| bench.try_free(0, pointer));
        assert_eq!(answer, (false, ERROR_INVALID_PARAMETER), "{what}");
    }
    bench.free(large);
    let answer = bench.unchanged(|| bench.try_free(0, large));
    assert_eq!(
        answer,
        (false, ERROR_INVALID_PARAMETER),
        "freed large block"
    );
    bench.free(place);
}

fn f4_without_checks_double_free_hands_a_block_out_twice() {
    let bench = Bench::unchecked();
    let [_, place, _] = bench.allocs(64);
    bench.free(place);
    // The size of a freed block is whatever its header says now.
    assert_eq!(bench.size(place), (80, KEPT));
    bench.free(place);
    assert_eq!(bench.validate(0), (false, KEPT));
    let twice: [usize; 2] = bench.allocs(64);
    assert_eq!(twice, [place, place]);
}

fn f4_without_checks_missing_memory_is_an_access_violation() {
    let bench = Bench::unchecked();
    let place = bench.alloc(64);
    let process = &bench.process;
    let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0].lpData;
    let violation = Exception::ACCESS_VIOLATION;
    for pointer in [range + 0x100, 0xdead_be00, bench.heap + (1 << 30)] {
        let (heap, kept) = (bench.heap, KEPT);
        bench.unchanged(|| {
            assert_eq!(
                told(|| process.HeapFree(heap, 0, pointer)),
                (Err(violation), kept)
            );
            assert_eq!(
                told(|| process.HeapSize(heap, 0, pointer)),
                (Err(violation), kept)
            );
            let realloc = told(|| process.HeapReAlloc(heap, 0, pointer, 10));
            assert_eq!(realloc, (Err(violation), kept));
        });
    }
    // Memory that is there, but is another heap's.
    let theirs = quiet(process.HeapAlloc(process.GetProcessHeap(), 0, 64));
    assert_eq!(bench.try_free(0, theirs), (false, ERROR_INVALID_PARAMETER));
    bench.free(place);
}

fn f5_no_serialize_skips_the_lock_for_one_call() {
    let bench = Bench::growable();
    let [a, b, c] = bench.allocs(64);
    let free = |flags, place| {
        move |bench: &Bench| {
            assert_eq!(bench.try_free(flags, place), (true, KEPT));
        }
    };
    assert!(bench.waits(free(0, a)));
    assert!(!bench.waits(free(HEAP_NO_SERIALIZE, b)));
    assert!(
        bench.waits(free(!HEAP_NO_SERIALIZE, c)),
        "for that call only"
    );
    assert_eq!(bench.busy(), []);
    assert_eq!(bench.handle().stats().lock.contended, 2);
}

fn f6_neighbours_are_joined() {
    // In whatever order three neighbours are freed, one hole is left; without coalescing, three.
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for (flags, holes, largest) in
            [(0, 1, 3 * 0x210), (HEAP_DISABLE_COALESCE_ON_FREE, 3, 0x210)]
        {
            let bench = Bench::with(flagged(flags));
            let [_, a, b, c, _] = bench.allocs(0x200);
            let before = bench.holes().len();
            order.iter().for_each(|&nth| bench.free([a, b, c][nth]));
            let after = bench.holes();
            assert_eq!(after.len() - before, holes, "{order:?}");
            let inside = after
                .iter()
                .filter(|hole| (a..=c + 0x10).contains(&hole.lpData));
            assert_eq!(inside.map(bytes_of).max(), Some(largest), "{order:?}");
        }
    }
}

/// A heap whose HeapFree returns memory by itself, with so many bytes committed at the start.
fn returning(initial: u64) -> Bench {
    Bench::with(Options {
        initial,
        decommit: true,
        ..Options::default()
    })
}

fn f7_thresholds_decide_about_decommit() {
    // Block and total thresholds, and whether freeing 0x8010 bytes beside 0x4010 free ones gives pages back.
    for (block, total, returns) in [
        (0x1000, 0x1_0000, false),
        (0x1000, 0x4000, true),
        (0x8010, 0x1000, true),
        (0x8020, 0x1000, false),
    ] {
        let bench = returning(0x1_9000);
        let [first, _] = bench.allocs(0x4000);
        let [place, _] = bench.allocs(0x8000);
        // What is left of the committed memory is small.
        let rest = bench.compact().0;
        assert!(rest < 0x1000);
        bench.handle().set_thresholds(0x10_0000, 0x10_0000);
        bench.free(first);
        bench.handle().set_thresholds(block, total);
        let before = bench.summary().cbCommitted;
        bench.free(place);
        let returned = before - bench.summary().cbCommitted;
        assert_eq!(returned > 0, returns, "{block:#x} {total:#x}");
        assert_eq!(bench.validate(0), (true, KEPT));
        let counted = bench.handle().stats().pages_automatic;
        assert_eq!(counted as usize * 0x1000, returned);
    }
    // Free neighbours count as part of the block.
    let bench = returning(0x4_0000);
    bench.handle().set_thresholds(0x9000, 0x1000);
    let [a, b, _] = bench.allocs(0x8000);
    let before = bench.summary().cbCommitted;
    bench.free(a);
    assert_eq!(bench.summary().cbCommitted, before);
    bench.free(b);
    assert!(bench.summary().cbCommitted < before);
}

fn f7_whole_pages_go_and_fragments_stay() {
    const PAGE: usize = 0x1000;
    // Every place that the end of the block can have within a page.
    for granules in 0..256 {
        let bench = returning(0x4_0000);
        let [_, place, _] = [64, 0x1_2000 + granules * 16, 64].map(|bytes| bench.alloc(bytes));
        let start = place - 16;
        let end = start + bench.block_bytes(place);
        // In front stays the 64-byte descriptor of the range, behind what the next block does not reach down to. One
        // granule cannot stand as a block and keeps its page.
        let first = (start + 64).next_multiple_of(PAGE);
        let last = if end % PAGE == 16 {
            end - 16 - PAGE
        } else {
            end / PAGE * PAGE
        };
        let before = bench.summary().cbCommitted;
        bench.free(place);
        let returned = before - bench.summary().cbCommitted;
        assert_eq!(returned, last - first, "block ends at {end:#x}");
        let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0];
        assert_eq!((range.lpData, range.cbData as usize), (first, last - first));
        let tail = bench.holes().into_iter().find(|hole| hole.lpData > last);
        let tail = tail.map_or(0, |hole| {
            if hole.lpData - 32 == last {
                bytes_of(&hole)
            } else {
                0
            }
        });
        assert_eq!(tail, end - last);
        assert_eq!(bench.validate(0), (true, KEPT));
    }
}

fn f8_default_thresholds() {
    let bench = Bench::growable();
    let thresholds = bench.handle().look(|core| core.thresholds());
    assert_eq!(thresholds, (0x1000, 0x1_0000));
    // heapwalk's default: HeapFree gives nothing back.
    let [place, _] = bench.allocs(0x4_0000);
    let before = bench.summary();
    bench.free(place);
    assert_eq!(bench.summary().cbCommitted, before.cbCommitted);
    assert!(!bench.handle().settings().decommit);
}

fn f9_a_larger_threshold() {
    for (bytes, returns) in [(0x3_F000, false), (0x4_1000, true)] {
        let bench = returning(0x10_0000);
        bench.handle().set_thresholds(0x4_0000, 0x1_0000);
        let [place, _] = bench.allocs(bytes);
        let before = bench.summary().cbCommitted;
        bench.free(place);
        assert_eq!(bench.summary().cbCommitted < before, returns, "{bytes:#x}");
    }
}
