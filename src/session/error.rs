//! Mistakes in a line or script: the place, what was found, what was expected, and a hint.

use std::cmp::Reverse;
use std::error::Error;
use std::fmt;

use super::lexer::Piece;

/// Longest piece of a person's text that an error repeats, in characters.
const SHOWN: usize = 40;

/// Longest word for which a near match is looked for: distances cost the product of both lengths.
const COMPARED: usize = 32;

/// Why a line is not a command.
///
/// ```
/// # use heapwalk::session::parse_line;
/// let error = parse_line("alloc b x4").unwrap_err();
/// assert_eq!(error.to_string(), r#"column 9: found "x4", expected a size such as 64, 0x40 or 4K"#);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What stands there, cut to 40 characters; empty at the end of the line.
    pub found: String,
    /// What could stand there.
    pub expected: String,
    /// What the person may have meant.
    pub hint: Option<String>,
}

/// Why a script cannot be read: its first mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptError {
    /// The script's name, as the person gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The mistake in that line.
    pub error: ParseError,
}

impl ScriptError {
    /// The mistake of a script that is not UTF-8 from byte `at` on.
    #[must_use]
    pub fn not_text(file: &str, bytes: &[u8], at: usize) -> ScriptError {
        let before = String::from_utf8_lossy(&bytes[..at]);
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count())
            + 1;
        ScriptError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            error: ParseError {
                column,
                found: format!("byte 0x{:02x}", bytes[at]),
                expected: "text in UTF-8".to_owned(),
                hint: None,
            },
        }
    }
}

impl ParseError {
    pub(crate) fn at(piece: Piece<'_>, expected: impl Into<String>) -> ParseError {
        let mut found: String = piece.text.chars().take(SHOWN).collect();
        if found.len() < piece.text.len() {
            found.push('…');
        }
        ParseError {
            column: piece.column,
            found,
            expected: expected.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> ParseError {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another thing that could stand there.
    pub(super) fn or(mut self, other: &str) -> ParseError {
        self.expected = format!("{other}, {}", self.expected);
        self
    }

    /// Adds "did you mean ..." when one of `words` is close to what was found.
    pub(crate) fn suggest<'a>(self, words: impl IntoIterator<Item = &'a str>) -> ParseError {
        match nearest(&self.found, words) {
            Some(word) => self.hint(format!("did you mean {word}?")),
            None => self,
        }
    }

    /// The mistake without its place: `found "x4", expected a size ...`.
    fn fmt_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.found.is_empty() {
            f.write_str("found the end of the line")?;
        } else {
            write!(f, "found \"{}\"", self.found.escape_debug())?;
        }
        write!(f, ", expected {}", self.expected)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: ", self.column)?;
        self.fmt_fault(f)
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.error.column)?;
        self.error.fmt_fault(f)
    }
}

impl Error for ParseError {}

impl Error for ScriptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// Lists words as one says them: `on or off`, `new, use or crt`.
pub(crate) fn either<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

/// The closest of `words`, if it is at most a third of the word's letters away;
/// of equally close ones the one that begins most alike.
pub(crate) fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    if word.is_empty() || word.len() > COMPARED {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    words
        .into_iter()
        .map(|candidate| {
            let letters: Vec<char> = candidate.chars().collect();
            let alike = letters
                .iter()
                .zip(&word)
                .take_while(|(a, b)| a == b)
                .count();
            (distance(&word, &letters), Reverse(alike), candidate)
        })
        .filter(|&(distance, ..)| distance <= limit)
        .min_by_key(|&(distance, alike, _)| (distance, alike))
        .map(|(.., candidate)| candidate)
}

/// Edits between two words: insert, delete, replace, swap neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [
            ("", "", 0),
            ("free", "free", 0),
            ("fre", "free", 1),
            ("fera", "free", 2),
            ("fere", "free", 1),
            ("", "lock", 4),
            ("compact", "coalesce", 5),
        ] {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!(distance(&a, &b), edits, "{a:?} {b:?}");
            assert_eq!(distance(&b, &a), edits, "{b:?} {a:?}");
        }
    }

    #[test]
    fn only_close_words_are_suggested() {
        let words = ["alloc", "free", "compact", "heapmin"];
        for (word, suggestion) in [
            ("aloc", Some("alloc")),
            ("ALLOC", Some("alloc")),
            ("ferr", None),
            ("fre", Some("free")),
            ("heapmni", Some("heapmin")),
            ("x", None),
            ("", None),
            ("comapctcompactcompactcompactcompactcompact", None),
        ] {
            assert_eq!(nearest(word, words), suggestion, "{word}");
        }
    }

    #[test]
    fn choices_read_as_words() {
        assert_eq!(either::<&str>(&[]), "");
        assert_eq!(either(&["on"]), "on");
        assert_eq!(either(&["on", "off"]), "on or off");
        assert_eq!(either(&["new", "use", "crt"]), "new, use or crt");
    }
}
