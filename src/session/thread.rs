//! The session thread: one thread that owns a [`Session`], so that screens never wait for a heap.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::view::{Lens, Target};

use super::frame::{Answer, Frame, Request, Tone};
use super::session::Session;
use super::workload::Workload;
use super::{Command, parse_line};

/// How long a workload runs between looks at what was asked.
const SLICE: Duration = Duration::from_millis(4);
/// Steps made between looks at the clock.
const CHUNK: u64 = 64;
/// Operations of the workload that the space bar starts: enough to watch, to pause and to cancel.
const SPACE_OPS: u64 = 1_000_000;
/// Time between frames while something runs.
const FRAME: Duration = Duration::from_millis(33);
/// Over how long the rate is measured.
const RATE: Duration = Duration::from_millis(500);

/// What a screen and its session thread share.
struct Shared {
    frame: Mutex<Arc<Frame>>,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// A running session thread.
pub struct SessionThread {
    requests: Sender<Request>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl SessionThread {
    /// Starts a thread for `session`. `script` is carried out up to its first `pause`; the space bar goes on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(mut session: Session, script: Vec<Command>) -> std::io::Result<SessionThread> {
        let lens = Lens::default();
        if script.is_empty() && session.running.is_none() {
            session.open_default_heap();
        }
        let shared = Arc::new(Shared {
            frame: Mutex::new(Arc::new(session.frame(&lens))),
            wake: Mutex::new(None),
        });
        let (requests, inbox) = channel();
        let worker = Worker {
            session,
            inbox,
            shared: Arc::clone(&shared),
            script: script.into(),
            script_runs: true,
            lens,
            published: Instant::now(),
            rate_since: (Instant::now(), 0),
        };
        let thread = std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || worker.run())?;
        Ok(SessionThread {
            requests,
            shared,
            thread: Some(thread),
        })
    }

    /// Asks for something. Answers come in frames.
    pub fn send(&self, request: Request) {
        // A thread that is gone answers nothing any more; the last frame stays.
        let _ = self.requests.send(request);
    }

    /// The latest frame.
    #[must_use]
    pub fn frame(&self) -> Arc<Frame> {
        Arc::clone(
            &self
                .shared
                .frame
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Calls `wake` whenever a new frame is there.
    pub fn on_frame(&self, wake: impl Fn() + Send + 'static) {
        *self
            .shared
            .wake
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(wake));
    }
}

impl Drop for SessionThread {
    fn drop(&mut self) {
        self.send(Request::Quit);
        if let Some(thread) = self.thread.take() {
            // A panic of the session thread was reported by its hook.
            let _ = thread.join();
        }
    }
}

struct Worker {
    session: Session,
    inbox: Receiver<Request>,
    shared: Arc<Shared>,
    /// What is left of the script.
    script: VecDeque<Command>,
    /// The script goes on as soon as nothing else runs.
    script_runs: bool,
    lens: Lens,
    published: Instant,
    /// When the rate was measured last, and the operations then.
    rate_since: (Instant, u64),
}

/// What to do after a request.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Quit,
}

impl Worker {
    fn run(mut self) {
        loop {
            let quit = if self.is_busy() {
                self.work()
            } else {
                self.wait()
            };
            if quit == Next::Quit {
                return;
            }
        }
    }

    /// Whether there is something to do without being asked.
    fn is_busy(&self) -> bool {
        match &self.session.running {
            Some(running) => !running.paused,
            None => self.script_runs && !self.script.is_empty(),
        }
    }

    /// A slice of a workload or a line of the script; then whatever was asked meanwhile.
    fn work(&mut self) -> Next {
        if self.session.running.is_some() {
            self.slice();
        } else {
            self.script_line();
        }
        loop {
            match self.inbox.try_recv() {
                Ok(request) => {
                    if self.handle(request) == Next::Quit {
                        return Next::Quit;
                    }
                    self.publish();
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Next::Quit,
            }
        }
        self.measure();
        if self.published.elapsed() >= FRAME || !self.is_busy() {
            self.publish();
        }
        Next::Go
    }

    fn wait(&mut self) -> Next {
        self.session.rate = None;
        let Ok(request) = self.inbox.recv() else {
            return Next::Quit;
        };
        let mut next = self.handle(request);
        // What came in a burst is shown once.
        while next == Next::Go
            && let Ok(request) = self
                .inbox
                .recv_timeout(Duration::ZERO)
                .map_err(|_: RecvTimeoutError| ())
        {
            next = self.handle(request);
        }
        self.publish();
        next
    }

    fn slice(&mut self) {
        let begin = Instant::now();
        while begin.elapsed() < SLICE {
            if self.session.run_steps(CHUNK) == 0 {
                self.finish();
                return;
            }
        }
    }

    fn finish(&mut self) {
        if let Some(answer) = self.session.finish_run() {
            self.session.tell(answer);
        }
    }

    fn script_line(&mut self) {
        match self.script.pop_front() {
            Some(Command::Pause) => {
                self.script_runs = false;
                self.session.apply(&Command::Pause);
            }
            Some(Command::Run(workload)) => self.begin(&workload),
            Some(command) => {
                self.session.apply(&command);
            }
            None => {}
        }
    }

    fn begin(&mut self, workload: &Workload) {
        self.session.checkpoint(Command::Run(*workload).to_string());
        self.session.begin_run(workload);
        self.rate_since = (Instant::now(), self.session.operations);
    }

    fn measure(&mut self) {
        let (since, operations) = self.rate_since;
        let elapsed = since.elapsed();
        if elapsed >= RATE {
            let made = self.session.operations.saturating_sub(operations);
            self.session.rate = Some(made as f64 / elapsed.as_secs_f64());
            self.rate_since = (Instant::now(), self.session.operations);
        }
    }

    fn handle(&mut self, request: Request) -> Next {
        self.session.requests += 1;
        match request {
            Request::Line(line) => self.line(&line),
            Request::Command(command) => self.command(&command),
            Request::FreeAt(address) => {
                self.session.free_at(address);
            }
            Request::Look(lens) => {
                self.lens = Lens {
                    cursor: lens.cursor.or(self.lens.cursor),
                    ..lens
                }
            }
            // What runs ends before the past is entered; it does not go on there.
            Request::Undo => {
                self.finish();
                self.session.undo();
            }
            Request::Redo => {
                self.finish();
                self.session.redo();
            }
            Request::ToggleRun => self.toggle(),
            Request::Step => self.step(),
            Request::Cancel => self.cancel(),
            Request::Select(target) => self.select(target),
            Request::Quit => return Next::Quit,
        }
        Next::Go
    }

    fn line(&mut self, line: &str) {
        match parse_line(line) {
            Ok(Some(command)) => self.command(&command),
            Ok(None) => {}
            Err(error) => {
                let words = error.to_string();
                self.session.tell(Answer {
                    command: line.to_owned(),
                    words,
                    tone: Tone::Refused,
                    ..Answer::default()
                });
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            // A workload runs beside the screen; one at a time.
            Command::Run(workload) => {
                self.finish();
                self.begin(workload);
            }
            command => {
                let answer = self.session.apply(command);
                self.follow(&answer);
            }
        }
    }

    /// Moves the cursor to the block that an answer is about.
    fn follow(&mut self, answer: &Answer) {
        if let Some(block) = answer.block {
            self.lens.cursor = Some(block);
            self.lens.follow = true;
        }
    }

    fn toggle(&mut self) {
        match &mut self.session.running {
            Some(running) => running.paused = !running.paused,
            None if !self.script.is_empty() => self.script_runs = !self.script_runs,
            None => self.begin(&Workload {
                ops: SPACE_OPS,
                ..Workload::default()
            }),
        }
        self.rate_since = (Instant::now(), self.session.operations);
    }

    fn step(&mut self) {
        if let Some(running) = &mut self.session.running {
            running.paused = true;
            if self.session.run_steps(1) == 0 {
                self.finish();
            }
        } else {
            self.script_runs = false;
            self.script_line();
        }
    }

    /// Stops what runs; the rest of a script waits for the space bar.
    fn cancel(&mut self) {
        if self.session.running.is_some() {
            self.finish();
        }
        self.script_runs = false;
    }

    fn select(&mut self, target: Target) {
        let row_bytes = self.shared_frame().picture.map.row_bytes;
        self.lens.cursor = self.session.seek(self.lens.cursor, target, row_bytes);
        self.lens.follow = true;
    }

    fn shared_frame(&self) -> Arc<Frame> {
        Arc::clone(
            &self
                .shared
                .frame
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn publish(&mut self) {
        let frame = Arc::new(self.session.frame(&self.lens));
        *self
            .shared
            .frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = frame;
        self.published = Instant::now();
        if let Some(wake) = &*self
            .shared
            .wake
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
        {
            wake();
        }
    }
}
