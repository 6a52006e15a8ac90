//! The explorer as a person at a terminal meets it: the real program on a real heap.

mod actors;
mod background;
mod ends;
mod export;
mod faults;
mod floods;
mod help;
mod interleave;
mod lecture;
mod lessons;
mod load;
mod mishaps;
mod parts;
mod past;
mod played;
mod process;
mod prompt;
mod reopened;
mod running;
mod terminal;
mod threads;
mod tour;
mod watching;
