//! Lines that part, and the way from one to another.

use super::*;

#[test]
fn a_branch_keeps_the_future_and_either_leads_to_the_other() {
    let mut session = session(PAST);
    let future = Moment::of(&mut session);
    said(&mut session, "seek 500");
    let there = Moment::of(&mut session);
    said(&mut session, "branch");
    assert!(
        Moment::of(&mut session)
            .checkpoint
            .same_bytes(&there.checkpoint)
    );
    said(&mut session, "alloc mine 1000");
    let mine = Moment::of(&mut session);
    let time = shown(&mut session);
    assert_eq!((time.line, time.branches.len(), time.past), (2, 1, false));
    let branch = &time.branches[0];
    assert_eq!(
        (branch.number, branch.command.as_str()),
        (1, "heap destroy 2")
    );
    assert_eq!(branch.left, 60);
    said(&mut session, "branch 1");
    let back = Moment::of(&mut session);
    assert!(back == future, "{}", back.differs(&future));
    assert!(refused(&mut session, "branch 1").contains("is shown"));
    assert!(refused(&mut session, "branch 7").contains("no line 7"));
    said(&mut session, "seek 700");
    said(&mut session, "branch 2");
    assert!(Moment::of(&mut session) == mine);
    assert!(refused(&mut session, "branch").contains("this is the present"));
    said(&mut session, "undo");
    assert!(
        Moment::of(&mut session)
            .checkpoint
            .same_bytes(&there.checkpoint)
    );
    said(&mut session, "undo");
    assert_eq!(session.operations, 60);
}

#[test]
fn a_command_after_undo_leaves_the_way_that_redo_had() {
    let mut session = session(&["alloc a 64", "alloc b 64", "alloc c 64"]);
    let all = Moment::of(&mut session);
    for line in ["undo", "undo", "alloc other 5000"] {
        said(&mut session, line);
    }
    assert_eq!(session.depths(), (2, 0));
    said(&mut session, "branch 1");
    // The line was left where undo had led.
    assert_eq!((session.operations, session.depths()), (1, (1, 2)));
    said(&mut session, "redo");
    said(&mut session, "redo");
    assert!(Moment::of(&mut session) == all);
}

#[test]
fn bookmarks_belong_to_their_line() {
    let mut session = session(&[
        "alloc a 64",
        "alloc b 64",
        "mark",
        "alloc c 64",
        "seek 1",
        "branch",
    ]);
    let gone = |session: &mut Session| {
        let frame = session.frame(&crate::view::Lens::default());
        (
            frame.bookmarks[0].gone,
            frame.baseline.expect("the mark").gone,
        )
    };
    for line in ["alloc x 64", "alloc y 64", "alloc z 64", "seek 0"] {
        said(&mut session, line);
    }
    assert_eq!(gone(&mut session), (true, true));
    refused(&mut session, "seek mark forward");
    // The other line leads there still.
    said(&mut session, "branch 1");
    assert_eq!(gone(&mut session), (false, false));
    said(&mut session, "seek mark back");
    assert_eq!(shown(&mut session).command, "alloc b 64");
}

#[test]
fn a_script_that_is_saved_in_the_past_leads_there() {
    let directory = tempfile::tempdir().expect("a directory");
    for (to, operations) in [
        ("seek 217", 217),
        ("seek back", 400),
        ("seek back 2", 399),
        ("seek present", 400),
    ] {
        let file = directory
            .path()
            .join(format!("{operations}{}.heap", to.len()));
        let mut session = session(&["run random ops=400 live=60 seed=5", "coalesce off", to]);
        said(&mut session, &format!("save \"{}\"", file.display()));
        let text = std::fs::read(&file).expect("written");
        let past = crate::session::read_journal(&text, "x").expect("a script");
        let mut again = Session::new().expect("addresses");
        again.replay(&past);
        assert_eq!(again.operations, operations, "{to}");
        assert_eq!(
            (again.is_past(), again.depths()),
            (session.is_past(), session.depths()),
            "{to}"
        );
        assert!(again.same_heaps(&session.image()), "{to}");
    }
}

#[test]
fn a_heap_that_goes_takes_its_lock_with_it() {
    // Destroyed under its lock, and taken away by redo.
    let destroyed = ["heap new fixed 64K", "alloc b[0:9] 64", "as t2: lock"];
    let mut session = session(&destroyed);
    let words = said(&mut session, "heap destroy");
    assert!(words.contains("t2 held its lock"), "{words}");
    let gone = Moment::of(&mut session);
    for lines in [&[][..], &["undo", "lock", "redo"]] {
        for line in lines {
            said(&mut session, line);
        }
        // Nobody waits for it in the past, nor is anybody kept there.
        said(&mut session, "seek 5");
        said(&mut session, "seek present");
        assert!(Moment::of(&mut session) == gone);
    }
}
