//! Drawn screens as files: plain text, text with colours, SVG and PNG, and many of them as a recording.
//!
//! All read the same cells that a terminal is given, so that what is exported is what was seen. This layer knows no
//! heap and no terminal, and its output depends on nothing but the cells: the same screen gives the same bytes.

mod ansi;
mod cast;
mod colors;
mod drawing;
mod glyph;
mod png;
mod row;
mod svg;
mod text;

pub use ansi::ansi;
pub use cast::Cast;
pub use colors::{Rgb, Scheme};
pub use png::{PngError, png};
pub use svg::svg;
pub use text::text;
