//! The selected block in detail.

use crate::heap::{Block, GRANULE, Header, Heap, NET_HEADER};
use crate::os::PAGE;

use super::picture::{BlockCard, BlockState, HeaderFields, Neighbour};
use super::seek::{block_at, block_bytes};
use super::{Context, Reader};

/// Payload bytes shown at most.
const SHOWN: u64 = 64;

/// The card of the block at `cursor`.
pub(super) fn card(
    heap: &Heap,
    core: &Reader<'_>,
    cursor: u64,
    context: &Context<'_>,
) -> Option<BlockCard> {
    let block = block_at(*core, cursor)?;
    let region = core.region_at(block.address())?;
    let header = core.header_at(block);
    let state = state(header);
    let bytes = block_bytes(*core, region, block);
    let asked = match state {
        BlockState::Busy => (header.size() * GRANULE).saturating_sub(header.unused()),
        BlockState::Large => core.large_requested(region),
        _ => 0,
    };
    let net = if state == BlockState::Busy {
        NET_HEADER
    } else {
        GRANULE
    };
    let known = (context.names)(block.payload());
    let busy = matches!(state, BlockState::Busy | BlockState::Large);
    Some(BlockCard {
        index: core.index_of(block),
        name: known
            .as_ref()
            .map(|(name, _)| name.clone())
            .filter(|_| busy),
        state,
        address: block.address(),
        payload: block.payload(),
        asked,
        header: net,
        slack: if busy {
            bytes.saturating_sub(asked + net)
        } else {
            0
        },
        bytes,
        before: neighbour(core, core.neighbour_before(block), context),
        behind: neighbour(core, core.neighbour_behind(block), context),
        born: known.map(|(_, born)| born).filter(|_| busy),
        pins: if busy {
            core.pinned_by(block) * PAGE
        } else {
            0
        },
        bytes_shown: payload(heap, core, block, bytes),
        fields: HeaderFields::default(),
        links: None,
    })
}

fn state(header: Header) -> BlockState {
    match header {
        header if !header.is_valid() => BlockState::Damaged,
        header if header.has(Header::LARGE) => BlockState::Large,
        header if header.has(Header::RANGE) => BlockState::Control,
        header if header.has(Header::BUSY) => BlockState::Busy,
        _ => BlockState::Free,
    }
}

fn neighbour(core: &Reader<'_>, block: Option<Block>, context: &Context<'_>) -> Option<Neighbour> {
    let block = block?;
    let header = core.header_at(block);
    let name = if header.has(Header::BUSY) {
        (context.names)(block.payload()).map(|(name, _)| name)
    } else {
        None
    };
    Some(Neighbour {
        address: block.address(),
        bytes: header.size() * GRANULE,
        state: state(header),
        name,
    })
}

/// The first bytes of a payload, unless one of their pages is not resident: reading would make it so.
fn payload(heap: &Heap, core: &Reader<'_>, block: Block, bytes: u64) -> Option<Vec<u8>> {
    let from = block.payload();
    let length = SHOWN.min(bytes.saturating_sub(NET_HEADER));
    if length == 0 {
        return Some(Vec::new());
    }
    let mut resident = true;
    let told = heap
        .memory()
        .resident(from / PAGE..(from + length - 1) / PAGE + 1, |_, here| {
            resident &= here;
        });
    // A buffer has no pages that could become resident by reading.
    if told.is_some() && !resident {
        return None;
    }
    let mut shown = vec![0; usize::try_from(length).ok()?];
    core.read_bytes(from, &mut shown);
    Some(shown)
}
