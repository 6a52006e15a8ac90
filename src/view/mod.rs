//! Immutable pictures of a heap: what screens, exporters and reports read.
//!
//! A picture is taken once, between two operations, and never changes; drawing
//! one touches no heap. Costs follow what the [`Lens`] shows, not what exists.

pub mod picture;

pub use picture::{
    BlockCard, BlockState, Cell, CellState, Figures, HeapKind, HeapTitle, Lens, MapPicture, MapRow,
    Mark, MemoryLine, Neighbour, Picture, RowResidency,
};
