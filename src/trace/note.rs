//! What was odd about a trace that could be read all the same.

use std::fmt;

/// One kind of oddity: how often it was met, and where first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Note {
    /// What.
    pub oddity: Oddity,
    /// How often; for [`Oddity::IdGap`] and [`Oddity::LiveAtEnd`] how many ids and blocks.
    pub count: u64,
    /// The first line concerned, from 1.
    pub line: u32,
}

/// The kinds of oddity, each with one reading that does justice to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Oddity {
    /// Lines end in CR LF.
    CarriageReturn,
    /// Blanks stand behind the last token.
    TrailingBlanks,
    /// Empty lines, which are skipped. Usual in a `.script`, and not reported there.
    EmptyLine,
    /// Lines that begin with `#`, which are skipped. Usual in a `.script`, and not reported there.
    Comment,
    /// The last line has no line end.
    NoFinalNewline,
    /// A thread number stands before the letter; it is dropped.
    ThreadNumber,
    /// The header and the operations disagree; the operations are right.
    HeaderCount {
        /// Which number of the header.
        field: HeaderField,
        /// What the header says.
        says: u64,
        /// What the operations amount to.
        found: u64,
    },
    /// A number names a new block after the first one it named was freed.
    IdReused,
    /// Numbers below the highest never occur. Ids are dense, so nothing is lost.
    IdGap,
    /// `a` of an id whose block still lives: the new block gets an id of its own, the old one stays.
    AllocOfLive,
    /// `r` of an id without a block: an allocation.
    ReallocOfNone,
    /// `r` to size 0: a free.
    ReallocToZero,
    /// `f -1`: free(NULL).
    FreeOfNull,
    /// `f` of an id without a block.
    FreeOfNone,
    /// `a` or `r` without a size, which is then the size read last (0 if there
    /// is none): `fscanf` in the course's own driver leaves it so.
    MissingSize,
    /// A size that no machine has; the request is bound to fail.
    ImpossibleSize,
    /// Blocks that are never freed.
    LiveAtEnd,
}

/// A number of the header that can be checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderField {
    /// How many ids.
    Ids,
    /// How many operations.
    Ops,
    /// Peak of the live bytes.
    Peak,
}

impl HeaderField {
    const fn unit(self) -> &'static str {
        match self {
            HeaderField::Ids => "ids",
            HeaderField::Ops => "operations",
            HeaderField::Peak => "bytes at the peak",
        }
    }
}

impl Oddity {
    /// The words that go before the count.
    const fn words(self) -> &'static str {
        match self {
            Oddity::CarriageReturn => "lines ending in CR LF",
            Oddity::TrailingBlanks => "lines with trailing blanks",
            Oddity::EmptyLine => "empty lines, skipped",
            Oddity::Comment => "comments, skipped",
            Oddity::NoFinalNewline => "last line without a line end",
            Oddity::ThreadNumber => "thread numbers, dropped",
            Oddity::HeaderCount { .. } => "header",
            Oddity::IdReused => "ids used again after a free",
            Oddity::IdGap => "ids missing below the highest",
            Oddity::AllocOfLive => "a of an id whose block lives (it stays, unreachable)",
            Oddity::ReallocOfNone => "r of an id without a block (an allocation)",
            Oddity::ReallocToZero => "r to size 0 (a free)",
            Oddity::FreeOfNull => "f -1 (free of NULL)",
            Oddity::FreeOfNone => "f of an id without a block",
            Oddity::MissingSize => "no size given (the last one read is taken)",
            Oddity::ImpossibleSize => "sizes of 2^47 and more (bound to fail)",
            Oddity::LiveAtEnd => "blocks live at the end",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Note {
            oddity,
            count,
            line,
        } = self;
        match oddity {
            Oddity::HeaderCount { field, says, found } => {
                let unit = field.unit();
                write!(f, "header says {says} {unit}, found {found}, line {line}")
            }
            Oddity::NoFinalNewline => write!(f, "{}, line {line}", oddity.words()),
            _ => write!(f, "{}: {count}, first on line {line}", oddity.words()),
        }
    }
}

/// Notes being counted, one for each kind.
#[derive(Default, Debug)]
pub(super) struct Tally(Vec<Note>);

impl Tally {
    /// Counts one more of `oddity`, met on `line`.
    pub(super) fn add(&mut self, oddity: Oddity, line: u32) {
        self.add_many(oddity, 1, line);
    }

    /// Counts `count` more. Few kinds exist, so looking through them is quick.
    pub(super) fn add_many(&mut self, oddity: Oddity, count: u64, line: u32) {
        match self.0.iter_mut().find(|note| note.oddity == oddity) {
            Some(note) => note.count += count,
            None => self.0.push(Note {
                oddity,
                count,
                line,
            }),
        }
    }

    /// Forgets what turned out not to be odd.
    pub(super) fn forget(&mut self, oddities: &[Oddity]) {
        self.0.retain(|note| !oddities.contains(&note.oddity));
    }

    /// The notes in order of lines; on one line, in the order in which they were met.
    pub(super) fn into_notes(mut self) -> Vec<Note> {
        self.0.sort_by_key(|note| note.line);
        self.0
    }
}
