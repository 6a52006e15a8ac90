use super::*;
use crate::session::frame::Sight;
use crate::session::{Journal, last_journal, parse_line, read_journal};

fn apply(session: &mut Session, line: &str) -> Answer {
    session.apply(&parse_line(line).expect(line).expect(line))
}

fn findings(session: &Session) -> u64 {
    session.shown().heap.inspect(1).1
}

/// Applies `line` to a session with the lines before it until it leaves damage; counts what was tried.
fn damaged(before: &[&str], line: &str) -> (Session, Answer) {
    for _ in 0..200 {
        let mut session = Session::new().expect("addresses");
        for line in before {
            apply(&mut session, line);
        }
        let answer = apply(&mut session, line);
        if answer.tone == Tone::Failed && findings(&session) > 0 {
            return (session, answer);
        }
    }
    panic!("200 x {line} did no damage");
}

const RACE: &str = "threads 4 { run random ops=20000 live=200 }";

#[test]
fn one_alone_is_measured_beside_the_session_and_before_the_others_go() {
    let mut session = Session::new().expect("addresses");
    let line = "threads 2 { run random ops=100000000 live=50 }";
    let Ok(Some(Command::Threads(threads))) = parse_line(line) else {
        panic!("{line}");
    };
    session.begin_threads(&threads).expect("threads");
    let picture = session.crew_picture().expect("threads");
    assert_eq!((picture.alone, picture.report.done()), (None, 0));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !session.let_threads_go(None) {
        assert_eq!(session.crew_picture().expect("threads").report.done(), 0);
        assert!(Instant::now() < deadline, "it is never measured");
        std::thread::yield_now();
    }
    let picture = session.crew_picture().expect("threads");
    assert!(picture.alone.is_some_and(|rate| rate > 0.0));
}

#[test]
fn serialised_threads_leave_named_blocks_and_a_sound_heap() {
    let mut session = Session::new().expect("addresses");
    apply(&mut session, "alloc a 100");
    let answer = apply(
        &mut session,
        "threads 3 { run random ops=2000 live=50 realloc=10 }",
    );
    assert_eq!(
        (answer.tone, findings(&session)),
        (Tone::Done, 0),
        "{answer:?}"
    );
    assert!(answer.words.contains("no damage in"), "{answer:?}");
    assert!(answer.words.contains("this does not repeat"), "{answer:?}");
    assert_eq!((session.operations, session.last.result), (6_001, 0));
    for base in ["ta", "tb", "tc"] {
        let freed = apply(&mut session, &format!("free {base}[:]"));
        assert_eq!(freed.tone, Tone::Done, "{freed:?}");
    }
    let slot = session.shown();
    assert_eq!(
        (
            slot.names.kept().len(),
            slot.heap.look(|core| core.totals().busy_blocks)
        ),
        (1, 1)
    );
}

#[test]
fn blocks_of_later_threads_are_numbered_behind_those_that_are_there() {
    let mut session = Session::new().expect("addresses");
    apply(&mut session, "alloc tb7 64");
    apply(&mut session, "threads 2 { run random ops=100 live=10 }");
    let names = session.shown().names.some(1_000);
    assert!(
        names.contains(&"tb7".to_owned()) && names.contains(&"ta8".to_owned()),
        "{names:?}"
    );
}

#[test]
fn a_race_is_taken_back_and_brought_back_as_it_was() {
    let (mut session, answer) = damaged(&["alloc a 100", "serialize off"], RACE);
    assert!(answer.words.starts_with("DAMAGED: "), "{answer:?}");
    assert!(answer.words.contains("; first "), "{answer:?}");
    assert!(session.last.result > 0);
    let left = session.image();
    session.undo();
    assert_eq!(findings(&session), 0);
    let words = session.redo().words;
    assert!(words.ends_with("; nothing repeats"), "{words}");
    assert!(session.image() == left);
    assert!(findings(&session) > 0);
}

#[test]
fn calls_without_the_lock_race_and_own_mutual_exclusion_does_not() {
    let (_, answer) = damaged(&[], &format!("{RACE} calls=noserialize"));
    assert!(answer.words.contains("never taken"), "{answer:?}");
    let mut session = Session::new().expect("addresses");
    apply(&mut session, "serialize off");
    let answer = apply(&mut session, &format!("{RACE} guard=own"));
    assert_eq!(
        (answer.tone, findings(&session)),
        (Tone::Done, 0),
        "{answer:?}"
    );
}

#[test]
fn the_places_of_incidents_are_marked_until_the_next_command() {
    let (mut session, answer) = damaged(&["serialize off"], RACE);
    let places = session.bad_places(session.shown());
    assert!(answer.block.is_some_and(|at| places.contains(&at)));
    let listed = session.check_shown().expect("what went wrong is listed");
    assert!(listed.fresh && listed.findings.total > 0);
    for located in &listed.findings.kept {
        assert!(
            matches!(&located.sight, Sight::Incident(words) if words.starts_with("operation "))
        );
        assert!(places.contains(&located.at) && !located.meaning.is_empty());
    }
    apply(&mut session, "validate");
    assert!(session.crew_picture().is_some());
    apply(&mut session, "coalesce off");
    assert!(session.incident_places(1).is_empty() && session.crew_picture().is_none());
}

#[test]
fn situations_tell_what_each_costs_and_that_all_but_one_are_clean() {
    let mut session = Session::new().expect("addresses");
    let words = apply(&mut session, "situations threads=3 ops=5000").words;
    let lines: Vec<&str> = words.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 6, "{words}");
    assert!(lines[0].contains("100 %"), "{words}");
    assert!(
        lines[..5].iter().all(|line| line.ends_with("; clean")),
        "{words}"
    );
    assert_eq!(session.operations, 0);
}

#[test]
fn mistakes_are_answered_with_what_was_expected() {
    for (line, expected) in [
        ("threads", "a number from 1 to 64"),
        ("threads 65 { run random }", "a number from 1 to 64"),
        ("threads 4", "{"),
        ("threads 4 { walk }", "run random"),
        ("threads 4 { run random from=5 }", "a whole workload"),
        ("threads 4 { run random", "a closing }"),
        (
            "threads 4 { run random } calls=never",
            "heap or noserialize",
        ),
        ("situations threads=0", "a number from 1 to 64"),
        (
            "situations threads=64 ops=312501",
            "at most 20,000,000 operations of all threads together",
        ),
    ] {
        let error = parse_line(line).expect_err(line);
        assert_eq!(error.expected, expected, "{line}");
    }
    parse_line("situations threads=64 ops=312500").expect("what can be kept");
}

#[test]
fn a_journal_brings_back_what_threads_left_and_starts_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = || directory.path().to_owned();
    let mut session = Session::new().expect("addresses");
    session.keep_journal(Journal::new(place()));
    apply(&mut session, "alloc a 100");
    apply(&mut session, &format!("{RACE} calls=noserialize"));
    apply(&mut session, "free ta[::3]");
    let file = last_journal(directory.path())
        .expect("read")
        .expect("a journal");
    let text = std::fs::read(&file).expect("a journal");
    let past = read_journal(&text, "j").expect("a journal");
    let mut again = Session::new().expect("addresses");
    again.keep_journal(Journal::new(place()).behind(file.clone()));
    again.replay(&past);
    let words: Vec<String> = again.log().map(|answer| answer.words.clone()).collect();
    assert!(
        words
            .iter()
            .any(|words| words.ends_with("so none was started")),
        "{words:?}"
    );
    let names = |session: &Session| session.shown().names.some(10_000);
    assert_eq!(names(&again), names(&session));
    assert_eq!(again.operations, session.operations);
    let left = session.image();
    assert!(again.same_heaps(&left));
    // Without the image the line says what is missing, and starts no threads either.
    for entry in std::fs::read_dir(directory.path()).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "heapimage")
        {
            std::fs::remove_file(path).expect("removed");
        }
    }
    let mut lost = Session::new().expect("addresses");
    lost.keep_journal(Journal::new(place()).behind(file));
    lost.replay(&past);
    assert!(
        lost.log()
            .any(|answer| answer.words.contains("what the threads left is lost"))
    );
    assert!(lost.crew_left.is_none());
}

#[test]
fn threads_are_called_by_letters() {
    let names: Vec<String> = [0, 1, 25, 26, 51, 52, 63].into_iter().map(base).collect();
    assert_eq!(names, ["ta", "tb", "tz", "taa", "taz", "tba", "tbl"]);
}

#[test]
fn threads_that_make_no_operation_leave_the_way_that_redo_has() {
    let mut session = Session::new().expect("addresses");
    for line in ["alloc a 64", "alloc b 64", "undo"] {
        apply(&mut session, line);
    }
    let Ok(Some(Command::Threads(threads))) = parse_line(RACE) else {
        panic!("{RACE}");
    };
    session.begin_threads(&threads).expect("threads");
    session.wake_threads();
    session.end_threads().expect("an answer");
    assert_eq!(session.depths(), (1, 1));
    let idle = apply(&mut session, "threads 1 { run random ops=0 }");
    assert_eq!((idle.tone, session.depths()), (Tone::Refused, (1, 1)));
    assert!(session.redo().words.contains("alloc b 64"));
}
