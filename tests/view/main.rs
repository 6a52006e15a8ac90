//! Pictures of heaps against walks, recounts and what heaps really do.

mod damage;
mod map;
mod parts;
mod support;
mod survey;
