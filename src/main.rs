//! The `heapwalk` program.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use color_eyre::config::{HookBuilder, Theme};

fn main() -> color_eyre::Result<ExitCode> {
    // First of all, so that a terminal set up later can put its own hook before this one.
    HookBuilder::default().theme(theme()).install()?;
    Ok(heapwalk::cli::main())
}

/// Reports of panics have colours where somebody sees them as such.
fn theme() -> Theme {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stderr().is_terminal() && !no_color {
        Theme::dark()
    } else {
        Theme::new()
    }
}
