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
