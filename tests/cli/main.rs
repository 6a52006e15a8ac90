//! The program as a shell sees it: arguments in; output, messages and exit code out.

mod config;
mod frame;
mod open;
mod replay;
mod run;
mod support;
mod usage;
