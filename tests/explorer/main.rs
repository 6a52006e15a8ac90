//! The explorer as a person at a terminal meets it: the real program on a real heap.

mod ends;
mod lecture;
mod mishaps;
mod parts;
mod process;
mod running;
mod terminal;
