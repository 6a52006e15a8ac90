//! The program as a shell sees it: arguments in; output, messages and exit code out.

mod completions;
mod config;
mod frame;
mod open;
mod man;
mod replay;
mod run;
mod support;
mod usage;
