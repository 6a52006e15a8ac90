//! What a row of the command table says, and how a line finds its row.

use crate::heap::Flags;

use super::command::Command;
use super::error::ParseError;
use super::grammar::GRAMMAR;
use super::options::OptionRow;
use super::parse::Words;

/// One command as help shows it and as the prompt completes it.
#[derive(Clone, Copy)]
pub struct CommandRow {
    /// The words that it begins with: `alloc`, `heap new fixed`.
    pub verb: &'static str,
    /// The function of Windows or its C library that it calls, if it is one.
    pub call: Option<&'static str>,
    /// The verb and what follows it: capitals stand for values, `[]` for what may be left out.
    pub usage: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// A line that can be typed.
    pub example: &'static str,
    /// Where help lists it.
    pub group: Group,
    pub(super) args: &'static [Arg],
    pub(super) parse: fn(&mut Words<'_>) -> Result<Command, ParseError>,
}

/// What commands have in common, for help.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// Making, choosing and destroying heaps.
    Heaps,
    /// Calls about single blocks.
    Blocks,
    /// Misuse, on purpose.
    Faults,
    /// Calls about the whole heap.
    Whole,
    /// Calls on the heap tagged CRT.
    Crt,
    /// Switches.
    Settings,
    /// Workloads and questions.
    Work,
    /// Calls made step by step.
    Lab,
    /// Words, expectations and pauses.
    Script,
    /// Going back, finding, asking for help and leaving.
    Session,
}

impl Group {
    /// Every group, in the order in which help lists them.
    pub const ALL: [Group; 10] = [
        Group::Heaps,
        Group::Blocks,
        Group::Faults,
        Group::Whole,
        Group::Crt,
        Group::Settings,
        Group::Work,
        Group::Lab,
        Group::Script,
        Group::Session,
    ];

    /// The heading.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Group::Heaps => "heaps",
            Group::Blocks => "blocks",
            Group::Faults => "the fault lab",
            Group::Whole => "the whole heap",
            Group::Crt => "the CRT heap",
            Group::Settings => "settings",
            Group::Work => "workloads and questions",
            Group::Lab => "calls made step by step",
            Group::Script => "scripts",
            Group::Session => "the session",
        }
    }
}

/// What can follow a verb, for completion.
#[derive(Clone, Copy)]
pub(super) enum Arg {
    /// Something that the person makes up: sizes, new names, words.
    Free,
    /// A size or `default`.
    SizeOrDefault,
    /// A name, `null` or an address.
    Operand,
    /// The same, or nothing.
    OptionalOperand,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A metric's name.
    Metric,
    /// A comparison sign.
    Relation,
    /// Any of these call flags.
    Flags(Flags),
    /// Any of these options.
    Options(fn() -> Vec<&'static OptionRow>),
    /// The words of a filter.
    Filter,
    /// The words of a filter, or `off`.
    FilterOrOff,
    /// The verb of a command.
    Verb,
    /// A command in braces that is one call.
    Call,
    /// The name of a script that comes with heapwalk.
    Example,
}

impl CommandRow {
    /// The options it takes, if any.
    #[must_use]
    pub fn options(&self) -> Vec<&'static OptionRow> {
        self.args
            .iter()
            .find_map(|arg| match arg {
                Arg::Options(rows) => Some(rows()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The call flags it takes; [`CALL_FLAGS`](super::CALL_FLAGS) explains them.
    #[must_use]
    pub fn flags(&self) -> Flags {
        let flags = self.args.iter().find_map(|arg| match arg {
            Arg::Flags(mask) => Some(*mask),
            _ => None,
        });
        flags.unwrap_or_default()
    }

    /// Its line of the reference: usage, explanation and example.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}: {}, such as `{}`", self.usage, self.doc, self.example)
    }

    /// The first words of its verb.
    pub(super) fn first_words(&self, count: usize) -> &'static str {
        let length: usize = self.words().take(count).map(|word| word.len() + 1).sum();
        &self.verb[..length.saturating_sub(1)]
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.verb.split(' ')
    }
}

impl std::fmt::Debug for CommandRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandRow")
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

impl Command {
    /// Its row of the table.
    ///
    /// # Panics
    ///
    /// Never: tests hold that every command has one.
    #[must_use]
    pub fn row(&self) -> &'static CommandRow {
        let verb = self.verb();
        GRAMMAR
            .iter()
            .find(|row| row.verb == verb)
            .expect("every command has a row")
    }
}

/// The row with the longest verb that stands at the start of the words, and how many words that is.
pub(super) fn row_of<'a, I>(words: impl Fn() -> I) -> Option<(&'static CommandRow, usize)>
where
    I: Iterator<Item = &'a str>,
{
    let begins = |row: &CommandRow| {
        let mut given = words();
        row.words().all(|word| given.next() == Some(word))
    };
    GRAMMAR
        .iter()
        .filter(|row| begins(row))
        .map(|row| (row, row.words().count()))
        .max_by_key(|(_, depth)| *depth)
}
