//! The names that the blocks of threads have while these stand.

use std::sync::Arc;

use crate::lab::crew::Parked;
use crate::session::names::NameTable;
use crate::session::session::Session;

use super::AtWork;

impl Session {
    /// Gives the blocks that threads hold their names, while nobody is inside a call.
    pub(super) fn name_blocks(&mut self, parked: &Parked) {
        let Some(mut work) = self.crew.take() else {
            return;
        };
        self.forget_names(&mut work);
        work.named = parked
            .held()
            .into_iter()
            .map(|held| (held, work.name(&held)))
            .collect();
        if let Some(table) = self.names_of(&work) {
            for (held, name) in &work.named {
                table.insert(name, held.payload, work.from + held.born);
            }
        }
        work.changes = self.changes;
        self.crew = Some(work);
    }

    /// Takes the names back: while threads work, nobody knows whose a block is.
    pub(super) fn forget_names(&mut self, work: &mut AtWork) {
        let named = std::mem::take(&mut work.named);
        let Some(table) = self.names_of(work).filter(|_| !named.is_empty()) else {
            return;
        };
        for (held, name) in named {
            if table
                .owner(held.payload)
                .is_some_and(|owned| owned.name == name)
            {
                table.remove(held.payload);
            }
        }
    }

    fn names_of(&mut self, work: &AtWork) -> Option<&mut NameTable> {
        let (heap, handle) = (work.heap, work.handle);
        let slot = self.slot_mut(heap).filter(|slot| slot.handle == handle)?;
        Some(Arc::make_mut(&mut slot.names))
    }
}
