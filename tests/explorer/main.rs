//! The explorer as a person at a terminal meets it: the real program on a real heap.

mod lecture;
mod mishaps;
mod running;
mod terminal;
