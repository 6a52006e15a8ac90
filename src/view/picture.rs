//! The shapes of pictures. All sizes are in bytes; all addresses are offsets
//! from the start of the heap's arena, so that they are the same in every run.

use crate::heap::Policy;

/// What a person wants to see of the map: the part that depends on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lens {
    /// Cells in a row of the map. A power of two; 64 at 80 columns, 128 at 200.
    pub cells: u16,
    /// Rows of the map on the screen.
    pub rows: u16,
    /// Bytes a cell stands for, a power of two of at least 16; `None` fits the heap to the screen.
    pub zoom: Option<u64>,
    /// First row of the map to show, counted from the first row of the heap.
    pub top: u64,
    /// The selected block: the address of its first byte (its header).
    pub cursor: Option<u64>,
    /// Move `top` so that the row of the cursor is inside the map.
    pub follow: bool,
    /// The parts of the picture that are looked at beside the map.
    pub parts: Parts,
    /// The bytes between the two ends of a chosen range: first byte, and the byte behind the last.
    pub range: Option<(u64, u64)>,
}

/// Parts of a picture that are taken only while they are looked at, since each costs something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// Cells of the whole heap in one row of this many cells; 0 for none.
    pub overview: u16,
    /// Histograms and what still fits.
    pub fragmentation: bool,
    /// Free blocks in the order of the free lists.
    pub free_list: Window,
    /// Blocks that keep pages from being returned.
    pub pins: Window,
    /// Bytes of the selected block, 16 a row.
    pub bytes: Window,
}

impl Parts {
    /// All of them: an overview of so many cells, and this part of each list.
    #[must_use]
    pub const fn all(overview: u16, lists: Window) -> Parts {
        Parts {
            overview,
            fragmentation: true,
            free_list: lists,
            pins: lists,
            bytes: lists,
        }
    }
}

/// A part of a long list: a list is never taken whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    /// The first row shown.
    pub top: u64,
    /// Rows shown; 0 for none, and then the list is not taken.
    pub rows: u16,
}

/// Everything one screen shows of one heap.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// Name and settings.
    pub heap: HeapTitle,
    /// Counts and metrics.
    pub figures: Figures,
    /// The line that adds up.
    pub memory: MemoryLine,
    /// The block map as the lens asks.
    pub map: MapPicture,
    /// The block under the cursor.
    pub selected: Option<BlockCard>,
    /// The whole heap in one row of cells, folded memory left out; empty unless asked for.
    pub overview: Overview,
    /// Histograms and what still fits, if asked for.
    pub fragmentation: Option<Fragmentation>,
    /// A part of the free lists, if asked for.
    pub free_list: Option<FreeListPicture>,
    /// The blocks that keep most pages, if asked for.
    pub pins: Option<PinsPicture>,
    /// Bytes of the selected block, if asked for and a block is selected.
    pub bytes: Option<BytesPicture>,
    /// What is inside the chosen range, if there is one.
    pub range: Option<RangeCard>,
    /// False when the picture was taken while the heap was in motion.
    pub quiet: bool,
}

/// The whole heap in one row of cells. Cells follow one another by address; memory that is only reserved is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overview {
    /// Bytes a cell stands for.
    pub cell_bytes: u64,
    /// The cells.
    pub cells: Vec<Cell>,
    /// The cells that the map shows: the first, and the one behind the last.
    pub shown: (u16, u16),
}

/// How the free and the busy memory of a heap is cut up.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fragmentation {
    /// Free blocks by size, headers included: buckets of powers of two, ascending, none left out in between.
    pub holes: Vec<Bucket>,
    /// Busy blocks by size, headers included, large ones too.
    pub blocks: Vec<Bucket>,
    /// What still fits, for ascending requests, a row for each power of two and for the largest request that fits.
    pub fits: Vec<Fit>,
    /// `1 - sqrt(sum f^2) / sum f` over the free blocks' sizes; 0 when nothing is free.
    pub l2: f64,
    /// `slack / busy bytes`; 0 when nothing is busy. Headers are not part of it.
    pub internal: f64,
    /// `headers / committed`.
    pub overhead: f64,
}

/// One bar of a histogram.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    /// The least size in it.
    pub from: u64,
    /// The least size above it.
    pub to: u64,
    /// Blocks in it.
    pub count: u64,
    /// Bytes of these blocks, headers included.
    pub bytes: u64,
}

/// What becomes of requests of one size.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Fit {
    /// Bytes asked for.
    pub request: u64,
    /// How many such requests the free blocks hold before the heap has to grow.
    pub times: u64,
    /// `U(n) = (free - free in blocks able to hold n) / free`: the part of the free memory that is of no use to them.
    pub unusable: f64,
}

/// Free blocks in the order of their lists.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FreeListPicture {
    /// Index of the first entry shown.
    pub top: u64,
    /// Free blocks in all.
    pub total: u64,
    /// The entries shown.
    pub entries: Vec<FreeEntry>,
    /// Where there are none because the window lies behind more blocks than are passed one by one: how many these are.
    pub beyond: Option<u64>,
}

/// A free block as its list knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FreeEntry {
    /// Address of its first byte.
    pub address: u64,
    /// Bytes, header included.
    pub bytes: u64,
    /// The list it is on: "list 80 B", "tree 4-8 KiB" and the like.
    pub list: String,
    /// Position in its list, from 0; 0 is what is taken first.
    pub position: u64,
}

/// Live blocks that keep pages from being returned, the worst first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PinsPicture {
    /// Index of the first entry shown.
    pub top: u64,
    /// Pinning blocks in all; `None` while they are still being counted.
    pub total: Option<u64>,
    /// The entries shown.
    pub pins: Vec<Pin>,
}

/// A live block that keeps pages from being returned.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pin {
    /// Address of its first byte.
    pub address: u64,
    /// The name a person gave it.
    pub name: Option<String>,
    /// Bytes of the block, header included.
    pub bytes: u64,
    /// Bytes that heapmin would additionally return if this block alone were freed.
    pub returns: u64,
}

/// Bytes of the selected block, 16 a row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BytesPicture {
    /// Address of the block's first byte.
    pub block: u64,
    /// Index of the first row shown.
    pub top: u64,
    /// Rows in all.
    pub total: u64,
    /// The rows shown.
    pub rows: Vec<BytesRow>,
}

/// Sixteen bytes of memory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BytesRow {
    /// Address of the first byte.
    pub address: u64,
    /// The bytes, fewer at the end; `None` where their page is not resident: reading would make it so.
    pub bytes: Option<Vec<u8>>,
}

/// What is inside a range of addresses. Blocks count where they begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RangeCard {
    /// First byte.
    pub from: u64,
    /// The byte behind the last.
    pub to: u64,
    /// Busy blocks.
    pub busy_blocks: u64,
    /// Their bytes, headers included.
    pub busy_bytes: u64,
    /// Free blocks.
    pub holes: u64,
    /// Their bytes, headers included.
    pub free_bytes: u64,
    /// The largest of them.
    pub largest_free: u64,
}

/// What a heap is and how it is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapTitle {
    /// Number of the heap, from 1, as commands name it.
    pub number: u32,
    /// How many heaps the session has.
    pub of: u32,
    /// Bears the tag CRT: `_heapmin` and its sisters act on it.
    pub crt: bool,
    /// Growable or not.
    pub kind: HeapKind,
    /// Neighbouring free blocks are joined by HeapFree.
    pub coalesce: bool,
    /// Calls take the lock (HEAP_NO_SERIALIZE is off).
    pub serialize: bool,
    /// The placement policy.
    pub policy: Policy,
    /// HeapFree returns large free ranges by itself: the two thresholds (block, total).
    pub decommit: Option<(u64, u64)>,
    /// Misuse is looked for and refused.
    pub checks: bool,
    /// Allocations write their payload, so that its pages become resident.
    pub stamp: bool,
    /// HEAP_TAIL_CHECKING_ENABLED.
    pub tail_checking: bool,
    /// HEAP_FREE_CHECKING_ENABLED.
    pub free_checking: bool,
}

/// Where a heap's memory comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeapKind {
    /// Adds segments and large blocks as needed.
    Growable,
    /// Never larger than this many bytes.
    Fixed(u64),
    /// A fixed buffer that cannot give pages back.
    Buffer(u64),
}

/// Counts and metrics of a heap. "Free" is committed free memory, headers included.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Figures {
    /// Busy blocks, large ones included.
    pub busy_blocks: u64,
    /// Bytes of busy blocks, headers included.
    pub busy_bytes: u64,
    /// Bytes that callers asked for and still hold.
    pub requested: u64,
    /// Free blocks.
    pub holes: u64,
    /// Bytes in free blocks.
    pub free_bytes: u64,
    /// The largest free block, header included: what HeapCompact answers.
    pub largest_free: u64,
    /// The largest request that a free block can hold without growth (`largest_free - 8`).
    pub largest_request: u64,
    /// Pairs of neighbouring free blocks that were not joined.
    pub unmerged_pairs: u64,
    /// Large blocks, each in its own region.
    pub large_blocks: u64,
    /// Segments.
    pub segments: u64,
    /// Address space of segments and large blocks.
    pub reserved: u64,
    /// Bytes the heap may use.
    pub committed: u64,
    /// The most bytes ever committed.
    pub peak_committed: u64,
    /// `1 - largest_free / free_bytes`; 0 when nothing is free.
    pub external_fragmentation: f64,
    /// Free blocks looked at by all requests so far.
    pub probes: u64,
    /// Times the lock was taken.
    pub lock_taken: u64,
    /// Calls that skipped the lock.
    pub lock_skipped: u64,
    /// Times the lock was found held by another.
    pub lock_contended: u64,
}

/// `live + slack + headers + control + holes_returnable + holes_pinned = committed`, exactly, while counters are sound:
/// [`Picture::counters_fit`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryLine {
    /// Bytes callers asked for and hold.
    pub live: u64,
    /// Bytes in busy blocks that nobody asked for.
    pub slack: u64,
    /// Block headers: 8 bytes net a busy block.
    pub headers: u64,
    /// Control block, segment and region descriptors.
    pub control: u64,
    /// Bytes of free blocks that heapmin would return now.
    pub holes_returnable: u64,
    /// Bytes of free blocks that stay because something else lives in their pages.
    pub holes_pinned: u64,
    /// The sum of all the above.
    pub committed: u64,
    /// Bitmaps and maps beside the blocks; not part of the sum.
    pub side_tables: u64,
    /// Bytes of the committed memory that the kernel holds in real pages (pagemap);
    /// `None` where the kernel does not tell.
    pub resident: Option<u64>,
    /// Bytes given back by the last command that gave any.
    pub returned_last: u64,
    /// Bytes given back in all.
    pub returned_total: u64,
}

/// The map: rows from the first to the last that the lens shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MapPicture {
    /// Bytes a cell stands for.
    pub cell_bytes: u64,
    /// Bytes a full row stands for.
    pub row_bytes: u64,
    /// Index of the first row in `rows`.
    pub top: u64,
    /// Rows the whole heap has at this zoom.
    pub total_rows: u64,
    /// The visible rows.
    pub rows: Vec<MapRow>,
    /// True while nobody chose a zoom and the map fits itself to the screen.
    pub fitted: bool,
}

/// One row of the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MapRow {
    /// The start of a segment or large block, in words.
    Title {
        /// Address of the region.
        address: u64,
        /// "segment 2, 1 MiB reserved" and the like.
        text: String,
    },
    /// Memory, cell by cell.
    Cells {
        /// Address of the first cell.
        address: u64,
        /// The cells; fewer than a full row at the end of a region.
        cells: Vec<Cell>,
        /// Residency of the row, read from the kernel.
        resident: RowResidency,
    },
    /// A long run of one state, folded into one line.
    Folded {
        /// Address of the first byte.
        address: u64,
        /// Bytes folded away.
        bytes: u64,
        /// What all of it is.
        state: CellState,
        /// Residency of the range, read from the kernel.
        resident: RowResidency,
    },
}

/// Whether the pages of a row hold memory, as the kernel says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RowResidency {
    /// The kernel does not tell on this system.
    #[default]
    Unknown,
    /// No page of the row is in memory.
    None,
    /// Some are.
    Some,
    /// All are.
    All,
}

/// What most of a cell is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum CellState {
    /// Addresses only: reserved, not committed.
    #[default]
    Uncommitted,
    /// A free block.
    Free,
    /// A busy block.
    Busy,
    /// Control block, segment header, range descriptor.
    Control,
    /// Nothing that can be read as a block.
    Damaged,
}

/// What the last command did to a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mark {
    /// Allocated just now.
    New,
    /// Freed just now.
    Freed,
    /// One free block now, several before.
    Merged,
    /// What stayed free of a block that was cut.
    Split,
    /// Given back to the system: reserved again.
    Returned,
    /// What the first of two calls under way step by step touches next.
    First,
    /// What the second one touches next.
    Second,
    /// What the present step of a call that is played is about.
    Step,
}

/// Bytes that the last command did something to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarkedRange {
    /// First byte.
    pub from: u64,
    /// The byte behind the last.
    pub to: u64,
    /// What was done.
    pub mark: Mark,
}

/// One cell of the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// The dominant state.
    pub state: CellState,
    /// A block starts in this cell (with 16-byte cells: at its first byte).
    pub starts: bool,
    /// How many eighths of the cell's committed bytes are busy.
    pub fill: u8,
    /// A minority of another state is inside.
    pub mixed: bool,
    /// Two free blocks meet here unmerged.
    pub unmerged: bool,
    /// What the last command did here.
    pub mark: Option<Mark>,
    /// The selected block covers this cell.
    pub selected: bool,
    /// A block that keeps pages from being returned covers this cell; only while the pins are looked at.
    pub pin: bool,
    /// A block that the filter matches covers this cell.
    pub found: bool,
}

/// State of one block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockState {
    /// Handed out.
    Busy,
    /// On a free list.
    Free,
    /// Handed out, in a region of its own.
    Large,
    /// The heap's own.
    Control,
    /// Its header cannot be read.
    Damaged,
}

/// A block beside the selected one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// Address of its first byte.
    pub address: u64,
    /// Bytes, header included.
    pub bytes: u64,
    /// Its state.
    pub state: BlockState,
    /// The name a person gave it.
    pub name: Option<String>,
}

/// Details of the selected block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockCard {
    /// Position among the blocks of the heap, in address order from 1; `None` when counting would take too long.
    pub index: Option<u64>,
    /// The name a person gave it.
    pub name: Option<String>,
    /// Its other names, where a heap without checks handed it out more than once.
    pub others: Vec<String>,
    /// Its state.
    pub state: BlockState,
    /// Address of its first byte (its header).
    pub address: u64,
    /// Address the caller holds.
    pub payload: u64,
    /// Bytes asked for (0 for a free block).
    pub asked: u64,
    /// Bytes of header, net of the eight it shares with the block before.
    pub header: u64,
    /// Bytes nobody asked for.
    pub slack: u64,
    /// All bytes of the block.
    pub bytes: u64,
    /// The block before, in the same run.
    pub before: Option<Neighbour>,
    /// The block behind, in the same run.
    pub behind: Option<Neighbour>,
    /// The operation that made it.
    pub born: Option<u64>,
    /// Bytes that heapmin would additionally return if this block alone were freed.
    pub pins: u64,
    /// First bytes of the payload (at most 64), unless its page is not resident.
    pub bytes_shown: Option<Vec<u8>>,
    /// The header's word, field by field.
    pub fields: HeaderFields,
    /// For a free block: what its list links it to.
    pub links: Option<Links>,
}

/// The header of a block, decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeaderFields {
    /// The eight bytes as they stand in memory.
    pub raw: u64,
    /// Whether the check bits fit the rest.
    pub valid: bool,
    /// Size of the block in granules of 16 bytes.
    pub size: u64,
    /// Bytes of the block that nobody asked for, as the header says.
    pub unused: u64,
    /// The names of the flags that are set.
    pub flags: Vec<&'static str>,
    /// The other fields that the header has, by name, in words.
    pub others: Vec<(&'static str, String)>,
}

/// The free blocks before and behind one in its list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Links {
    /// The list: "list 80 B", "tree 4-8 KiB" and the like.
    pub list: String,
    /// Address of the block of its size that would be tried right before it.
    pub before: Option<u64>,
    /// Address of the block of its size that would be tried right behind it.
    pub behind: Option<u64>,
    /// Where `before` is not known because no link names it: so many blocks of its size, or more, are tried sooner.
    pub beyond: Option<u64>,
    /// The links as they stand in the block, by name: `previous` and `next` on a list, `parent`, `chain` and two
    /// children at a node of the tree.
    pub words: Vec<(&'static str, Option<u64>)>,
}

impl Default for Lens {
    /// The map of an 80-column screen, fitted.
    fn default() -> Lens {
        Lens {
            cells: 64,
            rows: 13,
            zoom: None,
            top: 0,
            cursor: None,
            follow: true,
            parts: Parts::default(),
            range: None,
        }
    }
}
