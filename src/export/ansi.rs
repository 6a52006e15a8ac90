//! A screen as text with colours, for terminals and for what shows their output.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::row;

const RESET: &str = "\u{1b}[0m";

/// The characters of a screen, a line for each row, with the colours that a terminal was given (SGR, and no other
/// control sequence): `cat` shows it again, at any place of a screen that is wide enough.
///
/// ```
/// use heapwalk::export::ansi;
/// use ratatui::buffer::Buffer;
/// use ratatui::style::Stylize;
///
/// let buffer = Buffer::with_lines([vec!["[##".cyan(), "(..  ".into()]]);
/// assert_eq!(ansi(&buffer), "\u{1b}[0;36m[##\u{1b}[0m(..\n");
/// ```
#[must_use]
pub fn ansi(buffer: &Buffer) -> String {
    let mut text = String::new();
    for number in 0..buffer.area.height {
        line(&mut text, buffer, number);
        text.push('\n');
    }
    text
}

/// One row. Blanks at its end are left out unless something is to be seen of them.
fn line(text: &mut String, buffer: &Buffer, number: u16) {
    let mut now = String::from(RESET);
    let mut blanks = 0;
    for seen in row::cells(buffer, number) {
        let style = sgr(seen.cell);
        let symbol = printable(seen.cell);
        if symbol == " " && style == RESET {
            blanks += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut blanks) {
            change(text, &mut now, RESET);
            text.push(' ');
        }
        change(text, &mut now, &style);
        text.push_str(&symbol);
    }
    change(text, &mut now, RESET);
}

fn change(text: &mut String, now: &mut String, style: &str) {
    if now != style {
        text.push_str(style);
        style.clone_into(now);
    }
}

/// A screen holds no control characters; if one comes in all the same, it does not go out.
fn printable(cell: &Cell) -> String {
    let blank = |char: char| if char.is_control() { ' ' } else { char };
    cell.symbol().chars().map(blank).collect()
}

/// What sets the looks of a cell, whatever they were before.
pub(super) fn sgr(cell: &Cell) -> String {
    let mut codes = String::from("\u{1b}[0");
    for (modifier, code) in MODIFIERS {
        if cell.modifier.contains(modifier) {
            codes.push_str(code);
        }
    }
    codes.push_str(&color(cell.fg, 30));
    codes.push_str(&color(cell.bg, 40));
    codes.push('m');
    codes
}

const MODIFIERS: [(Modifier, &str); 9] = [
    (Modifier::BOLD, ";1"),
    (Modifier::DIM, ";2"),
    (Modifier::ITALIC, ";3"),
    (Modifier::UNDERLINED, ";4"),
    (Modifier::SLOW_BLINK, ";5"),
    (Modifier::RAPID_BLINK, ";6"),
    (Modifier::REVERSED, ";7"),
    (Modifier::HIDDEN, ";8"),
    (Modifier::CROSSED_OUT, ";9"),
];

/// A colour as parameters of SGR; `base` is 30 for letters, 40 for what is behind them.
fn color(color: Color, base: u8) -> String {
    let (dark, bright) = (
        |number: u8| format!(";{}", base + number),
        |number: u8| format!(";{}", base + 60 + number),
    );
    match color {
        Color::Reset => String::new(),
        Color::Rgb(red, green, blue) => format!(";{};2;{red};{green};{blue}", base + 8),
        Color::Indexed(number) => format!(";{};5;{number}", base + 8),
        Color::Black => dark(0),
        Color::Red => dark(1),
        Color::Green => dark(2),
        Color::Yellow => dark(3),
        Color::Blue => dark(4),
        Color::Magenta => dark(5),
        Color::Cyan => dark(6),
        Color::Gray => dark(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    /// What a terminal shows when it is given the text, cell by cell: the character, its colours and modifiers.
    fn shown(text: &str, size: (u16, u16)) -> Vec<(String, String)> {
        let side = |cells| NonZero::new(cells).expect("a screen has cells");
        let mut parser = vt100::Parser::new(side(size.1), side(size.0), 0);
        parser.process(text.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
        let screen = parser.screen();
        (0..size.1)
            .flat_map(|y| (0..size.0).map(move |x| (x, y)))
            .map(|(x, y)| {
                let cell = screen.cell(y, x).expect("a cell");
                let content = match cell.contents() {
                    "" => " ".to_owned(),
                    contents => contents.to_owned(),
                };
                let looks = format!(
                    "{:?} {:?} {}{}{}{}{}",
                    cell.fgcolor(),
                    cell.bgcolor(),
                    cell.bold(),
                    cell.dim(),
                    cell.italic(),
                    cell.underline(),
                    cell.inverse()
                );
                (content, looks)
            })
            .collect()
    }

    fn buffer(words: &[(u16, u16, &str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        for &(x, y, words, style) in words {
            buffer.set_string(x, y, words, style);
        }
        buffer
    }

    #[test]
    fn a_terminal_shows_each_look() {
        for (style, looks) in [
            (Style::new(), "Default Default falsefalsefalsefalsefalse"),
            (
                Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(200)),
                "Rgb(1, 2, 3) Idx(200) falsefalsefalsefalsefalse",
            ),
            (
                Style::new().fg(Color::LightRed).bg(Color::Gray),
                "Idx(9) Idx(7) falsefalsefalsefalsefalse",
            ),
            (
                Style::new().fg(Color::Black).bg(Color::White),
                "Idx(0) Idx(15) falsefalsefalsefalsefalse",
            ),
            (
                Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
                "Default Default truefalsefalsefalsetrue",
            ),
            (
                Style::new().add_modifier(Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED),
                "Default Default falsetruetruetruefalse",
            ),
        ] {
            let cells = shown(&ansi(&buffer(&[(1, 1, "x", style)])), (8, 2));
            assert_eq!(cells[9], ("x".to_owned(), looks.to_owned()));
            // What follows looks like nothing again.
            assert_eq!(cells[10].1, "Default Default falsefalsefalsefalsefalse");
        }
    }

    #[test]
    fn blanks_stay_where_they_are_seen() {
        let red = Style::new().bg(Color::Red);
        for (words, expected) in [
            (&[][..], "\n\n"),
            (&[(2, 0, "a b  ", Style::new())], "  a b\n\n"),
            (&[(1, 0, "  ", red)], " \u{1b}[0;41m  \u{1b}[0m\n\n"),
            (
                &[(0, 0, "x", red), (3, 0, "y", red)],
                "\u{1b}[0;41mx\u{1b}[0m  \u{1b}[0;41my\u{1b}[0m\n\n",
            ),
            (&[(0, 1, "堆x", Style::new())], "\n堆x\n"),
        ] {
            assert_eq!(ansi(&buffer(words)), expected, "{words:?}");
        }
    }

    #[test]
    fn no_other_control_sequence_gets_through() {
        let mut buffer = buffer(&[]);
        if let Some(cell) = buffer.cell_mut((0, 0)) {
            cell.set_symbol("\u{1b}]0;");
        }
        assert!(!ansi(&buffer).contains('\u{1b}'));
    }
}
