//! Where operations become a trace: dense ids, lives, notes.

use super::ids::Ids;
use super::ledger::{Ledger, Life};
use super::note::{Oddity, Tally};
use super::op::{Header, IMPOSSIBLE_SIZE, Op, Trace};

/// A trace in the making. Ids are given as the numbers of the file.
#[derive(Default, Debug)]
pub(super) struct Intake {
    ids: Ids,
    ledger: Ledger,
    ops: Vec<Op>,
    /// For the reader's own notes too.
    pub(super) tally: Tally,
}

impl Intake {
    /// `a number size`, read on `line`.
    pub(super) fn alloc(&mut self, number: u64, size: u64, line: u32) {
        let mut id = self.ids.id(number, line);
        match self.ledger.life(id) {
            Life::Unborn | Life::Failed => {}
            Life::Dead => self.tally.add(Oddity::IdReused, line),
            Life::Live { .. } => {
                self.tally.add(Oddity::AllocOfLive, line);
                id = self.ids.renew(number);
            }
        }
        self.note_size(size, line);
        self.ledger.alloc(id, size, line);
        self.ops.push(Op::Alloc { id, size });
    }

    /// `r number size`.
    pub(super) fn realloc(&mut self, number: u64, size: u64, line: u32) {
        let id = self.ids.id(number, line);
        let life = self.ledger.life(id);
        if size == 0 {
            self.tally.add(Oddity::ReallocToZero, line);
        } else if matches!(life, Life::Unborn | Life::Dead) {
            self.tally.add(Oddity::ReallocOfNone, line);
            if life == Life::Dead {
                self.tally.add(Oddity::IdReused, line);
            }
        }
        self.note_size(size, line);
        self.ledger.realloc(id, size, line);
        self.ops.push(Op::Realloc { id, size });
    }

    /// `f number`.
    pub(super) fn free(&mut self, number: u64, line: u32) {
        let id = self.ids.id(number, line);
        if matches!(self.ledger.life(id), Life::Unborn | Life::Dead) {
            self.tally.add(Oddity::FreeOfNone, line);
        }
        self.ledger.free(id);
        self.ops.push(Op::Free { id });
    }

    /// `f -1`.
    pub(super) fn free_null(&mut self, line: u32) {
        self.tally.add(Oddity::FreeOfNull, line);
        self.ledger.free_null();
        self.ops.push(Op::FreeNull);
    }

    /// Operations so far.
    pub(super) fn len(&self) -> usize {
        self.ops.len()
    }

    /// Ids given out so far.
    pub(super) fn ids(&self) -> u32 {
        self.ids.count()
    }

    /// Different numbers so far.
    pub(super) fn distinct(&self) -> u64 {
        self.ids.distinct()
    }

    /// Peak payload so far.
    pub(super) fn peak(&self) -> u64 {
        self.ledger.totals().peak_payload
    }

    /// The finished trace.
    pub(super) fn finish(mut self, header: Header) -> Trace {
        if let Some((missing, line)) = self.ids.gap() {
            self.tally.add_many(Oddity::IdGap, missing, line);
        }
        let totals = self.ledger.totals();
        if let Some(line) = self.ledger.live_lines().min() {
            self.tally
                .add_many(Oddity::LiveAtEnd, totals.end_blocks, line);
        }
        Trace {
            header,
            ops: self.ops,
            ids: self.ids.count(),
            totals,
            notes: self.tally.into_notes(),
            file_ids: self.ids.into_file_ids(),
        }
    }

    fn note_size(&mut self, size: u64, line: u32) {
        if size >= IMPOSSIBLE_SIZE {
            self.tally.add(Oddity::ImpossibleSize, line);
        }
    }
}
