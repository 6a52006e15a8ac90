//! Growth and its ends: segments, large blocks, the commit limit, the address space. A failure leaves no trace.

use std::sync::Arc;

use heapwalk::heap::{
    AllocError, CreateError, Entry, Flags, Heap, Misuse, Options, Policy, RegionKind, Settings,
};
use heapwalk::os::{CommitLimit, PAGE};

use crate::support::{assert_sound, entries, fixed, hash, heap, small_growable, wide_limit};

/// The largest request that a segment serves, and the smallest that gets a region of its own (fact B1).
const LAST_IN_SEGMENT: u64 = 0xF_EFF8;
const FIRST_LARGE: u64 = LAST_IN_SEGMENT + 1;

/// Without stamps: blocks of a mebibyte stay untouched.
fn unstamped() -> Options {
    Options {
        stamp: false,
        ..Options::default()
    }
}

fn reserves(heap: &Heap) -> Vec<u64> {
    heap.look(|core| {
        core.regions(RegionKind::Segment)
            .map(|segment| core.region_reserved(segment))
            .collect()
    })
}

/// Pages committed in segments and large blocks.
fn pages(heap: &Heap) -> u64 {
    heap.look(|core| core.page_counts().0)
}

/// Pages committed, side tables included.
fn committed(heap: &Heap) -> u64 {
    let (pages, _, side) = heap.look(|core| core.page_counts());
    pages + side
}

#[track_caller]
fn assert_charged(heap: &Heap) {
    assert_eq!(
        heap.memory().limit().used(),
        committed(heap) * PAGE,
        "the charge is what is committed"
    );
}

#[test]
fn i4_segments_double_up_to_the_cap() {
    let heap = heap(unstamped());
    while reserves(&heap).len() < 8 {
        let before = pages(&heap);
        let placed = heap.alloc(LAST_IN_SEGMENT, Flags::NONE).expect("room");
        assert!(placed.grew);
        assert!(
            pages(&heap) - before <= LAST_IN_SEGMENT.div_ceil(PAGE) + 2,
            "only what is needed is committed"
        );
        assert_charged(&heap);
    }
    assert_eq!(
        reserves(&heap),
        [
            0x1_0000, 0x10_0000, 0x20_0000, 0x40_0000, 0x80_0000, 0xFF_0000, 0xFF_0000, 0xFF_0000
        ]
    );
    assert_sound(&heap, "I4");
}

#[test]
fn i4_uncommitted_ranges_are_used_before_a_new_segment_is_made() {
    let heap = heap(unstamped());
    heap.alloc(0xC000, Flags::NONE).expect("room");
    assert_eq!(
        reserves(&heap),
        [0x1_0000],
        "the first segment's range sufficed"
    );
    heap.alloc(0x4000, Flags::NONE).expect("room");
    assert_eq!(reserves(&heap), [0x1_0000, 0x10_0000]);
    let before = committed(&heap);
    let small = heap.alloc(0x1000, Flags::NONE).expect("room");
    assert_eq!(reserves(&heap), [0x1_0000, 0x10_0000]);
    assert!(committed(&heap) - before <= 2 && small.grew);
    assert_sound(&heap, "I4");
}

#[test]
fn b1_b2_b4_the_threshold_between_segments_and_large_blocks() {
    for (size, is_large) in [
        (0xF_D000, false),
        (LAST_IN_SEGMENT, false),
        (FIRST_LARGE, true),
        (0xF_F000, true),
        (1 << 30, true),
    ] {
        let heap = heap(unstamped());
        let payload = heap.alloc(size, Flags::NONE).expect("room").payload;
        let large: Vec<_> = entries(&heap)
            .into_iter()
            .filter(|entry| matches!(entry, Entry::Large(_)))
            .collect();
        assert_eq!(large.len(), usize::from(is_large), "{size:#x}");
        if is_large {
            assert_eq!(payload % 64, 0, "B4: {size:#x}");
        }
        assert_eq!(heap.size(payload, Flags::NONE), Ok(size), "Z1: {size:#x}");
        assert_charged(&heap);
        heap.free(payload, Flags::NONE).expect("a live block");
        assert_charged(&heap);
        assert_sound(&heap, "after the free");
    }
    let fixed = heap(fixed(0x40_0000));
    let refused = fixed.alloc(FIRST_LARGE, Flags::NONE).expect_err("B7");
    assert_eq!(refused, AllocError::TooLargeForFixed);
    fixed.alloc(LAST_IN_SEGMENT, Flags::NONE).expect("B6");
}

#[test]
fn b4_large_blocks_are_zero_even_where_memory_was_used_before() {
    let heap = heap(Options::default());
    for round in 0..3 {
        let payload = heap.alloc(0x12_3456, Flags::NONE).expect("room").payload;
        let other = heap.look(|core| core.find_other(payload, 0x12_3456, 0));
        assert_eq!(other, None, "round {round}");
        heap.look(|core| core.fill_bytes(payload, 0x12_3456, 0xEE));
        heap.free(payload, Flags::NONE).expect("a live block");
    }
}

#[test]
fn r8_a_large_block_shrinks_in_place_gives_pages_back_and_cannot_grow_again() {
    let heap = heap(Options::default());
    let size = 0x10_0000;
    let payload = heap.alloc(size, Flags::NONE).expect("room").payload;
    heap.look(|core| core.fill_bytes(payload, size, 0x77));
    let before = pages(&heap);
    let shrunk = heap
        .realloc(payload, 0x6_0000, Flags::REALLOC_IN_PLACE_ONLY)
        .expect("R8");
    // 0x100040 bytes are 257 pages, 0x60040 are 97.
    assert_eq!((shrunk.payload, shrunk.returned_pages), (payload, 160));
    assert_eq!(before - pages(&heap), 160);
    assert_charged(&heap);
    let bytes = hash(&heap);
    let refused = heap
        .realloc(payload, 0x8_0000, Flags::REALLOC_IN_PLACE_ONLY)
        .expect_err("R8");
    assert_eq!(refused, AllocError::InPlace);
    assert_eq!(hash(&heap), bytes);
    let moved = heap
        .realloc(payload, 0x8_0000, Flags::NONE)
        .expect("elsewhere");
    assert_ne!(moved.payload, payload);
    assert_eq!(
        heap.look(|core| core.find_other(moved.payload, 0x6_0000, 0x77)),
        None
    );
    assert_charged(&heap);
    assert_sound(&heap, "R8");
}

/// A request with its answer.
type Try = fn(&Heap, &[u64]) -> Result<u64, AllocError>;

fn alloc(heap: &Heap, size: u64) -> Result<u64, AllocError> {
    heap.alloc(size, Flags::NONE).map(|placed| placed.payload)
}

fn realloc(heap: &Heap, payload: u64, size: u64, flags: Flags) -> Result<u64, AllocError> {
    heap.realloc(payload, size, flags)
        .map(|moved| moved.payload)
}

fn free(heap: &Heap, payload: u64) -> Result<u64, AllocError> {
    heap.free(payload, Flags::NONE).map(|freed| freed.requested)
}

/// Tries what must fail and leave every byte, and the charge, as they were.
#[track_caller]
fn check_failure(
    name: &str,
    heap: &Heap,
    live: &[u64],
    attempt: Try,
    expected: fn(&AllocError) -> bool,
) {
    let before = (hash(heap), heap.memory().limit().used());
    let error = attempt(heap, live).expect_err(name);
    assert!(expected(&error), "{name}: {error}");
    assert_eq!(
        (hash(heap), heap.memory().limit().used()),
        before,
        "{name}: a failure left a trace"
    );
    assert_sound(heap, name);
}

#[test]
fn s12_beyond_the_commit_limit_requests_fail_and_change_nothing() {
    let is_commit = |error: &AllocError| matches!(error, AllocError::Commit(_));
    let rows: [(&str, Try); 6] = [
        ("from a range", |heap, _| alloc(heap, 0x3000)),
        ("a new segment", |heap, _| alloc(heap, 0x2_0000)),
        ("a large block", |heap, _| alloc(heap, 0x20_0000)),
        ("moving", |heap, live| {
            realloc(heap, live[0], 0x3000, Flags::NONE)
        }),
        ("moving to a large block", |heap, live| {
            realloc(heap, live[0], 0x20_0000, Flags::NONE)
        }),
        ("growing before a range", |heap, live| {
            realloc(heap, live[2], 0x4000, Flags::NONE)
        }),
    ];
    for policy in Policy::ALL {
        for flags in [Flags::NONE, Flags::DISABLE_COALESCE_ON_FREE] {
            let limit = wide_limit();
            let options = Options {
                policy,
                flags,
                ..Options::default()
            };
            let heap = Heap::new(&options, &limit).expect("a small heap");
            let live: Vec<u64> = (0..3).map(|_| alloc(&heap, 0x400).expect("room")).collect();
            free(&heap, live[1]).expect("a live block");
            let used = limit.used();
            for (name, attempt) in rows {
                limit.set_limit(used);
                check_failure(
                    &format!("{name}, {policy}"),
                    &heap,
                    &live,
                    attempt,
                    is_commit,
                );
                // One page short of what it takes, then enough.
                let needed = {
                    limit.set_limit(1 << 40);
                    let copy = Heap::new(&options, &limit).expect("a small heap");
                    let live: Vec<u64> =
                        (0..3).map(|_| alloc(&copy, 0x400).expect("room")).collect();
                    free(&copy, live[1]).expect("a live block");
                    let before = limit.used();
                    attempt(&copy, &live).expect("no limit now");
                    limit.used() - before
                };
                assert!(needed > 0, "{name}");
                // A block that moves frees its old pages afterwards: charged meanwhile.
                limit.set_limit(used + needed - PAGE);
                check_failure(
                    &format!("{name}, {policy}, one page short"),
                    &heap,
                    &live,
                    attempt,
                    is_commit,
                );
            }
            limit.set_limit(used + 0x100 * PAGE);
            alloc(&heap, 0x3000).expect("within the limit again");
        }
    }
}

#[test]
fn a_heap_that_cannot_be_made_leaves_no_charge() {
    let limit = Arc::new(CommitLimit::new(3 * PAGE));
    let refused = Heap::new(&Options::default(), &limit).expect_err("four pages are needed");
    assert!(matches!(refused, CreateError::Alloc(AllocError::Commit(_))));
    assert_eq!(limit.used(), 0);
    limit.set_limit(4 * PAGE);
    let made = Heap::new(&Options::default(), &limit).expect("four pages");
    assert_eq!(
        limit.used(),
        4 * PAGE,
        "two of the segment, a bitmap, the unit map"
    );
    drop(made);
    assert_eq!(limit.used(), 0);
    let absurd = Options {
        initial: u64::MAX,
        ..Options::default()
    };
    let refused = Heap::new(&absurd, &limit).expect_err("no such size");
    assert_eq!(refused, CreateError::Alloc(AllocError::Absurd));
}

/// A fixed heap that is full but for one hole of 0x100 bytes, with blocks of 0x100 around it.
fn full(flags: Flags) -> (Heap, Vec<u64>) {
    let heap = heap(Options {
        flags,
        ..fixed(0x1_0000)
    });
    let mut live = Vec::new();
    while let Ok(payload) = alloc(&heap, 0xF8) {
        live.push(payload);
    }
    while alloc(&heap, 0).is_ok() {}
    let hole = live.remove(1);
    free(&heap, hole).expect("a live block");
    live.push(hole);
    (heap, live)
}

#[test]
fn invariant_4_failures_of_every_kind_leave_every_byte_as_it_was() {
    const IN_PLACE: Flags = Flags::REALLOC_IN_PLACE_ONLY;
    let rows: [(&str, Try, AllocError); 19] = [
        ("A7", |heap, _| alloc(heap, u64::MAX), AllocError::Absurd),
        (
            "A7, near the end",
            |heap, _| alloc(heap, u64::MAX - 24),
            AllocError::Absurd,
        ),
        (
            "64 GiB",
            |heap, _| alloc(heap, 64 << 30),
            AllocError::Absurd,
        ),
        (
            "B7",
            |heap, _| alloc(heap, FIRST_LARGE),
            AllocError::TooLargeForFixed,
        ),
        ("full", |heap, _| alloc(heap, 0xF9), AllocError::Full),
        (
            "full, zeroed",
            |heap, _| {
                heap.alloc(0x800, Flags::ZERO_MEMORY)
                    .map(|placed| placed.payload)
            },
            AllocError::Full,
        ),
        (
            "R3",
            |heap, live| realloc(heap, live[0], u64::MAX, Flags::NONE),
            AllocError::Absurd,
        ),
        (
            "R3, near the end",
            |heap, live| realloc(heap, live[0], u64::MAX - 7, Flags::NONE),
            AllocError::Absurd,
        ),
        (
            "realloc, large",
            |heap, live| realloc(heap, live[0], FIRST_LARGE, Flags::NONE),
            AllocError::TooLargeForFixed,
        ),
        (
            "realloc, full",
            |heap, live| realloc(heap, live[2], 0x200, Flags::NONE),
            AllocError::Full,
        ),
        (
            "R4, the next block is busy",
            |heap, live| realloc(heap, live[2], 0x100, IN_PLACE),
            AllocError::InPlace,
        ),
        (
            "R4, the next hole is too small",
            |heap, live| realloc(heap, live[0], 0x200, IN_PLACE),
            AllocError::InPlace,
        ),
        (
            "free, misaligned",
            |heap, live| free(heap, live[0] + 8),
            Misuse::Misaligned.into(),
        ),
        (
            "free, interior",
            |heap, live| free(heap, live[0] + 32),
            Misuse::NoBlock.into(),
        ),
        (
            "free, outside",
            |heap, _| free(heap, 0x2_0000),
            Misuse::Outside.into(),
        ),
        (
            "free, control block",
            |heap, _| free(heap, 0x100),
            Misuse::NoBlock.into(),
        ),
        (
            "free, twice",
            |heap, live| free(heap, live[live.len() - 1]),
            Misuse::Freed.into(),
        ),
        (
            "realloc, freed",
            |heap, live| realloc(heap, live[live.len() - 1], 8, Flags::NONE),
            Misuse::Freed.into(),
        ),
        (
            "realloc, interior",
            |heap, live| realloc(heap, live[0] + 32, 8, Flags::NONE),
            Misuse::NoBlock.into(),
        ),
    ];
    let (heap, live) = full(Flags::NONE);
    assert_eq!(heap.look(|core| core.largest_free()), 0x10);
    for (name, attempt, expected) in rows {
        let before = hash(&heap);
        assert_eq!(attempt(&heap, &live), Err(expected), "{name}");
        assert_eq!(hash(&heap), before, "{name}: a failure left a trace");
    }
    for payload in [live[0] + 8, live[0] + 32, 0x2_0000, live[live.len() - 1]] {
        let before = hash(&heap);
        heap.size(payload, Flags::NONE).expect_err("no busy block");
        heap.validate_block(payload, Flags::NONE)
            .expect_err("no busy block");
        assert_eq!(hash(&heap), before, "{payload:#x}");
    }
    assert_sound(&heap, "after all failures");
    // What fits exactly still does.
    alloc(&heap, 0xF8).expect("the hole");
}

#[test]
fn a_fixed_heap_beyond_16_mib_is_several_segments_and_fills_to_the_last_byte() {
    let heap = heap(Options {
        stamp: false,
        ..fixed(40 << 20)
    });
    assert_eq!(reserves(&heap), [0xFF_0000, 0xFF_0000, 0x82_0000]);
    for size in [LAST_IN_SEGMENT, 0x1_0000, 0x1000, 0x100, 0] {
        while alloc(&heap, size).is_ok() {}
        let is_full = |error: &AllocError| *error == AllocError::Full;
        check_failure(
            "used up",
            &heap,
            &[],
            |heap, _| alloc(heap, LAST_IN_SEGMENT),
            is_full,
        );
    }
    assert_eq!(heap.look(|core| core.largest_free()), 0);
    let counts = heap.look(|core| core.recount());
    assert_eq!((counts.committed, counts.ranges), (40 << 8, (0, 0)));
    assert_charged(&heap);
}

fn growable_settings() -> Settings {
    Settings {
        flags: Flags::NONE,
        policy: Policy::Best,
        stamp: false,
        checks: true,
        decommit: false,
    }
}

#[test]
fn when_addresses_run_out_segments_halve_and_then_requests_fail() {
    let heap = small_growable(0x60_0000, growable_settings());
    while alloc(&heap, 0x1_8000).is_ok() {}
    // After 1 and 2 MiB another 4 do not fit: half of that does. What is asked for next grows by each reserve (I4), so
    // that 6 MiB are halved until 768 KiB fit, and 6.75 MiB down to what the request needs.
    assert_eq!(
        reserves(&heap),
        [
            0x1_0000, 0x10_0000, 0x20_0000, 0x20_0000, 0xC_0000, 0x2_0000
        ]
    );
    let used: u64 = reserves(&heap).iter().sum();
    assert_eq!(
        0x60_0000 - used,
        0x1_0000,
        "one unit is left, too small for the request"
    );
    let rows: [(&str, Try); 2] = [
        ("no segment", |heap, _| alloc(heap, 0x1_8000)),
        ("no region", |heap, _| alloc(heap, 0x20_0000)),
    ];
    for (name, attempt) in rows {
        check_failure(name, &heap, &[], attempt, |error| {
            *error == AllocError::NoAddresses
        });
    }
    // Smaller ones take the last unit, and then the heap is full.
    while alloc(&heap, 0x1000).is_ok() {}
    while alloc(&heap, 0).is_ok() {}
    assert_eq!(reserves(&heap).iter().sum::<u64>(), 0x60_0000);
    check_failure(
        "nothing",
        &heap,
        &[],
        |heap, _| alloc(heap, 0),
        |error| *error == AllocError::NoAddresses,
    );
    assert_charged(&heap);
}

#[test]
fn addresses_of_released_regions_are_used_again() {
    let heap = small_growable(0x40_0000, growable_settings());
    for round in 0..20 {
        let live: Vec<u64> = std::iter::from_fn(|| alloc(&heap, 0x10_0000).ok()).collect();
        assert_eq!(
            live.len(),
            3,
            "round {round}: three large blocks of 17 units fit in 63"
        );
        let small: Vec<u64> = std::iter::from_fn(|| alloc(&heap, 0x8000).ok()).collect();
        assert!(small.len() > 20, "round {round}: segments take the rest");
        for payload in live.into_iter().chain(small) {
            free(&heap, payload).expect("a live block");
        }
        heap.minimize(Flags::NONE).expect("a mapping");
        assert_eq!(reserves(&heap), [0x1_0000], "round {round}");
        assert_eq!(
            committed(&heap),
            3,
            "round {round}: control block, bitmap, unit map"
        );
        assert_charged(&heap);
        assert_sound(&heap, "emptied");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_thousand_holes_are_still_one_kernel_mapping() {
    const HOLES: u64 = 100_000;
    let heap = heap(unstamped());
    let mut holes = Vec::new();
    // More than are counted: some separators fill the end of a segment instead, and their holes join.
    for _ in 0..HOLES + HOLES / 20 {
        // A hole of a little over two pages has a whole page to give wherever it starts; a block keeps it apart.
        holes.push(alloc(&heap, 0x20F8).expect("room"));
        alloc(&heap, 0).expect("room");
    }
    for payload in holes {
        free(&heap, payload).expect("a live block");
    }
    let done = heap.minimize(Flags::NONE).expect("a mapping");
    assert!(done.pages >= HOLES, "{done:?}");
    let ranges = heap.look(|core| core.recount()).ranges.0;
    assert!(ranges >= HOLES, "{ranges} ranges");
    let lines = crate::support::mappings(&heap, "maps");
    let writable: Vec<_> = lines
        .iter()
        .filter(|mapping| mapping[0].contains(" rw-p "))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(writable.len(), 1, "{lines:?}");
}
