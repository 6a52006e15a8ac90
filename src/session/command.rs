//! The closed set of commands. Screen, prompt, script, trace and command line all speak these.

use crate::heap::{Flags, Policy};

use super::metric::Metric;
use super::workload::Workload;

/// One thing a person, a script or a trace can ask of the session.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// `heap new growable|fixed SIZE|buffer SIZE [options]`: HeapCreate, and look at it.
    HeapNew(NewHeap),
    /// `heap use N`: the heap in view, and the one that later commands act on.
    HeapUse(u32),
    /// `heap destroy [N]`: HeapDestroy.
    HeapDestroy(Option<u32>),
    /// `heap crt [N]`: give a heap the tag CRT.
    HeapCrt(Option<u32>),
    /// `alloc NAME SIZE [call flags]`: HeapAlloc, once for each name.
    Alloc { names: Names, size: u64, flags: Flags },
    /// `realloc NAME SIZE [call flags]`: HeapReAlloc.
    Realloc { names: Names, size: u64, flags: Flags },
    /// `free NAME|null|0xADDRESS [call flags]`: HeapFree.
    Free { what: Operand, flags: Flags },
    /// `size NAME|0xADDRESS`: HeapSize.
    Size { what: Operand, flags: Flags },
    /// `validate [NAME|0xADDRESS]`: HeapValidate of the heap or of one block.
    Validate { what: Option<Operand>, flags: Flags },
    /// `walk`: HeapWalk to the end; the entries are listed in the answer.
    Walk,
    /// `compact`: HeapCompact.
    Compact { flags: Flags },
    /// `heapmin`: `_heapmin`, on the heap tagged CRT.
    Heapmin,
    /// `minimize`: the same work on the heap in view (heapwalk's own name).
    Minimize,
    /// `heapchk`: `_heapchk`, on the heap tagged CRT.
    Heapchk,
    /// `heapset BYTE`: `_heapset`, on the heap tagged CRT.
    Heapset(u8),
    /// `heapwalk`: `_heapwalk` to its end, on the heap tagged CRT.
    CrtWalk,
    /// `expand NAME SIZE`: `_expand`, on the heap tagged CRT.
    Expand { name: Name, size: u64 },
    /// `summary`: HeapSummary.
    Summary,
    /// `lock`: HeapLock.
    Lock,
    /// `unlock`: HeapUnlock.
    Unlock,
    /// `coalesce on|off`: heapwalk's own live switch for HEAP_DISABLE_COALESCE_ON_FREE.
    Coalesce(bool),
    /// `serialize on|off`: heapwalk's own live switch for HEAP_NO_SERIALIZE.
    Serialize(bool),
    /// `policy NAME`: the placement policy.
    Policy(Policy),
    /// `decommit off`, `decommit auto [block=SIZE] [total=SIZE]`: whether HeapFree returns large free ranges.
    Decommit(Option<Thresholds>),
    /// `stamp on|off`: whether allocations write their payload.
    Stamp(bool),
    /// `checks on|off`: whether misuse is looked for and refused.
    Checks(bool),
    /// `limit SIZE|default`: the session's commit limit.
    Limit(Option<u64>),
    /// `probe SIZE`: where a request would land; changes nothing.
    Probe(u64),
    /// `run random [key=value ...]`: a seeded workload.
    Run(Workload),
    /// `say "WORDS"`: words for the log.
    Say(String),
    /// `expect METRIC OP VALUE`: a condition that a headless run checks.
    Expect { metric: Metric, relation: Relation, value: Value },
    /// `pause`: a script waits here for a key; a headless run goes on.
    Pause,
}

/// Arguments of `heap new`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewHeap {
    /// Where the memory comes from.
    pub kind: NewHeapKind,
    /// `init=SIZE`: committed at once (HeapCreate's dwInitialSize).
    pub initial: u64,
    /// `policy=NAME`.
    pub policy: Policy,
    /// `coalesce=on|off`, `serialize=on|off`, `tail=on|off`, `freecheck=on|off`, `exceptions=on|off` as flags.
    pub flags: Flags,
    /// `decommit=off|auto`.
    pub decommit: Option<Thresholds>,
    /// `stamp=on|off`.
    pub stamp: bool,
    /// `checks=on|off`.
    pub checks: bool,
}

/// Where the memory of a new heap comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewHeapKind {
    /// `growable`: dwMaximumSize 0.
    Growable,
    /// `fixed SIZE`: dwMaximumSize SIZE.
    Fixed(u64),
    /// `buffer SIZE`: a fixed buffer that cannot give pages back.
    Buffer(u64),
}

/// NT's two thresholds for decommitting on free, in bytes (facts F7, F8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thresholds {
    /// A free block of at least this size is considered.
    pub block: u64,
    /// And only if at least this much is free in all.
    pub total: u64,
}

impl Default for Thresholds {
    /// NT's defaults: one page and 64 KiB.
    fn default() -> Thresholds {
        Thresholds { block: 0x1000, total: 0x10000 }
    }
}

/// A block's name: letters and perhaps an index. `b3` and `b[3]` are the same.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Name {
    /// Letters and underscores.
    pub base: String,
    /// The index, if any.
    pub index: Option<u64>,
}

/// One name or a slice of an indexed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Names {
    /// `a`, `b3`, `b[3]`.
    One(Name),
    /// `b[from:to:step]`: an open end means the last element that lives
    /// (for `alloc` the end must be given); `to` is exclusive, `step` at least 1.
    Slice { base: String, from: u64, to: Option<u64>, step: u64 },
}

/// What a call is given as its pointer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Blocks by name.
    Names(Names),
    /// NULL.
    Null,
    /// Any address, as an offset from the start of the heap: `0x1230`.
    Address(u64),
}

/// A comparison in `expect`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterEqual,
    /// `>`
    Greater,
}

/// The right-hand side of `expect`: a size or a fraction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// A whole number, signed: sizes, counts, return values, error codes.
    Whole(i64),
    /// A number with a decimal point, for the metrics between 0 and 1.
    Fraction(f64),
}
