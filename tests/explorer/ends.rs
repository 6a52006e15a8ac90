//! Whatever ends the explorer, or stops it for a while: the terminal is given back as it was, and nothing hangs.

use rustix::process::Signal;
use vt100::MouseProtocolMode;

use crate::process::state_and_work;
use crate::running::ENDLESS;
use crate::terminal::{Reading, Setup, Terminal};

/// The state of a process that was stopped.
const STOPPED: char = 'T';

/// What is switched on in a terminal, with and without the mouse. Mere motion is never asked for.
#[test]
fn it_opens_and_closes() {
    for mouse in [true, false] {
        let arguments: &[&str] = if mouse { &[] } else { &["--mouse", "off"] };
        let mut terminal = Terminal::start(arguments);
        let reporting = terminal.screen().mouse_protocol_mode() != MouseProtocolMode::None;
        assert_eq!(reporting, mouse);
        terminal.press("q");
        let ended = terminal.ended();
        assert_eq!(ended.code, 0);
        let written = String::from_utf8_lossy(&ended.written);
        for (code, on) in [
            ("\x1b[?1049h", true),
            ("\x1b[?2004h", true),
            ("\x1b[?1000h", mouse),
            ("\x1b[?1002h", mouse),
            ("\x1b[?1006h", mouse),
            ("\x1b[?1003h", false),
        ] {
            assert_eq!(written.contains(code), on, "{code:?} {arguments:?}");
        }
    }
}

#[test]
fn signals_end_a_running_explorer_and_restore_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = Terminal::start(&[]);
        terminal.run(ENDLESS);
        terminal.wait_for("▶ 0 %");
        terminal.signal(signal);
        if signal == Signal::INT {
            terminal.wait("the end of the workload", |screen| !screen.contains('▶'));
            terminal.signal(signal);
        }
        assert_eq!(terminal.ended().code, 0, "{signal:?}");
    }
}

#[test]
fn a_closed_terminal_ends_it_whether_it_runs_or_not() {
    assert_eq!(Terminal::start(&[]).close(), 0);
    let mut terminal = Terminal::start(&[]);
    terminal.run(ENDLESS);
    terminal.wait_for("▶ 0 %");
    assert_eq!(terminal.close(), 0);
}

/// A terminal that takes nothing any more cannot be restored; it must not keep the program either.
#[test]
fn it_ends_on_a_terminal_that_reads_nothing() {
    let mut terminal = Terminal::start(&[]);
    terminal.run(ENDLESS);
    terminal.wait_for("▶ 0 %");
    terminal.read(Reading::Not);
    // Frames of this size, each quite another, soon fill what the kernel holds for the reader.
    terminal.resize(200, 60);
    let (_, before) = state_and_work(terminal.process());
    terminal.wait_until("work done meanwhile", |terminal| {
        state_and_work(terminal.process()).1 > before + 50
    });
    terminal.signal(Signal::TERM);
    terminal.exit_code();
    terminal.check_modes();
}

#[test]
fn ctrl_z_gives_the_terminal_back_until_it_goes_on() {
    // Ctrl-Z as a key, and the signals of `kill -TSTP` and `kill -STOP`: the last cannot be prepared for.
    for stop in [None, Some(Signal::TSTP), Some(Signal::STOP)] {
        let mut terminal = Terminal::start(&[]);
        terminal.run("alloc b[0:10] 100");
        let before = terminal.wait("ten blocks", |screen| {
            screen.contains("x 10: 10 blocks") && screen.contains("q quit")
        });
        match stop {
            None => terminal.press("\x1a"),
            Some(signal) => terminal.signal(signal),
        }
        terminal.wait_until("the stop", |terminal| {
            state_and_work(terminal.process()).0 == STOPPED
        });
        if stop != Some(Signal::STOP) {
            terminal.wait_until("the old screen", |terminal| {
                !terminal.screen().alternate_screen()
            });
            terminal.check_modes();
            terminal.check_restored();
        }
        let seen = terminal.seen().len();
        terminal.signal(Signal::CONT);
        terminal.wait_until("the screen again", |terminal| {
            let since = String::from_utf8_lossy(&terminal.seen()[seen..]).into_owned();
            since.contains("\x1b[?1049h") && since.contains("\x1b[?1002h")
        });
        terminal.wait("the same picture", |screen| screen == before);
        terminal.press("V");
        terminal.wait_for("= TRUE: nothing found");
        terminal.press("q");
        assert_eq!(terminal.ended().code, 0, "{stop:?}");
    }
}

/// A shell with job control, as a person has it: Ctrl-Z, a line to the shell, `fg`.
#[test]
fn a_shell_can_suspend_it_and_bring_it_back() {
    let program = env!("CARGO_BIN_EXE_heapwalk");
    let mut shell = Setup::program("/bin/sh", &["-i"])
        .env("PS1", "ready> ")
        .env("ENV", "")
        .spawn();
    let prompt = |screen: &str| screen.trim_end().ends_with("ready>");
    shell.wait_until("the prompt", |shell| prompt(&shell.text()));
    shell.press(&format!("{program}\r"));
    shell.wait_for("heap 1");
    shell.press("\x1a");
    shell.wait_until("the shell", |shell| prompt(&shell.text()));
    shell.check_restored();
    // The shell reads lines and echoes them: the terminal is in its own mode.
    shell.press("echo one$((1 + 1))three\r");
    shell.wait_until("an echo", |shell| shell.text().contains("\none2three"));
    shell.press("fg\r");
    shell.wait_for("heap 1");
    shell.press("V");
    shell.wait_for("= TRUE: nothing found");
    shell.press("q");
    shell.wait_until("the shell again", |shell| {
        !shell.screen().alternate_screen() && prompt(&shell.text())
    });
    shell.press("exit\r");
    assert_eq!(shell.ended_with_words().code, 0);
}

/// Threads that the screen cannot do without; what a person does so that they have work.
#[cfg(debug_assertions)]
#[test]
fn a_panic_of_any_thread_ends_it_with_a_report() {
    type Cause = fn(&mut Terminal);
    let rows: [(&str, Cause); 4] = [
        ("input", |terminal| terminal.press("Z")),
        ("signals", |terminal| terminal.resize(100, 30)),
        ("output", |_| {}),
        ("main", |_| {}),
    ];
    for (thread, cause) in rows {
        let mut terminal = Setup::heapwalk(&[])
            .env("HEAPWALK_TEST_PANIC", thread)
            .spawn();
        terminal.wait_until("raw mode", |terminal| !terminal.seen().is_empty());
        cause(&mut terminal);
        let ended = terminal.ended_with_words();
        assert_eq!(ended.code, 101, "{thread}: {}", ended.left);
        assert!(
            ended.left.contains("as the test wants it"),
            "{thread}: {}",
            ended.left
        );
        let words =
            format!("heapwalk: failed to show the explorer: the thread \"{thread}\" panicked");
        assert_eq!(
            ended.left.contains(&words),
            thread != "main",
            "{}",
            ended.left
        );
    }
}
