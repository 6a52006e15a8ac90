//! Which block of a trace lives when, and how many bytes that makes.

use super::op::{IMPOSSIBLE_SIZE, Totals};

/// The life of one id's block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Life {
    /// Never allocated.
    Unborn,
    /// Asked for [`IMPOSSIBLE_SIZE`] or more, so that the program held NULL and may free it.
    Failed,
    /// Allocated on `line`.
    Live { line: u32, payload: u64 },
    /// Freed.
    Dead,
}

impl Life {
    /// What becomes of an id without a block when `size` is asked for.
    fn asked(size: u64, line: u32) -> Life {
        if size < IMPOSSIBLE_SIZE {
            Life::Live {
                line,
                payload: size,
            }
        } else {
            Life::Failed
        }
    }
}

/// The lives of all ids, with running sums.
///
/// `blocks` and `payload` always equal a recount over the live entries.
#[derive(Default, Debug)]
pub(super) struct Ledger {
    lives: Vec<Life>,
    blocks: u64,
    payload: u128,
    peak_payload: u128,
    totals: Totals,
}

impl Ledger {
    /// What `id` is doing.
    pub(super) fn life(&self, id: u32) -> Life {
        self.lives.get(id as usize).copied().unwrap_or(Life::Unborn)
    }

    /// `a`: `id` must have no block.
    pub(super) fn alloc(&mut self, id: u32, size: u64, line: u32) {
        debug_assert!(!matches!(self.life(id), Life::Live { .. }));
        self.totals.allocs += 1;
        self.ask(size);
        self.set(id, Life::asked(size, line));
    }

    /// `r`, with all that it may mean: an allocation, a free, a failure.
    pub(super) fn realloc(&mut self, id: u32, size: u64, line: u32) {
        self.totals.reallocs += 1;
        self.ask(size);
        match self.life(id) {
            Life::Live { .. } if size == 0 => self.set(id, Life::Dead),
            Life::Live { line, .. } if size < IMPOSSIBLE_SIZE => self.set(
                id,
                Life::Live {
                    line,
                    payload: size,
                },
            ),
            Life::Unborn | Life::Failed | Life::Dead if size > 0 => {
                self.set(id, Life::asked(size, line));
            }
            // A failed realloc leaves its block alone; realloc(NULL, 0) makes none here.
            Life::Live { .. } | Life::Unborn | Life::Failed | Life::Dead => {}
        }
    }

    /// `f` of an id; nothing happens if it has no block.
    pub(super) fn free(&mut self, id: u32) {
        self.totals.frees += 1;
        if let Life::Live { .. } | Life::Failed = self.life(id) {
            self.set(id, Life::Dead);
        }
    }

    /// `f -1`.
    pub(super) fn free_null(&mut self) {
        self.totals.frees += 1;
    }

    /// The lines on which the blocks live now were allocated.
    pub(super) fn live_lines(&self) -> impl Iterator<Item = u32> {
        self.lives.iter().filter_map(|life| match life {
            Life::Live { line, .. } => Some(*line),
            Life::Unborn | Life::Failed | Life::Dead => None,
        })
    }

    /// The sums so far.
    pub(super) fn totals(&self) -> Totals {
        Totals {
            peak_payload: saturated(self.peak_payload),
            end_payload: saturated(self.payload),
            end_blocks: self.blocks,
            ..self.totals
        }
    }

    fn ask(&mut self, size: u64) {
        self.totals.max_size = self.totals.max_size.max(size);
    }

    fn set(&mut self, id: u32, life: Life) {
        let index = id as usize;
        if index >= self.lives.len() {
            self.lives.resize(index + 1, Life::Unborn);
        }
        if let Life::Live { payload, .. } = std::mem::replace(&mut self.lives[index], life) {
            self.blocks -= 1;
            self.payload -= u128::from(payload);
        }
        if let Life::Live { payload, .. } = life {
            self.blocks += 1;
            self.payload += u128::from(payload);
        }
        self.totals.peak_blocks = self.totals.peak_blocks.max(self.blocks);
        self.peak_payload = self.peak_payload.max(self.payload);
    }
}

fn saturated(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}
