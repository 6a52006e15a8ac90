//! The standard output and the standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::session::whole_file;

use super::exit::Failure;

/// Lets `print` write to the standard output through one buffer, and sees that all of it went out.
pub(super) fn write(print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut to = BufWriter::new(io::stdout().lock());
    print(&mut to)?;
    to.flush()?;
    Ok(())
}

/// Lets `print` write a file through one buffer. It has its name when all of it is there, and takes the place of what
/// had it.
pub(super) fn write_file(
    file: &Path,
    print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let written = whole_file(file, true, |to| {
        let mut to = BufWriter::new(to);
        print(&mut to)?;
        to.flush()
    });
    written.map(drop).map_err(|cause| Failure::WriteFile {
        file: file.display().to_string(),
        cause,
    })
}

/// Tells a person why something was not done.
pub(super) fn complain(failure: &Failure) {
    say(&format!("failed to {failure}"));
}

/// Tells a person something beside the output. Without a standard error there is nobody to tell.
pub(super) fn say(words: &dyn Display) {
    let _ = writeln!(io::stderr(), "heapwalk: {words}");
}
