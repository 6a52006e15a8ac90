//! The real program in a terminal of its own: keys in, screen out.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// How long a test waits for what must come; it fails then, and never just goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a terminal must have been told before it is given back.
const RESTORED: [&str; 5] = [
    "\x1b[?1000l",
    "\x1b[?1006l",
    "\x1b[?2004l",
    "\x1b[?1049l",
    "\x1b[?25h",
];

/// Begin and end of a frame.
const FRAME: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

/// A terminal with the explorer in it.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    /// All that was written so far.
    seen: Vec<u8>,
    screen: vt100::Parser,
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the modes of the terminal outlive the program.
    slave: Option<Box<dyn SlavePty + Send>>,
    /// Those modes before the program started.
    modes: String,
}

/// How the program ended, and all it wrote.
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: u32,
    /// Every byte written.
    pub(crate) written: Vec<u8>,
}

impl Terminal {
    /// Starts `heapwalk` with `arguments` at 80x24 and waits for its first frame.
    pub(crate) fn start(arguments: &[&str]) -> Terminal {
        let pair = native_pty_system()
            .openpty(pty_size(80, 24))
            .expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_heapwalk"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        for unset in ["NO_COLOR", "COLORTERM", "COLORFGBG"] {
            command.env_remove(unset);
        }
        let modes = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("a child");
        let keys = pair.master.take_writer().expect("a way in");
        let mut reader = pair.master.try_clone_reader().expect("a way out");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Terminal {
            child,
            keys,
            output,
            seen: Vec::new(),
            screen: vt100::Parser::new(cells(24), cells(80), 0),
            master: pair.master,
            slave: Some(pair.slave),
            modes,
        };
        terminal.wait("the first frame", |screen| screen.contains("heap 1"));
        assert_ne!(
            modes_of(&terminal),
            terminal.modes,
            "the terminal is in raw mode"
        );
        let screen = terminal.screen.screen();
        assert!(screen.alternate_screen() && screen.bracketed_paste());
        assert!(screen.hide_cursor());
        terminal
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// The child's number.
    pub(crate) fn process(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Types `keys` in one go.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the program listens");
        self.keys.flush().expect("the program listens");
    }

    /// Opens the prompt, types `line` and runs it.
    pub(crate) fn run(&mut self, line: &str) {
        self.press(&format!(":{line}\r"));
    }

    /// Reads until a whole frame fulfils `condition`.
    pub(crate) fn wait(&mut self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Ok(more) = self.output.try_recv() {
                self.take(&more);
            }
            let text = self.text();
            if self.is_whole() && condition(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(more) => self.take(&more),
                Err(RecvTimeoutError::Timeout) => panic!("{what} never came:\n{text}"),
                Err(RecvTimeoutError::Disconnected) => panic!("ended before {what}:\n{text}"),
            }
        }
    }

    /// Reads until `words` stand on the screen.
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        self.wait(words, |screen| screen.contains(words))
    }

    /// Makes the terminal another size, as a window manager does.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.master
            .resize(pty_size(columns, rows))
            .expect("a terminal has any size");
        self.screen.set_size(cells(rows), cells(columns));
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        let number = i32::try_from(self.process()).expect("a process");
        let process = Pid::from_raw(number).expect("a process");
        kill_process(process, signal).expect("it runs");
    }

    /// Waits for the end; the terminal must be as it was found.
    pub(crate) fn ended(mut self) -> Ended {
        let code = self.exit_code();
        assert_eq!(modes_of(&self), self.modes, "the modes of the terminal");
        // Without the last slave the reader comes to an end, after everything written.
        self.slave = None;
        while let Ok(more) = self.output.recv_timeout(PATIENCE) {
            self.take(&more);
        }
        let written = String::from_utf8_lossy(&self.seen).into_owned();
        let last_frame = written.rfind("\x1b[?2026h").expect("a frame was drawn");
        for restored in RESTORED {
            assert!(
                written.rfind(restored) > Some(last_frame),
                "{restored:?} is missing at the end: {:?}",
                &written[last_frame..]
            );
        }
        assert!(!written.contains("panicked"), "{written}");
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        assert!(!screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.contents(), "", "nothing is left behind");
        Ended {
            code,
            written: std::mem::take(&mut self.seen),
        }
    }

    fn exit_code(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "never ends:\n{}", self.text());
            // A full terminal must not be what holds it up.
            if let Ok(more) = self.output.recv_timeout(Duration::from_millis(10)) {
                self.take(&more);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.seen.extend(bytes);
        self.screen.process(bytes);
    }

    /// Whether the last frame that was begun has ended.
    fn is_whole(&self) -> bool {
        let last = self
            .seen
            .windows(FRAME[0].len())
            .rev()
            .find(|bytes| FRAME.contains(bytes));
        last == Some(FRAME[1])
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nothing running; one that did not has seen the end.
        let _ = self.child.kill();
    }
}

/// A number of rows or columns.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn modes_of(terminal: &Terminal) -> String {
    modes(&*terminal.master)
}

/// The modes of the line discipline, as text.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}
