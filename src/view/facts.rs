//! What is known of one block without looking at its neighbours: what filters ask about.

use crate::heap::{Entry, GRANULE, Header, NET_HEADER};
use crate::os::PAGE;

use super::Reader;
use super::picture::BlockState;

/// One block of a heap. Sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockFacts<'a> {
    /// Address of its first byte.
    pub address: u64,
    /// Bytes, header included.
    pub bytes: u64,
    /// Bytes asked for; 0 for a free block.
    pub asked: u64,
    /// Its state.
    pub state: BlockState,
    /// The name a person or a workload gave it.
    pub name: Option<&'a str>,
    /// The operation that made it.
    pub born: Option<u64>,
    /// Bytes that heapmin would additionally return if this block alone were freed; 0 unless asked for.
    pub pins: u64,
}

impl BlockFacts<'_> {
    /// Whether someone holds it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.state, BlockState::Busy | BlockState::Large)
    }

    /// Bytes that nobody asked for, headers not counted; 0 for a free block.
    #[must_use]
    pub fn slack(&self) -> u64 {
        let header = match self.state {
            BlockState::Busy => NET_HEADER,
            BlockState::Large => GRANULE,
            _ => return 0,
        };
        self.bytes.saturating_sub(self.asked + header)
    }
}

/// The facts of what a walk met, if that is a block: without name and birth, which the heap does not know, and without
/// what it pins, which costs a look at the pages around it.
#[must_use]
pub fn facts(core: &Reader<'_>, entry: Entry) -> Option<BlockFacts<'static>> {
    let (address, bytes, asked, state) = match entry {
        Entry::Block(block, header) => {
            let bytes = header.size() * GRANULE;
            if header.has(Header::BUSY) {
                let asked = bytes.saturating_sub(header.unused());
                (block.address(), bytes, asked, BlockState::Busy)
            } else {
                (block.address(), bytes, 0, BlockState::Free)
            }
        }
        Entry::Large(region) => {
            let address = core.large_block(region).address();
            let end = region.address() + core.region_committed(region) * PAGE;
            let asked = core.large_requested(region);
            let bytes = end.saturating_sub(address);
            (address, bytes, asked, BlockState::Large)
        }
        Entry::Damaged { address, bytes } => (address, bytes, 0, BlockState::Damaged),
        Entry::Segment(_) | Entry::Descriptor(..) | Entry::Uncommitted { .. } => return None,
    };
    Some(BlockFacts {
        address,
        bytes,
        asked,
        state,
        name: None,
        born: None,
        pins: 0,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::heap::{Flags, Heap, Options};
    use crate::os::CommitLimit;

    #[test]
    fn facts_of_a_heap_are_those_of_its_counters() {
        let limit = Arc::new(CommitLimit::new(1 << 30));
        let heap = Heap::new(&Options::default(), &limit).unwrap();
        for size in [1, 40, 41, 5000, 2 << 20] {
            heap.alloc(size, Flags::NONE).unwrap();
        }
        let figures = crate::view::figures(&heap);
        let line = crate::view::memory_line(&heap, (0, 0));
        heap.look(|core| {
            let all: Vec<_> = core
                .walk()
                .filter_map(|entry| facts(&core, entry))
                .collect();
            let sum = |busy: bool, of: fn(&BlockFacts<'static>) -> u64| -> u64 {
                let those = all.iter().filter(|block| block.is_busy() == busy);
                those.map(of).sum()
            };
            assert_eq!(sum(true, |_| 1), figures.busy_blocks);
            // The descriptor before a large block is counted with it there.
            let descriptor = core.large_overhead() - GRANULE;
            assert_eq!(
                sum(true, |block| block.bytes) + descriptor,
                figures.busy_bytes
            );
            assert_eq!(sum(true, |block| block.asked), figures.requested);
            assert_eq!(sum(true, BlockFacts::slack), line.slack);
            assert_eq!(sum(false, |block| block.bytes), figures.free_bytes);
            assert_eq!(sum(false, BlockFacts::slack), 0);
        });
    }
}
