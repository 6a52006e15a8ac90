//! The blocks of a workload, by slot.

use crate::heap::GRANULE;

use super::Running;

/// A block of a workload: where it is, and when it came to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// The payload, in granules; [`NOWHERE`] for none.
    granule: u32,
    /// Operations of the session between the workload's begin and its own.
    born: u32,
}

/// The payload of no block.
const NOWHERE: u32 = u32::MAX;

impl Held {
    const NONE: Held = Held {
        granule: NOWHERE,
        born: 0,
    };

    fn payload(self) -> Option<u64> {
        (self.granule != NOWHERE).then(|| u64::from(self.granule) * GRANULE)
    }
}

impl Running {
    /// The payload of the block in a slot.
    pub(super) fn block(&self, slot: usize) -> Option<u64> {
        self.blocks.get(slot)?.payload()
    }

    /// How many slots it has.
    pub(in crate::session) fn slots(&self) -> usize {
        self.blocks.len()
    }

    /// Payload and operation of birth of the block in a slot.
    pub(in crate::session) fn born(&self, slot: usize) -> Option<(u64, u64)> {
        let held = self.blocks.get(slot)?;
        Some((held.payload()?, self.begin + u64::from(held.born)))
    }

    /// The index of the first slot's name.
    pub(in crate::session) fn first_name(&self) -> u64 {
        self.first_name
    }

    /// Puts a block into a slot, or none. Answers with the one that was there.
    pub(super) fn put(&mut self, slot: usize, payload: Option<u64>, operation: u64) -> Option<u64> {
        while self.blocks.len() <= slot {
            self.blocks.push(Held::NONE);
        }
        let held = payload.map_or(Held::NONE, |payload| self.held(payload, operation));
        std::mem::replace(self.blocks.get_mut(slot)?, held).payload()
    }

    /// A block as its slot has it. What is odd about it has to stand in the names.
    fn held(&mut self, payload: u64, operation: u64) -> Held {
        let born = u32::try_from(operation.saturating_sub(self.begin));
        let granule = u32::try_from(payload / GRANULE).unwrap_or(NOWHERE);
        self.plain &= born.is_ok() && granule != NOWHERE && payload.is_multiple_of(GRANULE);
        Held {
            granule,
            born: born.unwrap_or(u32::MAX),
        }
    }
}
