//! HeapWalk's entries, and the step from one to the next.

use crate::heap::{Access, Block, Core, Entry, Header, Region, RegionKind};
use crate::os::PAGE;

/// `wFlags`: a segment begins; [`PROCESS_HEAP_ENTRY::Region`] holds.
pub const PROCESS_HEAP_REGION: u16 = 0x1;
/// `wFlags`: addresses that are reserved and not committed.
pub const PROCESS_HEAP_UNCOMMITTED_RANGE: u16 = 0x2;
/// `wFlags`: a block that is handed out.
pub const PROCESS_HEAP_ENTRY_BUSY: u16 = 0x4;
/// `wFlags`: a moveable block. Never reported.
pub const PROCESS_HEAP_ENTRY_MOVEABLE: u16 = 0x10;
/// `wFlags`: a block shared with other processes. Never reported.
pub const PROCESS_HEAP_ENTRY_DDESHARE: u16 = 0x20;

/// One thing that HeapWalk reports, 40 bytes as on Windows.
///
/// ```text
///  free block   | header and links: 32 bytes | cbData bytes           |
///                                            lpData
///  busy block   | header: 16 | cbData bytes | the rest of cbOverhead  |
///                            lpData
/// ```
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PROCESS_HEAP_ENTRY {
    /// The data: a busy block's payload, a free block's bytes behind its links, a segment, a range. NULL begins a walk.
    pub lpData: usize,
    /// Bytes of it: as asked for (at most 4 GiB are told), free, of a segment's header, of a range.
    pub cbData: u32,
    /// Bytes of the block beside `cbData`; 0 for a large block, a segment and a range.
    pub cbOverhead: u8,
    /// The segment, from 0 in the order of creation (63 for that and all later ones); 64 for a large block.
    pub iRegionIndex: u8,
    /// `PROCESS_HEAP_…` bits; 0 for a free block.
    pub wFlags: u16,
    /// What is told of a segment. On Windows a moveable block's handle shares this place; there are none here.
    pub Region: PROCESS_HEAP_REGION_BLOCK,
}

/// What an entry tells of a segment.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PROCESS_HEAP_REGION_BLOCK {
    /// Bytes committed.
    pub dwCommittedSize: u32,
    /// Bytes reserved and not committed.
    pub dwUnCommittedSize: u32,
    /// Payload of the first block.
    pub lpFirstBlock: usize,
    /// The first byte behind the segment.
    pub lpLastBlock: usize,
}

/// Bytes before what a walk reports of a free block: header and links.
const FREE_OVERHEAD: u64 = 32;
/// `iRegionIndex` of large blocks.
const LARGE_INDEX: u8 = 64;

/// The entry to step from is not one of this heap, or what follows it cannot be read.
pub(super) struct Lost;

/// What follows `entry` in the heap at `base`. Costs the same wherever the walk stands.
pub(super) fn step<A: Access>(
    core: Core<'_, A>,
    base: usize,
    entry: &PROCESS_HEAP_ENTRY,
) -> Result<Option<PROCESS_HEAP_ENTRY>, Lost> {
    if !core.is_arena() {
        return Err(Lost);
    }
    if entry.lpData == 0 {
        let first = core.first_region(RegionKind::Segment).ok_or(Lost)?;
        return describe(core, base, Entry::Segment(first), 0).map(Some);
    }
    let from = recognise(core, base, entry).ok_or(Lost)?;
    let next = core
        .walk_behind(from)
        .find(|next| !matches!(next, Entry::Descriptor(..)));
    if breaks_off(core, from, next) {
        return Err(Lost);
    }
    next.map(|next| describe(core, base, next, entry.iRegionIndex))
        .transpose()
}

/// What in the heap an entry was made of.
fn recognise<A: Access>(
    core: Core<'_, A>,
    base: usize,
    entry: &PROCESS_HEAP_ENTRY,
) -> Option<Entry> {
    let at = entry.lpData.checked_sub(base)? as u64;
    if entry.wFlags & PROCESS_HEAP_REGION != 0 {
        let segment = core.region_at(at).filter(|region| region.address() == at)?;
        let is_segment = core.region_kind(segment) == Some(RegionKind::Segment);
        return is_segment.then_some(Entry::Segment(segment));
    }
    if entry.wFlags & PROCESS_HEAP_UNCOMMITTED_RANGE != 0 {
        return core.uncommitted_at(at);
    }
    let block = if entry.wFlags & PROCESS_HEAP_ENTRY_BUSY != 0 {
        Block::of_payload(at)
    } else {
        Block::at(at.checked_sub(FREE_OVERHEAD)?)
    };
    core.entry_at(block?)
}

/// Whether a step leaves the list of segments, or that of large blocks, before its last region: the list is damaged.
fn breaks_off<A: Access>(core: Core<'_, A>, from: Entry, next: Option<Entry>) -> bool {
    let (region, kind) = match from {
        Entry::Large(region) => (Some(region), RegionKind::Large),
        Entry::Segment(region) => (Some(region), RegionKind::Segment),
        Entry::Block(block, _) | Entry::Descriptor(block, _) => {
            (core.region_at(block.address()), RegionKind::Segment)
        }
        Entry::Uncommitted { address, .. } | Entry::Damaged { address, .. } => {
            (core.region_at(address), RegionKind::Segment)
        }
    };
    let leaves = match next {
        None => true,
        Some(Entry::Large(_)) => kind == RegionKind::Segment,
        Some(_) => false,
    };
    leaves && region != core.last_region(kind)
}

/// An entry in the words of HeapWalk. `index` is the region's of the entry before.
fn describe<A: Access>(
    core: Core<'_, A>,
    base: usize,
    entry: Entry,
    index: u8,
) -> Result<PROCESS_HEAP_ENTRY, Lost> {
    Ok(match entry {
        Entry::Segment(segment) => region(core, base, segment),
        Entry::Block(block, header) => self::block(base, block, header, index),
        Entry::Uncommitted { address, bytes } => PROCESS_HEAP_ENTRY {
            lpData: base + address as usize,
            cbData: narrow(bytes),
            iRegionIndex: index,
            wFlags: PROCESS_HEAP_UNCOMMITTED_RANGE,
            ..PROCESS_HEAP_ENTRY::default()
        },
        Entry::Large(region) => PROCESS_HEAP_ENTRY {
            lpData: base + core.large_block(region).payload() as usize,
            cbData: narrow(core.large_requested(region)),
            iRegionIndex: LARGE_INDEX,
            wFlags: PROCESS_HEAP_ENTRY_BUSY,
            ..PROCESS_HEAP_ENTRY::default()
        },
        Entry::Descriptor(..) | Entry::Damaged { .. } => return Err(Lost),
    })
}

fn region<A: Access>(core: Core<'_, A>, base: usize, segment: Region) -> PROCESS_HEAP_ENTRY {
    let start = base + segment.address() as usize;
    let reserved = core.region_reserved(segment);
    let committed = core.region_committed(segment).saturating_mul(PAGE);
    // Counted only as far as the index tells segments apart.
    let index = core
        .regions(RegionKind::Segment)
        .take(usize::from(LARGE_INDEX - 1))
        .take_while(|&other| other != segment)
        .count();
    PROCESS_HEAP_ENTRY {
        lpData: start,
        cbData: narrow(segment.header_bytes()),
        cbOverhead: 0,
        iRegionIndex: index as u8,
        wFlags: PROCESS_HEAP_REGION,
        Region: PROCESS_HEAP_REGION_BLOCK {
            dwCommittedSize: narrow(committed),
            dwUnCommittedSize: narrow(reserved.saturating_sub(committed)),
            lpFirstBlock: base + segment.first_block().payload() as usize,
            lpLastBlock: start + reserved as usize,
        },
    }
}

fn block(base: usize, block: Block, header: Header, index: u8) -> PROCESS_HEAP_ENTRY {
    let bytes = header.size() * crate::heap::GRANULE;
    let busy = header.has(Header::BUSY);
    let (start, overhead) = if busy {
        (block.payload(), header.unused())
    } else {
        (block.address() + FREE_OVERHEAD, FREE_OVERHEAD)
    };
    PROCESS_HEAP_ENTRY {
        lpData: base + start as usize,
        cbData: narrow(bytes.saturating_sub(overhead)),
        cbOverhead: overhead as u8,
        iRegionIndex: index,
        wFlags: if busy { PROCESS_HEAP_ENTRY_BUSY } else { 0 },
        ..PROCESS_HEAP_ENTRY::default()
    }
}

fn narrow(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use super::*;
    use crate::heap::{Direct, Flags, Heap, Options, Word};
    use crate::os::{CommitLimit, Memory};

    /// Direct access that counts loads.
    struct Counting<'a> {
        direct: Direct<'a>,
        loads: Cell<u64>,
    }

    impl Access for &Counting<'_> {
        fn load(&self, at: Word) -> u64 {
            self.loads.set(self.loads.get() + 1);
            self.direct.load(at)
        }

        fn store(&self, at: Word, value: u64) {
            self.direct.store(at, value);
        }

        fn memory(&self) -> &Memory {
            self.direct.memory()
        }
    }

    #[test]
    fn a_step_costs_the_same_wherever_the_walk_stands() {
        let limit = Arc::new(CommitLimit::new(1 << 30));
        let heap = Heap::new(&Options::default(), &limit).unwrap();
        let blocks: Vec<u64> = (0..20_000)
            .map(|nth| heap.alloc(nth % 900, Flags::NONE).unwrap().payload)
            .collect();
        for payload in blocks.iter().step_by(3) {
            heap.free(*payload, Flags::NONE).unwrap();
        }
        let counting = Counting {
            direct: heap.direct(),
            loads: Cell::new(0),
        };
        let core = Core::new(&counting, heap.layout());
        let base = 0x1_0000;
        let mut entry = PROCESS_HEAP_ENTRY::default();
        let mut steps = 0;
        while let Ok(Some(next)) = step(core, base, &entry) {
            assert!(counting.loads.take() <= 60, "{next:?}");
            entry = next;
            steps += 1;
        }
        assert!(steps > 20_000 && core.regions(RegionKind::Segment).count() > 3);
    }
}
