//! The explorer in a terminal that a test holds the other end of.

use std::io::{Read, Write};
use std::num::NonZeroU16;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::support::{Files, NO_CONFIG};

const SIZE: PtySize = PtySize {
    rows: 24,
    cols: 80,
    pixel_width: 0,
    pixel_height: 0,
};

/// Opens heapwalk, waits until the screen shows `words`, types `keys`, and answers with the exit code.
fn explore(args: &[&str], words: &str, keys: &str) -> u32 {
    let pair = native_pty_system()
        .openpty(SIZE)
        .expect("there are pseudo-terminals");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_heapwalk"));
    command.args(args);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("XDG_CONFIG_HOME", NO_CONFIG);
    let mut child = pair
        .slave
        .spawn_command(command)
        .expect("the program starts");
    drop(pair.slave);
    let mut reader = pair
        .master
        .try_clone_reader()
        .expect("the terminal can be read");
    let mut writer = pair
        .master
        .take_writer()
        .expect("the terminal can be typed at");
    let side = |cells| NonZeroU16::new(cells).expect("a terminal has cells");
    let mut screen = vt100::Parser::new(side(SIZE.rows), side(SIZE.cols), 0);
    let mut buffer = [0; 4096];
    let mut typed = false;
    // Ends with the program: a terminal whose other end is closed reads as an error or as nothing.
    while let Ok(read) = reader.read(&mut buffer)
        && read > 0
    {
        screen.process(&buffer[..read]);
        if !typed && screen.screen().contents().contains(words) {
            writer.write_all(keys.as_bytes()).expect("keys arrive");
            typed = true;
        }
    }
    assert!(typed, "{words} not seen in {}", screen.screen().contents());
    assert!(
        !screen.screen().alternate_screen(),
        "the terminal is as before"
    );
    child.wait().expect("the program ends").exit_code()
}

#[test]
fn it_opens_on_an_empty_heap_and_closes() {
    assert_eq!(explore(&[], "heap 1", "q"), 0);
}

#[test]
fn it_opens_on_a_script_or_a_trace() {
    let files = Files::new();
    let script = files.write("t.heap", "heap new fixed 128K\nalloc a 100\n");
    assert_eq!(explore(&[&script], "fixed 128K", "q"), 0);
    let trace = files.write("t.rep", "a 0 100\na 1 100\nf 0\n");
    assert_eq!(explore(&[&trace], "heap 1", "q"), 0);
}
