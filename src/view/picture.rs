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
    /// False when the picture was taken while the heap was in motion.
    pub quiet: bool,
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

/// `live + slack + headers + control + holes_returnable + holes_pinned = committed`, always exactly.
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
        }
    }
}
