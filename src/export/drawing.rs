//! What a screen looks like, as shapes and letters in places: what images of every kind are written from.

use std::collections::BTreeMap;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;

use super::colors::{Rgb, Scheme, dimmed};
use super::glyph::{HEIGHT, Rect, Shape, Stroke, WIDTH, shape};
use super::row::{self, Seen};

/// Where underlines and strokes through begin, and how thick they are.
const UNDERLINE: (u32, u32) = (28, 2);
const CROSSED: (u32, u32) = (15, 2);

/// How letters look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Face {
    pub(super) color: Rgb,
    pub(super) bold: bool,
    pub(super) italic: bool,
}

/// Letters that stand side by side and look alike, without blanks at their end.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) face: Face,
    pub(super) row: u16,
    pub(super) column: u16,
    /// Columns that they take.
    pub(super) columns: u16,
    pub(super) words: String,
}

/// A curve and the corner of its cell.
pub(super) type Placed = ((u32, u32), Stroke);

/// What is drawn, by colour: few elements, whatever the number of cells. In units of `glyph`, from the upper left.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    /// Units across and down.
    pub(super) size: (u32, u32),
    /// Backgrounds that are not the screen's own, below everything else.
    pub(super) grounds: BTreeMap<Rgb, Vec<Rect>>,
    /// Blocks, shades and straight lines, by colour and quarters of opacity.
    pub(super) fills: BTreeMap<(Rgb, u8), Vec<Rect>>,
    /// Curves.
    pub(super) strokes: BTreeMap<Rgb, Vec<Placed>>,
    /// Everything else.
    pub(super) letters: Vec<Run>,
}

impl Drawing {
    /// The drawing of a screen: the same for the same cells.
    pub(super) fn of(buffer: &Buffer, scheme: &Scheme) -> Drawing {
        let area = buffer.area;
        let mut drawing = Drawing {
            size: (
                u32::from(area.width) * WIDTH,
                u32::from(area.height) * HEIGHT,
            ),
            ..Drawing::default()
        };
        for number in 0..area.height {
            let mut run = Run::default();
            for seen in row::cells(buffer, number) {
                drawing.cell(seen, number, scheme, &mut run);
            }
            drawing.close(run);
        }
        drawing
    }

    fn cell(&mut self, seen: Seen<'_>, row: u16, scheme: &Scheme, run: &mut Run) {
        let Seen {
            cell,
            column,
            width,
        } = seen;
        let (ink, ground) = inks(cell, scheme);
        let origin = (u32::from(column) * WIDTH, u32::from(row) * HEIGHT);
        let columns = u32::from(width) * WIDTH;
        if ground != scheme.background {
            push(
                self.grounds.entry(ground).or_default(),
                band(origin, columns, (0, HEIGHT)),
            );
        }
        for (modifier, place) in [
            (Modifier::UNDERLINED, UNDERLINE),
            (Modifier::CROSSED_OUT, CROSSED),
        ] {
            if cell.modifier.contains(modifier) {
                push(
                    self.fills.entry((ink, 4)).or_default(),
                    band(origin, columns, place),
                );
            }
        }
        let hidden = cell.modifier.contains(Modifier::HIDDEN);
        let symbol = if hidden { " " } else { cell.symbol() };
        if let Some(shape) = only_char(symbol).and_then(shape) {
            self.close(std::mem::take(run));
            return self.shape(shape, origin, ink);
        }
        let face = Face {
            color: ink,
            bold: cell.modifier.contains(Modifier::BOLD),
            italic: cell.modifier.contains(Modifier::ITALIC),
        };
        // Wide characters stand alone: a font may give them any width.
        let fits = run.face == face && run.columns > 0 && width == 1 && !run.words.ends_with("  ");
        if !fits || symbol == " " && run.words.is_empty() {
            self.close(std::mem::take(run));
        }
        if symbol == " " && run.columns == 0 {
            return;
        }
        if run.columns == 0 {
            *run = Run {
                face,
                row,
                column,
                ..Run::default()
            };
        }
        run.columns += width;
        run.words.push_str(symbol);
        if width > 1 {
            self.close(std::mem::take(run));
        }
    }

    fn shape(&mut self, shape: Shape, origin: (u32, u32), ink: Rgb) {
        match shape {
            Shape::Fill(rects) => {
                let fills = self.fills.entry((ink, 4)).or_default();
                for rect in rects {
                    push(
                        fills,
                        Rect {
                            x: origin.0 + rect.x,
                            y: origin.1 + rect.y,
                            ..rect
                        },
                    );
                }
            }
            Shape::Shade(quarters) => push(
                self.fills.entry((ink, quarters)).or_default(),
                band(origin, WIDTH, (0, HEIGHT)),
            ),
            Shape::Line(strokes) => {
                let drawn = self.strokes.entry(ink).or_default();
                drawn.extend(strokes.iter().map(|&stroke| (origin, stroke)));
            }
        }
    }

    /// Keeps a run of letters without the blanks at its end.
    fn close(&mut self, mut run: Run) {
        let words = run.words.trim_end_matches(' ').len();
        let blanks = run.words.len() - words;
        if words > 0 {
            run.words.truncate(words);
            run.columns -= u16::try_from(blanks).unwrap_or(run.columns);
            self.letters.push(run);
        }
    }
}

/// The colours of letters and ground, after reversing and dimming.
fn inks(cell: &Cell, scheme: &Scheme) -> (Rgb, Rgb) {
    let ink = scheme.rgb(cell.fg).unwrap_or(scheme.foreground);
    let ground = scheme.rgb(cell.bg).unwrap_or(scheme.background);
    let (ink, ground) = if cell.modifier.contains(Modifier::REVERSED) {
        (ground, ink)
    } else {
        (ink, ground)
    };
    if cell.modifier.contains(Modifier::DIM) {
        (dimmed(ink, ground), ground)
    } else {
        (ink, ground)
    }
}

fn only_char(symbol: &str) -> Option<char> {
    let mut chars = symbol.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// A part of a row: where it begins, and how far down from the row's top.
fn band((x, y): (u32, u32), width: u32, (down, height): (u32, u32)) -> Rect {
    Rect {
        x,
        y: y + down,
        width,
        height,
    }
}

/// Adds a rectangle, or lengthens the last one where both are one band.
fn push(rects: &mut Vec<Rect>, rect: Rect) {
    match rects.last_mut() {
        Some(last)
            if (last.y, last.height) == (rect.y, rect.height) && last.x + last.width == rect.x =>
        {
            last.width += rect.width;
        }
        _ => rects.push(rect),
    }
}
