//! Finding blocks by what is known of them.

use crate::heap::{Block, GRANULE, Span, SpanKind};
use crate::os::PAGE;

use super::facts::{BlockFacts, facts};
use super::picture::BlockState;
use super::seek::{block_at, extent_in};
use super::survey::is_found;
use super::{Context, Reader};

/// Blocks that one search from the cursor looks at, at most. What lies beyond is not found.
const MOST: usize = 1 << 20;
/// Bytes of the map in which matching blocks are looked for each time; of more, what the last survey found is shown.
const LIVE: u64 = 4 << 20;

/// What is looked for among the blocks of a heap.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Whether a block is wanted.
    pub matches: &'a dyn Fn(&BlockFacts<'_>) -> bool,
    /// Names and births take part: to find them costs more than all other facts together.
    pub owners: bool,
    /// What a block pins takes part.
    pub pins: bool,
}

/// The facts of a block that the bitmaps know. A hidden block has none.
pub(super) fn facts_of(core: &Reader<'_>, block: Block) -> Option<BlockFacts<'static>> {
    let damaged = BlockFacts {
        address: block.address(),
        bytes: 0,
        asked: 0,
        state: BlockState::Damaged,
        name: None,
        born: None,
        pins: 0,
    };
    match core.entry_at(block) {
        Some(entry) => facts(core, entry),
        None => Some(damaged),
    }
}

/// Whether the search wants the block of a span.
pub(super) fn wants(core: &Reader<'_>, span: &Span, context: &Context<'_>) -> bool {
    let Some(search) = context.search.filter(|_| span.kind != SpanKind::Hidden) else {
        return false;
    };
    let pins = if search.pins && matches!(span.kind, SpanKind::Busy | SpanKind::Large) {
        core.pinned_by(span.block) * PAGE
    } else {
        0
    };
    facts_of(core, span.block).is_some_and(|facts| is_found(&search, facts, pins, context.names))
}

/// The next block behind `from` that the search wants, or the first of the heap if there is none behind.
pub(super) fn next_found(
    core: &Reader<'_>,
    from: Option<Block>,
    context: &Context<'_>,
) -> Option<Block> {
    if let Some(found) = listed(context) {
        let nth = found.partition_point(|&block| Some(block) <= from);
        return found.get(nth).or(found.first()).copied();
    }
    let behind = Block(from.map_or(1, |block| block.0.saturating_add(1)));
    let around = core
        .spans(behind, Block(u32::MAX))
        .chain(core.spans(Block(1), behind));
    around
        .take(MOST)
        .find(|span| wants(core, span, context))
        .map(|span| span.block)
}

/// The last block before `from` that the search wants, or the last of the heap if there is none before.
pub(super) fn previous_found(
    core: &Reader<'_>,
    from: Option<Block>,
    context: &Context<'_>,
) -> Option<Block> {
    if let Some(found) = listed(context) {
        let before = from.map_or(0, |from| found.partition_point(|&block| block < from));
        return found[..before].last().or(found.last()).copied();
    }
    let mut at = from;
    let mut wrapped = from.is_none();
    for _ in 0..MOST {
        at = match at.and_then(|at| core.previous_block(at)) {
            Some(before) => Some(before),
            None if wrapped && at.is_some() => return None,
            None => {
                wrapped = true;
                core.last_block()
            }
        };
        let block = at?;
        let span = span_at(core, block)?;
        if wants(core, &span, context) {
            return Some(block);
        }
        if wrapped && from.is_some_and(|from| block <= from) {
            return None;
        }
    }
    None
}

/// What a survey found, where the heap is as it was then.
fn listed<'a>(context: &Context<'a>) -> Option<&'a [Block]> {
    context
        .survey
        .filter(|_| context.fresh && context.search.is_some())
        .and_then(|survey| survey.found())
}

/// The span that begins at a block.
fn span_at(core: &Reader<'_>, block: Block) -> Option<Span> {
    core.spans(block, Block(block.0.saturating_add(1))).next()
}

/// What the filter matches among the blocks that the map shows.
pub(super) enum Found<'a> {
    /// Extents of the blocks, by address.
    Here(Vec<(u64, u64)>),
    /// Too much to look at each time: what a survey found.
    Listed(&'a [Block]),
}

impl<'a> Found<'a> {
    /// Looks for matching blocks in a range of addresses.
    pub(super) fn of(
        core: &Reader<'_>,
        (from, to): (u64, u64),
        context: &Context<'a>,
    ) -> Found<'a> {
        if context.search.is_none() {
            return Found::Here(Vec::new());
        }
        let listed = context.survey.and_then(|survey| survey.found());
        match listed.filter(|_| context.fresh || to - from > LIVE) {
            Some(listed) => Found::Listed(listed),
            None => Found::Here(extents(core, from, to, context)),
        }
    }

    /// Whether a matching block covers any byte in `[from, to)`.
    pub(super) fn any_in(&self, core: Reader<'_>, from: u64, to: u64) -> bool {
        match self {
            Found::Here(extents) => {
                let first = extents.partition_point(|&(_, end)| end <= from);
                extents.get(first).is_some_and(|&(begin, _)| begin < to)
            }
            Found::Listed(found) => {
                // The last that begins before the end: all others end before it begins.
                let nth = found.partition_point(|block| block.address() < to);
                let last = nth.checked_sub(1).and_then(|nth| found.get(nth));
                last.is_some_and(|&block| {
                    block.address() >= from
                        || extent_in(core, block.address()).is_some_and(|(_, end)| end > from)
                })
            }
        }
    }
}

/// Extents of the blocks covering any byte in `[from, to)` that the search wants, by address.
fn extents(core: &Reader<'_>, from: u64, to: u64, context: &Context<'_>) -> Vec<(u64, u64)> {
    let granule = |address: u64| Block(u32::try_from(address / GRANULE).unwrap_or(u32::MAX));
    let begin = block_at(*core, from).unwrap_or(granule(from));
    core.spans(begin, granule(to.saturating_add(GRANULE - 1)))
        .take(MOST)
        .filter(|span| wants(core, span, context))
        .map(|span| {
            let address = span.block.address();
            (address, address + span.bytes())
        })
        .collect()
}
