//! Memory for the peers: what heapwalk's own arenas are made of, handed out from the bottom up in pages.

use std::cell::Cell;
use std::sync::Arc;

use heapwalk::os::{CommitLimit, Memory, PAGE};

/// Addresses a peer may use.
const SPACE: u64 = 4 << 30;

/// A reserved range that grows at its end and never shrinks.
#[derive(Debug)]
pub(crate) struct Region {
    memory: Memory,
    used: Cell<u64>,
}

impl Region {
    pub(crate) fn new() -> Region {
        let limit = Arc::new(CommitLimit::new(u64::MAX));
        Region {
            memory: Memory::reserve(SPACE, limit).expect("addresses for a peer's heap"),
            used: Cell::new(0),
        }
    }

    /// The first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        // Words behind atomics may be written through a shared pointer.
        self.memory.words().as_ptr().cast_mut().cast()
    }

    /// Bytes in use, a multiple of a page: the high-water mark.
    pub(crate) fn used(&self) -> u64 {
        self.used.get()
    }

    /// Takes `bytes` more, rounded up to pages. Answers with their first byte and number.
    pub(crate) fn grow(&self, bytes: u64) -> Option<(*mut u8, usize)> {
        let (start, bytes) = (self.used.get(), bytes.checked_next_multiple_of(PAGE)?);
        let end = start.checked_add(bytes).filter(|&end| end <= SPACE)?;
        self.used.set(end);
        Some((
            self.base().wrapping_add(usize::try_from(start).ok()?),
            usize::try_from(bytes).ok()?,
        ))
    }
}
