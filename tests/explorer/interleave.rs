//! Two calls made step by step by a person at the keys.

use crate::running::operations;
use crate::terminal::{Setup, Terminal};

/// Opens the example of the double handout from its pane, up to its first pause.
fn double_handout() -> Terminal {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for("take the 30-second tour");
    terminal.press("I");
    terminal.wait_for("two requests are given one and the same block");
    terminal.press("j\r");
    terminal.wait_for("step 1/6");
    terminal
}

#[test]
fn an_example_is_stepped_back_and_to_the_double_handout_and_undone() {
    let mut terminal = double_handout();
    terminal.press(" ");
    let screen = terminal.wait_for("8 steps: 1x8");
    assert!(screen.contains("in motion"), "{screen}");
    // The person lets t2 in, step by step, and takes one back.
    terminal.press("ll");
    terminal.wait_for("10 steps: 1x8,2x2");
    terminal.press("\x7f");
    terminal.wait_for("9 steps: 1x8,2x1");
    terminal.press("LLl");
    terminal.wait_for("30 steps: 1x8,2x22");
    terminal.press("l");
    let screen = terminal.wait_for("31 steps: 1x8,2x23");
    assert!(
        screen.contains("HeapAlloc(heap, 0, 72) = 0x00820"),
        "{screen}"
    );
    terminal.press("e");
    let screen = terminal.wait_for("46 steps: 1x8,2x23,1x15");
    assert!(!screen.contains("in motion"), "{screen}");
    terminal.wait_for("ONE BLOCK HANDED OUT TWICE");
    assert_eq!(operations(&screen), 12, "{screen}");
    terminal.press("u");
    let screen = terminal.wait_for("took back: interleave");
    assert_eq!(operations(&screen), 10, "{screen}");
    assert!(screen.contains("in 3 holes"), "{screen}");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn escape_gives_both_calls_up_and_the_heap_is_as_it_was() {
    let mut terminal = double_handout();
    terminal.press(" ");
    terminal.wait_for("8 steps: 1x8");
    terminal.press("LL");
    terminal.wait_for("28 steps");
    terminal.press("\x1b");
    let screen = terminal.wait_for("both calls are given up");
    assert!(
        screen.contains("in 3 holes") && !screen.contains("in motion"),
        "{screen}"
    );
    assert!(screen.contains("[1] Map"), "{screen}");
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn calls_of_ones_own_stand_beside_the_map_and_the_lock_is_waited_for() {
    let mut terminal = Setup::heapwalk(&[]).size(120, 40).start();
    terminal.press(":interleave { alloc a 64 } { alloc b 64 }\r");
    let screen = terminal.wait_for("[I] Interleave");
    assert!(
        screen.contains("[1] Map") && screen.contains("2 t2 next"),
        "{screen}"
    );
    terminal.press("hhl");
    terminal.wait_for("waits for the lock held by t1");
    terminal.press("l");
    terminal.wait_for("t2 waits for the lock held by t1: it makes no step");
    // What would change the heap is refused while both are under way.
    terminal.press("K");
    terminal.wait_for("two calls are under way");
    terminal.press("\r");
    terminal.wait_for("the heap is sound");
    terminal.press("q");
    terminal.wait_for("[2] Block");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
