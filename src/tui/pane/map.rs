//! The block map: an address gutter, the cells, and what is committed and resident.

mod overview;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::session::frame::Frame;
use crate::tui::canvas::{Segment, below, joined, put, put_line, right_of, row, titled, width};
use crate::tui::layout::overview_rows;
use crate::tui::numbers::{address, grouped, size};
use crate::tui::theme::{Kind, Role};
use crate::view::{Cell, CellState, MapPicture, MapRow, RowResidency};

use super::Scene;

/// Columns of ` C R`.
const MARKS: u16 = 4;

/// What stands in them.
const MARK_WORDS: &str = "C commit R resident";

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let overview_rows = overview_rows(area.height);
    let map = &scene.frame.picture.map;
    let (title, position) = (title(map), position(map));
    let explained = format!("{position}, {MARK_WORDS}");
    let used = width(&title)
        .saturating_add(width(&explained))
        .saturating_add(6);
    let right = if !position.is_empty() && used <= area.width {
        explained
    } else {
        position
    };
    let inner = titled(buffer, area, scene.theme, &title, &right);
    let places = Places::of(map, area);
    overview::draw(
        scene,
        (places.cells, places.count),
        head(inner, overview_rows),
        buffer,
    );
    let under = below(inner, overview_rows);
    let rows = Rect {
        height: under.height.saturating_sub(1),
        ..under
    };
    if map.rows.is_empty() && rows.height > 0 {
        put(
            buffer,
            rows,
            "  this heap has no memory to show",
            scene.theme.style(Role::Faint),
        );
    }
    for (index, map_row) in (0..rows.height).zip(&map.rows) {
        draw_row(scene, &places, map_row, row(rows, index), buffer);
    }
    draw_legend(
        scene,
        &places,
        row(inner, inner.height.saturating_sub(1)),
        buffer,
    );
}

/// The address of the cell, or of the row, that is drawn at `position`.
pub(in crate::tui) fn address_at(frame: &Frame, area: Rect, position: Position) -> Option<u64> {
    let map = &frame.picture.map;
    let places = Places::of(map, area);
    let above = 1 + overview_rows(area.height);
    let index = position.y.checked_sub(area.y.saturating_add(above))?;
    if index >= area.height.saturating_sub(above + 1) {
        return None;
    }
    match map.rows.get(usize::from(index))? {
        MapRow::Title { address, .. } | MapRow::Folded { address, .. } => Some(*address),
        MapRow::Cells { address, cells, .. } => {
            let column = u64::from(position.x.saturating_sub(places.cells));
            let last = u64::try_from(cells.len())
                .unwrap_or(u64::MAX)
                .checked_sub(1)?;
            address.checked_add(column.min(last).saturating_mul(map.cell_bytes))
        }
    }
}

/// The first `count` rows of `area`.
fn head(area: Rect, count: u16) -> Rect {
    Rect {
        height: count.min(area.height),
        ..area
    }
}

/// Columns of the parts of a row.
struct Places {
    /// Where the cells begin.
    cells: u16,
    /// How many there is room for.
    count: u16,
    /// Where the marks begin.
    marks: u16,
}

impl Places {
    fn of(map: &MapPicture, area: Rect) -> Places {
        let longest = map
            .rows
            .iter()
            .map(|map_row| width(&address(address_of(map_row))))
            .max()
            .unwrap_or(7);
        let widest = map
            .rows
            .iter()
            .map(cells_in)
            .max()
            .unwrap_or(0)
            .max(u16::try_from(full_row(map)).unwrap_or(0));
        let gutter = (longest + 1).min(area.width);
        let count = widest.min(area.width.saturating_sub(gutter + MARKS));
        let cells = area.x.saturating_add(gutter);
        Places {
            cells,
            count,
            marks: cells.saturating_add(count),
        }
    }
}

fn full_row(map: &MapPicture) -> u64 {
    map.row_bytes.checked_div(map.cell_bytes).unwrap_or(0)
}

fn cells_in(map_row: &MapRow) -> u16 {
    match map_row {
        MapRow::Cells { cells, .. } => u16::try_from(cells.len()).unwrap_or(u16::MAX),
        MapRow::Title { .. } | MapRow::Folded { .. } => 0,
    }
}

fn address_of(map_row: &MapRow) -> u64 {
    match map_row {
        MapRow::Title { address, .. }
        | MapRow::Cells { address, .. }
        | MapRow::Folded { address, .. } => *address,
    }
}

fn title(map: &MapPicture) -> String {
    let fitted = if map.fitted { ", fitted" } else { "" };
    format!(
        "[1] Map  row {}, cell {}{fitted}",
        size(map.row_bytes),
        size(map.cell_bytes)
    )
}

fn position(map: &MapPicture) -> String {
    let shown = u64::try_from(map.rows.len()).unwrap_or(u64::MAX);
    if shown == 0 {
        return String::new();
    }
    let last = map.top.saturating_add(shown);
    let total = map.total_rows.max(last);
    if map.top == 0 && last == total {
        return format!("all {} rows", grouped(total));
    }
    format!(
        "rows {}-{} of {}",
        grouped(map.top.saturating_add(1)),
        grouped(last),
        grouped(total)
    )
}

fn draw_row(scene: &Scene<'_>, places: &Places, map_row: &MapRow, area: Rect, buffer: &mut Buffer) {
    let faint = scene.theme.style(Role::Faint);
    put(buffer, area, &address(address_of(map_row)), faint);
    let field = Rect {
        x: places.cells,
        width: places.count,
        ..area
    }
    .intersection(area);
    if let Some(mark) = range_mark(scene, map_row) {
        let gutter = places.cells.saturating_sub(area.x).saturating_sub(1);
        let style = scene.theme.style(Role::Strong);
        put(buffer, right_of(area, gutter), &mark.to_string(), style);
    }
    match map_row {
        MapRow::Title { text, .. } => {
            put(
                buffer,
                field,
                &ruled(scene, text, field.width),
                scene.theme.style(Role::Strong),
            );
        }
        MapRow::Folded {
            bytes,
            state,
            resident,
            ..
        } => {
            let words = format!("{} {} (folded)", size(*bytes), folded_words(*state));
            put(buffer, field, &ruled(scene, &words, field.width), faint);
            let committed = if *state == CellState::Uncommitted {
                Part::None
            } else {
                Part::All
            };
            draw_marks(scene, places, area, committed, *resident, buffer);
        }
        MapRow::Cells {
            cells, resident, ..
        } => {
            draw_cells(scene, field, (address_of(map_row), cells), buffer);
            draw_marks(
                scene,
                places,
                area,
                committed_part(cells),
                *resident,
                buffer,
            );
        }
    }
}

fn draw_cells(
    scene: &Scene<'_>,
    field: Rect,
    (address, cells): (u64, &[Cell]),
    buffer: &mut Buffer,
) {
    let bytes = scene.frame.picture.map.cell_bytes;
    let range = scene.frame.picture.range.as_ref();
    let inside = |at: u64| {
        let cell = address.saturating_add(at.saturating_mul(bytes));
        range.is_some_and(|range| cell < range.to && cell.saturating_add(bytes) > range.from)
    };
    for ((index, x), cell) in (field.left()..field.right()).enumerate().zip(cells) {
        let (glyph, style) = scene.theme.cell(cell, index);
        if let Some(target) = buffer.cell_mut((x, field.y)) {
            target.set_char(glyph).set_style(style);
            if inside(index as u64) && !cell.selected {
                target.set_style(scene.theme.in_range());
            }
        }
    }
}

/// The mark of a row that the chosen range touches, between its address and its cells.
fn range_mark(scene: &Scene<'_>, map_row: &MapRow) -> Option<char> {
    let range = scene.frame.picture.range.as_ref()?;
    let map = &scene.frame.picture.map;
    let from = address_of(map_row);
    let bytes = match map_row {
        MapRow::Title { .. } => return None,
        MapRow::Folded { bytes, .. } => *bytes,
        MapRow::Cells { cells, .. } => map.cell_bytes.saturating_mul(cells.len() as u64),
    };
    let to = from.saturating_add(bytes);
    let [first, middle, last] = scene.theme.glyphs.range;
    if from >= range.to || to <= range.from {
        None
    } else if from <= range.from && to < range.to {
        Some(first)
    } else if to >= range.to && from > range.from {
        Some(last)
    } else {
        Some(middle)
    }
}

/// `-- words ----`: a row that stands for more than its cells.
fn ruled(scene: &Scene<'_>, words: &str, columns: u16) -> String {
    let rule = scene.theme.glyphs.rule.to_string();
    let behind = usize::from(columns.saturating_sub(width(words).saturating_add(4)));
    format!("{} {words} {}", rule.repeat(2), rule.repeat(behind))
}

fn folded_words(state: CellState) -> &'static str {
    match state {
        CellState::Uncommitted => "reserved, not committed",
        CellState::Free => "free",
        CellState::Busy => "busy",
        CellState::Control => "the heap's own",
        CellState::Damaged => "damaged",
    }
}

/// How much of a row something is true of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    Some,
    All,
}

fn committed_part(cells: &[Cell]) -> Part {
    let committed = cells
        .iter()
        .filter(|cell| cell.state != CellState::Uncommitted)
        .count();
    if committed == 0 {
        Part::None
    } else if committed == cells.len() {
        Part::All
    } else {
        Part::Some
    }
}

fn draw_marks(
    scene: &Scene<'_>,
    places: &Places,
    area: Rect,
    committed: Part,
    resident: RowResidency,
    buffer: &mut Buffer,
) {
    let committed = match committed {
        Part::None => ("-", Role::Faint),
        Part::Some => ("c", Role::Text),
        Part::All => ("C", Role::Text),
    };
    let resident = match resident {
        RowResidency::Unknown => ("?", Role::Faint),
        RowResidency::None => ("-", Role::Faint),
        RowResidency::Some => ("r", Role::Text),
        RowResidency::All => ("R", Role::Text),
    };
    let marks = Rect {
        x: places.marks,
        width: MARKS,
        ..area
    }
    .intersection(area);
    for (offset, (mark, role)) in [(1, committed), (3, resident)] {
        put(
            buffer,
            right_of(marks, offset),
            mark,
            scene.theme.style(role),
        );
    }
}

fn draw_legend(scene: &Scene<'_>, places: &Places, area: Rect, buffer: &mut Buffer) {
    // The heads of the two columns of marks stand right below them.
    let heads = Rect {
        x: places.marks,
        width: MARKS,
        ..area
    }
    .intersection(area);
    let room = Rect {
        width: heads.x.saturating_sub(area.x),
        ..area
    };
    put_line(buffer, room, &legend(scene, room.width));
    for (offset, head) in [(1, "C"), (3, "R")] {
        put(
            buffer,
            right_of(heads, offset),
            head,
            scene.theme.style(Role::Strong),
        );
    }
}

/// Every glyph where there is room; else those that are on the map, the most needed first.
fn legend(scene: &Scene<'_>, columns: u16) -> Line<'static> {
    // Where no calls are under way nobody has to learn their marks.
    let stepping = scene.frame.interleaved.is_some();
    let all = legend_of(scene, |kind| match kind {
        Kind::First | Kind::Second => stepping,
        Kind::Step => scene.frame.played.is_some(),
        _ => true,
    });
    let line = joined(all, &scene.span(Role::Text, " "), u16::MAX);
    if line.width() <= usize::from(columns) {
        return line;
    }
    let map = &scene.frame.picture.map;
    let occurs = |kind: Kind| {
        map.rows.iter().any(|map_row| match map_row {
            MapRow::Title { .. } => false,
            MapRow::Folded { state, .. } => {
                *state == CellState::Uncommitted && kind == Kind::Uncommitted
            }
            MapRow::Cells { cells, .. } => cells.iter().any(|cell| Kind::of(cell) == kind),
        })
    };
    joined(
        legend_of(scene, occurs),
        &scene.span(Role::Text, " "),
        columns,
    )
}

fn legend_of(scene: &Scene<'_>, shows: impl Fn(Kind) -> bool) -> Vec<Segment> {
    let entry = |role, glyphs: String, word: &str| {
        vec![
            scene.span(role, glyphs),
            scene.span(Role::Faint, format!(" {word}")),
        ]
    };
    let range = scene.frame.picture.range.map(|_| {
        let glyph = scene.theme.glyphs.range[1].to_string();
        entry(Role::Strong, glyph, "range")
    });
    let kinds = scene
        .theme
        .legend()
        .into_iter()
        .filter(|item| shows(item.kind))
        .map(|item| entry(item.role, item.glyphs, item.word));
    range
        .into_iter()
        .chain(kinds)
        .zip(0..)
        .map(|(spans, rank)| Segment::new(rank, spans))
        .collect()
}
