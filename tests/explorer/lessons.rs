//! Lessons as learners and lecturers meet them: played, answered, solved and presented, beside one's own heap.

use std::fs;

use tempfile::TempDir;

use crate::running::operations;
use crate::terminal::{Setup, Terminal};

/// A small lesson with everything in it.
const LESSON: &str = r#"lesson "Holes" number=90 minutes=5
about "A hole is what a free leaves."
heap new fixed 8K
alloc b[0:6] 200
say "Six blocks stand side by side."
point map
pause
predict "b1 goes. How many holes are there then?" {
    "none"    if holes == 0
    "two"     if holes == 2
    "seven"   if holes == 7
}
hint "The rest of the heap is a hole already."
free b1
reveal "The freed block and the rest."
predict "Which hole will a request of 150 bytes take?" hole of x
alloc x 150
reveal "Best fit takes the smallest that is large enough."
challenge "Free two neighbours, with two frees." {
    goal largest_request >= 408
    goal busy_blocks == 4
    limit frees <= 2
    forbid heap
    hint "b3 and b4 touch."
    solution {
        free b3
        free b4
    }
}
say "Neighbours make large holes."
point fragmentation
pause
"#;

/// A file with the lesson, and a terminal to learn it in.
struct School {
    folder: TempDir,
}

impl School {
    fn new() -> School {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("holes.lesson"), LESSON).expect("a file");
        School { folder }
    }

    fn learn(&self, size: (u16, u16), more: &[&str]) -> Terminal {
        let file = self.folder.path().join("holes.lesson");
        let file = file.display().to_string();
        let mut arguments = vec!["learn", file.as_str()];
        arguments.extend(more);
        Setup::heapwalk(&arguments).size(size.0, size.1).spawn()
    }
}

/// The words of a screen with one blank between each, however they are broken into lines.
fn words(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wait_for_words(terminal: &mut Terminal, expected: &str) -> String {
    terminal.wait(expected, |screen| words(screen).contains(expected))
}

#[test]
fn a_lesson_is_played_to_its_end_with_right_predictions() {
    let school = School::new();
    let mut terminal = school.learn((80, 24), &[]);
    let screen = wait_for_words(&mut terminal, "Six blocks stand side by side.");
    assert!(screen.contains("Lesson 90: Holes"), "{screen}");
    assert!(screen.contains("step 1 of 5"), "{screen}");
    assert_eq!(operations(&screen), 6, "{screen}");
    // What is said stays true: keys that would change the heap wait.
    terminal.press("K");
    wait_for_words(
        &mut terminal,
        "K HeapCompact waits for a challenge: space goes on",
    );
    terminal.press(" ");
    wait_for_words(
        &mut terminal,
        "How many holes are there then? 1 none 2 two 3 seven",
    );
    terminal.press(" ");
    wait_for_words(
        &mut terminal,
        "choose an answer first: arrows or its number; i is a hint",
    );
    terminal.press("i");
    wait_for_words(
        &mut terminal,
        "Hint: The rest of the heap is a hole already.",
    );
    terminal.press("2\r");
    let screen = wait_for_words(
        &mut terminal,
        "Right, as you said: two The freed block and the rest.",
    );
    assert_eq!(operations(&screen), 7, "{screen}");
    terminal.press(" ");
    wait_for_words(
        &mut terminal,
        "Which hole will a request of 150 bytes take?",
    );
    // The cursor is on b0 or the hole: from the first block on, the next hole is that of b1.
    terminal.press("\x1b[H");
    terminal.catch_up();
    terminal.press("w");
    terminal.wait("the hole", |screen| screen.contains(" FREE 0x"));
    terminal.press("\r");
    wait_for_words(
        &mut terminal,
        "Right, in the hole that you chose. Best fit takes",
    );
    terminal.press(" ");
    let screen = wait_for_words(&mut terminal, "0 of 2 frees used");
    assert!(
        words(&screen).contains("to do: busy_blocks == 4"),
        "{screen}"
    );
    terminal.run("free b3");
    wait_for_words(&mut terminal, "1 of 2 frees used");
    terminal.run("free b4");
    let screen = wait_for_words(&mut terminal, "Solved!");
    assert!(
        words(&screen).contains("done: busy_blocks == 4 (is 4)"),
        "{screen}"
    );
    // The heap is the learner's now, and the figures are those of it; what was used stays what solved it.
    terminal.run("free b5");
    let screen = wait_for_words(&mut terminal, "no longer: busy_blocks == 4 (is 3)");
    assert!(words(&screen).contains("2 of 2 frees used"), "{screen}");
    terminal.press(" ");
    let screen = wait_for_words(&mut terminal, "Neighbours make large holes.");
    assert!(screen.contains("[3] Fragmentation"), "{screen}");
    terminal.press(" ");
    wait_for_words(
        &mut terminal,
        "2 of 2 predictions right, 1 of 1 challenge solved. The first answer to each prediction is the one that counts.",
    );
    terminal.press("q");
    wait_for_words(&mut terminal, "this is your own heap again");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn wrong_predictions_are_told_without_a_word_of_blame_and_back_leads_back() {
    let school = School::new();
    let mut terminal = school.learn((80, 24), &[]);
    wait_for_words(&mut terminal, "Six blocks stand side by side.");
    terminal.press(" ");
    wait_for_words(&mut terminal, "How many holes");
    terminal.press("\x1b[B\x1b[B\x1b[B");
    terminal.wait("the third answer", |screen| screen.contains("▸3  seven"));
    terminal.press("\r");
    wait_for_words(
        &mut terminal,
        "Not so. You said: seven. It is: two The freed block",
    );
    // Back to the question: the heap is as it was before the answer.
    terminal.press("\x1b[D");
    let screen = wait_for_words(&mut terminal, "1 none 2 two 3 seven");
    assert_eq!(operations(&screen), 6, "{screen}");
    terminal.press("\x1b[5~");
    let screen = wait_for_words(&mut terminal, "Six blocks stand side by side.");
    assert!(screen.contains("step 1 of 5"), "{screen}");
    terminal.press("\x1b[D");
    wait_for_words(&mut terminal, "this is the first step");
    terminal.press(" ");
    wait_for_words(&mut terminal, "How many holes");
    terminal.press("2\r");
    wait_for_words(&mut terminal, "Right, as you said: two");
    terminal.press(" ");
    wait_for_words(&mut terminal, "Which hole");
    // The last block is the hole at the end.
    terminal.press("G");
    terminal.catch_up();
    terminal.press("b");
    terminal.catch_up();
    terminal.press("w");
    terminal.wait("a hole", |screen| screen.contains(" FREE 0x"));
    terminal.press("\r");
    wait_for_words(&mut terminal, "Not so. You chose the hole of");
    terminal.press(" ");
    wait_for_words(&mut terminal, "0 of 2 frees used");
    // A challenge can be left as it is; the first answer to a question is the one that counts.
    terminal.press("\x1b[6~");
    wait_for_words(&mut terminal, "Neighbours make large holes.");
    terminal.press(" ");
    wait_for_words(
        &mut terminal,
        "0 of 2 predictions right, 0 of 1 challenge solved.",
    );
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_challenge_counts_gives_back_refuses_and_begins_anew() {
    let school = School::new();
    let mut terminal = school.learn((100, 30), &[]);
    wait_for_words(&mut terminal, "Six blocks stand side by side.");
    terminal.press(" ");
    wait_for_words(&mut terminal, "How many holes");
    terminal.press("1\r");
    wait_for_words(&mut terminal, "Not so.");
    terminal.press(" ");
    wait_for_words(&mut terminal, "Which hole");
    terminal.press("\x1b[H");
    terminal.catch_up();
    terminal.press("w");
    terminal.wait("a hole", |screen| screen.contains("FREE"));
    terminal.press("\r");
    wait_for_words(&mut terminal, "Best fit takes");
    terminal.press(" ");
    wait_for_words(&mut terminal, "0 of 2 frees used");
    // Keys that led through the steps do nothing by accident here.
    for key in ["\r", " "] {
        terminal.press(key);
        wait_for_words(
            &mut terminal,
            "the challenge is not solved yet; PgDn goes on",
        );
        terminal.press("A");
        wait_for_words(&mut terminal, "the solution is shown once you have tried");
    }
    // One key has one meaning: P is the policy, here as in the map.
    terminal.press("P");
    wait_for_words(&mut terminal, "first-fit from the next request on");
    terminal.press("u");
    wait_for_words(&mut terminal, "serialize ON │ best-fit");
    terminal.press("u");
    wait_for_words(&mut terminal, "nothing of yours is left to take back");
    terminal.run("heap new growable");
    let screen = wait_for_words(&mut terminal, "heap does not count in this challenge");
    assert!(screen.contains("fixed 8K"), "{screen}");
    // The refused line stands in the prompt to be mended.
    terminal.press("\x15\x1b");
    terminal.run("free b0");
    wait_for_words(&mut terminal, "1 of 2 frees used");
    terminal.press("u");
    wait_for_words(&mut terminal, "0 of 2 frees used");
    terminal.run("free b[2:5]");
    wait_for_words(&mut terminal, "3 of 2 frees used");
    wait_for_words(
        &mut terminal,
        "That is more than the limit: u takes a command back, R begins anew.",
    );
    terminal.press("A");
    wait_for_words(&mut terminal, "A solution: free b3; free b4");
    terminal.press("R");
    wait_for_words(&mut terminal, "0 of 2 frees used");
    // By keys alone: to b3, free it, and the block behind it.
    terminal.run("go b3");
    terminal.wait("b3", |screen| {
        screen.contains("b3 BUSY") || words(screen).contains("b3 BUSY")
    });
    terminal.press("f");
    wait_for_words(&mut terminal, "1 of 2 frees used");
    terminal.press("l");
    terminal.catch_up();
    terminal.press("f");
    wait_for_words(&mut terminal, "Solved!");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

/// What the file is called does not matter; what is in it does.
#[test]
fn a_lesson_is_opened_as_what_it_is() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("holes.txt");
    fs::write(&file, format!("# by hand\n\n{LESSON}")).expect("a file");
    let file = file.display().to_string();
    for arguments in [&["open", &file][..], &[&file]] {
        let mut terminal = Setup::heapwalk(arguments).size(80, 24).spawn();
        let screen = wait_for_words(&mut terminal, "Six blocks stand side by side.");
        assert!(screen.contains("Lesson 90: Holes"), "{screen}");
        terminal.press("q");
        wait_for_words(&mut terminal, "this is your own heap again");
        terminal.press("q");
        assert_eq!(terminal.ended().code, 0);
    }
}

#[test]
fn a_lesson_is_presented_large_and_alone_and_can_be_blanked() {
    let school = School::new();
    for size in [(80, 24), (120, 40)] {
        let mut terminal = school.learn(size, &["--present"]);
        let screen = wait_for_words(&mut terminal, "Six blocks stand side by side.");
        let alone = |screen: &str| {
            screen.contains("[1] Map")
                && !screen.contains("q own heap")
                && !screen.contains("serialize")
        };
        assert!(alone(&screen), "{screen}");
        let keys = "step 1 of 5 space next left back 1 answer b blank Esc ends presenting";
        assert!(words(&screen).contains(keys), "{screen}");
        terminal.press("b");
        terminal.wait("a blank screen", |screen| screen.trim().is_empty());
        // Any key brings it back, and does nothing else.
        terminal.press("K");
        let screen = wait_for_words(&mut terminal, "Six blocks stand side by side.");
        assert!(alone(&screen), "{screen}");
        terminal.press(".");
        terminal.wait("a blank screen", |screen| screen.trim().is_empty());
        terminal.press(" ");
        wait_for_words(&mut terminal, "Six blocks stand side by side.");
        // A clicker has two keys: on, which reveals, and back.
        terminal.press("\x1b[6~");
        wait_for_words(&mut terminal, "1 none 2 two 3 seven");
        terminal.press("\x1b[6~");
        wait_for_words(&mut terminal, "two The freed block and the rest.");
        terminal.press("\x1b[5~");
        wait_for_words(&mut terminal, "1 none 2 two 3 seven");
        terminal.press("2\x1b[6~");
        wait_for_words(
            &mut terminal,
            "Right, as you said: two The freed block and the rest.",
        );
        for expected in [
            "Which hole will a request",
            "Best fit takes the smallest",
            "to do: busy_blocks == 4 (is 6) | 0 of 2 frees used",
            "A solution: free b3; free b4 done: largest_request",
        ] {
            terminal.press("\x1b[6~");
            wait_for_words(&mut terminal, expected);
        }
        // Back to the task, which is open again.
        terminal.press("\x1b[5~");
        wait_for_words(&mut terminal, "to do: busy_blocks == 4 (is 6) | 0 of 2");
        for expected in [
            "A solution: free b3",
            "Neighbours make large holes.",
            "the end of",
        ] {
            terminal.press("\x1b[6~");
            wait_for_words(&mut terminal, expected);
        }
        // Pressed once too often it begins nothing unasked.
        terminal.press("\x1b[6~");
        wait_for_words(&mut terminal, "12 lessons");
        terminal.press("\x1b");
        wait_for_words(&mut terminal, "the end of");
        // Nobody presses a clicker to get there, but the step's words have to be there again.
        terminal.press("\x1b[5~");
        wait_for_words(&mut terminal, "Neighbours make large holes.");
        terminal.press("\x1b[15~");
        terminal.wait("the explorer", |screen| {
            screen.contains("q own heap") && words(screen).contains("Neighbours make")
        });
        terminal.press("qq");
        assert_eq!(terminal.ended().code, 0);
    }
}

#[test]
fn ones_own_heap_is_as_it_was() {
    let mut terminal = Setup::heapwalk(&[]).start();
    terminal.run("alloc mine[0:3] 100");
    terminal.wait_for("HeapAlloc(heap, 0, 100)");
    terminal.press("L");
    let screen = terminal.wait_for("lessons");
    assert!(screen.contains(" 1 Blocks and headers"), "{screen}");
    assert!(screen.contains("7 minutes"), "{screen}");
    assert!(screen.contains("more below"), "{screen}");
    terminal.press("external");
    terminal.wait_for("1 of 12 lessons");
    terminal.press("\r");
    terminal.wait_for("Lesson 2: External fragmentation");
    terminal.wait_for("step 1 of");
    terminal.press("q");
    let screen = wait_for_words(&mut terminal, "this is your own heap again, as you left it");
    assert!(screen.starts_with("heap 1 CRT growable"), "{screen}");
    assert_eq!(operations(&screen), 3, "{screen}");
    terminal.run("free mine1");
    terminal.wait_for("HeapFree(heap, 0, mine1) = TRUE");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

/// The end of a lesson is kept from session to session.
#[test]
fn the_list_marks_lessons_that_were_finished_before() {
    let state = tempfile::tempdir().expect("a directory");
    let kept = state.path().join("heapwalk/lessons");
    let home = state.path().display().to_string();
    let learn = || {
        let mut terminal = Setup::heapwalk(&["learn", "1"])
            .env("XDG_STATE_HOME", &home)
            .size(100, 40)
            .spawn();
        terminal.wait_for("step 1 of");
        terminal
    };
    let mut terminal = learn();
    let step = |screen: &str| screen.split("step ").nth(1).map(str::to_owned);
    loop {
        let screen = terminal.text();
        if screen.contains("This is the end of") {
            break;
        }
        if screen.contains("Enter answers") {
            // Any answer will do; what is asked on the map is pointed at.
            terminal.press("1w\r");
            terminal.wait("the heap's answer", |screen| {
                !screen.contains("Enter answers")
            });
        } else {
            terminal.press("\x1b[6~");
            terminal.wait("the next step", |after| {
                after.contains("This is the end of") || step(after) != step(&screen)
            });
        }
    }
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
    assert_eq!(fs::read_to_string(&kept).expect("a file"), "blocks\n");

    let mut terminal = learn();
    terminal.press("L");
    let screen = terminal.wait_for("12 lessons");
    assert_eq!(screen.matches("finished: ").count(), 1, "{screen}");
    terminal.press("\x1b");
    terminal.wait("the lesson", |screen| !screen.contains("12 lessons"));
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_file_that_is_no_lesson_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("bad.lesson");
    fs::write(&file, "lesson \"Bad\"\npredict \"?\" {\n").expect("a file");
    let file = file.display().to_string();
    let mut terminal = Setup::heapwalk(&["learn", &file]).spawn();
    // No explorer begins, so no frame is ever whole; and words are broken at the edge of the screen.
    terminal.wait_until("the place of the mistake", |terminal| {
        let told = terminal.text().replace('\n', "");
        told.contains("bad.lesson:2:14: found the end of the line, expected")
    });
    assert_eq!(terminal.exit_code(), 2);
}
