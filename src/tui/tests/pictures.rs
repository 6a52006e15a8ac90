//! Whole screens, with their styles as letters.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::Style;

use crate::tui::fixture::{Model, checkerboard, damaged, grown};
use crate::tui::{Appearance, ColorDepth, GlyphSet, Theme, still};

/// The text of a screen, then its styles as letters, then what the letters stand for.
fn portrait(buffer: &Buffer) -> String {
    let mut styles: Vec<Style> = Vec::new();
    let mut text = String::new();
    let mut letters = String::new();
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            text.push_str(cell.symbol());
            let style = cell.style();
            let at = styles
                .iter()
                .position(|known| *known == style)
                .unwrap_or_else(|| {
                    styles.push(style);
                    styles.len() - 1
                });
            letters.push(char::from(b'a' + u8::try_from(at).expect("few styles")));
        }
        text.push('\n');
        letters.push('\n');
    }
    let mut portrait = format!("{text}\n{letters}\n");
    for (letter, style) in ('a'..).zip(styles) {
        let name = |color: Option<ratatui::style::Color>| {
            color.map_or_else(|| "-".to_owned(), |color| color.to_string())
        };
        let (fg, bg) = (name(style.fg), name(style.bg));
        writeln!(portrait, "{letter}: {fg} on {bg} {:?}", style.add_modifier)
            .expect("a string takes everything");
    }
    portrait
}

fn check(name: &str, model: &Model, depth: ColorDepth, glyphs: GlyphSet, size: (u16, u16)) {
    let theme = Theme::new(depth, glyphs, Appearance::Dark);
    let mut model = model.clone();
    let layout = crate::tui::layout::Layout::of(
        ratatui::layout::Rect::new(0, 0, size.0, size.1),
        crate::tui::layout::Arrangement::Usual,
    );
    let layout = layout.expect("large enough");
    model.lens.cells = layout.cells;
    model.lens.rows = layout.map_rows();
    let buffer = still(&model.frame(), &theme, Size::new(size.0, size.1));
    insta::assert_snapshot!(name, portrait(&buffer));
}

#[test]
fn a_checkerboard_in_unicode() {
    check(
        "checkerboard_80x24_unicode",
        &checkerboard(),
        ColorDepth::True,
        GlyphSet::Unicode,
        (80, 24),
    );
}

#[test]
fn a_checkerboard_in_monochrome_ascii() {
    check(
        "checkerboard_80x24_ascii",
        &checkerboard(),
        ColorDepth::Mono,
        GlyphSet::Ascii,
        (80, 24),
    );
}

#[test]
fn a_grown_heap_in_sixteen_colours() {
    check(
        "grown_120x40_ansi16",
        &grown(),
        ColorDepth::Ansi16,
        GlyphSet::Unicode,
        (120, 40),
    );
}

#[test]
fn a_damaged_heap_in_256_colours() {
    check(
        "damaged_80x24_ansi256",
        &damaged(),
        ColorDepth::Ansi256,
        GlyphSet::Unicode,
        (80, 24),
    );
}

#[test]
fn the_ascii_set_is_ascii() {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Ascii, Appearance::Light);
    for (name, model) in crate::tui::fixture::heaps() {
        for size in [(40, 10), (80, 24), (120, 40)] {
            let buffer = still(&model.frame(), &theme, Size::new(size.0, size.1));
            let strange = buffer.content.iter().find(|cell| !cell.symbol().is_ascii());
            assert_eq!(strange, None, "{name} at {size:?}");
        }
    }
}
