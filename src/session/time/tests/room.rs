//! What goes when there is no room.

use super::*;

#[test]
fn history_stays_within_its_budget_and_what_is_oldest_goes_first() {
    let mut session = session(&["history 1M"]);
    for nth in 0..40 {
        said(
            &mut session,
            &format!("run random ops=400 sizes=16..3000 live=60 seed={nth}"),
        );
        said(&mut session, "free w[::]");
        let time = shown(&mut session);
        assert!(time.kept <= time.budget, "{time:?}");
    }
    let time = shown(&mut session);
    assert!(time.first > 0 && time.first < time.present, "{time:?}");
    said(&mut session, "seek 0");
    assert_eq!(session.operations, time.first);
    said(&mut session, &format!("seek {}", time.first + 217));
    assert_eq!(session.operations, time.first + 217);
    said(&mut session, "seek present");
    said(&mut session, "history default");
}

#[test]
fn no_place_goes_while_the_past_is_looked_at() {
    let mut session = session(&["heap new growable"]);
    for name in ["a", "b", "c", "d", "e", "f"] {
        said(&mut session, &format!("alloc {name} 1M"));
    }
    said(&mut session, "seek back");
    let words = refused(&mut session, "history 1K");
    assert!(words.contains("`seek present`"), "{words}");
    // Whatever asks for room meanwhile gets none from the places themselves.
    let places = session.history.line.ids.len();
    session.history.set_budget(Some(1_024));
    session.make_room();
    assert_eq!(session.history.line.ids.len(), places);
    said(&mut session, "branch");
    assert_eq!(session.operations, 5);
    said(&mut session, "alloc z 64");
    assert_eq!(session.depths(), (1, 0));
    said(&mut session, "undo");
    assert_eq!(session.operations, 5);
}

#[test]
fn room_is_made_when_the_present_is_back() {
    let mut session = session(&["alloc a 1M", "alloc b 1M", "alloc c 1M", "seek back"]);
    session.history.set_budget(Some(1_024));
    session.make_room();
    assert_eq!(session.depths().0, 3);
    said(&mut session, "seek present");
    assert_eq!(session.depths().0, 1);
}

#[test]
fn a_place_that_is_no_longer_kept_is_not_called_the_begin() {
    let mut session = session(&["alloc a 64", "alloc b 64"]);
    let words = said(&mut session, "seek 0");
    assert!(words.contains("as the session began"), "{words}");
    for line in ["seek present", "history 1K", "alloc c 64"] {
        said(&mut session, line);
    }
    let words = said(&mut session, "seek 0");
    assert!(
        words.contains("behind operation 2") && words.contains("the oldest that is kept"),
        "{words}"
    );
}

#[test]
fn a_line_that_there_was_no_room_for_is_gone_and_said_to_be() {
    let mut session = session(&["alloc a 1M", "alloc b 1M", "seek back", "branch"]);
    said(&mut session, "alloc c 64");
    let there = Moment::of(&mut session);
    said(&mut session, "history 1K");
    let words = refused(&mut session, "branch 1");
    assert!(words.contains("line 1 is gone"), "{words}");
    assert!(refused(&mut session, "branch 3").contains("there is no line 3"));
    let time = shown(&mut session);
    assert_eq!((time.line, &time.branches[..]), (2, &[][..]));
    // What the lines had in common is the only one's now, as far as it is kept.
    said(&mut session, "undo");
    said(&mut session, "redo");
    assert!(Moment::of(&mut session) == there);
}

#[test]
fn what_redo_brings_back_makes_room_for_itself() {
    let mut session = session(&[
        "alloc a 1M",
        "alloc b 1M",
        "alloc c 1M",
        "undo",
        "undo",
        "undo",
    ]);
    session.history.set_budget(Some(1_024));
    session.make_room();
    assert_eq!(session.depths(), (0, 3));
    for done in ["redo", "redo", "redo"] {
        said(&mut session, done);
        assert_eq!(session.depths().0, 1);
    }
}

#[test]
fn whoever_branches_is_told_when_there_is_no_room_for_the_line_left() {
    let mut session = session(&["alloc a 1M", "alloc b 1M", "alloc c 1M", "seek back"]);
    session.history.set_budget(Some(1_024));
    let words = said(&mut session, "branch");
    assert!(words.contains("no room to keep what came after"), "{words}");
    assert!(refused(&mut session, "branch 1").contains("line 1 is gone"));
}

#[test]
fn what_lines_have_in_common_stays_when_one_of_them_goes() {
    let mut session = session(&["alloc a 64", "alloc b 64", "alloc c 64", "seek 2", "branch"]);
    for line in ["alloc d 64", "seek 1", "branch", "alloc e 64"] {
        said(&mut session, line);
    }
    let entries = |session: &Session| session.history.entries.len();
    assert_eq!(entries(&session), 5);
    // Line 1 goes, then line 2: each with the commands that no other has.
    for (left, lines) in [(4, 1), (2, 0)] {
        assert!(session.history.drop_line());
        let time = shown(&mut session);
        assert_eq!((entries(&session), time.branches.len()), (left, lines));
    }
    assert!(!session.history.drop_line());
    let all = session.history.entries.values().map(Entry::bytes);
    assert_eq!(session.history.bytes(), all.sum::<u64>());
}
