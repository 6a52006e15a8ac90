//! HeapCreate, HeapDestroy, GetProcessHeap, GetProcessHeaps.

use heapwalk::api::*;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("C1", c1_a_growable_heap),
    Case("C2", c2_default_sizes),
    Case("C3", c3_reserve_follows_the_initial_size),
    Case("C4", c4_one_page_of_a_fixed_heap),
    Case("C5", c5_initial_beyond_maximum),
    Case("C6", c6_fixed_heaps_do_not_grow),
    Case("C7", c7_which_flags_count),
    Case("C8", c8_resulting_flags),
    Case("C9", c9_failure),
    Case("D1", d1_destroy),
    Case("D1", d1_the_handle_is_invalid_from_then_on),
    Case("D2", d2_the_process_heap_stays),
    Case("D3", d3_destroying_nothing),
    Case("P1", p1_order),
    Case("P2", p2_a_small_buffer),
];

fn heaps(process: &Process) -> u32 {
    process.GetProcessHeaps(&mut [])
}

/// Reserved and committed bytes.
fn sizes(bench: &Bench) -> (usize, usize) {
    let summary = bench.summary();
    (summary.cbReserved, summary.cbCommitted)
}

fn c1_a_growable_heap() {
    let process = process();
    let before = heaps(&process);
    let (heap, error) = told(|| process.HeapCreate(0, 0, 0));
    assert_ne!(heap, 0);
    assert_eq!((heap % 0x1_0000, error), (0, KEPT));
    assert_eq!(heaps(&process), before + 1);
    let bench = Bench { process, heap };
    bench.alloc(0x40_0000);
    assert_eq!(bench.validate(0), (true, KEPT));
}

fn c2_default_sizes() {
    assert_eq!(sizes(&Bench::growable()), (0x1_0000, 0x2000));
}

fn c3_reserve_follows_the_initial_size() {
    for (initial, reserved, committed) in [
        (1, 0x1_0000, 0x1000),
        (0x1000, 0x1_0000, 0x1000),
        (0x1001, 0x1_0000, 0x2000),
        (0x1_0000, 0x1_0000, 0x1_0000),
        (0x1_0001, 0x2_0000, 0x1_1000),
        (0x1_2345, 0x2_0000, 0x1_3000),
        (0x10_0000, 0x10_0000, 0x10_0000),
        // More than a segment can be.
        (0x200_0000, 0x200_0000, 0x200_0000),
    ] {
        let bench = Bench::of(process(), 0, initial, 0);
        assert_eq!(sizes(&bench), (reserved, committed), "{initial:#x}");
        assert_eq!(bench.validate(0), (true, KEPT), "{initial:#x}");
    }
}

fn c4_one_page_of_a_fixed_heap() {
    let bench = Bench::of(process(), 0, 0, 0x1_0000);
    assert_eq!(sizes(&bench), (0x1_0000, 0x1000));
}

fn c5_initial_beyond_maximum() {
    let bench = Bench::of(process(), 0, 0x2_0000, 0x1_0000);
    assert_eq!(sizes(&bench), (0x1_0000, 0x1_0000));
}

fn c6_fixed_heaps_do_not_grow() {
    for (initial, maximum, reserved, committed) in [
        (0, 1, 0x1000, 0x1000),
        (0x1001, 0x1_0000, 0x1_0000, 0x2000),
        (0x1000, 0x1_0001, 0x1_1000, 0x1000),
        (0, 0x2_3456, 0x2_4000, 0x1000),
    ] {
        let bench = Bench::of(process(), 0, initial, maximum);
        assert_eq!(sizes(&bench), (reserved, committed), "{maximum:#x}");
        let full = loop {
            let answer = bench.try_alloc(0, 100);
            if answer.0 == 0 {
                break answer;
            }
        };
        assert_eq!(full, (0, ERROR_NOT_ENOUGH_MEMORY));
        assert_eq!(sizes(&bench), (reserved, reserved), "{maximum:#x}");
        assert_eq!(bench.flags() & HEAP_GROWABLE, 0);
    }
}

fn c7_which_flags_count() {
    for (options, flags) in [
        (0, 0x1002),
        (HEAP_GENERATE_EXCEPTIONS, 0x1006),
        (HEAP_TAIL_CHECKING_ENABLED, 0x1002),
        (HEAP_FREE_CHECKING_ENABLED, 0x1002),
        (HEAP_DISABLE_COALESCE_ON_FREE, 0x1002),
        (HEAP_CREATE_ENABLE_EXECUTE, 0x1002),
        (u32::MAX, 0x1007),
    ] {
        let bench = Bench::of(process(), options, 0, 0);
        assert_eq!(bench.flags(), flags, "{options:#x}");
    }
}

fn c8_resulting_flags() {
    let process = process();
    let flags = |handle| process.heap_of(handle).expect("a heap").settings().flags.0;
    assert_eq!(flags(process.GetProcessHeap()), 0x2);
    for (options, maximum, expected) in [
        (0, 0, 0x1002),
        (HEAP_NO_SERIALIZE, 0, 0x1003),
        (0, 0x1_0000, 0x1000),
        (HEAP_NO_SERIALIZE, 0x1_0000, 0x1001),
    ] {
        let handle = process.HeapCreate(options, 0, maximum);
        assert_eq!(flags(handle), expected);
    }
}

fn c9_failure() {
    let process = process();
    let (before, used) = (heaps(&process), process.limit().used());
    for (initial, maximum) in [
        // Beyond the commit limit.
        (0x4000_0000, 0),
        (0x4000_0000, 0x4000_0000),
        // No such sizes.
        (usize::MAX, 0),
        (0, usize::MAX),
        (usize::MAX, usize::MAX),
        (0, 1 << 40),
    ] {
        let answer = told(|| process.HeapCreate(0, initial, maximum));
        assert_eq!(
            answer,
            (0, ERROR_NOT_ENOUGH_MEMORY),
            "{initial:#x} {maximum:#x}"
        );
        // HEAP_GENERATE_EXCEPTIONS speaks of allocations.
        let answer = told(|| process.HeapCreate(HEAP_GENERATE_EXCEPTIONS, initial, maximum));
        assert_eq!(answer, (0, ERROR_NOT_ENOUGH_MEMORY));
    }
    assert_eq!(heaps(&process), before);
    assert_eq!(process.limit().used(), used);
}

fn d1_destroy() {
    let process = process();
    let (before, used) = (heaps(&process), process.limit().used());
    let bench = Bench::of(process, 0, 0, 0);
    bench.allocs::<3>(0x20_0000);
    assert!(bench.process.limit().used() > used + 3 * 0x20_0000);
    let answer = told(|| bench.process.HeapDestroy(bench.heap));
    assert_eq!(answer, (true, KEPT));
    assert_eq!(heaps(&bench.process), before);
    assert_eq!(bench.process.limit().used(), used);
}

fn d1_the_handle_is_invalid_from_then_on() {
    let bench = Bench::growable();
    let (process, heap) = (&bench.process, bench.heap);
    let place = bench.alloc(10);
    assert!(process.HeapDestroy(heap));
    let mut entry = PROCESS_HEAP_ENTRY::default();
    let mut summary = HEAP_SUMMARY::default();
    let invalid = ERROR_INVALID_HANDLE;
    assert_eq!(told(|| process.HeapDestroy(heap)), (false, invalid));
    assert_eq!(told(|| process.HeapAlloc(heap, 4, 1)), (Ok(0), invalid));
    assert_eq!(
        told(|| process.HeapReAlloc(heap, 4, place, 1)),
        (Ok(0), invalid)
    );
    assert_eq!(
        told(|| process.HeapFree(heap, 0, place)),
        (Ok(false), invalid)
    );
    assert_eq!(
        told(|| process.HeapSize(heap, 0, place)),
        (Ok(usize::MAX), invalid)
    );
    assert_eq!(told(|| process.HeapValidate(heap, 0, 0)), (false, invalid));
    assert_eq!(
        told(|| process.HeapWalk(heap, Some(&mut entry))),
        (false, invalid)
    );
    assert_eq!(told(|| process.HeapCompact(heap, 0)), (0, invalid));
    assert_eq!(told(|| process.HeapLock(heap)), (false, invalid));
    assert_eq!(told(|| process.HeapUnlock(heap)), (false, invalid));
    assert_eq!(
        told(|| process.HeapSummary(heap, 0, &mut summary)),
        (false, invalid)
    );
    let query = |buffer: &mut [u8]| process.HeapQueryInformation(heap, 0, buffer, None);
    assert_eq!(told(|| query(&mut [0; 4])), (false, invalid));
    let set = told(|| process.HeapSetInformation(heap, 0, &2u32.to_le_bytes()));
    assert_eq!(set, (false, invalid));
}

fn d2_the_process_heap_stays() {
    let process = process();
    let heap = process.GetProcessHeap();
    assert_eq!(
        told(|| process.HeapDestroy(heap)),
        (false, ERROR_INVALID_HANDLE)
    );
    assert_ne!(quiet(process.HeapAlloc(heap, 0, 10)), 0);
}

fn d3_destroying_nothing() {
    let process = process();
    assert_eq!(told(|| process.HeapDestroy(0)), (true, KEPT));
    assert_eq!(heaps(&process), 1);
}

fn p1_order() {
    let process = process();
    let made = [(); 3].map(|()| process.HeapCreate(0, 0, 0x1_0000));
    let mut listed = [7; 6];
    assert_eq!(process.GetProcessHeaps(&mut listed), 4);
    let [a, b, c] = made;
    assert_eq!(listed, [process.GetProcessHeap(), a, b, c, 7, 7]);
    assert!(process.HeapDestroy(b));
    let d = process.HeapCreate(0, 0, 0);
    assert_eq!(process.GetProcessHeaps(&mut listed), 4);
    assert_eq!(listed[1..4], [a, c, d]);
}

fn p2_a_small_buffer() {
    let process = process();
    let first = process.HeapCreate(0, 0, 0);
    process.HeapCreate(0, 0, 0);
    let mut places = [7; 3];
    assert_eq!(process.GetProcessHeaps(&mut places[..1]), 3);
    assert_eq!(places, [process.GetProcessHeap(), 7, 7]);
    assert_eq!(process.GetProcessHeaps(&mut places[..2]), 3);
    assert_eq!(places, [process.GetProcessHeap(), first, 7]);
    assert_eq!(process.GetProcessHeaps(&mut []), 3);
}
