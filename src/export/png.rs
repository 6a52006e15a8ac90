//! A screen as PNG: the same shapes as SVG, and letters of a font that heapwalk brings along.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use tiny_skia::{
    Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect as Area, Stroke as Pen, Transform,
};
use ttf_parser::{Face as Font, OutlineBuilder};
use unicode_width::UnicodeWidthChar;

use super::colors::{Rgb, Scheme};
use super::drawing::{Drawing, Face, Run};
use super::glyph::{BASE, HEIGHT, LIGHT, Leg, Rect, Stroke, WIDTH};

/// Letters: Hack, which looks the same on every machine.
const FONT: &[u8] = epaint_default_fonts::HACK_REGULAR;
/// The letter whose width is that of a cell.
const WIDEST: char = 'M';
/// How much thicker strokes of bold letters are, in pixels: the font has no bold letters of its own.
const BOLD: f32 = 1.2;
/// How far slanted letters lean, for each unit of height: the font has none of these either.
const SLANT: f32 = 0.2;
/// How far the handles of a curve that is a quarter of a circle reach.
const QUARTER: f32 = 0.552_284_8;
/// The most pixels of an image: more than any screen, and a quarter of a gibibyte of memory.
const MOST: u64 = 1 << 26;

/// Why a screen cannot become an image. The words fit after "failed to".
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PngError {
    /// The image would have no pixels, or too many.
    #[error("draw an image of {width} by {height} pixels: it may have 1 to {MOST}")]
    Size {
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
    },
    /// The encoder refused.
    #[error("write PNG: {0}")]
    Encoding(String),
}

/// The screen as a PNG image of 16 by 32 pixels a cell: twice as many as a terminal has, for slides and large screens.
///
/// Blocks, shades and lines are shapes that meet exactly. Letters come from a font that is part of heapwalk, so that
/// the image is the same for the same cells, whatever the machine. What the font lacks is an empty box.
///
/// # Errors
/// Where there is nothing to draw, or far too much.
pub fn png(buffer: &Buffer, scheme: &Scheme) -> Result<Vec<u8>, PngError> {
    let drawing = Drawing::of(buffer, scheme);
    let (width, height) = drawing.size;
    let size = PngError::Size {
        width: u64::from(width),
        height: u64::from(height),
    };
    if u64::from(width) * u64::from(height) > MOST {
        return Err(size);
    }
    let mut canvas = Canvas {
        pixels: Pixmap::new(width, height).ok_or(size)?,
        letters: Letters::new(),
    };
    canvas.draw(&drawing, scheme);
    let encoded = canvas.pixels.encode_png();
    encoded.map_err(|error| PngError::Encoding(error.to_string()))
}

struct Canvas {
    pixels: Pixmap,
    letters: Letters,
}

impl Canvas {
    fn draw(&mut self, drawing: &Drawing, scheme: &Scheme) {
        let [red, green, blue] = scheme.background;
        self.pixels.fill(Color::from_rgba8(red, green, blue, 255));
        for (&color, rects) in &drawing.grounds {
            self.fill(rects, &paint(color, 4));
        }
        for (&(color, quarters), rects) in &drawing.fills {
            self.fill(rects, &paint(color, quarters));
        }
        for (&color, strokes) in &drawing.strokes {
            let mut paint = paint(color, 4);
            paint.anti_alias = true;
            for &(origin, stroke) in strokes {
                if let Some(path) = curve(origin, stroke) {
                    self.stroke(&path, &paint, LIGHT as f32, Transform::identity());
                }
            }
        }
        for run in &drawing.letters {
            self.write(run);
        }
    }

    fn fill(&mut self, rects: &[Rect], paint: &Paint<'_>) {
        for rect in rects {
            let [x, y, width, height] =
                [rect.x, rect.y, rect.width, rect.height].map(|units| units as f32);
            if let Some(area) = Area::from_xywh(x, y, width, height) {
                self.pixels
                    .fill_rect(area, paint, Transform::identity(), None);
            }
        }
    }

    fn stroke(&mut self, path: &Path, paint: &Paint<'_>, width: f32, transform: Transform) {
        let pen = Pen {
            width,
            ..Pen::default()
        };
        self.pixels.stroke_path(path, paint, &pen, transform, None);
    }

    /// Letters, each at its own place of the grid; one without a width stands over the one before.
    fn write(&mut self, run: &Run) {
        let mut paint = paint(run.face.color, 4);
        paint.anti_alias = true;
        let row = u32::from(run.row) * HEIGHT;
        let mut column = u32::from(run.column);
        let mut last = column;
        for letter in run.words.chars() {
            let width = letter.width().unwrap_or(0) as u32;
            let place = if width == 0 { last } else { column };
            self.letter(letter, run.face, (place * WIDTH, row), &paint);
            last = place;
            column += width;
        }
    }

    fn letter(&mut self, letter: char, face: Face, (x, y): (u32, u32), paint: &Paint<'_>) {
        let scale = self.letters.scale;
        let slant = if face.italic { SLANT } else { 0.0 };
        // The font's units go upwards from the base line.
        let (x, base) = (x as f32, (y + BASE) as f32);
        let transform = Transform::from_row(scale, 0.0, slant * scale, -scale, x, base);
        let Some(path) = self.letters.path(letter) else {
            return;
        };
        self.pixels
            .fill_path(&path, paint, FillRule::Winding, transform, None);
        if face.bold {
            self.stroke(&path, paint, BOLD / scale, transform);
        }
    }
}

/// A colour at so many quarters of it; edges on the grid need no smoothing.
fn paint([red, green, blue]: Rgb, quarters: u8) -> Paint<'static> {
    let mut paint = Paint::default();
    let opaque = u32::from(quarters.min(4)) * 255 / 4;
    paint.set_color_rgba8(red, green, blue, opaque as u8);
    paint.anti_alias = false;
    paint
}

/// A curve of a cell whose corner is `origin`.
fn curve((x, y): (u32, u32), (from, legs): Stroke) -> Option<Path> {
    let (mut x, mut y) = ((x + from.0) as f32, (y + from.1) as f32);
    let mut path = PathBuilder::new();
    path.move_to(x, y);
    for &leg in legs {
        let (across, down) = match leg {
            Leg::Down(down) => (0, down),
            Leg::Line(across, down) | Leg::Quarter(across, down) => (across, down),
        };
        let (across, down) = (across as f32, down as f32);
        if matches!(leg, Leg::Quarter(..)) {
            path.cubic_to(
                x,
                y + down * QUARTER,
                x + across * (1.0 - QUARTER),
                y + down,
                x + across,
                y + down,
            );
        } else {
            path.line_to(x + across, y + down);
        }
        (x, y) = (x + across, y + down);
    }
    path.finish()
}

/// The letters drawn so far, by character.
struct Letters {
    font: Option<Font<'static>>,
    /// Pixels for each unit of the font.
    scale: f32,
    known: HashMap<char, Option<Path>>,
}

impl Letters {
    fn new() -> Letters {
        let font = Font::parse(FONT, 0).ok();
        let advance = font
            .as_ref()
            .and_then(|font| font.glyph_hor_advance(font.glyph_index(WIDEST)?));
        Letters {
            scale: WIDTH as f32 / f32::from(advance.unwrap_or(1).max(1)),
            font,
            known: HashMap::new(),
        }
    }

    /// The outline of a letter; nothing for a blank, an empty box for one that the font lacks.
    fn path(&mut self, letter: char) -> Option<Path> {
        if let Some(known) = self.known.get(&letter) {
            return known.clone();
        }
        let path = self.outline(letter);
        self.known.insert(letter, path.clone());
        path
    }

    fn outline(&self, letter: char) -> Option<Path> {
        let mut outline = Outline(PathBuilder::new());
        match self.font.as_ref().and_then(|font| {
            let glyph = font.glyph_index(letter)?;
            font.outline_glyph(glyph, &mut outline);
            Some(())
        }) {
            Some(()) => outline.0.finish(),
            None => self.empty_box(letter),
        }
    }

    fn empty_box(&self, letter: char) -> Option<Path> {
        let columns = letter.width().filter(|_| !letter.is_whitespace())?;
        let unit = 1.0 / self.scale;
        let (width, height) = ((columns as u32 * WIDTH) as f32, BASE as f32);
        let mut path = PathBuilder::new();
        for inside in [2.0, 4.0] {
            let area = Area::from_ltrb(
                inside * unit,
                inside * unit - 2.0 * unit,
                (width - inside) * unit,
                (height - inside) * unit,
            )?;
            if inside < 3.0 {
                path.push_rect(area);
            } else {
                // The other way round, so that the inside stays empty.
                path.move_to(area.left(), area.top());
                path.line_to(area.left(), area.bottom());
                path.line_to(area.right(), area.bottom());
                path.line_to(area.right(), area.top());
                path.close();
            }
        }
        path.finish()
    }
}

/// A letter of the font as a path.
struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout;
    use ratatui::style::{Color as Ink, Modifier, Style};

    use super::*;
    use crate::export::glyph::shape;

    fn buffer(size: (u16, u16), words: &[(u16, u16, &str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(layout::Rect::new(0, 0, size.0, size.1));
        for &(x, y, words, style) in words {
            buffer.set_string(x, y, words, style);
        }
        buffer
    }

    /// The image read back: its size, and its pixels as colours.
    fn read(buffer: &Buffer) -> (u32, Vec<Rgb>) {
        let bytes = png(buffer, &Scheme::DARK).expect("an image");
        let image = Pixmap::decode_png(&bytes).expect("what was written can be read");
        let rgb = |pixel: &tiny_skia::PremultipliedColorU8| {
            assert_eq!(pixel.alpha(), 255);
            [pixel.red(), pixel.green(), pixel.blue()]
        };
        (image.width(), image.pixels().iter().map(rgb).collect())
    }

    /// How many pixels of each colour a cell has, by place.
    fn cell(words: &str, style: Style, column: usize) -> Vec<Rgb> {
        let (width, pixels) = read(&buffer((4, 1), &[(0, 0, words, style)]));
        assert_eq!((width, pixels.len()), (64, 64 * 32));
        pixels
            .chunks(64)
            .flat_map(|row| row[column * 16..(column + 1) * 16].to_vec())
            .collect()
    }

    fn share(pixels: &[Rgb], color: Rgb) -> usize {
        pixels.iter().filter(|&&pixel| pixel == color).count()
    }

    const RED: Style = Style::new().fg(Ink::Rgb(255, 0, 0));
    const GROUND: Rgb = Scheme::DARK.background;

    #[test]
    fn blocks_fill_their_cells_to_the_pixel() {
        for (glyph, pixels) in [
            ("█", 512),
            ("▐", 256),
            ("▄", 256),
            ("▛", 384),
            ("─", 32),
            (" ", 0),
        ] {
            let found = cell(glyph, RED, 0);
            assert_eq!(share(&found, [255, 0, 0]), pixels, "{glyph}");
            assert_eq!(share(&found, GROUND), 512 - pixels, "{glyph}");
        }
        let on_blue = RED.bg(Ink::Rgb(0, 0, 255));
        assert_eq!(share(&cell(" ", on_blue, 0), [0, 0, 255]), 512);
        // Shades mix with what lies below.
        let shade = cell("▒", on_blue, 0);
        assert!(shade.iter().all(|pixel| *pixel == shade[0]));
        assert!(
            shade[0][0].abs_diff(128) <= 1 && shade[0][2].abs_diff(128) <= 1,
            "{shade:?}"
        );
    }

    #[test]
    fn letters_are_drawn_inside_of_their_cells() {
        for letter in "AMgjy0[]{}|@#%&:,.~^_".chars() {
            let at = |column| cell(&format!(" {letter} "), RED, column);
            assert!(at(1).iter().any(|&pixel| pixel != GROUND), "{letter}");
            assert_eq!(share(&at(0), GROUND), 512, "{letter} leans to the left");
            assert_eq!(share(&at(2), GROUND), 512, "{letter} leans to the right");
        }
        // What stands on the grid does so wherever the letters began.
        assert_eq!(cell("ab", RED, 1), cell("bbb", RED, 2));
    }

    #[test]
    fn faces_differ() {
        let inked = |style| {
            let found = cell("Hx", style, 0);
            found.iter().filter(|&&pixel| pixel != GROUND).count()
        };
        let plain = cell("H", RED, 0);
        assert!(inked(RED.add_modifier(Modifier::BOLD)) > inked(RED));
        assert_ne!(cell("H", RED.add_modifier(Modifier::ITALIC), 0), plain);
        assert_eq!(inked(RED.add_modifier(Modifier::HIDDEN)), 0);
    }

    #[test]
    fn what_the_font_lacks_is_an_empty_box() {
        let found = read(&buffer((4, 1), &[(0, 0, "堆", RED)])).1;
        assert!(found.iter().any(|&pixel| pixel != GROUND));
        let middle = found[12 * 64 + 16];
        assert_eq!(middle, GROUND, "it is empty inside");
    }

    #[test]
    fn curves_touch_the_edges_that_lines_touch() {
        for (curve, line, edge) in [("╭", "│", 31), ("╯", "│", 0)] {
            let row = |glyph| cell(glyph, RED, 0)[edge * 16..(edge + 1) * 16].to_vec();
            assert_eq!(row(curve), row(line), "{curve}");
        }
        assert!(cell("╳", RED, 0).iter().any(|&pixel| pixel != GROUND));
    }

    #[test]
    fn the_font_has_every_character_that_is_no_shape_and_that_heapwalk_draws() {
        let font = Font::parse(FONT, 0).expect("the font can be read");
        let drawn = (' '..='~').chain("·◆◇●○◦▽▸↓↑→…▶‖×±µ".chars());
        for letter in drawn.filter(|&letter| shape(letter).is_none()) {
            assert!(font.glyph_index(letter).is_some(), "{letter}");
        }
    }

    #[test]
    fn sizes_are_those_of_the_screen_and_no_others() {
        for (size, pixels) in [
            ((1, 1), (16, 32)),
            ((80, 24), (1280, 768)),
            ((200, 60), (3200, 1920)),
        ] {
            let (width, found) = read(&buffer(size, &[]));
            assert_eq!((width, found.len() as u32), (pixels.0, pixels.0 * pixels.1));
        }
        for (size, words) in [
            (
                (0, 0),
                "draw an image of 0 by 0 pixels: it may have 1 to 67108864",
            ),
            (
                (1000, 1000),
                "draw an image of 16000 by 32000 pixels: it may have 1 to 67108864",
            ),
        ] {
            let error = png(&buffer(size, &[]), &Scheme::DARK).expect_err("no such image");
            assert_eq!(error.to_string(), words);
        }
    }

    #[test]
    fn the_same_screen_gives_the_same_bytes() {
        let screen = buffer((20, 2), &[(0, 0, "heap 1 ▐███┊░░ ╭─╮", RED)]);
        assert_eq!(png(&screen, &Scheme::LIGHT), png(&screen, &Scheme::LIGHT));
    }
}
