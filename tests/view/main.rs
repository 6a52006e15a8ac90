//! Pictures of heaps against walks, recounts and what heaps really do.

mod damage;
mod long;
mod map;
mod parts;
mod support;
mod survey;
