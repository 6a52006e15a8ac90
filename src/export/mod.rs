//! Drawn screens as files: plain text and SVG.
//!
//! Both read the same cells that a terminal is given, so that what is exported is what was seen. This layer knows no
//! heap and no terminal, and its output depends on nothing but the cells: the same screen gives the same bytes.

mod colors;
mod glyph;
mod row;
mod svg;
mod text;

pub use colors::{Rgb, Scheme};
pub use svg::svg;
pub use text::text;
