//! What a trace is: operations on numbered blocks, and what is known about them.

use super::intake::Intake;
use super::note::Note;

/// Sizes from here up cannot succeed: no user address space of 64-bit machines holds 2^47 bytes.
pub const IMPOSSIBLE_SIZE: u64 = 1 << 47;

/// One operation of a trace. Ids are dense: below [`Trace::ids`], in order of first mention.
///
/// Sixteen bytes, so that ten million of them are 160 MB.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// malloc. In a [`Trace`], `id` has no block at this moment.
    Alloc {
        /// The block.
        id: u32,
        /// Bytes asked for; may be 0, and may be more than any machine has.
        size: u64,
    },
    /// realloc; an allocation if `id` has no block, a free if `size` is 0.
    Realloc {
        /// The block; it keeps its id wherever it moves.
        id: u32,
        /// Bytes asked for.
        size: u64,
    },
    /// free. `id` need not have a block: traces with double frees exist, and are reported.
    Free {
        /// The block.
        id: u32,
    },
    /// free(NULL), written `f -1`.
    FreeNull,
}

const _: () = assert!(size_of::<Op>() == 16);

/// The dialects of the `.rep` format. They differ in their headers only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Variant {
    /// Two header lines, as in early ports and multi-threaded forms.
    V0,
    /// Four, beginning with a heap size: the CS:APP handout of 2002.
    V1,
    /// Four, ending with a switch: courses of about 2010 to 2015.
    V2,
    /// Four, ending with the peak payload: since 2016.
    V3,
    /// None: `.script` files, with comments and blank lines.
    Script,
}

/// The header as it was found, true or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// [`Variant::V0`].
    V0 {
        /// Number of ids.
        ids: u64,
        /// Number of operations.
        ops: u64,
    },
    /// [`Variant::V1`].
    V1 {
        /// Suggested heap size; nothing uses it.
        heap_size: u64,
        /// Number of ids.
        ids: u64,
        /// Number of operations.
        ops: u64,
        /// Always 1; nothing uses it.
        weight: u64,
    },
    /// [`Variant::V2`].
    V2 {
        /// 0 not scored, 1 utilisation and throughput, 2 utilisation, 3 throughput.
        weight: u64,
        /// Number of ids.
        ids: u64,
        /// Number of operations.
        ops: u64,
        /// 1 if blocks may lie anywhere.
        ignore_ranges: u64,
    },
    /// [`Variant::V3`].
    V3 {
        /// As in V2.
        weight: u64,
        /// Number of ids.
        ids: u64,
        /// Number of operations.
        ops: u64,
        /// Peak of the live bytes asked for.
        peak: u64,
    },
    /// [`Variant::Script`].
    Script,
}

impl Header {
    /// The dialect.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        match self {
            Header::V0 { .. } => Variant::V0,
            Header::V1 { .. } => Variant::V1,
            Header::V2 { .. } => Variant::V2,
            Header::V3 { .. } => Variant::V3,
            Header::Script => Variant::Script,
        }
    }

    /// How many ids and operations it announces, if it is there.
    #[must_use]
    pub const fn counts(&self) -> Option<(u64, u64)> {
        match *self {
            Header::V0 { ids, ops }
            | Header::V1 { ids, ops, .. }
            | Header::V2 { ids, ops, .. }
            | Header::V3 { ids, ops, .. } => Some((ids, ops)),
            Header::Script => None,
        }
    }
}

/// Counts over a whole trace, made while reading, whatever its header says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// `a` operations.
    pub allocs: u64,
    /// `r` operations.
    pub reallocs: u64,
    /// `f` operations, those of NULL included.
    pub frees: u64,
    /// The largest size asked for, [impossible](IMPOSSIBLE_SIZE) ones included.
    pub max_size: u64,
    /// Peak of the live bytes asked for, taken after each operation.
    ///
    /// Requests of [`IMPOSSIBLE_SIZE`] or more count as failed: they add
    /// nothing, and a reallocation to such a size leaves its block as it was.
    /// The sum saturates.
    pub peak_payload: u64,
    /// Peak number of live blocks.
    pub peak_blocks: u64,
    /// Bytes live after the last operation.
    pub end_payload: u64,
    /// Blocks live after the last operation.
    pub end_blocks: u64,
}

/// A trace in memory: operations, and what reading them showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// The header as found.
    pub header: Header,
    /// The operations, in order.
    pub ops: Vec<Op>,
    /// Number of ids; all ids in `ops` are smaller.
    pub ids: u32,
    /// What the operations add up to.
    pub totals: Totals,
    /// What was odd, in order of lines; each oddity once.
    pub notes: Vec<Note>,
    /// The number each id has in the file; empty if all are the same.
    pub(super) file_ids: Vec<u64>,
}

impl Trace {
    /// A trace of `ops` (fewer than 2^32), whose ids need not be dense; its header is a true V3.
    ///
    /// The lines of its notes are numbers of operations, from 1.
    #[must_use]
    pub fn from_ops(ops: impl IntoIterator<Item = Op>) -> Trace {
        let mut intake = Intake::default();
        for (op, line) in ops.into_iter().zip(1..) {
            match op {
                Op::Alloc { id, size } => intake.alloc(u64::from(id), size, line),
                Op::Realloc { id, size } => intake.realloc(u64::from(id), size, line),
                Op::Free { id } => intake.free(u64::from(id), line),
                Op::FreeNull => intake.free_null(line),
            }
        }
        let (ops, peak) = (intake.len() as u64, intake.peak());
        let ids = u64::from(intake.ids());
        intake.finish(Header::V3 {
            weight: 1,
            ids,
            ops,
            peak,
        })
    }

    /// The dialect of the file.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.header.variant()
    }

    /// The number that `id` has in the file, for words meant for people.
    #[must_use]
    pub fn file_id(&self, id: u32) -> u64 {
        self.file_ids
            .get(id as usize)
            .copied()
            .unwrap_or(u64::from(id))
    }
}
