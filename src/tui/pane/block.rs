//! The selected block: two lines, or a card where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::canvas::{Segment, joined, put, put_line, row, titled, wrapped};
use crate::tui::numbers::{address, bytes, grouped, size};
use crate::tui::theme::Role;
use crate::view::{BlockCard, BlockState, Neighbour};

use super::Scene;

/// Bytes of payload in a row of the dump.
const DUMP: usize = 8;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, titles: bool, buffer: &mut Buffer) {
    let inner = if titles {
        titled(buffer, area, scene.theme, "[2] Block", "")
    } else {
        area
    };
    let Some(block) = &scene.frame.picture.selected else {
        put(
            buffer,
            inner,
            "no block is selected: h and l select one",
            scene.theme.style(Role::Faint),
        );
        return;
    };
    if titles {
        draw_card(scene, block, inner, buffer);
    } else {
        draw_lines(scene, block, inner, buffer);
    }
}

fn draw_lines(scene: &Scene<'_>, block: &BlockCard, area: Rect, buffer: &mut Buffer) {
    let text = |rank: u8, text: String| Segment::new(rank, vec![scene.span(Role::Text, text)]);
    let mut head = identity(scene, block);
    head.push(scene.span(Role::Text, format!("  {}", sum(block))));
    let mut first = vec![Segment::new(0, head)];
    first.extend(
        block
            .before
            .as_ref()
            .map(|before| text(1, format!("before {}", neighbour(before)))),
    );
    first.extend(
        block
            .behind
            .as_ref()
            .map(|behind| text(1, format!("behind {}", neighbour(behind)))),
    );
    put_line(
        buffer,
        row(area, 0),
        &joined(first, &scene.bar(), area.width),
    );

    let mut second = vec![text(0, consequence(block))];
    second.extend(
        block
            .born
            .map(|born| text(1, format!("born op {}", grouped(born)))),
    );
    second.push(text(3, format!("payload {}", address(block.payload))));
    put_line(
        buffer,
        row(area, 1),
        &joined(second, &scene.bar(), area.width),
    );
}

fn draw_card(scene: &Scene<'_>, block: &BlockCard, area: Rect, buffer: &mut Buffer) {
    let label = |name: &str, value: String| {
        vec![Line::from(vec![
            scene.span(Role::Faint, format!("{name:<9}")),
            scene.span(Role::Text, value),
        ])]
    };
    let mut lines = vec![Line::from(identity(scene, block))];
    lines.extend(label("bytes", sum(block)));
    lines.extend(label(
        "before",
        block
            .before
            .as_ref()
            .map_or_else(|| "-".to_owned(), neighbour),
    ));
    lines.extend(label(
        "behind",
        block
            .behind
            .as_ref()
            .map_or_else(|| "-".to_owned(), neighbour),
    ));
    let born = block
        .born
        .map_or_else(|| "-".to_owned(), |born| format!("op {}", grouped(born)));
    lines.extend(label(
        "born",
        format!("{born}, payload {}", address(block.payload)),
    ));
    for words in wrapped(&consequence(block), area.width) {
        lines.push(Line::from(vec![scene.span(Role::Text, words)]));
    }
    lines.extend(dump(scene, block));
    for (index, line) in (0..area.height).zip(&lines) {
        put_line(buffer, row(area, index), line);
    }
}

/// `#17 b3 BUSY 0x01230`
fn identity(scene: &Scene<'_>, block: &BlockCard) -> Vec<ratatui::text::Span<'static>> {
    let index = block
        .index
        .map_or_else(String::new, |index| format!("#{} ", grouped(index)));
    let name = block
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("{name} "));
    let role = if block.state == BlockState::Damaged {
        Role::Bad
    } else {
        Role::Strong
    };
    vec![
        scene.span(Role::Faint, index),
        scene.span(Role::Strong, name),
        scene.span(role, state_word(block.state)),
        scene.span(Role::Text, format!(" {}", address(block.address))),
    ]
}

/// `asked 64 + header 8 + slack 8 = 80`: adds up exactly.
fn sum(block: &BlockCard) -> String {
    match block.state {
        BlockState::Busy | BlockState::Large => format!(
            "asked {} + header {} + slack {} = {}",
            grouped(block.asked),
            grouped(block.header),
            grouped(block.slack),
            bytes(block.bytes)
        ),
        BlockState::Free | BlockState::Control | BlockState::Damaged => bytes(block.bytes),
    }
}

/// What freeing it, or filling it, would do.
fn consequence(block: &BlockCard) -> String {
    match block.state {
        BlockState::Free => {
            format!(
                "holds a request of up to {}",
                bytes(block.bytes.saturating_sub(8))
            )
        }
        BlockState::Control => "the heap's own memory: it stays as long as the heap".to_owned(),
        BlockState::Damaged => "its header cannot be read: V says what is wrong".to_owned(),
        BlockState::Busy | BlockState::Large if block.pins > 0 => {
            format!(
                "keeps pages: freeing it lets _heapmin return {} more",
                size(block.pins)
            )
        }
        BlockState::Busy | BlockState::Large => "keeps no page by itself".to_owned(),
    }
}

fn neighbour(neighbour: &Neighbour) -> String {
    let what = match (&neighbour.name, neighbour.state) {
        (Some(name), _) => name.clone(),
        (None, BlockState::Free) => "hole".to_owned(),
        (None, state) => state_word(state).to_lowercase(),
    };
    format!("{what} {}", size(neighbour.bytes))
}

const fn state_word(state: BlockState) -> &'static str {
    match state {
        BlockState::Busy => "BUSY",
        BlockState::Free => "FREE",
        BlockState::Large => "LARGE",
        BlockState::Control => "CONTROL",
        BlockState::Damaged => "DAMAGED",
    }
}

fn dump(scene: &Scene<'_>, block: &BlockCard) -> Vec<Line<'static>> {
    let Some(shown) = &block.bytes_shown else {
        return vec![Line::from(
            scene.span(Role::Faint, "payload never touched, reads as 0"),
        )];
    };
    let rows = shown.chunks(DUMP).zip(0u64..).map(|(chunk, index)| {
        let hex: String = chunk.iter().map(|byte| format!(" {byte:02x}")).collect();
        let letters: String = chunk
            .iter()
            .map(|byte| {
                if byte.is_ascii_graphic() {
                    char::from(*byte)
                } else {
                    '.'
                }
            })
            .collect();
        Line::from(vec![
            scene.span(Role::Faint, format!("+{:02x}", index * DUMP as u64)),
            scene.span(Role::Text, format!("{hex:<width$}", width = DUMP * 3)),
            scene.span(Role::Faint, format!(" {letters}")),
        ])
    });
    rows.collect()
}
