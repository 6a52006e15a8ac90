//! Why a trace could not be read.

use std::io;

/// Why a trace could not be read. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The bytes are not a trace: `demo.rep:6:3: found "x", expected an id`.
    #[error("{file}:{line}:{column}: found {found}, expected {expected}")]
    Malformed {
        /// The name the reader was given.
        file: String,
        /// Line, from 1. The end of the file counts as one.
        line: u32,
        /// Column in bytes, from 1.
        column: usize,
        /// What stood there: quoted (escaped and shortened) text, or words such as `end of line`.
        found: String,
        /// What would have been understood there.
        expected: String,
    },
    /// The bytes could not be had: `demo.rep: permission denied`.
    #[error("{file}: {cause}")]
    Io {
        /// The name the reader was given.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
}

/// A [`TraceError`] that does not know yet in which file it happened.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Malformed {
        line: u32,
        column: usize,
        found: String,
        expected: String,
    },
}

impl Fault {
    pub(super) fn at(
        line: u32,
        column: usize,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Fault {
        Fault::Malformed {
            line,
            column,
            found: found.into(),
            expected: expected.into(),
        }
    }

    pub(super) fn in_file(self, file: &str) -> TraceError {
        let file = file.to_owned();
        match self {
            Fault::Io(cause) => TraceError::Io { file, cause },
            Fault::Malformed {
                line,
                column,
                found,
                expected,
            } => TraceError::Malformed {
                file,
                line,
                column,
                found,
                expected,
            },
        }
    }
}

/// `bytes` between quotes, escaped, and cut after 32 characters.
pub(super) fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 32;
    let shown = bytes[..bytes.len().min(SHOWN)].escape_ascii();
    let rest = if bytes.len() > SHOWN { "..." } else { "" };
    format!("\"{shown}{rest}\"")
}
