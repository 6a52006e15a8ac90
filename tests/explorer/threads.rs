//! Real threads in a real terminal: begun with T, seen at work, raced, and taken back.

use crate::terminal::Setup;

#[test]
fn threads_race_are_caught_at_it_and_leave_no_trace_after_undo() {
    let mut terminal = Setup::heapwalk(&[]).size(200, 60).start();
    terminal.run("serialize off");
    terminal.wait_for("serialize OFF");
    terminal.press("T");
    terminal.wait_for("threads 4 { run random ops=10000000");
    // More than they can make before this test ends them.
    terminal.press("\x15threads 4 { run random ops=4000000000 live=200 seed=7 }\r");
    let screen = terminal.wait_for("[T] Threads");
    assert!(screen.contains("4 threads"), "{screen}");
    // Lanes of all four, and the first thing that went wrong.
    for lane in ["1 ", "2 ", "3 ", "4 "] {
        terminal.wait("a lane", |screen| {
            let works = |line: &str| line.contains(" op/s ") && line.contains(" live ");
            screen
                .lines()
                .any(|line| line.contains(lane) && works(line))
        });
    }
    terminal.wait_for("DAMAGED first");
    terminal.wait_for("! bad");
    terminal.press(" ");
    terminal.wait_for("4 threads paused");
    terminal.press("\x03");
    terminal.wait_for("4 threads ended");
    terminal.wait_for("ended before its time: DAMAGED");
    terminal.press("V");
    terminal.wait_for("HeapValidate(heap, 0, NULL) = FALSE");
    terminal.press("u");
    terminal.wait_for("took back: threads 4");
    // Paused and ended without another operation: that was all of it.
    terminal.wait("the pane is gone", |screen| !screen.contains("[T] Threads"));
    terminal.press("V");
    terminal.wait_for("HeapValidate(heap, 0, NULL) = TRUE");
    terminal.press("q");
    terminal.ended();
}

#[test]
fn a_command_finds_threads_parked_and_they_go_on_behind_it() {
    let mut terminal = Setup::heapwalk(&[]).start();
    terminal.run("threads 2 { run random ops=1000000000 live=50 }");
    terminal.wait_for("2 threads working");
    terminal.run("alloc mine 100");
    terminal.wait_for("HeapAlloc(heap, 0, 100)");
    terminal.run("rate 100");
    terminal.run("free mine");
    terminal.wait_for("HeapFree(heap, 0, mine) = TRUE");
    terminal.wait_for("2 threads working");
    terminal.press("\x03");
    terminal.wait_for("2 threads ended");
    terminal.run("validate");
    terminal.wait_for("HeapValidate(heap, 0, NULL) = TRUE");
    terminal.press("q");
    terminal.ended();
}

/// More than a minute's work: what ends it is Ctrl-c, and q does not wait for it.
#[test]
fn the_header_tells_that_situations_are_measured_and_ctrl_c_ends_them() {
    let mut terminal = Setup::heapwalk(&[]).start();
    terminal.run("situations ops=4000000");
    terminal.wait_for("measuring 0/6");
    terminal.press("\x03");
    terminal.wait_for("situations ops=4000000: ended before its time");
    terminal.wait("nothing is measured", |screen| {
        !screen.contains("measuring")
    });
    terminal.run("situations ops=4000000 seed=2");
    terminal.wait_for("measuring 0/6");
    terminal.press("q");
    terminal.ended();
}
