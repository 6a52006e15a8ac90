//! Immutable pictures of a heap: what screens, exporters and reports read.
//!
//! A picture is taken once, between two operations, and never changes; drawing one touches no heap. Costs follow what
//! the [`Lens`] shows, not what exists, but for two sums: residency is one kernel read for all committed pages, and
//! what heapmin would return is summed over the free blocks that could fill a page. A map, an overview or a range that
//! covers the whole heap counts the bits of all of it. Lists have no counts: on the way to what is shown a few thousand
//! of their blocks are passed, or a million while the heap rests, and the picture says where that was not enough. What
//! a filter matches is looked for among all blocks of up to 4 MiB of the map. What no count tells is found by a
//! [`survey()`] of all blocks, which the caller keeps as long as it likes.
//!
//! Taking a picture touches no page that is not resident: only bitmaps, headers of blocks and the unit map are read,
//! all of which the heap has written, and payload bytes only where the kernel says that their page is there.

mod belief;
mod card;
mod cells;
mod facts;
mod lists;
pub mod numbers;
mod overview;
mod picture;
mod rows;
mod search;
mod seek;
mod sizes;
mod sums;
mod survey;

pub use facts::{BlockFacts, facts};
pub use picture::{
    BlockCard, BlockState, Bucket, BytesPicture, BytesRow, Cell, CellState, Figures, Fit,
    Fragmentation, FreeEntry, FreeListPicture, HeaderFields, HeapKind, HeapTitle, Lens, Links,
    MapPicture, MapRow, Mark, MarkedRange, MemoryLine, Neighbour, Overview, Parts, Picture, Pin,
    PinsPicture, RangeCard, RowResidency, Window,
};
pub use search::Search;
pub use seek::{Target, extent, seek};
pub use sizes::Sizes;
pub use sums::{external_fragmentation, figures, memory_line, resident};
pub use survey::{Pinning, Survey, Wanted, survey};

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
    /// Other names of the block with this payload, where it was handed out more than once.
    pub others: &'a dyn Fn(u64) -> Vec<String>,
    /// Addresses at which something was found wrong, in order.
    pub bad: &'a [u64],
    /// Bytes given back by the last return and in all.
    pub returned: (u64, u64),
    /// The payload of the block that an operation made.
    pub born: &'a dyn Fn(u64) -> Option<u64>,
    /// What the filter looks for, while there is one.
    pub search: Option<Search<'a>>,
    /// The last survey of the heap, for the parts of a picture that need one.
    pub survey: Option<&'a Survey>,
    /// The survey is of the heap as it is now.
    pub fresh: bool,
    /// No operation is under way.
    pub quiet: bool,
}

/// Takes the picture of a heap that `lens` asks for.
#[must_use]
pub fn take(heap: &Heap, lens: &Lens, context: &Context<'_>) -> Picture {
    heap.look(|core| {
        let parts = &lens.parts;
        let layout = rows::layout(core);
        let memory = memory_line(heap, context.returned);
        let figures = figures(heap);
        let map = rows::map(heap, &core, lens, &layout, context);
        let selected = lens.cursor.and_then(|cursor| seek::extent_in(core, cursor));
        let window = |window: Window| Some(window).filter(|window| window.rows > 0);
        Picture {
            heap: title_in(heap, &core, context),
            selected: lens
                .cursor
                .and_then(|cursor| card::card(heap, &core, cursor, context)),
            overview: overview::overview(core, &layout, &map, selected, lens, context),
            fragmentation: context
                .survey
                .filter(|_| parts.fragmentation)
                .map(|survey| sums::fragmentation(survey, &figures, &memory, &core)),
            free_list: window(parts.free_list)
                .map(|window| lists::free_list(&core, window, context)),
            pins: window(parts.pins).map(|window| lists::pins(window, context)),
            bytes: window(parts.bytes)
                .zip(lens.cursor)
                .and_then(|(window, cursor)| lists::bytes(heap, &core, cursor, window)),
            range: lens.range.map(|range| sums::range(&core, range)),
            figures,
            memory,
            map,
            quiet: context.quiet,
        }
    })
}

/// A heap and its switches.
#[must_use]
pub fn title(heap: &Heap, context: &Context<'_>) -> HeapTitle {
    heap.look(|core| title_in(heap, &core, context))
}

fn title_in(heap: &Heap, core: &Reader<'_>, context: &Context<'_>) -> HeapTitle {
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
