//! More than a person does: sizes that change faster than frames, and megabytes pasted.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::memory;
use crate::running::{ENDLESS, operations};
use crate::terminal::Terminal;

/// Sizes tried in a row.
const STORM: u32 = 200;

/// KiB that a pasted megabyte may cost while it is looked at.
const PASTED: u64 = 64 << 10;

/// Sizes from 1x1 to 400x120, the same in each run, none twice in a row.
fn sizes() -> impl Iterator<Item = (u16, u16)> {
    (1..=STORM).map(|number| {
        // A multiplicative hash: neighbours are far apart.
        let mixed = number.wrapping_mul(0x9e37_79b9);
        let part = |shift: u32, most: u32| u16::try_from(1 + (mixed >> shift) % most);
        let columns = part(8, 400).expect("few columns");
        (columns, part(16, 120).expect("few rows"))
    })
}

#[test]
fn a_storm_of_two_hundred_sizes_ends_with_the_right_picture() {
    let mut terminal = Terminal::start(&[]);
    terminal.run(ENDLESS);
    terminal.wait_for("▶ 0 %");
    for (columns, rows) in sizes() {
        terminal.resize(columns, rows);
        terminal.catch_up();
    }
    terminal.resize(120, 40);
    terminal.press(" ");
    let screen = terminal.wait("the last size", |screen| {
        let lines: Vec<&str> = screen.lines().collect();
        lines.len() == 40 && lines[0].contains("‖ paused") && lines[39].contains("q quit")
    });
    // What is drawn anew is what was there: a terminal told the changes alone shows the same.
    let seen = terminal.seen().len();
    terminal.signal(Signal::CONT);
    terminal.wait_until("the screen drawn anew", |terminal| {
        terminal.seen()[seen..]
            .windows(8)
            .any(|bytes| bytes == b"\x1b[?2026l")
    });
    terminal.wait("the same picture", |again| again == screen);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

/// A key that comes together with a change of size is heard, and not only when the next key comes.
#[test]
fn a_key_pressed_while_the_size_changes_is_heard() {
    let mut terminal = Terminal::start(&[]);
    for (number, columns) in (100..140).enumerate() {
        terminal.resize(columns, 30);
        let open = number % 2 == 0;
        terminal.press(if open { "?" } else { "\x1b" });
        terminal.wait("what the key brings", |screen| {
            screen.contains("type to search, Enter runs") == open
        });
    }
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_paste_of_any_kind_can_be_refused_and_costs_little() {
    let megabyte: usize = 1 << 20;
    let every_byte: Vec<u8> = (0..=u8::MAX).filter(|&byte| byte != 0x1b).collect();
    let rows: [(&str, Vec<u8>, &str); 5] = [
        ("one line", b"q".repeat(megabyte), "Run 1 pasted line?"),
        (
            "lines",
            b"quit now\n".repeat(10_000),
            "Run 10,000 pasted lines?",
        ),
        (
            "short lines",
            b"q\n".repeat(megabyte / 2),
            "Run 524,288 pasted lines?",
        ),
        (
            "every byte",
            every_byte.repeat(megabyte / 256),
            "pasted lines?",
        ),
        (
            "escapes",
            b"\x1b[2J\x1b]0;title\x07\x1b[?1049l".repeat(megabyte / 32),
            "Run 1 pasted line?",
        ),
    ];
    let mut terminal = Terminal::start(&[]);
    for (what, bytes, question) in rows {
        let before = memory(terminal.process());
        terminal.paste(&bytes);
        terminal.wait_for(question);
        assert!(terminal.screen().alternate_screen(), "{what}");
        let after = memory(terminal.process());
        assert!(after < before + PASTED, "{what}: {before} -> {after} KiB");
        terminal.press("\x1b");
        let screen = terminal.wait("the map", |screen| screen.contains("q quit"));
        assert_eq!(operations(&screen), 0, "{what}");
    }
    // More than that is not even asked about.
    terminal.paste(&b"q\n".repeat(3 * megabyte));
    terminal.wait_for("not taken: 6291456 B were pasted");
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn thousands_of_pasted_lines_run_in_order() {
    let mut terminal = Terminal::start(&[]);
    let lines: String = (0..2000).map(|n| format!("alloc b[{n}] 64\n")).collect();
    terminal.paste(lines.as_bytes());
    terminal.wait_for("Run 2,000 pasted lines?");
    terminal.press("\r");
    terminal.wait("all lines", |screen| {
        screen.contains("q quit") && operations(screen) == 2000
    });
    terminal.run("free b[0:2000]");
    terminal.wait("all blocks", |screen| operations(screen) == 4000);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn pasted_lines_that_wait_can_be_cancelled() {
    // Much more than is done before somebody presses Ctrl-C.
    let lines = "alloc b[0:2000] 64\nfree b[0:2000]\n".repeat(5000);
    let mut terminal = Terminal::start(&[]);
    terminal.paste(lines.as_bytes());
    terminal.wait_for("Run 10,000 pasted lines?");
    terminal.press("\r");
    terminal.wait("the first lines", |screen| {
        screen.contains("q quit") && operations(screen) > 0
    });
    terminal.press("\x03");
    terminal.wait_for(" lines that waited: cancelled");
    terminal.press("V");
    terminal.wait_for("= TRUE: nothing found");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);

    // The end is not put off by them either.
    let mut terminal = Terminal::start(&[]);
    terminal.paste(lines.as_bytes());
    terminal.wait_for("Run 10,000 pasted lines?");
    terminal.press("\r");
    terminal.wait("the first lines", |screen| {
        screen.contains("q quit") && operations(screen) > 0
    });
    let begun = Instant::now();
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended().code, 0);
    let elapsed = begun.elapsed();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn a_line_pasted_at_the_prompt_goes_in() {
    let mut terminal = Terminal::start(&[]);
    terminal.press(":alloc ");
    terminal.wait_for(": alloc");
    // Without its end: nothing runs before Enter is pressed.
    terminal.paste(b"pasted\x1b 64\x07\n");
    let screen = terminal.wait_for(": alloc pasted 64");
    assert_eq!(operations(&screen), 0);
    terminal.press("\r");
    terminal.wait("the block", |screen| operations(screen) == 1);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
