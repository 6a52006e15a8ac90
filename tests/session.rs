//! Invariant 6, and undo: sessions as people drive them.

use heapwalk::heap::Entry;
use heapwalk::session::frame::Tone;
use heapwalk::session::{Metric, Session, Value, parse_line};
use heapwalk::view::Lens;

fn session(lines: &[&str]) -> Session {
    let mut session = Session::new().expect("addresses");
    for line in lines {
        let answer = session.apply(&parse_line(line).expect("a command").expect("not blank"));
        assert_ne!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    }
    session
}

fn tell(session: &mut Session, line: &str) -> String {
    let answer = session.apply(&parse_line(line).expect("a command").expect("not blank"));
    format!("{} | {}", answer.call, answer.words)
}

fn whole(session: &mut Session, metric: Metric) -> i64 {
    match session.metric(metric) {
        Some(Value::Whole(number)) => number,
        other => panic!("{metric} is {other:?}"),
    }
}

/// A past with everything in it that undo has to bring back.
const PAST: &[&str] = &[
    "heap new growable",
    "alloc b[0:40] 300",
    "free b[::2]",
    "coalesce off",
    "free b[1::4]",
    "compact",
    "realloc b3 4000",
    "alloc big 2M",
    "run random ops=500 sizes=16..4000 live=60 realloc=10 seed=3",
    "heapmin",
    "policy worst-fit",
    "serialize off",
    "heap new fixed 64K coalesce=off",
    "alloc c[0:9] 500 zero",
    "heap crt",
    "free c[::2]",
    "heapmin",
    "heap use 1",
    "free big",
    "limit 64M",
    "heap destroy 2",
    "alloc d 100",
];

#[test]
fn undo_and_redo_restore_every_command_byte_for_byte() {
    let mut session = session(&[]);
    let lens = Lens::default();
    let mut moments = vec![session.image()];
    for line in PAST {
        tell(&mut session, line);
        moments.push(session.image());
    }
    let frame = session.frame(&lens);
    assert_eq!(frame.undo, PAST.len());
    for (nth, moment) in moments.iter().enumerate().rev().skip(1) {
        session.undo();
        assert!(session.image() == *moment, "undo of {}", PAST[nth]);
    }
    for (nth, moment) in moments.iter().enumerate().skip(1) {
        session.redo();
        assert!(session.image() == *moment, "redo of {}", PAST[nth - 1]);
    }
    assert_eq!(session.frame(&lens).picture.figures, frame.picture.figures);
}

#[test]
fn invariant_6_the_same_commands_give_the_same_bytes() {
    let (mut one, mut two) = (session(PAST), session(PAST));
    assert!(one.image() == two.image());
    let words = |session: &Session| {
        session
            .log()
            .map(|answer| answer.call.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&one), words(&two));
}

#[test]
fn what_goes_wrong_changes_nothing_and_says_why() {
    let mut session = session(&["heap new fixed 64K", "alloc a 1000"]);
    let before = session.image();
    for (line, parts) in [
        (
            "alloc b 64000",
            &[
                "HeapAlloc(heap, 0, 64000) = NULL, error 8 ERROR_NOT_ENOUGH_MEMORY",
                "no hole of 64,016 B",
            ][..],
        ),
        ("alloc b 2M", &["error 8", "0xFF000"]),
        ("realloc a 70000", &["HeapReAlloc", "error 8"]),
        ("free 0x730", &["TRUE"]),
        (
            "free 0x12340",
            &["= FALSE, error 87 ERROR_INVALID_PARAMETER"],
        ),
        ("free 0x738", &["= FALSE, error 87"]),
        ("free nobody", &["no live block is called nobody"]),
        ("heap use 9", &["there is no heap 9"]),
        ("size 0x12340", &["(SIZE_T)-1"]),
    ] {
        let told = tell(&mut session, line);
        for part in parts {
            assert!(told.contains(part), "{line}: {told}");
        }
        if line == "free 0x730" {
            session.undo();
        }
        assert!(session.same_heaps(&before), "{line} left a trace");
    }
}

#[test]
fn the_kernel_confirms_what_heapmin_returns() {
    let mut session = session(&["heap new growable", "alloc b[0:200] 5000", "free b[:]"]);
    let before = whole(&mut session, Metric::Resident);
    let told = tell(&mut session, "heapmin");
    let after = whole(&mut session, Metric::Resident);
    let returned = whole(&mut session, Metric::ReturnedLast);
    assert!(returned > 900_000, "{told}");
    assert_eq!(before - after, returned, "{told}");
    assert!(told.contains("_heapmin() = 0, success"), "{told}");
    let frame = session.frame(&Lens::default());
    assert_eq!(
        frame.returned.last().expect("an entry").resident,
        Some((before as u64, after as u64))
    );
}

#[test]
fn a_buffer_cannot_give_pages_back() {
    let mut session = session(&["heap new buffer 64K", "alloc a 20000", "free a"]);
    let before = session.image();
    let told = tell(&mut session, "heapmin");
    assert!(told.contains("_heapmin() = -1, errno 40 ENOSYS"), "{told}");
    assert!(session.same_heaps(&before));
}

#[test]
fn heapmin_acts_on_the_heap_tagged_crt() {
    let mut session = session(&[
        "heap new growable",
        "alloc a 50000",
        "free a",
        "heap new growable",
        "alloc a 50000",
        "free a",
    ]);
    let committed = whole(&mut session, Metric::Committed);
    tell(&mut session, "heapmin");
    assert_eq!(
        whole(&mut session, Metric::Committed),
        committed,
        "heap 2 is not tagged"
    );
    tell(&mut session, "minimize");
    assert!(whole(&mut session, Metric::Committed) < committed);
    tell(&mut session, "heap use 1");
    assert!(whole(&mut session, Metric::Committed) < committed);
}

#[test]
fn workloads_are_journalled_as_one_command_and_can_be_undone() {
    let mut session = session(&["heap new growable"]);
    let before = session.image();
    let told = tell(
        &mut session,
        "run random ops=20000 sizes=1..3000 dist=bimodal life=sawtooth live=300 seed=9",
    );
    assert!(
        told.contains("20,000 operations") && told.contains("none failed"),
        "{told}"
    );
    let entries = session.look(|core| {
        core.walk()
            .filter(|entry| matches!(entry, Entry::Damaged { .. }))
            .count()
    });
    assert_eq!(entries, 0);
    session.undo();
    assert!(session.image() == before);
}

#[test]
fn double_free_hands_out_one_pointer_twice_once_checks_are_off() {
    let mut session = session(&[
        "heap new growable",
        "alloc a 40",
        "alloc wall 40",
        "checks off",
    ]);
    let address = tell(&mut session, "free a");
    assert!(address.contains("TRUE"));
    // The block's address, freed a second time.
    tell(&mut session, "coalesce off");
    let told = tell(&mut session, "free 0x730");
    assert!(told.contains("TRUE"), "{told}");
    let (x, y) = (
        tell(&mut session, "alloc x 40"),
        tell(&mut session, "alloc y 40"),
    );
    let pointer = |told: &str| {
        told.split(" = ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .map(str::to_owned)
    };
    assert_eq!(pointer(&x), pointer(&y), "{x} / {y}");
}

/// Answers hold these parts, in this order.
fn check_answer(before: &[&str], line: &str, parts: &[&str]) {
    let mut session = Session::new().expect("addresses");
    for line in before {
        tell(&mut session, line);
    }
    let told = tell(&mut session, line);
    let mut rest = told.as_str();
    for part in parts {
        let Some(at) = rest.find(part) else {
            panic!("{line}: {part:?} is not in {told:?}, or not in its place");
        };
        rest = &rest[at + part.len()..];
    }
}

/// Forty holes of 608 bytes between busy blocks, in a heap that cannot grow beyond 64 KiB.
const HOLED: &[&str] = &["heap new fixed 64K", "alloc b[0:40] 600", "free b[::2]"];

#[test]
fn requests_that_fit_nowhere_are_told_why() {
    let apart = &[HOLED, &["coalesce off", "free b[1:11:2]"]].concat();
    for (before, line, parts) in [
        (
            HOLED,
            "alloc x 40000",
            &[
                "= NULL, error 8",
                "no hole of 40,016 B (",
                " free in 21 holes, biggest ",
                "); the heap is of fixed size: of its 64 KiB 28 KiB are committed",
            ][..],
        ),
        (
            apart,
            "alloc x 40000",
            &["merging its 10 unmerged pairs (K) would make 6,688 B at most"],
        ),
        (
            apart,
            "alloc x 3000",
            &[
                "3,008 B for 3,000 B",
                "merging its 10 unmerged pairs (K) would make one of 6,688 B",
                "committed 4 KiB more",
            ],
        ),
        (
            &["limit 1M"],
            "alloc x[0:2000] 1000",
            &[
                "blocks made, then: no hole of 1,008 B",
                "the commit limit of 1 MiB allows no more",
                "more are asked for",
            ],
        ),
        (
            &["limit 1M"],
            "alloc x 3M",
            &["too large for a hole of a segment", "commit limit of 1 MiB"],
        ),
        (
            HOLED,
            "alloc x 2M",
            &[
                "0xFF000",
                "in a growable heap it would get a region of its own",
            ],
        ),
        (
            HOLED,
            "realloc b1 1300 inplace",
            &[
                "the block cannot grow where it stands: 704 B more are needed",
                "the hole of 608 B at 0x00be0 behind it is too small",
            ],
        ),
        (
            &["alloc a 64", "alloc b 64"],
            "expand a 600",
            &["= NULL, errno 12 ENOMEM", "and b stands behind it"],
        ),
        (
            &["alloc a 64"],
            "free 0x738",
            &["not a multiple of 16, it lies 8 B behind the first byte of a; nothing changed"],
        ),
        (
            &["alloc a 64", "free a"],
            "free 0x730",
            &["the block is free already; nothing changed (with checks off"],
        ),
        (&[], "realloc null 64", &["= NULL", "does not allocate"]),
        (
            &[],
            "size null",
            &[
                "HeapSize(heap, 0, NULL) = (SIZE_T)-1 |",
                "sets no last error",
            ],
        ),
    ] {
        check_answer(before, line, parts);
    }
}

#[test]
fn probes_tell_what_was_tried_and_how_the_heap_would_grow() {
    let holes = &["alloc b[0:6] 72", "free b1", "free b3"][..];
    let first = &[holes, &["policy first-fit"]].concat();
    let worst = &[holes, &["policy worst-fit"]].concat();
    for (before, line, parts) in [
        (
            &["alloc a 64"][..],
            "probe 64",
            &[
                "needs 80 B: would go to 0x00770, a hole of 6,224 B, and 6,144 B stay free; 1 hole looked at",
                "is taken",
            ][..],
        ),
        (
            holes,
            "probe 72",
            &["would go to 0x00810, a hole of 80 B, all of it"],
        ),
        (
            first,
            "probe 100",
            &[
                "would go to 0x00900",
                "3 holes looked at: 0x00770 of 80 B is too small by 32 B, 0x00810 of 80 B is too small by 32 B, 0x00900 of 5,824 B is taken",
            ],
        ),
        (worst, "probe 40", &["would go to 0x00900"]),
        (
            holes,
            "probe 9000",
            &[
                "no hole of 9,008 B",
                "the heap would commit 4 KiB more from 0x02000 on",
            ],
        ),
        (
            holes,
            "probe 100000",
            &["the heap would add a segment at 0x10000, reserving 1 MiB and committing 100 KiB"],
        ),
        (
            holes,
            "probe 2M",
            &["a region of its own; the heap would commit 2.0 MiB at 0x10000"],
        ),
        (
            HOLED,
            "probe 100000",
            &[
                "would fail: no hole of 100,016 B",
                "the heap is of fixed size",
            ],
        ),
        (
            &["alloc a 64", "limit 20K"],
            "probe 9000",
            &[
                "would commit 4 KiB more",
                "which the commit limit of 20 KiB refuses",
            ],
        ),
    ] {
        check_answer(before, line, parts);
    }
    let mut session = session(holes);
    let before = session.image();
    tell(&mut session, "probe 9000");
    assert!(session.image() == before && session.same_heaps(&before));
}

#[test]
fn a_probe_says_what_an_allocation_then_does() {
    let mut session = session(&["alloc b[0:30] 1000", "free b[::3]"]);
    for size in ["100", "2000", "9000", "100000", "600000", "2M"] {
        let committed = whole(&mut session, Metric::Committed);
        let told = tell(&mut session, &format!("probe {size}"));
        tell(&mut session, &format!("alloc x {size}"));
        let grew = whole(&mut session, Metric::Committed) - committed;
        let says = told.contains("the heap would");
        assert_eq!(says, grew > 0, "{size}: {told}");
        let exactly = format!("{} KiB", grew / 1024);
        let large = grew >= 1 << 20;
        assert!(
            !says || large || told.contains(&exactly),
            "{size}: {grew} {told}"
        );
    }
}

#[test]
fn what_changes_hands_is_told() {
    for (before, line, parts) in [
        (
            &["alloc a 64"][..],
            "alloc a 64",
            &[
                "= 0x00780",
                "; a named 0x00730 before; that block has no name now",
            ][..],
        ),
        (
            &["alloc a[0:3] 64"],
            "alloc a[0:5] 64",
            &["; 3 of these names had blocks before"],
        ),
        (
            &["alloc a 64"],
            "realloc 0x730 200",
            &[
                "HeapReAlloc(heap, 0, 0x730, 200) = 0x00730",
                "stayed in place, 80 B -> 208 B",
            ],
        ),
        (
            &["alloc a 64"],
            "expand 0x730 200",
            &["= 0x00730", "_expand never moves"],
        ),
        (
            &["alloc b[0:3] 100", "realloc b1 20"],
            "size b[:]",
            &["x 3 = 20 to 100", "220 B of 3 blocks together"],
        ),
        (
            &["alloc b[0:3] 100"],
            "size b[:]",
            &["x 3 = 100 |", "300 B"],
        ),
        (
            &["alloc big 2M"],
            "free big",
            &["returned 2.0 MiB", "a large block's region goes with it"],
        ),
        (
            &["alloc b[0:9] 100"],
            "free where size<=112 from=0x7a0 to=0x8f0",
            &["= TRUE x 3"],
        ),
        (
            &["alloc b[0:9] 100"],
            "free where size>4K",
            &["no busy block matches size>4K; 9 busy blocks in all"],
        ),
        (
            &["alloc b[0:9] 100"],
            "filter name~b",
            &["9 matches of 9 busy blocks and 1 hole"],
        ),
        (
            &["alloc a 1"],
            "heap destroy",
            &[
                "no heap is left but the process heap (0)",
                "no heap bears the tag CRT",
            ],
        ),
        (
            &["alloc a 1", "heap new growable"],
            "heap destroy",
            &["heap 1 is in view"],
        ),
        (
            &["alloc a 1", "heap destroy"],
            "heap destroy",
            &["there is no heap but the process heap"],
        ),
        (&[], "heap use 0", &["heap 0 is in view: the process heap"]),
        (&[], "coalesce on", &["it was ON already"]),
        (&[], "undo", &["there is nothing to undo"]),
        (&["alloc a 64"], "undo", &["took back: alloc a 64"]),
        (
            &["alloc a 64", "undo"],
            "redo",
            &["brought back: alloc a 64"],
        ),
        (
            &[],
            "help free where",
            &["free where WORDS: free every busy block"],
        ),
        (
            &[],
            "help heap new",
            &[
                "heap new growable",
                " | heap new fixed SIZE",
                " | heap new buffer",
            ],
        ),
        (
            &[],
            "help",
            &["alloc, realloc, free", "help COMMAND explains one"],
        ),
        (
            &["heap new buffer 64K"],
            "expect resident > 0",
            &["resident is unknown here"],
        ),
        (
            &["heap new fixed 64K"],
            "run random ops=300 sizes=2000..4000 live=100",
            &[
                "failed, the first at operation ",
                "HeapAlloc(heap, 0, ",
                "no hole of ",
            ],
        ),
    ] {
        check_answer(before, line, parts);
    }
}

#[test]
fn undo_takes_back_no_filter() {
    let mut session = session(&["alloc a 64", "filter busy", "alloc b 64"]);
    tell(&mut session, "undo");
    let found = session.frame(&Lens::default()).found.expect("a filter");
    assert_eq!((found.filter.as_str(), found.count), ("busy", Some(1)));
    tell(&mut session, "filter off");
    assert_eq!(session.frame(&Lens::default()).found, None);
}

#[test]
fn workloads_leave_the_names_of_earlier_ones_alone() {
    let mut session = session(&[
        "run random ops=50 live=1000",
        "run random ops=50 live=1000 seed=2",
    ]);
    let blocks = whole(&mut session, Metric::BusyBlocks);
    let told = tell(&mut session, "size w[:]");
    assert!(
        told.contains(&format!("{blocks} blocks together")),
        "{told}"
    );
}

#[test]
fn coalescing_is_not_switched_on_in_a_damaged_heap() {
    let mut session = session(&[
        "alloc a 40",
        "alloc b 40",
        "coalesce off",
        "checks off",
        "free a",
        "free 0x730",
        "checks on",
    ]);
    let before = session.image();
    let told = tell(&mut session, "coalesce on");
    assert!(told.contains("the heap is damaged, "), "{told}");
    assert!(
        told.contains("expected") && told.contains("nothing changed"),
        "{told}"
    );
    assert!(session.same_heaps(&before));
    tell(&mut session, "checks off");
    let told = tell(&mut session, "coalesce on");
    assert!(told.contains("coalesce ON"), "{told}");
}

#[test]
fn figures_of_a_damaged_heap_may_run_backwards() {
    // The last segment is said to be the first; no page is committed for the counter to count from; no large block.
    for (address, word, line) in [
        (0x70, 1 << 32 | 1, "alloc more 800K"),
        (0x58, u64::from(u32::MAX), "alloc more 800K"),
        (0x78, 0, "free large"),
    ] {
        let mut session = session(&[
            "heap new growable",
            "alloc large 2M",
            "alloc a[0:6] 900K",
            "checks off",
        ]);
        session.look(|core| core.write_bytes(address, &u64::to_le_bytes(word)));
        let told = tell(&mut session, line);
        assert!(told.contains("Heap"), "{line}: {told}");
    }
}
