//! Single steps of a workload: calls on its heap, with what they leave in names, marks and counts.

use std::time::Instant;

use crate::heap::{Block, Flags, GRANULE};
use crate::lab::Step;
use crate::session::session::Session;
use crate::session::why::Request;
use crate::session::words::grouped;
use crate::view::Mark;

use super::{BASE, Running};

impl Session {
    /// Makes one step.
    pub(super) fn run_step(&mut self, running: &mut Running, step: Step, now: Instant) {
        match step {
            Step::Alloc { slot, size } => self.alloc_step(running, slot, size, now),
            Step::Free { slot } => self.free_step(running, slot, now),
            Step::Realloc { slot, size } => self.realloc_step(running, slot, size, now),
        }
    }

    fn alloc_step(&mut self, running: &mut Running, slot: usize, size: u64, now: Instant) {
        // An exception is a failure like NULL here: a workload goes on.
        let address = self.process.HeapAlloc(running.handle, 0, size as usize);
        let address = address.unwrap_or(0);
        if address == 0 {
            self.step_failed(running, &format!("HeapAlloc(heap, 0, {size})"), None, size);
            running.steps.failed(slot);
            return;
        }
        let payload = running.offset(address);
        running.tally.allocs += 1;
        let before = running.put(slot, Some(payload), self.operations);
        running.tally.live += u64::from(before.is_none());
        self.name_step(running, slot, payload);
        self.mark_step(self.step_range(running, payload), Mark::New, now);
    }

    fn free_step(&mut self, running: &mut Running, slot: usize, now: Instant) {
        // A person may have freed it meanwhile, and given its place to another block.
        let payload = running.put(slot, None, self.operations);
        running.tally.live -= u64::from(payload.is_some());
        let Some(payload) = payload.filter(|&payload| self.bears(running, payload, slot)) else {
            return;
        };
        let range = self.step_range(running, payload);
        let pointer = running.pointer(payload);
        if self.process.HeapFree(running.handle, 0, pointer) == Ok(true) {
            running.tally.frees += 1;
            self.mark_step(range, Mark::Freed, now);
        } else {
            let call = format!("HeapFree(heap, 0, {})", running.name(slot));
            self.step_failed(running, &call, Some(payload), 0);
        }
        self.forget_step(running, payload);
    }

    fn realloc_step(&mut self, running: &mut Running, slot: usize, size: u64, now: Instant) {
        let Some(old) = running.block(slot) else {
            // As realloc(NULL, size): recordings have it.
            return self.alloc_step(running, slot, size, now);
        };
        if !self.bears(running, old, slot) {
            return;
        }
        let pointer = running.pointer(old);
        let address = self
            .process
            .HeapReAlloc(running.handle, 0, pointer, size as usize)
            .unwrap_or(0);
        if address == 0 {
            let call = format!("HeapReAlloc(heap, 0, {}, {size})", running.name(slot));
            return self.step_failed(running, &call, Some(old), size);
        }
        let payload = running.offset(address);
        running.tally.reallocs += 1;
        running.put(slot, Some(payload), self.operations);
        self.forget_step(running, old);
        self.name_step(running, slot, payload);
        self.mark_step(self.step_range(running, payload), Mark::New, now);
    }

    /// Counts a failure; the first one is worded while what led to it can still be seen.
    fn step_failed(&self, running: &mut Running, call: &str, payload: Option<u64>, size: u64) {
        running.tally.failed += 1;
        if running.failure.is_some() {
            return;
        }
        let request = Request {
            payload,
            size,
            flags: Flags::NONE,
        };
        let why = self.slot(running.heap).map(|slot| slot.why(request));
        let nth = grouped(running.steps.done());
        running.failure = Some(format!(
            "operation {nth}, {call}: {}",
            why.unwrap_or_default()
        ));
    }

    /// First byte and bytes of a step's block, by its header, if someone watches.
    fn step_range(&self, running: &Running, payload: u64) -> Option<(u64, u64)> {
        let block = Block::of_payload(payload).filter(|_| running.watched)?;
        let slot = self.slot(running.heap)?;
        let header = slot.heap.look(|core| core.header_at(block));
        // A large block says in its header only that it is one.
        Some((block.address(), header.size().max(1) * GRANULE))
    }

    fn mark_step(&mut self, range: Option<(u64, u64)>, mark: Mark, now: Instant) {
        if let Some((from, bytes)) = range {
            self.marks.add_recent(now, from, bytes, mark);
        }
    }

    /// Names the block of a slot.
    fn name_step(&mut self, running: &mut Running, slot: usize, payload: u64) {
        running.renamed += 1;
        if self.nameless {
            return;
        }
        let (index, born) = (running.index(slot), self.operations);
        let table = self.names_mut(running.heap);
        if table.is_some_and(|table| !table.insert_as(BASE, Some(index), payload, born)) {
            self.be_odd(running);
        }
    }

    /// A block has its name no longer.
    fn forget_step(&mut self, running: &mut Running, payload: u64) {
        running.renamed += 1;
        if self.nameless {
            return;
        }
        if let Some(table) = self.names_mut(running.heap) {
            table.forget(payload);
        }
    }

    /// Whether the block with this payload still bears the name of a slot.
    fn bears(&mut self, running: &mut Running, payload: u64, slot: usize) -> bool {
        if self.nameless {
            return true;
        }
        let names = self.slot(running.heap).map(|slot| &slot.names);
        let index = Some(running.index(slot));
        let bears = names.is_some_and(|names| names.bears(payload, BASE, index));
        if !bears {
            self.be_odd(running);
        }
        bears
    }

    /// From here on names do not follow from the workload's blocks alone.
    fn be_odd(&mut self, running: &mut Running) {
        running.plain = false;
        self.note_odd_names();
    }
}
