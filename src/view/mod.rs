//! Immutable pictures of a heap: what screens, exporters and reports read.
//!
//! A picture is taken once, between two operations, and never changes; drawing one touches no heap. Costs follow what
//! the [`Lens`] shows, not what exists, but for two sums: residency is one kernel read for all committed pages, and
//! what heapmin would return is summed over the free blocks that could fill a page.
//!
//! Taking a picture touches no page that is not resident: only bitmaps, headers of blocks and the unit map are read,
//! all of which the heap has written, and payload bytes only where the kernel says that their page is there.

mod card;
mod cells;
mod facts;
mod picture;
mod rows;
mod seek;
mod sums;

pub use facts::{BlockFacts, facts};
pub use picture::{
    BlockCard, BlockState, Bucket, BytesPicture, BytesRow, Cell, CellState, Figures, Fit,
    Fragmentation, FreeEntry, FreeListPicture, HeaderFields, HeapKind, HeapTitle, Lens, Links,
    MapPicture, MapRow, Mark, MarkedRange, MemoryLine, Neighbour, Overview, Parts, Picture, Pin,
    PinsPicture, RangeCard, RowResidency, Window,
};
pub use seek::{Target, extent, seek};
pub use sums::{external_fragmentation, figures, memory_line, resident};

use crate::heap::{Core, Direct, Heap};

/// The allocator's code over plain loads: how pictures read a heap.
type Reader<'a> = Core<'a, Direct<'a>>;

/// What a picture shows that the heap itself does not know.
pub struct Context<'a> {
    /// Number of the heap.
    pub number: u32,
    /// How many heaps there are.
    pub of: u32,
    /// Bears the tag CRT.
    pub crt: bool,
    /// What the last command did, and where.
    pub marks: &'a [MarkedRange],
    /// Name and birth operation of the block with this payload.
    pub names: &'a dyn Fn(u64) -> Option<(String, u64)>,
    /// Bytes given back by the last return and in all.
    pub returned: (u64, u64),
    /// No operation is under way.
    pub quiet: bool,
}

/// Takes the picture of a heap that `lens` asks for.
#[must_use]
pub fn take(heap: &Heap, lens: &Lens, context: &Context<'_>) -> Picture {
    heap.look(|core| Picture {
        heap: title(heap, &core, context),
        figures: figures(heap),
        memory: memory_line(heap, context.returned),
        map: rows::map(heap, &core, lens, context.marks),
        selected: lens
            .cursor
            .and_then(|cursor| card::card(heap, &core, cursor, context)),
        overview: Overview::default(),
        fragmentation: None,
        free_list: None,
        pins: None,
        bytes: None,
        range: None,
        quiet: context.quiet,
    })
}

fn title(heap: &Heap, core: &Reader<'_>, context: &Context<'_>) -> HeapTitle {
    use crate::heap::Flags;
    let settings = core.settings();
    let kind = if settings.flags.has(Flags::GROWABLE) {
        HeapKind::Growable
    } else if heap.memory().can_return() {
        HeapKind::Fixed(core.totals().reserved)
    } else {
        HeapKind::Buffer(core.totals().reserved)
    };
    HeapTitle {
        number: context.number,
        of: context.of,
        crt: context.crt,
        kind,
        coalesce: settings.coalesce(),
        serialize: settings.serialized(Flags::NONE),
        policy: settings.policy,
        decommit: settings.decommit.then(|| core.thresholds()),
        checks: settings.checks,
        stamp: settings.stamp,
        tail_checking: settings.flags.has(Flags::TAIL_CHECKING),
        free_checking: settings.flags.has(Flags::FREE_CHECKING),
    }
}
