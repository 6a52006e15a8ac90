//! `heapwalk open` without a terminal: one still picture of the session.

use std::fs;

use crate::support::heapwalk;

/// Journals, and what opening the last of them answers: the exit code, and words of the output and of the mistake.
#[test]
fn the_last_session_is_opened_or_the_reason_is_told() {
    const HEADING: &str =
        "# heapwalk session of today\nheap new growable # as the explorer begins\n";
    for (journals, code, shown, told) in [
        (
            &[][..],
            2,
            "",
            "failed to open the last session: no session was kept in ",
        ),
        (&["alloc a 64\nalloc b 64\n"], 0, "#2", "one still picture"),
        (
            &["alloc a 64\n", "alloc a 64\nalloc b 64\nundo\n"],
            0,
            "#1",
            "",
        ),
        (&["alloc a 64\nundo\nredo\nundo\nredo\n"], 0, "#1", ""),
        (&["alloc a 64\nalloc b 6"], 0, "in the middle of a line", ""),
        (
            &["alloc a 64\nalloc b x\n"],
            2,
            "",
            ":4:9: found \"x\", expected a size",
        ),
    ] {
        let state = tempfile::tempdir().expect("a directory");
        let sessions = state.path().join("heapwalk/sessions");
        for (nth, journal) in journals.iter().enumerate() {
            fs::create_dir_all(&sessions).expect("made");
            let path = sessions.join(format!("2026010{nth}T000000Z-1.heap"));
            fs::write(path, format!("{HEADING}{journal}")).expect("written");
        }
        let done = heapwalk(&["open", "last"])
            .env("XDG_STATE_HOME", state.path().to_str().expect("text"))
            .env("COLUMNS", "120")
            .piped();
        assert_eq!(done.code, Some(code), "{journals:?}: {done:?}");
        assert!(done.stdout.contains(shown), "{journals:?}: {}", done.stdout);
        assert!(done.stderr.contains(told), "{journals:?}: {}", done.stderr);
        // Nothing is written where nobody explores.
        let left = fs::read_dir(&sessions).map_or(0, Iterator::count);
        assert_eq!(left, journals.len(), "{journals:?}");
    }
}
