mod way;

use super::*;
use crate::session::frame::Tone;
use crate::session::parse_line;
use crate::session::threads::{Doing, LaneView};
use crate::view::Target;

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
        Watched::of(SessionThread::spawn(session, Vec::new()).expect("a thread"))
    }

    fn of(thread: SessionThread) -> Watched {
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
fn a_program_that_ends_does_not_wait_for_ever() {
    let watched = Watched::start();
    let (opener, gate) = channel::<()>();
    let (arrived, at_gate) = channel();
    let gate = Mutex::new(gate);
    let registered = AtomicBool::new(false);
    // The session thread is at something that does not end.
    watched.thread.on_frame(move || {
        if registered.swap(true, Ordering::AcqRel) {
            let _ = arrived.send(());
            let _ = gate.lock().expect("no panic").recv();
        }
    });
    watched.thread.send(Request::Line("walk".to_owned()));
    at_gate.recv_timeout(PATIENCE).expect("a frame");
    drop(watched);
    drop(opener);
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

#[test]
fn pause_at_the_prompt_stops_what_runs() {
    let mut watched = Watched::start();
    let last = |frame: &Frame| frame.log.last().cloned().expect("an answer");
    let answer = last(&watched.tell("pause"));
    assert_eq!(answer.tone, Tone::Refused);
    assert!(answer.words.contains("nothing runs"), "{answer:?}");
    watched.tell(ENDLESS);
    let frame = watched.tell("pause");
    assert!(frame.run.as_ref().is_some_and(|run| run.paused));
    let answer = last(&frame);
    assert!(answer.words.contains("stands at operation"), "{answer:?}");
    assert_eq!(watched.ask(Request::Look(Lens::default())), 0);
}

#[test]
fn quit_at_the_prompt_is_told_to_the_screen() {
    let mut watched = Watched::start();
    assert!(!watched.tell("alloc a 64").over);
    assert!(watched.tell("quit").over);
}

#[test]
fn undo_at_the_prompt_ends_what_runs_and_takes_it_back() {
    let mut watched = Watched::start();
    watched.tell("alloc a 64");
    watched.tell(ENDLESS);
    watched.wait("an operation", |frame| frame.operations > 1);
    let frame = watched.tell("undo");
    assert!(frame.run.is_none());
    assert_eq!(frame.picture.figures.busy_blocks, 1);
    let frame = watched.tell("undo");
    assert_eq!(frame.picture.figures.busy_blocks, 0);
}

#[test]
fn a_burst_of_requests_is_shown_once_while_something_runs() {
    const BURST: u64 = 2_000;
    let mut watched = Watched::start();
    watched.tell(ENDLESS);
    let (arrived, at_gate) = channel();
    let (opener, gate) = channel();
    let (sender, shown) = channel();
    let shared = Arc::clone(&watched.thread.shared);
    let gate = Mutex::new(Some(gate));
    let registered = AtomicBool::new(false);
    // The session thread stands in its own call until the whole burst waits for it.
    watched.thread.on_frame(move || {
        // The first call comes from the registration itself.
        if !registered.swap(true, Ordering::AcqRel) {
            return;
        }
        let requests = shared.frame.lock().expect("no panic").requests;
        if let Some(gate) = gate.lock().expect("no panic").take() {
            let _ = arrived.send(());
            let _ = gate.recv_timeout(PATIENCE);
        }
        let _ = sender.send(requests);
    });
    at_gate.recv_timeout(PATIENCE).expect("a frame");
    for _ in 0..BURST {
        watched.thread.send(Request::Select(Target::NextBlock));
    }
    opener.send(()).expect("the thread waits");
    let all = watched.sent + BURST;
    let frames = std::iter::from_fn(|| shown.recv_timeout(PATIENCE).ok());
    let on_the_way = frames.take_while(|&requests| requests < all).count() as u64;
    // A frame for each of them would be as many; on a slow machine some are due by time.
    assert!(on_the_way < BURST / 4, "{on_the_way}");
}

/// A thread that opens a journal with these lines.
fn opening(lines: &str) -> Watched {
    let text = format!("# heapwalk session of today\n{lines}");
    let past = crate::session::read_journal(text.as_bytes(), "earlier.heap").expect("a journal");
    let session = Session::new().expect("addresses");
    Watched::of(SessionThread::resume(session, past).expect("a thread"))
}

#[test]
fn nothing_changes_while_a_journal_is_opened() {
    let mut watched = opening(&format!("alloc a 64\n{ENDLESS}\nundo\nalloc z 64\n"));
    watched.wait("steps", |frame| {
        frame.run.as_ref().is_some_and(|run| run.done > 0)
    });
    let free = parse_line("free a").expect("free").expect("a command");
    for (request, refused) in [
        (Request::Line("alloc b 64".to_owned()), true),
        (Request::Line("undo".to_owned()), true),
        (Request::Line("pause".to_owned()), true),
        (Request::Line("mark x".to_owned()), true),
        (Request::Command(free), true),
        (Request::FreeAt(0), true),
        (Request::Undo, true),
        (Request::Redo, true),
        (Request::ToggleRun, true),
        (Request::Step, true),
        (Request::Script(Vec::new()), true),
        (Request::Line("walk".to_owned()), false),
        (Request::Line("expect busy_blocks > 0".to_owned()), false),
        (Request::Faster, false),
    ] {
        watched.ask(request.clone());
        let frame = watched.thread.frame();
        let words = &frame.log.last().expect("an answer").words;
        assert_eq!(
            words.contains("still being opened"),
            refused,
            "{request:?}: {words}"
        );
        assert!(
            frame.run.as_ref().is_some_and(|run| !run.paused),
            "{request:?}"
        );
    }
    watched.ask(Request::Cancel);
    let frame = watched.thread.frame();
    let words = &frame.log.last().expect("a note").words;
    assert_eq!(
        &**words,
        "opening was stopped: 1 of 4 commands done again; what was not is still in earlier.heap"
    );
    let frame = watched.tell("alloc b 64");
    assert!(
        frame
            .log
            .last()
            .expect("an answer")
            .call
            .contains("HeapAlloc")
    );
}

#[test]
fn a_journal_is_opened_past_its_pauses() {
    let mut watched = opening("alloc a 64\npause\nalloc b 64\n");
    watched.wait("both", |frame| {
        frame.script.is_none() && frame.operations == 2
    });
    let frame = watched.tell("free b");
    assert_eq!(frame.operations, 3);
}

#[test]
fn neither_threads_nor_measurements_begin_while_two_calls_are_stepped() {
    let mut watched = Watched::start();
    watched.tell("interleave { alloc a 64 } { alloc b 64 }");
    for line in [
        "threads 2 { run random ops=1000000000 live=50 }",
        "situations threads=2 ops=1000",
    ] {
        let frame = watched.tell(line);
        let answer = frame.log.last().expect("an answer");
        assert_eq!(answer.tone, Tone::Refused, "{answer:?}");
        assert!(answer.words.contains("two calls are under way"));
        assert!(frame.crew.is_none() && frame.operations == 0);
    }
    let frame = watched.tell("step end");
    assert_eq!(frame.picture.figures.busy_blocks, 2);
}

/// Threads at a lock that is held: all stand in its queue.
fn held_up_threads() -> Watched {
    let mut watched = Watched::start();
    watched.tell("lock");
    watched.tell("threads 2 { run random ops=1000000000 live=50 }");
    let waits = |lane: &LaneView| lane.doing == Doing::Waiting;
    let frame = watched.wait("all wait", |frame| {
        let crew = frame.crew.as_ref().expect("threads");
        crew.report.lanes.iter().all(waits)
    });
    let told = |answer: &Answer| answer.words.contains("the threads wait: t1 holds");
    assert!(frame.log.iter().any(|answer| told(answer)));
    watched
}

#[test]
fn what_is_switched_under_a_held_lock_lets_nobody_wait_for_ever() {
    for switched in ["serialize off", "serialize on"] {
        let mut watched = held_up_threads();
        watched.tell(switched);
        let frame = watched.tell("alloc q 64");
        assert_eq!(frame.log.last().expect("an answer").tone, Tone::Done);
        let frame = watched.tell("unlock");
        assert_eq!(frame.log.last().expect("an answer").tone, Tone::Done);
        watched.wait("they go on", |frame| {
            frame.crew.as_ref().expect("threads").report.done() > 1_000
        });
        watched.ask(Request::Cancel);
    }
}

#[test]
fn whoever_waits_behind_threads_at_a_lock_comes_when_they_have_left_their_calls() {
    for _ in 0..20 {
        let mut watched = held_up_threads();
        watched.tell("as t2: alloc x 64");
        let before = watched.thread.frame().picture.figures.busy_blocks;
        let frame = watched.tell("unlock");
        assert_eq!(before, 0);
        let late = |answer: &Answer| answer.words.starts_with("its turn came");
        assert!(frame.log.iter().any(|answer| late(answer)), "{frame:?}");
        watched.ask(Request::Cancel);
        let frame = watched.thread.frame();
        let report = &frame.crew.as_ref().expect("threads").report;
        assert_eq!(report.found(), 0, "{:?}", report.incidents.first());
        assert_eq!(
            frame.picture.figures.busy_blocks,
            1 + report.lanes.iter().map(|lane| lane.live).sum::<u64>()
        );
    }
}

#[test]
fn a_pause_makes_no_command_and_blocks_bear_names_as_long_as_threads_stand() {
    let mut watched = Watched::start();
    watched.tell("alloc a 64");
    watched.tell("threads 2 { run random ops=1000000000 live=50 }");
    let done = |frame: &Frame| frame.crew.as_ref().expect("threads").report.done();
    let theirs = |frame: &Frame| frame.names.iter().any(|name| name.starts_with('t'));
    watched.wait("operations", |frame| done(frame) > 1_000);
    watched.ask(Request::ToggleRun);
    let frame = watched.thread.frame();
    assert_eq!((frame.undo, theirs(&frame)), (2, true));
    let stood = done(&frame);
    watched.ask(Request::Step);
    let frame = watched.thread.frame();
    assert_eq!((frame.undo, theirs(&frame)), (3, true));
    assert!(done(&frame) <= stood + 2);
    watched.ask(Request::ToggleRun);
    watched.wait("work without names", |frame| {
        done(frame) > stood + 100 && !theirs(frame)
    });
    watched.ask(Request::ToggleRun);
    assert_eq!(watched.thread.frame().undo, 3);
    watched.ask(Request::Cancel);
    assert_eq!(watched.thread.frame().undo, 3);
    watched.ask(Request::Undo);
    assert_eq!(watched.thread.frame().operations, stood + 1);
    watched.ask(Request::Undo);
    assert_eq!(watched.thread.frame().operations, 1);
}

#[test]
fn threads_that_never_come_to_an_operation_are_nothing_to_take_back() {
    let mut watched = held_up_threads();
    let before = watched.thread.frame().undo;
    for _ in 0..5 {
        watched.ask(Request::ToggleRun);
        watched.ask(Request::ToggleRun);
    }
    assert_eq!(watched.thread.frame().undo, before);
}

#[test]
fn what_is_refused_ends_nothing_that_runs() {
    for running in [
        ENDLESS,
        "threads 2 { run random ops=4000000000 sizes=16..512 live=100 }",
    ] {
        let mut watched = Watched::start();
        watched.tell(running);
        for line in [
            "branch",
            "branch 7",
            "seek mark back",
            "seek next K",
            "redo",
        ] {
            let frame = watched.tell(line);
            let last = frame.log.last().expect("an answer");
            assert_eq!(last.tone, Tone::Refused, "{line}: {last:?}");
            assert!(frame.run.is_some(), "{line} ended {running}");
        }
        watched.ask(Request::Redo);
        assert!(watched.thread.frame().run.is_some(), "{running}");
        // Somebody waits for a lock: nothing is taken back now.
        for line in ["heap new growable", "lock", "as t2: alloc x 64"] {
            watched.tell(line);
        }
        let frame = watched.tell("undo");
        let last = frame.log.last().expect("an answer");
        assert_eq!(last.tone, Tone::Refused, "{last:?}");
        assert!(frame.run.is_some(), "undo ended {running}");
        watched.ask(Request::Cancel);
    }
}
