//! Where a cursor can be sent.

use crate::heap::{Block, GRANULE, Header, Heap, Region, RegionKind};
use crate::os::PAGE;

use super::search::{next_found, previous_found};
use super::{Context, Reader, Survey, Wanted, survey};

/// A place in the heap, in address order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The block after the cursor.
    NextBlock,
    /// The block before the cursor.
    PreviousBlock,
    /// The free block after the cursor.
    NextHole,
    /// The free block before the cursor.
    PreviousHole,
    /// The block that covers the address this many rows below (negative: above).
    Rows(i32),
    /// The first block.
    First,
    /// The last block.
    Last,
    /// The largest free block.
    LargestHole,
    /// The block that holds this address.
    Address(u64),
    /// The next block that the filter matches; behind the last, the first.
    NextFound,
    /// The block before the cursor that the filter matches; before the first, the last.
    PreviousFound,
    /// The block that keeps most pages from being returned.
    WorstPin,
    /// The block that this operation made.
    Born(u64),
}

/// Address of the first byte of the block that `target` names from `cursor`, if there is one.
#[must_use]
pub fn seek(
    heap: &Heap,
    cursor: Option<u64>,
    target: Target,
    row_bytes: u64,
    context: &Context<'_>,
) -> Option<u64> {
    heap.look(|core| {
        let here = cursor.and_then(|address| block_at(core, address));
        let first = || core.next_block(Block(1));
        let found = match (target, here) {
            (Target::First, _) => first(),
            (Target::Last, _) => core.last_block(),
            (Target::LargestHole, _) => core.largest_hole(),
            (Target::Address(address), _) => block_at(core, address),
            (Target::NextFound, here) => next_found(&core, here, context),
            (Target::PreviousFound, here) => previous_found(&core, here, context),
            (Target::WorstPin, _) => worst_pin(heap, context),
            (Target::Born(operation), _) => (context.born)(operation).and_then(Block::of_payload),
            (_, None) => first(),
            (Target::NextBlock, Some(block)) => core.next_block(after(block)),
            (Target::PreviousBlock, Some(block)) => core.previous_block(block),
            (Target::NextHole, Some(block)) => core.next_hole(after(block)),
            (Target::PreviousHole, Some(block)) => core.previous_hole(block),
            (Target::Rows(rows), Some(block)) => rows_from(core, block, cursor, rows, row_bytes),
        };
        found.or(here).map(Block::address)
    })
}

/// The worst pin: as the survey at hand tells, else by a survey of its own.
fn worst_pin(heap: &Heap, context: &Context<'_>) -> Option<Block> {
    let at_hand = context
        .survey
        .filter(|survey| context.fresh && survey.pins().is_some());
    let worst = |survey: &Survey| survey.worst_pins().next().map(|pin| pin.block);
    let wanted = Wanted {
        pins: true,
        search: None,
    };
    at_hand.map_or_else(|| worst(&survey(heap, &wanted, context.names)), worst)
}

fn after(block: Block) -> Block {
    Block(block.0.saturating_add(1))
}

/// The block so many rows away; over a gap, the nearest block in that direction.
fn rows_from(
    core: Reader<'_>,
    block: Block,
    cursor: Option<u64>,
    rows: i32,
    row_bytes: u64,
) -> Option<Block> {
    let from = cursor.unwrap_or_else(|| block.address());
    let distance = u64::from(rows.unsigned_abs()).saturating_mul(row_bytes);
    if rows >= 0 {
        let to = from.saturating_add(distance);
        block_at(core, to)
            .filter(|&found| found > block)
            .or_else(|| {
                let at = u32::try_from(to / GRANULE).unwrap_or(u32::MAX);
                core.next_block(Block(at).max(after(block)))
            })
    } else {
        let to = from.saturating_sub(distance);
        block_at(core, to)
            .filter(|&found| found < block)
            .or_else(|| {
                let at = u32::try_from(to / GRANULE).unwrap_or(0);
                core.previous_block(Block(at).min(block))
            })
    }
}

/// The block that holds `address`: busy, free, hidden or large.
pub(super) fn block_at(core: Reader<'_>, address: u64) -> Option<Block> {
    let region = core.region_at(address)?;
    if core.region_kind(region) == Some(RegionKind::Large) {
        return Some(core.large_block(region));
    }
    if !core.is_committed(address / PAGE) {
        return None;
    }
    let granule = Block(u32::try_from(address / GRANULE).ok()?);
    core.block_before(region, after(granule))
}

/// First byte of the block that holds `address` and the one behind its last.
#[must_use]
pub fn extent(heap: &Heap, address: u64) -> Option<(u64, u64)> {
    heap.look(|core| extent_in(core, address))
}

/// As [`extent`].
pub(super) fn extent_in(core: Reader<'_>, cursor: u64) -> Option<(u64, u64)> {
    let block = block_at(core, cursor)?;
    let region = core.region_at(block.address())?;
    Some((
        block.address(),
        block.address() + block_bytes(core, region, block),
    ))
}

/// Bytes of a block of `region`.
pub(super) fn block_bytes(core: Reader<'_>, region: Region, block: Block) -> u64 {
    let header = core.header_at(block);
    if header.has(Header::LARGE) {
        let end = region.address() + core.region_committed(region) * PAGE;
        end.saturating_sub(block.address())
    } else {
        header.size() * GRANULE
    }
}
