//! Names of blocks, slices of indexed names, and what else a call can be given as its pointer.

use std::fmt;

use super::error::ParseError;
use super::flags::CALL_FLAGS;
use super::lexer::Piece;
use super::number::hexadecimal;

const NAME: &str = "a name such as a, b3 or b[3]";
const NAMES: &str = "a name such as a or b3, or a slice such as b[0:100]";
const OPERAND: &str =
    "a name such as b3, a slice such as b[::2], null, or an address such as 0x1230";
const INDEX: &str = "an index of at least 0";
const NULL: &str = "null";
/// Begins the words of a filter.
const WHERE: &str = "where";

/// A block's name: letters and perhaps an index. `b3` and `b[3]` are the same.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Name {
    /// Letters `a` to `z`, `A` to `Z` and underscores, at least one; not `null`, `where` or a call flag.
    pub base: String,
    /// The index, if any.
    pub index: Option<u64>,
}

/// One name or a slice of an indexed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Names {
    /// `a`, `b3`, `b[3]`.
    One(Name),
    /// `b[from:to:step]`: an open end means the last element that lives
    /// (for `alloc` the end must be given); `to` is exclusive, `step` at least 1.
    Slice {
        /// The letters.
        base: String,
        /// The first index.
        from: u64,
        /// Where to stop, exclusive.
        to: Option<u64>,
        /// From one index to the next.
        step: u64,
    },
}

/// What a call is given as its pointer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Blocks by name.
    Names(Names),
    /// NULL.
    Null,
    /// Any address, as an offset from the start of the heap: `0x1230`.
    Address(u64),
}

impl Name {
    /// A name without an index; `None` if it could not be typed.
    #[must_use]
    pub fn plain(base: &str) -> Option<Name> {
        is_base(base).then(|| Name {
            base: base.to_owned(),
            index: None,
        })
    }

    /// A name with an index; `None` if it could not be typed.
    #[must_use]
    pub fn indexed(base: &str, index: u64) -> Option<Name> {
        is_base(base).then(|| Name {
            base: base.to_owned(),
            index: Some(index),
        })
    }
}

impl Names {
    /// The names in order, `end` (exclusive) standing for an open end.
    pub fn each(&self, end: u64) -> impl Iterator<Item = Name> + '_ {
        let (base, first, range, step) = match self {
            Names::One(name) => (&name.base, Some(name.clone()), 0..0, 1),
            Names::Slice {
                base,
                from,
                to,
                step,
            } => (base, None, *from..to.unwrap_or(end), *step),
        };
        let step = usize::try_from(step).unwrap_or(usize::MAX).max(1);
        let indexed = move |index| Name {
            base: base.clone(),
            index: Some(index),
        };
        first.into_iter().chain(range.step_by(step).map(indexed))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        self.index.map_or(Ok(()), |index| write!(f, "{index}"))
    }
}

impl fmt::Display for Names {
    /// `b3`; `b[0:100]`; the first index goes unsaid where the end does: `b[::2]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, from, to, step) = match self {
            Names::One(name) => return name.fmt(f),
            Names::Slice {
                base,
                from,
                to,
                step,
            } => (base, *from, *to, *step),
        };
        write!(f, "{base}[")?;
        if from != 0 || to.is_some() {
            write!(f, "{from}")?;
        }
        f.write_str(":")?;
        if let Some(to) = to {
            write!(f, "{to}")?;
        }
        if step != 1 {
            write!(f, ":{step}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Names(names) => names.fmt(f),
            Operand::Null => f.write_str(NULL),
            Operand::Address(address) => write!(f, "{address:#x}"),
        }
    }
}

/// `a`, `b3`, `b[3]`.
pub(super) fn name(piece: Piece<'_>) -> Result<Name, ParseError> {
    match names_expecting(piece, NAME)? {
        Names::One(name) => Ok(name),
        Names::Slice { .. } => Err(ParseError::at(piece, NAME).hint("one block at a time")),
    }
}

/// Names to give to new blocks: a slice must have an end.
pub(super) fn new_names(piece: Piece<'_>) -> Result<Names, ParseError> {
    match names_expecting(piece, NAMES)? {
        Names::Slice { to: None, .. } => Err(ParseError::at(
            piece,
            "a slice with an end, such as b[0:100]",
        )),
        names => Ok(names),
    }
}

/// Names, `null` or `0x1230`.
pub(super) fn operand(piece: Piece<'_>) -> Result<Operand, ParseError> {
    if piece.text == NULL {
        return Ok(Operand::Null);
    }
    match hexadecimal(piece, OPERAND)? {
        Some(address) => Ok(Operand::Address(address)),
        None => names_expecting(piece, OPERAND).map(Operand::Names),
    }
}

/// One name, `null` or `0x1230`.
pub(super) fn one_operand(piece: Piece<'_>) -> Result<Operand, ParseError> {
    match operand(piece)? {
        Operand::Names(Names::Slice { .. }) => {
            let error = ParseError::at(
                piece,
                "a name such as b3, null, or an address such as 0x1230",
            );
            Err(error.hint("one block at a time"))
        }
        other => Ok(other),
    }
}

fn names_expecting(piece: Piece<'_>, expected: &str) -> Result<Names, ParseError> {
    let letters = piece
        .text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let letters = letters.count();
    let base = &piece.text[..letters];
    if base.is_empty() {
        return Err(ParseError::at(piece, expected));
    }
    if !is_base(base) {
        return Err(
            ParseError::at(piece, expected).hint(format!("{base} is a word of the language"))
        );
    }
    let rest = piece.skip(letters);
    if let Some(inside) = rest.text.strip_prefix('[') {
        let Some(inside) = inside.strip_suffix(']') else {
            return Err(ParseError::at(piece, format!("a closing ] behind {base}[")));
        };
        return subscript(
            base,
            Piece {
                text: inside,
                column: rest.column + 1,
            },
        );
    }
    let index = if rest.text.is_empty() {
        None
    } else if rest.text.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(index(rest)?)
    } else {
        return Err(
            ParseError::at(piece, expected).hint("names are letters, then perhaps an index")
        );
    };
    Ok(Names::One(Name {
        base: base.to_owned(),
        index,
    }))
}

/// What stands between the brackets: an index, or up to three parts.
fn subscript(base: &str, inside: Piece<'_>) -> Result<Names, ParseError> {
    let base = base.to_owned();
    let Some((from, rest)) = inside.split_once(':') else {
        return Ok(Names::One(Name {
            base,
            index: Some(index(inside)?),
        }));
    };
    let (to, step) = match rest.split_once(':') {
        Some((to, step)) => (to, Some(step)),
        None => (rest, None),
    };
    let from = optional_index(from)?.unwrap_or(0);
    let to = optional_index(to)?;
    let step = match step {
        Some(piece) => match optional_index(piece)? {
            Some(0) => return Err(ParseError::at(piece, "a step of at least 1")),
            step => step.unwrap_or(1),
        },
        None => 1,
    };
    Ok(Names::Slice {
        base,
        from,
        to,
        step,
    })
}

fn optional_index(piece: Piece<'_>) -> Result<Option<u64>, ParseError> {
    if piece.text.is_empty() {
        Ok(None)
    } else {
        index(piece).map(Some)
    }
}

fn index(piece: Piece<'_>) -> Result<u64, ParseError> {
    if piece.text.is_empty() {
        let shown = Piece { text: "]", ..piece };
        return Err(ParseError::at(shown, INDEX));
    }
    if piece.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return piece
            .text
            .parse()
            .map_err(|_| ParseError::at(piece, "an index below 2^64"));
    }
    let error = ParseError::at(piece, INDEX);
    let negative = piece.text.starts_with('-');
    Err(if negative {
        error.hint("indices do not count from the end")
    } else {
        error
    })
}

fn is_base(base: &str) -> bool {
    !base.is_empty()
        && base
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && base != NULL
        && base != WHERE
        && CALL_FLAGS.iter().all(|flag| flag.word != base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> Piece<'_> {
        Piece { text, column: 1 }
    }

    #[test]
    fn operands_print_canonically() {
        for (text, canonical) in [
            ("a", "a"),
            ("_Az", "_Az"),
            ("b3", "b3"),
            ("b003", "b3"),
            ("b[3]", "b3"),
            ("b[0:100]", "b[0:100]"),
            ("b[:100]", "b[0:100]"),
            ("b[::2]", "b[::2]"),
            ("b[0::2]", "b[::2]"),
            ("b[10:]", "b[10:]"),
            ("b[10::]", "b[10:]"),
            ("b[:]", "b[:]"),
            ("b[::]", "b[:]"),
            ("b[1:9:3]", "b[1:9:3]"),
            ("b[9:1]", "b[9:1]"),
            ("null", "null"),
            ("0x1230", "0x1230"),
            ("0XFF", "0xff"),
            ("nulls", "nulls"),
        ] {
            let parsed = operand(piece(text)).unwrap();
            assert_eq!(parsed.to_string(), canonical, "{text}");
            assert_eq!(operand(piece(canonical)), Ok(parsed), "{canonical}");
        }
    }

    #[test]
    fn faults_are_placed() {
        for (text, column, words) in [
            ("", 1, "a name such as"),
            ("3", 1, "a name such as"),
            ("é", 1, "a name such as"),
            ("b3x", 1, "letters, then perhaps an index"),
            ("b3[1]", 1, "letters, then perhaps an index"),
            ("null3", 1, "null is a word"),
            ("zero", 1, "zero is a word"),
            ("b[3", 1, "closing ]"),
            ("b[3]x", 1, "closing ]"),
            ("b[]", 3, "index of at least 0"),
            ("b[-1]", 3, "do not count from the end"),
            ("b[0:-5]", 5, "do not count from the end"),
            ("b[0:5:0]", 7, "a step of at least 1"),
            ("b[0:5:-1]", 7, "do not count from the end"),
            ("b[0:5:1:2]", 7, "index of at least 0"),
            ("b[x]", 3, "index of at least 0"),
            ("b99999999999999999999", 2, "below 2^64"),
            ("0x", 1, "after 0x"),
        ] {
            let error = operand(piece(text)).unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
        assert!(
            new_names(piece("b[0:]"))
                .unwrap_err()
                .to_string()
                .contains("a slice with an end")
        );
        assert!(
            name(piece("b[0:2]"))
                .unwrap_err()
                .to_string()
                .contains("one block at a time")
        );
    }

    #[test]
    fn slices_mean_what_they_mean_in_python() {
        for (text, end, expected) in [
            ("a", 9, "a"),
            ("b3", 0, "b3"),
            ("b[0:4]", 9, "b0 b1 b2 b3"),
            ("b[::2]", 5, "b0 b2 b4"),
            ("b[::2]", 6, "b0 b2 b4"),
            ("b[1::2]", 6, "b1 b3 b5"),
            ("b[3:]", 5, "b3 b4"),
            ("b[5:]", 5, ""),
            ("b[7:]", 5, ""),
            ("b[4:2]", 9, ""),
            ("b[0:9:18446744073709551615]", 9, "b0"),
        ] {
            let names = names_expecting(piece(text), NAMES).unwrap();
            let each: Vec<String> = names.each(end).map(|name| name.to_string()).collect();
            assert_eq!(each.join(" "), expected, "{text} of {end}");
        }
    }

    #[test]
    fn only_names_that_can_be_typed_are_made() {
        for (base, valid) in [
            ("a", true),
            ("_", true),
            ("", false),
            ("b3", false),
            ("é", false),
            ("null", false),
            ("inplace", false),
        ] {
            assert_eq!(Name::plain(base).is_some(), valid, "{base}");
            assert_eq!(Name::indexed(base, 7).is_some(), valid, "{base}");
        }
        assert_eq!(Name::indexed("b", 7).unwrap().to_string(), "b7");
    }
}
