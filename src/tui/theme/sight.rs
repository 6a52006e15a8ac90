//! What people see of the colours: those who see fewer of them, and those who see none.
//!
//! Dichromacy is simulated by the matrices of Machado, Oliveira and Fernandes, "A Physiologically-based Model for
//! Simulation of Color Vision Deficiency" (IEEE TVCG 15/6, 2009), at severity 1.0, on linear RGB. Differences are
//! CIEDE2000, where 1 is what can just be told apart side by side.

use palette::color_difference::Ciede2000;
use palette::{IntoColor, Lab, LinSrgb, Srgb};

use super::tests::rgb_of;
use super::*;
use crate::tui::theme::ThemeFile;

/// The least difference of two colours that have to be told apart at a glance.
const LEAST: f32 = 20.0;

type Matrix = [[f32; 3]; 3];

const PROTAN: Matrix = [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
];
const DEUTAN: Matrix = [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_820, 0.042_940, 0.968_881],
];
const TRITAN: Matrix = [
    [1.255_528, -0.076_749, -0.178_779],
    [-0.078_411, 0.930_809, 0.147_602],
    [0.004_733, 0.691_367, 0.303_900],
];
/// Luminance alone, as a printer without colours has it.
const GREY: Matrix = [[0.2126, 0.7152, 0.0722]; 3];
const NORMAL: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

const DICHROMATS: [(&str, Matrix); 4] = [
    ("normal", NORMAL),
    ("protan", PROTAN),
    ("deutan", DEUTAN),
    ("tritan", TRITAN),
];

fn seen(color: [u8; 3], matrix: &Matrix) -> Lab {
    let linear: LinSrgb<f32> = Srgb::from(color).into_format::<f32>().into_linear();
    let [red, green, blue] = matrix.map(|[red, green, blue]| {
        (red * linear.red + green * linear.green + blue * linear.blue).clamp(0.0, 1.0)
    });
    LinSrgb::new(red, green, blue).into_color()
}

fn difference(one: [u8; 3], other: [u8; 3], matrix: &Matrix) -> f32 {
    seen(one, matrix).difference(seen(other, matrix))
}

/// Themes with colours, at the depths that have fixed ones.
fn coloured() -> impl Iterator<Item = (String, Theme)> {
    let themes = ThemeFile::shipped()
        .iter()
        .filter(|theme| theme.name != "mono");
    themes.flat_map(|theme| {
        [ColorDepth::True, ColorDepth::Ansi256].map(|depth| {
            let name = format!("{} {depth:?}", theme.name);
            (name, Theme::of(depth, GlyphSet::Unicode, theme.colors))
        })
    })
}

#[test]
fn differences_are_those_of_published_pairs() {
    // Green and red of the same lightness are near each other to a deuteranope, and far apart to everybody else.
    let (green, red) = ([0x2E, 0x8B, 0x2E], [0xC0, 0x3A, 0x2B]);
    assert!(difference(green, red, &NORMAL) > 50.0);
    assert!(difference(green, red, &DEUTAN) < LEAST);
    assert!(difference([255; 3], [0; 3], &NORMAL) > 99.0);
    assert!(difference([10, 200, 30], [10, 200, 30], &PROTAN) < 0.001);
    // Rows of a matrix that sum to 1 leave greys as they are.
    for (name, matrix) in DICHROMATS {
        for row in matrix {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{name}");
        }
    }
}

/// What memory is in is a colour that everybody tells from the others: busy, the heap's own, free, and the accent.
#[test]
fn the_colours_of_memory_differ_to_everybody() {
    for (name, theme) in coloured() {
        let palette = theme.palette;
        let colors = [palette.busy, palette.overhead, palette.free, palette.accent];
        let colors = colors.map(|color| rgb_of(color.expect("a colour")));
        for (sight, matrix) in DICHROMATS {
            for (at, one) in colors.iter().enumerate() {
                for other in &colors[..at] {
                    let found = difference(*one, *other, &matrix);
                    assert!(
                        found >= LEAST,
                        "{name}, {sight}: {one:?} {other:?} {found:.1}"
                    );
                }
            }
        }
    }
}

/// Every two states of the map: another colour, to everybody and in grey, or another character.
#[test]
fn every_two_states_differ_by_colour_or_by_character() {
    for (name, theme) in coloured() {
        let ground = theme.scheme().background;
        let ink = |style: Style| {
            let plain = theme.scheme().foreground;
            let (front, back) = (
                style.fg.map_or(plain, rgb_of),
                style.bg.map_or(ground, rgb_of),
            );
            match style.add_modifier.contains(Modifier::REVERSED) {
                true => back,
                false => front,
            }
        };
        let looks: Vec<_> = tests::states()
            .into_iter()
            .flat_map(|(state, cell)| {
                [false, true].map(|starts| {
                    let (glyph, style) = theme.cell(&Cell { starts, ..cell }, 0);
                    (state, starts, glyph, ink(style))
                })
            })
            .collect();
        for (at, one) in looks.iter().enumerate() {
            for other in &looks[..at] {
                // The first cell of a found or selected hole is that of a block; the others tell.
                let hole = one.1 && (one.0.ends_with("hole") || other.0.ends_with("hole"));
                if one.0 == other.0 || one.1 != other.1 || hole || one.2 != other.2 {
                    continue;
                }
                for (sight, matrix) in DICHROMATS.into_iter().chain([("grey", GREY)]) {
                    let found = difference(one.3, other.3, &matrix);
                    assert!(
                        found >= LEAST,
                        "{name}, {sight}: {one:?} {other:?} {found:.1}"
                    );
                }
            }
        }
    }
}

/// What lies in the map beside each other without a character of its own is told apart by how light it is.
#[test]
fn busy_and_free_memory_differ_in_grey() {
    for (name, theme) in coloured() {
        let of = |color: Option<Color>| rgb_of(color.expect("a colour"));
        let palette = theme.palette;
        for (one, other) in [
            (palette.busy, palette.free),
            (palette.overhead, palette.free),
            (palette.accent, palette.free),
        ] {
            let found = difference(of(one), of(other), &GREY);
            assert!(found >= LEAST, "{name}: {one:?} {other:?} {found:.1}");
        }
    }
}
