//! `heapwalk lessons`, `learn` without a terminal, and `check`.

use heapwalk::lesson::SHIPPED;
use serde_json::Value;

use super::support::{Files, heapwalk};

const FINE: &str = "lesson \"Two\"\nalloc a[0:2] 64\nexpect busy_blocks == 2\nsay \"Two blocks.\"\npause\n\
    challenge \"Free one.\" {\ngoal busy_blocks == 1\nlimit frees <= 1\nforbid heap\nsolution {\nfree a0\n}\n}\n";
const WRONG: &str = "lesson \"Wrong\"\nalloc a 64\nexpect busy_blocks == 2\nsay \"One.\"\npause\n";
const BROKEN: &str = "lesson \"Broken\"\nalloc a 64 what\n";

#[test]
fn the_lessons_are_listed_with_what_they_take_and_are_about() {
    let done = heapwalk(&["lessons"]).piped();
    let printed = done.is_plain().printed();
    for row in SHIPPED {
        let lesson = row.lesson().expect("a lesson");
        for part in [row.name, &lesson.title, &lesson.about] {
            assert!(printed.contains(part), "{part}: {printed}");
        }
        let minutes = format!("{} minutes", lesson.minutes.expect("minutes"));
        assert!(printed.contains(&minutes), "{minutes}: {printed}");
    }
}

#[test]
fn the_list_says_which_lessons_were_finished() {
    let state = tempfile::tempdir().expect("a directory");
    let home = state.path().display().to_string();
    let list = || {
        let done = heapwalk(&["lessons"]).env("XDG_STATE_HOME", &home).piped();
        done.printed().to_owned()
    };
    assert!(!list().contains("finished"), "{}", list());
    std::fs::create_dir(state.path().join("heapwalk")).expect("a directory");
    let kept = state.path().join("heapwalk/lessons");
    std::fs::write(kept, "policies\nno-such-lesson\n").expect("a file");
    let listed = list();
    let finished: Vec<&str> = listed
        .lines()
        .filter(|line| line.contains(", finished)"))
        .collect();
    assert_eq!(finished.len(), 1, "{listed}");
    assert!(finished[0].contains("  policies "), "{listed}");
}

#[test]
fn without_a_terminal_a_lesson_is_printed_to_be_read() {
    for name in [
        "2",
        "fragmentation",
        "assets/lessons/02-fragmentation.lesson",
    ] {
        let done = heapwalk(&["learn", name]).piped();
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(
            done.is_plain()
                .stderr
                .contains("this is the lesson as text"),
            "{done:?}"
        );
        assert!(
            done.stdout
                .starts_with("2 External fragmentation (7 minutes)\n"),
            "{done:?}"
        );
        assert!(done.stdout.contains("\nStep 1 of "), "{done:?}");
        assert!(!done.stdout.contains("expect "), "{done:?}");
        assert!(
            done.stdout.lines().all(|line| line.chars().count() <= 80),
            "{done:?}"
        );
    }
}

/// What comes through a pipe is told apart by what is in it, as files are, and all of it is read.
#[test]
fn a_lesson_in_the_standard_input_is_a_lesson() {
    let lesson = &SHIPPED[1];
    assert!(lesson.text.len() > 4096, "longer than what tells it");
    let named = heapwalk(&["learn", lesson.name]).piped();
    for arguments in [&["open", "-"][..], &["-"], &["learn", "-"]] {
        let piped = heapwalk(arguments).input(lesson.text).piped();
        assert_eq!(piped.code, Some(0), "{arguments:?}: {piped:?}");
        assert_eq!(piped.stdout, named.stdout, "{arguments:?}");
    }
    let cast = heapwalk(&["cast", "-"]).input(lesson.text).piped();
    assert!(cast.printed().len() > 10_000, "{cast:?}");
}

#[test]
fn who_names_a_lesson_that_is_none_is_told_of_those_there_are() {
    for (name, expected) in [
        (
            "no-such-lesson",
            "failed to find a lesson or a file no-such-lesson: heapwalk lessons",
        ),
        (
            "fragmentaton",
            "fragmentaton (did you mean fragmentation?): heapwalk lessons lists",
        ),
    ] {
        let done = heapwalk(&["learn", name]).piped();
        assert!(done.message(2).contains(expected), "{done:?}");
    }
}

/// What the file is called does not matter; what is in it does.
#[test]
fn a_lesson_that_is_opened_is_told_by_what_is_in_it() {
    let files = Files::new();
    let lesson = files.write("fine.txt", format!("# by hand\n\n{FINE}"));
    for args in [&["open", &lesson][..], &[&lesson]] {
        let opened = heapwalk(args).piped();
        let learned = heapwalk(&["learn", &lesson]).piped();
        assert_eq!(opened.code, Some(0), "{opened:?}");
        assert_eq!(
            (&opened.stdout, &opened.stderr),
            (&learned.stdout, &learned.stderr)
        );
    }
    let drawn = heapwalk(&["frame", "--run", &lesson]).piped();
    let drawn = drawn.printed();
    assert!(
        drawn.contains("Lesson: Two") || drawn.contains("Two blocks."),
        "{drawn}"
    );
    // A script about a lesson is none, and a lesson with a mistake is told with its place.
    let script = files.write("s.heap", "say \"lesson\"\nalloc lesson 64\n");
    let drawn = heapwalk(&["open", &script]).piped();
    assert!(drawn.stdout.contains("HeapAlloc(heap, 0, 64)"), "{drawn:?}");
    let broken = files.write("broken.txt", BROKEN);
    let done = heapwalk(&["open", &broken]).piped();
    assert!(
        done.message(2).contains("broken.txt:2:12: found \"what\""),
        "{done:?}"
    );
}

#[test]
fn all_shipped_lessons_are_checked_without_an_argument() {
    let done = heapwalk(&["check"]).piped();
    let printed = done.is_plain().printed();
    let fine = printed
        .lines()
        .filter(|line| line.starts_with("fine    "))
        .count();
    assert_eq!(fine, SHIPPED.len(), "{printed}");
}

#[test]
fn a_lesson_that_fails_or_cannot_be_read_stops_no_other() {
    let files = Files::new();
    let fine = files.write("fine.lesson", FINE);
    let wrong = files.write("wrong.lesson", WRONG);
    let broken = files.write("broken.lesson", BROKEN);
    let gone = files.path("gone.lesson");
    for (given, code) in [
        (vec![&fine], 0),
        (vec![&wrong, &fine], 1),
        (vec![&broken, &wrong, &fine], 2),
        (vec![&gone, &fine], 2),
    ] {
        let mut args = vec!["check"];
        args.extend(given.iter().map(|file| file.as_str()));
        let done = heapwalk(&args).piped();
        assert_eq!(
            (done.code, done.stderr.as_str()),
            (Some(code), ""),
            "{done:?}"
        );
        assert!(
            done.is_plain()
                .stdout
                .contains("fine.lesson: Two; 2 steps, 1 expectation, 1 challenge"),
            "{done:?}"
        );
    }
    let done = heapwalk(&["check", &broken, &wrong, &fine]).piped();
    let place = format!("{wrong}:3: expect: expected busy_blocks == 2, found 1");
    assert!(done.stdout.contains(&place), "{done:?}");
    let place = format!(
        "{broken}:2:12: found \"what\", expected zero, noserialize, exceptions or the end of the line"
    );
    assert!(done.stdout.contains(&place), "{done:?}");
    assert!(
        done.stdout
            .ends_with("3 lessons: 1 fine, 1 failed, 1 could not be read\n"),
        "{done:?}"
    );
}

#[test]
fn the_json_of_a_check_has_what_the_report_has() {
    let files = Files::new();
    let wrong = files.write("wrong.lesson", WRONG);
    let broken = files.write("broken.lesson", BROKEN);
    let done = heapwalk(&["check", "--json", &wrong, &broken]).piped();
    assert_eq!(done.code, Some(2), "{done:?}");
    let json: Value = serde_json::from_str(&done.stdout).expect("an object");
    assert_eq!(
        (json["schema"].as_str(), json["version"].as_u64()),
        (Some("heapwalk-check"), Some(1))
    );
    assert_eq!(json["fine"], Value::Bool(false));
    let lessons = json["lessons"].as_array().expect("a list");
    assert_eq!(lessons[0]["failures"][0]["line"], 3);
    assert_eq!(lessons[0]["failures"][0]["found"], "1");
    assert_eq!(lessons[0]["mistake"], Value::Null);
    assert_eq!(lessons[1]["mistake"]["line"], 2);
    assert_eq!(lessons[1]["mistake"]["column"], 12);
    let help = heapwalk(&["check", "--help"]).piped();
    for field in lessons[0].as_object().expect("an object").keys() {
        assert!(help.stdout.contains(field.as_str()), "{field}");
    }
}

#[test]
fn a_solution_is_graded() {
    let files = Files::new();
    let lesson = files.write("fine.lesson", FINE);
    for (script, code, expected) in [
        ("free a1\n", 0, "solved  "),
        (
            "free a0\nundo\nfree a1\n",
            0,
            "  yes  limit frees <= 1: 1 used",
        ),
        ("alloc c 8\n", 1, "  no   goal busy_blocks == 1: is 3"),
        (
            "alloc c 8\nfree a0\nfree a1\n",
            1,
            "  no   limit frees <= 1: 2 used",
        ),
        (
            "heap new growable\nfree a0\n",
            1,
            ":1: heap new growable: expected a command other than heap",
        ),
        (
            "free nobody\n",
            1,
            ":1: free nobody: expected a command that can be done",
        ),
        // What was before is no solution.
        (
            "seek 1\n",
            1,
            ":1: seek 1: expected the present in the end: `seek present` leads back, found the past",
        ),
        ("seek 1\nseek present\nfree a0\n", 0, "solved  "),
        (
            "seek 1\nbranch\n",
            1,
            ":2: branch: expected a command that can be done, found a challenge has one line",
        ),
        (
            "undo\nalloc c 8\n",
            1,
            ":1: undo: expected a command that can be done, found nothing of yours is left",
        ),
        ("history 1K\nfree a0\n", 1, ":1: history 1K: expected"),
    ] {
        let done = heapwalk(&["check", "--challenge", &lesson, "--solution", "-"])
            .input(script)
            .piped();
        assert_eq!(
            (done.code, done.stderr.as_str()),
            (Some(code), ""),
            "{script}: {done:?}"
        );
        assert!(
            done.is_plain().stdout.contains(expected),
            "{script}: {done:?}"
        );
    }
    let done = heapwalk(&["check", "--challenge", &lesson, "--solution", "-", "--json"])
        .input("free a1\n")
        .piped();
    let json: Value = serde_json::from_str(done.printed()).expect("an object");
    assert_eq!(
        (json["solved"].as_bool(), json["limits"][0]["used"].as_u64()),
        (Some(true), Some(1))
    );
    assert_eq!(
        (json["line"].as_u64(), json["goals"][0]["found"].as_f64()),
        (Some(6), Some(1.0))
    );

    let second = format!("{lesson}:2");
    let done = heapwalk(&["check", "--challenge", &second, "--solution", "-"])
        .input("")
        .piped();
    assert!(done.message(2).contains("find a challenge"), "{done:?}");
    let done = heapwalk(&["check", "--challenge", &lesson, "--solution", "-"])
        .input("fre a1\n")
        .piped();
    assert!(
        done.message(2).contains("<stdin>:1:1: found \"fre\""),
        "{done:?}"
    );
}
