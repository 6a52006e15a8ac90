//! The line that adds up: where every committed byte is, and what the kernel says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::canvas::{Segment, joined, put_line, right_of, row, width};
use crate::tui::numbers::{apportion, grouped, size};
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

/// Columns that the sum leaves for what the kernel says.
const BEHIND: u16 = 18;

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

/// The sum flows over both lines; what the kernel says and what went back follow as far as there is room.
pub(in crate::tui) fn draw_lines(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let memory = &scene.frame.picture.memory;
    let terms = sum_that_fits(memory, area.width);
    let (first, rest) = terms.split_at(terms_within(&terms, area.width));
    put_line(
        buffer,
        row(area, 0),
        &Line::from(styled_terms(scene, first)),
    );

    let mut segments = vec![Segment::new(0, styled_terms(scene, rest))];
    let kernel = format!("kernel {}", resident(memory));
    segments.push(Segment::new(1, vec![scene.span(Role::Text, kernel)]));
    segments.extend(
        returned::summary(scene)
            .into_iter()
            .zip(2..)
            .map(|(spans, rank)| Segment::new(rank, spans)),
    );
    let tables = format!("side tables {}", size(memory.side_tables));
    segments.push(Segment::new(9, vec![scene.span(Role::Faint, tables)]));
    put_line(
        buffer,
        row(area, 1),
        &joined(segments, &scene.bar(), area.width),
    );
}

/// One term of the sum: its sign and name, its figure, and what follows.
struct SumTerm {
    before: String,
    figure: String,
    behind: &'static str,
}

impl SumTerm {
    fn width(&self) -> u16 {
        width(&self.before)
            .saturating_add(width(&self.figure))
            .saturating_add(width(self.behind))
    }
}

/// The sum in the first unit that leaves room behind it; what is shown always adds up.
fn sum_that_fits(memory: &MemoryLine, columns: u16) -> Vec<SumTerm> {
    let second_line = |terms: &[SumTerm]| {
        let rest = terms.iter().skip(terms_within(terms, columns));
        rest.map(SumTerm::width).fold(0, u16::saturating_add)
    };
    let mut sums = UNITS
        .iter()
        .map(|(unit, suffix)| sum(memory, *unit, suffix));
    let fitting = sums.find(|terms| second_line(terms) <= columns.saturating_sub(BEHIND));
    fitting.unwrap_or_else(|| sum(memory, 1 << 30, "G"))
}

fn sum(memory: &MemoryLine, unit: u64, suffix: &str) -> Vec<SumTerm> {
    let (shown, total) = if unit == 1 {
        (
            parts(memory).map(grouped).to_vec(),
            grouped(memory.committed),
        )
    } else {
        let tenths = |tenths: u64| format!("{}.{}{suffix}", grouped(tenths / 10), tenths % 10);
        let (shown, total) = apportion(&parts(memory), unit);
        (shown.into_iter().map(tenths).collect(), tenths(total))
    };
    let mut terms: Vec<SumTerm> = Vec::new();
    for ((name, _), figure) in PARTS.iter().zip(shown) {
        let sign = if terms.is_empty() { "" } else { "+ " };
        terms.push(SumTerm {
            before: format!("{sign}{name} "),
            figure,
            behind: " ",
        });
    }
    let unit = if unit == 1 {
        " B committed"
    } else {
        " committed"
    };
    terms.push(SumTerm {
        before: "= ".to_owned(),
        figure: total,
        behind: unit,
    });
    terms
}

/// How many of `terms` fit into a line.
fn terms_within(terms: &[SumTerm], columns: u16) -> usize {
    let mut used = 0_u16;
    let fits = |term: &&SumTerm| {
        used = used.saturating_add(term.width());
        // The blank behind the last term of a line may be cut off.
        used <= columns.saturating_add(1)
    };
    terms.iter().take_while(fits).count()
}

fn styled_terms(scene: &Scene<'_>, terms: &[SumTerm]) -> Vec<Span<'static>> {
    let spans = terms.iter().flat_map(|term| {
        [
            scene.span(Role::Text, term.before.clone()),
            scene.span(Role::Strong, term.figure.clone()),
            scene.span(Role::Text, term.behind),
        ]
    });
    spans.collect()
}

fn resident(memory: &MemoryLine) -> String {
    memory
        .resident
        .map_or_else(|| "does not tell".to_owned(), size)
}

pub(super) fn draw_table(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let memory = &scene.frame.picture.memory;
    for ((index, (name, role)), value) in (0..area.height).zip(&PARTS).zip(parts(memory)) {
        let line = row(area, index);
        let sign = if index == 0 { ' ' } else { '+' };
        let what = if *role == Role::Free {
            format!("holes, {name}")
        } else {
            (*name).to_owned()
        };
        let behind = put_line(buffer, line, &figure(scene, sign, &what, value));
        let bar = right_of(line, behind.saturating_sub(line.x).saturating_add(1));
        draw_bar(scene, bar, *role, (value, memory.committed), buffer);
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
        scene.span(Role::Text, format!("{:>13}", grouped(value))),
    ])
}

/// A share of the whole as a bar; what is not nothing has at least one cell.
fn draw_bar(
    scene: &Scene<'_>,
    area: Rect,
    role: Role,
    (value, whole): (u64, u64),
    buffer: &mut Buffer,
) {
    let share = u128::from(value) * u128::from(area.width) / u128::from(whole.max(1));
    let filled = u16::try_from(share)
        .unwrap_or(area.width)
        .max(u16::from(value > 0))
        .min(area.width);
    let bar = scene
        .theme
        .bar_glyph(role)
        .to_string()
        .repeat(usize::from(filled));
    put_line(
        buffer,
        Rect {
            width: filled,
            ..area
        },
        &Line::from(scene.span(role, bar)),
    );
}
