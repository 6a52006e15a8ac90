//! Long ways, and what is asked on them.

use super::*;

const LONG: &str = "run random ops=60000 sizes=16..2000 live=900 seed=8";

/// A session that is on a long way to the middle of a workload.
fn on_the_way(lines: &[&str]) -> Session {
    let mut session = session(lines);
    // Without checkpoints inside, the way is as long as can be.
    for entry in session.history.entries.values_mut() {
        entry.inner.truncate(1);
    }
    session.in_slices = true;
    said(&mut session, "seek 40000");
    set_out(&mut session);
    session
}

/// Goes the first steps of a long way.
fn set_out(session: &mut Session) {
    while session.seeking().expect("a way").done == 0 {
        session.go_on_seeking(std::time::Duration::from_micros(50));
    }
    let seeking = session.seeking().expect("a long way");
    assert!(seeking.done < seeking.of, "{seeking:?}");
}

#[test]
fn what_is_refused_on_the_way_leaves_the_way_alone() {
    for line in ["seek next K", "seek mark back", "seek failure"] {
        let mut session = on_the_way(&[LONG]);
        refused(&mut session, line);
        assert!(session.seeking().is_some(), "{line}");
        session.end_seeking();
        assert_eq!(session.operations, 40_000, "{line}");
    }
}

#[test]
fn whoever_seeks_the_old_place_on_the_way_stays_there() {
    for line in ["seek forward", "seek 60000", "seek present"] {
        let mut session = on_the_way(&[LONG]);
        said(&mut session, line);
        assert_eq!(
            (session.is_past(), session.operations, session.seeking()),
            (false, 60_000, None),
            "{line}"
        );
    }
    let mut session = on_the_way(&[LONG]);
    session.give_up_seeking();
    said(&mut session, "seek 3000");
    session.end_seeking();
    let there = Moment::of(&mut session);
    for line in ["seek 3000", "seek back"] {
        said(&mut session, "seek 59999");
        set_out(&mut session);
        said(&mut session, line);
        session.end_seeking();
        let expected = if line == "seek back" { 2_999 } else { 3_000 };
        assert_eq!(session.operations, expected);
        said(&mut session, "seek 3000");
        session.end_seeking();
        assert!(
            Moment::of(&mut session)
                .checkpoint
                .same_bytes(&there.checkpoint)
        );
    }
}
