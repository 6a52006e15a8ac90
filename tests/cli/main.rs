//! The program as a shell sees it: arguments in; output, messages and exit code out.

mod cast;
mod completions;
mod config;
mod exports;
mod frame;
mod lessons;
mod man;
mod open;
mod replay;
mod run;
mod support;
mod themes;
mod usage;
