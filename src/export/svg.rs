//! A screen as SVG: what a terminal would show, in any browser.

use std::fmt::Write;

use ratatui::buffer::Buffer;

use super::colors::{Rgb, Scheme};
use super::drawing::{Drawing, Placed, Run};
use super::glyph::{BASE, FONT_SIZE, HEIGHT, LIGHT, Leg, Rect, WIDTH};

/// The screen as an SVG image of half as many pixels as it has units: 8 by 16 a cell.
///
/// Backgrounds are rectangles, one for each run of a colour. Blocks, shades and lines are shapes, which meet exactly;
/// other characters are text, stretched to the grid whatever the font. The result is valid XML, and the same for the
/// same cells.
#[must_use]
pub fn svg(buffer: &Buffer, scheme: &Scheme) -> String {
    let drawing = Drawing::of(buffer, scheme);
    let mut out = String::new();
    begin(&mut out, drawing.size, scheme);
    shapes(&mut out, &drawing);
    push_str(
        &mut out,
        format_args!(
            "<g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
             font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n"
        ),
    );
    for run in &drawing.letters {
        letters(&mut out, run);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn begin(out: &mut String, (width, height): (u32, u32), scheme: &Scheme) {
    push_str(
        out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\">\n\
             <title>heapwalk</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
            width / 2,
            height / 2,
            hex(scheme.background),
        ),
    );
}

/// Everything that is no letter.
fn shapes(out: &mut String, drawing: &Drawing) {
    out.push_str("<g shape-rendering=\"crispEdges\">\n");
    for (&color, rects) in &drawing.grounds {
        push_str(
            out,
            format_args!("<path fill=\"{}\" d=\"{}\"/>\n", hex(color), data(rects)),
        );
    }
    for (&(color, quarters), rects) in &drawing.fills {
        let opacity = [
            "",
            " fill-opacity=\"0.25\"",
            " fill-opacity=\"0.5\"",
            " fill-opacity=\"0.75\"",
            "",
        ];
        push_str(
            out,
            format_args!(
                "<path fill=\"{}\"{} d=\"{}\"/>\n",
                hex(color),
                opacity[usize::from(quarters) % opacity.len()],
                data(rects)
            ),
        );
    }
    out.push_str("</g>\n");
    for (&color, strokes) in &drawing.strokes {
        let path: String = strokes.iter().map(path).collect();
        push_str(
            out,
            format_args!(
                "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{LIGHT}\" d=\"{path}\"/>\n",
                hex(color)
            ),
        );
    }
}

fn letters(out: &mut String, run: &Run) {
    push_str(
        out,
        format_args!(
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{}{}>{}</text>\n",
            u32::from(run.column) * WIDTH,
            u32::from(run.row) * HEIGHT + BASE,
            u32::from(run.columns) * WIDTH,
            hex(run.face.color),
            if run.face.bold {
                " font-weight=\"bold\""
            } else {
                ""
            },
            if run.face.italic {
                " font-style=\"italic\""
            } else {
                ""
            },
            escaped(&run.words),
        ),
    );
}

/// Path data of a curve in a cell.
fn path(&((x, y), stroke): &Placed) -> String {
    let (from, legs) = stroke;
    let mut data = format!("M{} {}", x + from.0, y + from.1);
    for &leg in legs {
        match leg {
            Leg::Down(by) => push_str(&mut data, format_args!("v{by}")),
            Leg::Line(across, down) => {
                push_str(&mut data, format_args!("l{across}{}", apart(down)));
            }
            Leg::Quarter(across, down) => push_str(
                &mut data,
                format_args!(
                    "a{} {} 0 0 {}{}{}",
                    across.abs(),
                    down.abs(),
                    // It leaves downwards or upwards and turns sideways.
                    u8::from((across < 0) == (down > 0)),
                    apart(across),
                    apart(down)
                ),
            ),
        }
    }
    data
}

/// A number behind another; a sign parts them as well as a blank does.
fn apart(number: i32) -> String {
    let blank = if number < 0 { "" } else { " " };
    format!("{blank}{number}")
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
    use ratatui::style::{Color, Modifier, Style};
    use roxmltree::{Document, Node};

    use super::*;
    use crate::export::colors::dimmed;

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
