use crate::session::frame::{Answer, Tone};
use crate::session::{Session, Value, parse_line};
use crate::view::{CellState, Lens, MapRow, Mark};

fn session() -> Session {
    Session::new().expect("addresses")
}

fn run(session: &mut Session, line: &str) -> Answer {
    let command = parse_line(line).expect(line).expect(line);
    session.apply(&command)
}

/// Runs lines that must not be refused.
fn done(session: &mut Session, lines: &[&str]) {
    for line in lines {
        let answer = run(session, line);
        assert_ne!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    }
}

/// Every sentence of a call that is played to its end.
fn told(lines: &[&str], call: &str) -> Vec<String> {
    let mut session = session();
    done(&mut session, lines);
    done(&mut session, &[&format!("play {call}")]);
    let mut told = Vec::new();
    loop {
        let words = run(&mut session, "step forward").words;
        let (step, sentence) = words.split_once(": ").expect("a step");
        told.push(sentence.to_owned());
        let numbers: Vec<&str> = step.split(' ').collect();
        if numbers[1] == numbers[3] {
            return told;
        }
    }
}

const BLOCKS: [&str; 2] = ["heap new growable", "alloc b[0:5] 72"];

#[test]
fn an_alloc_tells_how_its_hole_is_found_cut_and_written_down() {
    insta::assert_snapshot!(told(&BLOCKS, "alloc x 40").join("\n"));
    let first = [
        "heap new growable policy=first-fit",
        "alloc b[0:5] 72",
        "free b0",
        "free b2",
    ];
    insta::assert_snapshot!(told(&first, "alloc x 200").join("\n"));
}

#[test]
fn a_free_tells_its_checks_and_both_merges() {
    let lines = [&BLOCKS[..], &["free b1", "free b3"]].concat();
    insta::assert_snapshot!(told(&lines, "free b2").join("\n"));
    let uncoalesced = [&BLOCKS[..], &["coalesce off", "free b1"]].concat();
    insta::assert_snapshot!(told(&uncoalesced, "free b2").join("\n"));
}

#[test]
fn growth_and_returns_tell_their_pages() {
    insta::assert_snapshot!(told(&BLOCKS, "alloc x 9000").join("\n"));
    let holes = [
        "heap new growable",
        "alloc a 20000",
        "alloc end 16",
        "free a",
    ];
    insta::assert_snapshot!(told(&holes, "heapmin").join("\n"));
    insta::assert_snapshot!(told(&["heap new growable", "alloc big 2M"], "free big").join("\n"));
}

#[test]
fn a_resize_tells_its_move_and_a_failure_why() {
    insta::assert_snapshot!(told(&BLOCKS, "realloc b1 200").join("\n"));
    insta::assert_snapshot!(told(&["heap new fixed 16K"], "alloc x 20000").join("\n"));
    let mut lines = BLOCKS.to_vec();
    lines.extend(["coalesce off", "free b1", "free b2"]);
    insta::assert_snapshot!(told(&lines, "compact").join("\n"));
}

#[test]
fn the_end_is_the_plain_call() {
    let calls = [
        "alloc x 40",
        "alloc x 9000",
        "alloc x 2M zero",
        "free b2",
        "free 0x820",
        "realloc b1 200",
        "realloc b1 9000",
        "realloc b4 8",
        "compact",
        "heapmin",
        "minimize",
        "alloc x 99G",
        "free 0x824",
    ];
    let lines = [&BLOCKS[..], &["free b3"]].concat();
    for call in calls {
        let (mut plain, mut played) = (session(), session());
        done(&mut plain, &lines);
        done(&mut played, &lines);
        let before = played.image();
        let depths = played.depths();
        let begun = run(&mut played, &format!("play {call}"));
        assert_eq!(begun.tone, Tone::Note, "{call}: {}", begun.words);
        run(&mut played, "step forward 3");
        assert_eq!(played.depths(), depths, "{call}: nothing is done yet");
        let (one, two) = (run(&mut plain, call), run(&mut played, "step end"));
        assert_eq!(one, two, "{call}");
        let after = plain.image();
        assert!(played.same_heaps(&after), "{call}");
        assert_eq!(played.depths(), plain.depths(), "{call}");
        run(&mut played, "undo");
        assert!(played.same_heaps(&before), "{call}");
        run(&mut played, "redo");
        assert!(played.same_heaps(&after), "{call}");
    }
}

#[test]
fn while_a_call_is_played_the_heap_can_only_be_looked_at() {
    let mut session = session();
    done(&mut session, &BLOCKS);
    let before = session.image();
    done(&mut session, &["play alloc x 40", "step forward 9"]);
    assert!(!session.frame(&Lens::default()).picture.quiet);
    let held = session.image();
    for line in [
        "alloc y 8",
        "play free b0",
        "interleave { compact } { compact }",
        "heap use 0",
        "redo",
        "validate",
        "run random ops=5",
        "example torn-list",
        "step t1",
    ] {
        let answer = run(&mut session, line);
        assert_eq!(answer.tone, Tone::Refused, "{line}");
        assert!(session.same_heaps(&held), "{line}");
    }
    done(&mut session, &["say \"x\"", "go b0", "help step to"]);
    let answer = run(&mut session, "undo");
    assert!(
        answer.words.contains("gave up the call"),
        "{}",
        answer.words
    );
    assert!(session.image() == before);
    assert!(session.frame(&Lens::default()).played.is_none());
    for line in ["step forward", "step to 3", "step back", "step end"] {
        assert_eq!(run(&mut session, line).tone, Tone::Refused, "{line}");
    }
    done(&mut session, &["play free b0", "step to 99", "step off"]);
    assert!(session.image() == before);
    // Two calls under way know nothing of these steps.
    done(&mut session, &["interleave { compact } { compact }"]);
    for line in ["step forward", "step to 3", "play compact"] {
        assert_eq!(run(&mut session, line).tone, Tone::Refused, "{line}");
    }
    done(&mut session, &["step off"]);
}

#[test]
fn what_cannot_be_played_is_refused_in_words() {
    for (line, column) in [
        ("play", 5),
        ("play walk", 6),
        ("play alloc b[0:2] 8", 6),
        ("play free null", 6),
        ("play validate", 6),
        ("play play compact", 6),
        ("step to", 8),
        ("step to x", 9),
        ("step forward 0", 14),
    ] {
        let error = parse_line(line).expect_err(line);
        assert_eq!(error.column, column, "{line}: {error}");
    }
    let mut session = session();
    done(&mut session, &BLOCKS);
    let answer = run(&mut session, "play free nobody");
    assert_eq!(answer.tone, Tone::Refused);
    done(&mut session, &["as t2: lock"]);
    let answer = run(&mut session, "play compact");
    assert!(answer.words.contains("lock is held"), "{}", answer.words);
}

#[test]
fn the_present_step_is_lit_and_the_middle_of_a_call_is_no_damage() {
    let mut session = session();
    done(&mut session, &BLOCKS);
    done(&mut session, &["free b1", "free b3", "play free b2"]);
    let lens = Lens {
        cells: 64,
        rows: 8,
        zoom: Some(16),
        ..Lens::default()
    };
    let total = session.frame(&lens).played.expect("played").total;
    let mut lit = 0;
    for _ in 0..total {
        done(&mut session, &["step forward"]);
        let frame = session.frame(&lens);
        let cells = || {
            let rows = frame.picture.map.rows.iter();
            rows.flat_map(|row| match row {
                MapRow::Cells { cells, .. } => &cells[..],
                _ => &[],
            })
        };
        lit += u32::from(cells().any(|cell| cell.mark == Some(Mark::Step)));
        assert!(cells().all(|cell| cell.state != CellState::Damaged));
    }
    assert!(
        u64::from(lit) * 2 > total,
        "{lit} of {total} steps show where they are"
    );
}

#[test]
fn a_played_call_counts_as_one_operation_and_leaves_no_count_when_given_up() {
    let mut session = session();
    done(&mut session, &BLOCKS);
    let count = |session: &Session| {
        let metric = "probes".parse().expect("a metric");
        session.metric(metric).expect("known")
    };
    let before = count(&session);
    done(&mut session, &["play alloc x 40", "step to 20", "step off"]);
    assert_eq!(count(&session), before);
    done(&mut session, &["play alloc x 40", "step end"]);
    assert_ne!(count(&session), before);
    assert!(matches!(before, Value::Whole(_)));
}
