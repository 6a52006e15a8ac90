//! A screen as plain text.

use ratatui::buffer::Buffer;

use super::row;

/// The characters of a screen, a line for each row, without colours and without blanks at the ends of lines.
///
/// ```
/// use heapwalk::export::text;
/// use ratatui::buffer::Buffer;
///
/// let buffer = Buffer::with_lines(["[##(..  ", "  x     "]);
/// assert_eq!(text(&buffer), "[##(..\n  x\n");
/// ```
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for number in 0..buffer.area.height {
        let before = text.len();
        for seen in row::cells(buffer, number) {
            // A screen holds no control characters; if one comes in all the same, it does not go out.
            text.extend(seen.cell.symbol().chars().map(|char| match char {
                char if char.is_control() => ' ',
                char => char,
            }));
        }
        text.truncate(before + text[before..].trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    use super::*;

    fn check(cells: &[(u16, u16, &str)], size: (u16, u16), expected: &str) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        for &(x, y, words) in cells {
            buffer.set_string(x, y, words, Style::new().fg(Color::Red).bg(Color::Blue));
        }
        assert_eq!(text(&buffer), expected, "{cells:?}");
    }

    #[test]
    fn screens_read_as_their_characters() {
        check(&[], (0, 0), "");
        check(&[], (3, 2), "\n\n");
        check(&[(0, 0, "heap"), (2, 1, "█░")], (6, 2), "heap\n  █░\n");
        check(&[(0, 0, "a b  ")], (8, 1), "a b\n");
        // A wide character covers two columns and stands once.
        check(&[(0, 0, "堆x"), (4, 0, "y")], (6, 1), "堆x y\n");
        check(&[(0, 0, "e\u{301}!")], (3, 1), "e\u{301}!\n");
    }

    #[test]
    fn no_escape_code_gets_through() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
        if let Some(cell) = buffer.cell_mut((0, 0)) {
            cell.set_symbol("\u{1b}");
        }
        if let Some(cell) = buffer.cell_mut((1, 0)) {
            cell.set_symbol("x");
        }
        assert_eq!(text(&buffer), " x\n");
    }

    #[test]
    fn an_area_that_begins_elsewhere_is_read_from_its_corner() {
        let mut buffer = Buffer::empty(Rect::new(5, 7, 4, 1));
        buffer.set_string(5, 7, "ab", Style::new());
        assert_eq!(text(&buffer), "ab\n");
    }
}
