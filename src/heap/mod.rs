//! The allocator: a heap that is a value in memory.

mod access;
mod alloc;
mod anatomy;
mod bits;
mod caller;
mod compact;
mod control;
mod create;
mod event;
mod finding;
mod flags;
mod grow;
mod handle;
mod header;
mod image;
mod large;
mod lists;
mod lock;
mod minimize;
mod packed;
mod payload;
mod pinned;
mod place;
mod policy;
mod ranges;
mod raw;
mod region;
mod seek;
mod spans;
mod totals;
mod tree;
mod units;
mod validate;
mod verify;
mod walk;

pub use access::{Access, Direct, Gate, Step, Stepped, Traced};
pub use alloc::{Freed, Placed, Resized, overhead};
pub use anatomy::{Keeps, Part, Piece};
pub use caller::Caller;
pub use compact::Compacted;
pub use control::{Core, Settings};
pub use create::Birth;
pub use event::{Event, Written};
pub use finding::{AllocError, Damage, Finding, Misuse};
pub use flags::Flags;
pub use grow::Growth;
pub use handle::{CreateError, Heap, MinimizeError, Options, Source, Stats, Through};
pub use header::Header;
pub use image::{Image, PAGE_WORDS, PageCopy};
pub use lists::FreeLinks;
pub use lock::{Lock, LockCounts, Waits, waits_here};
pub use minimize::{Minimized, may_fill_a_page};
pub use packed::Packed;
pub use pinned::Returnable;
pub use policy::Policy;
pub use ranges::Range;
pub use region::{Region, RegionKind};
pub use spans::{Span, SpanKind, Spans};
pub use totals::Totals;
pub use units::{
    Block, CONTROL_BYTES, GRANULE, LARGE_BYTES, Layout, MAX_GRANULES, MAX_SEGMENT, MAX_SPACE,
    MIN_GRANULES, NET_HEADER, PAGE_GRANULES, RANGE_GRANULES, SEGMENT_BYTES, SEGMENT_RESERVE,
    TAIL_BYTES, UNIT, UNIT_PAGES, Word, granules_for,
};
pub use validate::Recount;
pub use walk::{Entry, Walk};
