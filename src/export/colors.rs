//! The colours of a terminal that is not there.

use ratatui::style::Color;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// What a terminal makes of colours that have no fixed value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scheme {
    /// Letters without a colour of their own.
    pub foreground: Rgb,
    /// The background.
    pub background: Rgb,
    /// The sixteen colours, in the order of their numbers.
    pub ansi: [Rgb; 16],
}

const fn rgb(hex: u32) -> Rgb {
    let [_, red, green, blue] = hex.to_be_bytes();
    [red, green, blue]
}

impl Scheme {
    /// Light letters on a dark ground.
    pub const DARK: Scheme = Scheme {
        foreground: rgb(0xE4_E8EB),
        background: rgb(0x10_1418),
        ansi: [
            rgb(0x10_1418),
            rgb(0xE5_5353),
            rgb(0x6C_C070),
            rgb(0xE6_9F00),
            rgb(0x56_88E9),
            rgb(0xC6_7FD0),
            rgb(0x56_B4E9),
            rgb(0xC9_D6DF),
            rgb(0x60_6C76),
            rgb(0xFF_7B7B),
            rgb(0x8F_DE93),
            rgb(0xFF_C34D),
            rgb(0x86_ACFF),
            rgb(0xE3_A6EB),
            rgb(0x8F_D3FF),
            rgb(0xFF_FFFF),
        ],
    };

    /// Dark letters on a light ground.
    pub const LIGHT: Scheme = Scheme {
        foreground: rgb(0x1A_2026),
        background: rgb(0xFF_FFFF),
        ansi: [
            rgb(0x00_0000),
            rgb(0xC0_3A2B),
            rgb(0x2E_7D32),
            rgb(0xB3_6B00),
            rgb(0x00_52B2),
            rgb(0x8E_3A9D),
            rgb(0x00_72B2),
            rgb(0x55_6570),
            rgb(0x7A_8791),
            rgb(0xD5_5E00),
            rgb(0x43_A047),
            rgb(0xE6_9F00),
            rgb(0x3D_7BE0),
            rgb(0xB0_5FBE),
            rgb(0x2A_9BD6),
            rgb(0xFF_FFFF),
        ],
    };

    /// The colour itself; `None` for the terminal's own.
    #[must_use]
    pub fn rgb(&self, color: Color) -> Option<Rgb> {
        let named = |number: usize| Some(self.ansi[number]);
        match color {
            Color::Reset => None,
            Color::Rgb(red, green, blue) => Some([red, green, blue]),
            Color::Indexed(number) => Some(self.indexed(number)),
            Color::Black => named(0),
            Color::Red => named(1),
            Color::Green => named(2),
            Color::Yellow => named(3),
            Color::Blue => named(4),
            Color::Magenta => named(5),
            Color::Cyan => named(6),
            Color::Gray => named(7),
            Color::DarkGray => named(8),
            Color::LightRed => named(9),
            Color::LightGreen => named(10),
            Color::LightYellow => named(11),
            Color::LightBlue => named(12),
            Color::LightMagenta => named(13),
            Color::LightCyan => named(14),
            Color::White => named(15),
        }
    }

    /// xterm's 256: the sixteen, a cube of six levels, a ramp of greys.
    fn indexed(&self, number: u8) -> Rgb {
        match number {
            0..=15 => self.ansi[usize::from(number)],
            16..=231 => {
                let level = |digit: u8| if digit == 0 { 0 } else { 55 + 40 * digit };
                let cube = number - 16;
                [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
            }
            232..=255 => [8 + 10 * (number - 232); 3],
        }
    }
}

/// `over` with a part of `under` showing through, as terminals draw dim letters.
pub(super) fn dimmed(over: Rgb, under: Rgb) -> Rgb {
    std::array::from_fn(|channel| {
        let (over, under) = (u32::from(over[channel]), u32::from(under[channel]));
        ((over * 3 + under * 2) / 5) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_the_values_of_xterm() {
        for (color, expected) in [
            (Color::Rgb(1, 2, 3), Some([1, 2, 3])),
            (Color::Indexed(16), Some([0, 0, 0])),
            (Color::Indexed(21), Some([0, 0, 255])),
            (Color::Indexed(74), Some([95, 175, 215])),
            (Color::Indexed(231), Some([255, 255, 255])),
            (Color::Indexed(232), Some([8, 8, 8])),
            (Color::Indexed(255), Some([238, 238, 238])),
            (Color::Cyan, Some(Scheme::DARK.ansi[6])),
            (Color::Indexed(6), Some(Scheme::DARK.ansi[6])),
            (Color::Reset, None),
        ] {
            assert_eq!(Scheme::DARK.rgb(color), expected, "{color:?}");
        }
    }

    #[test]
    fn dim_letters_lie_between_letter_and_ground() {
        assert_eq!(dimmed([255; 3], [0; 3]), [153; 3]);
        assert_eq!(dimmed([10, 20, 30], [10, 20, 30]), [10, 20, 30]);
    }
}
