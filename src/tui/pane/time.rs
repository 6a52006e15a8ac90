//! Busy, committed and resident bytes over time, with a letter for each event that changed the heap's ways.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::session::frame::{Frame, Sample, Timeline};
use crate::tui::canvas::{put, put_line, right_of, row, width};
use crate::tui::chart::{
    Axis, Column, DOT_ROWS, Dots, Extent, columns, dots_in, fill_column, letters, sparkline, steps,
};
use crate::tui::numbers::{grouped, size};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;

use super::Scene;

/// Columns between two numbers on the axis of time, at least.
const TICK: u16 = 16;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let glyphs = &scene.theme.glyphs;
    let [committed, resident, both] = glyphs.lines;
    let legend = format!(
        "{} busy {committed} committed {resident} resident {both} both",
        glyphs.area[7]
    );
    let inner = scene.titled(Pane::Time, area, &legend, buffer);
    let timeline = &scene.frame.timeline;
    if timeline.samples.is_empty() {
        let words = "nothing was measured yet: the first operation on the heap begins the chart";
        return scene.say(words, inner, buffer);
    }
    if inner.height < 2 {
        let line = sparkline(timeline, glyphs, inner.width);
        put(buffer, inner, &line, scene.theme.style(Role::Text));
        return;
    }
    draw_chart(scene, inner, buffer);
}

/// The most that the chart shows.
fn most(timeline: &Timeline) -> u64 {
    let highest = |sample: &Sample| {
        let resident = sample.resident.unwrap_or(0);
        sample.committed.max(sample.busy).max(resident)
    };
    timeline.samples.iter().map(highest).max().unwrap_or(0)
}

/// Columns of the numbers beside the chart.
fn gutter(most: u64, area: Rect) -> u16 {
    y_labels(most)
        .iter()
        .map(|label| width(label).saturating_add(1))
        .fold(0, u16::max)
        .min(area.width)
}

/// Where the columns of the chart are in a pane without its title.
fn chart_area(timeline: &Timeline, area: Rect) -> Rect {
    if area.height < 2 {
        return area;
    }
    let axis_rows = if area.height >= 5 { 2 } else { 1 };
    Rect {
        height: area.height.saturating_sub(axis_rows),
        ..right_of(area, gutter(most(timeline), area))
    }
}

/// The chart of a pane.
fn chart_in(frame: &Frame, pane: Rect) -> Rect {
    let inner = Rect {
        y: pane.y.saturating_add(1),
        height: pane.height.saturating_sub(1),
        ..pane
    };
    chart_area(&frame.timeline, inner)
}

/// The axis of the chart in a pane.
pub(in crate::tui) fn axis(frame: &Frame, pane: Rect) -> Option<Axis> {
    Axis::of(&frame.timeline, usize::from(chart_in(frame, pane).width))
}

/// The column of the chart at a place of the pane; what is dragged may have left it.
pub(in crate::tui) fn column_at(
    frame: &Frame,
    pane: Rect,
    position: Position,
    drags: bool,
) -> Option<(Axis, usize)> {
    let chart = chart_in(frame, pane);
    let inside = pane.contains(position) && position.x >= chart.x && position.y > pane.y;
    if !inside && !drags {
        return None;
    }
    let column = position
        .x
        .saturating_sub(chart.x)
        .min(chart.width.saturating_sub(1));
    Some((axis(frame, pane)?, usize::from(column)))
}

/// The moment that is looked at: its column, through the chart and its axis.
fn draw_moment(scene: &Scene<'_>, chart: Rect, buffer: &mut Buffer) {
    let time = &scene.frame.time;
    let axis = Axis::of(&scene.frame.timeline, usize::from(chart.width));
    let Some(axis) = axis.filter(|_| time.past) else {
        return;
    };
    let x = chart
        .x
        .saturating_add(u16::try_from(axis.column(time.at)).unwrap_or(0));
    let style = scene.theme.style(Role::Selected);
    for y in chart.top()..=chart.bottom() {
        let Some(cell) = buffer.cell_mut((x, y)) else {
            continue;
        };
        if cell.symbol() == " " {
            cell.set_char(scene.theme.glyphs.bar);
        }
        cell.set_style(style);
    }
}

fn draw_chart(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let timeline = &scene.frame.timeline;
    let most = most(timeline);
    let gutter = gutter(most, area);
    let chart = chart_area(timeline, area);
    // Two dots stand side by side in a cell.
    let Some(fine) = Axis::of(timeline, usize::from(chart.width) * 2) else {
        return;
    };
    let measured = columns(timeline, fine);
    for (x, pair) in (chart.left()..chart.right()).zip(measured.chunks(2)) {
        draw_column(scene, chart, x, pair, most, buffer);
    }
    draw_y_axis(
        scene,
        most,
        Rect {
            width: gutter,
            ..area
        },
        chart.height,
        buffer,
    );
    draw_x_axis(scene, chart, area, buffer);
    draw_moment(scene, chart, buffer);
}

/// The most, half of it, and nothing.
fn y_labels(most: u64) -> [String; 3] {
    [size(most), size(most / 2), "0".to_owned()]
}

fn draw_y_axis(scene: &Scene<'_>, most: u64, gutter: Rect, height: u16, buffer: &mut Buffer) {
    let [top, middle, bottom] = y_labels(most);
    let mut labels = vec![(0, top)];
    if height >= 2 {
        labels.push((height - 1, bottom));
    }
    if height >= 5 {
        labels.push((height / 2, middle));
    }
    for (index, label) in labels {
        let place = row(gutter, index);
        let start = gutter.width.saturating_sub(width(&label).saturating_add(1));
        let style = scene.theme.style(Role::Faint);
        put(buffer, right_of(place, start), &label, style);
    }
}

/// A cell's width of the chart: the area of busy bytes, and the two lines over it.
fn draw_column(
    scene: &Scene<'_>,
    chart: Rect,
    x: u16,
    pair: &[Column],
    most: u64,
    buffer: &mut Buffer,
) {
    let busy = pair.iter().map(|column| column.busy).max().unwrap_or(0);
    let eighths = steps(busy, most, chart.height.saturating_mul(8));
    let style = scene.theme.style(Role::Busy);
    fill_column(buffer, chart, x, eighths, (&scene.theme.glyphs.area, style));
    let top = chart.height.saturating_mul(DOT_ROWS).saturating_sub(1);
    let dots = |row: u16, extent: Extent| {
        let at = |value| steps(value, most, top);
        dots_in(row, at(extent.low), at(extent.high))
    };
    for (row, y) in (0..chart.height).zip((chart.top()..chart.bottom()).rev()) {
        let mut lines = Dots::default();
        for (side, column) in pair.iter().take(2).enumerate() {
            lines.committed[side] = dots(row, column.committed);
            lines.resident[side] = column.resident.map_or(0, |extent| dots(row, extent));
        }
        if pair.len() == 1 {
            lines.committed[1] = lines.committed[0];
        }
        if let Some((glyph, style)) = lines.glyph(scene.theme)
            && let Some(cell) = buffer.cell_mut((x, y))
        {
            cell.set_char(glyph).set_style(style);
        }
    }
}

/// Letters of events, and the numbers of operations: below them, or beside them where there is one row for both.
fn draw_x_axis(scene: &Scene<'_>, chart: Rect, area: Rect, buffer: &mut Buffer) {
    let timeline = &scene.frame.timeline;
    let Some(axis) = Axis::of(timeline, usize::from(chart.width)) else {
        return;
    };
    let marks = letters(timeline, axis);
    let rows = area.height.saturating_sub(chart.height);
    let first = Rect {
        x: chart.x,
        width: chart.width,
        ..row(area, chart.height)
    };
    let rule = scene.theme.glyphs.rule.to_string();
    put(
        buffer,
        first,
        &rule.repeat(usize::from(first.width)),
        scene.theme.style(Role::Faint),
    );
    for (x, mark) in (first.left()..first.right()).zip(&marks) {
        if let (Some(letter), Some(cell)) = (mark, buffer.cell_mut((x, first.y))) {
            cell.set_char(*letter)
                .set_style(scene.theme.style(Role::Key));
        }
    }
    let label = Rect {
        x: area.x,
        width: chart.x.saturating_sub(area.x),
        ..first
    };
    put(buffer, label, "op", scene.theme.style(Role::Faint));
    if rows >= 2 {
        draw_numbers(scene, axis, row_below(first), buffer);
    } else {
        draw_ends(scene, axis, first, &marks, buffer);
    }
}

fn row_below(area: Rect) -> Rect {
    Rect {
        y: area.y.saturating_add(1),
        ..area
    }
}

fn number(operation: u64) -> String {
    format!("#{}", grouped(operation))
}

/// Numbers of operations in even distances, each once; the last one ends at the right.
fn draw_numbers(scene: &Scene<'_>, axis: Axis, area: Rect, buffer: &mut Buffer) {
    let last = number(axis.last);
    let ticks = (area.width / TICK.max(width(&last) + 4)).max(1);
    let style = scene.theme.style(Role::Faint);
    // Few operations may have many columns each.
    let mut told = None;
    for tick in 0..ticks {
        let column = area.width / ticks * tick;
        let operation = axis.operation(usize::from(column));
        let is_last = operation == axis.last && axis.last > axis.first;
        if told == Some(operation) || is_last {
            continue;
        }
        told = Some(operation);
        let place = right_of(area, column);
        put(buffer, place, &number(operation), style);
    }
    let start = area.width.saturating_sub(width(&last));
    if axis.last > axis.first && start > width(&number(axis.first)) {
        put(buffer, right_of(area, start), &last, style);
    }
}

/// The first and the last number in the row of letters, where none is in the way.
fn draw_ends(
    scene: &Scene<'_>,
    axis: Axis,
    area: Rect,
    marks: &[Option<char>],
    buffer: &mut Buffer,
) {
    let (first, last) = (number(axis.first), number(axis.last));
    let start = area.width.saturating_sub(width(&last));
    for (offset, text) in [(0, first), (start, last)] {
        let from = usize::from(offset);
        let to = from + usize::from(width(&text)) + 1;
        let free = marks.iter().take(to).skip(from).all(Option::is_none);
        if free && usize::from(width(&text)) * 3 < usize::from(area.width) {
            let line = Line::from(scene.span(Role::Faint, text));
            put_line(buffer, right_of(area, offset), &line);
        }
    }
}
