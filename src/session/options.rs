//! Options of the form `key=value`: tables that parse, print and explain them.

use std::fmt;

use crate::heap::{Flags, Policy};

use super::command::{NewHeap, Situations, Threads, Thresholds};
use super::error::{ParseError, either};
use super::lexer::Piece;
use super::number::{Size, count, size, some_size, within};
use crate::lab::crew::{Guard, MOST_WORKERS};
use crate::lab::{Distribution, Lifetime, Order, Workload};

/// An option of a command, as help shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionRow {
    /// What stands before the `=`.
    pub key: &'static str,
    /// What may stand behind it: a word in capitals, or words with `|` between.
    pub values: &'static str,
    /// The value when the option is not given.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// An option together with the field of `T` that it sets.
pub(super) struct Field<T> {
    pub(super) row: OptionRow,
    set: fn(&mut T, Piece<'_>) -> Result<(), ParseError>,
    show: fn(&T) -> String,
}

/// Sets the fields that `pieces` name. Each may be named once.
pub(super) fn set_fields<'a, T>(
    target: &mut T,
    fields: &[Field<T>],
    pieces: impl IntoIterator<Item = Piece<'a>>,
) -> Result<(), ParseError> {
    let mut seen = vec![false; fields.len()];
    for piece in pieces {
        let (key, value) = match piece.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (piece, None),
        };
        let Some(at) = fields.iter().position(|field| field.row.key == key.text) else {
            let keys: Vec<String> = fields
                .iter()
                .map(|field| format!("{}=", field.row.key))
                .collect();
            let error = ParseError::at(key, format!("an option: {}", either(&keys)));
            return Err(error.suggest(fields.iter().map(|field| field.row.key)));
        };
        let field = &fields[at];
        let Some(value) = value.filter(|value| !value.text.is_empty()) else {
            return Err(ParseError::at(
                piece,
                format!("{}={}", field.row.key, field.row.values),
            ));
        };
        if std::mem::replace(&mut seen[at], true) {
            return Err(ParseError::at(key, "each option once"));
        }
        (field.set)(target, value)?;
    }
    Ok(())
}

/// Prints the fields in which `value` differs from `default`, each with a blank before it.
pub(super) fn write_fields<T>(
    f: &mut fmt::Formatter<'_>,
    value: &T,
    default: &T,
    fields: &[Field<T>],
) -> fmt::Result {
    fields
        .iter()
        .map(|field| (field.row.key, (field.show)(value), (field.show)(default)))
        .filter(|(_, shown, default)| shown != default)
        .try_for_each(|(key, shown, _)| write!(f, " {key}={shown}"))
}

/// The rows of a table without its setters.
pub(super) fn rows<T>(fields: &'static [Field<T>]) -> Vec<&'static OptionRow> {
    fields.iter().map(|field| &field.row).collect()
}

pub(super) const ON_OFF: [&str; 2] = ["on", "off"];

/// `on` or `off`.
pub(super) fn on_off(piece: Piece<'_>) -> Result<bool, ParseError> {
    choice(piece, [("on", true), ("off", false)])
}

/// One of some words.
pub(super) fn choice<T>(
    piece: Piece<'_>,
    words: impl IntoIterator<Item = (&'static str, T)>,
) -> Result<T, ParseError> {
    let mut names = Vec::new();
    for (name, value) in words {
        if name == piece.text {
            return Ok(value);
        }
        names.push(name);
    }
    Err(ParseError::at(piece, either(&names)).suggest(names))
}

/// The name of a placement policy.
pub(super) fn policy(piece: Piece<'_>) -> Result<Policy, ParseError> {
    choice(piece, Policy::ALL.map(|policy| (policy.name(), policy)))
}

pub(super) fn on_off_word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

const NT: Thresholds = Thresholds::NT;

/// The options of `decommit auto`.
pub(super) static DECOMMIT: [Field<Thresholds>; 2] = [
    Field {
        row: OptionRow {
            key: "block",
            values: "SIZE",
            default: "4K",
            doc: "a free block of at least this size is considered",
        },
        set: |thresholds, piece| size(piece).map(|size| thresholds.block = size),
        show: |thresholds| Size(thresholds.block).to_string(),
    },
    Field {
        row: OptionRow {
            key: "total",
            values: "SIZE",
            default: "64K",
            doc: "and only while at least this much is free in all",
        },
        set: |thresholds, piece| size(piece).map(|size| thresholds.total = size),
        show: |thresholds| Size(thresholds.total).to_string(),
    },
];

/// A new heap's thresholds, to be changed; an error at `piece` while HeapFree returns nothing.
fn thresholds<'a>(
    heap: &'a mut NewHeap,
    piece: Piece<'_>,
) -> Result<&'a mut Thresholds, ParseError> {
    let refused = || ParseError::at(piece, "decommit=auto before a threshold");
    heap.decommit.as_mut().ok_or_else(refused)
}

/// The options of `heap new`.
pub(super) static NEW_HEAP: [Field<NewHeap>; 12] = [
    Field {
        row: OptionRow {
            key: "init",
            values: "SIZE",
            default: "0",
            doc: "committed at once (HeapCreate's dwInitialSize)",
        },
        set: |heap, piece| size(piece).map(|size| heap.initial = size),
        show: |heap| Size(heap.initial).to_string(),
    },
    Field {
        row: OptionRow {
            key: "policy",
            values: "best-fit|first-fit|next-fit|worst-fit",
            default: "best-fit",
            doc: "which free block a request gets",
        },
        set: |heap, piece| policy(piece).map(|policy| heap.policy = policy),
        show: |heap| heap.policy.name().to_owned(),
    },
    Field {
        row: OptionRow {
            key: "coalesce",
            values: "on|off",
            default: "on",
            doc: "HeapFree joins free neighbours (off: HEAP_DISABLE_COALESCE_ON_FREE)",
        },
        set: |heap, piece| set_flag(heap, Flags::DISABLE_COALESCE_ON_FREE, !on_off(piece)?),
        show: |heap| show_flag(!heap.flags.has(Flags::DISABLE_COALESCE_ON_FREE)),
    },
    Field {
        row: OptionRow {
            key: "serialize",
            values: "on|off",
            default: "on",
            doc: "calls take the heap's lock (off: HEAP_NO_SERIALIZE)",
        },
        set: |heap, piece| set_flag(heap, Flags::NO_SERIALIZE, !on_off(piece)?),
        show: |heap| show_flag(!heap.flags.has(Flags::NO_SERIALIZE)),
    },
    Field {
        row: OptionRow {
            key: "tail",
            values: "on|off",
            default: "off",
            doc: "a pattern behind each block is checked (HEAP_TAIL_CHECKING_ENABLED)",
        },
        set: |heap, piece| set_flag(heap, Flags::TAIL_CHECKING, on_off(piece)?),
        show: |heap| show_flag(heap.flags.has(Flags::TAIL_CHECKING)),
    },
    Field {
        row: OptionRow {
            key: "freecheck",
            values: "on|off",
            default: "off",
            doc: "free memory is filled and checked (HEAP_FREE_CHECKING_ENABLED)",
        },
        set: |heap, piece| set_flag(heap, Flags::FREE_CHECKING, on_off(piece)?),
        show: |heap| show_flag(heap.flags.has(Flags::FREE_CHECKING)),
    },
    Field {
        row: OptionRow {
            key: "exceptions",
            values: "on|off",
            default: "off",
            doc: "failed allocations raise exceptions (HEAP_GENERATE_EXCEPTIONS)",
        },
        set: |heap, piece| set_flag(heap, Flags::GENERATE_EXCEPTIONS, on_off(piece)?),
        show: |heap| show_flag(heap.flags.has(Flags::GENERATE_EXCEPTIONS)),
    },
    Field {
        row: OptionRow {
            key: "decommit",
            values: "off|auto",
            default: "off",
            doc: "HeapFree itself returns large free ranges to the system",
        },
        set: |heap, piece| {
            heap.decommit = choice(piece, [("off", None), ("auto", Some(NT))])?;
            Ok(())
        },
        show: |heap| {
            if heap.decommit.is_some() {
                "auto"
            } else {
                "off"
            }
            .to_owned()
        },
    },
    Field {
        row: OptionRow {
            key: "block",
            values: "SIZE",
            default: "4K",
            doc: "with decommit=auto: a free block of at least this size is considered",
        },
        set: |heap, piece| {
            thresholds(heap, piece)?.block = size(piece)?;
            Ok(())
        },
        show: |heap| Size(heap.decommit.unwrap_or(NT).block).to_string(),
    },
    Field {
        row: OptionRow {
            key: "total",
            values: "SIZE",
            default: "64K",
            doc: "with decommit=auto: and only while at least this much is free in all",
        },
        set: |heap, piece| {
            thresholds(heap, piece)?.total = size(piece)?;
            Ok(())
        },
        show: |heap| Size(heap.decommit.unwrap_or(NT).total).to_string(),
    },
    Field {
        row: OptionRow {
            key: "stamp",
            values: "on|off",
            default: "on",
            doc: "allocations write their payload, so that its pages become resident",
        },
        set: |heap, piece| on_off(piece).map(|on| heap.stamp = on),
        show: |heap| on_off_word(heap.stamp).to_owned(),
    },
    Field {
        row: OptionRow {
            key: "checks",
            values: "on|off",
            default: "on",
            doc: "misuse is looked for and refused",
        },
        set: |heap, piece| on_off(piece).map(|on| heap.checks = on),
        show: |heap| on_off_word(heap.checks).to_owned(),
    },
];

fn set_flag(heap: &mut NewHeap, flag: Flags, on: bool) -> Result<(), ParseError> {
    heap.flags = heap.flags.with(flag, on);
    Ok(())
}

fn show_flag(on: bool) -> String {
    on_off_word(on).to_owned()
}

/// How many threads.
pub(super) fn threads(piece: Piece<'_>) -> Result<u32, ParseError> {
    Ok(within(piece, 1, MOST_WORKERS as u64)? as u32)
}

/// What `left` says where nothing was left yet.
const NOTHING: &str = "none";

/// The options of `threads`.
pub(super) static THREADS: [Field<Threads>; 3] = [
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
pub(super) static SITUATIONS: [Field<Situations>; 3] = [
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

/// Operations of a situation at most: they are drawn before the clock starts, and so have to be kept.
const MOST_SITUATION_OPS: u64 = 10_000_000;
/// The options of `interleave`.
pub(super) static INTERLEAVE: [Field<Option<Order>>; 1] = [Field {
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
pub(super) static WORKLOAD: [Field<Workload>; 10] = [
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
            let names = Distribution::ALL.map(|distribution| (distribution.name(), distribution));
            workload.distribution = choice(piece, names)?;
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
            let names = Lifetime::ALL.map(|lifetime| (lifetime.name(), lifetime));
            workload.lifetime = choice(piece, names)?;
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

/// A size above 0, for heaps that cannot grow.
pub(super) fn maximum(piece: Piece<'_>) -> Result<u64, ParseError> {
    some_size(piece).map_err(|error| match size(piece) {
        Ok(0) => error.hint("a maximum of 0 means: heap new growable"),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::super::command::NewHeapKind;
    use super::*;

    fn check<T>(fields: &[Field<T>], default: &T) {
        for field in fields {
            assert_eq!(
                (field.show)(default),
                field.row.default,
                "{}",
                field.row.key
            );
        }
    }

    #[test]
    fn documented_defaults_are_the_defaults() {
        check(&NEW_HEAP, &NewHeap::new(NewHeapKind::Growable));
        check(&DECOMMIT, &Thresholds::default());
        check(&WORKLOAD, &Workload::default());
        check(&THREADS, &Threads::new(4, Workload::default()));
        check(&SITUATIONS, &Situations::default());
    }

    #[test]
    fn documented_words_are_the_words() {
        fn check<T>(fields: &[Field<T>], target: &mut T) {
            for field in fields.iter().filter(|field| field.row.values.contains('|')) {
                let error = (field.set)(
                    target,
                    Piece {
                        text: "?",
                        column: 1,
                    },
                )
                .unwrap_err();
                let words: Vec<&str> = field.row.values.split('|').collect();
                assert_eq!(error.expected, either(&words), "{}", field.row.key);
                for text in words {
                    (field.set)(target, Piece { text, column: 1 }).unwrap();
                    assert_eq!((field.show)(target), text, "{}", field.row.key);
                }
            }
        }
        check(&NEW_HEAP, &mut NewHeap::new(NewHeapKind::Growable));
        check(&WORKLOAD, &mut Workload::default());
        check(&THREADS, &mut Threads::new(4, Workload::default()));
    }
}
