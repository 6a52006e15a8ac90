//! Real threads on the heap in view: `threads`.
//!
//! They work beside the screen. A command that comes in between finds them parked: nobody is inside a call then, their
//! blocks have names, and what they did until now is a command of its own that undo takes back. What threads leave does
//! not repeat, so redo brings back what was there, and a journal keeps no more than that they worked.

mod alone;
mod names;
mod rates;
mod words;

pub use crate::lab::crew::{Doing, Kind, LaneView};
pub use words::{base, first_moment, lock_used, sentence};

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::heap::Flags;
use crate::lab::Workload;
use crate::lab::crew::{self, Crew, Parked, Plan, Report};

use alone::Alone;
use rates::Rates;

use super::command::{Command, Threads};
use super::frame::{Answer, Run, Tone};
use super::heap_file::HeapFile;
use super::name::Name;
use super::session::{LastCall, Session, Slot};
use super::time::{Again, Before};
use super::words::{Moment, count, grouped};

/// How long it may take until each has made the one operation that it was asked for.
const STEP: Duration = Duration::from_millis(200);

/// Threads at one moment, for screens.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CrewPicture {
    /// The command as typed.
    pub what: String,
    /// The number of the heap.
    pub heap: u32,
    /// Whether they work, are stopped for the moment, or have ended.
    pub state: CrewState,
    /// Lanes, incidents, and what became of the lock.
    pub report: Report,
    /// Operations a second of each thread, lately.
    pub rates: Vec<f64>,
    /// Operations a second of one thread alone with the same work, on an empty heap like this one.
    pub alone: Option<f64>,
    /// The index of slot 0 in the names of blocks.
    pub numbered_from: u64,
}

/// What threads are about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CrewState {
    /// They work.
    #[default]
    Working,
    /// They are stopped for the moment.
    Paused,
    /// They have ended.
    Ended,
}

impl CrewPicture {
    /// Operations a second of all threads, over all the time in which they could work.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        let seconds = self.report.active.as_secs_f64();
        if seconds > 0.0 {
            self.report.done() as f64 / seconds
        } else {
            0.0
        }
    }
}

/// Threads that have begun.
pub(super) struct AtWork {
    crew: Crew,
    command: Threads,
    what: String,
    heap: u32,
    handle: usize,
    begun: Box<Moment>,
    /// Operations of the session before the first.
    from: u64,
    /// Operations that the session has counted.
    counted: u64,
    /// Operations before the part that goes on now, which undo knows of if it is open.
    part_from: u64,
    open: bool,
    /// What was there before the part, until its first operation makes a command of it.
    before: Option<Option<Before>>,
    pub(super) paused: bool,
    /// They go as fast as they can.
    flat: bool,
    /// Whose turn it is when operations are dealt out.
    next: usize,
    numbered_from: u64,
    /// Names that were given to their blocks while they were parked, with the changes that there had been then.
    named: Vec<(crew::Held, Name)>,
    changes: u64,
    alone: Alone,
    rates: Rates,
}

impl Threads {
    /// The flags that each call is given.
    fn calls(&self) -> Flags {
        Flags::NONE.with(Flags::NO_SERIALIZE, self.noserialize)
    }
}

impl AtWork {
    fn name(&self, held: &crew::Held) -> Name {
        Name {
            base: base(held.worker),
            index: Some(self.numbered_from.saturating_add(held.slot as u64)),
        }
    }

    /// Whether all have ended.
    pub(super) fn is_over(&self) -> bool {
        self.crew.is_over()
    }

    /// The number of the heap that they work on.
    pub(super) fn heap(&self) -> u32 {
        self.heap
    }

    /// Whether none is inside a call at this moment.
    pub(super) fn is_quiet(&self) -> bool {
        self.crew.is_quiet()
    }

    fn operations(&self) -> u64 {
        self.command
            .workload
            .ops
            .saturating_mul(u64::from(self.command.count))
    }

    pub(super) fn progress(&self) -> Run {
        let report = self.crew.report();
        let sum = |of: fn(&LaneView) -> u64| report.lanes.iter().map(of).sum();
        Run {
            what: self.what.clone(),
            done: report.done(),
            of: Some(self.operations()),
            paused: self.paused,
            target: None,
            reached: None,
            allocs: sum(|lane| lane.allocs),
            frees: sum(|lane| lane.frees),
            reallocs: sum(|lane| lane.reallocs),
            failed: sum(|lane| lane.failed),
            live: sum(|lane| lane.live),
        }
    }

    fn picture(&mut self, ended: bool) -> CrewPicture {
        let report = self.crew.report();
        CrewPicture {
            what: self.what.clone(),
            heap: self.heap,
            state: match (ended, self.paused) {
                (true, _) => CrewState::Ended,
                (false, true) => CrewState::Paused,
                (false, false) => CrewState::Working,
            },
            rates: self.rates.read(&report),
            alone: self.alone.rate(),
            numbered_from: self.numbered_from,
            report,
        }
    }

    /// Lets them go on as fast as they can, or lets so many more operations be made.
    fn go(&mut self, due: Option<u64>) {
        match due {
            None if self.flat => {}
            None => self.crew.go(),
            Some(due) => {
                if self.flat {
                    self.crew.hold();
                }
                if due > 0 {
                    self.crew.grant(due, self.next);
                    let workers = u64::from(self.command.count);
                    self.next = ((self.next as u64 + due) % workers.max(1)) as usize;
                }
            }
        }
        self.flat = due.is_none();
    }

    /// Stops them for the moment.
    pub(super) fn hold(&mut self) {
        self.paused = true;
        self.flat = false;
        self.crew.hold();
    }

    /// Each makes one operation; all stand before.
    pub(super) fn step(&mut self) {
        let (begin, before) = (Instant::now(), self.crew.done());
        let workers = u64::from(self.command.count);
        self.crew.grant(workers, 0);
        while self.crew.done() < before + workers && !self.crew.is_over() && begin.elapsed() < STEP
        {
            std::thread::yield_now();
        }
        // Whoever did not come to it in time does not make it later, unseen.
        self.crew.hold();
    }
}

impl Session {
    /// Begins threads. They work from [`AtWork::go`] on.
    ///
    /// # Errors
    /// The answer, when they cannot be begun.
    pub(super) fn begin_threads(&mut self, threads: &Threads) -> Result<(), Answer> {
        if let Some(refused) = self.held_up(&Command::Threads(Box::new(threads.clone()))) {
            return Err(refused);
        }
        if threads.workload.ops == 0 {
            return Err(Answer::refused(
                "ops=0: the threads would have nothing to do",
            ));
        }
        let here = match threads.workload.heap {
            None => self.here(),
            Some(number) => match self.slot(number) {
                Some(slot) => slot.here(),
                None => return Err(Answer::refused(format!("there is no heap {number}"))),
            },
        };
        let names = &self.at(&here).names;
        let numbers = (0..threads.count as usize).map(|worker| names.next_index(&base(worker)));
        let numbered_from = numbers.max().unwrap_or(0);
        let plan = Plan {
            workers: threads.count as usize,
            workload: threads.workload,
            calls: threads.calls(),
            guard: threads.guard,
        };
        let alone = Alone::measure(&here.heap, plan);
        let crew = Crew::start(Arc::clone(&here.heap), plan)
            .map_err(|error| Answer::refused(format!("the system gives no threads: {error}")))?;
        self.marks = super::marks::Marks::default();
        self.marks.about(here.number);
        self.crew_left = None;
        self.crew = Some(AtWork {
            crew,
            command: threads.clone(),
            what: Command::Threads(Box::new(threads.clone())).to_string(),
            heap: here.number,
            handle: here.handle,
            begun: Box::new(Moment::of(&here.heap)),
            from: self.operations,
            counted: 0,
            part_from: 0,
            open: false,
            before: None,
            paused: false,
            flat: false,
            next: 0,
            numbered_from,
            named: Vec::new(),
            changes: self.changes,
            alone,
            rates: Rates::default(),
        });
        Ok(())
    }

    /// Threads from their begin to their end; the way back is kept by whoever asked for them.
    pub(super) fn threads_to_end(&mut self, threads: &Threads) -> Answer {
        if let Some(left) = &threads.left {
            return self.restore_left(threads, left);
        }
        if let Some(holder) = self.holds_up(threads) {
            return Answer::refused(format!(
                "{holder} holds the heap's lock, which these threads would wait for without end: `as {holder}: unlock` first"
            ));
        }
        if let Err(refused) = self.begin_threads(threads) {
            return refused;
        }
        if let Some(work) = &mut self.crew {
            work.open = true;
            work.alone.wait();
            work.go(None);
            while !work.crew.wait(Duration::from_secs(1)) {}
        }
        self.end_threads().unwrap_or_default()
    }

    /// The actor that holds the lock that the calls of such threads wait for.
    pub(super) fn holds_up(&self, threads: &Threads) -> Option<&str> {
        let slot = self.slot(threads.workload.heap.or(self.in_view)?)?;
        let needed = slot.heap.settings().serialized(threads.calls());
        let (_, holder) = self.actors.holder(&slot.heap).filter(|_| needed)?;
        Some(holder)
    }

    /// Takes in what threads did until now.
    pub(super) fn count_threads(&mut self) {
        let Some(work) = &mut self.crew else {
            return;
        };
        let done = work.crew.done();
        self.operations += done - work.counted;
        work.counted = done;
        let begun = if work.counted > work.part_from {
            work.before.take()
        } else {
            None
        };
        let (heap, text) = (work.heap, work.what.clone());
        self.touch(heap);
        if let Some(before) = begun {
            self.open_entry_from(before, &text, Again::Ends);
        }
    }

    /// Before threads move: keeps what leads back from what they do now, unless that was done since the last other
    /// command, and takes the names back that their blocks had while they stood.
    pub(super) fn wake_threads(&mut self) {
        if self.crew.as_ref().is_some_and(|work| !work.open) {
            let before = self.before();
            if let Some(work) = &mut self.crew {
                work.open = true;
                work.part_from = work.counted;
                work.before = Some(before);
            }
        }
        if let Some(mut work) = self.crew.take() {
            self.forget_names(&mut work);
            self.crew = Some(work);
        }
    }

    /// Lets threads go on as fast as they can, or lets so many more operations be made. False as long as it is measured
    /// how fast one is alone: then none goes.
    pub(super) fn let_threads_go(&mut self, due: Option<u64>) -> bool {
        if self.crew.as_mut().is_some_and(|work| work.alone.goes_on()) {
            return false;
        }
        if due != Some(0) {
            self.wake_threads();
        }
        if let Some(work) = &mut self.crew {
            work.go(due);
        }
        true
    }

    /// Ends a part: what follows is another command. A part without operations is none. Nobody may be inside a call.
    pub(super) fn close_threads_part(&mut self) {
        let in_view = self.in_view;
        let Some(work) = self.crew.as_mut().filter(|work| work.open) else {
            return;
        };
        work.open = false;
        let made = work.counted.saturating_sub(work.part_from);
        work.before = None;
        if made == 0 {
            // Nothing to take back, and nothing to write down.
            return;
        }
        let elsewhere = in_view != Some(work.heap);
        let workload = Workload {
            ops: made.div_ceil(u64::from(work.command.count)),
            heap: elsewhere.then_some(work.heap),
            ..work.command.workload
        };
        let part = Threads {
            workload,
            ..work.command.clone()
        };
        let heap = work.heap;
        self.journal_threads(part, heap);
    }

    /// Waits until no thread is inside a call, and gives their blocks names. `None` where none works.
    pub(super) fn park_threads(&mut self) -> Option<Parked> {
        let parked = self.crew.as_ref()?.crew.park();
        self.count_threads();
        self.name_blocks(&parked);
        Some(parked)
    }

    /// Threads that stood at a lock when they were parked may have been let in: waits until they have left their calls.
    pub(super) fn settle_threads(&self) {
        if let Some(work) = &self.crew {
            work.crew.settle();
        }
    }

    /// Lets threads go on behind a park: the end of every [`Session::park_threads`] but the last one. What a command did to
    /// their blocks meanwhile is not theirs any more.
    pub(super) fn resume_threads(&mut self, parked: Option<Parked>) {
        let (Some(parked), Some(work)) = (parked, self.crew.take()) else {
            return;
        };
        if self.changes != work.changes {
            let names = self.slot(work.heap).map(|slot| Arc::clone(&slot.names));
            let bears = |held: &crew::Held, name: &Name| {
                let owner = names.as_ref().and_then(|names| names.owner(held.payload));
                owner.is_some_and(|owned| owned.name == *name)
            };
            for (held, name) in &work.named {
                if !bears(held, name) {
                    parked.disown(held);
                }
            }
            parked.claim_anew();
        }
        // Paused ones stand for longer: until they are woken their blocks keep their names.
        let stand = work.paused && work.is_quiet();
        self.crew = Some(work);
        if !stand {
            self.wake_threads();
        }
        drop(parked);
    }

    /// Ends the threads and answers with what they did.
    pub(super) fn end_threads(&mut self) -> Option<Answer> {
        self.crew.as_mut()?.crew.stop();
        let parked = self.park_threads()?;
        parked.audit();
        self.close_threads_part();
        let mut work = self.crew.take()?;
        self.rate = None;
        self.sample(work.heap);
        let picture = work.picture(true);
        let answer = self.threads_ended(&work, &picture);
        self.crew_left = Some(Arc::new(picture));
        Some(answer)
    }

    fn threads_ended(&mut self, work: &AtWork, picture: &CrewPicture) -> Answer {
        let report = &picture.report;
        let done = report.done();
        let ended = if done < work.operations() {
            ", ended before its time"
        } else {
            ""
        };
        let call = format!("{} operations of {}{ended}", grouped(done), work.what);
        let Some(here) = self
            .slot(work.heap)
            .filter(|slot| slot.handle == work.handle)
            .map(Slot::here)
        else {
            return Answer::failed(call, "the heap was destroyed meanwhile");
        };
        let (before, after) = (*work.begun, Moment::of(&here.heap));
        self.book_returns(here.number, &before, &after);
        self.last = LastCall {
            result: i64::try_from(report.found()).unwrap_or(i64::MAX),
            merged: 0,
        };
        if report.found() > 0 {
            self.keep_incidents(&here, picture);
        }
        let words = words::ended(picture, &after);
        let first = report.first().map(|incident| incident.at);
        Answer {
            tone: if report.found() > 0 {
                Tone::Failed
            } else {
                Tone::Done
            },
            ..Answer::done(call, words).about(first)
        }
    }

    /// Threads that work or have ended last, for screens.
    pub(super) fn crew_picture(&mut self) -> Option<Arc<CrewPicture>> {
        match &mut self.crew {
            Some(work) => Some(Arc::new(work.picture(false))),
            None => self.crew_left.clone(),
        }
    }

    /// Whether threads may be inside a call on this heap.
    pub(super) fn is_in_motion(&self, number: u32) -> bool {
        let here = self.crew.as_ref().filter(|work| work.heap() == number);
        here.is_some_and(|work| !work.is_quiet())
    }

    /// The places of incidents.
    pub(super) fn incident_places(&self, number: u32) -> Vec<u64> {
        let incidents = match (&self.crew, &self.crew_left) {
            (Some(work), _) if work.heap == number => work.crew.report().incidents,
            (None, Some(left)) if left.heap == number => left.report.incidents.clone(),
            _ => Vec::new(),
        };
        incidents.iter().map(|incident| incident.at).collect()
    }

    /// Writes down that threads worked, with the image of what they left: it does not repeat.
    fn journal_threads(&mut self, part: Threads, heap: u32) {
        let left = self.keep_beside_journal(heap);
        let line = Command::Threads(Box::new(Threads { left, ..part })).to_string();
        self.journal(&format!("{line} # real threads: this does not repeat"));
    }

    /// Makes the heap what threads of an earlier session left.
    fn restore_left(&mut self, threads: &Threads, left: &str) -> Answer {
        let number = match threads.workload.heap {
            Some(number) => number,
            None => self.number_in_view(),
        };
        if self.slot(number).is_none() {
            return Answer::refused(format!("there is no heap {number}"));
        }
        let Some(file) = self.kept_beside_journal(left) else {
            return Answer::refused(format!(
                "there is no {left} beside the journal: what the threads left is lost, and real threads do not repeat"
            ));
        };
        let kept = File::open(file)
            .map_err(Into::into)
            .and_then(HeapFile::read);
        let restored = match &kept {
            Ok(kept) => self
                .restore_heap(number, kept)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = restored {
            return Answer::refused(format!("failed to read {left}: {error}"));
        }
        let made = threads
            .workload
            .ops
            .saturating_mul(u64::from(threads.count));
        self.operations = self.operations.saturating_add(made);
        self.journal(&Command::Threads(Box::new(threads.clone())).to_string());
        Answer::done(
            "",
            format!(
                "heap {number} is what {} left after {}; real threads do not repeat, so none was started",
                count(u64::from(threads.count), "thread"),
                count(made, "operation")
            ),
        )
    }
}

#[cfg(test)]
mod tests;
