//! HeapCompact and `_heapmin`.

use heapwalk::api::*;
use heapwalk::heap::{Options, Source};

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("K1", k1_largest_committed_free_block),
    Case("K2", k2_nothing_to_do_while_coalescing),
    Case("K3", k3_merges_when_coalescing_is_off),
    Case("K4", k4_nothing_free),
    Case("K5", k5_damage),
    Case("K6", k6_only_no_serialize_counts),
    Case("K7", k7_the_number_is_no_promise),
    Case("K8", k8_uncommitted_does_not_count),
    Case("K9", k9_the_number_includes_the_header),
    Case("K10", k10_gives_nothing_back),
    Case("M1", m1_success),
    Case("M1", m1_what_goes_and_what_stays),
    Case("M1", m1_a_full_heap_is_no_failure),
    Case("M1", m1_failures_are_enosys),
    Case("M4", m4_which_heap),
];

/// Bytes of the free block of a fresh growable heap: two pages less control block and the range's descriptor.
const FRESH: usize = 0x2000 - 0x720 - 0x40;

/// The largest hole by the walk, header included.
fn largest_hole(bench: &Bench) -> usize {
    bench.holes().iter().map(bytes_of).max().unwrap_or(0)
}

fn k1_largest_committed_free_block() {
    let bench = Bench::growable();
    assert_eq!(bench.compact(), (FRESH, KEPT));
    let [_, b, _] = bench.allocs(0x400);
    assert_eq!(bench.compact(), (FRESH - 3 * 0x410, KEPT));
    // A hole that is not the largest does not count.
    bench.free(b);
    assert_eq!(bench.compact(), (FRESH - 3 * 0x410, KEPT));
    assert_eq!(size_of_val(&bench.compact().0), 8);
}

fn k2_nothing_to_do_while_coalescing() {
    let bench = Bench::growable();
    let blocks: [usize; 9] = bench.allocs(100);
    blocks
        .iter()
        .step_by(2)
        .for_each(|&block| bench.free(block));
    let before = bench.walk();
    let (largest, error) = bench.unchanged(|| bench.compact());
    assert_eq!((largest, error), (largest_hole(&bench), KEPT));
    assert_eq!(bench.walk(), before);
}

fn k3_merges_when_coalescing_is_off() {
    const DISABLE_COALESCING: u32 = 0x20_0000;
    let bench = Bench::global(DISABLE_COALESCING);
    assert_eq!(bench.flags() & HEAP_DISABLE_COALESCE_ON_FREE, 0x80);
    let blocks: [usize; 6] = bench.allocs(0x400);
    blocks[1..5].iter().for_each(|&block| bench.free(block));
    // Four that were freed, and what was left of the first page run.
    assert_eq!(bench.holes().len(), 5);
    assert_eq!(largest_hole(&bench), 0x410);
    assert_eq!(bench.compact(), (4 * 0x410, KEPT));
    assert_eq!(bench.holes().len(), 2);
    assert_eq!(largest_hole(&bench), 4 * 0x410);
    assert_eq!(bench.handle().stats().merged, 3);
    assert_eq!(bench.validate(0), (true, KEPT));
    // The two that stayed stay where they are.
    let busy: Vec<usize> = bench.busy().iter().map(|entry| entry.lpData).collect();
    assert_eq!(busy, [blocks[0], blocks[5]]);
}

/// A heap that is wholly busy.
fn full() -> Bench {
    let bench = Bench::fixed(0x1_0000);
    let (largest, _) = bench.compact();
    bench.alloc(largest - 8);
    bench
}

fn k4_nothing_free() {
    let bench = full();
    assert_eq!(bench.holes(), []);
    assert_eq!(bench.unchanged(|| bench.compact()), (0, NO_ERROR));
}

fn k5_damage() {
    for options in [Options::default(), flagged(HEAP_DISABLE_COALESCE_ON_FREE)] {
        let bench = Bench::with(options);
        let [a, b, c] = bench.allocs(64);
        bench.free(a);
        bench.free(b);
        bench.flip(c - 8, 1);
        let answer = bench.unchanged(|| bench.compact());
        assert_eq!(answer, (0, ERROR_INVALID_PARAMETER));
    }
    let bench = Bench::growable();
    for handle in [0, 0x1000, bench.heap + 1] {
        let answer = told(|| bench.process.HeapCompact(handle, 0));
        assert_eq!(answer, (0, ERROR_INVALID_HANDLE), "{handle:#x}");
    }
}

fn k6_only_no_serialize_counts() {
    let bench = Bench::growable();
    let compact = |flags| {
        move |bench: &Bench| {
            assert_eq!(bench.process.HeapCompact(bench.heap, flags), FRESH);
        }
    };
    assert!(bench.waits(compact(0)));
    assert!(!bench.waits(compact(HEAP_NO_SERIALIZE)));
    // No other flag means anything.
    assert!(bench.waits(compact(!HEAP_NO_SERIALIZE)));
    assert!(!bench.waits(compact(u32::MAX)));
    let skipped = bench.handle().stats().skipped;
    assert_eq!(skipped, 2);
}

fn k7_the_number_is_no_promise() {
    let bench = Bench::fixed(0x1_0000);
    let (largest, _) = bench.compact();
    assert_eq!(bench.try_alloc(0, largest), (0, ERROR_NOT_ENOUGH_MEMORY));
    // What fits is eight bytes less.
    assert_ne!(bench.try_alloc(0, largest - 8).0, 0);
}

fn k8_uncommitted_does_not_count() {
    let bench = Bench::growable();
    let range = bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE)[0];
    assert_eq!(range.cbData, 0xE000);
    assert_eq!(bench.compact(), (FRESH, KEPT));
    bench.alloc(FRESH - 8);
    assert_eq!(bench.compact(), (0, NO_ERROR));
    assert_eq!(bench.entries(PROCESS_HEAP_UNCOMMITTED_RANGE), [range]);
}

fn k9_the_number_includes_the_header() {
    for sizes in [
        &[64, 3000, 64, 200, 64][..],
        &[1000],
        &[0x3000, 0x10, 0x3000, 16],
    ] {
        let bench = Bench::growable();
        let blocks: Vec<usize> = sizes.iter().map(|&size| bench.alloc(size)).collect();
        blocks
            .iter()
            .step_by(2)
            .for_each(|&block| bench.free(block));
        let (largest, _) = bench.compact();
        let hole = bench.holes().into_iter().max_by_key(bytes_of);
        let hole = hole.expect("a hole");
        assert_eq!(largest, hole.cbData as usize + usize::from(hole.cbOverhead));
        assert_eq!(hole.cbData as usize, largest - 32);
        // The largest request that needs no more memory is eight bytes less, and it leaves no rest.
        let committed = bench.summary().cbCommitted;
        let place = bench.alloc(largest - 8);
        assert_eq!(bench.block_bytes(place), largest);
        assert_eq!(bench.summary().cbCommitted, committed);
        bench.free(place);
        bench.alloc(largest - 7);
        assert!(bench.summary().cbCommitted > committed);
    }
}

fn k10_gives_nothing_back() {
    for flags in [0, HEAP_DISABLE_COALESCE_ON_FREE] {
        let bench = Bench::with(Options {
            source: Source::Fixed,
            maximum: 0x4_0000,
            initial: 0x4_0000,
            ..flagged(flags)
        });
        let blocks: [usize; 6] = bench.allocs(0x8000);
        blocks[1..5].iter().for_each(|&block| bench.free(block));
        let (before, busy) = (bench.summary(), bench.busy());
        assert_eq!(bench.compact(), (4 * 0x8010, KEPT));
        assert_eq!(bench.summary(), before);
        assert_eq!(bench.busy(), busy);
    }
}

fn m1_success() {
    let bench = Bench::growable();
    let [a, b] = bench.allocs(0x4000);
    bench.free(a);
    let before = bench.summary().cbCommitted;
    assert_eq!(told_errno(|| bench.process._heapmin()), (0, KEPT_ERRNO));
    // Of the hole of 0x4010 bytes from 0x720 on, pages 1 to 3 hold nothing.
    assert_eq!(bench.summary().cbCommitted, before - 0x3000);
    assert_eq!(bench.size(b), (0x4000, KEPT));
    assert_eq!(bench.validate(0), (true, KEPT));
    // There is nothing left to do.
    let again = bench.unchanged(|| told_errno(|| bench.process._heapmin()));
    assert_eq!(again, (0, KEPT_ERRNO));
}

fn m1_what_goes_and_what_stays() {
    let bench = Bench::growable();
    // Several segments and a large block, all free again.
    let blocks: Vec<usize> = [0x8000, 0xF_0000, 0xF_0000, 0x20_0000]
        .map(|size| bench.alloc(size))
        .to_vec();
    assert!(bench.regions().len() > 2);
    blocks.iter().for_each(|&block| bench.free(block));
    assert_eq!(bench.process._heapmin(), 0);
    // The first segment stays with the page of its control block: less than it started with.
    let regions = bench.regions();
    assert_eq!(regions.len(), 1);
    assert_eq!(regions[0].Region.dwCommittedSize, 0x1000);
    assert_eq!(regions[0].Region.dwUnCommittedSize, 0xF000);
    assert_eq!(bench.walk().len(), 3);
    // It grows again.
    bench.alloc(0x1_8000);
    assert_eq!(bench.validate(0), (true, KEPT));
}

fn m1_a_full_heap_is_no_failure() {
    let bench = full();
    assert_eq!(told_errno(|| bench.process._heapmin()), (0, KEPT_ERRNO));
}

fn m1_failures_are_enosys() {
    let bench = Bench::buffer(0x1_0000);
    let answer = bench.unchanged(|| told_errno(|| bench.process._heapmin()));
    assert_eq!(answer, (-1, ENOSYS));
    assert_eq!(ENOSYS, 40);
    let bench = Bench::growable();
    let [a, b] = bench.allocs(0x4000);
    bench.free(a);
    bench.flip(b - 8, 1);
    let answer = bench.unchanged(|| told_errno(|| bench.process._heapmin()));
    assert_eq!(answer, (-1, ENOSYS));
    // No heap at all.
    assert_eq!(told_errno(|| process()._heapmin()), (-1, ENOSYS));
}

fn m4_which_heap() {
    let process = process();
    let [first, second] = [(); 2].map(|()| process.HeapCreate(0, 0, 0));
    assert_eq!(process.crt(), Some(first));
    assert_ne!(process.crt(), Some(process.GetProcessHeap()));
    let place = quiet(process.malloc(100));
    assert_eq!(quiet(process.HeapSize(first, 0, place)), 100);
    assert!(process.set_crt(second));
    let place = quiet(process.malloc(100));
    assert_eq!(quiet(process.HeapSize(second, 0, place)), 100);
    // `_heapmin` gives back what the tagged heap has, and leaves the other alone.
    let hole = quiet(process.malloc(0x4000));
    quiet(process.free(hole));
    let committed = |handle| {
        let mut summary = HEAP_SUMMARY::default();
        assert!(process.HeapSummary(handle, 0, &mut summary));
        summary.cbCommitted
    };
    let before = (committed(first), committed(second));
    assert_eq!(process._heapmin(), 0);
    assert_eq!(committed(first), before.0);
    assert!(committed(second) < before.1);
}
