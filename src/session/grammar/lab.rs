//! The commands that select blocks, give work, measure it, make calls step by step, and keep moments.

use crate::session::command::{Baseline, Command};
use crate::session::error::ParseError;
use crate::session::examples::{EXAMPLES, Example};
use crate::session::go::Place;
use crate::session::interleave::StepTo;
use crate::session::lexer::Piece;
use crate::session::name;
use crate::session::number;
use crate::session::options;
use crate::session::parse::Words;
use crate::session::row::{Arg, CommandRow, Group};

use super::heap;

const THREADS: Arg = Arg::Options(|| options::rows(&options::THREADS));
const SITUATIONS: Arg = Arg::Options(|| options::rows(&options::SITUATIONS));
const INTERLEAVE: Arg = Arg::Options(|| options::rows(&options::INTERLEAVE));
const WORKLOAD: Arg = Arg::Options(|| options::rows(&options::WORKLOAD));

/// Their rows, in the order in which help lists them.
pub(super) const ROWS: [CommandRow; 19] = [
    CommandRow {
        verb: "go",
        call: None,
        usage: "go NAME|0xADDRESS",
        doc: "select a block, or the block that holds an address; changes nothing",
        example: "go b3",
        group: Group::Work,
        args: &[Arg::Operand],
        parse: |words| Ok(Command::Go(Place::Block(words.arg(name::one_operand)?))),
    },
    CommandRow {
        verb: "go op",
        call: None,
        usage: "go op N",
        doc: "select the live block that operation N made",
        example: "go op 12",
        group: Group::Work,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Go(Place::Operation(words.arg(number::size)?))),
    },
    CommandRow {
        verb: "probe",
        call: None,
        usage: "probe SIZE",
        doc: "where a request would go, and why not elsewhere; changes nothing",
        example: "probe 4K",
        group: Group::Work,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Probe(words.arg(number::size)?)),
    },
    CommandRow {
        verb: "run random",
        call: None,
        usage: "run random [OPTION=VALUE ...]",
        doc: "run a seeded workload: the same options give the same steps",
        example: "run random ops=10000 sizes=16..512 dist=exponential live=1000 seed=7",
        group: Group::Work,
        args: &[WORKLOAD],
        parse: |words| words.workload(),
    },
    CommandRow {
        verb: "threads",
        call: None,
        usage: "threads N { run random [OPTION=VALUE ...] } [OPTION=VALUE ...]",
        doc: "start N real threads on the heap, each with a workload of its own; what they leave does not repeat",
        example: "threads 4 { run random ops=100000 live=200 }",
        group: Group::Work,
        args: &[Arg::Free, THREADS],
        parse: |words| words.threads(),
    },
    CommandRow {
        verb: "situations",
        call: None,
        usage: "situations [OPTION=VALUE ...]",
        doc: "the same work with the lock, in the three situations that are safe without it, and in the unsafe one; on heaps of its own",
        example: "situations threads=4 ops=100000",
        group: Group::Work,
        args: &[SITUATIONS],
        parse: |words| words.situations(),
    },
    CommandRow {
        verb: "rate",
        call: None,
        usage: "rate N|max",
        doc: "hold workloads beside the screen to N operations a second; a run without a screen goes flat out",
        example: "rate 100",
        group: Group::Work,
        args: &[Arg::OneOf(&["max"])],
        parse: |words| Ok(Command::Rate(words.arg(rate)?)),
    },
    CommandRow {
        verb: "interleave",
        call: None,
        usage: "interleave { CALL } { CALL } [order=TURNS]",
        doc: "make two calls on the heap in view step by step, in an order of turns; without one step says who moves",
        example: "interleave { alloc a 64 } { alloc b 64 } order=1x12,2x90",
        group: Group::Lab,
        args: &[Arg::Call, Arg::Call, INTERLEAVE],
        parse: |words| words.interleave(),
    },
    CommandRow {
        verb: "play",
        call: None,
        usage: "play CALL",
        doc: "play one call slowly: every hole looked at, every cut, header, link and merge; step leads through it, forwards and backwards",
        example: "play alloc a 64",
        group: Group::Lab,
        args: &[Arg::Verb],
        parse: |words| words.play(),
    },
    CommandRow {
        verb: "step t1",
        call: None,
        usage: "step t1 [N]",
        doc: "let the first of the two calls make N steps: loads, stores, taking and releasing the lock",
        example: "step t1 12",
        group: Group::Lab,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Step(StepTo::Move(0, steps(words)?))),
    },
    CommandRow {
        verb: "step t2",
        call: None,
        usage: "step t2 [N]",
        doc: "let the second of the two calls make N steps",
        example: "step t2 30",
        group: Group::Lab,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Step(StepTo::Move(1, steps(words)?))),
    },
    CommandRow {
        verb: "step back",
        call: None,
        usage: "step back [N]",
        doc: "take the last N steps back, of two calls or of one that is played",
        example: "step back",
        group: Group::Lab,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Step(StepTo::Back(steps(words)?))),
    },
    CommandRow {
        verb: "step forward",
        call: None,
        usage: "step forward [N]",
        doc: "make N steps of the call that is played",
        example: "step forward",
        group: Group::Lab,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Step(StepTo::Forward(steps(words)?))),
    },
    CommandRow {
        verb: "step to",
        call: None,
        usage: "step to N",
        doc: "go to the place behind the first N steps of the call that is played",
        example: "step to 5",
        group: Group::Lab,
        args: &[Arg::Free],
        parse: |words| {
            let place = words.arg(|piece| number::within(piece, 0, u64::MAX))?;
            Ok(Command::Step(StepTo::To(place)))
        },
    },
    CommandRow {
        verb: "step end",
        call: None,
        usage: "step end",
        doc: "make all that is left of the two calls, the first one first, or of the call that is played",
        example: "step end",
        group: Group::Lab,
        args: &[],
        parse: |_| Ok(Command::Step(StepTo::End)),
    },
    CommandRow {
        verb: "step off",
        call: None,
        usage: "step off",
        doc: "give up the calls under way: the heap is as it was before them",
        example: "step off",
        group: Group::Lab,
        args: &[],
        parse: |_| Ok(Command::Step(StepTo::Off)),
    },
    CommandRow {
        verb: "example",
        call: None,
        usage: "example NAME",
        doc: "carry out a script that comes with heapwalk, on a heap of its own",
        example: "example double-handout",
        group: Group::Lab,
        args: &[Arg::Example],
        parse: |words| Ok(Command::Example(words.arg(example)?)),
    },
    CommandRow {
        verb: "mark",
        call: None,
        usage: "mark [WORDS]",
        doc: "keep this moment as a bookmark, and compare figures with it from here on",
        example: "mark before the flood",
        group: Group::Work,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Mark(words.said())),
    },
    CommandRow {
        verb: "baseline",
        call: None,
        usage: "baseline here|N|off",
        doc: "compare figures with this moment, with bookmark N, or with nothing",
        example: "baseline here",
        group: Group::Work,
        args: &[Arg::OneOf(&["here", "off"])],
        parse: |words| Ok(Command::Baseline(words.arg(baseline)?)),
    },
];

/// How many steps; one where nothing is said.
fn steps(words: &mut Words<'_>) -> Result<u64, ParseError> {
    let steps = words.optional(|piece| number::within(piece, 1, u64::MAX))?;
    Ok(steps.unwrap_or(1))
}

/// The name of a script that comes with heapwalk.
fn example(piece: Piece<'_>) -> Result<&'static Example, ParseError> {
    options::choice(
        piece,
        EXAMPLES.iter().map(|example| (example.name, example)),
    )
}

/// Operations a second, or `max` for flat out.
fn rate(piece: Piece<'_>) -> Result<Option<u64>, ParseError> {
    if piece.text == "max" {
        return Ok(None);
    }
    let rate = number::within(piece, 1, MOST_RATE).map_err(|error| ParseError {
        expected: format!("{}, or max", error.expected),
        ..error
    })?;
    Ok(Some(rate))
}

/// The most operations a second that can be asked for; nothing reaches it.
const MOST_RATE: u64 = 1_000_000_000;

/// `here`, the number of a bookmark, or `off`.
fn baseline(piece: Piece<'_>) -> Result<Baseline, ParseError> {
    match piece.text {
        "here" => Ok(Baseline::Here),
        "off" => Ok(Baseline::Off),
        _ => heap(piece).map(Baseline::Mark).map_err(|error| ParseError {
            expected: "here, off, or the number of a bookmark".to_owned(),
            ..error
        }),
    }
}
