//! heapwalk: an interactive heap explorer for the terminal.
//!
//! The crate carries its own allocator, with the semantics of the Win32 heap
//! and of the Microsoft CRT heap, working on real memory from the operating
//! system, and everything needed to drive and to draw it.
//!
//! # Layers
//!
//! Each module may use those to its left and nothing else; `tests/layers.rs`
//! holds this.
//!
//! ```text
//! os <- heap <- { api, view, lab } <- session <- { trace, lesson, export } <- tui <- cli
//! ```

pub mod api;
pub mod cli;
pub mod export;
pub mod heap;
pub mod lab;
pub mod lesson;
pub mod os;
pub mod session;
pub mod trace;
pub mod tui;
pub mod view;
