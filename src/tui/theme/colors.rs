//! Themes: the colours of each meaning, read from TOML. Those that heapwalk brings along are files like any other.

use std::sync::LazyLock;

use ratatui::style::Color;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::export::Scheme;
use crate::session::either;
use crate::tui::environment::{Appearance, ColorDepth};
use crate::tui::tables::{self, Mistake, Name, in_order, table_of, told, unknown};

use super::{NO_PALETTE, Palette};

/// What a value says that leaves the terminal's own colour.
const NONE: &str = "none";

/// A theme by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThemeFile {
    /// How it is asked for.
    pub name: String,
    /// What it is for, in a few words.
    pub about: String,
    /// Its colours.
    pub colors: Colors,
}

/// The colours of a theme for every terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Colors {
    /// The background that it is made for.
    pub(super) ground: Appearance,
    /// By depth: sixteen colours, 256, all.
    palettes: [Palette; 3],
    /// What images take for the terminal's own colours.
    pub(super) scheme: Scheme,
}

/// Where a theme is in the wrong: words about a line and a column, both from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThemeError {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What was found and what was expected.
    pub words: String,
}

/// The themes that heapwalk brings along, by name, with their files.
pub const SHIPPED: [(&str, &str); 4] = [
    ("dark", include_str!("../../../assets/themes/dark.toml")),
    ("light", include_str!("../../../assets/themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../assets/themes/high-contrast.toml"),
    ),
    ("mono", include_str!("../../../assets/themes/mono.toml")),
];

/// The same, read.
static READ: LazyLock<Vec<ThemeFile>> = LazyLock::new(|| {
    let read = |&(name, text): &(&str, &str)| ThemeFile::read(name, text, &Colors::NONE).ok();
    SHIPPED.iter().filter_map(read).collect()
});

/// A colour of a palette by its name in files.
type Field = (&'static str, fn(&mut Palette) -> &mut Option<Color>);

const FIELDS: [Field; 7] = [
    ("busy", |palette| &mut palette.busy),
    ("overhead", |palette| &mut palette.overhead),
    ("free", |palette| &mut palette.free),
    ("free-ink", |palette| &mut palette.free_ink),
    ("accent", |palette| &mut palette.accent),
    ("accent-ink", |palette| &mut palette.accent_ink),
    ("faint", |palette| &mut palette.faint),
];

/// A table of colours: its name, how a value of it is read, and what one looks like.
type Table = (
    &'static str,
    fn(&DeValue<'_>) -> Option<Color>,
    &'static str,
);

/// The tables of colours, in the order of [`Colors::palettes`], and what their values look like.
const TABLES: [Table; 3] = [
    (
        "colors-16",
        named,
        "the name of one of the sixteen colours such as \"cyan\" or \"bright-red\"",
    ),
    ("colors-256", numbered, "a number from 16 to 255"),
    ("colors", exact, "a colour such as \"#56b4e9\""),
];

const IMAGE: &str = "image";

/// The sixteen, as themes name them. The eighth is missing: in Solarized it is the background.
const NAMES: [(&str, Color); 15] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

impl ThemeFile {
    /// The themes that heapwalk brings along.
    #[must_use]
    pub fn shipped() -> &'static [ThemeFile] {
        &READ
    }

    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static ThemeFile> {
        READ.iter().find(|theme| theme.name == name)
    }

    /// Reads the text of a theme. What it leaves out is as in heapwalk's own theme for the same ground; the numbers of
    /// the 256 colours are then those nearest to the colours that it names.
    ///
    /// # Errors
    /// The first mistake.
    pub fn parse(name: &str, text: &str) -> Result<ThemeFile, ThemeError> {
        ThemeFile::read(name, text, &Colors::of(Appearance::Dark))
    }

    fn read(name: &str, text: &str, fallback: &Colors) -> Result<ThemeFile, ThemeError> {
        read(name, text, fallback).map_err(|mistake| {
            let (line, column) = tables::place(text, mistake.at.start);
            ThemeError {
                line,
                column,
                words: mistake.words,
            }
        })
    }
}

impl Colors {
    /// No colours at all.
    const NONE: Colors = Colors {
        ground: Appearance::Dark,
        palettes: [NO_PALETTE; 3],
        scheme: Scheme::DARK,
    };

    /// Those of heapwalk's own theme for a ground.
    #[must_use]
    pub fn of(ground: Appearance) -> Colors {
        let name = match ground {
            Appearance::Dark => "dark",
            Appearance::Light => "light",
        };
        ThemeFile::find(name).map_or(Colors::NONE, |theme| theme.colors)
    }

    /// The background that they are made for.
    #[must_use]
    pub fn ground(&self) -> Appearance {
        self.ground
    }

    pub(super) fn palette(&self, depth: ColorDepth) -> Palette {
        match depth {
            ColorDepth::Mono => NO_PALETTE,
            ColorDepth::Ansi16 => self.palettes[0],
            ColorDepth::Ansi256 => self.palettes[1],
            ColorDepth::True => self.palettes[2],
        }
    }
}

fn read(name: &str, text: &str, fallback: &Colors) -> Result<ThemeFile, Mistake> {
    let table = tables::table(text)?;
    let entries = in_order(table.get_ref());
    let ground = entries.iter().find(|(name, _)| name.text == "ground");
    let ground = ground.map_or(Ok(fallback.ground), |(_, value)| ground_of(value))?;
    // Heapwalk's own have nothing to fall back on, and need not.
    let mut colors = match *fallback == Colors::NONE {
        true => Colors::NONE,
        false => Colors::of(ground),
    };
    colors.ground = ground;
    colors.scheme = match ground {
        Appearance::Dark => Scheme::DARK,
        Appearance::Light => Scheme::LIGHT,
    };
    let (mut about, mut numbered) = (String::new(), false);
    for (entry, value) in entries {
        let of_depth = TABLES.iter().position(|(table, ..)| *table == entry.text);
        match (entry.text, of_depth) {
            ("ground", _) => {}
            ("about", _) => about = words_of(&entry, value)?,
            (_, Some(at)) => {
                numbered |= at == 1;
                take_palette(&mut colors.palettes[at], at, table_of(&entry, value)?)?;
            }
            (IMAGE, _) => take_image(&mut colors.scheme, table_of(&entry, value)?)?,
            _ => {
                let tables = TABLES.iter().rev().map(|(table, ..)| *table);
                let known: Vec<&str> = ["about", "ground"]
                    .into_iter()
                    .chain(tables)
                    .chain([IMAGE])
                    .collect();
                return Err(unknown(&entry, &known));
            }
        }
    }
    if !numbered {
        colors.palettes[1] = nearest_numbers(colors.palettes[2]);
    }
    Ok(ThemeFile {
        name: name.to_owned(),
        about,
        colors,
    })
}

fn words_of(name: &Name<'_>, value: &Spanned<DeValue<'_>>) -> Result<String, Mistake> {
    let words = value.get_ref().as_str();
    words
        .map(str::to_owned)
        .ok_or_else(|| expected(value, &format!("words in quotes for {}", name.text)))
}

fn ground_of(value: &Spanned<DeValue<'_>>) -> Result<Appearance, Mistake> {
    match value.get_ref().as_str() {
        Some("dark") => Ok(Appearance::Dark),
        Some("light") => Ok(Appearance::Light),
        _ => Err(expected(value, "dark or light for ground")),
    }
}

fn take_palette(palette: &mut Palette, at: usize, table: &DeTable<'_>) -> Result<(), Mistake> {
    let (_, read, looks) = TABLES[at];
    for (name, value) in in_order(table) {
        let field = FIELDS.iter().find(|(field, _)| *field == name.text);
        let Some((_, place)) = field else {
            return Err(unknown(&name, &FIELDS.map(|(field, _)| field)));
        };
        let color = match value.get_ref().as_str() {
            Some(NONE) => None,
            _ => {
                let color = read(value.get_ref());
                let wanted =
                    || expected(value, &format!("{looks}, or \"{NONE}\", for {}", name.text));
                Some(color.ok_or_else(wanted)?)
            }
        };
        *place(palette) = color;
    }
    Ok(())
}

fn take_image(scheme: &mut Scheme, table: &DeTable<'_>) -> Result<(), Mistake> {
    for (name, value) in in_order(table) {
        let place = match name.text {
            "letters" => &mut scheme.foreground,
            "ground" => &mut scheme.background,
            _ => return Err(unknown(&name, &["letters", "ground"])),
        };
        *place = match exact(value.get_ref()) {
            Some(Color::Rgb(red, green, blue)) => [red, green, blue],
            _ => {
                let wanted = format!("a colour such as \"#101418\" for {}", name.text);
                return Err(expected(value, &wanted));
            }
        };
    }
    Ok(())
}

fn expected(value: &Spanned<DeValue<'_>>, what: &str) -> Mistake {
    Mistake {
        at: value.span(),
        words: format!("found {}, expected {what}", told(value.get_ref())),
    }
}

fn exact(value: &DeValue<'_>) -> Option<Color> {
    let digits = value.as_str()?.strip_prefix('#')?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let plain = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let [_, red, green, blue] = number.to_be_bytes();
    plain.then_some(Color::Rgb(red, green, blue))
}

fn numbered(value: &DeValue<'_>) -> Option<Color> {
    let number = value.as_integer()?;
    let number = u8::from_str_radix(number.as_str(), number.radix()).ok()?;
    (number >= 16).then_some(Color::Indexed(number))
}

fn named(value: &DeValue<'_>) -> Option<Color> {
    let name = value.as_str()?;
    let found = NAMES.iter().find(|(known, _)| *known == name);
    found.map(|(_, color)| *color)
}

/// The same with the nearest of the 256 colours.
fn nearest_numbers(mut palette: Palette) -> Palette {
    for (_, place) in FIELDS {
        let color = place(&mut palette);
        if let Some(Color::Rgb(red, green, blue)) = *color {
            *color = Some(Color::Indexed(nearest_number([red, green, blue])));
        }
    }
    palette
}

fn nearest_number(color: [u8; 3]) -> u8 {
    let away = |number: &u8| -> u32 {
        let other = Scheme::DARK
            .rgb(Color::Indexed(*number))
            .unwrap_or_default();
        let away = color
            .iter()
            .zip(other)
            .map(|(one, other)| u32::from(one.abs_diff(other)));
        away.map(|away| away * away).sum()
    };
    (16..=255).min_by_key(away).unwrap_or(16)
}

/// The names of all colours of the sixteen, for documents.
#[must_use]
pub fn color_names() -> String {
    either(&NAMES.map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_that_is_shipped_says_everything() {
        assert_eq!(ThemeFile::shipped().len(), SHIPPED.len());
        for (name, text) in SHIPPED {
            let theme = ThemeFile::find(name).unwrap_or_else(|| panic!("{name} cannot be read"));
            assert!(!theme.about.is_empty(), "{name}");
            // Nothing of it is filled in from another.
            for ground in ["dark", "light"] {
                let other = ThemeFile::find(ground).expect("shipped");
                let again = read(name, text, &other.colors).expect("a theme");
                assert_eq!(again, *theme, "{name}");
            }
        }
    }

    #[test]
    fn what_a_theme_leaves_out_is_as_in_heapwalks_own() {
        let theme = ThemeFile::parse("mine", "ground = \"light\"\n[colors]\nbusy = \"#FF0000\"\n");
        let theme = theme.expect("a theme");
        let light = Colors::of(Appearance::Light);
        assert_eq!(theme.colors.ground(), Appearance::Light);
        let (all, own) = (
            theme.colors.palette(ColorDepth::True),
            light.palette(ColorDepth::True),
        );
        assert_eq!(
            all,
            Palette {
                busy: Some(Color::Rgb(255, 0, 0)),
                ..own
            }
        );
        // The nearest numbers, of what it names and of what it does not.
        let numbers = theme.colors.palette(ColorDepth::Ansi256);
        assert_eq!(numbers.busy, Some(Color::Indexed(196)));
        assert_eq!(numbers.accent, Some(Color::Indexed(16)));
        assert_eq!(
            theme.colors.palette(ColorDepth::Ansi16),
            light.palette(ColorDepth::Ansi16)
        );
        assert_eq!(
            ThemeFile::parse("mine", "")
                .expect("a theme")
                .colors
                .ground(),
            Appearance::Dark
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_what_was_expected() {
        for (text, place, words) in [
            (
                "colours = 1",
                (1, 1),
                "found \"colours\", expected about, ground, colors, colors-256, colors-16 or image (did you mean colors?)",
            ),
            (
                "\nground = \"grey\"",
                (2, 10),
                "found \"grey\", expected dark or light for ground",
            ),
            (
                "[colors]\nbusy = \"56b4e9\"",
                (2, 8),
                "found \"56b4e9\", expected a colour such as \"#56b4e9\", or \"none\", for busy",
            ),
            (
                "[colors]\nbussy = \"none\"",
                (2, 1),
                "found \"bussy\", expected busy, overhead, free, free-ink, accent, accent-ink or faint (did you mean busy?)",
            ),
            (
                "[colors-256]\nfree = 8",
                (2, 8),
                "found 8, expected a number from 16 to 255, or \"none\", for free",
            ),
            (
                "[colors-16]\nfree = \"grey\"",
                (2, 8),
                "found \"grey\", expected the name of one of the sixteen colours such as \"cyan\" or \"bright-red\", or \"none\", for free",
            ),
            (
                "[image]\nground = 7",
                (2, 10),
                "found 7, expected a colour such as \"#101418\" for ground",
            ),
            (
                "colors = 3",
                (1, 10),
                "found 3, expected a table for colors",
            ),
            (
                "about = 3",
                (1, 9),
                "found 3, expected words in quotes for about",
            ),
        ] {
            let error = ThemeFile::parse("mine", text).expect_err(text);
            assert_eq!(
                ((error.line, error.column), &*error.words),
                (place, words),
                "{text}"
            );
        }
        assert_eq!(
            ThemeFile::parse("mine", "[colors")
                .expect_err("no TOML")
                .line,
            1
        );
    }
}
