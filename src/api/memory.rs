//! What a program's own instructions do to its memory, sound or not: no call, no lock, no check.

use crate::os::PAGE;

use super::error::Exception;
use super::process::Process;

/// A store that met a page that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{exception} after {stored} bytes")]
pub struct Violation {
    /// Bytes stored before it.
    pub stored: u64,
    /// What the processor raises.
    pub exception: Exception,
}

impl Process {
    /// Stores `bytes` at `address`, lowest first, as the program's own instructions would. Only committed pages of heaps
    /// are memory here.
    ///
    /// # Errors
    /// [`Violation`] at the first byte on any other page; those before it are stored.
    pub fn store(&self, address: usize, bytes: &[u8]) -> Result<(), Violation> {
        let mut stored = 0;
        while stored < bytes.len() {
            let rest = &bytes[stored..];
            let at = address.wrapping_add(stored);
            // As far as the page goes.
            let room = PAGE as usize - at % PAGE as usize;
            let part = &rest[..room.min(rest.len())];
            if !self.store_in_page(at, part) {
                return Err(Violation {
                    stored: stored as u64,
                    exception: Exception::ACCESS_VIOLATION,
                });
            }
            stored += part.len();
        }
        Ok(())
    }

    /// Stores bytes within one page, if that is memory of a heap.
    fn store_in_page(&self, address: usize, bytes: &[u8]) -> bool {
        let Some((heap, offset)) = self.heap_at(address) else {
            return false;
        };
        // The tables behind the space are no memory of the process.
        heap.look(|core| {
            let is_there = offset < heap.layout().space && core.is_committed(offset / PAGE);
            if is_there {
                core.write_bytes(offset, bytes);
            }
            is_there
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::heap::Options;
    use crate::os::CommitLimit;

    #[test]
    fn stores_end_where_the_committed_pages_end_and_touch_nothing_behind() {
        let process = Process::new(Arc::new(CommitLimit::new(1 << 30))).unwrap();
        let handle = process.create_with(&Options::default()).unwrap();
        let (heap, _) = process.heap_at(handle).unwrap();
        let before = heap.image(None);
        let tables = handle + heap.layout().space as usize;
        for (address, length, stored) in [
            (handle + 0x1F00, 0x100, None),
            (handle + 0x1F00, 0x101, Some(0x100)),
            (handle + 0x1F01, 0x2000, Some(0xFF)),
            (handle + 0x2000, 1, Some(0)),
            (handle - 1, 2, Some(0)),
            (tables, 8, Some(0)),
            (usize::MAX, 8, Some(0)),
        ] {
            let result = process.store(address, &vec![0x4F; length]);
            let met = result.err().map(|violation| violation.stored);
            assert_eq!(met, stored, "{length:#x} at {address:#x}");
        }
        assert_eq!(heap.image(None).resident_pages(), before.resident_pages());
        let bytes = |at| heap.look(|core| core.byte(at));
        assert_eq!(
            [bytes(0x1EFF), bytes(0x1F00), bytes(0x1FFF)],
            [0, 0x4F, 0x4F]
        );
    }
}
