//! The first minute: the card, the tour, and a newcomer who reads nothing but the screen.

use std::process::Command;

use crate::running::operations;
use crate::terminal::Terminal;

/// On the card alone.
const CARD: &str = "take the 30-second tour";

/// The captions of the tour, as its script has them.
fn captions() -> Vec<String> {
    include_str!("../../assets/scripts/tour.heap")
        .lines()
        .filter_map(|line| line.strip_prefix("say \"")?.strip_suffix('"'))
        .map(|caption| caption.replace("\\\"", "\""))
        .collect()
}

/// The words of a screen with one blank between each, however they are broken into lines.
fn words(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_tour_holds_without_a_screen() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scripts/tour.heap");
    let output = Command::new(env!("CARGO_BIN_EXE_heapwalk"))
        .args(["run", script])
        .output()
        .expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(!printed.contains("FAILED"), "{printed}");
}

#[test]
fn the_tour_goes_from_caption_to_caption_and_leaves_its_heap() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for(CARD);
    terminal.press("\r");
    let captions = captions();
    let steps = captions.len();
    for (step, caption) in (1..).zip(&captions) {
        let screen = terminal.wait(caption, |screen| words(screen).contains(caption.as_str()));
        assert!(screen.starts_with("heap 2 of 2 CRT fixed 64K"), "{screen}");
        assert!(!screen.contains("FAILED"), "{screen}");
        if step < steps {
            let footer = format!("tour {step}/{steps} space next step Esc ends the tour");
            terminal.wait_for(&footer);
            // The captions stay true: keys that would change the heap wait.
            terminal.press("K");
            terminal.wait_for("K HeapCompact waits until the tour is over");
            terminal.press(" ");
        }
    }
    terminal.wait("the end of the tour", |screen| {
        !screen.contains("next step")
    });
    terminal.press("C");
    terminal.wait("the merge", |screen| {
        words(screen).contains("merged 16 waiting pairs at once")
    });
    terminal.press("H");
    terminal.wait_for("heap 1 of 2 growable");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn escape_ends_the_tour_where_it_is() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for(CARD);
    terminal.press("\r");
    terminal.wait_for("tour 1/12");
    terminal.press(" ");
    terminal.wait_for("tour 2/12");
    terminal.press("\x1b");
    terminal.wait_for("the tour is over; this heap is yours now");
    terminal.press("V");
    let screen = terminal.wait_for("= TRUE: nothing found");
    assert!(screen.starts_with("heap 2 of 2"), "{screen}");
    assert_eq!(operations(&screen), 49, "{screen}");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_newcomer_follows_the_card() {
    let mut terminal = Terminal::start(&[]);
    let screen = terminal.wait_for(CARD);
    for key in ["a      allocate a block", "?      list all keys"] {
        assert!(screen.contains(key), "{key}: {screen}");
    }
    terminal.press("a");
    let screen = terminal.wait_for(": alloc b0 64");
    assert!(!screen.contains(CARD), "{screen}");
    terminal.press("\r");
    terminal.wait_for("HeapAlloc(heap, 0, 64) = ");
    terminal.press("f");
    terminal.wait_for("HeapFree(heap, 0, b0) = TRUE");
    terminal.press("?");
    terminal.wait_for("type to search");
    terminal.press("HeapCompact\r");
    let screen = terminal.wait_for("HeapCompact(heap, 0) = ");
    assert!(!screen.contains(CARD), "it does not come back: {screen}");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn the_card_goes_with_the_first_key_and_stays_away_from_scripts() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for(CARD);
    terminal.press("Z");
    terminal.wait("words about Z", |screen| {
        screen.contains("Z does nothing here; z is maximise; ? lists keys") && screen.contains(CARD)
    });
    terminal.press("\x1b");
    terminal.wait("the map", |screen| !screen.contains(CARD));
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scripts/tour.heap");
    let mut terminal = Terminal::start(&[script]);
    let screen = terminal.wait_for("step 1/12 space next step");
    assert!(!screen.contains(CARD), "{screen}");
    // From a file it is a script like any other.
    terminal.press("K");
    terminal.wait_for("HeapCompact(heap, 0) = ");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
