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
