//! Lines of history: their entries, and what is kept of them within the budget.

use std::collections::HashMap;
use std::sync::Arc;

use crate::session::Command;
use crate::session::run::Running;
use crate::session::timeline::letter;

use super::state::State;

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
    pub(super) state: State,
    pub(super) running: Running,
}

/// A command that changed something.
#[derive(Clone)]
pub(super) struct Entry {
    /// As it would be typed.
    pub(super) command: Arc<str>,
    pub(super) again: Again,
    pub(super) before: Arc<State>,
    /// Operations that it made; `None` as long as it goes on.
    pub(super) made: Option<u64>,
    /// Moments inside, by their operations.
    pub(super) inner: Vec<Inner>,
    /// Bytes that the state before takes beside that of the entry before.
    pub(super) bytes: u64,
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
    next_id: u64,
    /// The line that is gone on.
    pub(super) line: Line,
    /// The others, by number.
    pub(super) others: Vec<Line>,
    /// Lines so far.
    lines: u32,
    /// Bytes that all of it may take.
    pub(super) budget: u64,
}

impl Default for History {
    fn default() -> History {
        History {
            entries: HashMap::new(),
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
        let pairs = self.line.ids.iter().zip(&other.ids);
        pairs.take_while(|(one, two)| one == two).count()
    }

    /// Adds an entry behind the last one that is done.
    pub(super) fn push(
        &mut self,
        command: Arc<str>,
        again: Again,
        before: State,
        made: Option<u64>,
    ) {
        let last = self
            .line
            .at
            .checked_sub(1)
            .and_then(|last| self.entry(last));
        let bytes = last.map_or_else(|| before.bytes(), |last| before.bytes_beside(&last.before));
        let entry = Entry {
            command,
            again,
            before: Arc::new(before),
            made,
            inner: Vec::new(),
            bytes,
        };
        self.add(entry);
    }

    /// Adds an entry behind the last one that is done.
    pub(super) fn add(&mut self, entry: Entry) {
        self.next_id += 1;
        self.entries.insert(self.next_id, entry);
        self.line.ids.push(self.next_id);
        self.line.at += 1;
        self.line.tip = None;
    }

    /// Forgets the last entry that is done.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.line.at = self.line.at.checked_sub(1)?;
        let id = self.line.ids.pop()?;
        self.entries.remove(&id)
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

    /// Takes a line that was left.
    pub(super) fn take(&mut self, number: u32) -> Option<Line> {
        let at = self.others.iter().position(|line| line.number == number)?;
        Some(self.others.remove(at))
    }

    /// Forgets all of it: nothing leads back.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.others.clear();
        self.line.ids.clear();
        self.line.at = 0;
        self.line.tip = None;
    }

    /// Bytes that all of it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.entries.values().map(|entry| entry.bytes).sum()
    }

    /// How much it may take from here on; nothing for as much as at first.
    pub(super) fn set_budget(&mut self, bytes: Option<u64>) {
        self.budget = bytes.unwrap_or(BUDGET);
    }

    /// Forgets what there is no room for: first lines that were left, the oldest first, then the oldest commands.
    pub(super) fn shrink(&mut self) {
        let mut bytes = self.bytes();
        while bytes > self.budget {
            if self.others.is_empty() {
                if self.line.ids.len() <= 1 {
                    return;
                }
                self.line.ids.remove(0);
                self.line.at = self.line.at.saturating_sub(1);
            } else {
                self.others.remove(0);
            }
            self.sweep();
            bytes = self.bytes();
        }
    }

    /// Drops entries that no line has.
    fn sweep(&mut self) {
        let lines = self.others.iter().chain([&self.line]);
        let kept: std::collections::HashSet<u64> =
            lines.flat_map(|line| line.ids.iter().copied()).collect();
        self.entries.retain(|id, _| kept.contains(id));
    }
}
