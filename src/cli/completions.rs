//! `heapwalk completions`: what a shell needs to complete heapwalk's command line.

use clap_complete::{Generator, aot};
use clap_complete_nushell::Nushell;

use super::args::{self, Shell};
use super::exit::{Exit, Failure};
use super::out;

pub(super) fn run(shell: Shell) -> Result<Exit, Failure> {
    let script = match shell {
        Shell::Bash => script(aot::Bash),
        Shell::Zsh => script(aot::Zsh),
        Shell::Fish => script(aot::Fish),
        Shell::Nushell => script(Nushell),
        Shell::Pwsh => script(aot::PowerShell),
    };
    out::write(|to| to.write_all(&script))?;
    Ok(Exit::Success)
}

/// The script as a whole: generators panic on an output that fails, and memory never does.
fn script(generator: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut args::command(), "heapwalk", &mut script);
    script
}
