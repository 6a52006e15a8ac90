//! The fault lab: what each fault does to a heap with checks and to one without, and that a heap damaged in any of these
//! ways can still be walked, drawn, exported, undone and destroyed.

use heapwalk::export::{Scheme, svg, text};
use heapwalk::heap::Entry;
use heapwalk::session::frame::{Answer, Request, Sight, Tone};
use heapwalk::session::{Amount, FAULTS, FaultRow, Metric, Session, Value, parse_line};
use heapwalk::tui::layout::Arrangement;
use heapwalk::tui::panes::PANES;
use heapwalk::tui::{Appearance, ColorDepth, GlyphSet, State, Theme, draw};
use heapwalk::view::{CellState, Lens, MapRow};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn apply(session: &mut Session, line: &str) -> Answer {
    session.apply(&parse_line(line).expect("a command").expect("not blank"))
}

fn session(lines: &[&str]) -> Session {
    let mut session = Session::new().expect("addresses");
    for line in lines {
        let answer = apply(&mut session, line);
        assert_ne!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    }
    session
}

fn resident(session: &mut Session) -> Option<i64> {
    match session.metric(Metric::Resident)? {
        Value::Whole(bytes) => Some(bytes),
        Value::Fraction(_) => None,
    }
}

/// Blocks with walls between them, a hole, and room behind.
const HEAP: &[&str] = &["heap new growable", "alloc b[0:6] 100", "free b4"];

/// The line that commits a fault on a block.
fn line(row: &FaultRow, block: &str) -> String {
    let amount = match row.amount {
        Amount::Nothing | Amount::BytesOrAll => "",
        Amount::Bytes => " 48",
        Amount::Bit => " 40",
    };
    format!("{} {block}{amount}", row.command.verb)
}

/// Whether a fault is a call, which the heap can refuse, rather than a store, which it cannot.
fn is_call(row: &FaultRow) -> bool {
    row.command.call.is_some()
}

/// Whether it frees the block before.
fn frees_first(row: &FaultRow) -> bool {
    row.command.doc.starts_with("free a block, then") || row.command.verb == "double-free"
}

#[test]
fn f3_with_checks_every_call_is_refused_and_not_a_byte_changes() {
    for row in FAULTS.iter().filter(|row| is_call(row)) {
        let mut session = session(HEAP);
        let mut block = "b1".to_owned();
        if frees_first(row) {
            // What is free already is not freed first: the refused call is all that there is.
            let freed = apply(&mut session, "free b1").block.expect("a block");
            block = format!("{:#x}", freed + 16);
        }
        let before = session.image();
        let line = line(row, &block);
        let answer = apply(&mut session, &line);
        assert_eq!(answer.tone, Tone::Failed, "{line}: {}", answer.words);
        assert!(answer.words.contains(row.warning), "{}", answer.words);
        assert!(session.same_heaps(&before), "{line}");
        assert_eq!(apply(&mut session, "validate").tone, Tone::Done, "{line}");
    }
}

#[test]
fn a_fault_that_frees_a_busy_block_first_does_only_that_with_checks() {
    for row in FAULTS.iter().filter(|row| is_call(row) && frees_first(row)) {
        let mut freed = session(HEAP);
        apply(&mut freed, "free b1");
        let expected = freed.image();
        let mut session = session(HEAP);
        let answer = apply(&mut session, &line(row, "b1"));
        assert!(answer.words.starts_with("it was freed first"), "{answer:?}");
        assert!(session.same_heaps(&expected), "{}", row.command.verb);
    }
}

#[test]
fn faults_are_undone_redone_and_repeatable_byte_for_byte() {
    for checks in ["checks on", "checks off"] {
        for row in &FAULTS {
            let mut first = session(HEAP);
            apply(&mut first, checks);
            let before = first.image();
            let line = line(row, "b1");
            apply(&mut first, &line);
            let after = first.image();
            let mut second = session(HEAP);
            apply(&mut second, checks);
            apply(&mut second, &line);
            assert!(second.same_heaps(&after), "{line}: repeated");
            first.undo();
            assert!(first.image() == before, "{line}: undone");
            first.redo();
            assert!(first.image() == after, "{line}: redone");
        }
    }
}

#[test]
fn s10_after_a_double_free_two_requests_get_one_pointer_wherever_the_block_stood() {
    for (heap, block, size) in [
        ("heap new growable", "b1", 100),
        ("heap new growable", "b5", 100),
        ("heap new fixed 64K init=16K", "b5", 100),
        ("heap new growable coalesce=off", "b5", 100),
        ("heap new growable stamp=off serialize=off", "b1", 100),
        ("heap new growable", "b[6]", 5000),
    ] {
        let mut session = session(&[heap, "alloc b[0:6] 100"]);
        if block == "b[6]" {
            apply(&mut session, "alloc b6 5000");
        }
        apply(&mut session, "checks off");
        let told = apply(&mut session, &format!("double-free {block}"));
        assert!(told.call.ends_with("= TRUE"), "{told:?}");
        assert!(told.words.contains("handed out twice"), "{}", told.words);
        let pointers = ["d", "e"].map(|name| {
            let answer = apply(&mut session, &format!("alloc {name} {size}"));
            assert_eq!(answer.tone, Tone::Done, "{answer:?}");
            (answer.block.expect("a block"), answer.words)
        });
        assert_eq!(pointers[0].0, pointers[1].0, "{heap} {block}");
        assert!(!pointers[0].1.contains("TWICE"));
        let words = &pointers[1].1;
        assert!(words.contains("HANDED OUT TWICE: it is also d"), "{words}");
        // Both names stay, on the card and in commands; the map marks the block.
        let lens = Lens {
            cursor: Some(pointers[1].0),
            zoom: Some(16),
            ..Lens::default()
        };
        let picture = session.frame(&lens).picture;
        let card = picture.selected.as_ref().expect("the block");
        assert_eq!(card.name.as_deref(), Some("e"));
        assert_eq!(card.others, ["d"]);
        let bad = picture.map.rows.iter().any(|row| match row {
            MapRow::Cells { cells, .. } => {
                cells.iter().any(|cell| cell.state == CellState::Damaged)
            }
            _ => false,
        });
        assert!(bad, "the map shows it");
        assert_eq!(apply(&mut session, "size d").tone, Tone::Done);
        apply(&mut session, "free d");
        let card = session.frame(&lens).picture.selected.clone().expect("it");
        assert_eq!(card.others, [""; 0]);
    }
}

#[test]
fn s10_a_store_beyond_committed_memory_is_a_violation_and_makes_no_page_resident() {
    for line in ["overrun b5 64K", "write-after-free b5 1M", "underrun b0 1M"] {
        let mut session = session(HEAP);
        let before = resident(&mut session);
        let answer = apply(&mut session, line);
        if line.starts_with("underrun") {
            // Everything before the first block is the control block.
            assert_eq!(answer.tone, Tone::Done, "{line}: {answer:?}");
        } else {
            assert_eq!(answer.tone, Tone::Failed, "{line}: {answer:?}");
            assert!(answer.call.contains("0xC0000005"), "{line}: {answer:?}");
        }
        // Of what was committed all is now resident, and nothing else.
        let committed = match session.metric(Metric::Committed) {
            Some(Value::Whole(bytes)) => bytes,
            other => panic!("{other:?}"),
        };
        let after = resident(&mut session);
        assert!(
            after.is_none() || after <= before.max(Some(committed)),
            "{line}"
        );
    }
}

#[test]
fn s10_damaged_links_end_in_a_violation_and_make_no_page_resident() {
    for line in [
        "write-after-free b1",
        "free-interior b1",
        "overrun b1 64",
        "underrun b1 64",
    ] {
        let mut session = session(HEAP);
        apply(&mut session, "checks off");
        apply(&mut session, line);
        let before = (resident(&mut session), session.metric(Metric::Committed));
        for next in [
            "alloc x 100",
            "free b2",
            "alloc y 100",
            "alloc z 3000",
            "free b0",
        ] {
            apply(&mut session, next);
        }
        if session.metric(Metric::Committed) == before.1 {
            assert!(resident(&mut session) <= before.0, "{line}");
        }
    }
}

#[test]
fn sound_heaps_without_checks_never_stray() {
    let mut session = session(&["heap new growable checks=off decommit=auto"]);
    for line in [
        "run random ops=4000 sizes=16..90000 live=300 realloc=20 seed=5",
        "heapmin",
        "run random ops=4000 sizes=16..2000000 live=40 realloc=20 seed=6",
        "coalesce off",
        "run random ops=4000 sizes=16..3000 live=300 realloc=20 seed=7",
        "coalesce on",
        "compact",
        "free where busy",
        "heapmin",
        "alloc a[0:300] 9000",
    ] {
        let answer = apply(&mut session, line);
        assert_eq!(answer.tone, Tone::Done, "{line}: {answer:?}");
    }
    assert_eq!(session.metric(Metric::Failures), Some(Value::Whole(0)));
    assert_eq!(apply(&mut session, "validate").tone, Tone::Done);
}

#[test]
fn g3_g6_tail_checking_finds_an_overrun() {
    let mut session = session(&["heap new growable tail=on", "alloc b[0:3] 100"]);
    assert_eq!(apply(&mut session, "overrun b1 1").tone, Tone::Done);
    for line in ["validate b1", "validate", "heapchk"] {
        let answer = apply(&mut session, line);
        assert_eq!(answer.tone, Tone::Failed, "{line}");
        let findings = answer.findings.expect("findings");
        assert_eq!(findings.total, 1);
        let found = &findings.kept[0];
        let tail = Sight::Value {
            expected: 0xAB,
            found: u64::from(b'O'),
        };
        assert_eq!(found.sight, tail);
        assert_eq!(found.called, "b1");
        assert!(found.meaning.contains("wrote past the end"));
    }
    // Without tail checking nobody notices what falls on slack.
    let mut plain = self::session(&["heap new growable", "alloc b[0:3] 99", "overrun b1 1"]);
    assert_eq!(apply(&mut plain, "validate").tone, Tone::Done);
}

#[test]
fn g5_free_checking_finds_a_write_after_free() {
    let mut session = session(&["heap new growable freecheck=on", "alloc b[0:3] 100"]);
    apply(&mut session, "write-after-free b1");
    let answer = apply(&mut session, "validate");
    assert!(answer.call.ends_with("NULL) = FALSE"), "{}", answer.call);
    let found = &answer.findings.expect("findings").kept;
    let fill = found.iter().find(|found| {
        matches!(
            found.sight,
            Sight::Value {
                expected: 0xFEEE_FEEE_FEEE_FEEE,
                ..
            }
        )
    });
    let fill = fill.expect("the fill");
    assert!(fill.meaning.contains("after freeing"), "{}", fill.meaning);
    assert!(fill.called.starts_with("the hole of "), "{}", fill.called);
}

#[test]
fn findings_stay_until_a_check_finds_none_or_the_heap_is_another() {
    let mut session = session(HEAP);
    let shown = |session: &mut Session| {
        let check = session.frame(&Lens::default()).check;
        check.map(|check| (check.findings.total, check.fresh, check.sought))
    };
    apply(&mut session, "flip b2 3");
    assert_eq!(shown(&mut session), None);
    apply(&mut session, "heapchk");
    assert_eq!(shown(&mut session), Some((2, true, true)));
    apply(&mut session, "alloc x 8");
    assert_eq!(shown(&mut session), Some((2, false, true)));
    apply(&mut session, "filter busy");
    assert_eq!(shown(&mut session), Some((2, false, false)));
    apply(&mut session, "heap new growable");
    assert_eq!(shown(&mut session), None, "another heap");
    apply(&mut session, "heap use 1");
    assert_eq!(shown(&mut session), Some((2, false, false)));
    apply(&mut session, "flip b2 3");
    apply(&mut session, "validate");
    assert_eq!(shown(&mut session), None, "nothing is found any more");
    for line in ["compact", "heapmin", "minimize", "heapset 0"] {
        apply(&mut session, "flip b2 3");
        let answer = apply(&mut session, line);
        assert!(answer.findings.is_some(), "{line}: {answer:?}");
        assert!(shown(&mut session).is_some(), "{line}");
        session.undo();
        session.undo();
        assert_eq!(shown(&mut session), None, "{line}: undone");
    }
}

/// Everything that looks at a heap, looks at it.
fn look_at(session: &mut Session, what: &str) {
    for line in [
        "walk",
        "heapwalk",
        "validate",
        "heapchk",
        "summary",
        "size b2",
        "probe 100",
    ] {
        apply(session, line);
    }
    let entries: Vec<Entry> = session.look(|core| core.walk().collect());
    assert!(!entries.is_empty() && entries.len() < 10_000, "{what}");
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    for size in [(60, 16), (80, 24), (200, 60)] {
        let usual = std::iter::once(Arrangement::Usual);
        let whole = PANES.iter().map(|row| Arrangement::Whole(row.pane));
        for arrangement in usual.chain(whole) {
            let mut state = State::new(size);
            state.arrangement = arrangement;
            let Some(Request::Look(lens)) = state.look() else {
                panic!("{size:?} is large enough");
            };
            let first = session.look(|core| core.walk().count()) as u64;
            for cursor in [
                None,
                Some(0x720),
                Some(0x7F0),
                Some(0x860),
                Some(first * 16),
            ] {
                let lens = Lens { cursor, ..lens };
                let frame = session.frame(&lens);
                let area = Rect::new(0, 0, size.0, size.1);
                let mut buffer = Buffer::empty(area);
                draw(&state, &frame, &theme, area, &mut buffer);
                assert!(text(&buffer).contains("heap 1"), "{what} {size:?}");
                assert!(svg(&buffer, &Scheme::DARK).contains("</svg>"), "{what}");
            }
        }
    }
}

#[test]
fn a_heap_damaged_in_any_way_is_walked_drawn_exported_and_destroyed() {
    for checks in ["checks on", "checks off"] {
        for row in &FAULTS {
            let mut session = session(HEAP);
            apply(&mut session, checks);
            let line = line(row, "b1");
            apply(&mut session, &line);
            look_at(&mut session, &line);
            for next in [
                "alloc x 100",
                "alloc y 100",
                "free b2",
                "realloc b3 500",
                "free x",
            ] {
                apply(&mut session, next);
            }
            look_at(&mut session, &line);
            let answer = apply(&mut session, "heap destroy");
            assert!(answer.call.ends_with("= TRUE"), "{line}: {answer:?}");
        }
    }
}

#[test]
fn a_store_beside_no_block_is_refused_and_stores_nothing() {
    for line in [
        "flip 0x3 5",
        "flip 0x99999 8",
        "flip 0x99990 8",
        "underrun 0x3 8",
        "underrun 0x99999 8",
        "overrun 0x99999 8",
        "write-after-free 0x99999",
    ] {
        let mut session = session(HEAP);
        let before = session.image();
        let answer = apply(&mut session, line);
        assert_eq!(answer.tone, Tone::Refused, "{line}: {answer:?}");
        assert!(answer.words.starts_with("no block starts at"), "{answer:?}");
        assert!(session.same_heaps(&before), "{line}");
    }
}

#[test]
fn a_header_that_is_damaged_already_can_be_damaged_further() {
    let mut session = session(HEAP);
    let before = session.image();
    for _ in 0..2 {
        assert_eq!(apply(&mut session, "flip b2 3").tone, Tone::Done);
    }
    assert!(session.same_heaps(&before), "flipped and flipped back");
    apply(&mut session, "flip b2 3");
    let answer = apply(&mut session, "underrun b2 4");
    assert!(
        answer.words.starts_with("4 B fell on its own"),
        "{answer:?}"
    );
}

#[test]
fn what_a_write_after_free_says_of_links_is_true_of_where_they_are() {
    let links = "the first 16 bytes are the free list's links";
    let mut alone = session(HEAP);
    let answer = apply(&mut alone, "write-after-free b1 8");
    assert!(answer.words.contains(links), "{answer:?}");
    let list = |session: &mut Session| apply(session, "validate").tone;
    assert_eq!(list(&mut alone), Tone::Failed, "the links are damaged");

    // b4 is a hole already: b5 becomes part of it.
    let mut joined = session(&["heap new growable", "alloc b[0:7] 100", "free b4"]);
    let answer = apply(&mut joined, "write-after-free b5 8");
    assert!(!answer.words.contains(links), "{answer:?}");
    assert!(
        answer.words.contains("it is part of the hole of"),
        "{answer:?}"
    );
    assert_eq!(list(&mut joined), Tone::Done, "no link was hit");
}

#[test]
fn a_foreign_address_needs_no_second_heap() {
    for lines in [
        &["heap new growable", "alloc b1 100"][..],
        &["heap use 0", "alloc b1 100"],
    ] {
        let mut session = session(lines);
        let before = session.image();
        let answer = apply(&mut session, "free-foreign b1");
        assert_eq!(answer.tone, Tone::Failed, "{lines:?}: {answer:?}");
        assert!(answer.call.contains("&variable) = FALSE"), "{answer:?}");
        let other = answer.call.contains(", b1) = FALSE");
        assert_ne!(
            other,
            answer.words.contains("as there is none"),
            "{answer:?}"
        );
        assert!(session.same_heaps(&before));
    }
}
