//! How heapwalk ends: all its exit codes, and the failures behind them.

use std::io;
use std::process::ExitCode;

use crate::export::PngError;
use crate::heap::CreateError;
use crate::session::{HeapFileError, ScriptError};
use crate::trace::TraceError;
use crate::tui::Lost;

use super::config::ConfigError;

/// Exit codes and what they mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All went well. Readers that stop reading (`heapwalk run x | head`) are no failure.
    Success,
    /// An `expect` of a script did not hold, or a replay found damage.
    Failed,
    /// What was asked for could not be done: usage, input, output.
    Refused,
    /// A defect of heapwalk itself: the code that Rust gives to panics.
    Panicked,
}

impl Exit {
    /// Every code.
    pub const ALL: [Exit; 4] = [Exit::Success, Exit::Failed, Exit::Refused, Exit::Panicked];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Refused => 2,
            Exit::Panicked => 101,
        }
    }

    /// The words in `--help`.
    #[must_use]
    pub const fn doc(self) -> &'static str {
        match self {
            Exit::Success => "success; a reader that stops reading is success too",
            Exit::Failed => {
                "an expectation of a script or lesson failed, a challenge is not solved, or a replay found damage"
            }
            Exit::Refused => {
                "wrong usage, input that cannot be read, output that cannot be written"
            }
            Exit::Panicked => "a panic: a defect of heapwalk itself, which deserves a report",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a sub-command could not do what it was asked for. The words fit after "heapwalk: failed to".
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file or the standard input.
    #[error("read {file}: {cause}")]
    Read {
        /// Its name.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A script with a mistake.
    #[error("read {0}")]
    Script(#[from] ScriptError),
    /// A trace with a mistake.
    #[error("read {0}")]
    Trace(#[from] TraceError),
    /// A heap image that is cut off, damaged or none.
    #[error("read {file}: {cause}")]
    Image {
        /// Its name.
        file: String,
        /// What is wrong with it.
        cause: HeapFileError,
    },
    /// A configuration with a mistake.
    #[error("read {0}")]
    Config(#[from] ConfigError),
    /// There is no session to go on with.
    #[error("open the last session: {0}")]
    NoSession(String),
    /// No file and no lesson that comes along has this name.
    #[error("find a lesson or a file {name}{hint}: heapwalk lessons lists those that come along")]
    NoLesson {
        /// What was named.
        name: String,
        /// The name that may be meant.
        hint: String,
    },
    /// A lesson without the challenge that was named.
    #[error("find a challenge {0} (LESSON has one, or LESSON:2 a second one)")]
    NoChallenge(String),
    /// The standard output.
    #[error("write to the standard output: {0}")]
    Write(#[from] io::Error),
    /// A file that was asked for.
    #[error("write {file}: {cause}")]
    WriteFile {
        /// Its name.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The bytes of an image, and a terminal to show them.
    #[error(
        "print PNG: the standard output is a terminal, which shows no images; --output FILE writes one"
    )]
    Terminal,
    /// An image that cannot be.
    #[error("{0}")]
    Png(#[from] PngError),
    /// No heap, so no replay.
    #[error("make a heap: {0}")]
    Heap(#[from] CreateError),
    /// The explorer ended early.
    #[error("show the explorer: {0:#}")]
    Explorer(color_eyre::Report),
}

impl Failure {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Explorer(report) if report.is::<Lost>() => Exit::Panicked,
            Failure::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            _ => Exit::Refused,
        }
    }
}
