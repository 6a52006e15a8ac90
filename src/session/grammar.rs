//! The commands as a table: from it lines are parsed and completed, and help is made.

mod lab;
mod time;

use crate::heap::Policy;

use super::command::{Command, NewHeapKind};
use super::error::ParseError;
use super::faults::FAULTS;
use super::flags::{ALLOCATING, LOCKING, REALLOCATING};
use super::lexer::Piece;
use super::metric::Metric;
use super::name;
use super::number;
use super::options::{self, ON_OFF};
use super::row::{Arg, CommandRow, Group};

const SWITCH: &[Arg] = &[Arg::OneOf(&ON_OFF)];
const POLICIES: &[&str] = &[
    Policy::Best.name(),
    Policy::First.name(),
    Policy::Next.name(),
    Policy::Worst.name(),
];
const NEW_HEAP: Arg = Arg::Options(|| options::rows(&options::NEW_HEAP));
const DECOMMIT: Arg = Arg::Options(|| options::rows(&options::DECOMMIT));

/// Every command, group by group.
pub static GRAMMAR: &[CommandRow] = &[
    CommandRow {
        verb: "heap new growable",
        call: Some("HeapCreate"),
        usage: "heap new growable [OPTION=VALUE ...]",
        doc: "make a heap that adds segments and large blocks as needed, and look at it",
        example: "heap new growable policy=first-fit coalesce=off",
        group: Group::Heaps,
        args: &[NEW_HEAP],
        parse: |words| words.new_heap(NewHeapKind::Growable),
    },
    CommandRow {
        verb: "heap new fixed",
        call: Some("HeapCreate"),
        usage: "heap new fixed SIZE [OPTION=VALUE ...]",
        doc: "make a heap that never exceeds SIZE, and look at it",
        example: "heap new fixed 256K init=8K",
        group: Group::Heaps,
        args: &[Arg::Free, NEW_HEAP],
        parse: |words| {
            let size = words.arg(options::maximum)?;
            words.new_heap(NewHeapKind::Fixed(size))
        },
    },
    CommandRow {
        verb: "heap new buffer",
        call: None,
        usage: "heap new buffer SIZE [OPTION=VALUE ...]",
        doc: "make a heap in a buffer that cannot give pages back (_heapmin answers ENOSYS), and look at it",
        example: "heap new buffer 64K",
        group: Group::Heaps,
        args: &[Arg::Free, NEW_HEAP],
        parse: |words| {
            let size = words.arg(options::maximum)?;
            words.new_heap(NewHeapKind::Buffer(size))
        },
    },
    CommandRow {
        verb: "heap use",
        call: None,
        usage: "heap use HEAP",
        doc: "look at heap number HEAP; later commands act on it",
        example: "heap use 2",
        group: Group::Heaps,
        args: &[Arg::Free],
        parse: |words| Ok(Command::HeapUse(words.arg(heap)?)),
    },
    CommandRow {
        verb: "heap destroy",
        call: Some("HeapDestroy"),
        usage: "heap destroy [HEAP]",
        doc: "destroy a heap with all its blocks: the one in view, or number HEAP",
        example: "heap destroy 2",
        group: Group::Heaps,
        args: &[Arg::Free],
        parse: |words| Ok(Command::HeapDestroy(words.optional(heap)?)),
    },
    CommandRow {
        verb: "heap crt",
        call: None,
        usage: "heap crt [HEAP]",
        doc: "give a heap the tag CRT: _heapmin and its sisters act on it",
        example: "heap crt",
        group: Group::Heaps,
        args: &[Arg::Free],
        parse: |words| Ok(Command::HeapCrt(words.optional(heap)?)),
    },
    CommandRow {
        verb: "save",
        call: None,
        usage: "save FILE [replace]",
        doc: "keep the heap in view in a file, as it stands, with the names of its blocks; in a file that ends with .heap, the session as a script",
        example: "save \"holes.heapimage\" replace",
        group: Group::Heaps,
        args: &[Arg::Free, Arg::OneOf(&[REPLACE])],
        parse: |words| {
            Ok(Command::Save {
                file: words.file()?,
                replace: words.optional(replace)?.unwrap_or(false),
            })
        },
    },
    CommandRow {
        verb: "export",
        call: None,
        usage: "export FILE [replace]",
        doc: "write what the end of the name says: .json and .csv the heap in view as data, .heap the session as a script, .heapimage the heap; in the explorer also .txt, .ansi, .svg and .png, the screen",
        example: "export \"holes.csv\"",
        group: Group::Heaps,
        args: &[Arg::Free, Arg::OneOf(&[REPLACE])],
        parse: |words| {
            Ok(Command::Export {
                file: words.file()?,
                replace: words.optional(replace)?.unwrap_or(false),
            })
        },
    },
    CommandRow {
        verb: "load",
        call: None,
        usage: "load FILE",
        doc: "make a heap of what a file keeps, damage and all, and look at it",
        example: "load \"holes.heapimage\"",
        group: Group::Heaps,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Load(words.file()?)),
    },
    CommandRow {
        verb: "alloc",
        call: Some("HeapAlloc"),
        usage: "alloc NAMES SIZE [zero] [noserialize] [exceptions]",
        doc: "allocate SIZE bytes for each name; a slice makes many: b[0:100]",
        example: "alloc b[0:100] 48",
        group: Group::Blocks,
        args: &[Arg::Free, Arg::Free, Arg::Flags(ALLOCATING)],
        parse: |words| {
            Ok(Command::Alloc {
                names: words.arg(name::new_names)?,
                size: words.arg(number::size)?,
                flags: words.flags(ALLOCATING)?,
            })
        },
    },
    CommandRow {
        verb: "realloc",
        call: Some("HeapReAlloc"),
        usage: "realloc NAMES|null|0xADDRESS SIZE [zero] [inplace] [noserialize] [exceptions]",
        doc: "give blocks a new size; they may move unless inplace is given",
        example: "realloc a 4K inplace",
        group: Group::Blocks,
        args: &[Arg::Operand, Arg::Free, Arg::Flags(REALLOCATING)],
        parse: |words| {
            Ok(Command::Realloc {
                what: words.arg(name::operand)?,
                size: words.arg(number::size)?,
                flags: words.flags(REALLOCATING)?,
            })
        },
    },
    CommandRow {
        verb: "free",
        call: Some("HeapFree"),
        usage: "free NAMES|null|0xADDRESS [noserialize]",
        doc: "free blocks; an address is counted from the start of the heap and may be wrong on purpose",
        example: "free b[::2]",
        group: Group::Blocks,
        args: &[Arg::Operand, Arg::Flags(LOCKING)],
        parse: |words| {
            Ok(Command::Free {
                what: words.arg(name::operand)?,
                flags: words.flags(LOCKING)?,
            })
        },
    },
    CommandRow {
        verb: "free where",
        call: Some("HeapFree"),
        usage: "free where WORDS",
        doc: "free every busy block that the words of a filter match",
        example: "free where size>4K name~b",
        group: Group::Blocks,
        args: &[Arg::Filter],
        parse: |words| Ok(Command::FreeWhere(words.filter()?)),
    },
    CommandRow {
        verb: "size",
        call: Some("HeapSize"),
        usage: "size NAMES|null|0xADDRESS [noserialize]",
        doc: "how many bytes were asked for",
        example: "size b3",
        group: Group::Blocks,
        args: &[Arg::Operand, Arg::Flags(LOCKING)],
        parse: |words| {
            Ok(Command::Size {
                what: words.arg(name::operand)?,
                flags: words.flags(LOCKING)?,
            })
        },
    },
    CommandRow {
        verb: "validate",
        call: Some("HeapValidate"),
        usage: "validate [NAMES|null|0xADDRESS] [noserialize]",
        doc: "check blocks, or without a name the whole heap",
        example: "validate b3",
        group: Group::Blocks,
        args: &[Arg::OptionalOperand, Arg::Flags(LOCKING)],
        parse: |words| {
            let what = if words.at_flag() {
                None
            } else {
                words.optional(name::operand)?
            };
            Ok(Command::Validate {
                what,
                flags: words.flags(LOCKING)?,
            })
        },
    },
    CommandRow {
        verb: "walk",
        call: Some("HeapWalk"),
        usage: "walk",
        doc: "list all entries of the heap",
        example: "walk",
        group: Group::Whole,
        args: &[],
        parse: |_| Ok(Command::Walk),
    },
    CommandRow {
        verb: "compact",
        call: Some("HeapCompact"),
        usage: "compact [noserialize]",
        doc: "report the largest committed free block; merge free neighbours first if coalescing is off",
        example: "compact",
        group: Group::Whole,
        args: &[Arg::Flags(LOCKING)],
        parse: |words| {
            Ok(Command::Compact {
                flags: words.flags(LOCKING)?,
            })
        },
    },
    CommandRow {
        verb: "minimize",
        call: None,
        usage: "minimize",
        doc: "give wholly free pages of the heap in view back to the system: heapmin for any heap",
        example: "minimize",
        group: Group::Whole,
        args: &[],
        parse: |_| Ok(Command::Minimize),
    },
    CommandRow {
        verb: "summary",
        call: Some("HeapSummary"),
        usage: "summary",
        doc: "bytes allocated, committed and reserved",
        example: "summary",
        group: Group::Whole,
        args: &[],
        parse: |_| Ok(Command::Summary),
    },
    CommandRow {
        verb: "lock",
        call: Some("HeapLock"),
        usage: "lock",
        doc: "take the heap's lock and keep it",
        example: "lock",
        group: Group::Whole,
        args: &[],
        parse: |_| Ok(Command::Lock),
    },
    CommandRow {
        verb: "unlock",
        call: Some("HeapUnlock"),
        usage: "unlock",
        doc: "release the lock taken with lock",
        example: "unlock",
        group: Group::Whole,
        args: &[],
        parse: |_| Ok(Command::Unlock),
    },
    CommandRow {
        verb: "heapmin",
        call: Some("_heapmin"),
        usage: "heapmin",
        doc: "give wholly free pages back to the system; one live byte keeps its page",
        example: "heapmin",
        group: Group::Crt,
        args: &[],
        parse: |_| Ok(Command::Heapmin),
    },
    CommandRow {
        verb: "heapchk",
        call: Some("_heapchk"),
        usage: "heapchk",
        doc: "check the heap: _HEAPOK or what is wrong",
        example: "heapchk",
        group: Group::Crt,
        args: &[],
        parse: |_| Ok(Command::Heapchk),
    },
    CommandRow {
        verb: "heapset",
        call: Some("_heapset"),
        usage: "heapset BYTE",
        doc: "check the heap and fill its free blocks with BYTE",
        example: "heapset 0xfe",
        group: Group::Crt,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Heapset(words.arg(byte)?)),
    },
    CommandRow {
        verb: "heapwalk",
        call: Some("_heapwalk"),
        usage: "heapwalk",
        doc: "list the entries as the C library sees them",
        example: "heapwalk",
        group: Group::Crt,
        args: &[],
        parse: |_| Ok(Command::CrtWalk),
    },
    // The faults bring their own rows.
    FAULTS[0].command,
    FAULTS[1].command,
    FAULTS[2].command,
    FAULTS[3].command,
    FAULTS[4].command,
    FAULTS[5].command,
    FAULTS[6].command,
    FAULTS[7].command,
    FAULTS[8].command,
    FAULTS[9].command,
    CommandRow {
        verb: "expand",
        call: Some("_expand"),
        usage: "expand NAME|null|0xADDRESS SIZE",
        doc: "give a block a new size without moving it",
        example: "expand a 96",
        group: Group::Crt,
        args: &[Arg::Operand, Arg::Free],
        parse: |words| {
            Ok(Command::Expand {
                what: words.arg(name::one_operand)?,
                size: words.arg(number::size)?,
            })
        },
    },
    CommandRow {
        verb: "as",
        call: None,
        usage: "as ACTOR: COMMAND",
        doc: "let another thread make a call, as far as locks can tell: it waits while another holds the lock",
        example: "as t2: alloc x 64",
        group: Group::Whole,
        args: &[Arg::Free, Arg::Verb],
        parse: |words| words.spoken(),
    },
    CommandRow {
        verb: "coalesce",
        call: None,
        usage: "coalesce on|off",
        doc: "whether HeapFree joins free neighbours; on merges those that wait (heapwalk's own live switch)",
        example: "coalesce off",
        group: Group::Settings,
        args: SWITCH,
        parse: |words| Ok(Command::Coalesce(words.arg(options::on_off)?)),
    },
    CommandRow {
        verb: "serialize",
        call: None,
        usage: "serialize on|off",
        doc: "whether calls take the heap's lock (heapwalk's own live switch)",
        example: "serialize off",
        group: Group::Settings,
        args: SWITCH,
        parse: |words| Ok(Command::Serialize(words.arg(options::on_off)?)),
    },
    CommandRow {
        verb: "policy",
        call: None,
        usage: "policy best-fit|first-fit|next-fit|worst-fit",
        doc: "which free block a request gets",
        example: "policy first-fit",
        group: Group::Settings,
        args: &[Arg::OneOf(POLICIES)],
        parse: |words| Ok(Command::Policy(words.arg(options::policy)?)),
    },
    CommandRow {
        verb: "decommit off",
        call: None,
        usage: "decommit off",
        doc: "HeapFree returns nothing to the system by itself",
        example: "decommit off",
        group: Group::Settings,
        args: &[],
        parse: |_| Ok(Command::Decommit(None)),
    },
    CommandRow {
        verb: "decommit auto",
        call: None,
        usage: "decommit auto [block=SIZE] [total=SIZE]",
        doc: "HeapFree itself returns large free ranges to the system, from two thresholds on",
        example: "decommit auto block=8K total=128K",
        group: Group::Settings,
        args: &[DECOMMIT],
        parse: |words| words.decommit(),
    },
    CommandRow {
        verb: "stamp",
        call: None,
        usage: "stamp on|off",
        doc: "whether allocations write their payload, so that its pages become resident",
        example: "stamp off",
        group: Group::Settings,
        args: SWITCH,
        parse: |words| Ok(Command::Stamp(words.arg(options::on_off)?)),
    },
    CommandRow {
        verb: "checks",
        call: None,
        usage: "checks on|off",
        doc: "whether misuse is looked for and refused",
        example: "checks off",
        group: Group::Settings,
        args: SWITCH,
        parse: |words| Ok(Command::Checks(words.arg(options::on_off)?)),
    },
    CommandRow {
        verb: "limit",
        call: None,
        usage: "limit SIZE|default",
        doc: "how much all heaps together may commit; beyond it commit fails as on Windows",
        example: "limit 16M",
        group: Group::Settings,
        args: &[Arg::SizeOrDefault],
        parse: |words| Ok(Command::Limit(words.arg(size_or_default)?)),
    },
    lab::ROWS[0],
    lab::ROWS[1],
    lab::ROWS[2],
    lab::ROWS[3],
    lab::ROWS[4],
    lab::ROWS[5],
    lab::ROWS[6],
    lab::ROWS[7],
    lab::ROWS[8],
    lab::ROWS[9],
    lab::ROWS[10],
    lab::ROWS[11],
    lab::ROWS[12],
    lab::ROWS[13],
    lab::ROWS[14],
    lab::ROWS[15],
    lab::ROWS[16],
    lab::ROWS[17],
    lab::ROWS[18],
    CommandRow {
        verb: "say",
        call: None,
        usage: "say \"WORDS\"",
        doc: "put words into the log",
        example: "say \"Every second block is free.\"",
        group: Group::Script,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Say(words.text()?)),
    },
    CommandRow {
        verb: "expect",
        call: None,
        usage: "expect METRIC <|<=|==|!=|>=|> VALUE",
        doc: "a condition; a run without a screen ends with exit code 1 if it does not hold",
        example: "expect largest_free < 128",
        group: Group::Script,
        args: &[Arg::Metric, Arg::Relation, Arg::Free],
        parse: |words| words.expectation(),
    },
    CommandRow {
        verb: "pause",
        call: None,
        usage: "pause",
        doc: "wait for a key; a run without a screen goes on",
        example: "pause",
        group: Group::Script,
        args: &[],
        parse: |_| Ok(Command::Pause),
    },
    CommandRow {
        verb: "filter",
        call: None,
        usage: "filter WORDS|off",
        doc: "find blocks: all words must hold; n and N go from one to the next",
        example: "filter free size>4K",
        group: Group::Session,
        args: &[Arg::FilterOrOff],
        parse: |words| words.filter_or_off(),
    },
    CommandRow {
        verb: "findings off",
        call: None,
        usage: "findings off",
        doc: "forget what the last check found; the heap stays as it is",
        example: "findings off",
        group: Group::Session,
        args: &[],
        parse: |_| Ok(Command::FindingsOff),
    },
    CommandRow {
        verb: "undo",
        call: None,
        usage: "undo",
        doc: "take back the last command that changed anything",
        example: "undo",
        group: Group::Session,
        args: &[],
        parse: |_| Ok(Command::Undo),
    },
    CommandRow {
        verb: "redo",
        call: None,
        usage: "redo",
        doc: "bring back the last command taken back",
        example: "redo",
        group: Group::Session,
        args: &[],
        parse: |_| Ok(Command::Redo),
    },
    time::ROWS[0],
    time::ROWS[1],
    time::ROWS[2],
    time::ROWS[3],
    time::ROWS[4],
    time::ROWS[5],
    time::ROWS[6],
    CommandRow {
        verb: "help",
        call: None,
        usage: "help [COMMAND]",
        doc: "say what a command does; alone, list them",
        example: "help realloc",
        group: Group::Session,
        args: &[Arg::Verb],
        parse: |words| words.topic(),
    },
    CommandRow {
        verb: "quit",
        call: None,
        usage: "quit",
        doc: "end heapwalk; in a script, end the script",
        example: "quit",
        group: Group::Session,
        args: &[],
        parse: |_| Ok(Command::Quit),
    },
];

/// The number of a heap; 0 is the process heap.
fn heap(piece: Piece<'_>) -> Result<u32, ParseError> {
    Ok(number::within(piece, 0, u64::from(u32::MAX))? as u32)
}

fn byte(piece: Piece<'_>) -> Result<u8, ParseError> {
    Ok(number::within(piece, 0, 255)? as u8)
}

/// What lets `save` and `export` take the place of a file.
pub(super) const REPLACE: &str = "replace";

fn replace(piece: Piece<'_>) -> Result<bool, ParseError> {
    if piece.text == REPLACE {
        Ok(true)
    } else {
        Err(ParseError::at(piece, "replace or the end of the line"))
    }
}

/// A size, or `default` for none.
fn size_or_default(piece: Piece<'_>) -> Result<Option<u64>, ParseError> {
    if piece.text == "default" {
        return Ok(None);
    }
    let size = number::size(piece).map_err(|error| ParseError {
        expected: format!("{}, or default", error.expected),
        ..error
    })?;
    Ok(Some(size))
}

/// The names of all metrics.
pub(super) fn metric_names() -> impl Iterator<Item = &'static str> {
    Metric::ALL.into_iter().map(Metric::name)
}
