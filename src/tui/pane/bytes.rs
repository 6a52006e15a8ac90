//! Bytes of the selected block, 16 a row: never of a page that is not in memory.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::canvas::{put_line, row};
use crate::tui::numbers::{address, grouped};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;
use crate::view::{BlockCard, BytesPicture, BytesRow};

use super::Scene;

/// Bytes in a row.
const ROW: usize = 16;

/// Bytes of a header's word.
const WORD: u64 = 8;

/// What a byte of a block belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// The first eight bytes of a header: the end of the block before.
    Before,
    /// Size and previous size.
    Sizes,
    /// Flags.
    Flags,
    /// Bytes that nobody asked for, as a number.
    Unused,
    /// Check bits.
    Check,
    /// What was asked for.
    Data,
    /// What nobody asked for, and all of a free block.
    Slack,
}

impl Part {
    fn of(block: Option<&BlockCard>, at: u64) -> Part {
        let Some(block) = block else {
            return Part::Data;
        };
        let word = block.payload.saturating_sub(WORD);
        if at < word {
            return Part::Before;
        }
        if at < block.payload {
            return match at - word {
                0..5 => Part::Sizes,
                5 => Part::Flags,
                6 => Part::Unused,
                _ => Part::Check,
            };
        }
        if at - block.payload < block.asked {
            Part::Data
        } else {
            Part::Slack
        }
    }

    fn role(self) -> Role {
        match self {
            Part::Before | Part::Slack => Role::Faint,
            Part::Sizes | Part::Check => Role::Overhead,
            Part::Flags => Role::Strong,
            Part::Unused => Role::Busy,
            Part::Data => Role::Text,
        }
    }
}

/// How much of a row there is room for.
#[derive(Clone, Copy)]
struct Columns {
    /// The distance from the block's first byte.
    offset: bool,
    /// Blanks between bytes.
    loose: bool,
    /// The bytes as characters.
    letters: bool,
}

impl Columns {
    fn within(columns: u16) -> Columns {
        Columns {
            offset: columns >= 84,
            loose: columns >= 76,
            letters: columns >= 62,
        }
    }
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let picture = scene.frame.picture.bytes.as_ref();
    let inner = scene.titled(
        Pane::Bytes,
        area,
        &picture.map_or_else(String::new, shown),
        buffer,
    );
    let Some(bytes) = picture else {
        let words = "no block is selected: {previous-block} and {next-block} select one";
        return scene.say(words, inner, buffer);
    };
    let selected = scene.frame.picture.selected.as_ref();
    let block = selected.filter(|block| block.address == bytes.block);
    let columns = Columns::within(inner.width);
    for (index, line) in (0..inner.height).zip(&bytes.rows) {
        let spans = spans(scene, block, (bytes.block, line), columns);
        put_line(buffer, row(inner, index), &Line::from(spans));
    }
}

fn shown(bytes: &BytesPicture) -> String {
    let count = bytes.rows.len() as u64;
    let rows = if count == 0 {
        String::new()
    } else {
        format!(
            "rows {}-{} of {}, ",
            grouped(bytes.top.saturating_add(1)),
            grouped(bytes.top.saturating_add(count)),
            grouped(bytes.total)
        )
    };
    format!("{rows}block {}", address(bytes.block))
}

fn spans(
    scene: &Scene<'_>,
    block: Option<&BlockCard>,
    (start, line): (u64, &BytesRow),
    columns: Columns,
) -> Vec<Span<'static>> {
    let mut spans = vec![scene.span(Role::Faint, format!("{} ", address(line.address)))];
    if columns.offset {
        let offset = line.address.saturating_sub(start);
        spans.push(scene.span(Role::Faint, format!("+{offset:05x} ")));
    }
    let Some(bytes) = &line.bytes else {
        spans.push(scene.span(Role::Faint, "never touched, reads as 0"));
        return spans;
    };
    let part = |at: usize| Part::of(block, line.address.saturating_add(at as u64));
    for at in 0..ROW {
        let digits = bytes
            .get(at)
            .map_or_else(|| "  ".to_owned(), |byte| format!("{byte:02x}"));
        let gap = match at {
            0 => "",
            8 => " ",
            _ if columns.loose => " ",
            _ => "",
        };
        let wide = if at == 8 && columns.loose { " " } else { "" };
        spans.push(scene.span(part(at).role(), format!("{wide}{gap}{digits}")));
    }
    if !columns.letters {
        return spans;
    }
    spans.push(scene.span(Role::Text, " "));
    match header_words(block, line, columns.offset) {
        Some(words) => spans.extend(words.into_iter().map(|(role, text)| scene.span(role, text))),
        None => spans.extend(bytes.iter().enumerate().map(|(at, byte)| {
            let letter = if byte.is_ascii_graphic() || *byte == b' ' {
                char::from(*byte)
            } else {
                '.'
            };
            scene.span(part(at).role(), letter.to_string())
        })),
    }
    spans
}

/// Beside the row of the header stands what its fields say, in the colours of their bytes.
fn header_words(
    block: Option<&BlockCard>,
    line: &BytesRow,
    wide: bool,
) -> Option<Vec<(Role, String)>> {
    let block = block.filter(|block| line.address == block.payload.saturating_sub(ROW as u64))?;
    let fields = &block.fields;
    let check = if fields.valid { "valid" } else { "BAD" };
    let flags = if fields.flags.is_empty() {
        "free".to_owned()
    } else {
        fields.flags.join(" ")
    };
    let size = (Part::Sizes, format!("size {}x16 ", grouped(fields.size)));
    let flags = (Part::Flags, format!("{flags} "));
    let check = (Part::Check, check.to_owned());
    let words = if wide {
        let before = (Part::Before, "end of the block before, then ".to_owned());
        let unused = (Part::Unused, format!("unused {} ", grouped(fields.unused)));
        vec![before, size, flags, unused, check]
    } else {
        vec![size, flags, check]
    };
    let colored = words.into_iter().map(|(part, words)| (part.role(), words));
    Some(colored.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::canvas::width;
    use crate::tui::fixture::checkerboard;

    /// Distance from the block's first byte; what stands there.
    #[test]
    fn bytes_belong_to_the_parts_of_their_block() {
        let frame = checkerboard().frame();
        let block = frame.picture.selected.clone().expect("a block");
        for (offset, part) in [
            (0, Part::Before),
            (7, Part::Before),
            (8, Part::Sizes),
            (12, Part::Sizes),
            (13, Part::Flags),
            (14, Part::Unused),
            (15, Part::Check),
            (16, Part::Data),
            (15 + block.asked, Part::Data),
            (16 + block.asked, Part::Slack),
        ] {
            let found = Part::of(Some(&block), block.address + offset);
            assert_eq!(found, part, "+{offset}");
        }
    }

    #[test]
    fn a_full_row_fits_into_its_columns() {
        let scene_frame = checkerboard().frame();
        let theme = crate::tui::Theme::new(
            crate::tui::ColorDepth::Mono,
            crate::tui::GlyphSet::Ascii,
            crate::tui::Appearance::Dark,
        );
        let state = crate::tui::State::new((80, 24));
        let scene = Scene {
            state: &state,
            frame: &scene_frame,
            theme: &theme,
        };
        let line = BytesRow {
            address: 0x1230,
            bytes: Some(vec![0x41; ROW]),
        };
        for columns in [60, 62, 76, 84] {
            let spans = spans(&scene, None, (0x1200, &line), Columns::within(columns));
            let used: u16 = spans.iter().map(|span| width(&span.content)).sum();
            assert!(used <= columns, "{used} of {columns}");
        }
    }
}
