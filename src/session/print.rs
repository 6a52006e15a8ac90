//! Commands to lines: the canonical text of each.

use std::fmt;

use super::command::{
    Baseline, Command, Condition, NewHeap, NewHeapKind, Situations, Threads, Thresholds, Value,
};
use super::flags::write_flags;
use super::go::Place;

use super::grammar::REPLACE;
use super::interleave::StepTo;
use super::metric::{Metric, Unit};
use super::number::Size;
use super::options::{self, on_off_word, write_fields};
use super::time::{Direction, SeekTo};
use crate::lab::Workload;

impl Command {
    /// The words that the line begins with.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Command::HeapNew(heap) => match heap.kind {
                NewHeapKind::Growable => "heap new growable",
                NewHeapKind::Fixed(_) => "heap new fixed",
                NewHeapKind::Buffer(_) => "heap new buffer",
            },
            Command::HeapUse(_) => "heap use",
            Command::HeapDestroy(_) => "heap destroy",
            Command::HeapCrt(_) => "heap crt",
            Command::Save { .. } => "save",
            Command::Export { .. } => "export",
            Command::Load(_) => "load",
            Command::Alloc { .. } => "alloc",
            Command::Realloc { .. } => "realloc",
            Command::Free { .. } => "free",
            Command::FreeWhere(_) => "free where",
            Command::Fault { fault, .. } => fault.row().command.verb,
            Command::FindingsOff => "findings off",
            Command::Size { .. } => "size",
            Command::Validate { .. } => "validate",
            Command::Walk => "walk",
            Command::Compact { .. } => "compact",
            Command::Heapmin => "heapmin",
            Command::Minimize => "minimize",
            Command::Heapchk => "heapchk",
            Command::Heapset(_) => "heapset",
            Command::CrtWalk => "heapwalk",
            Command::Expand { .. } => "expand",
            Command::Summary => "summary",
            Command::Lock => "lock",
            Command::Unlock => "unlock",
            Command::Coalesce(_) => "coalesce",
            Command::Serialize(_) => "serialize",
            Command::Policy(_) => "policy",
            Command::Decommit(None) => "decommit off",
            Command::Decommit(Some(_)) => "decommit auto",
            Command::Stamp(_) => "stamp",
            Command::Checks(_) => "checks",
            Command::Limit(_) => "limit",
            Command::Go(Place::Block(_)) => "go",
            Command::Go(Place::Operation(_)) => "go op",
            Command::Probe(_) => "probe",
            Command::Run(_) => "run random",
            Command::Threads(_) => "threads",
            Command::Situations(_) => "situations",
            Command::Rate(_) => "rate",
            Command::Mark(_) => "mark",
            Command::Baseline(_) => "baseline",
            Command::Say(_) => "say",
            Command::Expect { .. } => "expect",
            Command::Pause => "pause",
            Command::Filter(_) => "filter",
            Command::Interleave(_) => "interleave",
            Command::Play(_) => "play",
            Command::Step(StepTo::Move(0, _)) => "step t1",
            Command::Step(StepTo::Move(..)) => "step t2",
            Command::Step(StepTo::Back(_)) => "step back",
            Command::Step(StepTo::Forward(_)) => "step forward",
            Command::Step(StepTo::To(_)) => "step to",
            Command::Step(StepTo::End) => "step end",
            Command::Step(StepTo::Off) => "step off",
            Command::Example(_) => "example",
            Command::Undo => "undo",
            Command::Redo => "redo",
            Command::Seek(SeekTo::By(Direction::Back, _)) => "seek back",
            Command::Seek(SeekTo::By(Direction::Forward, _)) => "seek forward",
            Command::Seek(SeekTo::Mark(_)) => "seek mark",
            Command::Seek(SeekTo::Next(_)) => "seek next",
            Command::Seek(_) => "seek",
            Command::Branch(_) => "branch",
            Command::History(_) => "history",
            Command::Help(_) => "help",
            Command::Quit => "quit",
            Command::As { .. } => "as",
        }
    }
}

impl fmt::Display for Command {
    /// The line that parses back to this command, without a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb())?;
        match self {
            Command::HeapNew(heap) => write_heap(f, heap),
            Command::HeapUse(heap) => write!(f, " {heap}"),
            Command::HeapDestroy(heap) | Command::HeapCrt(heap) => write_optional(f, heap.as_ref()),
            Command::Alloc { names, size, flags } => {
                write!(f, " {names} {}", Size(*size))?;
                write_flags(f, *flags)
            }
            Command::Realloc { what, size, flags } => {
                write!(f, " {what} {}", Size(*size))?;
                write_flags(f, *flags)
            }
            Command::Fault {
                fault,
                what,
                amount,
            } => {
                write!(f, " {what}")?;
                let text = |amount| fault.row().amount.text(amount);
                write_optional(f, amount.map(text).as_ref())
            }
            Command::FreeWhere(filter) | Command::Filter(Some(filter)) => write!(f, " {filter}"),
            Command::Filter(None) => f.write_str(" off"),
            Command::Free { what, flags } | Command::Size { what, flags } => {
                write!(f, " {what}")?;
                write_flags(f, *flags)
            }
            Command::Validate { what, flags } => {
                write_optional(f, what.as_ref())?;
                write_flags(f, *flags)
            }
            Command::Compact { flags } => write_flags(f, *flags),
            Command::Heapset(byte) => write!(f, " {byte:#04x}"),
            Command::Expand { what, size } => write!(f, " {what} {}", Size(*size)),
            Command::Help(topic) => write_optional(f, topic.as_ref()),
            Command::Seek(to) => to.fmt(f),
            Command::Branch(line) => write_optional(f, line.as_ref()),
            Command::Coalesce(on)
            | Command::Serialize(on)
            | Command::Stamp(on)
            | Command::Checks(on) => {
                write!(f, " {}", on_off_word(*on))
            }
            Command::Policy(policy) => write!(f, " {policy}"),
            Command::Decommit(Some(thresholds)) => {
                write_fields(f, thresholds, &Thresholds::NT, &options::DECOMMIT)
            }
            Command::Limit(Some(size)) | Command::History(Some(size)) | Command::Probe(size) => {
                write!(f, " {}", Size(*size))
            }
            Command::Go(Place::Block(what)) => write!(f, " {what}"),
            Command::Go(Place::Operation(number)) => write!(f, " {number}"),
            Command::Limit(None) | Command::History(None) => f.write_str(" default"),
            Command::Run(workload) => {
                write_fields(f, workload, &Workload::default(), &options::WORKLOAD)
            }
            Command::Threads(threads) => write_threads(f, threads),
            Command::Situations(situations) => {
                write_fields(f, situations, &Situations::default(), &options::SITUATIONS)
            }
            Command::Rate(Some(rate)) => write!(f, " {rate}"),
            Command::Rate(None) => f.write_str(" max"),
            Command::Mark(Some(words)) => write_text(f, words),
            Command::Baseline(Baseline::Here) => f.write_str(" here"),
            Command::Baseline(Baseline::Mark(number)) => write!(f, " {number}"),
            Command::Baseline(Baseline::Off) => f.write_str(" off"),
            Command::Say(words) | Command::Load(words) => write_text(f, words),
            Command::Save { file, replace } | Command::Export { file, replace } => {
                write_text(f, file)?;
                write_optional(f, replace.then_some(REPLACE).as_ref())
            }
            Command::Expect {
                metric,
                relation,
                value,
            } => {
                let condition = Condition {
                    metric: *metric,
                    relation: *relation,
                    value: *value,
                };
                write!(f, " {condition}")
            }
            Command::As { actor, command } => write!(f, " {actor}: {command}"),
            Command::Interleave(asked) => {
                let [one, two] = &asked.calls;
                write!(f, " {{ {one} }} {{ {two} }}")?;
                write_fields(f, &asked.order, &None, &options::INTERLEAVE)
            }
            Command::Play(call) => write!(f, " {call}"),
            Command::Step(
                StepTo::Move(_, 1)
                | StepTo::Back(1)
                | StepTo::Forward(1)
                | StepTo::End
                | StepTo::Off,
            ) => Ok(()),
            Command::Step(
                StepTo::Move(_, steps)
                | StepTo::Back(steps)
                | StepTo::Forward(steps)
                | StepTo::To(steps),
            ) => write!(f, " {steps}"),
            Command::Example(example) => write!(f, " {}", example.name),
            Command::Walk
            | Command::FindingsOff
            | Command::Heapmin
            | Command::Minimize
            | Command::Heapchk
            | Command::CrtWalk
            | Command::Summary
            | Command::Lock
            | Command::Unlock
            | Command::Decommit(None)
            | Command::Mark(None)
            | Command::Pause
            | Command::Undo
            | Command::Redo
            | Command::Quit => Ok(()),
        }
    }
}

fn write_heap(f: &mut fmt::Formatter<'_>, heap: &NewHeap) -> fmt::Result {
    if let NewHeapKind::Fixed(size) | NewHeapKind::Buffer(size) = heap.kind {
        write!(f, " {}", Size(size))?;
    }
    write_fields(f, heap, &NewHeap::new(heap.kind), &options::NEW_HEAP)
}

fn write_threads(f: &mut fmt::Formatter<'_>, threads: &Threads) -> fmt::Result {
    let Threads {
        count, workload, ..
    } = threads;
    write!(f, " {count} {{ {} }}", Command::Run(*workload))?;
    let default = Threads::new(*count, *workload);
    write_fields(f, threads, &default, &options::THREADS)
}

fn write_optional(f: &mut fmt::Formatter<'_>, value: Option<&impl fmt::Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, " {value}"))
}

fn write_text(f: &mut fmt::Formatter<'_>, words: &str) -> fmt::Result {
    f.write_str(" \"")?;
    for char in words.chars() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            char if char.is_control() => write!(f, "\\u{{{:x}}}", char as u32)?,
            char => write!(f, "{char}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.metric, self.relation.sign())?;
        write_value(f, self.metric, self.value)
    }
}

/// Bytes with their unit, all else plain; a fraction always has a point.
fn write_value(f: &mut fmt::Formatter<'_>, metric: Metric, value: Value) -> fmt::Result {
    match value {
        Value::Whole(number) if metric.unit() == Unit::Bytes => {
            let sign = if number < 0 { "-" } else { "" };
            write!(f, "{sign}{}", Size(number.unsigned_abs()))
        }
        Value::Whole(number) => write!(f, "{number}"),
        Value::Fraction(number) => {
            let digits = number.to_string();
            let point = if digits.contains('.') { "" } else { ".0" };
            write!(f, "{digits}{point}")
        }
    }
}
