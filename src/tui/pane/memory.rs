//! The line that adds up: where every committed byte is, and what the kernel says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::canvas::{put_line, right_of, row, titled, width};
use crate::tui::numbers::{apportion, bytes, grouped, size};
use crate::tui::theme::Role;
use crate::view::MemoryLine;

use super::{Scene, returned};

/// The parts in their order, with what they are.
const PARTS: [(&str, Role); 6] = [
    ("live", Role::Busy),
    ("slack", Role::Overhead),
    ("headers", Role::Overhead),
    ("control", Role::Overhead),
    ("returnable", Role::Free),
    ("pinned", Role::Free),
];

/// Units in which the line may be written: divisor and suffix. Exact bytes first.
const UNITS: [(u64, &str); 4] = [(1, ""), (1 << 10, "K"), (1 << 20, "M"), (1 << 30, "G")];

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, titles: bool, buffer: &mut Buffer) {
    if titles {
        let inner = titled(buffer, area, scene.theme, "[3] Where memory is", "bytes");
        draw_table(scene, inner, buffer);
    } else {
        draw_lines(scene, area, buffer);
    }
}

fn parts(memory: &MemoryLine) -> [u64; 6] {
    [
        memory.live,
        memory.slack,
        memory.headers,
        memory.control,
        memory.holes_returnable,
        memory.holes_pinned,
    ]
}

fn draw_lines(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let memory = &scene.frame.picture.memory;
    put_line(buffer, row(area, 0), &sum_line(scene, memory, area.width));
    let mut spans = vec![
        scene.span(Role::Text, "= "),
        scene.span(Role::Strong, bytes(memory.committed)),
        scene.span(Role::Text, " committed"),
        scene.bar(),
        scene.span(Role::Text, format!("kernel {}", resident(memory))),
        scene.bar(),
    ];
    spans.extend(returned::summary(scene));
    spans.push(scene.bar());
    spans.push(scene.span(
        Role::Faint,
        format!("side tables {}", size(memory.side_tables)),
    ));
    put_line(buffer, row(area, 1), &Line::from(spans));
}

/// The sum in the first unit in which it fits; what is shown always adds up.
fn sum_line(scene: &Scene<'_>, memory: &MemoryLine, columns: u16) -> Line<'static> {
    let mut lines = UNITS.iter().map(|(unit, suffix)| {
        let shown = if *unit == 1 {
            parts(memory).map(grouped).to_vec()
        } else {
            apportion(&parts(memory), *unit)
                .0
                .iter()
                .map(|tenths| format!("{}.{}{suffix}", tenths / 10, tenths % 10))
                .collect()
        };
        sum_spans(scene, &shown)
    });
    let fits = |line: &Line<'_>| {
        line.spans
            .iter()
            .map(|span| width(&span.content))
            .fold(0, u16::saturating_add)
            <= columns
    };
    lines
        .find(fits)
        .unwrap_or_else(|| sum_spans(scene, &parts(memory).map(size)))
}

fn sum_spans(scene: &Scene<'_>, shown: &[String]) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for ((name, _), value) in PARTS.iter().zip(shown) {
        if !spans.is_empty() {
            spans.push(scene.span(Role::Faint, " + "));
        }
        spans.push(scene.span(Role::Text, format!("{name} ")));
        spans.push(scene.span(Role::Strong, value.clone()));
    }
    Line::from(spans)
}

fn resident(memory: &MemoryLine) -> String {
    memory
        .resident
        .map_or_else(|| "does not tell".to_owned(), size)
}

fn draw_table(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let memory = &scene.frame.picture.memory;
    let rows = PARTS
        .iter()
        .zip(parts(memory))
        .map(|((name, role), value)| (*name, Some(*role), value));
    let committed = memory.committed.max(1);
    for (index, (name, role, value)) in (0..area.height).zip(rows) {
        let line = row(area, index);
        let sign = if index == 0 { ' ' } else { '+' };
        let what = if index > 3 {
            format!("holes, {name}")
        } else {
            name.to_owned()
        };
        put_line(buffer, line, &figure(scene, sign, &what, value));
        if let Some(role) = role {
            draw_bar(scene, right_of(line, 34), role, value, committed, buffer);
        }
    }
    put_line(
        buffer,
        row(area, 6),
        &figure(scene, '=', "committed", memory.committed),
    );
    let kernel = match memory.resident {
        Some(resident) => figure(scene, ' ', "kernel resident", resident),
        None => Line::from(scene.span(Role::Faint, "  kernel resident: not told here")),
    };
    put_line(buffer, row(area, 7), &kernel);
    put_line(
        buffer,
        row(area, 8),
        &figure(scene, ' ', "side tables", memory.side_tables),
    );
}

fn figure(scene: &Scene<'_>, sign: char, name: &str, value: u64) -> Line<'static> {
    Line::from(vec![
        scene.span(Role::Faint, format!("{sign} {name:<17}")),
        scene.span(Role::Text, format!("{:>14}", grouped(value))),
    ])
}

/// A share of the whole as a bar; what is not nothing has at least one cell.
fn draw_bar(
    scene: &Scene<'_>,
    area: Rect,
    role: Role,
    value: u64,
    whole: u64,
    buffer: &mut Buffer,
) {
    let share = u128::from(value) * u128::from(area.width) / u128::from(whole.max(1));
    let filled = u16::try_from(share)
        .unwrap_or(area.width)
        .max(u16::from(value > 0))
        .min(area.width);
    let glyph = match role {
        Role::Free => scene.theme.glyphs.free[1],
        Role::Overhead => scene.theme.glyphs.control[1],
        _ => scene.theme.glyphs.busy[1],
    };
    put_line(
        buffer,
        Rect {
            width: filled,
            ..area
        },
        &Line::from(scene.span(role, glyph.to_string().repeat(usize::from(filled)))),
    );
}
