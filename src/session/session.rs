//! The session: its heaps, their names, and what can be undone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::api::Process;
use crate::heap::{Core, CreateError, Direct, Heap, Image};
use crate::os::CommitLimit;
use crate::view::{self, Context, Lens, Target};

use super::bookmarks::Bookmarks;
use super::filter::Filter;
use super::frame::{Answer, Cause, Frame, Returned, Run, Timeline, Tone};
use super::glossary::Met;
use super::journal::Journal;
use super::marks::Marks;
use super::names::NameTable;
use super::run::Running;
use super::survey::Surveys;
use super::timeline::Allowance;
use super::words::Moment;

/// Answers kept for screens.
const LOG: usize = 1000;
/// Returns of memory kept for screens.
const LEDGER: usize = 1000;
/// Bytes of pages that undo may keep.
const UNDO_BYTES: u64 = 256 << 20;
/// Commands that can be undone at most.
const UNDO_DEPTH: usize = 1000;
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
    pub(super) timeline: Arc<Timeline>,
}

impl Slot {
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

/// All that undo brings back.
#[derive(Clone)]
struct State {
    slots: Vec<Slot>,
    in_view: Option<u32>,
    crt: Option<u32>,
    operations: u64,
    last: LastCall,
    errors: (u32, i32),
    next_number: u32,
    next_size: u64,
    limit: u64,
    ledger: Arc<Vec<Returned>>,
    place: u64,
    did: Arc<str>,
}

impl State {
    /// Whether the heaps are the same, byte for byte.
    fn same_heaps(&self, other: &State) -> bool {
        let same = |a: &Slot, b: &Slot| {
            let images = a.image.as_ref().zip(b.image.as_ref());
            a.number == b.number && images.is_some_and(|(a, b)| a.same_arena(b))
        };
        self.slots.len() == other.slots.len()
            && self.slots.iter().zip(&other.slots).all(|(a, b)| same(a, b))
    }
}

/// What a session was at one moment. Equal if heaps, figures and what is in view are.
pub struct Checkpoint {
    state: State,
}

impl PartialEq for Checkpoint {
    fn eq(&self, other: &Checkpoint) -> bool {
        let rest = |state: &State| {
            let numbers = (
                state.in_view,
                state.crt,
                state.operations,
                state.next_number,
                state.next_size,
            );
            (numbers, state.limit, state.ledger.len())
        };
        rest(&self.state) == rest(&other.state) && self.state.same_heaps(&other.state)
    }
}

/// What undo would bring back.
pub(super) struct Before(State);

/// Which names a list is made of: the heap's handle and how often its names changed.
type NamesOf = (usize, u64);

/// A command that can be taken back or brought back.
struct Step {
    command: String,
    state: State,
    bytes: u64,
}

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
    pub(super) failed_expectations: u64,
    pub(super) running: Option<Running>,
    /// Where what was done is written down.
    pub(super) journal: Option<Journal>,
    /// The workload that ended last before its last step: the next may go on with it.
    pub(super) ended: Option<Running>,
    pub(super) rate: Option<f64>,
    /// Operations a second that what runs is held to; `None` is flat out.
    pub(super) target: Option<u64>,
    pub(super) bookmarks: Bookmarks,
    /// Where in the past this is: a number that no other moment has, other than by undo and redo.
    pub(super) place: u64,
    places: u64,
    /// The last command that changed anything.
    pub(super) did: Arc<str>,
    /// When the session began.
    pub(super) begun: Instant,
    /// Time for asking the kernel what is resident.
    pub(super) asking: Allowance,
    /// The names that screens were given last, and what they are of.
    names: (Option<NamesOf>, Arc<Vec<String>>),
    /// Checkpoints are taken.
    undoes: bool,
    undo: VecDeque<Step>,
    redo: Vec<Step>,
    log: VecDeque<Arc<Answer>>,
    log_total: u64,
    ledger: Arc<Vec<Returned>>,
    version: u64,
    /// Rises whenever a heap may have changed.
    pub(super) changes: u64,
    pub(super) surveys: Surveys,
    /// Requests that the session thread took in.
    pub(super) requests: u64,
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
            failed_expectations: 0,
            running: None,
            journal: None,
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
            undo: VecDeque::new(),
            redo: Vec::new(),
            log: VecDeque::new(),
            log_total: 0,
            ledger: Arc::default(),
            version: 0,
            changes: 0,
            surveys: Surveys::default(),
            requests: 0,
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
    pub(super) fn here(&mut self) -> Slot {
        let number = self.number_in_view();
        self.slot(number).unwrap_or(&self.slots[0]).clone()
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

    /// Keeps what a heap returned and the ledger does not have yet, with the residency of two moments around it.
    pub(super) fn book_returns(&mut self, number: u32, before: &Moment, after: &Moment) {
        let resident = before.resident.zip(after.resident);
        let now = (after.stats.pages_heapmin, after.stats.pages_automatic);
        let Some(slot) = self.slot_mut(number) else {
            return;
        };
        let booked = std::mem::replace(&mut slot.booked, now);
        for (pages, cause) in [
            (now.1.saturating_sub(booked.1), Cause::Automatic),
            (now.0.saturating_sub(booked.0), Cause::Heapmin),
        ] {
            if pages > 0 {
                self.book_return(number, pages * crate::os::PAGE, cause, resident);
            }
        }
    }

    pub(super) fn book_return(
        &mut self,
        number: u32,
        bytes: u64,
        cause: Cause,
        resident: Option<(u64, u64)>,
    ) {
        if let Some(slot) = self.slot_mut(number) {
            slot.returned = (bytes, slot.returned.1 + bytes);
        }
        let entry = Returned {
            at: self.operations,
            bytes,
            cause,
            resident,
        };
        Arc::make_mut(&mut self.ledger).push(entry);
    }

    fn state(&mut self) -> State {
        for slot in self.slots.iter_mut().filter(|slot| slot.dirty) {
            slot.image = Some(Arc::new(slot.heap.image(slot.image.as_deref())));
            slot.dirty = false;
        }
        State {
            slots: self.slots.clone(),
            in_view: self.in_view,
            crt: self.crt,
            operations: self.operations,
            last: self.last,
            errors: (crate::api::GetLastError(), crate::api::errno()),
            next_number: self.next_number,
            next_size: self.next_size,
            limit: self.limit.limit(),
            ledger: Arc::clone(&self.ledger),
            place: self.place,
            did: Arc::clone(&self.did),
        }
    }

    /// What undo would bring back, before a command that may change it. Nothing where undo is off, or where the heaps
    /// hold more than undo may keep.
    pub(super) fn before(&mut self) -> Option<Before> {
        let resident = |slot: &Slot| view::resident(&slot.heap).unwrap_or(0);
        let dirty = self.slots.iter().filter(|slot| slot.dirty);
        if !self.undoes || dirty.map(resident).sum::<u64>() > UNDO_BYTES {
            return None;
        }
        Some(Before(self.state()))
    }

    /// Keeps the way back from a command that changed something. Answers whether there is one.
    pub(super) fn keep(&mut self, command: String, before: Option<Before>) -> bool {
        self.did = Arc::from(command.as_str());
        self.places += 1;
        self.place = self.places;
        let left: Vec<u64> = self.redo.drain(..).map(|step| step.state.place).collect();
        self.bookmarks.leave(&left);
        let Some(Before(state)) = before else {
            // Older states do not lead back from here.
            self.undo.clear();
            return !self.undoes;
        };
        let bytes = match self.undo.back() {
            Some(last) => beside(&state, &last.state),
            None => state
                .slots
                .iter()
                .filter_map(|slot| slot.image.as_ref())
                .map(|image| image.bytes())
                .sum(),
        };
        self.undo.push_back(Step {
            command,
            state,
            bytes,
        });
        let kept = |undo: &VecDeque<Step>| undo.iter().map(|step| step.bytes).sum::<u64>();
        while self.undo.len() > UNDO_DEPTH || (self.undo.len() > 1 && kept(&self.undo) > UNDO_BYTES)
        {
            self.undo.pop_front();
        }
        true
    }

    /// Keeps no way back from here on: for runs that nobody watches.
    pub fn without_undo(&mut self) {
        self.undoes = false;
    }

    /// Takes a checkpoint before `command`, which is sure to change something.
    pub(super) fn checkpoint(&mut self, command: String) {
        let before = self.before();
        self.keep(command, before);
    }

    /// Commands that can be taken back, and brought back.
    #[must_use]
    pub fn depths(&self) -> (usize, usize) {
        (self.undo.len(), self.redo.len())
    }

    /// A copy of all that undo brings back, to compare with.
    pub fn image(&mut self) -> Checkpoint {
        Checkpoint {
            state: self.state(),
        }
    }

    /// Whether the heaps hold the same bytes as when `copy` was taken, whatever else the session counted since.
    pub fn same_heaps(&mut self, copy: &Checkpoint) -> bool {
        self.state().same_heaps(&copy.state)
    }

    /// Runs `work` on the allocator of the heap in view; it may only look.
    pub fn look<R>(&mut self, work: impl FnOnce(Core<'_, Direct<'_>>) -> R) -> R {
        self.shown().heap.look(work)
    }

    /// Takes back the last command that changed anything.
    pub fn undo(&mut self) -> Answer {
        let Some(step) = self.undo.pop_back() else {
            return self.nothing("undo", "there is nothing to undo");
        };
        self.journal("undo");
        let now = self.state();
        let answer = self.moved("undo", &format!("took back: {}", step.command));
        self.enter(&step.state);
        self.redo.push(Step {
            command: step.command,
            state: now,
            bytes: step.bytes,
        });
        self.tell(answer.clone());
        answer
    }

    /// Brings back the last command taken back.
    pub fn redo(&mut self) -> Answer {
        let Some(step) = self.redo.pop() else {
            return self.nothing("redo", "there is nothing to bring back");
        };
        self.journal("redo");
        let now = self.state();
        let answer = self.moved("redo", &format!("brought back: {}", step.command));
        self.enter(&step.state);
        self.undo.push_back(Step {
            command: step.command,
            state: now,
            bytes: step.bytes,
        });
        self.tell(answer.clone());
        answer
    }

    fn moved(&self, command: &str, words: &str) -> Answer {
        Answer {
            command: command.to_owned(),
            words: words.to_owned(),
            ..Answer::default()
        }
    }

    fn nothing(&mut self, command: &str, words: &str) -> Answer {
        let answer = Answer {
            tone: Tone::Refused,
            ..self.moved(command, words)
        };
        self.tell(answer.clone());
        answer
    }

    /// Makes the session what it was in `state`.
    fn enter(&mut self, state: &State) {
        self.changes += 1;
        for slot in &self.slots {
            if !state.slots.iter().any(|old| old.handle == slot.handle) {
                self.process.detach(slot.handle);
            }
        }
        for slot in &state.slots {
            if self.process.heap_of(slot.handle).is_none() {
                self.process.attach(Arc::clone(&slot.heap));
            }
            // Images are shared while nothing changed, so that an untouched heap costs nothing here.
            let now = self
                .slot(slot.number)
                .filter(|now| now.handle == slot.handle);
            let same = now.is_some_and(|now| {
                !now.dirty
                    && now
                        .image
                        .as_ref()
                        .zip(slot.image.as_ref())
                        .is_some_and(|(a, b)| Arc::ptr_eq(a, b))
            });
            if let Some(image) = slot.image.as_ref().filter(|_| !same) {
                slot.heap.restore(image);
            }
        }
        self.limit.set_limit(state.limit);
        self.slots.clone_from(&state.slots);
        self.in_view = state.in_view;
        self.crt = state.crt;
        match state.crt {
            Some(number) => self.set_crt(number),
            None => self.process.clear_crt(),
        }
        self.operations = state.operations;
        self.last = state.last;
        crate::api::SetLastError(state.errors.0);
        crate::api::_set_errno(state.errors.1);
        self.next_number = state.next_number;
        self.next_size = state.next_size;
        // A workload is part of no state: what was taken back does not go on by itself.
        self.running = None;
        self.ended = None;
        self.ledger = Arc::clone(&state.ledger);
        self.place = state.place;
        self.did = Arc::clone(&state.did);
        self.names.0 = None;
        self.marks = Marks::default();
    }

    /// Whether redo leads to this place.
    pub(super) fn lies_ahead(&self, place: u64) -> bool {
        self.redo.iter().any(|step| step.state.place == place)
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

    /// Names of blocks in view, to complete; at most `most` of them.
    #[must_use]
    pub fn some_names(&self, most: usize) -> Vec<String> {
        self.in_view
            .and_then(|number| self.slot(number))
            .map_or_else(Vec::new, |slot| slot.names.some(most))
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
        if self.running.is_some() {
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
            returned: self
                .ledger
                .iter()
                .rev()
                .take(LEDGER)
                .rev()
                .copied()
                .collect(),
            operations: self.operations,
            rate: self.rate,
            run: self.running.as_ref().map(|running| Run {
                target: self.target,
                reached: self.rate,
                ..running.progress()
            }),
            script: None,
            undo: self.undo.len(),
            redo: self.redo.len(),
            next_name: format!("b{}", slot.names.next_index("b")),
            next_size: self.next_size,
            timeline: Arc::clone(&self.shown().timeline),
            baseline: self.bookmarks.baseline.clone(),
            bookmarks: Arc::clone(&self.bookmarks.kept),
            names: self.names_to_complete(),
            found,
            next_heap: self.next_heap(),
        }
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

/// About how many bytes a name costs in the tables.
const NAME_BYTES: u64 = 160;

/// Bytes that `state` keeps beside what it shares with `other`: pages and names.
fn beside(state: &State, other: &State) -> u64 {
    let slot_beside = |slot: &Slot| {
        let old = other.slots.iter().find(|old| old.number == slot.number);
        let pages = match (&slot.image, old.and_then(|old| old.image.as_ref())) {
            (Some(image), Some(old)) => image.bytes_beside(old),
            (Some(image), None) => image.bytes(),
            (None, _) => 0,
        };
        let shared = old.is_some_and(|old| Arc::ptr_eq(&old.names, &slot.names));
        pages
            + if shared {
                0
            } else {
                slot.names.len() as u64 * NAME_BYTES
            }
    };
    state.slots.iter().map(slot_beside).sum()
}
