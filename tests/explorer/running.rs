//! What runs beside the screen: workloads, scripts and traces.

use std::fs;

use crate::terminal::Terminal;

/// A workload that is never seen to end.
pub(crate) const ENDLESS: &str = "run random ops=4000000000 sizes=16..512 live=1000 seed=7";

/// The operation counter in the header.
pub(crate) fn operations(screen: &str) -> u64 {
    let header = screen.lines().next().unwrap_or_default();
    let (_, number) = header.rsplit_once('#').expect("a counter");
    let number = number.trim().replace(',', "");
    number
        .parse()
        .unwrap_or_else(|_| panic!("{number:?} in {header:?}"))
}

/// Reads until the counter is beyond `from`.
fn wait_beyond(terminal: &mut Terminal, from: u64) -> u64 {
    let screen = terminal.wait("further operations", |screen| operations(screen) > from);
    operations(&screen)
}

#[test]
fn the_space_bar_starts_a_workload_that_tells_what_it_did() {
    let mut terminal = Terminal::start(&[]);
    terminal.press(" ");
    let screen = terminal.wait_for("a random program at 1,000 operations a second");
    assert!(screen.contains("> goes faster"), "{screen}");
    terminal.run("rate max");
    let screen = terminal.wait_for("1,000,000 operations of run random ops=1000000: none failed");
    assert_eq!(operations(&screen), 1_000_000);
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.press("u");
    terminal.wait("the heap before", |screen| operations(screen) == 0);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_workload_runs_beside_the_screen() {
    let mut terminal = Terminal::start(&[]);
    terminal.run(ENDLESS);
    let screen = terminal.wait_for("▶ 0 %");
    let seen = wait_beyond(&mut terminal, operations(&screen));
    wait_beyond(&mut terminal, seen);

    terminal.press("V");
    let screen = terminal.wait("an answer while it runs", |screen| {
        screen.contains("= TRUE: nothing found") && screen.contains('▶')
    });
    wait_beyond(&mut terminal, operations(&screen));

    terminal.press(" ");
    let screen = terminal.wait_for("‖ paused");
    let paused = operations(&screen);
    terminal.press("K");
    let screen = terminal.wait_for("HeapCompact(heap, 0) = ");
    assert_eq!(operations(&screen), paused, "nothing runs: {screen}");
    terminal.press("s");
    let screen = terminal.wait("a step", |screen| operations(screen) != paused);
    assert!(screen.contains("‖ paused"), "{screen}");

    terminal.press(" ");
    let screen = terminal.wait_for("▶");
    wait_beyond(&mut terminal, operations(&screen));

    terminal.press("\x03");
    let screen = terminal.wait("the end of the workload", |screen| {
        !screen.contains('▶') && screen.contains(" operations of run random")
    });
    terminal.press("V");
    let after = terminal.wait_for("= TRUE: nothing found");
    assert_eq!(operations(&after), operations(&screen));

    terminal.press("\x03");
    terminal.wait_for("Ctrl-c again ends heapwalk");
    terminal.press("\x03");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn ctrl_c_twice_cancels_and_ends() {
    let mut terminal = Terminal::start(&[]);
    terminal.run(ENDLESS);
    terminal.wait_for("▶ 0 %");
    terminal.press("\x03");
    terminal.wait("the end of the workload", |screen| !screen.contains('▶'));
    terminal.press("\x03");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_script_waits_at_its_pause_for_the_space_bar() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("lecture.hw");
    let script = "# two halves\n\
        coalesce off\n\
        alloc b[0:10] 100\n\
        free b[0:10]\n\
        pause\n\
        compact\n";
    fs::write(&path, script).expect("a file");
    let mut terminal = Terminal::start(&[path.to_str().expect("text")]);
    let screen = terminal.wait("the first half", |screen| {
        screen.contains("10 unmerged pairs") && screen.contains("space next step")
    });
    assert!(screen.contains("coalesce OFF"), "{screen}");
    terminal.press("V");
    let screen = terminal.wait_for("= TRUE: nothing found");
    assert!(screen.contains("10 unmerged pairs"), "{screen}");
    terminal.press(" ");
    let screen = terminal.wait_for("merged 10 pairs");
    assert!(screen.contains(" in 1 hole "), "{screen}");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_trace_is_replayed_on_the_heap() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("small.rep");
    let trace = "20000\n3\n6\n1\na 0 512\na 1 128\na 2 64\nf 0\nr 1 640\nf 1\n";
    fs::write(&path, trace).expect("a file");
    let mut terminal = Terminal::start(&[path.to_str().expect("text")]);
    let screen = terminal.wait("the end of the trace", |screen| {
        screen.contains("none failed; 1 block")
    });
    assert!(screen.contains("6 operations of"), "{screen}");
    assert_eq!(operations(&screen), 6);
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
