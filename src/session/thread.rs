//! The session thread: one thread that owns a [`Session`], so that screens never wait for a heap.

mod crew;
mod opening;
mod requests;
mod runs;
mod way;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::view::Lens;

use super::frame::{Answer, Frame, Request};
use super::journal::{Deed, Past};
use super::pace::{Meter, Pace};
use super::script::ScriptRun;
use super::session::Session;
use super::{Command, Watch};
use crate::lab::Workload;

use opening::Opening;

/// How long a workload runs between looks at what was asked.
const SLICE: Duration = Duration::from_millis(4);
/// Steps made between looks at the clock.
const CHUNK: u64 = 64;
/// Time between frames while something runs: with the slice that ends it, a thirtieth of a second.
const FRAME: Duration = Duration::from_millis(29);
/// How long the end of a session thread is waited for.
const LEAVE: Duration = Duration::from_secs(5);
/// Time between writes of what was made of a workload to the journal: as much as a program that is killed loses.
const PROGRESS: Duration = Duration::from_secs(1);

/// What a screen and its session thread share.
struct Shared {
    frame: Mutex<Arc<Frame>>,
    /// Slices of work begun so far.
    slices: AtomicU64,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// Cancellations asked for and not taken in yet: lines that wait before them are dropped.
    cancels: AtomicU64,
    /// The thread has panicked: no frame comes any more.
    panicked: AtomicBool,
}

impl Shared {
    /// The latest frame.
    fn frame(&self) -> Arc<Frame> {
        Arc::clone(&self.frame.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    fn wake(&self) {
        if let Some(wake) = &*self.wake.lock().unwrap_or_else(PoisonError::into_inner) {
            wake();
        }
    }
}

/// Tells of the thread's panic, so that nobody waits for it.
struct Tripwire(Arc<Shared>);

impl Drop for Tripwire {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.panicked.store(true, Ordering::Release);
            self.0.wake();
        }
    }
}

/// A running session thread.
pub struct SessionThread {
    requests: Sender<Request>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Hangs up when the thread has ended.
    ended: Receiver<()>,
}

impl SessionThread {
    /// Starts a thread for `session`. `script` is carried out up to its first `pause`; the space bar goes on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(session: Session, script: Vec<Command>) -> std::io::Result<SessionThread> {
        let deeds = script.into_iter().map(Deed::Command).collect();
        let past = Past {
            deeds,
            ..Past::default()
        };
        SessionThread::resume(session, past)
    }

    /// Starts a thread for `session` that first does what a journal says.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn resume(mut session: Session, past: Past) -> std::io::Result<SessionThread> {
        session.in_slices = true;
        let lens = Lens::default();
        let Past { deeds, cut, kept } = past;
        let opening = kept.filter(|_| !deeds.is_empty()).map(|kept| {
            session.hold_journal(&kept);
            Opening {
                file: kept.file,
                deeds: deeds.len(),
            }
        });
        if deeds.is_empty() && session.running.is_none() {
            session.open_default_heap();
        }
        if let Some(cut) = cut.as_ref().filter(|_| deeds.is_empty()) {
            session.note_cut(cut);
        }
        let script = ScriptRun::new(deeds);
        let mut first = session.frame(&lens);
        first.script = script.progress();
        let shared = Arc::new(Shared {
            frame: Mutex::new(Arc::new(first)),
            slices: AtomicU64::new(0),
            wake: Mutex::new(None),
            cancels: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
        });
        let (requests, inbox) = channel();
        let worker = Worker {
            session,
            inbox,
            shared: Arc::clone(&shared),
            script,
            opening,
            cut,
            lens,
            watch: Watch::default(),
            published: Instant::now(),
            written: Instant::now(),
            stale: false,
            meter: Meter::default(),
            pace: None,
            held: VecDeque::new(),
            dropped: 0,
            rate_chosen: false,
            easy: false,
        };
        let (ending, ended) = channel();
        let tripwire = Tripwire(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || {
                let _tripwire = tripwire;
                let _ending = ending;
                worker.run();
            })?;
        Ok(SessionThread {
            requests,
            shared,
            thread: Some(thread),
            ended,
        })
    }

    /// Asks for something. Answers come in frames.
    pub fn send(&self, request: Request) {
        if matches!(request, Request::Cancel | Request::QuitNow) {
            self.shared.cancels.fetch_add(1, Ordering::AcqRel);
        }
        // A thread that is gone answers nothing any more; the last frame stays.
        let _ = self.requests.send(request);
    }

    /// The latest frame.
    #[must_use]
    pub fn frame(&self) -> Arc<Frame> {
        self.shared.frame()
    }

    /// Whether the thread still answers; it does not after a panic. Then the last wake was for that.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.shared.panicked.load(Ordering::Acquire)
    }

    /// Calls `wake` whenever a new frame is there, and at once: what came before nobody was woken for.
    pub fn on_frame(&self, wake: impl Fn() + Send + 'static) {
        wake();
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
        let Some(thread) = self.thread.take() else {
            return;
        };
        // What it is at may be long; a program that is told to end does not wait for it for ever.
        if self.ended.recv_timeout(LEAVE) != Err(RecvTimeoutError::Timeout) {
            // A panic of the session thread was reported by its hook.
            let _ = thread.join();
        }
    }
}

/// An empty inbox is one that was waited for in vain.
fn as_timeout(error: TryRecvError) -> RecvTimeoutError {
    match error {
        TryRecvError::Empty => RecvTimeoutError::Timeout,
        TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
    }
}

struct Worker {
    session: Session,
    inbox: Receiver<Request>,
    shared: Arc<Shared>,
    script: ScriptRun,
    /// The script is a journal, and not all of it has been done again.
    opening: Option<Opening>,
    /// What is there of a line behind it.
    cut: Option<String>,
    lens: Lens,
    watch: Watch,
    published: Instant,
    /// When the journal was last told of what runs.
    written: Instant,
    /// Operations were made that no frame shows.
    stale: bool,
    meter: Meter,
    /// Deals out operations while there is a rate to keep.
    pace: Option<Pace>,
    /// What was asked on a long way through time and waits for its end.
    held: VecDeque<Request>,
    /// Lines dropped since they were cancelled.
    dropped: u64,
    /// A person has said how fast workloads go.
    rate_chosen: bool,
    /// What runs goes at the space bar's own rate.
    easy: bool,
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
        if self.session.seeking().is_some() {
            return true;
        }
        match &self.session.running {
            None if self.has_threads() => true,
            // A script goes on when they have ended.
            None if self.session.crew.is_some() => false,
            Some(running) => !running.paused && !self.session.is_locked_out(),
            None => self.script.is_due(),
        }
    }

    /// A slice of a workload or a line of the script; then whatever was asked meanwhile.
    fn work(&mut self) -> Next {
        self.shared.slices.fetch_add(1, Ordering::Relaxed);
        let idle = if self.session.seeking().is_some() {
            if self.go_on_seeking() == Next::Quit {
                return Next::Quit;
            }
            Duration::ZERO
        } else if self.session.running.is_some() {
            self.slice()
        } else if self.has_threads() {
            self.look_on()
        } else {
            self.script_line();
            Duration::ZERO
        };
        self.end_opening();
        self.write_progress();
        if self.take_requests(idle) == Next::Quit {
            return Next::Quit;
        }
        if self.session.seeking().is_none() {
            self.meter.read(self.now(), self.session.operations);
            self.session.rate = self.meter.rate();
        }
        let shown_soon = idle > FRAME && !self.stale;
        if (self.published.elapsed() >= FRAME && !shown_soon) || !self.is_busy() {
            self.publish();
        }
        Next::Go
    }

    /// Writes down from time to time what was made of a workload.
    fn write_progress(&mut self) {
        if self.written.elapsed() >= PROGRESS {
            self.session.journal_progress();
            self.written = Instant::now();
        }
    }

    /// Whatever was asked, and for so long whatever is.
    fn take_requests(&mut self, idle: Duration) -> Next {
        let request = if idle.is_zero() {
            self.inbox.try_recv().map_err(as_timeout)
        } else {
            self.inbox.recv_timeout(idle)
        };
        match request {
            Ok(request) => self.take_in(request),
            Err(RecvTimeoutError::Timeout) => Next::Go,
            Err(RecvTimeoutError::Disconnected) => Next::Quit,
        }
    }

    /// A request and all that wait behind it: what came in a burst is shown once.
    fn take_in(&mut self, first: Request) -> Next {
        let mut next = self.handle(first);
        while next == Next::Go
            && let Ok(request) = self.inbox.try_recv()
        {
            // Thousands of lines are seen on their way.
            if self.published.elapsed() >= FRAME {
                self.publish();
            }
            next = self.handle(request);
        }
        self.publish();
        next
    }

    fn wait(&mut self) -> Next {
        self.session.rate = None;
        self.inbox
            .recv()
            .map_or(Next::Quit, |request| self.take_in(request))
    }

    /// Some steps of what runs. Answers with how long there is nothing to do.
    fn slice(&mut self) -> Duration {
        let begin = Instant::now();
        while begin.elapsed() < SLICE {
            let due = self.due();
            if due == 0 {
                return self.until_due();
            }
            if !self.make_steps(due.min(CHUNK)) {
                self.finish();
                break;
            }
        }
        Duration::ZERO
    }

    /// Makes steps of what runs. False when it is over.
    fn make_steps(&mut self, most: u64) -> bool {
        if !self.session.has_steps() {
            return false;
        }
        self.session.open_part();
        let made = self.session.run_steps(most);
        if let Some(pace) = &mut self.pace {
            pace.made(made);
        }
        self.stale = true;
        self.session.has_steps()
    }

    /// How many operations are due at the rate that was asked for.
    fn due(&mut self) -> u64 {
        let now = self.now();
        let Some(rate) = self.session.target else {
            self.pace = None;
            return u64::MAX;
        };
        let mut pace = self
            .pace
            .filter(|pace| pace.rate() == rate)
            .unwrap_or_else(|| Pace::new(rate, now));
        let due = pace.due(now);
        self.pace = Some(pace);
        due
    }

    /// How long nothing is due; no longer than until what was done is to be shown.
    fn until_due(&self) -> Duration {
        let wait = self
            .pace
            .map_or(Duration::ZERO, |pace| pace.wait(self.now()));
        if self.stale {
            let shown = FRAME.saturating_sub(self.published.elapsed());
            return wait.min(shown);
        }
        wait
    }

    fn now(&self) -> Duration {
        self.session.begun.elapsed()
    }

    fn finish(&mut self) {
        if let Some(answer) = self.session.finish_run() {
            self.session.tell(answer);
        }
        if let Some(answer) = self.session.end_threads() {
            self.session.tell(answer.clone());
            self.follow(&answer);
        }
        // The space bar's rate is its program's own.
        if std::mem::take(&mut self.easy) && !self.rate_chosen {
            self.session.target = None;
        }
    }

    fn begin(&mut self, workload: &Workload) {
        let had = self.session.in_view.is_some();
        let begun = self.session.begin_run(workload);
        self.session.journal_made_heap(had);
        match begun {
            Ok(()) => {
                self.measure_anew();
                if self.session.is_locked_out() {
                    self.session
                        .note("the workload waits: another holds the heap's lock".to_owned());
                }
            }
            Err(refused) => {
                let command = Command::Run(*workload).to_string();
                self.session.tell(Answer { command, ..refused });
            }
        }
    }

    /// What runs from now on is measured and paced by itself.
    fn measure_anew(&mut self) {
        self.meter.restart(self.now(), self.session.operations);
        self.pace = None;
    }

    fn publish(&mut self) {
        let mut frame = match self.session.seeking() {
            Some(_) => self.session.frame_on_the_way(&self.shared.frame()),
            None => self.session.frame(&self.lens),
        };
        frame.script = self.script.progress();
        frame.watched = self.session.watched(&self.watch);
        let frame = Arc::new(frame);
        *self
            .shared
            .frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = frame;
        self.published = Instant::now();
        self.stale = false;
        self.shared.wake();
    }
}

#[cfg(test)]
mod tests;
