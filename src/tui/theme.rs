//! Colours and glyphs, asked for by meaning. Nothing else names a colour or draws a special character; the colours
//! themselves stand in the files of themes.

mod colors;
mod glyphs;
mod legend;
#[cfg(test)]
mod sight;
#[cfg(test)]
mod tests;

use ratatui::style::{Color, Modifier, Style};

use crate::export::Scheme;
use crate::view::Cell;

use super::environment::{Appearance, ColorDepth, GlyphSet};

pub use colors::{Colors, SHIPPED, ThemeError, ThemeFile, color_names};
pub use glyphs::Glyphs;
pub use legend::{Kind, LegendEntry};

/// What a piece of the screen means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Plain words.
    Text,
    /// Labels, rules, addresses: there when looked for.
    Faint,
    /// Titles and figures that matter most.
    Strong,
    /// A key to press.
    Key,
    /// Busy memory.
    Busy,
    /// A free block.
    Free,
    /// A cell partly busy and partly free.
    Mixed,
    /// The heap's own: control blocks and headers.
    Overhead,
    /// Reserved, not committed.
    Uncommitted,
    /// The selected block.
    Selected,
    /// Allocated by the last command.
    New,
    /// Freed, merged or left over by the last command.
    Freed,
    /// Given back to the system by the last command.
    Returned,
    /// The seam of two free blocks that were not merged.
    Unmerged,
    /// Damage, and calls that failed.
    Bad,
    /// A block that keeps pages from being returned.
    Pin,
    /// A block that the filter matches.
    Found,
    /// The line of committed bytes in a chart.
    Committed,
    /// The line of resident bytes in a chart.
    Resident,
    /// Free memory that heapmin would give back now.
    Returnable,
}

impl Role {
    /// Every meaning.
    pub const ALL: [Role; 20] = [
        Role::Text,
        Role::Faint,
        Role::Strong,
        Role::Key,
        Role::Busy,
        Role::Free,
        Role::Mixed,
        Role::Overhead,
        Role::Uncommitted,
        Role::Selected,
        Role::New,
        Role::Freed,
        Role::Returned,
        Role::Unmerged,
        Role::Bad,
        Role::Pin,
        Role::Found,
        Role::Committed,
        Role::Resident,
        Role::Returnable,
    ];
}

/// The colours of a palette at one depth. `None` leaves the terminal's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Palette {
    busy: Option<Color>,
    overhead: Option<Color>,
    free: Option<Color>,
    /// Glyphs on free memory: at least 3:1 to `free`.
    free_ink: Option<Color>,
    accent: Option<Color>,
    /// Glyphs on the accent; `None` reverses instead.
    accent_ink: Option<Color>,
    faint: Option<Color>,
}

const NO_PALETTE: Palette = Palette {
    busy: None,
    overhead: None,
    free: None,
    free_ink: None,
    accent: None,
    accent_ink: None,
    faint: None,
};

/// Colours and glyphs of one screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    /// Characters.
    pub glyphs: Glyphs,
    depth: ColorDepth,
    colors: Colors,
    palette: Palette,
}

impl Theme {
    /// Heapwalk's own theme for a terminal.
    #[must_use]
    pub fn new(depth: ColorDepth, glyphs: GlyphSet, appearance: Appearance) -> Theme {
        Theme::of(depth, glyphs, Colors::of(appearance))
    }

    /// A theme of these colours.
    #[must_use]
    pub fn of(depth: ColorDepth, glyphs: GlyphSet, colors: Colors) -> Theme {
        let glyphs = match glyphs {
            GlyphSet::Unicode => glyphs::UNICODE,
            GlyphSet::Ascii => glyphs::ASCII,
        };
        Theme {
            glyphs,
            depth,
            colors,
            palette: colors.palette(depth),
        }
    }

    /// The same with all the colours there are, unless there are to be none.
    #[must_use]
    pub fn in_full_colour(&self) -> Theme {
        match self.depth {
            ColorDepth::Mono => *self,
            _ => Theme {
                depth: ColorDepth::True,
                palette: self.colors.palette(ColorDepth::True),
                ..*self
            },
        }
    }

    /// What an image takes for the terminal's own colours.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.colors.scheme
    }

    /// The same in the colours of heapwalk's own theme for another background.
    #[must_use]
    pub fn on(self, appearance: Appearance) -> Theme {
        let colors = Colors::of(appearance);
        Theme {
            palette: colors.palette(self.depth),
            colors,
            ..self
        }
    }

    /// The style of a meaning.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let palette = &self.palette;
        match role {
            Role::Text => Style::new(),
            Role::Faint | Role::Uncommitted => colored(palette.faint, None),
            Role::Strong | Role::Key | Role::New | Role::Returned | Role::Pin | Role::Committed => {
                colored(palette.accent, None).add_modifier(Modifier::BOLD)
            }
            Role::Busy => colored(palette.busy, None),
            Role::Free => colored(palette.free_ink, palette.free),
            Role::Mixed => colored(palette.busy, palette.free),
            Role::Overhead | Role::Resident => colored(palette.overhead, None),
            Role::Selected => self.reversed().add_modifier(Modifier::BOLD),
            Role::Found => {
                colored(palette.accent, None).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            Role::Freed | Role::Unmerged | Role::Returnable => {
                colored(palette.accent, palette.free).add_modifier(Modifier::BOLD)
            }
            Role::Bad => {
                colored(palette.overhead, None).add_modifier(Modifier::BOLD | Modifier::REVERSED)
            }
        }
    }

    /// The character and style of one cell of the map; `column` spreads the sparse mark of reserved memory.
    #[must_use]
    pub fn cell(&self, cell: &Cell, column: usize) -> (char, Style) {
        let kind = Kind::of(cell);
        let glyph = self.glyphs.of_cell(kind, cell, column);
        (glyph, self.style(kind.role()))
    }

    /// A cell of the map that is inside the chosen range.
    #[must_use]
    pub fn in_range(&self) -> Style {
        Style {
            fg: self.palette.accent,
            ..Style::new()
        }
        .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What bars of memory with this meaning are made of.
    #[must_use]
    pub fn bar_glyph(&self, role: Role) -> char {
        match role {
            Role::Free => self.glyphs.free[1],
            Role::Overhead => self.glyphs.control[1],
            Role::Bad => self.glyphs.bad,
            _ => self.glyphs.busy[1],
        }
    }

    fn reversed(&self) -> Style {
        match (self.palette.accent_ink, self.palette.accent) {
            (Some(ink), Some(accent)) => Style::new().fg(ink).bg(accent),
            _ => Style::new().add_modifier(Modifier::REVERSED),
        }
    }
}

fn colored(foreground: Option<Color>, background: Option<Color>) -> Style {
    Style {
        fg: foreground,
        bg: background,
        ..Style::new()
    }
}
