//! The reader of malloc-lab traces, in all the dialects found in the wild.
//!
//! ```text
//! file   := header { line }
//! header := V0: ids ops | V1: heapsize ids ops weight | V2: weight ids ops ignore_ranges
//!         | V3: weight ids ops peak_bytes | (none: .script)          one number a line
//! line   := [thread] ( "a" id size | "r" id size | "f" id | "f" "-1" ) | "#" words | (empty)
//! ```
//!
//! Two header lines are V0. Of four, the first in 0..=3 and the last in 0..=1
//! make V2, the first in 0..=3 and the last above make V3, all else is V1.
//! (A V3 file whose peak is 0 or 1 therefore reads as V2.) Tokens are separated
//! by spaces and tabs; numbers are decimal and below 2^64.
//!
//! A file may be gzip, in one member or several; its name does not matter.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::{Fault, TraceError, quoted};
use super::intake::Intake;
use super::lines::{Input, Limits, Line, Lines};
use super::note::{HeaderField, Oddity};
use super::op::{Header, Trace};

impl Trace {
    /// Reads the file at `path`, within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// As [`read`]; the file's name in the error is `path` as given.
    pub fn open(path: impl AsRef<Path>) -> Result<Trace, TraceError> {
        let name = path.as_ref().display().to_string();
        match File::open(path) {
            Ok(file) => read(&name, file, Limits::default()),
            Err(cause) => Err(TraceError::Io { file: name, cause }),
        }
    }

    /// Reads a trace from `input`, within the default [`Limits`]; errors call it `name`.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn read(name: &str, input: impl Read) -> Result<Trace, TraceError> {
        read(name, input, Limits::default())
    }
}

/// Reads a trace from `input`; errors call it `name`.
///
/// `input` needs no buffer of its own. To cancel a long reading, let it answer
/// with an error.
///
/// # Errors
///
/// [`TraceError::Malformed`] for what cannot be understood, for a truncated or
/// damaged gzip stream, and for what exceeds `limits`; [`TraceError::Io`] for
/// what `input` fails with.
pub fn read(name: &str, input: impl Read, limits: Limits) -> Result<Trace, TraceError> {
    parse(input, limits).map_err(|fault| fault.in_file(name))
}

const OPERATION: &str = "an operation (a, r or f)";
const BEGINNING: &str = "a header number or an operation (a, r or f)";
const HEADER_NUMBER: &str = "a header number (a header has 2 or 4)";

/// The longest header.
const HEADER_LINES: usize = 4;

fn parse(input: impl Read, limits: Limits) -> Result<Trace, Fault> {
    let mut lines = Lines::new(Input::new(input).map_err(Fault::Io)?, limits);
    let mut reader = Reader::new(limits);
    while let Some(line) = lines.next()? {
        reader.line(line)?;
    }
    reader.finish(lines.following())
}

/// A number of the header, and its line.
type HeaderNumber = (u64, u32);

struct Reader {
    limits: Limits,
    header: Vec<HeaderNumber>,
    in_header: bool,
    /// What an `a` without a size means.
    last_size: u64,
    intake: Intake,
}

impl Reader {
    fn new(limits: Limits) -> Reader {
        Reader {
            limits,
            header: Vec::new(),
            in_header: true,
            last_size: 0,
            intake: Intake::default(),
        }
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let mut tokens = Tokens {
            line,
            text: self.trimmed(line),
            at: 0,
        };
        let Some(first) = tokens.next() else {
            self.intake.tally.add(Oddity::EmptyLine, line.number);
            return Ok(());
        };
        if first.bytes[0] == b'#' {
            self.intake.tally.add(Oddity::Comment, line.number);
            return Ok(());
        }
        if self.in_header {
            if self.header.len() < HEADER_LINES && tokens.at_end() && first.is_digits() {
                let number = tokens.number(Some(first), "a number")?;
                self.header.push((number, line.number));
                return Ok(());
            }
            self.close_header()
                .map_err(|expected| tokens.fault(Some(first), expected))?;
        }
        self.operation(first, &mut tokens)
    }

    /// `line` without what only ends it.
    fn trimmed<'a>(&mut self, line: Line<'a>) -> &'a [u8] {
        let tally = &mut self.intake.tally;
        let mut text = line.text;
        if let Some(rest) = text.strip_suffix(b"\r") {
            text = rest;
            tally.add(Oddity::CarriageReturn, line.number);
        }
        let blanks = text
            .iter()
            .rev()
            .take_while(|&&byte| is_blank(byte))
            .count();
        if blanks > 0 {
            text = &text[..text.len() - blanks];
            tally.add(Oddity::TrailingBlanks, line.number);
        }
        if !line.ended {
            tally.add(Oddity::NoFinalNewline, line.number);
        }
        text
    }

    /// Ends the header, unless that cannot be: then says what was expected.
    fn close_header(&mut self) -> Result<(), &'static str> {
        self.in_header = false;
        match self.header.len() {
            0 | 2 | HEADER_LINES => Ok(()),
            _ => Err(HEADER_NUMBER),
        }
    }

    fn operation(&mut self, first: Token<'_>, tokens: &mut Tokens<'_>) -> Result<(), Fault> {
        let line = tokens.line.number;
        let Limits { ops: most, .. } = self.limits;
        if self.intake.len() >= most as usize {
            return Err(Fault::at(
                line,
                1,
                "one more operation",
                format!("at most {most} operations"),
            ));
        }
        let mut letter = first;
        if first.is_digits()
            && let Some(second) = tokens.next()
        {
            self.intake.tally.add(Oddity::ThreadNumber, line);
            letter = second;
        }
        match letter.bytes {
            b"a" => {
                let id = tokens.next_number("an id")?;
                let size = self.alloc_size(tokens)?;
                tokens.finish()?;
                self.intake.alloc(id, size, line);
            }
            b"r" => {
                let id = tokens.next_number("an id")?;
                let size = tokens.next_number("a size")?;
                tokens.finish()?;
                self.last_size = size;
                self.intake.realloc(id, size, line);
            }
            b"f" => match tokens.next() {
                Some(token) if token.bytes == b"-1" => {
                    tokens.finish()?;
                    self.intake.free_null(line);
                }
                token => {
                    let id = tokens.number(token, "an id or -1")?;
                    tokens.finish()?;
                    self.intake.free(id, line);
                }
            },
            _ if self.header.is_empty() && self.intake.len() == 0 => {
                return Err(tokens.fault(Some(letter), BEGINNING));
            }
            _ => return Err(tokens.fault(Some(letter), OPERATION)),
        }
        Ok(())
    }

    /// The size of an `a`, which may be missing, except where the file breaks off.
    fn alloc_size(&mut self, tokens: &mut Tokens<'_>) -> Result<u64, Fault> {
        if tokens.at_end() && tokens.line.ended {
            self.intake
                .tally
                .add(Oddity::MissingSize, tokens.line.number);
        } else {
            self.last_size = tokens.next_number("a size")?;
        }
        Ok(self.last_size)
    }

    /// The end of the file, which counts as line `end`.
    fn finish(mut self, end: u32) -> Result<Trace, Fault> {
        let missing = |expected: &str| Err(Fault::at(end, 1, "end of file", expected));
        if let Err(expected) = self.close_header() {
            return missing(expected);
        }
        let header = header_of(&self.header);
        if self.intake.len() == 0 {
            match header.counts() {
                None => return missing(BEGINNING),
                Some((_, 0)) => {}
                Some(_) => return missing(OPERATION),
            }
        }
        self.compare(header);
        Ok(self.intake.finish(header))
    }

    /// Notes where the header and the operations disagree, and what is usual in a script.
    fn compare(&mut self, header: Header) {
        let intake = &mut self.intake;
        let Some((ids, ops)) = header.counts() else {
            return intake.tally.forget(&[Oddity::EmptyLine, Oddity::Comment]);
        };
        let (found_ids, found_ops, found_peak) =
            (intake.distinct(), intake.len() as u64, intake.peak());
        // V0 begins with the ids; the others have one number before them.
        let first = usize::from(self.header.len() == HEADER_LINES);
        let mut check = |field, index: usize, says, found| {
            if says != found {
                let line = self.header[index].1;
                intake
                    .tally
                    .add(Oddity::HeaderCount { field, says, found }, line);
            }
        };
        check(HeaderField::Ids, first, ids, found_ids);
        check(HeaderField::Ops, first + 1, ops, found_ops);
        if let Header::V3 { peak, .. } = header {
            check(HeaderField::Peak, first + 2, peak, found_peak);
        }
    }
}

/// The header that these numbers make; there are 0, 2 or 4.
fn header_of(numbers: &[HeaderNumber]) -> Header {
    let numbers: Vec<u64> = numbers.iter().map(|&(number, _)| number).collect();
    match numbers[..] {
        [ids, ops] => Header::V0 { ids, ops },
        [weight @ 0..=3, ids, ops, ignore_ranges @ 0..=1] => Header::V2 {
            weight,
            ids,
            ops,
            ignore_ranges,
        },
        [weight @ 0..=3, ids, ops, peak] => Header::V3 {
            weight,
            ids,
            ops,
            peak,
        },
        [heap_size, ids, ops, weight] => Header::V1 {
            heap_size,
            ids,
            ops,
            weight,
        },
        _ => Header::Script,
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A word of a line.
#[derive(Clone, Copy)]
struct Token<'a> {
    /// Never empty.
    bytes: &'a [u8],
    /// Offset in the line.
    at: usize,
}

impl Token<'_> {
    fn is_digits(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_digit)
    }
}

/// The words of a line, and what to say when they are wrong.
struct Tokens<'a> {
    line: Line<'a>,
    /// The line's text without what only ends it.
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        let blanks = rest.iter().take_while(|&&byte| is_blank(byte)).count();
        let length = rest[blanks..]
            .iter()
            .take_while(|&&byte| !is_blank(byte))
            .count();
        let at = self.at + blanks;
        self.at = at + length;
        (length > 0).then(|| Token {
            bytes: &self.text[at..self.at],
            at,
        })
    }

    /// Whether no word is left. (Blanks at the end are not part of `text`.)
    fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// No word is left, or else a fault.
    fn finish(&mut self) -> Result<(), Fault> {
        match self.next() {
            None => Ok(()),
            token => Err(self.fault(token, "end of line")),
        }
    }

    fn next_number(&mut self, expected: &str) -> Result<u64, Fault> {
        let token = self.next();
        self.number(token, expected)
    }

    /// `token` as a number; `expected` says what kind.
    fn number(&self, token: Option<Token<'_>>, expected: &str) -> Result<u64, Fault> {
        let Some(digits) = token.filter(Token::is_digits) else {
            return Err(self.fault(token, expected));
        };
        let add = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
        let number = digits.bytes.iter().try_fold(0, add);
        number.ok_or_else(|| self.fault(token, &format!("{expected} below 2^64")))
    }

    /// `token` (or the end, if there is none) where `expected` should be.
    fn fault(&self, token: Option<Token<'_>>, expected: &str) -> Fault {
        let end = if self.line.ended {
            "end of line"
        } else {
            "end of file"
        };
        let (at, found) = token.map_or((self.text.len(), end.to_owned()), |token| {
            (token.at, quoted(token.bytes))
        });
        Fault::at(self.line.number, at + 1, found, expected)
    }
}
