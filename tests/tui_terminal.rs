//! The explorer in a real terminal: whatever ends it, the terminal is given back as it was.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use heapwalk::heap::Policy;
use heapwalk::session::frame::{Frame, Request};
use heapwalk::tui::{Appearance, ColorDepth, GlyphSet, Options, Source, Theme, doorbell, run};
use heapwalk::view::{Figures, HeapKind, HeapTitle, MapPicture, MemoryLine, Overview, Picture};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Says to the test binary which part it plays when it is its own child.
const PART: &str = "HEAPWALK_TEST_PART";

/// How long a test waits for what must come; it fails then, and never just goes on.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a terminal must have been told before it is given back.
const RESTORED: [&str; 5] = [
    "\x1b[?1000l",
    "\x1b[?1006l",
    "\x1b[?2004l",
    "\x1b[?1049l",
    "\x1b[?25h",
];

/// A session that answers nothing, and panics when asked for the policy.
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
        version: 1,
        // Every request counts as taken in, so that no key waits.
        requests: u64::MAX,
        picture: Arc::new(picture),
        log: Vec::new(),
        log_total: 0,
        returned: Vec::new(),
        operations: 0,
        rate: None,
        run: None,
        undo: 0,
        redo: 0,
        next_name: "a".to_owned(),
        next_size: 64,
        timeline: Arc::default(),
        baseline: None,
        bookmarks: Arc::default(),
        names: Arc::default(),
        found: None,
    }
}

/// What the other process does, in a terminal of its own.
fn in_the_terminal() {
    color_eyre::install().expect("the first to install");
    let (_waker, inbox) = doorbell();
    let theme = Theme::new(ColorDepth::Ansi16, GlyphSet::Ascii, Appearance::Dark);
    let source = Silent {
        frame: Arc::new(frame()),
    };
    run(&source, inbox, Options::new(theme)).expect("the terminal works");
    println!("the explorer has ended");
}

/// A child in a terminal, and all it has written so far.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Session {
    fn start() -> Session {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
        command.args([
            "quitting_restores_the_terminal",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.env(PART, "child");
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("a child");
        let keys = pair.master.take_writer().expect("a way in");
        let mut reader = pair.master.try_clone_reader().expect("a way out");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut session = Session {
            child,
            keys,
            output,
            seen: Vec::new(),
            _terminal: pair.master,
        };
        session.wait_for("\x1b[?2026l");
        session
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Reads until `words` were written.
    fn wait_for(&mut self, words: &str) {
        while !self.text().contains(words) {
            let more = self.output.recv_timeout(PATIENCE);
            let more = more.unwrap_or_else(|_| panic!("{words:?} never came: {:?}", self.text()));
            self.seen.extend(more);
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the child listens");
        self.keys.flush().expect("the child listens");
    }

    fn kill(&self, signal: rustix::process::Signal) {
        let id = self
            .child
            .process_id()
            .and_then(|id| i32::try_from(id).ok())
            .expect("a process");
        let id = rustix::process::Pid::from_raw(id).expect("a process");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Everything switched on was switched off after the last frame, and before `last_words`.
    fn check_restored(mut self, last_words: &str) {
        self.wait_for(last_words);
        let text = self.text();
        let frames_end = text.rfind("\x1b[?2026h").expect("a frame was drawn");
        let words = text.rfind(last_words).expect("waited for");
        for code in RESTORED {
            let at = text
                .rfind(code)
                .unwrap_or_else(|| panic!("{code:?} is missing: {text:?}"));
            assert!(
                frames_end < at && at < words,
                "{code:?} at {at} of {text:?}"
            );
        }
        let status = self.child.wait().expect("it ends");
        drop(self.keys);
        assert!(status.exit_code() < 128, "{status:?}");
    }
}

#[test]
fn quitting_restores_the_terminal() {
    // The test starts itself again as the other process.
    if std::env::var_os(PART).is_some() {
        return in_the_terminal();
    }
    let mut session = Session::start();
    for code in ["\x1b[?1049h", "\x1b[?1000h", "\x1b[?2004h"] {
        session.wait_for(code);
    }
    session.press("q");
    session.check_restored("the explorer has ended");
}

#[test]
fn a_panic_restores_the_terminal_before_it_is_reported() {
    let mut session = Session::start();
    session.press("s");
    session.check_restored("the owner of the terminal panics");
}

#[test]
fn a_panic_of_another_thread_leaves_the_screen_alone_and_is_reported_later() {
    let mut session = Session::start();
    session.press(" ");
    session.wait_for("space");
    session.press("Z");
    session.wait_for("Z does nothing here");
    assert!(
        !session.text().contains("another thread panics"),
        "{:?}",
        session.text()
    );
    session.press("q");
    session.wait_for("another thread panics");
    session.check_restored("the explorer has ended");
}

#[test]
fn signals_restore_the_terminal() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::HUP] {
        let session = Session::start();
        session.kill(signal);
        session.check_restored("the explorer has ended");
    }
}

#[test]
fn the_terminal_is_set_up_again_after_a_stop() {
    let mut session = Session::start();
    session.kill(rustix::process::Signal::CONT);
    let before = session.text().matches("\x1b[?1049h").count();
    while session.text().matches("\x1b[?1049h").count() == before {
        let more = session
            .output
            .recv_timeout(PATIENCE)
            .expect("the screen is entered again");
        session.seen.extend(more);
    }
    session.press("q");
    session.check_restored("the explorer has ended");
}
