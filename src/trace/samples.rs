//! The traces that heapwalk ships, as files in `assets/traces` and in the program itself.
//!
//! They are made by seeded scripts in `tests/trace_samples.rs`, which also
//! holds each file to its script byte for byte and tells how to make them anew.

use super::error::TraceError;
use super::op::Trace;

/// A shipped trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// What it is called on the command line; its file is `assets/traces/NAME.rep`.
    pub name: &'static str,
    /// What the program does, and what that does to a heap, in one sentence.
    pub about: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

/// One row of [`SAMPLES`].
macro_rules! sample {
    ($name:literal, $about:literal) => {
        Sample {
            name: $name,
            about: $about,
            bytes: include_bytes!(concat!("../../assets/traces/", $name, ".rep")),
        }
    };
}

/// Every shipped trace, in the order in which a course might show them.
pub const SAMPLES: [Sample; 6] = [
    sample!(
        "checkerboard",
        "Small and large blocks alternate, the large ones go, and requests a little larger fit no hole."
    ),
    sample!(
        "growing-buffer",
        "A buffer grows by realloc among small blocks that come and go, and leaves ever larger holes behind."
    ),
    sample!(
        "fifo-queue",
        "Messages are freed in the order in which they were made, so that the live ones wander through the heap."
    ),
    sample!(
        "stack-phases",
        "Each phase frees its blocks in reverse and keeps one result, which pins pages that are otherwise free."
    ),
    sample!(
        "parser-ast",
        "Short-lived tokens among long-lived nodes; each tree is freed in one go, its symbols stay."
    ),
    sample!(
        "large-blocks",
        "Sizes around 0xFF000, where a block leaves its segment and gets a mapping of its own."
    ),
];

impl Sample {
    /// The sample of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Sample> {
        SAMPLES.iter().find(|sample| sample.name == name)
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// As [`Trace::read`]; the files shipped cause none.
    pub fn read(&self) -> Result<Trace, TraceError> {
        Trace::read(self.name, self.bytes)
    }
}
