//! Watching does not disturb; and what is seen of pins is what freeing and `_heapmin` then do.

use crate::lecture::kib;
use crate::process::resident;
use crate::terminal::{Setup, Terminal};

/// A heap with pages that nobody ever touched, some that were, and holes of both kinds.
fn with_untouched_pages(size: (u16, u16)) -> Terminal {
    let mut terminal = Setup::heapwalk(&[]).size(size.0, size.1).start();
    for line in [
        "heap new fixed 1M stamp=off",
        "alloc a 100000",
        "alloc b[0:40] 3000",
        "alloc c 200000",
        "free b[::2]",
        "go c",
    ] {
        terminal.run(line);
    }
    terminal.wait_for(" c BUSY");
    terminal
}

/// Every pane, in the map's place and on the whole screen, every zoom, and the lists: the kernel has as many pages as before.
#[test]
fn looking_makes_no_page_resident() {
    for size in [(80, 24), (200, 60)] {
        let mut terminal = with_untouched_pages(size);
        terminal.catch_up();
        let before = resident(terminal.process());
        for number in '2'..='9' {
            let title = format!("[{number}]");
            terminal.press(&number.to_string());
            terminal.wait_for(&title);
            terminal.press("z");
            terminal.press("jjjjG");
            terminal.wait_for(&title);
            terminal.press("z");
            terminal.press("1");
            terminal.wait_for("[1]");
        }
        for keys in [
            "++++",
            "llllhhhhwwwwbbbb",
            "0",
            "gg",
            "G",
            "gl",
            "gp",
            "V",
            "i",
        ] {
            terminal.press(keys);
        }
        terminal.wait_for("What the words mean");
        terminal.press("\x1b");
        terminal.wait("the words put away", |screen| {
            !screen.contains("What the words mean")
        });
        // What was pressed last is answered: everything before it was drawn or overtaken.
        terminal.press("Z");
        terminal.wait_for("Z does nothing here");
        assert_eq!(resident(terminal.process()), before, "{size:?}");
        terminal.press("qq");
        assert_eq!(terminal.ended().code, 0);
    }
}

/// The block that keeps a page: found in its pane, freed there, and then the page goes back.
#[test]
fn the_pin_that_the_pane_names_is_what_keeps_the_page() {
    let mut terminal = Terminal::start(&[]);
    for line in [
        "heap new fixed 64K",
        "alloc a 16000",
        "alloc p 16",
        "alloc c 16000",
        "free a",
        "free c",
    ] {
        terminal.run(line);
    }
    terminal.wait_for("#5");
    terminal.press("M");
    let screen = terminal.wait_for("returned so far 2");
    let returned = kib(&screen, "returned so far ");

    terminal.press("8");
    let screen = terminal.wait_for(": keeps ");
    assert!(screen.contains(" 1 pin "), "{screen}");
    let kept = kib(&screen, ": keeps ");
    assert!(kept > 0, "{screen}");
    terminal.press("\r");
    terminal.wait_for(" p BUSY");
    terminal.press("fM");
    let words = format!("returned so far {} KiB", returned + kept);
    let screen = terminal.wait_for(&words);
    assert!(screen.contains(" 0 pins "), "{screen}");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}
