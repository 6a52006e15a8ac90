//! The parts of the screen, one file each. A pane draws itself into the area it is given and knows no other.

pub(super) mod block;
pub(super) mod explain;
pub(super) mod figures;
pub(super) mod footer;
pub(super) mod header;
pub(super) mod help;
pub(super) mod log;
pub(super) mod map;
pub(super) mod memory;
pub(super) mod popup;
pub(super) mod prompt;
pub(super) mod returned;

use ratatui::text::Span;

use crate::session::frame::Frame;

use super::state::State;
use super::theme::{Role, Theme};

/// All that a pane may read.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) state: &'a State,
    pub(super) frame: &'a Frame,
    pub(super) theme: &'a Theme,
}

impl Scene<'_> {
    /// Words in the style of their meaning.
    pub(super) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.theme.style(role))
    }

    /// What stands between the segments of a line.
    pub(super) fn bar(&self) -> Span<'static> {
        self.span(Role::Faint, format!(" {} ", self.theme.glyphs.bar))
    }
}
