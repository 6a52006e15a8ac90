//! The heap's calls through any [`Access`]: locked and counted as its own are.

use crate::os::CannotReturn;

use super::super::access::Access;
use super::super::alloc::{Freed, Placed, Resized};
use super::super::compact::Compacted;
use super::super::control::Core;
use super::super::finding::{AllocError, Finding};
use super::super::flags::Flags;
use super::super::minimize::Minimized;
use super::{Heap, MinimizeError, add, findings, first_finding};

/// A heap whose next call reaches its arena in another way: with [`Traced`](crate::heap::Traced) it tells its steps.
#[derive(Clone, Copy, Debug)]
pub struct Through<'a, A> {
    heap: &'a Heap,
    access: A,
}

impl Heap {
    /// The heap's calls through another [`Access`] to its memory.
    #[inline(always)]
    pub fn through<A: Access>(&self, access: A) -> Through<'_, A> {
        Through { heap: self, access }
    }
}

impl<A: Access> Through<'_, A> {
    #[inline(always)]
    fn core(&self) -> Core<'_, A> {
        Core::new(self.access, self.heap.layout)
    }

    /// As [`Heap::alloc`].
    ///
    /// # Errors
    /// As there.
    #[inline(always)]
    pub fn alloc(self, size: u64, call: Flags) -> Result<Placed, AllocError> {
        let (heap, core) = (self.heap, self.core());
        let _turn = heap.turn(self.access, core.settings().serialized(call));
        match core.alloc(size, call) {
            Ok(Placed {
                payload,
                probes,
                grew,
            }) => {
                add(&heap.counters.allocs, 1);
                add(&heap.counters.probes, probes);
                Ok(Placed {
                    payload,
                    probes,
                    grew,
                })
            }
            Err(error) => Err(heap.fail(error)),
        }
    }

    /// As [`Heap::free`].
    ///
    /// # Errors
    /// As there.
    #[inline(always)]
    pub fn free(self, payload: u64, call: Flags) -> Result<Freed, AllocError> {
        let (heap, core) = (self.heap, self.core());
        let _turn = heap.turn(self.access, core.settings().serialized(call));
        match core.free(payload) {
            Ok(Freed {
                requested,
                returned_pages,
            }) => {
                add(&heap.counters.frees, 1);
                heap.count_returned(returned_pages);
                Ok(Freed {
                    requested,
                    returned_pages,
                })
            }
            Err(error) => Err(heap.fail(error)),
        }
    }

    /// As [`Heap::realloc`].
    ///
    /// # Errors
    /// As there.
    pub fn realloc(self, payload: u64, size: u64, call: Flags) -> Result<Resized, AllocError> {
        self.heap.realloc_in_turn(self.core(), payload, size, call)
    }

    /// As [`Heap::compact`].
    ///
    /// # Errors
    /// As there.
    pub fn compact(self, call: Flags) -> Result<Compacted, Finding> {
        self.heap.with(self.access, call, |core| {
            first_finding(core)?;
            let done = core.compact();
            add(&self.heap.counters.merged, done.merged);
            Ok(done)
        })
    }

    /// As [`Heap::minimize`].
    ///
    /// # Errors
    /// As there.
    pub fn minimize(self, call: Flags) -> Result<Minimized, MinimizeError> {
        self.heap.with(self.access, call, |core| {
            if !self.heap.memory.can_return() {
                return Err(MinimizeError::CannotReturn(CannotReturn));
            }
            first_finding(core)?;
            let done = core.minimize()?;
            add(&self.heap.counters.pages_heapmin, done.pages);
            Ok(done)
        })
    }

    /// As [`Heap::validate`].
    pub fn validate(self, call: Flags, most: usize) -> (Vec<Finding>, u64) {
        self.heap
            .with(self.access, call, |core| findings(core, most))
    }

    /// As [`Heap::set_coalesce`].
    pub fn set_coalesce(self, on: bool) -> u64 {
        let merged = self
            .heap
            .with(self.access, Flags::NONE, |core| core.set_coalesce(on));
        add(&self.heap.counters.merged, merged);
        merged
    }
}
