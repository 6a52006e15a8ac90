//! The lines of a lesson file, one after the other, with the place of every mistake.

use crate::session::{ParseError, Piece, ScriptError, Words};

/// The lines that were not yet read.
pub(super) struct Reader<'a> {
    file: &'a str,
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    /// The last line that was read: its number from 1, and its characters.
    last: (usize, usize),
}

/// A line with at least one word.
pub(super) struct Content<'a> {
    /// Its number, from 1.
    pub(super) number: usize,
    /// Its first word.
    pub(super) first: Piece<'a>,
    /// Its words, the first included.
    pub(super) words: Words<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Reader<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Reader {
            file,
            lines: text.lines().enumerate(),
            last: (1, 0),
        }
    }

    /// The next line that says something.
    pub(super) fn next(&mut self) -> Result<Option<Content<'a>>, ScriptError> {
        while let Some((index, line)) = self.lines.next() {
            self.last = (index + 1, line.chars().count());
            let words = Words::of(line).map_err(|error| self.mistake(index + 1, error))?;
            if let Some(first) = words.first() {
                return Ok(Some(Content {
                    number: index + 1,
                    first,
                    words,
                }));
            }
        }
        Ok(None)
    }

    /// The next line, where one has to come: `expected` says what, `hint` why.
    pub(super) fn must(
        &mut self,
        expected: &str,
        hint: impl FnOnce() -> String,
    ) -> Result<Content<'a>, ScriptError> {
        match self.next()? {
            Some(content) => Ok(content),
            None => Err(self.at_end(expected, hint())),
        }
    }

    /// Reads the words behind the first one, to the end of the line.
    pub(super) fn read<T>(
        &self,
        mut content: Content<'a>,
        read: impl FnOnce(&mut Words<'a>) -> Result<T, ParseError>,
    ) -> Result<T, ScriptError> {
        let number = content.number;
        let whole = || {
            content.words.arg(|_| Ok(()))?;
            let value = read(&mut content.words)?;
            content.words.done()?;
            Ok(value)
        };
        whole().map_err(|error| self.mistake(number, error))
    }

    /// A mistake in a line.
    pub(super) fn mistake(&self, line: usize, error: ParseError) -> ScriptError {
        ScriptError {
            file: self.file.to_owned(),
            line,
            error,
        }
    }

    /// What is missing at the end of the file.
    pub(super) fn at_end(&self, expected: &str, hint: String) -> ScriptError {
        let (line, characters) = self.last;
        let error = ParseError {
            column: characters + 1,
            found: String::new(),
            expected: expected.to_owned(),
            hint: Some(hint),
        };
        self.mistake(line, error)
    }
}
