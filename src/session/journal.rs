//! The journal of a session: every command that changed something, a line of the command language each, in a file that
//! grows as the session does. A command is there as soon as it is answered; of a workload that runs, what was made until
//! a second ago at most. So much a program that is killed leaves behind; a machine that loses its power may leave less.
//!
//! A replay of the file gives the same heaps, byte for byte. What was taken back and brought back stands there as `undo`
//! and `redo`; a workload stands there as the parts that were made of it.

mod file;

use std::io;
use std::path::{Path, PathBuf};

use super::command::Command;
use super::error::ScriptError;
use super::frame::{Answer, Tone};
use super::parse::parse_line;
use super::session::Session;

pub(super) use file::make_directory;
use file::{HEADING, file_beside};
pub use file::{Journal, last_journal};

/// The heap that an explorer begins with, which is no command of anybody's and cannot be taken back.
const FIRST_HEAP: &str = "heap new growable # as the explorer begins";
const UNDO: &str = "undo";
const REDO: &str = "redo";

/// One thing that a journal says was done.
#[derive(Clone, PartialEq, Debug)]
pub enum Deed {
    /// The explorer began with a heap.
    FirstHeap,
    /// A command.
    Command(Command),
    /// The last command was taken back.
    Undo,
    /// It was brought back.
    Redo,
}

/// A journal that was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Past {
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    /// What of its last line is there, when the writer was stopped in the middle of it.
    pub cut: Option<String>,
    /// Its lines as they stand, if it is a journal and not a script that a person wrote.
    pub kept: Option<Kept>,
}

/// The whole lines of a journal, for the journal that goes on with them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// What the journal is called in messages.
    pub(super) file: String,
    /// What stands below the heading.
    text: String,
    /// Where in the text each deed ends.
    ends: Vec<usize>,
}

/// Reads a journal, or any script. `file` is only repeated in the error.
///
/// # Errors
/// The first mistake, with its place.
pub fn read_journal(bytes: &[u8], file: &str) -> Result<Past, ScriptError> {
    let (whole, cut) = match bytes.iter().rposition(|&byte| byte == b'\n') {
        Some(end) if bytes.starts_with(HEADING.as_bytes()) => bytes.split_at(end + 1),
        None if bytes.starts_with(HEADING.as_bytes()) => (&[][..], bytes),
        // A person may well end a script without a newline.
        _ => (bytes, &[][..]),
    };
    let text = std::str::from_utf8(whole)
        .map_err(|error| ScriptError::not_text(file, whole, error.valid_up_to()))?;
    let cut = (!cut.is_empty()).then(|| String::from_utf8_lossy(cut).into_owned());
    let (mut deeds, mut ends, mut end) = (Vec::new(), Vec::new(), 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        end += line.len();
        let done = deed(line.trim(), index + 1, file)?;
        ends.extend(done.is_some().then_some(end));
        deeds.extend(done);
    }
    let kept = bytes
        .starts_with(HEADING.as_bytes())
        .then(|| Kept::new(text, ends, file));
    Ok(Past { deeds, cut, kept })
}

pub(super) fn deed(line: &str, number: usize, file: &str) -> Result<Option<Deed>, ScriptError> {
    Ok(match line {
        FIRST_HEAP => Some(Deed::FirstHeap),
        UNDO => Some(Deed::Undo),
        REDO => Some(Deed::Redo),
        line => command(line, number, file)?.map(Deed::Command),
    })
}

impl Kept {
    /// `ends` are counted from the begin of `text`, which is a heading.
    fn new(text: &str, ends: Vec<usize>, file: &str) -> Kept {
        let below = text.find('\n').map_or(text.len(), |end| end + 1);
        Kept {
            file: file.to_owned(),
            text: text[below..].to_owned(),
            ends: ends.into_iter().map(|end| end - below).collect(),
        }
    }
}

fn command(text: &str, line: usize, file: &str) -> Result<Option<Command>, ScriptError> {
    let file = file.to_owned();
    parse_line(text).map_err(|error| ScriptError { file, line, error })
}

impl Session {
    /// Writes down from here on what changes something. A heap that is there already is the one the explorer begins
    /// with.
    pub fn keep_journal(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// Files that lines refer to without saying where lie beside `source`, the script that is done.
    pub fn set_source(&mut self, source: &Path) {
        self.beside = source.parent().map(Path::to_owned);
    }

    /// Keeps a heap as it stands beside the journal. Answers with the name of its file; nothing where no journal is kept
    /// or it cannot be written.
    pub(super) fn keep_beside_journal(&mut self, heap: u32) -> Option<String> {
        let kept = self.journal.as_ref().and_then(|_| self.heap_file(heap))?;
        let mut name = None;
        self.write_journal(|journal| {
            name = journal.keep_beside(|to| kept.write(to))?;
            Ok(())
        });
        name
    }

    /// The heap image that a line of the journal names.
    pub(super) fn kept_beside_journal(&self, name: &str) -> Option<PathBuf> {
        let of_journal = self
            .journal
            .as_ref()
            .and_then(|journal| journal.find_beside(name));
        of_journal.or_else(|| file_beside(self.beside.as_deref()?, name))
    }

    /// Notes that a heap was made without a command.
    pub(super) fn journal_first_heap(&mut self) {
        self.record.add(FIRST_HEAP);
        let Some(journal) = &mut self.journal else {
            return;
        };
        if journal.has_file() {
            self.write_journal(|journal| journal.write(FIRST_HEAP));
        } else {
            journal.begin_with(FIRST_HEAP);
        }
    }

    /// Writes down what was done, for a replay. A journal that cannot be written ends, and a note says so.
    pub(super) fn journal(&mut self, line: &str) {
        self.record.add(line);
        self.write_journal(|journal| journal.write(line));
    }

    /// Writes down what a part of a workload has come to, in the place of what stands there of it. `closed`: nothing
    /// more comes of it.
    pub(super) fn journal_part(&mut self, line: &str, closed: bool) {
        self.record.set_part(line, closed);
        self.write_journal(|journal| journal.write_part(line, closed));
    }

    /// Begins the journal with all that an earlier one holds, before any of it is done again: whenever the program is
    /// stopped, nothing of the earlier session is missing. Until [`Session::let_go_of_journal`] nothing more is written.
    pub(super) fn hold_journal(&mut self, kept: &Kept) {
        self.write_journal(|journal| journal.hold(kept));
    }

    /// Writes down again what is done from here on, behind the first `deeds` deeds of the earlier journal.
    pub(super) fn let_go_of_journal(&mut self, deeds: usize) {
        self.write_journal(|journal| journal.let_go(deeds));
    }

    fn write_journal(&mut self, write: impl FnOnce(&mut Journal) -> io::Result<()>) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if let Err(error) = write(journal) {
            let directory = journal.directory().display();
            let words = format!(
                "the journal in {directory} cannot be written: {error}; this session goes on without"
            );
            self.journal = None;
            self.note(words);
        }
    }

    /// Puts words into the log.
    pub fn note(&mut self, words: String) {
        self.tell(Answer {
            words,
            tone: Tone::Note,
            ..Answer::default()
        });
    }

    /// Does what a journal says, from its first line to its last.
    pub fn replay(&mut self, past: &Past) {
        for deed in &past.deeds {
            self.do_again(deed);
        }
        if let Some(cut) = &past.cut {
            self.note_cut(cut);
        }
    }

    /// Does one thing that a journal says.
    pub(super) fn do_again(&mut self, deed: &Deed) {
        match deed {
            Deed::FirstHeap => self.open_default_heap(),
            Deed::Command(command) => {
                self.apply(command);
            }
            Deed::Undo => {
                self.undo();
            }
            Deed::Redo => {
                self.redo();
            }
        }
    }

    /// Says what a journal lacks.
    pub(super) fn note_cut(&mut self, cut: &str) {
        self.note(format!(
            "the journal ends in the middle of a line, \"{cut}\": all before it was done"
        ));
    }

    /// Takes down, while a journal is kept, that a command needed a heap and there was none.
    pub(super) fn journal_made_heap(&mut self, had: bool) {
        if !had && self.in_view.is_some() {
            self.journal_first_heap();
        }
    }
}

#[cfg(test)]
mod tests;
