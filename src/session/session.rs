//! The session: its heaps, their names, and what can be undone.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::api::Process;
use crate::heap::{Core, CreateError, Direct, Heap, Image};
use crate::os::CommitLimit;
use crate::view::{self, Context, Lens, Target};

use super::actors::Actors;
use super::bookmarks::Bookmarks;
use super::filter::Filter;
use super::findings::Checked;
use super::frame::{Answer, Frame, Interleaved, Run, Tone};
use super::glossary::Met;
use super::interleave::Stepping;
use super::journal::Journal;
use super::ledger::Ledger;
use super::marks::Marks;
use super::names::NameTable;
use super::play::Playing;
use super::record::Record;
use super::run::Running;
use super::situations::Measuring;
use super::survey::Surveys;
use super::threads::{AtWork, CrewPicture};
use super::time::{Entry, Extremes, History, Looking, TimeShown};
use super::timeline::{Allowance, Measured};
use super::watch::Watched;

/// Answers kept for screens.
const LOG: usize = 1000;
/// Names of blocks that a screen is given to complete.
const NAMES: usize = 500;
/// The size of an `alloc` on a key before any was made.
const FIRST_SIZE: u64 = 64;

/// A heap of the session.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) number: u32,
    /// The heap's handle: the address of its first byte in this process.
    pub(super) handle: usize,
    pub(super) heap: Arc<Heap>,
    pub(super) names: Arc<NameTable>,
    /// Bytes given back by the last return, and in all.
    pub(super) returned: (u64, u64),
    /// Pages given back by `_heapmin` and by freeing itself that the ledger has already.
    pub(super) booked: (u64, u64),
    /// Changed since its image was taken.
    pub(super) dirty: bool,
    pub(super) image: Option<Arc<Image>>,
    /// What was measured over time.
    pub(super) timeline: Arc<Measured>,
}

/// The heap that a command is about: what it takes to call it. It shares no names with the slot, so that giving a
/// block a name while the command is under way copies no table of them.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) number: u32,
    /// The heap's handle: the address of its first byte in this process.
    pub(super) handle: usize,
    pub(super) heap: Arc<Heap>,
}

impl Slot {
    /// What it takes to call the heap.
    pub(super) fn here(&self) -> Here {
        Here {
            number: self.number,
            handle: self.handle,
            heap: Arc::clone(&self.heap),
        }
    }

    /// Copies the heap, if it changed since its last copy.
    pub(super) fn take_image(&mut self) {
        if std::mem::take(&mut self.dirty) {
            // Without notes a copy looks at all there is.
            let _ = self.heap.note_writes();
            let nothing = Image::default();
            let before = self.image.as_deref().unwrap_or(&nothing);
            self.image = Some(Arc::new(self.heap.image(Some(before))));
        }
        // Whoever only looks counts calls, too.
        let stats = self.heap.stats();
        if let Some(image) = self.image.as_mut().filter(|image| image.stats() != stats) {
            *image = Arc::new(image.with_stats(stats));
        }
    }

    /// Name and birth operation of the block with this payload.
    pub(super) fn owner(&self, payload: u64) -> Option<(String, u64)> {
        let owned = self.names.owner(payload)?;
        Some((owned.name.to_string(), owned.born))
    }
}

/// The values that the last call left for `expect`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct LastCall {
    pub(super) result: i64,
    pub(super) merged: u64,
}

/// Which names a list is made of: the heap's handle and how often its names changed.
pub(super) type NamesOf = (usize, u64);

/// Heaps, the commands given to them, and the way back.
///
/// One thread runs a session. Everything that changes a heap goes through [`Session::apply`].
pub struct Session {
    pub(super) process: Process,
    pub(super) limit: Arc<CommitLimit>,
    pub(super) slots: Vec<Slot>,
    pub(super) in_view: Option<u32>,
    pub(super) crt: Option<u32>,
    pub(super) next_number: u32,
    pub(super) operations: u64,
    pub(super) next_size: u64,
    pub(super) last: LastCall,
    pub(super) marks: Marks,
    /// Which blocks are looked for. Part of no state that undo brings back.
    pub(super) filter: Option<Arc<Filter>>,
    /// What the last check found. Undo forgets it.
    pub(super) checked: Checked,
    pub(super) failed_expectations: u64,
    pub(super) running: Option<Running>,
    /// Real threads that work.
    pub(super) crew: Option<AtWork>,
    /// What those that ended last have left.
    pub(super) crew_left: Option<Arc<CrewPicture>>,
    /// Situations that are being measured.
    pub(super) measuring: Option<Measuring>,
    /// Two calls under way step by step.
    pub(super) stepping: Option<Stepping>,
    /// One call played slowly.
    pub(super) playing: Option<Playing>,
    /// Those that ended last, and the place where that was.
    pub(super) stepped: Option<(u64, Arc<Interleaved>)>,
    /// Where what was done is written down.
    pub(super) journal: Option<Journal>,
    /// The same for a script, whether or not there is a journal.
    pub(super) record: Record,
    /// Where files lie that lines refer to without saying where.
    pub(super) beside: Option<PathBuf>,
    /// The workload that ended last before its last step: the next may go on with it.
    pub(super) ended: Option<Running>,
    pub(super) rate: Option<f64>,
    /// Operations a second that what runs is held to; `None` is flat out.
    pub(super) target: Option<u64>,
    pub(super) bookmarks: Bookmarks,
    /// Where in the past this is: a number that no other moment has, other than by undo and redo.
    pub(super) place: u64,
    /// Places so far.
    pub(super) places: u64,
    /// The last command that changed anything.
    pub(super) did: Arc<str>,
    /// When the session began.
    pub(super) begun: Instant,
    /// Time for asking the kernel what is resident.
    pub(super) asking: Allowance,
    /// The names that screens were given last, and what they are of.
    pub(super) names: (Option<NamesOf>, Arc<Vec<String>>),
    /// Checkpoints are taken.
    pub(super) undoes: bool,
    /// The way back, and other lines of history.
    pub(super) history: History,
    /// The past that is looked at.
    pub(super) looking: Option<Looking>,
    /// The operation at which a series of calls that is made again stops.
    pub(super) bound: Option<u64>,
    /// How a workload began that the way back is not kept from yet.
    pub(super) run_begun: Option<Box<Entry>>,
    /// The extremes of what is being done.
    pub(super) extremes: Extremes,
    /// What is done was done before: nothing of it is news.
    pub(super) made_again: bool,
    /// A workload's steps are made again without names: these are given at the end of the way.
    pub(super) nameless: bool,
    /// A long way through time is gone in slices, by whoever asked for it.
    pub(super) in_slices: bool,
    log: VecDeque<Arc<Answer>>,
    log_total: u64,
    pub(super) ledger: Arc<Ledger>,
    version: u64,
    /// Rises whenever a heap may have changed.
    pub(super) changes: u64,
    pub(super) surveys: Surveys,
    /// Requests that the session thread took in.
    pub(super) requests: u64,
    /// Who calls beside this thread.
    pub(super) actors: Actors,
    /// A person typed `quit`.
    pub(super) over: bool,
    /// Words that were explained in the log; nothing where they are not to be.
    met: Option<Met>,
}

impl Session {
    /// A session with a process heap (number 0) and nothing else. The first heap that a command makes becomes
    /// number 1 and bears the tag CRT; a command that needs a heap when there is none makes a growable one first.
    ///
    /// # Errors
    /// When the system does not grant the addresses of the process heap.
    pub fn new() -> Result<Session, CreateError> {
        let limit = Arc::new(CommitLimit::new(CommitLimit::default_bytes()));
        let process = Process::new(Arc::clone(&limit))?;
        crate::api::SetLastError(0);
        crate::api::_set_errno(0);
        let mut session = Session {
            process,
            limit,
            slots: Vec::new(),
            in_view: None,
            crt: None,
            next_number: 1,
            operations: 0,
            next_size: FIRST_SIZE,
            last: LastCall::default(),
            marks: Marks::default(),
            filter: None,
            checked: Checked::default(),
            failed_expectations: 0,
            running: None,
            crew: None,
            crew_left: None,
            measuring: None,
            stepping: None,
            playing: None,
            stepped: None,
            journal: None,
            record: Record::default(),
            beside: None,
            ended: None,
            rate: None,
            target: None,
            bookmarks: Bookmarks::default(),
            place: 0,
            places: 0,
            did: Arc::from(""),
            begun: Instant::now(),
            asking: Allowance::default(),
            names: (None, Arc::default()),
            undoes: true,
            history: History::default(),
            looking: None,
            bound: None,
            run_begun: None,
            extremes: Extremes::default(),
            made_again: false,
            nameless: false,
            in_slices: false,
            log: VecDeque::new(),
            log_total: 0,
            ledger: Arc::default(),
            version: 0,
            changes: 0,
            surveys: Surveys::default(),
            requests: 0,
            actors: Actors::default(),
            over: false,
            met: None,
        };
        let handle = session.process.GetProcessHeap();
        session.add_slot(0, handle);
        Ok(session)
    }

    /// Keeps a heap of the process under a number.
    pub(super) fn add_slot(&mut self, number: u32, handle: usize) {
        let Some(heap) = self.process.heap_of(handle) else {
            return;
        };
        let names = Arc::default();
        self.slots.push(Slot {
            number,
            handle,
            heap,
            names,
            returned: (0, 0),
            booked: (0, 0),
            dirty: true,
            image: None,
            timeline: Arc::default(),
        });
    }

    /// The heap with this number.
    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.number == number)
    }

    pub(super) fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.number == number)
    }

    /// The number of the heap in view; makes the first heap if there is none.
    pub(super) fn number_in_view(&mut self) -> u32 {
        if self.in_view.is_none() {
            self.make_default_heap();
        }
        self.in_view.unwrap_or(0)
    }

    /// The heap in view, or the process heap while there is no other.
    pub(super) fn shown(&self) -> &Slot {
        self.in_view
            .and_then(|number| self.slot(number))
            .unwrap_or(&self.slots[0])
    }

    /// Makes the growable heap that an explorer without a script begins with.
    pub fn open_default_heap(&mut self) {
        let had = self.in_view.is_some();
        let number = self.number_in_view();
        self.journal_made_heap(had);
        self.sample(number);
    }

    /// The heap in view.
    pub(super) fn here(&mut self) -> Here {
        self.slot_here().here()
    }

    /// The heap in view with its names; makes the first heap if there is none.
    pub(super) fn slot_here(&mut self) -> &Slot {
        let number = self.number_in_view();
        self.slot(number).unwrap_or(&self.slots[0])
    }

    /// The heap that a command is about, with its names.
    pub(super) fn at(&self, here: &Here) -> &Slot {
        self.slot(here.number).unwrap_or(&self.slots[0])
    }

    /// The names of the heap with this number, for changing.
    pub(super) fn names_mut(&mut self, number: u32) -> Option<&mut NameTable> {
        self.slot_mut(number)
            .map(|slot| Arc::make_mut(&mut slot.names))
    }

    /// Marks a heap as changed: its next checkpoint looks at its pages.
    pub(super) fn touch(&mut self, number: u32) {
        self.changes += 1;
        self.marks.about(number);
        if let Some(slot) = self.slot_mut(number) {
            slot.dirty = true;
        }
    }

    /// How many `expect` commands did not hold.
    #[must_use]
    pub fn failed_expectations(&self) -> u64 {
        self.failed_expectations
    }

    /// The answers so far, the latest last (at most a thousand).
    pub fn log(&self) -> impl Iterator<Item = &Answer> {
        self.log.iter().map(|answer| &**answer)
    }

    /// From here on the log explains each word of the subject when an answer first brings it up.
    pub fn explain_words(&mut self) {
        self.met = Some(Met::default());
    }

    /// Explains a word that `answer` brings up, before the answer, so that the answer stays the newest.
    pub(super) fn explain_once(&mut self, answer: &Answer) {
        if let Some(word) = self.met.as_mut().and_then(|met| met.meet(answer)) {
            self.tell(Answer {
                words: format!("{}: {}", word.name, word.doc),
                tone: Tone::Word,
                ..Answer::default()
            });
        }
    }

    /// Keeps an answer for the log.
    pub(super) fn tell(&mut self, answer: Answer) {
        self.log_total += 1;
        self.log.push_back(Arc::new(answer));
        if self.log.len() > LOG {
            self.log.pop_front();
        }
    }

    /// Runs `work` on the allocator of the heap in view; it may only look.
    pub fn look<R>(&mut self, work: impl FnOnce(Core<'_, Direct<'_>>) -> R) -> R {
        self.shown().heap.look(work)
    }

    /// The block that `target` names from `cursor`, in the heap in view.
    pub fn seek(&mut self, cursor: Option<u64>, target: Target, row_bytes: u64) -> Option<u64> {
        let slot = self.shown();
        let survey = self
            .surveys
            .at_hand(&self.question(slot, false), self.changes);
        let seek =
            |context: &Context<'_>| view::seek(&slot.heap, cursor, target, row_bytes, context);
        self.with_context(slot, survey.as_deref(), true, seek)
    }

    /// The names for a screen, made anew only if they changed.
    fn names_to_complete(&mut self) -> Arc<Vec<String>> {
        let slot = self.shown();
        let now = Some((slot.handle, slot.names.changes()));
        if self.names.0 != now {
            let names = slot.names.some_of_each(NAMES);
            self.names = (now, Arc::new(names));
        }
        Arc::clone(&self.names.1)
    }

    /// The picture of the heap in view, and all that a screen shows beside it.
    pub fn frame(&mut self, lens: &Lens) -> Frame {
        let slot = self.shown().clone();
        self.version += 1;
        let surveyed = self.survey(&slot, lens);
        let (survey, fresh) = surveyed
            .as_ref()
            .map_or((None, false), |(survey, fresh)| (Some(&**survey), *fresh));
        let take = |context: &Context<'_>| view::take(&slot.heap, lens, context);
        let picture = Arc::new(self.with_context(&slot, survey, fresh, take));
        if self.running.is_some() || self.crew.is_some() {
            // What the picture asked of the kernel need not be asked again.
            self.add_sample(slot.number, &picture.figures, picture.memory.resident);
        }
        let found = self.found(survey, lens.cursor);
        Frame {
            version: self.version,
            requests: self.requests,
            over: self.over,
            picture,
            log: self.log.iter().cloned().collect(),
            log_total: self.log_total,
            returned: self.ledger.kept(),
            operations: self.operations,
            rate: self.rate,
            run: self.progress().map(|run| Run {
                target: self.target,
                reached: self.rate,
                ..run
            }),
            measuring: self.measuring.as_ref().map(Measuring::progress),
            crew: self.crew_picture(),
            script: None,
            undo: self.depths().0,
            redo: self.depths().1,
            next_name: format!("b{}", slot.names.next_index("b")),
            next_size: self.next_size,
            timeline: self.timeline_shown(),
            time: self.time_shown(),
            baseline: self.bookmarks.baseline.clone(),
            bookmarks: Arc::clone(&self.bookmarks.kept),
            names: self.names_to_complete(),
            found,
            actors: self.actor_states(),
            check: self.check_shown(),
            interleaved: self.interleaved(),
            played: self.played(),
            next_heap: self.next_heap(),
            watched: Watched::default(),
        }
    }

    /// An earlier frame, while the heaps are on their way to another moment.
    pub(super) fn frame_on_the_way(&mut self, old: &Frame) -> Frame {
        self.version += 1;
        Frame {
            version: self.version,
            requests: self.requests,
            over: self.over,
            log: self.log.iter().cloned().collect(),
            log_total: self.log_total,
            time: Arc::new(TimeShown {
                seeking: self.seeking(),
                ..TimeShown::clone(&old.time)
            }),
            ..old.clone()
        }
    }

    /// A copy of a heap as it is now.
    pub(super) fn image_of(&mut self, number: u32) -> Arc<Image> {
        let image = self.slot_mut(number).and_then(|slot| {
            slot.take_image();
            slot.image.clone()
        });
        image.unwrap_or_default()
    }

    /// Whether a heap stands in the middle of calls that are made step by step.
    pub(super) fn is_in_steps(&self) -> bool {
        self.stepping.is_some() || self.playing.is_some()
    }

    /// How far what runs has come.
    fn progress(&self) -> Option<Run> {
        let crew = || self.crew.as_ref().map(AtWork::progress);
        self.running.as_ref().map(Running::progress).or_else(crew)
    }

    /// The private heap made after the one in view; behind the last comes the first.
    fn next_heap(&self) -> Option<u32> {
        let here = self.shown().number;
        let numbers = || self.slots.iter().map(|slot| slot.number);
        let others = || numbers().filter(|&number| number != 0 && number != here);
        others()
            .find(|&number| number > here)
            .or_else(|| others().next())
    }
}
