//! The options of the commands that give work: workloads, threads, what serialisation costs, calls step by step.

use crate::lab::crew::{Guard, MOST_WORKERS};
use crate::lab::{Distribution, Lifetime, Order, Workload};
use crate::session::command::{Situations, Threads};
use crate::session::error::ParseError;
use crate::session::lexer::Piece;
use crate::session::number::{Size, count, size, within};

use super::{Field, OptionRow, choice, named};

/// Operations of each thread of `situations` at most.
const MOST_SITUATION_OPS: u64 = 10_000_000;
/// Operations of all its threads together at most: they are drawn before the clock starts, and so have to be kept.
pub(in crate::session) const MOST_SITUATION_STEPS: u64 = 20_000_000;

/// How many threads.
pub(in crate::session) fn threads(piece: Piece<'_>) -> Result<u32, ParseError> {
    Ok(within(piece, 1, MOST_WORKERS as u64)? as u32)
}

/// What `left` says where nothing was left yet.
const NOTHING: &str = "none";

/// The options of `threads`.
pub(in crate::session) static THREADS: [Field<Threads>; 3] = [
    Field {
        row: OptionRow {
            key: "calls",
            values: "heap|noserialize",
            default: "heap",
            doc: "whether calls are as the heap is set, or each is given HEAP_NO_SERIALIZE",
        },
        set: |threads, piece| {
            threads.noserialize = choice(piece, [("heap", false), ("noserialize", true)])?;
            Ok(())
        },
        show: |threads| {
            let word = if threads.noserialize {
                "noserialize"
            } else {
                "heap"
            };
            word.to_owned()
        },
    },
    Field {
        row: OptionRow {
            key: "guard",
            values: "heap|own",
            default: "heap",
            doc: "what keeps the threads apart: the heap's lock if it has one, or a mutex of their own",
        },
        set: |threads, piece| {
            threads.guard = choice(piece, [("heap", Guard::Heap), ("own", Guard::Own)])?;
            Ok(())
        },
        show: |threads| {
            let word = match threads.guard {
                Guard::Heap => "heap",
                Guard::Own => "own",
            };
            word.to_owned()
        },
    },
    Field {
        row: OptionRow {
            key: "left",
            values: "FILE",
            default: NOTHING,
            doc: "in journals: the image of what they left, which a replay restores instead of starting threads again",
        },
        set: |threads, piece| {
            threads.left = (piece.text != NOTHING).then(|| piece.text.to_owned());
            Ok(())
        },
        show: |threads| {
            let left = threads.left.clone();
            left.unwrap_or_else(|| NOTHING.to_owned())
        },
    },
];

/// The options of `situations`.
pub(in crate::session) static SITUATIONS: [Field<Situations>; 3] = [
    Field {
        row: OptionRow {
            key: "threads",
            values: "COUNT",
            default: "4",
            doc: "how many threads share a heap where several do",
        },
        set: |situations, piece| threads(piece).map(|count| situations.threads = count),
        show: |situations| situations.threads.to_string(),
    },
    Field {
        row: OptionRow {
            key: "ops",
            values: "COUNT",
            default: "100000",
            doc: "operations of each thread",
        },
        set: |situations, piece| {
            situations.ops = within(piece, 1, MOST_SITUATION_OPS)?;
            Ok(())
        },
        show: |situations| situations.ops.to_string(),
    },
    Field {
        row: OptionRow {
            key: "seed",
            values: "NUMBER",
            default: "1",
            doc: "another number, other sequences of the same kind",
        },
        set: |situations, piece| within(piece, 0, u64::MAX).map(|seed| situations.seed = seed),
        show: |situations| situations.seed.to_string(),
    },
];

/// The options of `interleave`.
pub(in crate::session) static INTERLEAVE: [Field<Option<Order>>; 1] = [Field {
    row: OptionRow {
        key: "order",
        values: "TURNS",
        default: "none",
        doc: "who makes how many steps, in turn: 1x12,2x30; what is left is made at the end, the first call first",
    },
    set: |order, piece| {
        let found = piece.text.parse();
        *order = Some(found.map_err(|_| ParseError::at(piece, "turns such as 1x12,2x30"))?);
        Ok(())
    },
    show: |order| {
        order
            .as_ref()
            .map_or("none".to_owned(), ToString::to_string)
    },
}];

/// The options of `run random`.
pub(in crate::session) static WORKLOAD: [Field<Workload>; 10] = [
    Field {
        row: OptionRow {
            key: "ops",
            values: "COUNT",
            default: "10000",
            doc: "steps in all",
        },
        set: |workload, piece| count(piece).map(|ops| workload.ops = ops),
        show: |workload| workload.ops.to_string(),
    },
    Field {
        row: OptionRow {
            key: "sizes",
            values: "MIN..MAX",
            default: "16..512",
            doc: "the smallest and the largest request",
        },
        set: |workload, piece| {
            (workload.size_min, workload.size_max) = sizes(piece)?;
            Ok(())
        },
        show: |workload| format!("{}..{}", Size(workload.size_min), Size(workload.size_max)),
    },
    Field {
        row: OptionRow {
            key: "dist",
            values: "uniform|exponential|bimodal",
            default: "uniform",
            doc: "how requests spread between the two",
        },
        set: |workload, piece| {
            workload.distribution = named(piece, Distribution::ALL, Distribution::name)?;
            Ok(())
        },
        show: |workload| workload.distribution.name().to_owned(),
    },
    Field {
        row: OptionRow {
            key: "life",
            values: "random|lifo|fifo|ramp|sawtooth",
            default: "random",
            doc: "which block is freed, and when",
        },
        set: |workload, piece| {
            workload.lifetime = named(piece, Lifetime::ALL, Lifetime::name)?;
            Ok(())
        },
        show: |workload| workload.lifetime.name().to_owned(),
    },
    Field {
        row: OptionRow {
            key: "live",
            values: "COUNT",
            default: "1000",
            doc: "how many blocks live at the same time",
        },
        set: |workload, piece| {
            workload.live = within(piece, 1, u64::from(u32::MAX))? as u32;
            Ok(())
        },
        show: |workload| workload.live.to_string(),
    },
    Field {
        row: OptionRow {
            key: "realloc",
            values: "PERCENT",
            default: "0",
            doc: "how many steps of a hundred give a live block a new size",
        },
        set: |workload, piece| {
            workload.realloc = within(piece, 0, 100)? as u8;
            Ok(())
        },
        show: |workload| workload.realloc.to_string(),
    },
    Field {
        row: OptionRow {
            key: "seed",
            values: "NUMBER",
            default: "1",
            doc: "another number, another sequence of the same kind",
        },
        set: |workload, piece| {
            workload.seed = within(piece, 0, u64::MAX)?;
            Ok(())
        },
        show: |workload| workload.seed.to_string(),
    },
    Field {
        row: OptionRow {
            key: "from",
            values: "COUNT",
            default: "0",
            doc: "go on behind the first COUNT steps, which the run before made",
        },
        set: |workload, piece| count(piece).map(|from| workload.from = from),
        show: |workload| workload.from.to_string(),
    },
    Field {
        row: OptionRow {
            key: "until",
            values: "COUNT",
            default: "ops",
            doc: "end behind step COUNT; a ramp is still that of all ops",
        },
        set: |workload, piece| {
            workload.until = match piece.text {
                "ops" => None,
                _ => Some(count(piece)?),
            };
            Ok(())
        },
        show: |workload| {
            workload
                .until
                .map_or_else(|| "ops".to_owned(), |until| until.to_string())
        },
    },
    Field {
        row: OptionRow {
            key: "heap",
            values: "HEAP",
            default: "here",
            doc: "the heap to work on; one that goes on stays where it was",
        },
        set: |workload, piece| {
            workload.heap = heap(piece)?;
            Ok(())
        },
        show: |workload| {
            workload
                .heap
                .map_or_else(|| "here".to_owned(), |heap| heap.to_string())
        },
    },
];

/// The number of a heap, or `here` for the one in view.
fn heap(piece: Piece<'_>) -> Result<Option<u32>, ParseError> {
    if piece.text == "here" {
        return Ok(None);
    }
    Ok(Some(within(piece, 0, u64::from(u32::MAX))? as u32))
}

/// `16..512`, or one size for both ends.
fn sizes(piece: Piece<'_>) -> Result<(u64, u64), ParseError> {
    const SIZES: &str = "two sizes such as 16..512";
    let Some((low, high)) = piece.text.split_once("..") else {
        let both = size(piece).map_err(|error| ParseError {
            expected: SIZES.to_owned(),
            ..error
        })?;
        return Ok((both, both));
    };
    if low.is_empty() || high.is_empty() {
        return Err(ParseError::at(piece, SIZES));
    }
    let high = piece.skip(piece.text.len() - high.len());
    let min = size(Piece { text: low, ..piece })?;
    let max = size(high)?;
    if min > max {
        return Err(ParseError::at(
            high,
            format!("a size of at least {}", Size(min)),
        ));
    }
    Ok((min, max))
}
