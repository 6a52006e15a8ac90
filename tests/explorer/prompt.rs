//! The prompt as a person finds out about it: completion, help, history.

use crate::terminal::Terminal;

/// The row of the prompt and the rows above and below it.
fn around_prompt(screen: &str) -> [String; 3] {
    let rows: Vec<&str> = screen.lines().collect();
    let last = rows.len() - 1;
    [rows[last - 2], rows[last - 1], rows[last]].map(str::to_owned)
}

#[test]
fn a_line_is_put_together_from_what_is_offered() {
    let mut terminal = Terminal::start(&[]);
    terminal.press(":poli\t");
    let screen = terminal.wait("the verb", |screen| around_prompt(screen)[1] == ": policy");
    assert!(
        around_prompt(&screen)[2].contains("which free block"),
        "{screen}"
    );
    // The offers stand above the line, what the chosen one means below it.
    terminal.press(" \t\t");
    let screen = terminal.wait("an offer", |screen| {
        around_prompt(screen)[1] == ": policy first-fit"
    });
    let [offers, ..] = around_prompt(&screen);
    assert!(
        offers.starts_with("2 of 4  best-fit  first-fit  next-fit  worst-fit"),
        "{screen}"
    );
    terminal.press("\r");
    terminal.wait("the policy", |screen| {
        screen
            .lines()
            .next()
            .is_some_and(|header| header.contains("first-fit"))
    });

    terminal.run("alloc b[0:20] 64");
    terminal.wait_for("x 20: 20 blocks");
    terminal.press(":free b1\t");
    let screen = terminal.wait("names", |screen| {
        around_prompt(screen)[1].starts_with(": free b1")
    });
    assert!(
        around_prompt(&screen)[0].contains("b1  b10  b11"),
        "{screen}"
    );
    terminal.press("\x15");
    terminal.wait("an empty line", |screen| {
        around_prompt(screen)[1].trim_end() == ":"
    });
    terminal.press("\x1b");
    terminal.wait_for("q quit");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn help_about_a_command_is_one_key_away() {
    let mut terminal = Terminal::start(&[]);
    terminal.press(":alloc b ");
    let screen = terminal.wait_for("alloc NAMES SIZE [zero]");
    assert!(!screen.contains("for example"), "{screen}");
    terminal.press("\x1bOP");
    let screen = terminal.wait_for("for example: alloc b[0:100] 48, calls HeapAlloc");
    assert!(screen.contains("zero (HEAP_ZERO_MEMORY)"), "{screen}");
    // Escape puts away the help first, and only then the line.
    terminal.press("\x1b");
    let screen = terminal.wait("the map", |screen| !screen.contains("for example"));
    assert!(screen.contains(": alloc b"), "{screen}");
    terminal.press("\x1b");
    terminal.wait_for("q quit");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn an_earlier_line_is_found_by_a_part_of_it() {
    let mut terminal = Terminal::start(&[]);
    for line in ["alloc one 64", "alloc two 72", "free one"] {
        terminal.run(line);
    }
    terminal.wait_for("HeapFree(heap, 0, one) = TRUE");
    terminal.press(":\x12two");
    terminal.wait("the line", |screen| {
        around_prompt(screen)[1].starts_with("history: two")
            && around_prompt(screen)[1].ends_with("alloc two 72")
    });
    // The one before that has the same part.
    terminal.press("\x15one\x12");
    terminal.wait("the older line", |screen| {
        around_prompt(screen)[1].ends_with("alloc one 64")
    });
    terminal.press("\t");
    terminal.wait("the line to be changed", |screen| {
        around_prompt(screen)[1] == ": alloc one 64"
    });
    terminal.press("\r");
    terminal.wait_for("HeapAlloc(heap, 0, 64) = ");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
