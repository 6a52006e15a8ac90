//! The terminal's background: asked, not waited for, and its answer never read as keys.

use std::time::{Duration, Instant};

use crate::terminal::{Setup, Terminal};

/// What a terminal is asked.
const QUESTION: &[u8] = b"\x1b]11;?\x07";

/// What one with a light background says; as keys, its letters free blocks.
const LIGHT: &[u8] = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\";

/// Busy memory on a dark and on a light background.
const BUSY: [vt100::Color; 2] = [
    vt100::Color::Rgb(0x56, 0xB4, 0xE9),
    vt100::Color::Rgb(0x00, 0x72, 0xB2),
];

fn setup(arguments: &[&str]) -> Setup {
    Setup::heapwalk(arguments).env("COLORTERM", "truecolor")
}

fn was_asked(terminal: &Terminal) -> bool {
    let seen = terminal.seen();
    seen.windows(QUESTION.len()).any(|bytes| bytes == QUESTION)
}

/// Whether anything is drawn in this colour.
fn shows(terminal: &Terminal, color: vt100::Color) -> bool {
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let mut cells =
        (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
    cells.any(|(row, column)| {
        let cell = screen.cell(row, column);
        cell.is_some_and(|cell| cell.fgcolor() == color || cell.bgcolor() == color)
    })
}

/// The explorer with some blocks, drawn for a dark background.
fn with_blocks(setup: Setup) -> Terminal {
    let mut terminal = setup.start();
    terminal.run("alloc b[0:30] 100");
    terminal.wait_for("30 blocks");
    // What was allocated by the last command is drawn in other colours than what is merely busy.
    terminal.run("alloc c 16");
    terminal.run("expect busy_blocks == 31");
    terminal.wait_for("busy_blocks is 31");
    terminal
}

fn becomes(terminal: &mut Terminal, color: vt100::Color) {
    terminal.wait_until("other colours", |terminal| shows(terminal, color));
}

#[test]
fn an_answer_is_followed_whenever_it_comes_and_is_no_key() {
    for pieces in [
        &[LIGHT][..],
        // Over a slow line: in pieces.
        &[b"\x1b]11;rgb:ffff/ffff", b"/ffff\x07"],
        &[b"\x1b]1", b"1;rgb:ff", b"ff/ffff/ffff\x1b", b"\\"],
    ] {
        let mut terminal = with_blocks(setup(&[]));
        assert!(was_asked(&terminal));
        assert!(shows(&terminal, BUSY[0]) && !shows(&terminal, BUSY[1]));
        for piece in pieces {
            terminal.send(piece);
        }
        becomes(&mut terminal, BUSY[1]);
        // What comes next is read by itself, and all that was there is still there.
        terminal.run("expect requested == 3016");
        let text = terminal.wait_for("requested is 3016");
        assert!(!text.contains("does nothing here"), "{text}");
        terminal.press("q");
        terminal.ended();
    }
}

#[test]
fn a_terminal_that_answers_at_once_sees_no_other_colours() {
    let mut terminal = setup(&["demo"]).spawn();
    terminal.wait_until("the question", was_asked);
    terminal.send(LIGHT);
    terminal.wait_for("heap 1");
    becomes(&mut terminal, BUSY[1]);
    terminal.press("q");
    let ended = terminal.ended();
    let written = String::from_utf8_lossy(&ended.written).into_owned();
    assert!(written.contains("38;2;0;114;178"));
}

#[test]
fn a_terminal_that_never_answers_is_not_waited_for() {
    let begun = Instant::now();
    let mut terminal = with_blocks(setup(&[]));
    // Esc may be the beginning of an answer, and is taken for itself as soon as nothing follows.
    terminal.press("g");
    terminal.wait_for("Go to");
    terminal.press("\x1b");
    terminal.wait("the map", |screen| !screen.contains("Go to"));
    terminal.press("q");
    terminal.ended();
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn nobody_is_asked_who_could_not_answer_or_need_not() {
    for setup in [
        setup(&["--theme", "dark"]),
        setup(&[]).env("HEAPWALK_THEME", "light"),
        setup(&["--color", "never"]),
        setup(&[]).env("TERM", "linux"),
        setup(&[]).env("TERM", "dumb"),
        setup(&[]).env("NO_COLOR", "1"),
    ] {
        let mut terminal = setup.start();
        assert!(!was_asked(&terminal));
        terminal.press("q");
        terminal.ended();
    }
}

#[test]
fn without_an_answer_the_environment_counts() {
    for (value, color) in [("15;0", BUSY[0]), ("0;15", BUSY[1])] {
        let mut terminal = with_blocks(setup(&[]).env("COLORFGBG", value));
        becomes(&mut terminal, color);
        terminal.press("q");
        terminal.ended();
    }
}

/// ssh carries TERM and drops COLORTERM.
#[test]
fn over_ssh_there_are_256_colours() {
    let mut terminal = with_blocks(Setup::heapwalk(&[]));
    let indexed = |color| matches!(color, vt100::Color::Idx(16..));
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let mut cells =
        (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
    assert!(cells.any(|(row, column)| {
        let cell = screen.cell(row, column).expect("a cell of the screen");
        indexed(cell.fgcolor()) || indexed(cell.bgcolor())
    }));
    let written = String::from_utf8_lossy(terminal.seen()).into_owned();
    assert!(!written.contains("38;2;"), "no colours of 24 bits");
    terminal.press("q");
    terminal.ended();
}

/// An answer that arrives when the explorer was left already would be typed into the shell.
///
/// The explorer stays for half a second at most, which a busy machine may need for other things: so there are some
/// attempts. If it did not stay, none of them would succeed.
#[test]
fn an_answer_on_its_way_is_waited_for_at_the_end() {
    let script = format!(
        "'{}'; IFS= read -r -s -t 1 -n 30 left; printf 'left %q.' \"$left\"",
        env!("CARGO_BIN_EXE_heapwalk")
    );
    let is_taken = || {
        let mut terminal = Setup::program("bash", &["-c", &script]).spawn();
        terminal.wait_until("the question", was_asked);
        terminal.press("q");
        let begun = Instant::now();
        terminal.wait_until("a slow line", |_| {
            begun.elapsed() > Duration::from_millis(60)
        });
        terminal.send(LIGHT);
        terminal.wait_until("the shell", |terminal| terminal.text().contains('.'));
        terminal.text().contains("left ''.")
    };
    assert!(
        (0..10).any(|_| is_taken()),
        "the answer was left to the shell"
    );
}
