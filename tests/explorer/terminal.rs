//! A program in a terminal of its own: keys in, screen out. The test holds the other end.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a test waits for what must come; it fails then, and never just goes on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often what cannot be waited for is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// What a terminal must have been told before it is given back.
const RESTORED: [&str; 7] = [
    "\x1b[?2026l",
    "\x1b[?1000l",
    "\x1b[?1002l",
    "\x1b[?1006l",
    "\x1b[?2004l",
    "\x1b[?1049l",
    "\x1b[?25h",
];

/// Begin and end of a frame.
const FRAME: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

/// What is to be started, and in what terminal.
pub(crate) struct Setup {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    size: (u16, u16),
}

impl Setup {
    /// `heapwalk` with `arguments` at 80x24.
    pub(crate) fn heapwalk(arguments: &[&str]) -> Setup {
        Setup::program(env!("CARGO_BIN_EXE_heapwalk"), arguments)
    }

    /// Any program.
    pub(crate) fn program(path: impl Into<PathBuf>, arguments: &[&str]) -> Setup {
        Setup {
            program: path.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment: Vec::new(),
            size: (80, 24),
        }
    }

    /// With a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Setup {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In a terminal of this size.
    pub(crate) fn size(mut self, columns: u16, rows: u16) -> Setup {
        self.size = (columns, rows);
        self
    }

    /// Starts it.
    pub(crate) fn spawn(self) -> Terminal {
        let (columns, rows) = self.size;
        let pair = native_pty_system()
            .openpty(pty_size(columns, rows))
            .expect("a terminal");
        let home = tempfile::tempdir().expect("a directory");
        let modes = modes(&*pair.master);
        let child = pair.slave.spawn_command(self.command(&home));
        let child = Program::of(child.expect("a child"));
        let keys = pair.master.take_writer().expect("a way in");
        let reader = pair.master.try_clone_reader().expect("a way out");
        let tap = Arc::new(Tap::default());
        let (sender, output) = channel();
        let drain = thread::spawn({
            let tap = Arc::clone(&tap);
            move || tap.drain(reader, &sender)
        });
        Terminal {
            child,
            keys,
            output,
            drain,
            tap,
            seen: Vec::new(),
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            master: pair.master,
            slave: Some(pair.slave),
            modes,
            _home: home,
        }
    }

    /// Starts it and waits for the explorer's first frame.
    pub(crate) fn start(self) -> Terminal {
        let mut terminal = self.spawn();
        terminal.wait("the first frame", |screen| screen.contains("heap 1"));
        assert_ne!(
            terminal.modes_now(),
            terminal.modes,
            "the terminal is in raw mode"
        );
        let screen = terminal.screen.screen();
        assert!(screen.alternate_screen() && screen.bracketed_paste());
        assert!(screen.hide_cursor());
        terminal
    }

    fn command(&self, home: &TempDir) -> CommandBuilder {
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.arguments);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for unset in ["NO_COLOR", "COLORTERM", "COLORFGBG", "RUST_BACKTRACE"] {
            command.env_remove(unset);
        }
        // Nothing of the person who runs the tests is read or written.
        command.env("HOME", home.path());
        for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")] {
            command.env(name, home.path().join(folder));
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }
}

/// How fast the terminal is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Reading {
    /// As fast as the program writes.
    #[default]
    Fast,
    /// This many bytes each tenth of a second.
    Slow(usize),
    /// Not at all.
    Not,
    /// Never again: the reader lets go of the terminal.
    Over,
}

/// Where the reading thread is told how fast to read.
#[derive(Default)]
struct Tap {
    reading: Mutex<Reading>,
    changed: Condvar,
}

impl Tap {
    fn set(&self, reading: Reading) {
        *self.reading.lock().expect("no panics") = reading;
        self.changed.notify_all();
    }

    fn drain(&self, mut reader: Box<dyn Read + Send>, to: &Sender<Vec<u8>>) {
        let mut bytes = [0; 1 << 16];
        while let Some(most) = self.most() {
            let most = most.min(bytes.len());
            match reader.read(&mut bytes[..most]) {
                Ok(count @ 1..) if to.send(bytes[..count].to_vec()).is_ok() => {}
                _ => return,
            }
        }
    }

    /// How many bytes to read next, when it is time to; `None` when reading is over.
    fn most(&self) -> Option<usize> {
        let mut reading = self.reading.lock().expect("no panics");
        loop {
            match *reading {
                Reading::Fast => return Some(usize::MAX),
                Reading::Over => return None,
                Reading::Not => reading = self.changed.wait(reading).expect("no panics"),
                Reading::Slow(bytes) => {
                    // This is the slowness itself, and ends early when it is changed.
                    let tenth = Duration::from_millis(100);
                    let waited = self.changed.wait_timeout(reading, tenth);
                    let (now, timeout) = waited.expect("no panics");
                    if timeout.timed_out() {
                        return Some(bytes);
                    }
                    reading = now;
                }
            }
        }
    }
}

/// A terminal with a program in it.
pub(crate) struct Terminal {
    child: Program,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    drain: JoinHandle<()>,
    tap: Arc<Tap>,
    /// All that was written so far.
    seen: Vec<u8>,
    screen: vt100::Parser,
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the modes of the terminal outlive the program.
    slave: Option<Box<dyn SlavePty + Send>>,
    /// Those modes before the program started.
    modes: String,
    _home: TempDir,
}

/// How the program ended, and all it wrote.
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: u32,
    /// Every byte written.
    pub(crate) written: Vec<u8>,
    /// What stands on the screen that was there before.
    pub(crate) left: String,
}

impl Terminal {
    /// Starts `heapwalk` with `arguments` at 80x24 and waits for its first frame.
    pub(crate) fn start(arguments: &[&str]) -> Terminal {
        Setup::heapwalk(arguments).start()
    }

    /// The screen as text. Blanks at the end of a row look the same whether written or not.
    pub(crate) fn text(&self) -> String {
        let text = self.screen.screen().contents();
        let rows: Vec<&str> = text.lines().map(str::trim_end).collect();
        rows.join("\n")
    }

    /// The screen with its modes, to ask about more than its text.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// The child's number.
    pub(crate) fn process(&self) -> u32 {
        self.child.process
    }

    /// Types `keys` in one go.
    pub(crate) fn press(&mut self, keys: &str) {
        self.send(keys.as_bytes());
    }

    /// Sends bytes as a terminal would.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.keys.write_all(bytes).expect("the program listens");
        self.keys.flush().expect("the program listens");
    }

    /// Pastes `bytes` in brackets.
    pub(crate) fn paste(&mut self, bytes: &[u8]) {
        self.send(&[b"\x1b[200~", bytes, b"\x1b[201~"].concat());
    }

    /// Opens the prompt, types `line` and runs it.
    pub(crate) fn run(&mut self, line: &str) {
        self.press(&format!(":{line}\r"));
    }

    /// Reads until a whole frame fulfils `condition`.
    pub(crate) fn wait(&mut self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        self.wait_until(what, |terminal| {
            terminal.is_whole() && condition(&terminal.text())
        });
        self.text()
    }

    /// Reads until `condition` holds, which is looked at whenever something was written, and now and then.
    pub(crate) fn wait_until(&mut self, what: &str, mut condition: impl FnMut(&Terminal) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.catch_up();
            if condition(self) {
                return;
            }
            let text = self.text();
            assert!(Instant::now() < deadline, "{what} never came:\n{text}");
            match self.output.recv_timeout(LOOK) {
                Ok(more) => self.take(&more),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("ended before {what}:\n{text}"),
            }
        }
    }

    /// Reads until `words` stand on the screen.
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        self.wait(words, |screen| screen.contains(words))
    }

    /// Takes in what was written meanwhile.
    pub(crate) fn catch_up(&mut self) {
        while let Ok(more) = self.output.try_recv() {
            self.take(&more);
        }
    }

    /// Everything that was read so far.
    pub(crate) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Frames begun so far.
    pub(crate) fn frames(&self) -> usize {
        let begin = FRAME[0];
        let all = self.seen.windows(begin.len());
        all.filter(|bytes| *bytes == begin).count()
    }

    /// Reads at another speed from here on.
    pub(crate) fn read(&self, reading: Reading) {
        self.tap.set(reading);
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
        kill_process(pid(self.process()), signal).expect("it runs");
    }

    /// The modes of the line discipline are those from before the program started.
    pub(crate) fn check_modes(&self) {
        assert_eq!(self.modes_now(), self.modes, "the modes of the terminal");
    }

    /// Waits for the end; the terminal must be as it was found, with nothing left on it.
    pub(crate) fn ended(self) -> Ended {
        let ended = self.ended_with_words();
        assert_eq!(ended.left, "", "nothing is left behind");
        ended
    }

    /// Waits for the end; the terminal must be as it was found but for last words.
    pub(crate) fn ended_with_words(mut self) -> Ended {
        let code = self.exit_code();
        self.check_modes();
        // Without the last slave the reader comes to an end, after everything written.
        self.slave = None;
        while let Ok(more) = self.output.recv_timeout(PATIENCE) {
            self.take(&more);
        }
        self.check_restored();
        Ended {
            code,
            left: self.text(),
            written: std::mem::take(&mut self.seen),
        }
    }

    /// Lets go of the terminal, as a window does that is closed; answers with the program's exit code.
    pub(crate) fn close(mut self) -> u32 {
        self.tap.set(Reading::Over);
        // Something to read, so that the reader looks up. What was written last is lost with the window.
        self.resize(100, 30);
        let Terminal {
            mut child,
            keys,
            output,
            drain,
            master,
            ..
        } = self;
        drop(output);
        drain.join().expect("the reader has let go");
        drop((keys, master));
        child.exit_code(|| {})
    }

    /// Waits for the end; answers with the exit code. Keeps reading, so that a full terminal is not what holds it up.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let Terminal {
            child,
            output,
            seen,
            screen,
            ..
        } = self;
        child.exit_code(|| {
            while let Ok(more) = output.try_recv() {
                seen.extend(&more);
                screen.process(&more);
            }
        })
    }

    /// All that was switched on is switched off behind the last frame.
    pub(crate) fn check_restored(&self) {
        let written = String::from_utf8_lossy(&self.seen).into_owned();
        let last_frame = written.rfind("\x1b[?2026h").unwrap_or(0);
        for restored in RESTORED {
            assert!(
                written.rfind(restored) > Some(last_frame),
                "{restored:?} is missing at the end: {:?}",
                &written[last_frame..]
            );
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        assert!(!screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }

    fn modes_now(&self) -> String {
        modes(&*self.master)
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

/// The program, which a failed test does not leave running.
struct Program {
    process: u32,
    /// Its exit code, once it has ended.
    ended: Receiver<u32>,
    /// That was received.
    over: bool,
}

impl Program {
    /// A child whose end is waited for beside the test.
    fn of(mut child: Box<dyn Child + Send + Sync>) -> Program {
        let process = child.process_id().expect("a process");
        let (sender, ended) = channel();
        thread::spawn(move || {
            let status = child.wait().expect("a child");
            // A test that is over does not want to know.
            let _ = sender.send(status.exit_code());
        });
        Program {
            process,
            ended,
            over: false,
        }
    }

    /// Waits for the end and answers with the exit code.
    fn exit_code(&mut self, mut meanwhile: impl FnMut()) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.ended.recv_timeout(LOOK) {
                Ok(code) => {
                    self.over = true;
                    return code;
                }
                Err(RecvTimeoutError::Timeout) => meanwhile(),
                Err(RecvTimeoutError::Disconnected) => panic!("its end was told already"),
            }
            assert!(Instant::now() < deadline, "the program never ends");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The number of one that has ended may be another's by now.
        if !self.over && self.ended.try_recv() == Err(TryRecvError::Empty) {
            let _ = kill_process(pid(self.process), Signal::KILL);
        }
    }
}

fn pid(process: u32) -> Pid {
    let number = i32::try_from(process).expect("a process");
    Pid::from_raw(number).expect("a process")
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

/// The modes of the line discipline, as text.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}
