//! Filters: words that a block must meet, all of them. `free size>4K` means the holes larger than 4 KiB.

use std::fmt;
use std::str::FromStr;

use crate::view::{BlockFacts, BlockState};

use super::command::Relation;
use super::error::ParseError;
use super::lexer::{Lexed, Piece, Token, lex};
use super::name::{self, Name};
use super::number::{self, Size};

const WORDS: &str =
    "busy, free, large, damaged, pin, or a condition such as size>4K, name~b or from=0x1000";
const SIGNS: &str = "<, <=, =, !=, >= or >";

/// What blocks must be to be found: every word holds. Printing gives the words back.
///
/// ```
/// # use heapwalk::session::Filter;
/// let filter: Filter = "free  size >= 4096".parse().unwrap();
/// assert_eq!(filter.to_string(), "free size>=4K");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    terms: Vec<Term>,
}

/// One word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Term {
    /// `busy`, `free`, `large`, `damaged`.
    Is(Kind),
    /// `pin`: keeps pages from being returned.
    Pin,
    /// `size>4K`.
    Figure(Figure, Relation, u64),
    /// `name=b3`.
    Named(Name),
    /// `name~b`: these letters and digits occur in the name.
    NameHas(String),
    /// `from=0x1000`: begins there or behind it.
    From(u64),
    /// `to=0x2000`: begins before it.
    To(u64),
}

/// The words for what a block is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Busy,
    Free,
    Large,
    Damaged,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Busy, Kind::Free, Kind::Large, Kind::Damaged];

    const fn word(self) -> &'static str {
        match self {
            Kind::Busy => "busy",
            Kind::Free => "free",
            Kind::Large => "large",
            Kind::Damaged => "damaged",
        }
    }

    fn holds(self, block: &BlockFacts<'_>) -> bool {
        match self {
            Kind::Busy => block.is_busy(),
            Kind::Free => block.state == BlockState::Free,
            Kind::Large => block.state == BlockState::Large,
            Kind::Damaged => block.state == BlockState::Damaged,
        }
    }
}

/// The numbers that a block can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Figure {
    Size,
    Asked,
    Slack,
    Age,
    Born,
}

impl Figure {
    pub(super) const ALL: [Figure; 5] = [
        Figure::Size,
        Figure::Asked,
        Figure::Slack,
        Figure::Age,
        Figure::Born,
    ];

    const fn word(self) -> &'static str {
        match self {
            Figure::Size => "size",
            Figure::Asked => "asked",
            Figure::Slack => "slack",
            Figure::Age => "age",
            Figure::Born => "born",
        }
    }

    /// Counts operations rather than bytes.
    const fn counts(self) -> bool {
        matches!(self, Figure::Age | Figure::Born)
    }

    /// The figure of a block after operation `now`; nothing where it has none, and then no condition on it holds.
    fn of(self, block: &BlockFacts<'_>, now: u64) -> Option<u64> {
        let busy = block.is_busy();
        match self {
            Figure::Size => (block.state != BlockState::Control).then_some(block.bytes),
            Figure::Asked => busy.then_some(block.asked),
            Figure::Slack => busy.then(|| block.slack()),
            Figure::Age => block.born.map(|born| now.saturating_sub(born)),
            Figure::Born => block.born,
        }
    }
}

impl Filter {
    /// Whether all words hold for a block, `now` being the operations done so far.
    #[must_use]
    pub fn matches(&self, block: &BlockFacts<'_>, now: u64) -> bool {
        block.state != BlockState::Control
            && self.terms.iter().all(|term| match term {
                Term::Is(kind) => kind.holds(block),
                Term::Pin => block.pins > 0,
                Term::Figure(figure, relation, value) => figure
                    .of(block, now)
                    .is_some_and(|found| relation.orders(found.cmp(value))),
                Term::Named(name) => block.name.is_some_and(|found| is_called(found, name)),
                Term::NameHas(part) => block.name.is_some_and(|found| found.contains(part)),
                Term::From(address) => block.address >= *address,
                Term::To(address) => block.address < *address,
            })
    }

    /// Whether names or births of blocks have to be known.
    #[must_use]
    pub fn needs_names(&self) -> bool {
        self.terms.iter().any(|term| {
            matches!(
                term,
                Term::Named(_) | Term::NameHas(_) | Term::Figure(Figure::Age | Figure::Born, ..)
            )
        })
    }

    /// Whether what blocks pin has to be known, which costs more than the rest.
    #[must_use]
    pub fn needs_pins(&self) -> bool {
        self.terms.contains(&Term::Pin)
    }

    /// Reads the words of a line from `tokens` on; `end` is the empty piece behind the last.
    pub(super) fn read<'a>(
        tokens: impl IntoIterator<Item = Token<'a>>,
        end: Piece<'a>,
    ) -> Result<Filter, ParseError> {
        let mut words = Reader {
            pieces: tokens.into_iter().map(|token| token.piece).collect(),
            at: 0,
            end,
        };
        let mut filter = Filter { terms: Vec::new() };
        while let Some(word) = words.next() {
            let term = words.term(word)?;
            filter.add(term, word)?;
        }
        if filter.terms.is_empty() {
            return Err(ParseError::at(end, WORDS));
        }
        Ok(filter)
    }

    fn add(&mut self, term: Term, word: Piece<'_>) -> Result<(), ParseError> {
        let other = self.terms.iter().find_map(|known| match (known, &term) {
            (Term::Is(known), Term::Is(new)) if !may_both_hold(*known, *new) => Some(known.word()),
            _ => None,
        });
        if let Some(other) = other {
            let hint = format!("no block is {other} and {} at once", word.text);
            return Err(ParseError::at(word, "a word that goes with the others").hint(hint));
        }
        self.terms.push(term);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn of(terms: Vec<Term>) -> Filter {
        Filter { terms }
    }
}

/// Whether `found` is how `name` is printed.
fn is_called(found: &str, name: &Name) -> bool {
    found
        .strip_prefix(&name.base)
        .is_some_and(|rest| match name.index {
            None => rest.is_empty(),
            Some(index) => rest.parse() == Ok(index),
        })
}

/// A large block is busy; else a block is one thing.
fn may_both_hold(a: Kind, b: Kind) -> bool {
    a == b
        || matches!(
            (a, b),
            (Kind::Busy, Kind::Large) | (Kind::Large, Kind::Busy)
        )
}

/// The words of a filter, in order.
struct Reader<'a> {
    pieces: Vec<Piece<'a>>,
    at: usize,
    end: Piece<'a>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Piece<'a>> {
        let piece = self.pieces.get(self.at).copied();
        self.at += usize::from(piece.is_some());
        piece
    }

    /// The next piece; at the end an empty one, which nothing takes.
    fn value(&mut self) -> Piece<'a> {
        self.next().unwrap_or(self.end)
    }

    fn term(&mut self, word: Piece<'a>) -> Result<Term, ParseError> {
        if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == word.text) {
            return Ok(Term::Is(kind));
        }
        if word.text == "pin" {
            return Ok(Term::Pin);
        }
        let (key, sign, value) = self.condition(word)?;
        if let Some(figure) = Figure::ALL
            .into_iter()
            .find(|figure| figure.word() == key.text)
        {
            let relation = relation(sign)?;
            let value = if figure.counts() {
                number::count(value)?
            } else {
                number::size(value)?
            };
            return Ok(Term::Figure(figure, relation, value));
        }
        match (key.text, sign.text) {
            ("name", "=" | "==") => name::name(value).map(Term::Named),
            ("name", "~") => part(value).map(Term::NameHas),
            ("name", _) => Err(ParseError::at(
                sign,
                "= for the whole name or ~ for a part of it",
            )),
            ("from", "=" | "==") => address(value).map(Term::From),
            ("to", "=" | "==") => address(value).map(Term::To),
            ("from" | "to", _) => Err(ParseError::at(sign, "=")),
            _ => Err(unknown(key)),
        }
    }

    /// A key, its sign and its value, whether they are written together or apart.
    fn condition(
        &mut self,
        word: Piece<'a>,
    ) -> Result<(Piece<'a>, Piece<'a>, Piece<'a>), ParseError> {
        if let Some(at) = word.text.find(['=', '~']).filter(|at| *at > 0) {
            let (sign, value) = (word.skip(at), word.skip(at + 1));
            let key = Piece {
                text: &word.text[..at],
                ..word
            };
            let sign = Piece {
                text: &sign.text[..1],
                ..sign
            };
            // Behind `size=` a blank and the value may follow.
            let value = if value.text.is_empty() {
                self.value()
            } else {
                value
            };
            return Ok((key, sign, value));
        }
        if !KEYS.contains(&word.text) {
            return Err(unknown(word));
        }
        let sign = self.value();
        let apart = sign.text.starts_with(['=', '~']) && sign.text.len() > 1;
        if apart && !sign.text.starts_with("==") {
            let value = sign.skip(1);
            let sign = Piece {
                text: &sign.text[..1],
                ..sign
            };
            return Ok((word, sign, value));
        }
        relation_or_part(sign)?;
        Ok((word, sign, self.value()))
    }
}

const KEYS: [&str; 8] = [
    "size", "asked", "slack", "age", "born", "name", "from", "to",
];

fn unknown(word: Piece<'_>) -> ParseError {
    let kinds = Kind::ALL.map(Kind::word);
    ParseError::at(word, WORDS).suggest(kinds.into_iter().chain(["pin"]).chain(KEYS))
}

fn relation_or_part(sign: Piece<'_>) -> Result<(), ParseError> {
    if sign.text == "~" {
        return Ok(());
    }
    relation(sign).map(drop)
}

/// A comparison; equality may be written as in `expect`.
fn relation(sign: Piece<'_>) -> Result<Relation, ParseError> {
    if sign.text == "=" {
        return Ok(Relation::Equal);
    }
    relation_of(sign.text).ok_or_else(|| ParseError::at(sign, SIGNS))
}

fn relation_of(sign: &str) -> Option<Relation> {
    Relation::ALL
        .into_iter()
        .find(|relation| relation.sign() == sign)
}

/// Letters, digits and underscores: all that names are made of.
fn part(piece: Piece<'_>) -> Result<String, ParseError> {
    let plain = piece
        .text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if piece.text.is_empty() || !plain {
        return Err(ParseError::at(piece, "a part of a name, such as b or b1"));
    }
    Ok(piece.text.to_owned())
}

fn address(piece: Piece<'_>) -> Result<u64, ParseError> {
    const ADDRESS: &str = "an address such as 0x1230";
    number::hexadecimal(piece, ADDRESS)?.ok_or_else(|| ParseError::at(piece, ADDRESS))
}

impl FromStr for Filter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Filter, ParseError> {
        let Lexed { tokens, end, .. } = lex(text)?;
        Filter::read(tokens, end)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, term) in self.terms.iter().enumerate() {
            if nth > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Is(kind) => f.write_str(kind.word()),
            Term::Pin => f.write_str("pin"),
            Term::Figure(figure, relation, value) => {
                let sign = match relation {
                    Relation::Equal => "=",
                    other => other.sign(),
                };
                write!(f, "{}{sign}", figure.word())?;
                if figure.counts() {
                    write!(f, "{value}")
                } else {
                    write!(f, "{}", Size(*value))
                }
            }
            Term::Named(name) => write!(f, "name={name}"),
            Term::NameHas(part) => write!(f, "name~{part}"),
            Term::From(address) => write!(f, "from={address:#x}"),
            Term::To(address) => write!(f, "to={address:#x}"),
        }
    }
}

/// Whether a value or a sign must follow this piece of a line.
pub(super) fn awaits_value(piece: &str) -> bool {
    KEYS.contains(&piece) || matches!(piece, "=" | "~") || relation_of(piece).is_some()
}

/// A word of filters as completion and help show it.
pub(super) struct FilterWord {
    /// What completion offers: the word, or a key with the sign that it most often has.
    pub(super) offer: &'static str,
    /// How it is used.
    pub(super) usage: &'static str,
    /// What it means.
    pub(super) doc: &'static str,
}

const fn word(offer: &'static str, usage: &'static str, doc: &'static str) -> FilterWord {
    FilterWord { offer, usage, doc }
}

/// Every word of filters.
#[rustfmt::skip]
pub(super) const FILTER_WORDS: [FilterWord; 13] = [
    word("busy", "busy", "blocks that someone holds, large ones too"),
    word("free", "free", "holes"),
    word("large", "large", "blocks in a region of their own"),
    word("damaged", "damaged", "places where no block can be read"),
    word("pin", "pin", "blocks that keep pages from being returned"),
    word("size>", "size>4K  size<=64  size=80", "bytes of the block, header included"),
    word("asked>", "asked>=1M", "bytes that its owner asked for"),
    word("slack>", "slack>7", "bytes of it that nobody asked for"),
    word("age>", "age>1000", "operations since it was made"),
    word("born>", "born<=40", "the operation that made it"),
    word("name~", "name=b3  name~b", "its name, or a part of it"),
    word("from=", "from=0x1000", "begins at this address or behind it"),
    word("to=", "to=0x2000", "begins before this address"),
];

#[cfg(test)]
mod tests;
