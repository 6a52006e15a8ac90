//! The command line: arguments, sub-commands, exit codes.
//!
//! Answers go to the standard output, everything else to the standard error. Exit codes are in [`Exit`]. Without a
//! terminal no escape code is written.

mod args;
mod cast;
mod check;
mod completions;
mod config;
mod exit;
mod explore;
mod frame;
mod help;
mod input;
mod learn;
mod lessons;
mod man;
mod out;
mod places;
mod replay;
mod run;
mod script;
mod themes;

use std::process::ExitCode;

use args::{Arguments, Sub};
use config::Config;
pub use config::ConfigError;
pub use exit::{Exit, Failure};

/// The program: reads the arguments, does what they say, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match args::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        // Help and version are no mistakes; a reader that stops reading them is none either.
        Err(answer) => {
            let _ = answer.print();
            let exit = if answer.use_stderr() {
                Exit::Refused
            } else {
                Exit::Success
            };
            return exit.into();
        }
    };
    let exit = dispatch(&arguments).unwrap_or_else(|failure| {
        let exit = failure.exit();
        if exit != Exit::Success {
            out::complain(&failure);
        }
        exit
    });
    exit.into()
}

fn dispatch(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        Some(Sub::Replay(args)) => replay::run(args),
        Some(Sub::Run(args)) => run::run(args),
        Some(Sub::Open(args)) => explore::open(args, &Config::load(&arguments.overrides)?),
        Some(Sub::Lessons) => lessons::run(),
        Some(Sub::Learn(args)) => learn::run(args, &Config::load(&arguments.overrides)?),
        Some(Sub::Check(args)) => check::run(args),
        Some(Sub::Cast(args)) => cast::run(args, &Config::load(&arguments.overrides)?),
        Some(Sub::Man) => man::run(),
        Some(Sub::Themes) => themes::run(),
        Some(Sub::Completions { shell }) => completions::run(*shell),
        Some(Sub::Frame(args)) => frame::run(args, &Config::load(&arguments.overrides)?),
        None => {
            let config = Config::load(&arguments.overrides)?;
            if arguments.print_config {
                out::write(|to| to.write_all(config::to_toml(&config).as_bytes()))?;
                return Ok(Exit::Success);
            }
            explore::run(arguments.file.as_deref(), &config)
        }
    }
}
