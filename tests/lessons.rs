//! Lessons: those that heapwalk brings along hold, and what is wrong in one is told with its place.

use std::fs;
use std::path::Path;

use heapwalk::lesson::{Answers, Failure, Lesson, Part, SHIPPED, check, find, grade, parse};
use heapwalk::session::parse_script;

/// Columns of a screen on which a lecture must be readable.
const COLUMNS: usize = 80;

fn shipped() -> Vec<Lesson> {
    let read =
        |row: &heapwalk::lesson::Shipped| row.lesson().unwrap_or_else(|error| panic!("{error}"));
    SHIPPED.iter().map(read).collect()
}

#[test]
fn every_shipped_lesson_holds() {
    for lesson in shipped() {
        let report = check(&lesson).expect("a session");
        let told: Vec<String> = report
            .failures
            .iter()
            .map(|failure| format!("{}:{}: {failure}", lesson.file, failure.line))
            .collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
        assert!(report.checked.expectations > 0, "{}", lesson.file);
    }
}

#[test]
fn the_table_of_lessons_has_every_file_in_the_order_of_the_course() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons");
    let mut files: Vec<String> = fs::read_dir(folder)
        .expect("the lessons")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| format!("assets/lessons/{}", name.to_string_lossy()))
        .collect();
    files.sort();
    let table: Vec<&str> = SHIPPED.iter().map(|row| row.file).collect();
    assert_eq!(table, files);
    let numbers: Vec<Option<u64>> = shipped().iter().map(|lesson| lesson.number).collect();
    let expected: Vec<Option<u64>> = (1..=SHIPPED.len() as u64).map(Some).collect();
    assert_eq!(numbers, expected);
}

/// What a list says of a lesson, and what stands on a screen: nothing is empty, nothing longer than there is room for.
#[test]
fn shipped_lessons_say_what_a_screen_has_room_for() {
    let rows = |words: &str| words.chars().count().div_ceil(COLUMNS - 8);
    for lesson in shipped() {
        let file = &lesson.file;
        assert!((5..=10).contains(&lesson.minutes.unwrap_or(0)), "{file}");
        // The list has a line for it.
        assert!((1..=75).contains(&lesson.about.chars().count()), "{file}");
        assert!(lesson.predictions() >= 3, "{file}");
        assert!(lesson.challenges().count() >= 1, "{file}");
        for step in &lesson.steps {
            let at = format!("{file}:{}", step.line);
            assert!((1..=3).contains(&rows(step.words())), "{at}");
            let Part::Prediction(prediction) = &step.part else {
                continue;
            };
            assert!((1..=3).contains(&rows(&prediction.reveal)), "{at}");
            if let Answers::Choices(choices) = &prediction.answers {
                for choice in choices {
                    assert_eq!(rows(&choice.words), 1, "{file}:{}", choice.line);
                }
            }
        }
    }
}

#[test]
fn a_lesson_is_found_by_name_and_by_number() {
    let first = find("1").expect("lesson 1");
    assert_eq!(first.file, SHIPPED[0].file);
    assert_eq!(find(first.name).map(|row| row.file), Some(first.file));
    for unknown in ["", "0", "blocks ", "assets"] {
        assert!(find(unknown).is_none(), "{unknown}");
    }
}

/// A title, and the lines of a test behind it.
fn lesson(lines: &str) -> Lesson {
    let text = format!("lesson \"T\"\n{lines}");
    parse(&text, "t.lesson").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn failures(lines: &str) -> Vec<String> {
    let report = check(&lesson(lines)).expect("a session");
    let told = |failure: &Failure| format!("{}: {failure}", failure.line);
    report.failures.iter().map(told).collect()
}

#[test]
fn what_does_not_hold_is_told_with_its_line() {
    for (lines, expected) in [
        (
            "alloc a 64\nexpect busy_blocks == 2\nsay \"One.\"\npause\n",
            "3: expect: expected busy_blocks == 2, found 1",
        ),
        (
            "heap new fixed 8K\nalloc a 64K\nsay \"No.\"\npause\n",
            "3: alloc a 64K: expected a call that succeeds, or behind it a line such as expect result == 0, found HeapAlloc",
        ),
        (
            "free nobody\nexpect result == 0\nsay \"No.\"\npause\n",
            "2: free nobody: expected a command that can be done, found ",
        ),
        (
            "predict \"?\" {\n\"one\" if busy_blocks >= 1\n\"some\" if busy_blocks < 9\n\"none\" if busy_blocks == 0\n}\nalloc a 64\nreveal \"One.\"\n",
            "8: reveal: expected exactly one answer to be true, found 2: \"one\" (line 3) and \"some\" (line 4)",
        ),
        (
            "predict \"?\" {\n\"two\" if busy_blocks == 2\n\"three\" if busy_blocks == 3 and holes > 0\n}\nalloc a 64\nreveal \"One.\"\n",
            "7: reveal: expected exactly one answer to be true, found none: busy_blocks is 1, holes is ",
        ),
        (
            "predict \"?\" hole of x\nalloc a 64\nreveal \"There.\"\n",
            "2: hole of x: expected a block in a hole that was free before, found no block x in the heap in view",
        ),
        (
            "heap new growable\nalloc a 64\npredict \"?\" hole of x\nalloc x 512K\nreveal \"There.\"\n",
            "4: hole of x: expected a block in a hole that was free before, found x at 0x",
        ),
        (
            "challenge \"Do.\" {\ngoal busy_blocks == 0\nsolution {\nalloc a 64\nfree a\n}\n}\n",
            "2: challenge: expected a goal that does not hold yet, found every goal holds already",
        ),
        (
            "alloc a 64\nchallenge \"Do.\" {\ngoal busy_blocks == 3\nsolution {\nalloc b 64\n}\n}\n",
            "4: goal: expected busy_blocks == 3 after the solution, found 2",
        ),
        (
            "challenge \"Do.\" {\ngoal busy_blocks == 3\nlimit allocs <= 2\nsolution {\nalloc b[0:3] 64\n}\n}\n",
            "4: limit: expected allocs <= 2 in the solution, found 3",
        ),
        (
            "challenge \"Do.\" {\ngoal busy_blocks == 1\nforbid alloc\nsolution {\nalloc b 64\n}\n}\n",
            "6: alloc b 64: expected a command other than alloc: it does not count in this challenge, found alloc",
        ),
    ] {
        let found = failures(lines);
        assert!(!found.is_empty(), "{lines}");
        assert!(
            found[0].starts_with(expected),
            "{lines}\n{found:?}\n{expected}"
        );
    }
}

/// Right after the mistake above the same lesson without it holds: the checker does not refuse everything.
#[test]
fn what_holds_is_fine() {
    for lines in [
        "alloc a 64\nexpect busy_blocks == 1\nsay \"One.\"\npause\n",
        "heap new fixed 8K\nalloc a 64K\nexpect result == 0\nsay \"No.\"\npause\n",
        "predict \"?\" {\n\"one\" if busy_blocks == 1\n\"none\" if busy_blocks == 0\n}\nalloc a 64\nreveal \"One.\"\n",
        "alloc a 64\nalloc b 64\nfree a\npredict \"?\" hole of x\nalloc x 64\nreveal \"There.\"\n",
        "challenge \"Do.\" {\ngoal busy_blocks == 3\nlimit allocs <= 3\nlimit commands <= 1\nforbid heap\nsolution {\nalloc b[0:3] 64\n}\n}\n",
        // A call taken back is none.
        "challenge \"Do.\" {\ngoal busy_blocks == 1\nlimit allocs <= 1\nsolution {\nalloc a 64\nundo\nalloc a 32\n}\n}\n",
    ] {
        assert_eq!(failures(lines), Vec::<String>::new(), "{lines}");
    }
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    for (text, expected) in [
        (
            "",
            "1:1: found the end of the line, expected lesson \"TITLE\"",
        ),
        (
            "alloc a 64\n",
            "1:1: found \"alloc\", expected lesson \"TITLE\"",
        ),
        (
            "lesson \"T\" numbr=2\n",
            "1:12: found \"numbr=2\", expected number=N, minutes=N or the end of the line",
        ),
        (
            "lesson \"T\" minutes=x\n",
            "1:20: found \"x\", expected a count such as 7",
        ),
        (
            "lesson \"T\"\n\nrevael \"x\"\n",
            "3:1: found \"revael\", expected a command such as alloc, free or compact (did you mean reveal?)",
        ),
        (
            "lesson \"T\"\nalloc a x4\n",
            "2:9: found \"x4\", expected a size such as 64, 0x40 or 4K",
        ),
        (
            "lesson \"T\"\npause\n",
            "2:1: found \"pause\", expected say \"WORDS\" before it (every step has a caption)",
        ),
        (
            "lesson \"T\"\nsay \"a\"\nsay \"b\"\n",
            "3:1: found \"say\", expected pause (a step has one caption)",
        ),
        (
            "lesson \"T\"\nalloc a 64",
            "2:11: found the end of the line, expected say \"WORDS\" and pause (every step has a caption)",
        ),
        (
            "lesson \"T\"\nsay \"a\"\npoint mpa\npause\n",
            "3:7: found \"mpa\", expected map, fragmentation, free-list, time, returned, log, memory, bytes, threads, interleave or block (did you mean map?)",
        ),
        (
            "lesson \"T\"\npredict \"?\" {\n\"a\" if holes == 1\n}\nreveal \"x\"\n",
            "4:1: found \"}\", expected another \"ANSWER\" if METRIC OP VALUE",
        ),
        (
            "lesson \"T\"\npredict \"?\" {\n\"a\" if hles == 1\n",
            "3:8: found \"hles\", expected a metric such as largest_free",
        ),
        (
            "lesson \"T\"\npredict \"?\" {\n\"a\" if holes == 1 or\n",
            "3:19: found \"or\", expected and or the end of the line",
        ),
        (
            "lesson \"T\"\npredict \"?\" {\n\"a\" if holes == 1\n\"b\" if holes == 2",
            "4:18: found the end of the line, expected \"ANSWER\" if METRIC OP VALUE, or } (the { of line 2 is still open)",
        ),
        (
            "lesson \"T\"\npredict \"?\" hole of x\nalloc x 8\n",
            "3:10: found the end of the line, expected a command, hint, point or reveal \"WORDS\" (the prediction of line 2 is not revealed yet)",
        ),
        (
            "lesson \"T\"\nchallenge \"?\" {\ngoal holes == 1\nsolution {\nfree a\n",
            "5:7: found the end of the line, expected a command or } (the { of line 4 is still open)",
        ),
        (
            "lesson \"T\"\nchallenge \"?\" {\nlimit free <= 1\n}\n",
            "3:7: found \"free\", expected allocs, frees, reallocs or commands (did you mean frees?)",
        ),
        (
            "lesson \"T\"\nchallenge \"?\" {\ngoal holes == 1\n}\n",
            "4:1: found \"}\", expected solution { before it",
        ),
        (
            "lesson \"T\"\nquit\n",
            "2:1: found \"quit\", expected another command (a lesson ends with its last step)",
        ),
    ] {
        let error = parse(text, "t.lesson").expect_err(text);
        let told = error.to_string();
        let expected = format!("t.lesson:{expected}");
        assert!(told.starts_with(&expected), "{text}\n{told}\n{expected}");
    }
}

#[test]
fn the_example_of_the_readme_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let from = readme.find("```text\nlesson ").expect("the example") + "```text\n".len();
    let text = readme[from..].split("```").next().expect("its end");
    let lesson = parse(text, "README.md").unwrap_or_else(|error| panic!("{error}"));
    let report = check(&lesson).expect("a session");
    assert_eq!(report.failures, Vec::new());
    assert_eq!(
        (report.checked.predictions, report.checked.challenges),
        (2, 1)
    );
}

#[test]
fn a_learners_solution_is_graded() {
    let lesson = lesson(
        "alloc b[0:4] 64\nchallenge \"Free two.\" {\ngoal busy_blocks == 2\ngoal requested >= 128\nlimit frees <= 2\nforbid heap\nsolution {\nfree b1\nfree b2\n}\n}\n",
    );
    let graded = |script: &str| {
        let lines = parse_script(script, "s").expect("a script");
        let lines: Vec<heapwalk::lesson::Line> = lines
            .into_iter()
            .map(|(number, command)| heapwalk::lesson::Line { number, command })
            .collect();
        grade(&lesson, 0, &lines)
            .expect("a session")
            .expect("a challenge")
    };
    assert!(graded("free b0\nfree b1\n").is_solved());
    // What was taken back was not used.
    assert!(graded("free b3\nundo\nfree b0\nfree b1\n").is_solved());
    let short = graded("free b0\n");
    assert!(!short.is_solved() && short.failures.is_empty() && !short.goals[0].2);
    let long = graded("free b[0:3]\n");
    assert_eq!((long.limits[0].1, long.limits[0].2), (3, false));
    let elsewhere = graded("heap new growable\nfree b0\nfree b1\n");
    assert_eq!(elsewhere.failures[0].line, 1);
    assert!(!elsewhere.is_solved());
    assert!(grade(&lesson, 7, &[]).expect("a session").is_none());
}
