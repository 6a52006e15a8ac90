//! `heapwalk open` without a terminal: one still picture of the session.

use std::fs;

use crate::support::{Files, heapwalk};

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

/// A heap image is known by what is in it, whatever it is called, and shows the heap as it was saved.
#[test]
fn images_scripts_and_journals_are_told_apart_by_content() {
    let files = Files::new();
    let image = files.path("no-end");
    let script = files.write(
        "s.heap",
        format!("heap new fixed 64K\nalloc kept 100\nexport \"{image}.heapimage\"\n"),
    );
    assert_eq!(heapwalk(&["run", &script]).piped().code, Some(0));
    fs::rename(format!("{image}.heapimage"), &image).expect("renamed");
    let picture = |args: &[&str]| heapwalk(args).env("COLUMNS", "120").piped();
    for args in [&["open", &image][..], &[&image]] {
        let done = picture(args);
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(done.stdout.contains("fixed 64K"), "{done:?}");
        assert!(done.stdout.contains("as they were saved"), "{done:?}");
    }
    assert_eq!(picture(&["frame", "--run", &image]).code, Some(0));
    assert_eq!(picture(&["open", &script]).code, Some(0));
    // From the standard input no image can be found again.
    let bytes = fs::read(&image).expect("the image");
    let piped = heapwalk(&["run", "-"]).input(&bytes).piped();
    assert!(
        piped.message(2).contains("has to be a file with a name"),
        "{piped:?}"
    );
}

/// Whatever is missing or wrong is said, and nothing is opened.
#[test]
fn damaged_files_are_named_and_not_opened() {
    let files = Files::new();
    let image = files.path("x.heapimage");
    let script = files.write(
        "s.heap",
        format!("heap new fixed 64K\nalloc a 100\nsave \"{image}\"\n"),
    );
    assert_eq!(heapwalk(&["run", &script]).piped().code, Some(0));
    let whole = fs::read(&image).expect("the image");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (name, bytes, words) in [
        (
            "cut",
            &whole[..whole.len() - 9],
            "the heap image is cut off at byte ",
        ),
        (
            "head",
            &whole[..20],
            "the heap image is cut off at byte 20: it should have ",
        ),
        ("magic", &whole[..5], "the heap image is cut off at byte 5"),
        (
            "empty.heapimage",
            b"",
            "the heap image is cut off at byte 0",
        ),
        (
            "flipped",
            &flipped,
            "the heap image is damaged: its checksum should be ",
        ),
        ("binary", &[b'#', 0xFF, 0xFE], "binary:1:2: found "),
        ("script", b"alloc a 64\nalloc b", "script:2:8: "),
    ] {
        let file = files.write(name, bytes);
        for args in [
            &["open", &file][..],
            &[&file],
            &["run", &file],
            &["frame", "--run", &file],
        ] {
            let done = heapwalk(args).piped();
            let told = done.message(2);
            assert!(
                told.starts_with(&format!("heapwalk: failed to read {file}")),
                "{told}"
            );
            assert!(told.contains(words), "{told}");
        }
    }
}
