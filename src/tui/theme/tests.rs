//! What must hold of every palette and every set of characters.

use std::collections::HashMap;

use super::*;
use crate::view::{CellState, Mark};

/// The least contrast of a glyph to what it stands on (WCAG 2, graphical objects).
const LEAST_CONTRAST: f64 = 3.0;
/// What the theme for high contrast promises.
const HIGH_CONTRAST: f64 = 7.0;

/// The colour that a palette entry gives, by the standard table of 256 colours.
pub(super) fn rgb_of(color: Color) -> [u8; 3] {
    match color {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(number @ 16..=231) => {
            let cube = number - 16;
            [cube / 36, cube / 6 % 6, cube % 6]
                .map(|step| if step == 0 { 0 } else { 55 + 40 * step })
        }
        Color::Indexed(number @ 232..) => [8 + 10 * (number - 232); 3],
        other => panic!("{other} has no fixed colour"),
    }
}

/// WCAG's relative luminance.
fn luminance(color: [u8; 3]) -> f64 {
    let [red, green, blue] = color.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn contrast_is_what_wcag_says() {
    for (one, other, expected) in [
        ([0; 3], [255; 3], 21.0),
        ([255; 3], [255; 3], 1.0),
        ([0x77; 3], [255; 3], 4.48),
    ] {
        assert!(
            (contrast(one, other) - expected).abs() < 0.01,
            "{one:?} on {other:?}"
        );
    }
}

/// Every glyph stands out from what it stands on, whichever colour fills a cell and whatever the background:
/// true backgrounds are seldom quite black or white.
#[test]
fn every_meaning_stands_out_from_its_background() {
    for file in ThemeFile::shipped() {
        let least = match file.name.as_str() {
            "high-contrast" => HIGH_CONTRAST,
            _ => LEAST_CONTRAST,
        };
        let grounds = match file.colors.ground() {
            Appearance::Dark => [[0; 3], [0x1e; 3]],
            Appearance::Light => [[255; 3], [0xf5; 3]],
        };
        for depth in [ColorDepth::True, ColorDepth::Ansi256] {
            let theme = Theme::of(depth, GlyphSet::Unicode, file.colors);
            for role in Role::ALL {
                let style = theme.style(role);
                for ground in grounds {
                    let back = style.bg.map_or(ground, rgb_of);
                    let Some(ink) = style.fg.map(rgb_of) else {
                        continue;
                    };
                    let found = contrast(ink, back);
                    // Busy parts of a mixed cell lie on free memory, where the lightest blue is not enough for more.
                    let least = if role == Role::Mixed {
                        LEAST_CONTRAST
                    } else {
                        least
                    };
                    assert!(
                        found >= least,
                        "{} {depth:?} {role:?}: {found:.2}",
                        file.name
                    );
                }
            }
        }
    }
}

#[test]
fn sixteen_colours_never_use_the_background_of_solarized() {
    for file in ThemeFile::shipped() {
        let theme = Theme::of(ColorDepth::Ansi16, GlyphSet::Unicode, file.colors);
        for role in Role::ALL {
            let style = theme.style(role);
            assert!(
                ![style.fg, style.bg].contains(&Some(Color::DarkGray)),
                "{role:?}"
            );
        }
    }
}

#[test]
fn without_colour_no_style_names_one() {
    let mono = ThemeFile::find("mono").expect("a theme");
    for theme in [
        Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark),
        Theme::of(ColorDepth::True, GlyphSet::Ascii, mono.colors),
        Theme::of(ColorDepth::Ansi16, GlyphSet::Ascii, mono.colors),
    ] {
        for style in Role::ALL
            .map(|role| theme.style(role))
            .into_iter()
            .chain([theme.in_range()])
        {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}

/// A cell of each state that the map tells apart, by name.
pub(super) fn states() -> Vec<(&'static str, Cell)> {
    use CellState::{Busy, Control, Damaged, Free, Uncommitted};
    let of = |state| Cell {
        state,
        fill: if state == Busy { 8 } else { 0 },
        ..Cell::default()
    };
    let marked = |state, mark| Cell {
        mark: Some(mark),
        ..of(state)
    };
    vec![
        ("uncommitted", of(Uncommitted)),
        ("free", of(Free)),
        ("busy", of(Busy)),
        ("control", of(Control)),
        ("damaged", of(Damaged)),
        ("new", marked(Busy, Mark::New)),
        ("freed", marked(Free, Mark::Freed)),
        ("merged", marked(Free, Mark::Merged)),
        ("split", marked(Free, Mark::Split)),
        ("returned", marked(Uncommitted, Mark::Returned)),
        (
            "unmerged",
            Cell {
                unmerged: true,
                ..of(Free)
            },
        ),
        (
            "mixed",
            Cell {
                mixed: true,
                fill: 4,
                ..of(Busy)
            },
        ),
        (
            "selected busy",
            Cell {
                selected: true,
                ..of(Busy)
            },
        ),
        (
            "selected hole",
            Cell {
                selected: true,
                ..of(Free)
            },
        ),
        (
            "found busy",
            Cell {
                found: true,
                ..of(Busy)
            },
        ),
        (
            "found hole",
            Cell {
                found: true,
                ..of(Free)
            },
        ),
        (
            "pin",
            Cell {
                pin: true,
                ..of(Busy)
            },
        ),
    ]
}

/// Colour is never the only carrier: the first cells of blocks differ, and so do the others.
#[test]
fn every_state_has_a_glyph_of_its_own() {
    for glyphs in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let theme = Theme::new(ColorDepth::Mono, glyphs, Appearance::Dark);
        for starts in [false, true] {
            let mut seen: HashMap<char, &str> = HashMap::new();
            for (name, cell) in states() {
                // The first cell of a found or selected hole looks like that of a busy block; the others do not.
                if starts && name.ends_with("hole") {
                    continue;
                }
                let (glyph, _) = theme.cell(&Cell { starts, ..cell }, 0);
                let before = seen.insert(glyph, name);
                assert_eq!(before, None, "{glyphs:?}: {glyph:?} is {name} too");
            }
        }
    }
}

#[test]
fn first_cells_differ_from_the_others() {
    for glyphs in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let theme = Theme::new(ColorDepth::Mono, glyphs, Appearance::Dark);
        for (name, cell) in states() {
            let single = ["uncommitted", "damaged", "returned", "unmerged", "mixed"];
            let glyph = |starts| theme.cell(&Cell { starts, ..cell }, 0).0;
            assert_eq!(
                glyph(true) == glyph(false),
                single.contains(&name),
                "{name}"
            );
        }
    }
}

#[test]
fn parts_of_bars_and_lines_of_charts_differ_by_glyph() {
    for set in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let glyphs = Theme::new(ColorDepth::Mono, set, Appearance::Dark).glyphs;
        for group in [
            &glyphs.parts[..],
            &glyphs.lines[..],
            &glyphs.range[..],
            &glyphs.window[..],
        ] {
            for (at, glyph) in group.iter().enumerate() {
                assert!(!group[..at].contains(glyph), "{set:?}: {glyph}");
            }
        }
    }
}

#[test]
fn areas_of_charts_do_not_look_like_lines() {
    for set in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let glyphs = Theme::new(ColorDepth::Mono, set, Appearance::Dark).glyphs;
        for line in glyphs.lines {
            assert!(!glyphs.area.contains(&line), "{set:?}: {line}");
        }
    }
}

#[test]
fn the_legend_explains_every_state() {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    let legend = theme.legend();
    for (name, cell) in states() {
        let kind = Kind::of(&cell);
        let entries: Vec<_> = legend.iter().filter(|entry| entry.kind == kind).collect();
        assert_eq!(entries.len(), 1, "{name}");
        assert_eq!(entries[0].role, kind.role(), "{name}");
    }
}
