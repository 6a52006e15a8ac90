//! HeapLock, HeapUnlock; HeapQueryInformation, HeapSetInformation; HeapSummary.

use heapwalk::api::*;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("L1", l1_others_wait),
    Case("L1", l1_locks_nest_and_belong_to_a_thread),
    Case("L2", l2_no_lock_to_take),
    Case("Q1", q1_lengths),
    Case("Q2", q2_null_heap),
    Case("Q3", q3_fresh_heap),
    Case("Q5", q5_heaps_that_cannot_have_it),
    Case("Q10", q10_termination_on_corruption),
    Case("Q11", q11_unknown_classes),
    Case("S1", s1_summary),
];

const COMPATIBILITY: u32 = HEAP_COMPATIBILITY_INFORMATION;

fn query(bench: &Bench) -> u32 {
    let mut answer = [0xFF; 4];
    let process = &bench.process;
    assert!(process.HeapQueryInformation(bench.heap, COMPATIBILITY, &mut answer, None));
    u32::from_le_bytes(answer)
}

fn set(bench: &Bench, value: u32) -> (bool, u32) {
    let bytes = value.to_le_bytes();
    told(|| {
        bench
            .process
            .HeapSetInformation(bench.heap, COMPATIBILITY, &bytes)
    })
}

fn l1_others_wait() {
    let bench = Bench::growable();
    let [a, b, c] = bench.allocs(64);
    let skip = HEAP_NO_SERIALIZE;
    type Work<'a> = &'a (dyn Fn(&Bench) -> bool + Sync);
    let cases: [(&str, bool, Work<'_>); 9] = [
        ("alloc", true, &|bench| bench.try_alloc(0, 10).1 == KEPT),
        ("alloc, not serialised", false, &|bench| {
            bench.try_alloc(skip, 10).1 == KEPT
        }),
        ("free", true, &|bench| bench.try_free(0, a).0),
        ("free, not serialised", false, &|bench| {
            bench.try_free(skip, b).0
        }),
        ("realloc", true, &|bench| bench.realloc(0, c, 70).0 == c),
        ("size", true, &|bench| bench.size(c).0 == 70),
        ("validate", true, &|bench| bench.validate(0).0),
        ("walk", true, &|bench| !bench.walk().is_empty()),
        ("lock", true, &|bench| {
            bench.process.HeapLock(bench.heap) && bench.process.HeapUnlock(bench.heap)
        }),
    ];
    for (what, waits, work) in cases {
        let found = bench.waits(|bench| assert!(work(bench), "{what}"));
        assert_eq!(found, waits, "{what}");
    }
    assert_eq!(bench.validate(0), (true, KEPT));
}

fn l1_locks_nest_and_belong_to_a_thread() {
    let bench = Bench::growable();
    let (process, heap) = (&bench.process, bench.heap);
    assert_eq!(told(|| process.HeapUnlock(heap)), (false, ERROR_NOT_OWNER));
    assert_eq!(told(|| process.HeapLock(heap)), (true, KEPT));
    assert!(process.HeapLock(heap));
    // The owner's own calls go on.
    bench.alloc(10);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| told(|| process.HeapUnlock(heap)));
        assert_eq!(other.join().unwrap(), (false, ERROR_NOT_OWNER));
    });
    assert_eq!(told(|| process.HeapUnlock(heap)), (true, KEPT));
    assert_eq!(bench.handle().lock().held(), (true, true));
    assert!(process.HeapUnlock(heap));
    assert_eq!(bench.handle().lock().held(), (false, false));
}

fn l2_no_lock_to_take() {
    let bench = Bench::of(process(), HEAP_NO_SERIALIZE, 0, 0);
    assert_eq!(told(|| bench.process.HeapLock(bench.heap)), (true, KEPT));
    assert_eq!(bench.handle().lock().held(), (false, false));
    assert_eq!(told(|| bench.process.HeapUnlock(bench.heap)), (true, KEPT));
    assert!(!bench.waits(|bench| {
        bench.alloc(10);
    }));
}

fn q1_lengths() {
    let bench = Bench::growable();
    for length in [0, 1, 3, 4, 5, 16] {
        let mut answer = [0xEE; 16];
        let mut needed = 0;
        let mut ask = |needed| {
            let buffer = &mut answer[..length];
            told(|| {
                bench
                    .process
                    .HeapQueryInformation(bench.heap, COMPATIBILITY, buffer, needed)
            })
        };
        let expected = if length < 4 {
            (false, ERROR_INSUFFICIENT_BUFFER)
        } else {
            (true, KEPT)
        };
        assert_eq!(ask(Some(&mut needed)), expected, "{length}");
        assert_eq!(ask(None), expected, "{length}");
        assert_eq!(needed, 4);
        let written = if length < 4 { 0 } else { 4 };
        assert_eq!(answer[..written], [0; 4][..written]);
        assert!(answer[written..].iter().all(|&byte| byte == 0xEE));
    }
    let short = told(|| {
        bench
            .process
            .HeapSetInformation(bench.heap, COMPATIBILITY, &[2, 0, 0])
    });
    assert_eq!(short, (false, ERROR_INSUFFICIENT_BUFFER));
}

fn q2_null_heap() {
    let process = process();
    let mut needed = 0;
    let ask = |needed| process.HeapQueryInformation(0, COMPATIBILITY, &mut [0; 4], Some(needed));
    assert_eq!(told(|| ask(&mut needed)), (false, ERROR_NOACCESS));
    assert_eq!(needed, 0);
}

fn q3_fresh_heap() {
    assert_eq!(query(&Bench::growable()), 0);
    assert_eq!(query(&Bench::fixed(0x1_0000)), 0);
}

fn q5_heaps_that_cannot_have_it() {
    for bench in [
        Bench::of(process(), HEAP_NO_SERIALIZE, 0, 0),
        Bench::fixed(0x1_0000),
        Bench::global(0x10),
        Bench::global(0x20),
        Bench::global(0x40),
    ] {
        let answer = bench.unchanged(|| set(&bench, 2));
        assert_eq!(answer, (false, ERROR_INVALID_PARAMETER));
        assert_eq!(query(&bench), 0);
    }
}

fn q10_termination_on_corruption() {
    let bench = Bench::growable();
    let process = &bench.process;
    let [place, freed, next] = bench.allocs(64);
    bench.free(freed);
    assert_eq!(bench.try_free(0, freed), (false, ERROR_INVALID_PARAMETER));
    assert!(!process.terminates_on_corruption());
    let class = HEAP_ENABLE_TERMINATION_ON_CORRUPTION;
    assert_eq!(
        told(|| process.HeapSetInformation(0, class, &[])),
        (true, KEPT)
    );
    assert!(process.terminates_on_corruption());
    // Where Windows would end the process, the call ends with the exception that Windows reports.
    let ended = Exception {
        code: 0xC000_0374,
        name: "STATUS_HEAP_CORRUPTION",
    };
    let free = |place| bench.unchanged(|| process.HeapFree(bench.heap, 0, place));
    assert_eq!(free(freed), Err(ended));
    assert_eq!(free(place + 16), Err(ended));
    bench.flip(next - 8, 1);
    assert_eq!(free(next), Err(ended));
    assert_eq!(process.HeapSize(bench.heap, 0, next), Err(ended));
    assert_eq!(process.HeapReAlloc(bench.heap, 0, next, 10), Err(ended));
    // Lack of memory is no corruption.
    assert_eq!(bench.try_alloc(0, usize::MAX), (0, ERROR_NOT_ENOUGH_MEMORY));
}

fn q11_unknown_classes() {
    let bench = Bench::growable();
    let process = &bench.process;
    for class in [2, 3, 0xFFFF_FFFF] {
        let bytes = 2u32.to_le_bytes();
        let answer = told(|| process.HeapSetInformation(bench.heap, class, &bytes));
        assert_eq!(answer, (false, ERROR_INVALID_PARAMETER), "{class}");
        let answer = told(|| process.HeapQueryInformation(bench.heap, class, &mut [0; 4], None));
        assert_eq!(answer, (false, ERROR_INVALID_PARAMETER), "{class}");
    }
}

fn s1_summary() {
    let bench = Bench::growable();
    let fresh = bench.summary();
    assert_eq!(fresh.cb as usize, size_of::<HEAP_SUMMARY>());
    assert_eq!(fresh.cb, 40);
    assert_eq!(fresh.cbAllocated, 0);
    assert_eq!((fresh.cbCommitted, fresh.cbReserved), (0x2000, 0x1_0000));
    assert!(fresh.cbMaxReserve >= 1 << 30);
    bench.alloc(100);
    assert_eq!(bench.summary().cbAllocated, 0x70);
    bench.alloc(0x20_0000);
    let summary = bench.summary();
    assert_eq!(summary.cbAllocated, 0x70 + 0x20_1000);
    assert_eq!(summary.cbCommitted, 0x2000 + 0x20_1000);
    assert_eq!(summary.cbReserved, 0x1_0000 + 0x20_1000);
    assert_eq!(Bench::fixed(0x2_3456).summary().cbMaxReserve, 0x2_4000);
    // The size must be right, and flags are not known.
    for (cb, flags) in [(0, 0), (39, 0), (41, 0), (40, 1)] {
        let mut asked = HEAP_SUMMARY {
            cb,
            ..HEAP_SUMMARY::default()
        };
        let before = asked;
        let answer = told(|| bench.process.HeapSummary(bench.heap, flags, &mut asked));
        assert_eq!(answer, (false, ERROR_INVALID_PARAMETER));
        assert_eq!(asked, before);
    }
}
