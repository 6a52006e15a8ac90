//! The selected block: two lines, or a card where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::canvas::{Segment, joined, put, put_line, row, wrapped};
use crate::tui::numbers::{address, bytes, grouped, size};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;
use crate::view::{BlockCard, BlockState, Neighbour};

use super::Scene;

/// Bytes of payload in a row of the dump.
const DUMP: usize = 8;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let inner = scene.titled(Pane::Block, area, "", buffer);
    match &scene.frame.picture.selected {
        Some(block) => draw_card(scene, block, inner, buffer),
        None => draw_nothing(scene, inner, buffer),
    }
}

fn draw_nothing(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let words = scene.spell("no block is selected: {previous-block} and {next-block} select one");
    put(buffer, area, &words, scene.theme.style(Role::Faint));
}

/// The block in two lines.
pub(in crate::tui) fn draw_lines(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(block) = &scene.frame.picture.selected else {
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
    first.push(text(3, format!("payload {}", address(block.payload))));
    put_line(
        buffer,
        row(area, 0),
        &joined(first, &scene.bar(), area.width),
    );

    let mut second = vec![text(0, consequence(block))];
    second.extend(before(block).map(|words| text(2, format!("before {words}"))));
    second.extend(behind(block).map(|words| text(1, format!("behind {words}"))));
    put_line(
        buffer,
        row(area, 1),
        &joined(second, &scene.bar(), area.width),
    );
}

fn draw_card(scene: &Scene<'_>, block: &BlockCard, area: Rect, buffer: &mut Buffer) {
    put_line(buffer, row(area, 0), &Line::from(identity(scene, block)));
    draw_parts(scene, block, row(area, 1), buffer);
    let place = |words: Option<String>| words.unwrap_or_else(|| "nothing in this run".to_owned());
    let born = block
        .born
        .map_or_else(String::new, |born| format!("born op {}, ", grouped(born)));
    let words = [
        sum(block),
        format!("{born}payload {}", address(block.payload)),
        format!("before {}", place(before(block))),
        format!("behind {}", place(behind(block))),
        consequence(block),
    ];
    let text = words.iter().flat_map(|words| wrapped(words, area.width));
    let mut lines: Vec<Line<'_>> = text
        .map(|words| Line::from(scene.span(Role::Text, words)))
        .collect();
    lines.extend(dump(scene, block));
    for (index, line) in (2..area.height).zip(&lines) {
        put_line(buffer, row(area, index), line);
    }
}

/// Header, what was asked for, and slack as parts of one bar.
fn draw_parts(scene: &Scene<'_>, block: &BlockCard, area: Rect, buffer: &mut Buffer) {
    let all = u128::from(block.bytes.max(1));
    let columns = |bytes: u64| {
        let share = u128::from(bytes) * u128::from(area.width) / all;
        u16::try_from(share)
            .unwrap_or(area.width)
            .max(u16::from(bytes > 0))
            .min(area.width)
    };
    let (first, rest, role) = match block.state {
        BlockState::Busy | BlockState::Large => {
            (columns(block.header), columns(block.slack), Role::Busy)
        }
        BlockState::Free => (0, 0, Role::Free),
        BlockState::Control => (0, 0, Role::Overhead),
        BlockState::Damaged => (0, 0, Role::Bad),
    };
    let middle = area.width.saturating_sub(first).saturating_sub(rest);
    let part = |role: Role, count: u16| {
        scene.span(
            role,
            scene
                .theme
                .bar_glyph(role)
                .to_string()
                .repeat(usize::from(count)),
        )
    };
    let line = Line::from(vec![
        part(Role::Overhead, first),
        part(role, middle),
        part(Role::Overhead, rest),
    ]);
    put_line(buffer, area, &line);
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
            format!("pins {} that _heapmin could return", size(block.pins))
        }
        BlockState::Busy | BlockState::Large => "pins no page by itself".to_owned(),
    }
}

fn before(block: &BlockCard) -> Option<String> {
    block.before.as_ref().map(|before| neighbour(block, before))
}

fn behind(block: &BlockCard) -> Option<String> {
    block.behind.as_ref().map(|behind| neighbour(block, behind))
}

fn neighbour(block: &BlockCard, neighbour: &Neighbour) -> String {
    let what = match (&neighbour.name, neighbour.state) {
        (Some(name), _) => name.clone(),
        (None, BlockState::Free) => "hole".to_owned(),
        (None, state) => state_word(state).to_lowercase(),
    };
    let both_free = block.state == BlockState::Free && neighbour.state == BlockState::Free;
    let apart = if both_free { ", not merged" } else { "" };
    format!("{what} {}{apart}", size(neighbour.bytes))
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
