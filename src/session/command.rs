//! The closed set of commands. Screen, prompt, script, trace and command line all speak these.
//!
//! Any value of these types can be printed; what is printed parses back to the
//! same value as long as it is one that a line can say: flags that the call
//! takes, thresholds, sizes and names as documented here, finite fractions.

use std::cmp::Ordering;

use serde::Serialize;

use crate::heap::{Flags, Policy};

use super::actors::Actor;
use super::examples::Example;
use super::faults::Fault;
use super::filter::Filter;
use super::go::Place;
use super::interleave::{Interleave, StepTo};
use super::metric::Metric;
use super::name::{Names, Operand};
use super::play::Playable;
use super::time::SeekTo;
use crate::lab::Workload;
use crate::lab::crew::Guard;

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
    /// `save "FILE" [replace]`: keep the heap in view in a file, or the session as a script.
    Save {
        /// Where, as the system names it.
        file: String,
        /// A file that is there already goes.
        replace: bool,
    },
    /// `export "FILE" [replace]`: write what the end of the name says.
    Export {
        /// Where, as the system names it.
        file: String,
        /// A file that is there already goes.
        replace: bool,
    },
    /// `load "FILE"`: make a heap of what a file keeps, and look at it.
    Load(String),
    /// `alloc NAME SIZE [call flags]`: HeapAlloc, once for each name.
    Alloc {
        /// The names to give.
        names: Names,
        /// Bytes to ask for, each time.
        size: u64,
        /// ZERO_MEMORY, NO_SERIALIZE, GENERATE_EXCEPTIONS.
        flags: Flags,
    },
    /// `realloc NAMES|null|0xADDRESS SIZE [call flags]`: HeapReAlloc.
    Realloc {
        /// The pointers.
        what: Operand,
        /// Bytes to ask for, each time.
        size: u64,
        /// As for `alloc`, and REALLOC_IN_PLACE_ONLY.
        flags: Flags,
    },
    /// `free NAMES|null|0xADDRESS [call flags]`: HeapFree.
    Free {
        /// The pointers.
        what: Operand,
        /// NO_SERIALIZE.
        flags: Flags,
    },
    /// `free where WORDS`: HeapFree of every busy block that the words match.
    FreeWhere(Filter),
    /// `double-free NAME`, `overrun NAME BYTES` and their like: a fault from the table.
    Fault {
        /// Which.
        fault: Fault,
        /// The block; never a slice.
        what: Operand,
        /// Bytes or a bit, for those that take it.
        amount: Option<u64>,
    },
    /// `findings off`: forget what the last check found.
    FindingsOff,
    /// `size NAME|0xADDRESS`: HeapSize.
    Size {
        /// The pointers.
        what: Operand,
        /// NO_SERIALIZE.
        flags: Flags,
    },
    /// `validate [NAME|0xADDRESS]`: HeapValidate of the heap or of one block.
    Validate {
        /// The pointers; `None` for the whole heap.
        what: Option<Operand>,
        /// NO_SERIALIZE.
        flags: Flags,
    },
    /// `walk`: HeapWalk to the end; the entries are listed in the answer.
    Walk,
    /// `compact`: HeapCompact.
    Compact {
        /// NO_SERIALIZE.
        flags: Flags,
    },
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
    /// `expand NAME|null|0xADDRESS SIZE`: `_expand`, on the heap tagged CRT.
    Expand {
        /// The pointer; never a slice.
        what: Operand,
        /// Bytes to ask for.
        size: u64,
    },
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
    /// `go NAME|0xADDRESS`, `go op N`: a block to point at; changes nothing.
    Go(Place),
    /// `probe SIZE`: where a request would land; changes nothing.
    Probe(u64),
    /// `run random [key=value ...]`: a seeded workload.
    Run(Workload),
    /// `threads N { run random ... } [key=value ...]`: real threads at once, each with a workload of its own.
    Threads(Box<Threads>),
    /// `situations [key=value ...]`: the same work with and without the lock, on heaps of its own.
    Situations(Situations),
    /// `rate N|max`: operations a second that a workload beside the screen is held to; `None` is flat out.
    Rate(Option<u64>),
    /// `mark [WORDS]`: keep this moment as a bookmark, and compare with it.
    Mark(Option<String>),
    /// `baseline here|N|off`: what figures are compared with.
    Baseline(Baseline),
    /// `say "WORDS"`: words for the log.
    Say(String),
    /// `expect METRIC OP VALUE`: a condition that a headless run checks.
    Expect {
        /// What is looked at.
        metric: Metric,
        /// How it is compared.
        relation: Relation,
        /// What with.
        value: Value,
    },
    /// `pause`: a script waits here for a key; a headless run goes on. At the prompt: stop what runs for the moment.
    Pause,
    /// `filter WORDS`, `filter off`: which blocks are found.
    Filter(Option<Filter>),
    /// `interleave { CALL } { CALL } [order=TURNS]`: two calls on the heap in view, made step by step.
    Interleave(Box<Interleave>),
    /// `play CALL`: one call on the heap in view, played slowly.
    Play(Box<Playable>),
    /// `step t1|t2|back|forward [N]`, `step to N`, `step end`, `step off`: move the calls under way, or give them up.
    Step(StepTo),
    /// `example NAME`: a script that heapwalk ships.
    Example(&'static Example),
    /// `undo`: take back the last command that changed anything.
    Undo,
    /// `redo`: bring back the last command taken back.
    Redo,
    /// `seek N|present|peak|...`: look at another moment; nothing of the present changes.
    Seek(SeekTo),
    /// `branch`: go on from the moment that is looked at; `branch N`: go to the end of another line of history.
    Branch(Option<u32>),
    /// `history SIZE|default`: memory for the way back.
    History(Option<u64>),
    /// `help [COMMAND]`: what commands do. The words of a verb, or those with which several begin.
    Help(Option<&'static str>),
    /// `quit`: end the program, or the script that it stands in.
    Quit,
    /// `as ACTOR: COMMAND`: a call made by another than the session's own thread, as far as locks can tell.
    As {
        /// Who.
        actor: Actor,
        /// The call.
        command: Box<Command>,
    },
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
    /// GROWABLE is not among them: `kind` says it.
    pub flags: Flags,
    /// `decommit=off`, `decommit=auto [block=SIZE] [total=SIZE]`.
    pub decommit: Option<Thresholds>,
    /// `stamp=on|off`.
    pub stamp: bool,
    /// `checks=on|off`.
    pub checks: bool,
}

impl NewHeap {
    /// A heap with every option at its default: best fit, coalescing,
    /// serialised, nothing returned by HeapFree, stamping and checking.
    #[must_use]
    pub const fn new(kind: NewHeapKind) -> NewHeap {
        NewHeap {
            kind,
            initial: 0,
            policy: Policy::Best,
            flags: Flags::NONE,
            decommit: None,
            stamp: true,
            checks: true,
        }
    }
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

impl Thresholds {
    /// NT's defaults: one page and 64 KiB.
    pub const NT: Thresholds = Thresholds {
        block: 0x1000,
        total: 0x10000,
    };
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds::NT
    }
}

/// Arguments of `threads`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Threads {
    /// How many, from 1 to 64.
    pub count: u32,
    /// The workload of each, with a seed of its own derived from this one's.
    pub workload: Workload,
    /// `calls=noserialize`: each call is given HEAP_NO_SERIALIZE.
    pub noserialize: bool,
    /// `guard=own`: a mutex of their own keeps them apart.
    pub guard: Guard,
    /// `left=FILE`: it was done, and this image beside the journal is what it left.
    pub left: Option<String>,
}

impl Threads {
    /// So many threads with this workload, kept apart by the heap's lock.
    #[must_use]
    pub const fn new(count: u32, workload: Workload) -> Threads {
        Threads {
            count,
            workload,
            noserialize: false,
            guard: Guard::Heap,
            left: None,
        }
    }
}

/// Arguments of `situations`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Situations {
    /// `threads=N`: how many threads share a heap where several do.
    pub threads: u32,
    /// `ops=COUNT`: operations of each thread.
    pub ops: u64,
    /// `seed=NUMBER`: another number, other sequences of the same kind.
    pub seed: u64,
}

impl Default for Situations {
    fn default() -> Situations {
        Situations {
            threads: 4,
            ops: 100_000,
            seed: 1,
        }
    }
}

/// What figures are compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Baseline {
    /// `here`: this moment, without keeping a bookmark.
    Here,
    /// `N`: the bookmark with this number.
    Mark(u32),
    /// `off`: nothing.
    Off,
}

/// What a figure is to be: `largest_free < 128`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Condition {
    /// What is looked at.
    pub metric: Metric,
    /// How it is compared.
    pub relation: Relation,
    /// What with.
    pub value: Value,
}

impl Condition {
    /// Whether it holds where the figure is `found`; a figure that is unknown is nothing that could hold.
    #[must_use]
    pub fn holds(self, found: Option<Value>) -> bool {
        found.is_some_and(|found| self.relation.holds(found, self.value))
    }
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

impl Relation {
    /// Every comparison.
    pub const ALL: [Relation; 6] = [
        Relation::Less,
        Relation::LessEqual,
        Relation::Equal,
        Relation::NotEqual,
        Relation::GreaterEqual,
        Relation::Greater,
    ];

    /// The sign in commands.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Relation::Less => "<",
            Relation::LessEqual => "<=",
            Relation::Equal => "==",
            Relation::NotEqual => "!=",
            Relation::GreaterEqual => ">=",
            Relation::Greater => ">",
        }
    }

    /// Whether `left` stands in this relation to `right`. Whole numbers are
    /// compared exactly; with a fraction on either side both are taken as
    /// fractions, and NaN stands in no relation but `!=`.
    #[must_use]
    pub fn holds(self, left: Value, right: Value) -> bool {
        let order = match (left, right) {
            (Value::Whole(left), Value::Whole(right)) => Some(left.cmp(&right)),
            (left, right) => left.as_fraction().partial_cmp(&right.as_fraction()),
        };
        order.map_or(self == Relation::NotEqual, |order| self.orders(order))
    }

    /// Whether it holds between two numbers of which the left one is `order` than the right one.
    pub(super) fn orders(self, order: Ordering) -> bool {
        match self {
            Relation::Less => order.is_lt(),
            Relation::LessEqual => order.is_le(),
            Relation::Equal => order.is_eq(),
            Relation::NotEqual => order.is_ne(),
            Relation::GreaterEqual => order.is_ge(),
            Relation::Greater => order.is_gt(),
        }
    }
}

/// The right-hand side of `expect`: a size or a fraction. JSON has one kind of numbers for both.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number, signed: sizes, counts, return values, error codes.
    Whole(i64),
    /// A number with a decimal point, for the metrics between 0 and 1.
    Fraction(f64),
}

impl Value {
    fn as_fraction(self) -> f64 {
        match self {
            Value::Whole(number) => number as f64,
            Value::Fraction(number) => number,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Whole(number) => write!(f, "{number}"),
            Value::Fraction(number) => write!(f, "{number:.4}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_hold_as_their_signs_say() {
        use Value::{Fraction, Whole};
        // Which of < <= == != >= > hold.
        for (left, right, signs) in [
            (Whole(1), Whole(2), "< <= !="),
            (Whole(2), Whole(2), "<= == >="),
            (Whole(3), Whole(2), "!= >= >"),
            (Whole(i64::MAX - 1), Whole(i64::MAX), "< <= !="),
            (Whole(-1), Whole(0), "< <= !="),
            (Fraction(0.5), Whole(1), "< <= !="),
            (Fraction(1.0), Whole(1), "<= == >="),
            (Whole(1), Fraction(0.5), "!= >= >"),
            (Fraction(f64::NAN), Fraction(0.5), "!="),
        ] {
            let holding: Vec<_> = Relation::ALL
                .into_iter()
                .filter(|relation| relation.holds(left, right))
                .map(Relation::sign)
                .collect();
            assert_eq!(holding.join(" "), signs, "{left:?} {right:?}");
        }
    }
}
