//! Help: the list of everything, the explanations, words in the log, bookmarks, and what `y` copies.

use crate::terminal::Terminal;

#[test]
fn the_list_of_everything_finds_keys_and_commands() {
    let mut terminal = Terminal::start(&[]);
    terminal.press("?");
    let screen = terminal.wait_for("type to search, Enter runs");
    for heading in ["Move", "h left"] {
        assert!(screen.contains(heading), "{heading}: {screen}");
    }
    terminal.press("heap new fix");
    terminal.wait_for("make a heap that never exceeds SIZE");
    terminal.press("\r");
    terminal.wait_for(": heap new fixed");
    terminal.press("64K\r");
    terminal.wait_for("heap 2 of 2 fixed 64K");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn explanations_have_the_figures_put_in_and_can_be_searched() {
    let mut terminal = Terminal::start(&[]);
    terminal.run("alloc b[0:40] 100");
    terminal.wait_for("x 40: 40 blocks");
    terminal.run("free b[::2]");
    terminal.wait_for("= TRUE x 20");
    terminal.press("3i");
    let screen = terminal.wait_for("[3] Fragmentation: what still fits");
    assert!(screen.contains("external fragmentation = 1 - "), "{screen}");
    terminal.press("/slack");
    let screen = terminal.wait("the term", |screen| {
        screen.contains("/ slack") && !screen.contains("external fragmentation =")
    });
    assert!(screen.contains("rounding to 16"), "{screen}");
    terminal.press("\x1b");
    terminal.wait_for("external fragmentation = 1 - ");
    terminal.press("\x1b");
    terminal.wait("the pane", |screen| !screen.contains("What the words mean"));
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_word_is_explained_in_the_log_when_it_is_first_met() {
    let mut terminal = Terminal::start(&[]);
    terminal.run("alloc b[0:3] 100");
    terminal.wait_for("x 3: 3 blocks");
    terminal.run("free b[::2]");
    terminal.wait_for("= TRUE x 2");
    terminal.run("free b1");
    terminal.wait_for("HeapFree(heap, 0, b1) = TRUE");
    let told = "coalesce: joins free neighbours";
    terminal.press("6");
    let screen = terminal.wait_for(told);
    assert_eq!(screen.matches(told).count(), 1, "{screen}");
    terminal.press("1");
    terminal.run("alloc c 100");
    terminal.wait_for("HeapAlloc(heap, 0, 100) = ");
    terminal.run("free c");
    terminal.wait_for("HeapFree(heap, 0, c) = TRUE");
    terminal.press("6");
    let screen = terminal.wait_for("[6] Log");
    assert_eq!(screen.matches(told).count(), 1, "{screen}");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn bookmarks_tell_what_changed_since() {
    let mut terminal = Terminal::start(&[]);
    terminal.press("'");
    terminal.wait_for("no moment is kept yet; m keeps this one");
    terminal.press("m");
    terminal.wait_for("compared with it");
    terminal.run("alloc b 72");
    terminal.wait_for("HeapAlloc(heap, 0, 72) = ");
    terminal.press("'");
    let screen = terminal.wait_for("1 bookmark");
    assert!(screen.contains("-80"), "80 bytes less are free: {screen}");
    terminal.press("\r");
    terminal.wait("the baseline", |screen| !screen.contains("free since"));
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_line_about_the_block_is_copied_through_the_terminal() {
    let mut terminal = Terminal::start(&[]);
    terminal.run("alloc b 72");
    terminal.wait_for("HeapAlloc(heap, 0, 72) = ");
    terminal.press("y");
    let screen = terminal.wait_for("to the terminal's clipboard (OSC 52): b 0x");
    assert!(screen.contains("80 B busy, asked 72"), "{screen}");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}
