//! The selected block in detail.

use crate::heap::{Block, GRANULE, Header, Heap, NET_HEADER};
use crate::os::PAGE;

use super::lists;
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
            .filter(|_| busy || state == BlockState::Damaged),
        others: if busy {
            (context.others)(block.payload())
        } else {
            Vec::new()
        },
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
        bytes_shown: lists::read(
            heap,
            core,
            block.payload(),
            SHOWN.min(bytes.saturating_sub(NET_HEADER)),
        ),
        fields: fields(header),
        links: (state == BlockState::Free).then(|| lists::links(core, block)),
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

/// The fields of a header.
fn fields(header: Header) -> HeaderFields {
    let set = |&(flag, name): &(u64, &'static str)| header.has(flag).then_some(name);
    let previous = match header.previous() {
        0 => "0: the first of its run".to_owned(),
        granules => format!("{granules} granules, {} B", granules * GRANULE),
    };
    let (check, right) = (header.check(), header.with_check().check());
    let check = if check == right {
        format!("{check:#04x}: fits the other bytes")
    } else {
        format!("{check:#04x}: the other bytes ask for {right:#04x}")
    };
    HeaderFields {
        raw: header.0,
        valid: header.is_valid(),
        size: header.size(),
        unused: header.unused(),
        flags: Header::FLAGS.iter().filter_map(set).collect(),
        others: vec![("previous size", previous), ("check", check)],
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
