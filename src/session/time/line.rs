//! Lines of history: their entries, and what is kept of them within the budget.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::session::Command;
use crate::session::names::KeptNames;
use crate::session::run::KeptRun;
use crate::session::timeline::letter;

use super::extremes::Extremes;
use super::state::State;

/// Operations between two moments that are kept, at least.
const APART: u64 = 2_000;
/// Bytes that the way back may take, unless a person says otherwise.
const BUDGET: u64 = 256 << 20;

/// How the operations of an entry can be made again.
#[derive(Clone)]
pub(in crate::session) enum Again {
    /// By its command, from the state before it.
    Command(Box<Command>),
    /// By the workload as it stood at the checkpoints.
    Run,
    /// Not at all: only its ends can be reached.
    Ends,
}

/// A moment inside an entry, and what went on in it.
#[derive(Clone)]
pub(in crate::session) struct Inner {
    /// The state, but for the names of the blocks in the workload's heap.
    pub(super) state: State,
    /// Those names; none where they are the names before the entry and those of the workload's blocks.
    pub(super) names: Option<KeptNames>,
    pub(super) running: KeptRun,
    /// Those of the entry up to here.
    pub(super) extremes: Extremes,
    /// Bytes that it takes beside the moment before.
    bytes: u64,
}

impl Inner {
    pub(super) fn new(
        state: State,
        names: Option<KeptNames>,
        running: KeptRun,
        extremes: Extremes,
    ) -> Inner {
        Inner {
            state,
            names,
            running,
            extremes,
            bytes: 0,
        }
    }

    /// Operations done.
    pub(super) fn at(&self) -> u64 {
        self.state.operations()
    }

    /// Bytes that it takes beside the moment before, which is that before the entry or one inside.
    fn bytes_behind(&self, before: &State, last: Option<&Inner>) -> u64 {
        let state = last.map_or(before, |last| &last.state);
        self.state.bytes_beside(state)
            + self.names.as_ref().map_or(0, |names| {
                names.bytes_beside(last.and_then(|last| last.names.as_ref()))
            })
            + self.running.bytes_beside(last.map(|last| &last.running))
    }
}

/// A command that changed something.
#[derive(Clone)]
pub(in crate::session) struct Entry {
    /// As it would be typed.
    pub(super) command: Arc<str>,
    pub(super) again: Again,
    pub(super) before: Arc<State>,
    /// Operations that it made; `None` as long as it goes on.
    pub(super) made: Option<u64>,
    /// Moments inside, by their operations.
    pub(super) inner: Vec<Inner>,
    /// Operations that lie between two of them at least: twice as many each time that there was no room.
    pub(super) apart: u64,
    pub(super) extremes: Extremes,
    /// Operations done behind the first from which on a workload's names do not follow from its blocks alone.
    pub(super) odd_from: Option<u64>,
    /// Bytes that the state before takes beside that of the entry before.
    bytes: u64,
}

impl Entry {
    /// Operations done before it.
    pub(super) fn begin(&self) -> u64 {
        self.before.operations()
    }

    /// Its letter on the axis of time.
    pub(super) fn letter(&self) -> Option<char> {
        match &self.again {
            Again::Command(command) => letter(command.spoken().1),
            Again::Run | Again::Ends => None,
        }
    }

    /// The same, ended behind so many of its operations, which have these extremes.
    pub(super) fn until(&self, made: u64, extremes: Extremes) -> Entry {
        let end = self.begin() + made;
        let inner = self.inner.iter().filter(|inner| inner.at() <= end);
        Entry {
            made: Some(made),
            inner: inner.cloned().collect(),
            extremes,
            ..self.clone()
        }
    }

    /// Counts anew what the moments inside take, from the nth on. Answers with the bytes of all.
    fn count_inner(&mut self) -> u64 {
        let mut sum = 0;
        for nth in 0..self.inner.len() {
            let (before, rest) = self.inner.split_at_mut(nth);
            let Some(inner) = rest.first_mut() else {
                continue;
            };
            inner.bytes = inner.bytes_behind(&self.before, before.last());
            sum += inner.bytes;
        }
        sum
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes + self.inner.iter().map(|inner| inner.bytes).sum::<u64>()
    }

    /// Keeps a moment inside. Bytes that it takes are counted.
    pub(super) fn add_inner(&mut self, mut inner: Inner) {
        let place = self.inner.partition_point(|other| other.at() <= inner.at());
        if place < self.inner.len() {
            self.inner.insert(place, inner);
            self.count_inner();
            return;
        }
        inner.bytes = inner.bytes_behind(&self.before, self.inner.last());
        self.inner.push(inner);
    }

    /// Every second moment inside goes, but not the first.
    pub(super) fn thin_out(&mut self) {
        let before = self.inner.len() as u64;
        let mut nth = 0;
        self.inner.retain(|_| {
            nth += 1;
            nth % 2 == 1
        });
        let span = self.inner.last().map_or(0, |last| last.at() - self.begin());
        self.apart = (span / before.max(1) * 2)
            .max(self.apart.saturating_mul(2))
            .max(1);
        self.count_inner();
    }
}

/// A row of commands, from the oldest that is kept to the last.
#[derive(Clone)]
pub(super) struct Line {
    /// What a person calls it.
    pub(super) number: u32,
    /// Its entries, by number.
    pub(super) ids: Vec<u64>,
    /// How many of them are done; redo leads to the others.
    pub(super) at: usize,
    /// The state behind the last entry, where not all are done.
    pub(super) tip: Option<Arc<State>>,
    /// The state at its present, while another line is gone on.
    pub(super) present: Option<Arc<State>>,
}

impl Line {
    /// Operations done at its present, while another line is gone on.
    pub(super) fn operations(&self) -> u64 {
        self.present.as_ref().map_or(0, |state| state.operations())
    }
}

/// All lines of a session.
pub(in crate::session) struct History {
    /// Entries of all lines; those before the place where two lines part are of both.
    pub(super) entries: HashMap<u64, Entry>,
    /// Those with more than one moment inside.
    many_inside: BTreeSet<u64>,
    next_id: u64,
    /// The line that is gone on.
    pub(super) line: Line,
    /// The others, by number.
    pub(super) others: Vec<Line>,
    /// Lines so far.
    lines: u32,
    /// Bytes that all of it may take.
    pub(super) budget: u64,
    /// Bytes that all entries take.
    bytes: u64,
    /// What was done before the oldest entry is forgotten.
    pub(super) cut: bool,
}

impl Default for History {
    fn default() -> History {
        History {
            entries: HashMap::new(),
            many_inside: BTreeSet::new(),
            next_id: 0,
            line: Line {
                number: 1,
                ids: Vec::new(),
                at: 0,
                tip: None,
                present: None,
            },
            others: Vec::new(),
            lines: 1,
            budget: BUDGET,
            bytes: 0,
            cut: false,
        }
    }
}

impl History {
    /// The entry with this index on the line that is gone on.
    pub(super) fn entry(&self, index: usize) -> Option<&Entry> {
        self.entries.get(self.line.ids.get(index)?)
    }

    pub(super) fn entry_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.entries.get_mut(self.line.ids.get(index)?)
    }

    /// The last entry that is done.
    pub(super) fn last_mut(&mut self) -> Option<&mut Entry> {
        self.entry_mut(self.line.at.checked_sub(1)?)
    }

    /// Operations done at the oldest place.
    pub(super) fn first_operation(&self) -> Option<u64> {
        self.entry(0).map(Entry::begin)
    }

    /// Entries that can be taken back, and brought back.
    pub(in crate::session) fn depths(&self) -> (usize, usize) {
        (self.line.at, self.line.ids.len() - self.line.at)
    }

    /// How many entries a line has in common with the one that is gone on.
    pub(super) fn common(&self, other: &Line) -> usize {
        common(&self.line.ids, &other.ids)
    }

    /// A new entry, to be added behind the last one that is done.
    pub(super) fn new_entry(&self, command: Arc<str>, again: Again, before: State) -> Entry {
        let last = self
            .line
            .at
            .checked_sub(1)
            .and_then(|last| self.entry(last));
        let bytes = last.map_or_else(|| before.bytes(), |last| before.bytes_beside(&last.before));
        Entry {
            command,
            again,
            before: Arc::new(before),
            made: None,
            inner: Vec::new(),
            apart: APART,
            extremes: Extremes::default(),
            odd_from: None,
            bytes,
        }
    }

    /// Adds an entry behind the last one that is done.
    pub(super) fn add(&mut self, mut entry: Entry) {
        entry.count_inner();
        self.next_id += 1;
        self.bytes += entry.bytes();
        if entry.inner.len() > 1 {
            self.many_inside.insert(self.next_id);
        }
        self.entries.insert(self.next_id, entry);
        self.line.ids.push(self.next_id);
        self.line.at += 1;
        self.line.tip = None;
    }

    /// Keeps a moment inside an entry.
    pub(super) fn add_inner(&mut self, index: usize, inner: Inner) {
        let Some(&id) = self.line.ids.get(index) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let before = entry.bytes();
        entry.add_inner(inner);
        let after = entry.bytes();
        if entry.inner.len() > 1 {
            self.many_inside.insert(id);
        }
        self.bytes = self.bytes + after - before;
    }

    fn remove(&mut self, id: u64) {
        if let Some(entry) = self.entries.remove(&id) {
            self.bytes -= entry.bytes();
            self.many_inside.remove(&id);
        }
    }

    /// Begins another line that has the first `common` entries of this one. This one is kept, with the state at its
    /// present.
    pub(super) fn part(&mut self, common: usize, present: State) {
        self.lines += 1;
        let line = Line {
            number: self.lines,
            ids: self.line.ids[..common].to_vec(),
            at: common,
            tip: None,
            present: None,
        };
        self.exchange(line, present);
    }

    /// Goes on with another line; the one before is kept.
    pub(super) fn exchange(&mut self, line: Line, present: State) {
        let left = std::mem::replace(&mut self.line, line);
        self.others.push(Line {
            present: Some(Arc::new(present)),
            ..left
        });
        self.others.sort_by_key(|line| line.number);
    }

    /// Whether there is another line with this number.
    pub(super) fn has_other(&self, number: u32) -> bool {
        self.others.iter().any(|line| line.number == number)
    }

    /// Whether there was a line with this number.
    pub(super) fn had(&self, number: u32) -> bool {
        (1..=self.lines).contains(&number)
    }

    /// Takes a line that was left.
    pub(super) fn take(&mut self, number: u32) -> Option<Line> {
        let at = self.others.iter().position(|line| line.number == number)?;
        Some(self.others.remove(at))
    }

    /// Forgets all of it: nothing leads back.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.many_inside.clear();
        self.others.clear();
        self.line.ids.clear();
        self.line.at = 0;
        self.line.tip = None;
        self.bytes = 0;
        self.cut = true;
    }

    /// Bytes that all of it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a few more checkpoints would fit.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < self.budget / 8 * 7
    }

    /// How much it may take from here on; nothing for as much as at first.
    pub(super) fn set_budget(&mut self, bytes: Option<u64>) {
        self.budget = bytes.unwrap_or(BUDGET);
    }

    /// Forgets what there is no room for: first every second moment inside the entry that has most of them, then lines
    /// that were left, the oldest first, then the oldest commands. What only moments inside hold goes before any end.
    pub(super) fn shrink(&mut self) {
        while self.bytes > self.budget
            && (self.thin_out() || self.drop_line() || self.drop_commands())
        {}
    }

    /// Forgets moments inside entries as long as there is no room: every place stays within reach.
    pub(super) fn shrink_inside(&mut self) {
        while self.bytes > self.budget && self.thin_out() {}
    }

    /// Takes moments from inside the entry whose take most. False where none is left that can go.
    fn thin_out(&mut self) -> bool {
        let inside = |entry: &Entry| entry.bytes() - entry.bytes;
        let many = self.many_inside.iter();
        let most = many.max_by_key(|&id| self.entries.get(id).map_or(0, inside));
        let Some(id) = most.copied() else {
            return false;
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return false;
        };
        let before = entry.bytes();
        entry.thin_out();
        let after = entry.bytes();
        if entry.inner.len() <= 1 {
            self.many_inside.remove(&id);
        }
        self.bytes = self.bytes + after - before;
        true
    }

    /// Drops the oldest line that was left. False where there is none.
    pub(super) fn drop_line(&mut self) -> bool {
        if self.others.is_empty() {
            return false;
        }
        let line = self.others.remove(0);
        let others = self.others.iter().chain([&self.line]);
        let kept = others.map(|other| common(&other.ids, &line.ids)).max();
        for id in &line.ids[kept.unwrap_or(0)..] {
            self.remove(*id);
        }
        true
    }

    /// Drops the oldest commands, those that do not fit in any case. False where only one is left.
    fn drop_commands(&mut self) -> bool {
        let mut gone = 0;
        // The last one that is done stays, and what it leads back to.
        while self.bytes > self.budget && gone + 1 < self.line.at {
            self.remove(self.line.ids[gone]);
            gone += 1;
        }
        if gone == 0 {
            return false;
        }
        self.line.ids.drain(..gone);
        self.line.at -= gone;
        self.cut = true;
        // What it shared with those that are gone is the first one's now.
        if let Some(first) = self.entry_mut(0) {
            let before = first.bytes;
            first.bytes = first.before.bytes();
            let after = first.bytes;
            self.bytes = self.bytes + after - before;
        }
        true
    }
}

/// How many entries two lines have in common: those before the place where they parted. On each line entries have
/// ascending numbers.
fn common(one: &[u64], two: &[u64]) -> usize {
    one.partition_point(|id| two.binary_search(id).is_ok())
}
