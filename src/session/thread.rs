//! The session thread: one thread that owns a [`Session`], so that screens never wait for a heap.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::view::{Lens, Target};

use super::frame::{Answer, Frame, Request, Tone};
use super::journal::{Deed, Past};
use super::pace::{self, Meter, Pace};
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

/// What a screen and its session thread share.
struct Shared {
    frame: Mutex<Arc<Frame>>,
    /// Slices of work begun so far.
    slices: AtomicU64,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// The thread has panicked: no frame comes any more.
    panicked: AtomicBool,
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
}

impl SessionThread {
    /// Starts a thread for `session`. `script` is carried out up to its first `pause`; the space bar goes on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(session: Session, script: Vec<Command>) -> std::io::Result<SessionThread> {
        let deeds = script.into_iter().map(Deed::Command).collect();
        SessionThread::resume(session, Past { deeds, cut: None })
    }

    /// Starts a thread for `session` that first does what a journal says.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn resume(mut session: Session, past: Past) -> std::io::Result<SessionThread> {
        let lens = Lens::default();
        let Past { deeds, cut } = past;
        if deeds.is_empty() && session.running.is_none() {
            session.open_default_heap();
        }
        if let Some(cut) = cut.as_ref().filter(|_| deeds.is_empty()) {
            session.note_cut(cut);
        }
        let shared = Arc::new(Shared {
            frame: Mutex::new(Arc::new(session.frame(&lens))),
            slices: AtomicU64::new(0),
            wake: Mutex::new(None),
            panicked: AtomicBool::new(false),
        });
        let (requests, inbox) = channel();
        let worker = Worker {
            session,
            inbox,
            shared: Arc::clone(&shared),
            script: deeds.into(),
            cut,
            script_runs: true,
            lens,
            published: Instant::now(),
            stale: false,
            meter: Meter::default(),
            pace: None,
        };
        let tripwire = Tripwire(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || {
                let _tripwire = tripwire;
                worker.run();
            })?;
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

    /// Whether the thread still answers; it does not after a panic. Then the last wake was for that.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.shared.panicked.load(Ordering::Acquire)
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
    /// What is left of the script.
    script: VecDeque<Deed>,
    /// What is there of a line behind it.
    cut: Option<String>,
    /// The script goes on as soon as nothing else runs.
    script_runs: bool,
    lens: Lens,
    published: Instant,
    /// Operations were made that no frame shows.
    stale: bool,
    meter: Meter,
    /// Deals out operations while there is a rate to keep.
    pace: Option<Pace>,
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
        self.shared.slices.fetch_add(1, Ordering::Relaxed);
        let idle = if self.session.running.is_some() {
            self.slice()
        } else {
            self.script_line();
            Duration::ZERO
        };
        if self.take_requests(idle) == Next::Quit {
            return Next::Quit;
        }
        self.meter.read(self.now(), self.session.operations);
        self.session.rate = self.meter.rate();
        let shown_soon = idle > FRAME && !self.stale;
        if (self.published.elapsed() >= FRAME && !shown_soon) || !self.is_busy() {
            self.publish();
        }
        Next::Go
    }

    /// Whatever was asked, and for so long whatever is.
    fn take_requests(&mut self, idle: Duration) -> Next {
        let mut request = if idle.is_zero() {
            self.inbox.try_recv().map_err(as_timeout)
        } else {
            self.inbox.recv_timeout(idle)
        };
        loop {
            match request {
                Ok(request) => {
                    if self.handle(request) == Next::Quit {
                        return Next::Quit;
                    }
                    self.publish();
                }
                Err(RecvTimeoutError::Timeout) => return Next::Go,
                Err(RecvTimeoutError::Disconnected) => return Next::Quit,
            }
            request = self.inbox.try_recv().map_err(as_timeout);
        }
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
    }

    fn script_line(&mut self) {
        match self.script.pop_front() {
            Some(Deed::Command(Command::Pause)) => {
                self.script_runs = false;
                self.session.apply(&Command::Pause);
            }
            Some(Deed::Command(Command::Run(workload))) => self.begin(&workload),
            Some(Deed::Command(Command::Quit)) => {
                self.script.clear();
                self.session.apply(&Command::Quit);
            }
            Some(deed) => self.session.do_again(&deed),
            None => {}
        }
        if self.script.is_empty()
            && let Some(cut) = self.cut.take()
        {
            self.session.note_cut(&cut);
        }
    }

    fn begin(&mut self, workload: &Workload) {
        let had = self.session.in_view.is_some();
        let begun = self.session.begin_run(workload);
        self.session.journal_made_heap(had);
        match begun {
            Ok(()) => self.measure_anew(),
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
            Request::Slower => self.command(&Command::Rate(pace::slower(self.session.target))),
            Request::Faster => self.command(&Command::Rate(pace::faster(self.session.target))),
            Request::Select(target) => self.select(target),
            Request::Quit => {
                self.session.close_part();
                return Next::Quit;
            }
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
            Command::Pause => self.pause(),
            // What runs ends before the past is entered; it does not go on there.
            Command::Undo | Command::Redo => {
                self.finish();
                self.session.apply(command);
            }
            Command::Quit => {
                self.session.apply(command);
                self.session.over = true;
            }
            command => {
                let answer = self.session.apply(command);
                self.follow(&answer);
            }
        }
    }

    /// `pause` at the prompt: stops what runs until the space bar.
    fn pause(&mut self) {
        let script = self.script_runs && !self.script.is_empty();
        let answer = match self.session.pause() {
            Some(answer) => answer,
            None if script => {
                self.script_runs = false;
                Answer::note("the script waits; space goes on")
            }
            None => Answer::refused("nothing runs that could pause; space runs a workload"),
        };
        let command = Command::Pause.to_string();
        self.session.tell(Answer { command, ..answer });
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
            Some(running) => {
                running.paused = !running.paused;
                // What was made until now is sure to be in the journal, however long the pause.
                self.session.close_part();
            }
            None if !self.script.is_empty() => self.script_runs = !self.script_runs,
            None => self.begin(&Workload {
                ops: SPACE_OPS,
                ..Workload::default()
            }),
        }
        self.measure_anew();
    }

    fn step(&mut self) {
        if let Some(running) = &mut self.session.running {
            running.paused = true;
            let goes_on = self.make_steps(1);
            self.session.close_part();
            if !goes_on {
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
        self.stale = false;
        self.shared.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a test waits for what must come; it fails then.
    const PATIENCE: Duration = Duration::from_secs(60);

    const ENDLESS: &str = "run random ops=4000000000 sizes=16..512 live=1000 seed=7";

    /// A session thread whose frames a test waits for.
    struct Watched {
        thread: SessionThread,
        /// The number of requests taken in, and of slices begun, whenever a frame was published.
        frames: Receiver<(u64, u64)>,
        sent: u64,
    }

    impl Watched {
        fn start() -> Watched {
            let session = Session::new().expect("addresses");
            let thread = SessionThread::spawn(session, Vec::new()).expect("a thread");
            let (sender, frames) = channel();
            let shared = Arc::clone(&thread.shared);
            // Called by the session thread itself, so that no slice begins meanwhile.
            thread.on_frame(move || {
                let requests = shared.frame.lock().expect("no panic").requests;
                let slices = shared.slices.load(Ordering::Relaxed);
                let _ = sender.send((requests, slices));
            });
            Watched {
                thread,
                frames,
                sent: 0,
            }
        }

        /// Sends a request and waits for the frame that shows its effect. Answers with the slices begun in between.
        fn ask(&mut self, request: Request) -> u64 {
            self.sent += 1;
            self.thread.send(request);
            let before = self.thread.shared.slices.load(Ordering::Relaxed);
            loop {
                let (requests, slices) = self.frames.recv_timeout(PATIENCE).expect("a frame");
                if requests >= self.sent {
                    return slices.saturating_sub(before);
                }
            }
        }

        fn tell(&mut self, line: &str) -> Arc<Frame> {
            self.ask(Request::Line(line.to_owned()));
            self.thread.frame()
        }

        /// Waits for a frame like this.
        fn wait(&mut self, what: &str, like: impl Fn(&Frame) -> bool) -> Arc<Frame> {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let frame = self.thread.frame();
                if like(&frame) {
                    return frame;
                }
                let left = deadline.saturating_duration_since(Instant::now());
                assert!(self.frames.recv_timeout(left).is_ok(), "{what} never came");
            }
        }
    }

    #[test]
    fn a_held_lock_holds_up_neither_the_session_nor_the_screen() {
        let mut watched = Watched::start();
        let frame = watched.tell("lock");
        let answer = frame.log.last().expect("an answer");
        assert!(answer.call.contains("HeapLock(heap) = TRUE"), "{answer:?}");
        // Every kind of command finds the lock held, and the thread goes on.
        for line in [
            "alloc b[0:50] 300",
            "free b[::2]",
            "walk",
            "heapwalk",
            "validate",
            "summary",
            "compact",
            "heapmin",
            "heapset 0xfe",
            "probe 100",
            "mark",
            "coalesce off",
            "coalesce on",
            ENDLESS,
        ] {
            watched.tell(line);
        }
        let mut slices: Vec<u64> = (0..200)
            .map(|nth| {
                let target = if nth % 2 == 0 {
                    Target::NextBlock
                } else {
                    Target::Rows(1)
                };
                watched.ask(Request::Select(target))
            })
            .collect();
        slices.sort_unstable();
        // The slice under way when it was asked, and the next.
        let p95 = slices[slices.len() * 95 / 100];
        assert!(p95 <= 2, "{slices:?}");
        let frame = watched.thread.frame();
        assert!(
            frame.run.as_ref().is_some_and(|run| run.done > 0),
            "it runs"
        );
        assert!(frame.picture.selected.is_some());
        // What is taken back was done under the lock, too.
        watched.ask(Request::Cancel);
        watched.ask(Request::Undo);
        let frame = watched.tell("unlock");
        let answer = frame.log.last().expect("an answer");
        assert!(
            answer.call.contains("HeapUnlock(heap) = TRUE"),
            "{answer:?}"
        );
    }

    #[test]
    fn a_rate_is_told_and_kept_while_requests_are_answered_at_once() {
        let mut watched = Watched::start();
        watched.tell("rate 1");
        let frame = watched.tell(ENDLESS);
        assert_eq!(frame.run.as_ref().expect("it runs").target, Some(1));
        // An answer a second would take minutes; these wake the thread.
        for _ in 0..300 {
            assert!(watched.ask(Request::Select(Target::NextBlock)) <= 2);
        }
        for (request, target) in [
            (Request::Faster, Some(2)),
            (Request::Faster, Some(5)),
            (Request::Slower, Some(2)),
        ] {
            watched.ask(request);
            let frame = watched.thread.frame();
            assert_eq!(frame.run.as_ref().expect("it runs").target, target);
        }
        watched.tell("rate 1000");
        let frame = watched.wait("a measured rate", |frame| {
            let run = frame.run.as_ref().expect("it runs");
            run.reached
                .is_some_and(|rate| rate > 100.0 && rate < 1_100.0)
        });
        let run = frame.run.as_ref().expect("it runs");
        assert_eq!(run.done, run.allocs + run.frees + run.reallocs + run.failed);
        assert_eq!(run.live, run.allocs - run.frees);
        watched.tell("rate max");
        watched.wait("flat out", |frame| {
            frame.run.as_ref().is_some_and(|run| run.done > 100_000)
        });
    }

    #[test]
    fn what_comes_in_between_splits_a_workload_for_undo() {
        let mut watched = Watched::start();
        watched.tell(ENDLESS);
        watched.wait("steps", |frame| frame.operations > 1_000);
        watched.tell("alloc mine 100");
        let before = watched.thread.frame().operations;
        watched.wait("more steps", |frame| frame.operations > before + 1_000);
        watched.ask(Request::Cancel);
        let frame = watched.thread.frame();
        assert_eq!((frame.undo, frame.run.is_none()), (3, true));
        let [rest, alloc, first] = [(); 3].map(|()| {
            watched.ask(Request::Undo);
            watched.thread.frame().operations
        });
        assert_eq!((rest - alloc, first), (1, 0));
        for expected in [alloc, rest, frame.operations] {
            watched.ask(Request::Redo);
            assert_eq!(watched.thread.frame().operations, expected);
        }
        assert_eq!(
            watched.thread.frame().picture.figures,
            frame.picture.figures
        );
    }

    #[test]
    fn time_is_measured_while_something_runs_and_taken_back_with_it() {
        let mut watched = Watched::start();
        watched.tell("alloc a 5000");
        let before = Arc::clone(&watched.thread.frame().timeline);
        watched.tell(ENDLESS);
        let frame = watched.wait("ten samples", |frame| {
            frame.timeline.samples.len() >= before.samples.len() + 10
        });
        let last = frame.timeline.samples.last().expect("samples");
        assert_eq!(last.at, frame.operations);
        assert_eq!(last.busy, frame.picture.figures.busy_bytes);
        assert_eq!(last.resident, frame.picture.memory.resident);
        watched.tell("heapmin");
        let frame = watched.tell("compact");
        let letters: String = frame
            .timeline
            .events
            .iter()
            .map(|event| event.letter)
            .collect();
        assert_eq!(letters, "MK");
        watched.ask(Request::Cancel);
        let done = Arc::clone(&watched.thread.frame().timeline);
        let steps = watched.thread.frame().undo - 1;
        for _ in 0..steps {
            watched.ask(Request::Undo);
        }
        assert_eq!(watched.thread.frame().timeline, before);
        for _ in 0..steps {
            watched.ask(Request::Redo);
        }
        assert_eq!(watched.thread.frame().timeline, done);
    }
}
