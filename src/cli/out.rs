//! The standard output and the standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use super::exit::Failure;

/// Lets `print` write to the standard output through one buffer, and sees that all of it went out.
pub(super) fn write(print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut to = BufWriter::new(io::stdout().lock());
    print(&mut to)?;
    to.flush()?;
    Ok(())
}

/// Tells a person why something was not done.
pub(super) fn complain(failure: &Failure) {
    say(&format!("failed to {failure}"));
}

/// Tells a person something beside the output. Without a standard error there is nobody to tell.
pub(super) fn say(words: &dyn Display) {
    let _ = writeln!(io::stderr(), "heapwalk: {words}");
}
