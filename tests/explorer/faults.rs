//! The fault lab at a terminal: a block is broken with `x`, the damage is looked at, and taken back.

use crate::terminal::{Setup, Terminal};

/// Starts with three blocks named b0 to b2, the second selected.
fn with_blocks(before: &str) -> Terminal {
    let mut terminal = Setup::heapwalk(&[]).size(120, 40).start();
    terminal.run("alloc b[0:3] 64");
    terminal.wait_for("3 blocks,");
    terminal.run(before);
    terminal.wait_for("misuse ");
    terminal.run("go b1");
    terminal.wait_for("b1 BUSY");
    terminal
}

#[test]
fn a_double_free_hands_one_pointer_out_twice_and_is_taken_back() {
    let mut terminal = with_blocks("checks off");
    terminal.press("x");
    let menu = terminal.wait_for("Break b1");
    assert!(menu.contains("checks OFF: it happens"), "{menu}");
    assert!(menu.contains("0 HeapReAlloc of a freed block"), "{menu}");
    terminal.press("\r");
    terminal.wait_for("one pointer, handed out twice");
    terminal.run("alloc d 64");
    terminal.wait_for("d BUSY");
    terminal.run("alloc e 64");
    let screen = terminal.wait_for("IS HANDED OUT TWICE: it is also d");
    assert!(screen.contains("e also d! BUSY"), "{screen}");
    terminal.press("V");
    let screen = terminal.wait_for("= FALSE: ");
    assert!(screen.contains("! a free list is broken"), "{screen}");
    // Again lists what was found; moving and Enter lead there.
    terminal.press("V");
    terminal.wait_for("Enter goes there");
    terminal.press("j\r");
    terminal.wait("the list is closed", |screen| {
        !screen.contains("Enter goes there")
    });
    terminal.press("gg");
    terminal.wait_for("b0 BUSY");
    terminal.press("n");
    terminal.wait_for("e also d! BUSY");
    terminal.press("\x1b");
    terminal.wait_for("findings are forgotten");
    terminal.press("u");
    terminal.wait_for("took back: alloc e 64");
    terminal.press("u");
    terminal.wait_for("took back: alloc d 64");
    terminal.press("u");
    terminal.wait_for("took back: double-free b1");
    terminal.press("V");
    let screen = terminal.wait_for("= TRUE: nothing found");
    assert!(screen.contains("b1 BUSY"), "{screen}");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn with_checks_the_menu_says_so_and_the_call_is_refused() {
    let mut terminal = with_blocks("checks on");
    terminal.press("x");
    terminal.wait_for("checks on: calls are refused");
    terminal.press("3");
    terminal.wait_for("HeapFree(heap, 0, b1 + 4) = FALSE, error 87");
    terminal.press("x");
    terminal.wait_for("Break b1");
    terminal.press("\x1b");
    terminal.wait("the menu is closed", |screen| !screen.contains("Break b1"));
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_fault_that_needs_a_number_asks_for_it_and_its_damage_is_found() {
    let mut terminal = with_blocks("checks on");
    terminal.press("xjjjjj\r");
    terminal.wait_for(": overrun b1 16");
    terminal.press("\r");
    terminal.wait_for("memset(b1 + 64, 'O', 16)");
    terminal.press("K");
    terminal.wait_for("2 findings: V lists, n next");
    terminal.press("n");
    terminal.wait_for("b2 DAMAGED");
    // HeapCompact was refused, and undo counts it as a command all the same.
    terminal.press("u");
    terminal.wait_for("took back: compact");
    terminal.press("u");
    terminal.wait_for("took back: overrun b1 16");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
