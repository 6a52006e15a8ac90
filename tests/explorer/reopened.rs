//! What outlives the program: journals of sessions, and the lines of the prompt.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::running::{ENDLESS, operations};
use crate::terminal::{Setup, Terminal};

/// Where explorers keep what outlives them.
struct State(TempDir);

impl State {
    fn new() -> State {
        State(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// An explorer that keeps its things here.
    fn explore(&self, arguments: &[&str]) -> Terminal {
        let path = self.path().to_str().expect("text");
        let setup = Setup::heapwalk(arguments).env("XDG_STATE_HOME", path);
        setup.start()
    }

    /// The journals there are, the oldest first.
    fn journals(&self) -> Vec<String> {
        let sessions = self.path().join("heapwalk/sessions");
        let Ok(entries) = fs::read_dir(sessions) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        let text = |path| fs::read_to_string(path).expect("text");
        paths.into_iter().map(text).collect()
    }
}

/// What four questions about the whole heap are answered.
fn told(terminal: &mut Terminal) -> Vec<String> {
    ["walk", "summary", "validate", "expect entries > 0"]
        .into_iter()
        .map(|line| {
            terminal.run(line);
            let screen = terminal.wait(line, |screen| newest(screen).contains(answer(line)));
            newest(&screen)
        })
        .collect()
}

/// Words that only the answer to `line` has.
fn answer(line: &str) -> &'static str {
    match line {
        "walk" => "HeapWalk(",
        "summary" => "HeapSummary(",
        "validate" => "HeapValidate(",
        _ => "holds: entries is",
    }
}

/// The last rows above the footer: the newest answer, without the course of time, which goes by a clock.
fn newest(screen: &str) -> String {
    let rows: Vec<&str> = screen.lines().collect();
    let end = rows.len().saturating_sub(1);
    let rows = &rows[end.saturating_sub(3)..end];
    let told: Vec<&str> = rows
        .iter()
        .copied()
        .filter(|row| !row.starts_with("time "))
        .collect();
    told.join("\n")
}

/// Kills it as nothing else does: no handler runs.
fn kill(mut terminal: Terminal) {
    terminal.signal(Signal::KILL);
    terminal.exit_code();
}

#[test]
fn a_session_that_was_killed_is_opened_again() {
    let state = State::new();
    let mut terminal = state.explore(&[]);
    for (line, seen) in [
        ("alloc b[0:20] 300", "x 20"),
        ("free b[::2]", "x 10"),
        ("mark \"half\"", "bookmark 1"),
        ("coalesce off", "coalesce OFF"),
        ("realloc b3 9000", "b3, 9000"),
        (
            "run random ops=5000 sizes=16..4K live=200 seed=3",
            "5,000 operations",
        ),
        ("free w[::3]", "w[::3]"),
    ] {
        terminal.run(line);
        terminal.wait_for(seen);
    }
    terminal.press("u");
    terminal.wait_for("took back: free w[::3]");
    let before = told(&mut terminal);
    let count = operations(&terminal.text());
    kill(terminal);

    let mut terminal = state.explore(&["open", "last"]);
    terminal.wait("all operations", |screen| operations(screen) == count);
    assert_eq!(told(&mut terminal), before);
    // What was taken back can still be brought back, and is written down in turn.
    terminal.press("U");
    terminal.wait_for("brought back: free w[::3]");
    let after = told(&mut terminal);
    assert_ne!(after, before);
    kill(terminal);

    let mut terminal = state.explore(&["open", "last"]);
    terminal.wait_for("brought back: free w[::3]");
    assert_eq!(told(&mut terminal), after);
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
    let journals = state.journals();
    assert_eq!(journals.len(), 3);
    let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&journals[1]), lines(&journals[2]));
}

#[test]
fn a_workload_that_was_paused_is_opened_as_far_as_it_went() {
    let state = State::new();
    let mut terminal = state.explore(&[]);
    terminal.run(ENDLESS);
    terminal.wait("some steps", |screen| operations(screen) > 1_000);
    terminal.run("alloc mine 100");
    terminal.wait_for("= 0x");
    terminal.press(" ");
    terminal.wait_for("paused");
    let count = operations(&terminal.text());
    let before = told(&mut terminal);
    kill(terminal);
    let mut terminal = state.explore(&["open", "last"]);
    terminal.wait("all operations", |screen| operations(screen) == count);
    assert_eq!(told(&mut terminal), before);
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_workload_that_ran_when_it_was_killed_is_opened_as_far_as_was_written() {
    let state = State::new();
    let mut terminal = state.explore(&[]);
    terminal.run(ENDLESS);
    terminal.wait("progress in the journal", |_| {
        let journals = state.journals();
        journals
            .first()
            .is_some_and(|text| text.contains(" until="))
    });
    kill(terminal);
    let journal = state.journals().remove(0);
    let (_, until) = journal.rsplit_once("until=").expect("progress");
    let until: u64 = until.trim().parse().expect("a number");
    let mut terminal = state.explore(&["open", "last"]);
    terminal.wait("all operations", |screen| operations(screen) == until);
    terminal.press("u");
    terminal.wait_for("took back: run random");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

/// A workload that takes longer than any test waits for, as a journal has it.
const LONG: &str = "run random ops=4000000000 seed=7";

/// A journal that takes longer to be done again than any test waits for.
fn long(state: &State) -> String {
    let text =
        format!("# heapwalk session of today\nalloc first 64\n{LONG}\nundo\nalloc last 64\n");
    let sessions = state.path().join("heapwalk/sessions");
    fs::create_dir_all(&sessions).expect("made");
    fs::write(sessions.join("20260101T000000Z-2147483647.heap"), &text).expect("written");
    text
}

/// The lines below the heading.
fn below(text: &str) -> Vec<&str> {
    text.lines().skip(1).map(str::trim_end).collect()
}

#[test]
fn whatever_ends_the_program_while_it_opens_a_journal_nothing_is_lost() {
    let ends: [fn(Terminal); 3] = [
        kill,
        |mut terminal| {
            terminal.signal(Signal::TERM);
            terminal.exit_code();
        },
        |mut terminal| {
            terminal.press("qq");
            assert_eq!(terminal.ended().code, 0);
        },
    ];
    let state = State::new();
    let text = long(&state);
    for (nth, end) in ends.into_iter().enumerate() {
        let mut terminal = state.explore(&["open", "last"]);
        terminal.wait("some steps", |screen| operations(screen) > 1_000);
        end(terminal);
        let journals = state.journals();
        assert_eq!(journals.len(), nth + 2);
        assert_eq!(journals[0], text);
        assert_eq!(below(&journals[nth + 1]), below(&text));
    }
}

#[test]
fn a_journal_can_be_opened_in_part_and_gone_on_with() {
    let state = State::new();
    let text = long(&state);
    let mut terminal = state.explore(&["open", "last"]);
    terminal.wait("some steps", |screen| operations(screen) > 1_000);
    terminal.press("u");
    terminal.wait_for("the session is still being opened");
    terminal.press("\x03");
    terminal.wait_for("opening was stopped: 1 of 4 commands done again");
    terminal.run("alloc mine 100");
    terminal.wait_for("mine: ");
    let count = operations(&terminal.text());
    kill(terminal);
    let journals = state.journals();
    assert_eq!(journals[0], text);
    let lines = below(&journals[1]);
    assert_eq!((lines[0], lines[2]), ("alloc first 64", "alloc mine 100"));
    // What was made of the workload: all operations but the two commands.
    assert_eq!(lines[1], format!("{LONG} until={}", count - 2));
    let mut terminal = state.explore(&["open", "last"]);
    terminal.wait("all operations", |screen| operations(screen) == count);
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_trace_is_told_to_leave_no_journal() {
    let state = State::new();
    let trace = state.path().join("short.trace");
    fs::write(&trace, "a 0 64\na 1 64\nf 0\n").expect("written");
    let mut terminal = state.explore(&[trace.to_str().expect("text")]);
    terminal.wait("the end", |screen| operations(screen) == 3);
    terminal.press("6");
    terminal.wait_for("no journal is kept of a session on a trace");
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
    assert!(state.journals().is_empty());
}

#[test]
fn a_journal_that_was_cut_opens_with_its_whole_lines() {
    let state = State::new();
    let mut terminal = state.explore(&[]);
    for line in ["alloc a 64", "alloc b 64"] {
        terminal.run(line);
        terminal.wait_for(&format!("{}: ", line.split(' ').nth(1).expect("a name")));
    }
    kill(terminal);
    let journal = state.journals().remove(0);
    let cut = state.path().join("cut.heap");
    fs::write(&cut, &journal[..journal.len() - 3]).expect("written");
    let mut terminal = state.explore(&["open", cut.to_str().expect("text")]);
    let screen = terminal.wait_for("in the middle of a line");
    assert_eq!(operations(&screen), 1);
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
    let unchanged = fs::read_to_string(cut).expect("text");
    assert_eq!(unchanged, journal[..journal.len() - 3]);
}

#[test]
fn no_journal_is_kept_where_none_is_wanted() {
    for arguments in [&["--journal", "off"][..], &[]] {
        let state = State::new();
        let mut terminal = state.explore(arguments);
        terminal.run("walk");
        terminal.wait_for("HeapWalk(");
        if !arguments.is_empty() {
            terminal.run("alloc a 64");
            terminal.wait_for("= 0x");
        }
        terminal.press("qq");
        assert_eq!(terminal.ended().code, 0);
        assert!(state.journals().is_empty(), "{arguments:?}");
    }
}

#[test]
fn lines_of_the_prompt_are_there_the_next_time() {
    let state = State::new();
    let mut terminal = state.explore(&[]);
    for (line, seen) in [("alloc first 64", "first: "), ("probe 4K", "would go to")] {
        terminal.run(line);
        terminal.wait_for(seen);
    }
    kill(terminal);
    let mut terminal = state.explore(&[]);
    terminal.press(":\x1b[A");
    terminal.wait_for(": probe 4K");
    terminal.press("\x1b[A\r");
    let screen = terminal.wait_for("first: ");
    assert_eq!(operations(&screen), 1);
    terminal.press("qq");
    assert_eq!(terminal.ended().code, 0);
}
