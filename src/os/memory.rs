//! A heap's memory: a reserved mapping, or a fixed buffer that cannot give pages back.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use super::mapping::Mapping;
use super::written::Written;
use super::{CommitLimit, PAGE, residency};

/// One contiguous range of words. See the module's documentation for its contract.
#[derive(Debug)]
pub struct Memory {
    source: Source,
    limit: Arc<CommitLimit>,
    /// What this memory has charged to `limit`, so that dropping it can end the charge.
    charged: AtomicU64,
    /// The byte behind the last that was ever taken into use. Never less: what is damaged lies in the range, this does not.
    reached: AtomicU64,
    /// What is written, once someone wants to know.
    written: OnceLock<Written>,
}

#[derive(Debug)]
enum Source {
    Mapped(Mapping),
    Buffer(Vec<AtomicU64>),
}

/// The session's commit limit does not allow the commit. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("commit {wanted} bytes: the session's commit limit is {limit} and {used} are in use")]
pub struct CommitRefused {
    /// Bytes asked for.
    pub wanted: u64,
    /// The limit.
    pub limit: u64,
    /// Bytes committed by all heaps together.
    pub used: u64,
}

/// This memory cannot give pages back to the system. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("give pages back: the heap's memory is a fixed buffer")]
pub struct CannotReturn;

/// The system does not grant the addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("reserve {bytes} bytes of addresses: {reason}")]
pub struct ReserveFailed {
    /// Bytes asked for.
    pub bytes: u64,
    /// What the system said.
    pub reason: rustix::io::Errno,
}

impl Memory {
    /// Reserves `bytes` of addresses, a multiple of [`PAGE`]. No page is touched.
    ///
    /// # Errors
    /// [`ReserveFailed`] when the system refuses, as under `ulimit -v`.
    pub fn reserve(bytes: u64, limit: Arc<CommitLimit>) -> Result<Memory, ReserveFailed> {
        let failed = |reason| ReserveFailed { bytes, reason };
        let length = usize::try_from(bytes).map_err(|_| failed(rustix::io::Errno::NOMEM))?;
        let mapping = Mapping::new(length).map_err(failed)?;
        Ok(Memory {
            source: Source::Mapped(mapping),
            limit,
            charged: AtomicU64::new(0),
            reached: AtomicU64::new(0),
            written: OnceLock::new(),
        })
    }

    /// A buffer of `bytes` (a multiple of [`PAGE`]) from the ordinary allocator, which keeps its pages until it is
    /// dropped: what a platform without `mmap` can offer.
    #[must_use]
    pub fn buffer(bytes: u64, limit: Arc<CommitLimit>) -> Memory {
        let words = (0..bytes / 8).map(|_| AtomicU64::new(0)).collect();
        Memory {
            source: Source::Buffer(words),
            limit,
            charged: AtomicU64::new(0),
            reached: AtomicU64::new(0),
            written: OnceLock::new(),
        }
    }

    /// Keeps notes from here on of what is written.
    ///
    /// # Errors
    /// [`ReserveFailed`] when the system grants no addresses for them: there are none then.
    pub fn note_writes(&self) -> Result<(), ReserveFailed> {
        if self.written.get().is_none() {
            let notes = Written::new(self.bytes() / PAGE)?;
            let _ = self.written.set(notes);
        }
        Ok(())
    }

    /// What was written, if notes are kept: whoever stores words has to note them.
    #[inline]
    #[must_use]
    pub fn written(&self) -> Option<&Written> {
        self.written.get()
    }

    /// The words of the range.
    #[must_use]
    pub fn words(&self) -> &[AtomicU64] {
        match &self.source {
            Source::Mapped(mapping) => mapping.words(),
            Source::Buffer(words) => words,
        }
    }

    /// Bytes of the range.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.words().len() as u64 * 8
    }

    /// Address of the first byte in this process.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.words().as_ptr() as u64
    }

    /// Whether pages can be given back at all.
    #[must_use]
    pub fn can_return(&self) -> bool {
        matches!(self.source, Source::Mapped(_))
    }

    /// The limit that commits are charged to.
    #[must_use]
    pub fn limit(&self) -> &Arc<CommitLimit> {
        &self.limit
    }

    /// Notes that addresses below `end` bytes are about to be used.
    pub fn reach(&self, end: u64) {
        self.reached.fetch_max(end, Relaxed);
    }

    /// The byte behind the last that was ever taken into use: what is looked for in damaged memory need not be looked
    /// for behind it.
    #[inline]
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.reached.load(Relaxed)
    }

    /// Bytes that this memory has charged to the session.
    #[must_use]
    pub fn charged(&self) -> u64 {
        self.charged.load(Relaxed)
    }

    /// Charges `bytes` to the session.
    ///
    /// # Errors
    /// [`CommitRefused`] when the limit does not allow it.
    pub fn commit(&self, bytes: u64) -> Result<(), CommitRefused> {
        if !self.limit.charge(bytes) {
            return Err(CommitRefused {
                wanted: bytes,
                limit: self.limit.limit(),
                used: self.limit.used(),
            });
        }
        self.charged.fetch_add(bytes, Relaxed);
        Ok(())
    }

    /// Ends the charge for `pages` (numbers of pages of the range) and gives them back: they read as zero afterwards.
    ///
    /// # Errors
    /// [`CannotReturn`] from a buffer; the charge stays.
    pub fn decommit(&self, pages: Range<u64>) -> Result<(), CannotReturn> {
        self.discard(pages.clone())?;
        let bytes = (pages.end - pages.start) * PAGE;
        // Racing heaps may decommit twice what they committed once; the books then stop at zero.
        let ended = |charged: u64| Some(charged.saturating_sub(bytes));
        let before = self
            .charged
            .try_update(Relaxed, Relaxed, ended)
            .unwrap_or(0);
        self.limit.discharge(before.min(bytes));
        Ok(())
    }

    /// Gives pages back without touching the books.
    ///
    /// # Errors
    /// [`CannotReturn`] from a buffer.
    pub fn discard(&self, pages: Range<u64>) -> Result<(), CannotReturn> {
        let Source::Mapped(mapping) = &self.source else {
            return Err(CannotReturn);
        };
        if let Some(written) = self.written() {
            written.note_pages(pages.clone());
        }
        let (from, to) = (pages.start * PAGE, pages.end * PAGE);
        let system = rustix::param::page_size() as u64;
        let (inner_from, inner_to) = (from.next_multiple_of(system), to / system * system);
        if inner_from >= inner_to {
            self.clear(from..to);
            return Ok(());
        }
        mapping.discard(inner_from as usize, (inner_to - inner_from) as usize);
        self.clear(from..inner_from);
        self.clear(inner_to..to);
        Ok(())
    }

    /// Zeroes bytes that share a larger system page with memory in use.
    fn clear(&self, bytes: Range<u64>) {
        for word in &self.words()[(bytes.start / 8) as usize..(bytes.end / 8) as usize] {
            word.store(0, Relaxed);
        }
    }

    /// Sets what this memory is charged with, beyond the limit if need be: for restoring a copy of a heap.
    pub fn recharge(&self, bytes: u64) {
        let before = self.charged.swap(bytes, Relaxed);
        self.limit.charge_anyway(bytes);
        self.limit.discharge(before);
    }

    /// Asks the kernel for each of `pages` whether it holds memory of its own, and calls `each(page, resident)` in
    /// order. A page that was only ever read shares the kernel's zero page and is not resident. Touches nothing.
    /// `None` where the kernel does not tell (no pagemap, or a buffer).
    pub fn resident(&self, pages: Range<u64>, each: impl FnMut(u64, bool)) -> Option<()> {
        if !self.can_return() {
            return None;
        }
        residency::read(self.base(), pages, each)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.limit.discharge(*self.charged.get_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(pages: u64) -> Memory {
        Memory::reserve(pages * PAGE, Arc::new(CommitLimit::new(1 << 30))).unwrap()
    }

    fn residency(memory: &Memory) -> Vec<bool> {
        let mut seen = Vec::new();
        memory
            .resident(0..memory.bytes() / PAGE, |_, resident| seen.push(resident))
            .unwrap();
        seen
    }

    #[test]
    fn only_written_pages_are_resident_and_discarded_ones_are_not() {
        let memory = memory(4);
        let word = |page: usize| &memory.words()[page * 512];
        assert_eq!(word(0).load(Relaxed), 0);
        word(1).store(7, Relaxed);
        word(3).store(9, Relaxed);
        assert_eq!(residency(&memory), [false, true, false, true]);
        memory.decommit(1..2).unwrap();
        assert_eq!(residency(&memory), [false, false, false, true]);
        assert_eq!(word(1).load(Relaxed), 0);
    }

    #[test]
    fn sixty_four_gibibytes_of_addresses_cost_nothing() {
        let memory = memory((64 << 30) / PAGE);
        memory.words()[memory.words().len() - 1].store(1, Relaxed);
        assert_eq!(memory.limit().used(), 0);
        assert_eq!(memory.base() % 0x10000, 0);
    }

    #[test]
    fn a_buffer_refuses_to_give_pages_back() {
        let buffer = Memory::buffer(2 * PAGE, Arc::new(CommitLimit::new(1 << 30)));
        buffer.words()[0].store(5, Relaxed);
        assert_eq!(buffer.decommit(0..1), Err(CannotReturn));
        assert_eq!(buffer.words()[0].load(Relaxed), 5);
        assert_eq!(buffer.resident(0..1, |_, _| ()), None);
    }

    #[test]
    fn dropping_memory_ends_its_charge() {
        let limit = Arc::new(CommitLimit::new(3 * PAGE));
        let memory = Memory::reserve(8 * PAGE, Arc::clone(&limit)).unwrap();
        memory.commit(2 * PAGE).unwrap();
        let refused = memory.commit(2 * PAGE).unwrap_err();
        assert_eq!((refused.limit, refused.used), (3 * PAGE, 2 * PAGE));
        drop(memory);
        assert_eq!(limit.used(), 0);
    }
}
