//! Allocation traces of other programs: reading, writing, and the few that heapwalk ships.
//!
//! A [`Trace`] is what every importer makes and what a replay consumes. The
//! one text format so far is malloc-lab's `.rep` (see [`rep`] for its grammar
//! and its variants).
//!
//! The files of the wild are odd in many small ways. What has one sensible
//! reading is read and reported as a [`Note`]; what has none is refused with a
//! [`TraceError`] that names the place, what stood there and what was expected.
//!
//! The readers know no heap: they turn bytes into operations. [`replay`] alone runs them on one. Nothing here knows a
//! screen.

mod error;
mod ids;
mod intake;
mod ledger;
mod lines;
mod note;
mod op;
pub mod rep;
pub mod replay;
mod report;
pub mod samples;
mod steps;
mod write;

pub use error::TraceError;
pub use lines::Limits;
pub use note::{HeaderField, Note, Oddity};
pub use op::{Header, IMPOSSIBLE_SIZE, Op, Totals, Trace, Variant};
pub use report::{Holes, Report};
pub use write::write_rep;
