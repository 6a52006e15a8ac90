//! A call played slowly, forwards and backwards, by keys and by the wheel.

use crate::mishaps::mouse;
use crate::terminal::{Setup, Terminal};

/// The rows of the map, without what depends on the selection.
fn map(screen: &str) -> Vec<String> {
    let rows = screen.lines().filter(|line| line.starts_with("0x0"));
    rows.map(str::to_owned).collect()
}

/// An explorer with five blocks and nothing selected on the screen that a step would select.
fn with_blocks(setup: Setup) -> Terminal {
    let mut terminal = setup.start();
    terminal.run("alloc b[0:5] 72");
    terminal.wait_for("5 blocks");
    terminal
}

#[test]
fn an_alloc_is_played_forwards_and_backwards_and_finished() {
    let mut terminal = with_blocks(Setup::heapwalk(&["--glyphs", "ascii"]));
    terminal.press(":play alloc x 40\r");
    let begun = terminal.wait_for("alloc x 40: step 0 of 17");
    assert!(begun.contains("[O] Play"), "{begun}");
    assert!(begun.contains("in motion"), "{begun}");
    let before = map(&begun);
    terminal.press("]]]");
    let screen = terminal.wait_for("step 3 of 17");
    let present = screen.lines().find(|line| line.starts_with('>'));
    let present = present.expect("a row is marked");
    assert!(
        present.contains("hole at 0x008b0, 5,904 B: large enough for 48 B"),
        "{screen}"
    );
    assert!(
        map(&screen).iter().any(|row| row.contains('&')),
        "the hole is lit: {screen}"
    );
    terminal.press("}");
    let screen = terminal.wait_for("step 17 of 17");
    assert!(screen.contains("the call answers 0x008c0"), "{screen}");
    assert_ne!(map(&screen), before);
    terminal.press("[");
    terminal.wait_for("step 16 of 17");
    terminal.press("{");
    let screen = terminal.wait_for("step 0 of 17");
    assert!(!screen.contains("64 B for 40 B"), "{screen}");
    // Verbs wait meanwhile.
    terminal.press("\tK");
    terminal.wait_for("a call is under way, played slowly");
    terminal.press("O");
    terminal.press("\r");
    let screen = terminal.wait_for("HeapAlloc(heap, 0, 40) = 0x008c0");
    assert!(
        !screen.contains("[O] Play") && !screen.contains("in motion"),
        "{screen}"
    );
    terminal.press("u");
    terminal.wait_for("took back: alloc x 40");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_free_is_played_by_the_wheel_and_given_up() {
    let setup = Setup::heapwalk(&["--glyphs", "ascii"]).size(120, 40);
    let mut terminal = with_blocks(setup);
    terminal.run("free b1");
    terminal.run("free b3");
    terminal.run("go b2");
    terminal.wait_for("HeapFree(heap, 0, b3)");
    terminal.press("o");
    terminal.wait_for(": play free b2");
    terminal.press("\r");
    let begun = terminal.wait_for("free b2: step 0 of 17");
    let row = begun.lines().position(|line| line.contains("[O] Play"));
    let row = u16::try_from(row.expect("a pane") + 4).expect("a row");
    for _ in 0..7 {
        terminal.press(&mouse(65, 100, row, 'M'));
    }
    let screen = terminal.wait_for("step 7 of 17");
    assert!(
        screen.contains("0x00770 and 0x007c0 are joined"),
        "{screen}"
    );
    terminal.press(&mouse(64, 100, row, 'M'));
    terminal.wait_for("step 6 of 17");
    terminal.press("}");
    terminal.wait_for("the call answers TRUE");
    terminal.press("\x1b");
    let screen = terminal.wait_for("the call is given up");
    assert!(!screen.contains("[O] Play"), "{screen}");
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.run("size b2");
    terminal.wait_for("= 72");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
