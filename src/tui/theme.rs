//! Colours and glyphs, asked for by meaning. Nothing outside this file names a colour or draws a special character.

use ratatui::style::{Color, Modifier, Style};

use crate::view::{Cell, CellState, Mark};

use super::environment::{Appearance, ColorDepth, GlyphSet};

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
}

/// Characters by meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glyphs {
    /// First cell of a busy block, and the others.
    pub busy: [char; 2],
    /// First cell of a hole, and the others.
    pub free: [char; 2],
    /// The heap's own memory.
    pub control: [char; 2],
    /// First cell of the selected block, and the others when busy.
    pub selected: [char; 2],
    /// The other cells of the selected block when it is a hole.
    pub selected_free: char,
    /// First cell of a block allocated just now, and the others.
    pub new: [char; 2],
    /// First cell of a block freed just now, and the others.
    pub freed: [char; 2],
    /// First cell of a hole that was merged just now, and the others.
    pub merged: [char; 2],
    /// First cell of what stayed free of a block cut just now, and the others.
    pub split: [char; 2],
    /// Memory given back to the system just now: the sparse mark, and what lies between.
    pub returned: [char; 2],
    /// Where a second free block begins without having been merged with the first.
    pub unmerged: char,
    /// Reserved memory: the sparse mark, and what lies between.
    pub uncommitted: [char; 2],
    /// A cell partly busy, by eighths of busy bytes from 1 to 7.
    pub mixed: [char; 7],
    /// Memory that cannot be read as blocks.
    pub bad: char,
    /// Rules and folded rows.
    pub rule: char,
    /// Between the segments of a line.
    pub bar: char,
    /// What was cut off.
    pub more: char,
    /// Something runs; something is paused.
    pub run: [char; 2],
    /// Before and after.
    pub arrow: &'static str,
    /// Points at a place in the line above.
    pub caret: char,
}

/// The two sets. `▒▓█▀▄` and lines may be two columns wide in East Asian terminals: hence the second.
const UNICODE: Glyphs = Glyphs {
    busy: ['▐', '█'],
    free: ['┊', '░'],
    control: ['▐', '▒'],
    selected: ['┣', '━'],
    selected_free: '┅',
    new: ['▟', '▓'],
    freed: ['╳', '╱'],
    merged: ['╠', '═'],
    split: ['├', '┄'],
    returned: ['▽', '·'],
    unmerged: '║',
    uncommitted: ['·', ' '],
    mixed: ['▁', '▂', '▃', '▄', '▅', '▆', '▇'],
    bad: '!',
    rule: '─',
    bar: '│',
    more: '…',
    run: ['▶', '‖'],
    arrow: "→",
    caret: '↑',
};

const ASCII: Glyphs = Glyphs {
    busy: ['[', '#'],
    free: ['(', '.'],
    control: ['{', '='],
    selected: ['>', '#'],
    selected_free: '.',
    new: ['*', '+'],
    freed: ['X', 'x'],
    merged: ['<', '-'],
    split: ['/', ','],
    returned: ['v', ' '],
    unmerged: '|',
    uncommitted: [' ', ' '],
    mixed: ['~'; 7],
    bad: '!',
    rule: '-',
    bar: '|',
    more: '~',
    run: ['>', '='],
    arrow: "->",
    caret: '^',
};

/// Every this many cells of reserved memory bear the sparse mark.
const SPARSE: usize = 4;

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

const fn rgb(hex: u32) -> Option<Color> {
    let [_, red, green, blue] = hex.to_be_bytes();
    Some(Color::Rgb(red, green, blue))
}

const fn indexed(number: u8) -> Option<Color> {
    Some(Color::Indexed(number))
}

/// Rows: appearance, depth, palette. ANSI 8 never appears: in Solarized it is the background.
const PALETTES: [(Appearance, ColorDepth, Palette); 6] = [
    (
        Appearance::Dark,
        ColorDepth::True,
        Palette {
            busy: rgb(0x56_B4E9),
            overhead: rgb(0xE6_9F00),
            free: rgb(0x3A_4A55),
            free_ink: rgb(0xA9_BAC4),
            accent: rgb(0xFF_FFFF),
            accent_ink: rgb(0x10_1418),
            faint: rgb(0x93_A1AB),
        },
    ),
    (
        Appearance::Light,
        ColorDepth::True,
        Palette {
            busy: rgb(0x00_72B2),
            overhead: rgb(0xD5_5E00),
            free: rgb(0xC9_D6DF),
            free_ink: rgb(0x55_6570),
            accent: rgb(0x00_0000),
            accent_ink: rgb(0xFF_FFFF),
            faint: rgb(0x5A_6872),
        },
    ),
    (
        Appearance::Dark,
        ColorDepth::Ansi256,
        Palette {
            busy: indexed(74),
            overhead: indexed(172),
            free: indexed(238),
            free_ink: indexed(250),
            accent: indexed(231),
            accent_ink: indexed(16),
            faint: indexed(247),
        },
    ),
    (
        Appearance::Light,
        ColorDepth::Ansi256,
        Palette {
            busy: indexed(25),
            overhead: indexed(166),
            free: indexed(252),
            free_ink: indexed(240),
            accent: indexed(16),
            accent_ink: indexed(231),
            faint: indexed(241),
        },
    ),
    (
        Appearance::Dark,
        ColorDepth::Ansi16,
        Palette {
            busy: Some(Color::Cyan),
            overhead: Some(Color::Yellow),
            ..NO_PALETTE
        },
    ),
    (
        Appearance::Light,
        ColorDepth::Ansi16,
        Palette {
            busy: Some(Color::Blue),
            overhead: Some(Color::Red),
            ..NO_PALETTE
        },
    ),
];

/// Colours and glyphs of one screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    /// Characters.
    pub glyphs: Glyphs,
    palette: Palette,
}

/// One entry of the map's legend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegendEntry {
    /// The characters as the map shows them.
    pub glyphs: String,
    /// How they are coloured.
    pub role: Role,
    /// What they mean.
    pub word: &'static str,
}

impl Theme {
    /// The theme for a terminal.
    #[must_use]
    pub fn new(depth: ColorDepth, glyphs: GlyphSet, appearance: Appearance) -> Theme {
        let palette = PALETTES
            .iter()
            .find(|(for_appearance, for_depth, _)| {
                *for_appearance == appearance && *for_depth == depth
            })
            .map_or(NO_PALETTE, |(_, _, palette)| *palette);
        let glyphs = match glyphs {
            GlyphSet::Unicode => UNICODE,
            GlyphSet::Ascii => ASCII,
        };
        Theme { glyphs, palette }
    }

    /// The style of a meaning.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let palette = &self.palette;
        match role {
            Role::Text => Style::new(),
            Role::Faint | Role::Uncommitted => colored(palette.faint, None),
            Role::Strong | Role::Key | Role::New | Role::Returned => {
                colored(palette.accent, None).add_modifier(Modifier::BOLD)
            }
            Role::Busy => colored(palette.busy, None),
            Role::Free => colored(palette.free_ink, palette.free),
            Role::Mixed => colored(palette.busy, palette.free),
            Role::Overhead => colored(palette.overhead, None),
            Role::Selected => self.reversed().add_modifier(Modifier::BOLD),
            Role::Freed | Role::Unmerged => {
                colored(palette.accent, palette.free).add_modifier(Modifier::BOLD)
            }
            Role::Bad => {
                colored(palette.overhead, None).add_modifier(Modifier::BOLD | Modifier::REVERSED)
            }
        }
    }

    /// The character and style of one cell of the map; `column` spreads the sparse mark of reserved memory.
    ///
    /// Damage beats selection, selection beats what just happened, and that beats the state, so
    /// that nothing urgent is hidden.
    #[must_use]
    pub fn cell(&self, cell: &Cell, column: usize) -> (char, Style) {
        let glyphs = &self.glyphs;
        let place = usize::from(!cell.starts);
        let (glyph, role) = match (cell.state, cell.mark) {
            (CellState::Damaged, _) => (glyphs.bad, Role::Bad),
            (CellState::Uncommitted, Some(Mark::Returned)) => (
                glyphs.returned[usize::from(!column.is_multiple_of(SPARSE))],
                Role::Returned,
            ),
            (CellState::Uncommitted, _) => (
                glyphs.uncommitted[usize::from(!column.is_multiple_of(SPARSE))],
                Role::Uncommitted,
            ),
            (CellState::Free, _) if cell.selected && !cell.starts => {
                (glyphs.selected_free, Role::Selected)
            }
            _ if cell.selected => (glyphs.selected[place], Role::Selected),
            (_, Some(Mark::New)) => (glyphs.new[place], Role::New),
            (_, Some(Mark::Freed)) => (glyphs.freed[place], Role::Freed),
            (CellState::Free, Some(Mark::Merged)) => (glyphs.merged[place], Role::Freed),
            (CellState::Free, Some(Mark::Split)) => (glyphs.split[place], Role::Freed),
            (CellState::Free, _) if cell.unmerged => (glyphs.unmerged, Role::Unmerged),
            _ if cell.mixed => (
                glyphs.mixed[usize::from(cell.fill.clamp(1, 7)) - 1],
                Role::Mixed,
            ),
            (CellState::Free, _) => (glyphs.free[place], Role::Free),
            (CellState::Busy, _) => (glyphs.busy[place], Role::Busy),
            (CellState::Control, _) => (glyphs.control[place], Role::Overhead),
        };
        (glyph, self.style(role))
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

    /// Every glyph of the map with its meaning, the most needed first.
    #[must_use]
    pub fn legend(&self) -> Vec<LegendEntry> {
        let glyphs = &self.glyphs;
        let pair = |pair: [char; 2]| pair.iter().collect::<String>();
        let reserved = if glyphs.uncommitted[0] == ' ' {
            "' '".to_owned()
        } else {
            glyphs.uncommitted[0].to_string()
        };
        [
            (pair(glyphs.busy), Role::Busy, "busy"),
            (pair(glyphs.free), Role::Free, "hole"),
            (glyphs.unmerged.to_string(), Role::Unmerged, "unmerged"),
            (reserved, Role::Uncommitted, "reserved"),
            (glyphs.control[1].to_string(), Role::Overhead, "control"),
            (glyphs.mixed[3].to_string(), Role::Mixed, "mixed"),
            (glyphs.new[1].to_string(), Role::New, "new"),
            (glyphs.freed[1].to_string(), Role::Freed, "freed"),
            (glyphs.merged[1].to_string(), Role::Freed, "merged"),
            (glyphs.split[1].to_string(), Role::Freed, "split"),
            (glyphs.returned[0].to_string(), Role::Returned, "returned"),
            (glyphs.bad.to_string(), Role::Bad, "bad"),
        ]
        .into_iter()
        .map(|(glyphs, role, word)| LegendEntry { glyphs, role, word })
        .collect()
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
