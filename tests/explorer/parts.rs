//! The event loop with sessions made for the test. The test starts itself again as the program in the terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use heapwalk::heap::Policy;
use heapwalk::session::frame::{Frame, Request};
use heapwalk::session::{Session, SessionThread};
use heapwalk::tui::{
    Appearance, ColorDepth, GlyphSet, Inbox, Options, Source, Theme, doorbell, run,
};
use heapwalk::view::{Figures, HeapKind, HeapTitle, MapPicture, MemoryLine, Overview, Picture};

use crate::terminal::{Setup, Terminal};

/// Says to the test which part it plays when it is its own child.
const PART: &str = "HEAPWALK_TEST_PART";

/// A session that answers nothing, and panics when asked for a step.
struct Silent {
    frame: Arc<Frame>,
}

impl Source for Silent {
    fn send(&self, request: Request) {
        match request {
            Request::Step => panic!("the owner of the terminal panics"),
            Request::ToggleRun => {
                let other = thread::spawn(|| panic!("another thread panics"));
                assert!(other.join().is_err(), "it does panic");
            }
            _ => {}
        }
    }

    fn frame(&self) -> Arc<Frame> {
        Arc::clone(&self.frame)
    }

    fn is_alive(&self) -> bool {
        true
    }
}

/// A real session whose thread panics at the first frame after a step.
struct Mortal {
    thread: SessionThread,
    doomed: Arc<AtomicBool>,
}

impl Source for Mortal {
    fn send(&self, request: Request) {
        if request == Request::Step {
            self.doomed.store(true, Ordering::SeqCst);
        }
        self.thread.send(request);
    }

    fn frame(&self) -> Arc<Frame> {
        self.thread.frame()
    }

    fn is_alive(&self) -> bool {
        self.thread.is_alive()
    }
}

fn frame() -> Frame {
    let heap = HeapTitle {
        number: 1,
        of: 1,
        crt: true,
        kind: HeapKind::Growable,
        coalesce: true,
        serialize: true,
        policy: Policy::Best,
        decommit: None,
        checks: true,
        stamp: true,
        tail_checking: false,
        free_checking: false,
    };
    let picture = Picture {
        heap,
        figures: Figures::default(),
        memory: MemoryLine::default(),
        map: MapPicture::default(),
        selected: None,
        overview: Overview::default(),
        fragmentation: None,
        free_list: None,
        pins: None,
        bytes: None,
        range: None,
        quiet: true,
    };
    Frame {
        over: false,
        version: 1,
        // Every request counts as taken in, so that no key waits.
        requests: u64::MAX,
        picture: Arc::new(picture),
        check: None,
        log: Vec::new(),
        log_total: 0,
        returned: Vec::new(),
        operations: 0,
        rate: None,
        crew: None,
        run: None,
        script: None,
        undo: 0,
        redo: 0,
        next_name: "a".to_owned(),
        next_size: 64,
        timeline: Arc::default(),
        time: Arc::default(),
        baseline: None,
        bookmarks: Arc::default(),
        names: Arc::default(),
        found: None,
        actors: Vec::new(),
        interleaved: None,
        played: None,
        measuring: None,
        next_heap: None,
        watched: heapwalk::session::Watched::default(),
    }
}

fn silent() -> (Silent, Inbox) {
    let (_, inbox) = doorbell();
    let frame = Arc::new(frame());
    (Silent { frame }, inbox)
}

fn mortal() -> (Mortal, Inbox) {
    let session = Session::new().expect("addresses");
    let thread = SessionThread::spawn(session, Vec::new()).expect("a thread");
    let (waker, inbox) = doorbell();
    let doomed = Arc::new(AtomicBool::new(false));
    let doom = Arc::clone(&doomed);
    thread.on_frame(move || {
        if doom.swap(false, Ordering::SeqCst) {
            panic!("the session panics");
        }
        waker.wake();
    });
    (Mortal { thread, doomed }, inbox)
}

fn play(part: &str) {
    color_eyre::install().expect("the first to install");
    let theme = Theme::new(ColorDepth::Ansi16, GlyphSet::Ascii, Appearance::Dark);
    let options = Options::new(theme);
    let result = match part {
        "silent" => {
            let (source, inbox) = silent();
            run(&source, inbox, options)
        }
        "mortal" => {
            let (source, inbox) = mortal();
            run(&source, inbox, options)
        }
        part => panic!("there is no part {part:?}"),
    };
    match result {
        Ok(()) => println!("the explorer has ended"),
        Err(error) => panic!("failed to explore: {error:#}"),
    }
}

#[test]
fn quitting_restores_the_terminal() {
    // The test starts itself again as the other process.
    if let Ok(part) = std::env::var(PART) {
        return play(&part);
    }
    let mut terminal = start("silent");
    terminal.press("q");
    check(terminal, 0, &["the explorer has ended"]);
}

/// Starts this test binary as the program that plays `part`.
fn start(part: &str) -> Terminal {
    let arguments = [
        "parts::quitting_restores_the_terminal",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ];
    let binary = std::env::current_exe().expect("this test");
    Setup::program(binary, &arguments).env(PART, part).start()
}

/// The program ends with this code; the terminal is restored, and then these words stand there.
fn check(terminal: Terminal, code: u32, words: &[&str]) {
    let ended = terminal.ended_with_words();
    for words in words {
        assert!(ended.left.contains(words), "{words:?}: {}", ended.left);
    }
    assert_eq!(ended.code, code, "{}", ended.left);
}

#[test]
fn a_panic_restores_the_terminal_before_it_is_reported() {
    let mut terminal = start("silent");
    terminal.press("s");
    check(terminal, 101, &["the owner of the terminal panics"]);
}

#[test]
fn a_panic_of_another_thread_leaves_the_screen_alone_and_is_reported_later() {
    let mut terminal = start("silent");
    terminal.press(" ");
    terminal.wait_for("space");
    terminal.press("Z");
    terminal.wait_for("Z does nothing here");
    let seen = String::from_utf8_lossy(terminal.seen()).into_owned();
    assert!(!seen.contains("another thread panics"), "{seen:?}");
    terminal.press("q");
    check(
        terminal,
        0,
        &["another thread panics", "the explorer has ended"],
    );
}

#[test]
fn a_session_that_dies_ends_the_screen_with_its_report() {
    let mut terminal = start("mortal");
    terminal.press("K");
    terminal.wait_for("HeapCompact(heap, 0)");
    terminal.press("s");
    check(
        terminal,
        101,
        &[
            "the thread \"session\" panicked at",
            "the session panics",
            "failed to explore: the thread \"session\" panicked",
        ],
    );
}
