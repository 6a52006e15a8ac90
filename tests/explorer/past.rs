//! Time as a place: keys and mouse lead through it, and a verb in the past asks first.

use crate::mishaps::mouse;
use crate::terminal::{Setup, Terminal};

/// An explorer with a little history of a hundred operations and some marks.
fn with_history(setup: Setup) -> Terminal {
    let mut terminal = setup.start();
    for line in [
        "alloc b[0:40] 100",
        "coalesce off",
        "free b[::2]",
        "compact",
        "alloc c[0:40] 60",
    ] {
        terminal.run(line);
    }
    terminal.wait_for("#100");
    terminal
}

fn ascii() -> Setup {
    Setup::heapwalk(&["--glyphs", "ascii"])
}

#[test]
fn keys_lead_through_time_and_back_to_the_present() {
    let mut terminal = with_history(ascii());
    terminal.press("[");
    let screen = terminal.wait_for("PAST op 99 of 100");
    assert!(
        screen.contains("to the present"),
        "the footer says how: {screen}"
    );
    terminal.press("[[]");
    terminal.wait_for("PAST op 98 of 100");
    terminal.press("{");
    terminal.wait_for("PAST op 60 of 100");
    terminal.press("\x1b");
    let screen = terminal.wait_for("#100");
    assert!(!screen.contains("PAST"), "{screen}");
    terminal.press("gt");
    terminal.wait_for(": seek");
    terminal.press("10\r");
    terminal.wait_for("PAST op 10 of 100");
    terminal.press("gK");
    terminal.wait_for("PAST op 60 of 100");
    terminal.press("gc");
    terminal.wait_for("PAST op");
    terminal.press("gn");
    terminal.wait_for("#100");
    terminal.press("[");
    terminal.wait_for("PAST op 99");
    terminal.press("q");
    terminal.wait_for("#100");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn the_line_and_the_chart_of_time_are_scrubbers() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut terminal = with_history(ascii().size(columns, rows));
        let screen = terminal.text();
        // The chart's axis, or the line of time where the chart has no place.
        let line = |screen: &str| {
            let found = screen
                .lines()
                .position(|line| line.starts_with("time ") || line.starts_with("op "));
            u16::try_from(found.expect("time is on the screen") + 1).expect("a row")
        };
        let row = line(&screen);
        terminal.press(&mouse(0, 20, row, 'M'));
        let screen = terminal.wait_for("PAST op");
        let there = screen.lines().next().expect("a header").to_owned();
        terminal.press(&mouse(32, 25, row, 'M'));
        terminal.wait("a later moment", |screen| {
            screen.contains("PAST op") && !screen.starts_with(&there)
        });
        terminal.press(&mouse(32, columns, row, 'M'));
        terminal.wait_for("#100");
        terminal.press(&mouse(0, columns, row, 'm'));
        terminal.press(&mouse(64, 20, row, 'M'));
        // A column of the chart on.
        terminal.wait_for("PAST op 9");
        terminal.press(&mouse(65, 20, row, 'M'));
        terminal.wait_for("#100");
        terminal.press("q");
        assert_eq!(terminal.ended().code, 0);
    }
}

#[test]
fn a_verb_in_the_past_asks_and_leaves_everything_or_branches() {
    let mut terminal = with_history(ascii());
    terminal.press("gt10\r");
    terminal.wait_for("PAST op 10 of 100");
    terminal.press("K");
    let screen = terminal.wait_for("Branch here?");
    assert!(screen.contains("stays reachable"), "{screen}");
    terminal.press("\x1b");
    let screen = terminal.wait("no question", |screen| !screen.contains("Branch here?"));
    assert!(screen.contains("PAST op 10 of 100"), "{screen}");
    terminal.press("]");
    terminal.wait_for("PAST op 11 of 100");
    terminal.press(":alloc mine 500\r");
    terminal.wait_for("Branch here?");
    terminal.press("\r");
    terminal.wait_for("HeapAlloc(heap, 0, 500)");
    let screen = terminal.wait_for("#12");
    assert!(!screen.contains("PAST"), "{screen}");
    // The old future is still there.
    terminal.press("gb");
    terminal.wait_for(": branch 1");
    terminal.press("\r");
    terminal.wait_for("#100");
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn what_comes_next_in_the_past_can_be_played() {
    let mut terminal = ascii().start();
    for line in ["alloc a 64", "alloc b 64", "free a"] {
        terminal.run(line);
    }
    terminal.wait_for("#3");
    terminal.press("[");
    terminal.wait_for("PAST op 2 of 3");
    terminal.press("o");
    terminal.wait_for(": play free a");
    terminal.press("\r");
    terminal.wait_for("Branch here?");
    terminal.press("\r");
    terminal.wait_for("free a: step 0 of");
    terminal.press("}\r");
    terminal.wait_for("HeapFree(heap, 0, a) = TRUE");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
