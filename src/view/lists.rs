//! Long lists, a window at a time: free blocks in list order, pins from the worst on, bytes of a block.

use crate::heap::{Block, FreeLinks, GRANULE, Heap};
use crate::os::PAGE;

use super::picture::{
    BytesPicture, BytesRow, FreeEntry, FreeListPicture, Links, Pin, PinsPicture, Window,
};
use super::seek::{block_at, block_bytes};
use super::{Context, Reader, Survey};

/// Free blocks that are passed over one by one, at most, where a picture is taken many times a second.
const MOST: u64 = 1 << 12;
/// As many while the heap rests, which a survey has looked through as a whole.
const MOST_AT_REST: u64 = 1 << 20;
/// Bytes of a row.
const ROW: u64 = 16;

/// The window of the free lists: smallest sizes first, of one size in the order in which they would be tried.
///
/// The heap does not count the blocks of single lists. Where a survey of the heap as it is tells how many blocks there are of a size, whole
/// sizes before the window are passed over at once, and within a size block by block, a million at most; otherwise a
/// few thousand. Beyond that the window stays empty.
pub(super) fn free_list(
    core: &Reader<'_>,
    window: Window,
    context: &Context<'_>,
) -> FreeListPicture {
    let survey = context.survey.filter(|_| context.fresh);
    let most = survey.map_or(MOST, |_| MOST_AT_REST);
    let total = core.totals().free_blocks;
    let top = window.top.min(total.saturating_sub(u64::from(window.rows)));
    let end = top + u64::from(window.rows);
    let mut entries = Vec::new();
    let (mut index, mut passed, mut least) = (0, 0, 1);
    while index < end
        && let Some(size) = core.free_size(least)
        && size >= least
    {
        least = size + 1;
        let counted = survey.map_or(0, |survey| survey.holes.of(size));
        if index + counted <= top {
            index += counted;
            if counted > 0 {
                continue;
            }
        }
        for (position, block) in (0..).zip(core.free_of_size(size)) {
            if index >= end {
                break;
            }
            if index >= top {
                entries.push(entry(core, block, size, position));
            } else {
                if passed == most {
                    return FreeListPicture {
                        top,
                        total,
                        entries,
                        beyond: Some(most),
                    };
                }
                passed += 1;
            }
            index += 1;
        }
    }
    FreeListPicture {
        top,
        total,
        entries,
        beyond: None,
    }
}

fn entry(core: &Reader<'_>, block: Block, size: u64, position: u64) -> FreeEntry {
    FreeEntry {
        address: block.address(),
        bytes: size * GRANULE,
        list: list_name(core, size),
        position,
    }
}

/// The name of the list that blocks of `granules` are on.
fn list_name(core: &Reader<'_>, granules: u64) -> String {
    let (from, to) = core.free_list_sizes(granules);
    if to == from + 1 {
        format!("list {} B", from * GRANULE)
    } else {
        format!("tree {}-{} KiB", from * GRANULE / 1024, to * GRANULE / 1024)
    }
}

/// What the links of a free block name.
pub(super) fn links(core: &Reader<'_>, block: Block) -> Links {
    let size = core.header_at(block).size();
    let mut beyond = None;
    let (before, behind, words) = match core.free_links(block) {
        FreeLinks::List { previous, next } => {
            let words = vec![("previous", previous), ("next", next)];
            (previous, next, words)
        }
        // The node is tried when its chain is used up.
        FreeLinks::Chain { previous, next } => {
            let node = core.free_node(size);
            let words = vec![("previous", previous), ("next", next)];
            (previous.filter(|_| previous != node), next.or(node), words)
        }
        FreeLinks::Node {
            parent,
            chain,
            children: [zero, one],
        } => {
            let others = core.free_of_size(size).take_while(|&other| other != block);
            let (nth, last) = (1..).zip(others).take(MOST as usize).last().unzip();
            beyond = nth.filter(|&nth| nth == MOST);
            let last = last.filter(|_| beyond.is_none());
            let words = vec![
                ("parent", parent),
                ("chain", chain),
                ("child 0", zero),
                ("child 1", one),
            ];
            (last, None, words)
        }
    };
    let address = |block: Option<Block>| block.map(Block::address);
    Links {
        list: list_name(core, size),
        before: address(before),
        behind: address(behind),
        beyond,
        words: words
            .into_iter()
            .map(|(name, block)| (name, address(block)))
            .collect(),
    }
}

/// The window of the pins, from the worst on.
pub(super) fn pins(window: Window, context: &Context<'_>) -> PinsPicture {
    let total = context.survey.and_then(Survey::pins);
    let rows = u64::from(window.rows);
    let top = window.top.min(total.unwrap_or(0).saturating_sub(rows));
    let all = context.survey.iter().flat_map(|survey| survey.worst_pins());
    let pins = all
        .skip(usize::try_from(top).unwrap_or(usize::MAX))
        .take(usize::from(window.rows))
        .map(|pin| Pin {
            address: pin.block.address(),
            name: (context.names)(pin.block.payload()).map(|(name, _)| name),
            bytes: pin.bytes(),
            returns: pin.returns(),
        })
        .collect();
    PinsPicture { top, total, pins }
}

/// The window of the bytes of the block at `cursor`, from the row of its header on.
///
/// A busy block of a segment also owns the first eight bytes of the header behind it: they are its last row.
pub(super) fn bytes(
    heap: &Heap,
    core: &Reader<'_>,
    cursor: u64,
    window: Window,
) -> Option<BytesPicture> {
    let block = block_at(*core, cursor)?;
    let region = core.region_at(block.address())?;
    let header = core.header_at(block);
    let lent = if header.has(crate::heap::Header::BUSY) && !header.has(crate::heap::Header::LARGE) {
        crate::heap::NET_HEADER
    } else {
        0
    };
    let end = block.address() + block_bytes(*core, region, block) + lent;
    let total = (end - block.address()).div_ceil(ROW);
    let top = window.top.min(total.saturating_sub(u64::from(window.rows)));
    let rows = (top..total.min(top + u64::from(window.rows)))
        .map(|row| {
            let address = block.address() + row * ROW;
            BytesRow {
                address,
                bytes: read(heap, core, address, ROW.min(end - address)),
            }
        })
        .collect();
    Some(BytesPicture {
        block: block.address(),
        top,
        total,
        rows,
    })
}

/// Bytes of memory, unless one of their pages is not resident: reading would make it so.
pub(super) fn read(heap: &Heap, core: &Reader<'_>, from: u64, length: u64) -> Option<Vec<u8>> {
    let pages = from / PAGE..(from + length).div_ceil(PAGE);
    if length == 0 {
        return Some(Vec::new());
    }
    let mut resident = pages.end * PAGE <= heap.memory().bytes();
    let told = heap.memory().resident(pages, |_, here| resident &= here);
    // A buffer has no pages that could become resident by reading.
    if told.is_some() && !resident {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    core.read_bytes(from, &mut bytes);
    Some(bytes)
}
