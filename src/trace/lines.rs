//! Lines of a file of any size, in bounded memory; gzip is seen through.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::error::Fault;

/// How much of a trace is read before it is refused. Memory follows these bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes in a line.
    pub line_bytes: u16,
    /// Lines.
    pub lines: u32,
    /// Operations; sixteen bytes each, and up to forty more for each id.
    pub ops: u32,
}

impl Default for Limits {
    /// 4 KiB a line, 2^28 lines, 2^26 (67 million) operations.
    fn default() -> Limits {
        Limits {
            line_bytes: 4096,
            lines: 1 << 28,
            ops: 1 << 26,
        }
    }
}

/// One line, without its line feed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u32,
    pub(super) text: &'a [u8],
    /// Whether a line feed followed.
    pub(super) ended: bool,
}

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Lends the lines of a reader one by one, from a buffer of one chunk and one line.
pub(super) struct Lines<'a> {
    input: Input<'a>,
    limits: Limits,
    buffer: Vec<u8>,
    /// `buffer[start..end]` is read and not yet lent.
    start: usize,
    end: usize,
    exhausted: bool,
    number: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: Input<'a>, limits: Limits) -> Lines<'a> {
        let buffer = vec![0; CHUNK + usize::from(limits.line_bytes)];
        Lines {
            input,
            limits,
            buffer,
            start: 0,
            end: 0,
            exhausted: false,
            number: 0,
        }
    }

    /// The next line, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, Fault> {
        let (length, ended) = loop {
            let pending = &self.buffer[self.start..self.end];
            match pending.iter().position(|&byte| byte == b'\n') {
                Some(length) => break (length, true),
                None if pending.len() > usize::from(self.limits.line_bytes) => {
                    break (pending.len(), false);
                }
                None if self.exhausted && pending.is_empty() => return Ok(None),
                None if self.exhausted => break (pending.len(), false),
                None => self.refill()?,
            }
        };
        self.count(length)?;
        let text = &self.buffer[self.start..self.start + length];
        self.start += length + usize::from(ended);
        Ok(Some(Line {
            number: self.number,
            text,
            ended,
        }))
    }

    /// The line after the last one lent.
    pub(super) fn following(&self) -> u32 {
        self.number.saturating_add(1)
    }

    /// Enters a line of `length` bytes.
    fn count(&mut self, length: usize) -> Result<(), Fault> {
        let number = self.following();
        let Limits {
            line_bytes, lines, ..
        } = self.limits;
        if length > usize::from(line_bytes) {
            let expected = format!("a line of at most {line_bytes} bytes");
            return Err(Fault::at(
                number,
                usize::from(line_bytes) + 1,
                "a longer one",
                expected,
            ));
        }
        if self.number >= lines {
            return Err(Fault::at(
                number,
                1,
                "one more line",
                format!("at most {lines} lines"),
            ));
        }
        self.number = number;
        Ok(())
    }

    /// Moves the unfinished line to the front and reads on behind it.
    fn refill(&mut self) -> Result<(), Fault> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let read = loop {
            match self.input.bytes.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let read = read.map_err(|error| self.fault(error))?;
        self.end += read;
        self.exhausted = read == 0;
        Ok(())
    }

    /// A damaged gzip stream is a fault of the file, all else one of the system.
    fn fault(&self, error: io::Error) -> Fault {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let (found, expected) = match error.kind() {
            UnexpectedEof if self.input.packed => ("the end of the gzip stream", "more of it"),
            InvalidData | InvalidInput if self.input.packed => {
                ("a damaged gzip stream", "an intact one")
            }
            _ => return Fault::Io(error),
        };
        Fault::at(self.following(), self.end - self.start + 1, found, expected)
    }
}

/// The bytes of a trace, unpacked.
pub(super) struct Input<'a> {
    bytes: Box<dyn Read + 'a>,
    packed: bool,
}

/// The first bytes of every gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

impl<'a> Input<'a> {
    /// Unpacks `bytes` if they begin with gzip's magic number; members may follow one another.
    pub(super) fn new(mut bytes: impl Read + 'a) -> io::Result<Input<'a>> {
        let mut head = Vec::with_capacity(GZIP_MAGIC.len());
        bytes
            .by_ref()
            .take(GZIP_MAGIC.len() as u64)
            .read_to_end(&mut head)?;
        let packed = head == GZIP_MAGIC;
        let whole = Cursor::new(head).chain(bytes);
        let bytes: Box<dyn Read + 'a> = if packed {
            Box::new(MultiGzDecoder::new(whole))
        } else {
            Box::new(whole)
        };
        Ok(Input { bytes, packed })
    }
}
