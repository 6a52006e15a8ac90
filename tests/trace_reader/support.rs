//! What the tests of reading share.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use heapwalk::trace::{Op, Trace, write_rep};

/// The operations in the words of the format, with dense ids: `a0:16 r0:32 f0 f-1`.
pub(crate) fn words(trace: &Trace) -> String {
    let word = |op: &Op| match op {
        Op::Alloc { id, size } => format!("a{id}:{size}"),
        Op::Realloc { id, size } => format!("r{id}:{size}"),
        Op::Free { id } => format!("f{id}"),
        Op::FreeNull => "f-1".to_owned(),
    };
    trace
        .ops
        .iter()
        .map(word)
        .collect::<Vec<String>>()
        .join(" ")
}

pub(crate) fn lines(trace: &Trace) -> Vec<String> {
    trace.notes.iter().map(ToString::to_string).collect()
}

pub(crate) fn readable(text: impl AsRef<[u8]>) -> Trace {
    match Trace::read("t.rep", text.as_ref()) {
        Ok(trace) => trace,
        Err(error) => panic!("{error} in {:?}", text.as_ref().escape_ascii().to_string()),
    }
}

pub(crate) fn refusal(text: impl AsRef<[u8]>) -> String {
    match Trace::read("t.rep", text.as_ref()) {
        Ok(trace) => panic!(
            "{} was read from {}",
            words(&trace),
            text.as_ref().escape_ascii()
        ),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Gives its bytes in small pieces, with interruptions, and then perhaps an error.
pub(crate) struct Drip<'a> {
    bytes: &'a [u8],
    piece: usize,
    turn: usize,
    error: Option<io::ErrorKind>,
}

impl<'a> Drip<'a> {
    pub(crate) fn new(bytes: &'a [u8], piece: usize, error: Option<io::ErrorKind>) -> Drip<'a> {
        Drip {
            bytes,
            piece,
            turn: 0,
            error,
        }
    }
}

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.bytes.is_empty()
            && let Some(kind) = self.error.take()
        {
            return Err(kind.into());
        }
        let (given, rest) = self
            .bytes
            .split_at(self.piece.min(buffer.len()).min(self.bytes.len()));
        buffer[..given.len()].copy_from_slice(given);
        self.bytes = rest;
        Ok(given.len())
    }
}

pub(crate) fn written(trace: &Trace) -> Vec<u8> {
    let mut file = Vec::new();
    write_rep(trace, &mut file).expect("memory takes all");
    file
}
