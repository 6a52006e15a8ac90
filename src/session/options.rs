//! Options of the form `key=value`: tables that parse, print and explain them.

mod lab;

use std::fmt;

use crate::heap::{Flags, Policy};

use super::command::{NewHeap, Thresholds};
use super::error::{ParseError, either};
use super::lexer::Piece;
use super::number::{Size, size, some_size};

pub(super) use lab::{INTERLEAVE, MOST_SITUATION_STEPS, SITUATIONS, THREADS, WORKLOAD, threads};

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

/// One of these, by its name.
pub(super) fn named<T: Copy, const N: usize>(
    piece: Piece<'_>,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<T, ParseError> {
    choice(piece, all.map(|one| (name(one), one)))
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
    named(piece, Policy::ALL, Policy::name)
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
    use crate::lab::Workload;
    use crate::session::command::{Situations, Threads};

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
