//! A screen as SVG: what a terminal would show, in any browser.

use std::collections::BTreeMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;

use super::colors::{Rgb, Scheme, dimmed};
use super::glyph::{HEIGHT, LIGHT, Rect, Shape, WIDTH, shape};
use super::row::{self, Seen};

/// Units from the top of a row to the base line of its letters.
const BASE: u32 = 24;
/// In units; monospaced fonts are about six tenths as wide as that.
const FONT_SIZE: u32 = 26;
/// Where underlines and strokes through begin, and how thick they are.
const UNDERLINE: (u32, u32) = (28, 2);
const CROSSED: (u32, u32) = (15, 2);

/// The screen as an SVG image of half as many pixels as it has units: 8 by 16 a cell.
///
/// Backgrounds are rectangles, one for each run of a colour. Blocks, shades and lines are shapes, which meet exactly;
/// other characters are text, stretched to the grid whatever the font. The result is valid XML, and the same for the
/// same cells.
#[must_use]
pub fn svg(buffer: &Buffer, scheme: &Scheme) -> String {
    let mut canvas = Canvas::default();
    for number in 0..buffer.area.height {
        let mut run = Run::default();
        for seen in row::cells(buffer, number) {
            canvas.cell(seen, number, scheme, &mut run);
        }
        canvas.text(run);
    }
    let (columns, rows) = (u32::from(buffer.area.width), u32::from(buffer.area.height));
    canvas.document(columns * WIDTH, rows * HEIGHT, scheme)
}

/// How letters look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Face {
    color: Rgb,
    bold: bool,
    italic: bool,
}

/// Letters that stand side by side and look alike.
#[derive(Default)]
struct Run {
    face: Face,
    row: u16,
    column: u16,
    columns: u16,
    words: String,
}

/// What is drawn, by colour: few elements, whatever the number of cells.
#[derive(Default)]
struct Canvas {
    grounds: BTreeMap<Rgb, Vec<Rect>>,
    /// By colour and quarters of opacity.
    fills: BTreeMap<(Rgb, u8), Vec<Rect>>,
    strokes: BTreeMap<Rgb, String>,
    texts: String,
}

impl Canvas {
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
            self.text(std::mem::take(run));
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
            self.text(std::mem::take(run));
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
            self.text(std::mem::take(run));
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
                let path = self.strokes.entry(ink).or_default();
                for ((x, y), data) in strokes {
                    push_str(
                        path,
                        format_args!("M{} {}{data}", origin.0 + x, origin.1 + y),
                    );
                }
            }
        }
    }

    /// Writes a run of letters without the blanks at its end.
    fn text(&mut self, run: Run) {
        let words = run.words.trim_end_matches(' ');
        let blanks = run.words.len() - words.len();
        if words.is_empty() {
            return;
        }
        let Face {
            color,
            bold,
            italic,
        } = run.face;
        push_str(
            &mut self.texts,
            format_args!(
                "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{}{}>{}</text>\n",
                u32::from(run.column) * WIDTH,
                u32::from(run.row) * HEIGHT + BASE,
                (u32::from(run.columns) - blanks as u32) * WIDTH,
                hex(color),
                if bold { " font-weight=\"bold\"" } else { "" },
                if italic { " font-style=\"italic\"" } else { "" },
                escaped(words),
            ),
        );
    }

    fn document(&self, width: u32, height: u32, scheme: &Scheme) -> String {
        let mut out = String::new();
        push_str(
            &mut out,
            format_args!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\">\n\
                 <title>heapwalk</title>\n\
                 <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n\
                 <g shape-rendering=\"crispEdges\">\n",
                width / 2,
                height / 2,
                hex(scheme.background),
            ),
        );
        for (&color, rects) in &self.grounds {
            push_str(
                &mut out,
                format_args!("<path fill=\"{}\" d=\"{}\"/>\n", hex(color), data(rects)),
            );
        }
        for (&(color, quarters), rects) in &self.fills {
            let opacity = [
                "",
                " fill-opacity=\"0.25\"",
                " fill-opacity=\"0.5\"",
                " fill-opacity=\"0.75\"",
                "",
            ];
            push_str(
                &mut out,
                format_args!(
                    "<path fill=\"{}\"{} d=\"{}\"/>\n",
                    hex(color),
                    opacity[usize::from(quarters) % opacity.len()],
                    data(rects)
                ),
            );
        }
        out.push_str("</g>\n");
        for (&color, path) in &self.strokes {
            push_str(
                &mut out,
                format_args!(
                    "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{LIGHT}\" d=\"{path}\"/>\n",
                    hex(color)
                ),
            );
        }
        push_str(
            &mut out,
            format_args!(
                "<g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
                 font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n{}</g>\n</svg>\n",
                self.texts
            ),
        );
        out
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

/// Path data of rectangles.
fn data(rects: &[Rect]) -> String {
    let mut data = String::new();
    for Rect {
        x,
        y,
        width,
        height,
    } in rects
    {
        push_str(
            &mut data,
            format_args!("M{x} {y}h{width}v{height}h-{width}z"),
        );
    }
    data
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text as XML has it; characters that XML cannot hold at all become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            char if char.is_control() => out.push('\u{FFFD}'),
            char => out.push(char),
        }
    }
    out
}

/// Writing to a `String` cannot fail.
fn push_str(out: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use ratatui::layout;
    use ratatui::style::{Color, Style};
    use roxmltree::{Document, Node};

    use super::*;

    const PLAIN: Style = Style::new();

    fn buffer(size: (u16, u16), words: &[(u16, u16, &str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(layout::Rect::new(0, 0, size.0, size.1));
        for &(x, y, words, style) in words {
            buffer.set_string(x, y, words, style);
        }
        buffer
    }

    /// `x,y,length "words"` for each piece of text, and `fill d` for each path.
    fn pieces(buffer: &Buffer) -> (Vec<String>, Vec<String>) {
        let image = svg(buffer, &Scheme::DARK);
        let document = Document::parse(&image).expect("the image is XML");
        let attribute = |node: Node<'_, '_>, name| node.attribute(name).unwrap_or("").to_owned();
        let texts = document
            .descendants()
            .filter(|node| node.has_tag_name("text"))
            .map(|node| {
                format!(
                    "{},{},{} {:?}",
                    attribute(node, "x"),
                    attribute(node, "y"),
                    attribute(node, "textLength"),
                    node.text().unwrap_or("")
                )
            })
            .collect();
        let paths = document
            .descendants()
            .filter(|node| node.has_tag_name("path"))
            .map(|node| {
                format!(
                    "{}{} {}",
                    attribute(node, "fill"),
                    attribute(node, "fill-opacity"),
                    attribute(node, "d")
                )
            })
            .collect();
        (texts, paths)
    }

    fn check(words: &[(u16, u16, &str, Style)], texts: &[&str], paths: &[&str]) {
        let found = pieces(&buffer((8, 2), words));
        assert_eq!(
            (found.0, found.1),
            (owned(texts), owned(paths)),
            "{words:?}"
        );
    }

    fn owned(list: &[&str]) -> Vec<String> {
        list.iter().map(|&text| text.to_owned()).collect()
    }

    const RED: Style = Style::new().fg(Color::Rgb(255, 0, 0));
    const ON_BLUE: Style = Style::new().bg(Color::Rgb(0, 0, 255));

    #[test]
    fn letters_stand_on_the_grid() {
        check(&[], &[], &[]);
        check(&[(1, 0, "ab c", PLAIN)], &[r#"16,24,64 "ab c""#], &[]);
        check(&[(1, 1, " a", PLAIN)], &[r#"32,56,16 "a""#], &[]);
        // Wide gaps are jumped over, looks change within a line.
        check(
            &[(0, 0, "a    b", PLAIN)],
            &[r#"0,24,16 "a""#, r#"80,24,16 "b""#],
            &[],
        );
        check(
            &[(0, 0, "ab", PLAIN), (2, 0, "c", RED)],
            &[r#"0,24,32 "ab""#, r#"32,24,16 "c""#],
            &[],
        );
        check(&[(0, 0, "a<&>\"", PLAIN)], &[r#"0,24,80 "a<&>\"""#], &[]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        check(
            &[(0, 0, "a堆b", ON_BLUE)],
            &[r#"0,24,16 "a""#, r#"16,24,32 "堆""#, r#"48,24,16 "b""#],
            &["#0000ff M0 0h64v32h-64z"],
        );
        // One that is cut off by the edge keeps its place.
        let mut cut = buffer((2, 1), &[]);
        if let Some(cell) = cut.cell_mut((1, 0)) {
            cell.set_symbol("堆");
        }
        assert_eq!(pieces(&cut).0, [r#"16,24,16 "堆""#]);
    }

    #[test]
    fn grounds_merge_along_a_row() {
        check(
            &[(1, 0, "   ", ON_BLUE), (0, 1, " ", ON_BLUE)],
            &[],
            &["#0000ff M16 0h48v32h-48zM0 32h16v32h-16z"],
        );
        let reversed = RED.add_modifier(Modifier::REVERSED);
        check(&[(0, 0, " ", reversed)], &[], &["#ff0000 M0 0h16v32h-16z"]);
    }

    #[test]
    fn blocks_and_lines_are_shapes() {
        check(
            &[(0, 0, "██▐", RED), (0, 1, "──", RED)],
            &[],
            &["#ff0000 M0 0h32v32h-32zM40 0h8v32h-8zM0 47h32v2h-32z"],
        );
        check(
            &[(0, 0, "░░▓", RED)],
            &[],
            &[
                "#ff00000.25 M0 0h32v32h-32z",
                "#ff00000.75 M32 0h16v32h-16z",
            ],
        );
        check(&[(1, 1, "╱", RED)], &[], &["none M16 64l16-32"]);
        check(
            &[(0, 0, "a█b", RED)],
            &[r#"0,24,16 "a""#, r#"32,24,16 "b""#],
            &["#ff0000 M16 0h16v32h-16z"],
        );
    }

    #[test]
    fn modifiers_are_seen() {
        let underlined = RED.add_modifier(Modifier::UNDERLINED);
        check(
            &[(0, 0, "ab", underlined)],
            &[r#"0,24,32 "ab""#],
            &["#ff0000 M0 28h32v2h-32z"],
        );
        check(&[(0, 0, "x", RED.add_modifier(Modifier::HIDDEN))], &[], &[]);
        let image = svg(
            &buffer(
                (4, 1),
                &[
                    (0, 0, "b", PLAIN.add_modifier(Modifier::BOLD)),
                    (1, 0, "i", PLAIN.add_modifier(Modifier::ITALIC)),
                    (2, 0, "d", PLAIN.add_modifier(Modifier::DIM)),
                ],
            ),
            &Scheme::DARK,
        );
        let dim = hex(dimmed(Scheme::DARK.foreground, Scheme::DARK.background));
        for part in [
            " font-weight=\"bold\">b<".to_owned(),
            " font-style=\"italic\">i<".to_owned(),
            format!(" fill=\"{dim}\">d<"),
        ] {
            assert!(image.contains(&part), "{part} in {image}");
        }
    }

    #[test]
    fn whatever_stands_in_a_cell_gives_xml() {
        for symbol in [
            "\u{1b}[1m",
            "\0",
            "]]>",
            "&amp;",
            "\u{FFFE}",
            "\u{200B}",
            "🧮",
            "e\u{301}",
            "",
        ] {
            let mut buffer = buffer((3, 1), &[]);
            if let Some(cell) = buffer.cell_mut((0, 0)) {
                cell.set_symbol(symbol);
            }
            let image = svg(&buffer, &Scheme::LIGHT);
            assert!(Document::parse(&image).is_ok(), "{symbol:?} in {image}");
            assert!(!image.contains('\u{1b}'), "{symbol:?}");
        }
    }

    #[test]
    fn the_image_has_the_size_of_the_screen() {
        for size in [(0, 0), (1, 1), (80, 24), (200, 60)] {
            let image = svg(&buffer(size, &[]), &Scheme::LIGHT);
            let document = Document::parse(&image).expect("the image is XML");
            let root = document.root_element();
            let (width, height) = (u32::from(size.0) * 8, u32::from(size.1) * 16);
            assert_eq!(root.attribute("width"), Some(&*width.to_string()));
            assert_eq!(root.attribute("height"), Some(&*height.to_string()));
            assert_eq!(
                root.attribute("viewBox"),
                Some(&*format!("0 0 {} {}", width * 2, height * 2))
            );
        }
    }
}
