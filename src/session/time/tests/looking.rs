//! Looking at the past changes nothing, and leads to every place.

use super::*;

#[test]
fn nothing_changes_in_the_past_and_the_present_comes_back_as_it_was() {
    let mut session = session(PAST);
    let present = Moment::of(&mut session);
    let end = session.operations;
    for place in [end / 2, 3, end - 2, 0, 900, 41] {
        said(&mut session, &format!("seek {place}"));
        let there = Moment::of(&mut session);
        for line in [
            "alloc z 64",
            "free b",
            "run random",
            "undo",
            "redo",
            "heap new growable",
            "mark",
            "lock",
            "interleave { alloc p 8 } { alloc q 8 }",
            "threads 2 { run random ops=9 }",
            "example lost-update",
        ] {
            let words = refused(&mut session, line);
            assert!(
                words.contains("`branch`") && words.contains("`seek present`"),
                "{line}: {words}"
            );
        }
        assert!(Moment::of(&mut session) == there, "operation {place}");
        for line in [
            "walk",
            "validate",
            "summary",
            "probe 64",
            "filter free",
            "filter off",
            "expect busy >= 0",
        ] {
            if session.in_view.is_some() {
                said(&mut session, line);
            }
        }
        let time = shown(&mut session);
        assert!(
            time.past && time.present == end && time.at <= place,
            "{time:?}"
        );
    }
    said(&mut session, "seek present");
    let back = Moment::of(&mut session);
    assert!(back == present, "{}", back.differs(&present));
    assert!(!shown(&mut session).past);
}

#[test]
fn places_lie_one_behind_the_other_and_each_is_the_same_from_both_sides() {
    let mut session = session(PAST);
    let mut moments = vec![Moment::of(&mut session)];
    while !said(&mut session, "seek back").contains("nothing older") {
        moments.push(Moment::of(&mut session));
    }
    // Every operation but those of threads, every command, and the begin.
    let threads = 400;
    let without = 7;
    assert_eq!(
        moments.len() as u64 + threads,
        present(&session) + without + 2
    );
    for moment in moments.iter().rev().skip(1) {
        said(&mut session, "seek forward");
        let there = Moment::of(&mut session);
        assert!(there == *moment, "{}", there.differs(moment));
    }
    assert!(!session.is_past());
    assert!(said(&mut session, "seek forward").contains("the present"));
}

fn present(session: &Session) -> u64 {
    session
        .looking
        .as_ref()
        .map_or(session.operations, |looking| looking.present.operations())
}

#[test]
fn what_threads_left_is_there_again_and_nothing_between() {
    let mut session = session(&["alloc a 64", "threads 2 { run random ops=300 live=20 }"]);
    let left = Moment::of(&mut session);
    said(&mut session, "free a");
    said(&mut session, "seek 100");
    assert_eq!(session.operations, 1);
    said(&mut session, "seek 601");
    assert!(Moment::of(&mut session) == left);
}

#[test]
fn what_only_looks_is_done_in_the_past() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("x.json");
    let mut session = session(&["alloc a 64", "alloc b 64", "seek back"]);
    said(&mut session, &format!("export \"{}\"", file.display()));
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(text.contains("\"a\"") && !text.contains("\"b\""), "{text}");
    assert!(!parse("situations ops=10").changes());
}
