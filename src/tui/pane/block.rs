//! The selected block or the chosen range: two lines, or a card where there is room.

mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::bar::{shares, stacked};
use crate::tui::canvas::{Segment, below, joined, put, put_line, row, width, wrapped};
use crate::tui::numbers::{address, bytes, counted, grouped, size};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;
use crate::view::{BlockCard, BlockState, RangeCard};

use super::{Scene, findings};
use words::{
    before, behind, consequence, finding, header_line, header_table, identity, links, state_word,
    sum,
};

/// Bytes of payload in a row of the dump, where there is room for more, and where there is not.
const DUMP: [u16; 2] = [16, 8];

/// Columns of a dump of 16 bytes a row: offset, bytes, letters.
const WIDE_DUMP: u16 = 3 + 16 * 3 + 1 + 16;

/// Bytes of a header that belong to the block before.
const SHARED: u64 = 8;

/// Findings in the block that are told.
const MOST_FINDINGS: usize = 2;

/// The height from which the parts of the bar are named below it.
const WITH_CAPTIONS: u16 = 11;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let picture = &scene.frame.picture;
    let inner = scene.titled(Pane::Block, area, &shown(picture.selected.as_ref()), buffer);
    let mut rest = inner;
    if let Some(range) = &picture.range {
        let lines = range_lines(scene, range);
        let text = lines.iter().flat_map(|words| wrapped(words, inner.width));
        for (index, words) in (0..inner.height).zip(text) {
            put(
                buffer,
                row(inner, index),
                &words,
                scene.theme.style(Role::Text),
            );
            rest = below(inner, index + 1);
        }
    }
    match &picture.selected {
        Some(block) => draw_card(scene, block, rest, buffer),
        None => draw_nothing(scene, rest, buffer),
    }
}

/// `17 of ...` would need a count of all blocks: the state and the place must do.
fn shown(block: Option<&BlockCard>) -> String {
    block.map_or_else(String::new, |block| {
        format!(
            "{} at {}",
            state_word(block.state).to_lowercase(),
            address(block.address)
        )
    })
}

fn draw_nothing(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    scene.say(
        "no block is selected: {previous-block} and {next-block} select one",
        area,
        buffer,
    );
}

/// What a chosen range holds, and what can be done with it.
fn range_lines(scene: &Scene<'_>, range: &RangeCard) -> [String; 2] {
    [
        format!(
            "range {} {} {}: {}",
            address(range.from),
            scene.theme.glyphs.arrow,
            address(range.to),
            size(range.to.saturating_sub(range.from))
        ),
        format!(
            "{} {}, {} {}, largest {}",
            counted(range.busy_blocks, "busy block"),
            bytes(range.busy_bytes),
            counted(range.holes, "hole"),
            bytes(range.free_bytes),
            bytes(range.largest_free)
        ),
    ]
}

/// The block or the range in two lines.
pub(in crate::tui) fn draw_lines(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let picture = &scene.frame.picture;
    if let Some(range) = &picture.range {
        let [place, holds] = range_lines(scene, range);
        put(
            buffer,
            row(area, 0),
            &place,
            scene.theme.style(Role::Strong),
        );
        let act = scene.spell("{heap-free} frees what is busy in it; {range} drops the range");
        let segments = [(0, holds), (1, act)]
            .map(|(rank, words)| Segment::new(rank, vec![scene.span(Role::Text, words)]));
        let line = joined(segments.to_vec(), &scene.bar(), area.width);
        scene.put_line(&line, row(area, 1), buffer);
        return;
    }
    let Some(block) = &picture.selected else {
        return draw_nothing(scene, area, buffer);
    };
    let text = |rank: u8, text: String| Segment::new(rank, vec![scene.span(Role::Text, text)]);
    let mut head = identity(scene, block);
    head.push(scene.span(Role::Text, format!("  {}", sum(block))));
    let mut first = vec![Segment::new(0, head)];
    first.extend(
        block
            .born
            .map(|born| text(1, format!("born op {}", grouped(born)))),
    );
    first.extend(links(block).map(|words| text(2, words)));
    first.push(text(3, format!("payload {}", address(block.payload))));
    let first = joined(first, &scene.bar(), area.width);
    scene.put_line(&first, row(area, 0), buffer);

    let wrong = findings::of_block(scene.frame, block).next();
    let mut second = match wrong {
        Some(found) => vec![Segment::new(0, vec![scene.span(Role::Bad, finding(found))])],
        None => vec![text(0, consequence(scene, block))],
    };
    second.extend(before(block).map(|words| text(2, format!("before {words}"))));
    second.extend(behind(block).map(|words| text(1, format!("behind {words}"))));
    let second = joined(second, &scene.bar(), area.width);
    scene.put_line(&second, row(area, 1), buffer);
}

fn draw_card(scene: &Scene<'_>, block: &BlockCard, area: Rect, buffer: &mut Buffer) {
    let mut head = identity(scene, block);
    if let Some(born) = block.born {
        head.push(scene.span(Role::Faint, format!("  born op {}", grouped(born))));
    }
    scene.put_line(&Line::from(head), row(area, 0), buffer);
    draw_parts(scene, block, row(area, 1), buffer);
    let captions = area.height >= WITH_CAPTIONS;
    if captions {
        put_line(buffer, row(area, 2), &captions_of(scene, block, area.width));
    }
    let rest = below(area, 2 + u16::from(captions));
    let lines = lines_of(scene, block, rest);
    for (index, line) in (0..rest.height).zip(&lines) {
        put_line(buffer, row(rest, index), line);
    }
}

/// What the card says, most needed first: the header takes a line, or a line for each of its fields.
fn lines_of(scene: &Scene<'_>, block: &BlockCard, area: Rect) -> Vec<Line<'static>> {
    let place = |words: Option<String>| words.unwrap_or_else(|| "nothing in this run".to_owned());
    let neighbours = [
        format!("before {}", place(before(block))),
        format!("behind {}", place(behind(block))),
    ];
    let mut words = vec![sum(block), consequence(scene, block)];
    let together = neighbours.join(", ");
    if width(&together) <= area.width {
        words.push(together);
    } else {
        words.extend(neighbours);
    }
    words.extend(links(block));
    words.push(format!("payload {}", address(block.payload)));
    let plain = |words: &[String]| -> Vec<Line<'static>> {
        let text = words.iter().flat_map(|words| wrapped(words, area.width));
        text.map(|words| Line::from(scene.span(Role::Text, words)))
            .collect()
    };
    let wrong = findings::of_block(scene.frame, block).map(finding);
    let mut lines: Vec<Line<'static>> = wrong
        .take(MOST_FINDINGS)
        .flat_map(|words| wrapped(&words, area.width))
        .map(|words| Line::from(scene.span(Role::Bad, words)))
        .collect();
    lines.extend(plain(&words));
    let dump = dump(scene, block, area.width);
    let table = header_table(scene, block);
    let needed = lines.len() + dump.len() + table.len();
    if needed <= usize::from(area.height) {
        lines.extend(table);
    } else {
        lines.extend(plain(&header_line(block)));
    }
    lines.extend(dump);
    lines
}

/// The parts of a block: the end of the block before in its header, the header's word, what was asked for, slack.
fn parts_of(scene: &Scene<'_>, block: &BlockCard) -> Vec<(u64, char, Role, String)> {
    let glyphs = &scene.theme.glyphs;
    let [data, slack, header, ..] = glyphs.parts;
    let whole = |role: Role| {
        let glyph = scene.theme.bar_glyph(role);
        vec![(
            block.bytes.max(1),
            glyph,
            role,
            state_word(block.state).to_lowercase(),
        )]
    };
    match block.state {
        BlockState::Busy | BlockState::Large => {
            let shared = if block.header == SHARED { SHARED } else { 0 };
            vec![
                (shared, glyphs.free[1], Role::Faint, "before".to_owned()),
                (block.header, header, Role::Overhead, "header".to_owned()),
                (
                    block.asked,
                    data,
                    Role::Busy,
                    format!("asked {}", grouped(block.asked)),
                ),
                (block.slack, slack, Role::Overhead, "slack".to_owned()),
            ]
        }
        BlockState::Free => whole(Role::Free),
        BlockState::Control => whole(Role::Overhead),
        BlockState::Damaged => whole(Role::Bad),
    }
}

fn draw_parts(scene: &Scene<'_>, block: &BlockCard, area: Rect, buffer: &mut Buffer) {
    let parts: Vec<(u64, char, Role)> = parts_of(scene, block)
        .into_iter()
        .map(|(bytes, glyph, role, _)| (bytes, glyph, role))
        .collect();
    put_line(buffer, area, &stacked(scene.theme, &parts, area.width));
}

/// The names of the parts, each below its part, as far as they fit; the header's letter always.
fn captions_of(scene: &Scene<'_>, block: &BlockCard, columns: u16) -> Line<'static> {
    let parts = parts_of(scene, block);
    let sizes: Vec<u64> = parts.iter().map(|(bytes, ..)| *bytes).collect();
    let spans = parts
        .into_iter()
        .zip(shares(&sizes, columns))
        .map(|((_, _, role, name), room)| {
            let role = if role == Role::Free {
                Role::Faint
            } else {
                role
            };
            let text = if width(&name) < room {
                name
            } else {
                name.chars().take(1).collect::<String>().to_uppercase()
            };
            let text: String = text.chars().take(usize::from(room)).collect();
            scene.span(role, format!("{text:<room$}", room = usize::from(room)))
        });
    Line::from(spans.collect::<Vec<Span<'static>>>())
}

fn dump(scene: &Scene<'_>, block: &BlockCard, columns: u16) -> Vec<Line<'static>> {
    let Some(shown) = &block.bytes_shown else {
        let words = "payload never touched, reads as 0";
        return vec![Line::from(scene.span(Role::Faint, words))];
    };
    let per_row = usize::from(DUMP[usize::from(columns < WIDE_DUMP)]);
    let rows = shown.chunks(per_row).enumerate().map(|(index, chunk)| {
        let hex: String = chunk.iter().map(|byte| format!(" {byte:02x}")).collect();
        let letter = |byte: &u8| {
            if byte.is_ascii_graphic() {
                char::from(*byte)
            } else {
                '.'
            }
        };
        let letters: String = chunk.iter().map(letter).collect();
        Line::from(vec![
            scene.span(Role::Faint, format!("+{:02x}", index * per_row)),
            scene.span(Role::Text, format!("{hex:<width$}", width = per_row * 3)),
            scene.span(Role::Faint, format!(" {letters}")),
        ])
    });
    rows.collect()
}
