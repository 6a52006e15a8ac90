//! The session: the only place that changes a heap.
//!
//! The command language is the closed set of [`Command`]s with their text form and the workloads they can ask for. One
//! table, [`GRAMMAR`], has a row for each command; parsing, completion and help all read it. A [`Session`] applies
//! commands to its heaps, answers, and knows the way back; a [`SessionThread`] runs one beside a screen.

pub mod command;
pub mod frame;
pub mod glossary;
pub mod metric;

mod actors;
mod apply;
mod ask;
mod blocks;
mod bookmarks;
mod complete;
mod data;
mod error;
mod examples;
mod export;
mod faults;
mod filter;
mod findings;
mod flags;
mod frees;
mod go;
mod grammar;
mod heap_file;
mod heaps;
mod history;
mod interleave;
mod journal;
mod ledger;
mod lexer;
mod marks;
mod name;
mod names;
mod number;
mod options;
mod pace;
mod parse;
mod play;
mod print;
mod probe;
mod radix;
mod record;
mod reference;
mod row;
mod run;
mod saving;
mod script;
#[expect(
    clippy::module_inception,
    reason = "the session is what this module is about"
)]
mod session;
mod situations;
mod survey;
mod thread;
pub mod threads;
pub mod time;
mod timeline;
mod watch;
mod whole;
mod why;
mod words;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod language_tests;

pub use crate::lab::crew;
pub use crate::lab::{Distribution, Generator, Lifetime, Step, Workload};
pub use actors::Actor;
pub use command::{
    Baseline, Command, Condition, NewHeap, NewHeapKind, Relation, Situations, Threads, Thresholds,
    Value,
};
pub use complete::{Completion, complete, inline_help};
pub use data::SCHEMA;
pub use error::{ParseError, ScriptError};
pub(crate) use error::{either, nearest};
pub use examples::{EXAMPLES, Example};
pub use export::{EXPORTS, Export, ExportRow};
pub use faults::{Amount, FAULTS, Fault, FaultRow};
pub use filter::Filter;
pub use flags::{CALL_FLAGS, CallFlag};
pub use go::Place;
pub use grammar::GRAMMAR;
pub use heap_file::{HeapFile, HeapFileError, KeptName, OtherLayout};
pub use history::History;
pub use interleave::{Interleave, OneCall, Pointer, StepTo};
pub use journal::{Deed, Journal, Kept, Past, last_journal, read_journal};
pub(crate) use lexer::Piece;
pub use metric::{Metric, Unit};
pub use name::{Name, Names, Operand};
pub use number::Size;
pub use options::OptionRow;
pub(crate) use parse::Words;
pub use parse::{parse_line, parse_script};
pub use play::Playable;
pub use reference::{ReferenceEntry, ReferenceSection, reference, sections};
pub use row::{CommandRow, Group};
pub use saving::{not_written_words, whole_file};
pub use session::Session;
pub use thread::SessionThread;
pub use watch::{Calls, Watch, Watched};
