//! Two calls made step by step: what each has done, in the order in which it was done, and what each would do next.
//! While none are under way, examples to begin with.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::EXAMPLES;
use crate::session::frame::{Frame, Interleaved, Side};
use crate::tui::canvas::{below, clipped, put, right_of, row, width, wrapped};
use crate::tui::numbers::counted;
use crate::tui::panes::Pane;
use crate::tui::theme::Role;

use super::{Opened, Scene};

/// Columns from which the two stand side by side.
const SIDE_BY_SIDE: u16 = 64;
/// Lines for what one of them would do next, or answered.
const NEXT: usize = 3;
/// Columns before the words of a line.
const MARK: u16 = 2;

const IDLE: &str = "Two calls on one heap, made step by step: a step is one load or store of the allocator, or its lock. \
                    Enter on an example begins it; \"interleave { alloc a 64 } { free b }\" at the prompt interleaves your own.";

/// Rows that can be chosen: the examples, while no calls are under way.
pub(in crate::tui) fn rows_of(frame: &Frame) -> u64 {
    if frame.interleaved.is_some() {
        0
    } else {
        EXAMPLES.len() as u64
    }
}

/// What Enter leads to: an example, or the end of the calls under way.
pub(in crate::tui) fn opened(frame: &Frame, chosen: u64) -> Option<Opened> {
    match &frame.interleaved {
        Some(calls) if calls.is_over() => None,
        Some(_) => Some(Opened::Line("step end".to_owned())),
        None => {
            let example = EXAMPLES.get(usize::try_from(chosen).ok()?)?;
            Some(Opened::Line(format!("example {}", example.name)))
        }
    }
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(calls) = scene.frame.interleaved.as_deref() else {
        let inner = scene.titled(Pane::Interleave, area, "", buffer);
        return draw_examples(scene, inner, buffer);
    };
    let title = width(&Pane::Interleave.title());
    let room = area.width.saturating_sub(title.saturating_add(8));
    let order = title_order(calls, room, scene.theme.glyphs.more);
    let inner = scene.titled(Pane::Interleave, area, &order, buffer);
    if inner.width >= SIDE_BY_SIDE {
        draw_wide(scene, calls, inner, buffer);
    } else {
        draw_narrow(scene, calls, inner, buffer);
    }
}

/// How many steps there were and in which order. Where there is no room for all turns, the last ones.
fn title_order(calls: &Interleaved, room: u16, more: char) -> String {
    let steps = counted(calls.steps, "step");
    if calls.order.is_empty() {
        return steps;
    }
    let left = room.saturating_sub(width(&steps).saturating_add(2));
    let mut turns = calls.order.as_str();
    while width(turns).saturating_add(1) > left
        && let Some((_, rest)) = turns.split_once(',')
    {
        turns = rest;
    }
    let cut = if turns.len() < calls.order.len() {
        more.to_string()
    } else {
        String::new()
    };
    clipped(&format!("{steps}: {cut}{turns}"), room, more)
}

fn draw_examples(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    for (index, example) in (0..area.height).zip(&EXAMPLES) {
        let (mark, role) = scene.row_mark(Pane::Interleave, u64::from(index));
        let line = Line::from(vec![
            scene.span(role, format!("{mark} {:<16}", example.name)),
            scene.span(role, example.doc),
        ]);
        scene.put_line(&line, row(area, index), buffer);
    }
    let rest = below(area, u16::try_from(EXAMPLES.len() + 1).unwrap_or(u16::MAX));
    scene.say(IDLE, rest, buffer);
}

/// One column for each, and a line for each step.
fn draw_wide(scene: &Scene<'_>, calls: &Interleaved, area: Rect, buffer: &mut Buffer) {
    let half = area.width / 2;
    let column = |actor: usize, area: Rect| {
        let area = if actor == 0 {
            area
        } else {
            right_of(area, half)
        };
        Rect {
            width: area.width.min(half.saturating_sub(1)),
            ..area
        }
    };
    for (actor, side) in calls.sides.iter().enumerate() {
        let heading = column(actor, row(area, 0));
        draw_heading(scene, actor, side, heading, buffer);
    }
    let columns = half.saturating_sub(1 + MARK);
    let next: Vec<Vec<String>> = calls.sides.iter().map(|side| next(side, columns)).collect();
    let lines = next.iter().map(Vec::len).max().unwrap_or(0);
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let steps = Rect {
        height: area.height.saturating_sub(1 + lines),
        ..below(area, 1)
    };
    for (index, (actor, text)) in latest(calls, steps.height) {
        let place = right_of(column(*actor, row(steps, index)), MARK);
        let text = clipped(text, place.width, scene.theme.glyphs.more);
        put(buffer, place, &text, scene.theme.style(Role::Text));
    }
    let tail = below(area, area.height.saturating_sub(lines).max(1));
    for (actor, (side, words)) in calls.sides.iter().zip(&next).enumerate() {
        draw_next(scene, side, words, column(actor, tail), buffer);
    }
}

/// All steps below each other, each with who made it.
fn draw_narrow(scene: &Scene<'_>, calls: &Interleaved, area: Rect, buffer: &mut Buffer) {
    let columns = area.width.saturating_sub(MARK);
    let next: Vec<Vec<String>> = calls.sides.iter().map(|side| next(side, columns)).collect();
    let tails: usize = next.iter().map(|words| words.len() + 1).sum();
    let tails = u16::try_from(tails).unwrap_or(u16::MAX);
    let steps = Rect {
        height: area.height.saturating_sub(tails),
        ..area
    };
    for (index, (actor, text)) in latest(calls, steps.height) {
        let line = format!("{} {text}", actor + 1);
        let line = clipped(&line, steps.width, scene.theme.glyphs.more);
        put(
            buffer,
            row(steps, index),
            &line,
            scene.theme.style(Role::Text),
        );
    }
    let mut tail = below(area, steps.height);
    for (actor, (side, words)) in calls.sides.iter().zip(&next).enumerate() {
        draw_heading(scene, actor, side, row(tail, 0), buffer);
        tail = below(tail, 1);
        draw_next(scene, side, words, tail, buffer);
        tail = below(tail, u16::try_from(words.len()).unwrap_or(u16::MAX));
    }
}

/// Who, which call, and how far it is.
fn draw_heading(scene: &Scene<'_>, actor: usize, side: &Side, area: Rect, buffer: &mut Buffer) {
    let steps = counted(side.steps, "step");
    let words = format!("t{} {}: {steps}", actor + 1, side.call);
    let words = clipped(&words, area.width, scene.theme.glyphs.more);
    put(buffer, area, &words, scene.theme.style(Role::Strong));
}

/// What it would do next, marked; or why not, or what it answered.
fn draw_next(scene: &Scene<'_>, side: &Side, words: &[String], area: Rect, buffer: &mut Buffer) {
    let glyphs = &scene.theme.glyphs;
    let (mark, role) = match (side.ended, side.blocked) {
        (true, _) => ('=', Role::Strong),
        (_, true) => (glyphs.bad, Role::Bad),
        _ => (glyphs.chosen, Role::Selected),
    };
    let style = scene.theme.style(role);
    if words.is_empty() || area.height == 0 {
        return;
    }
    put(buffer, row(area, 0), &mark.to_string(), style);
    for (index, line) in (0..area.height).zip(words) {
        put(buffer, right_of(row(area, index), MARK), line, style);
    }
}

/// The words of what is next, in few lines.
fn next(side: &Side, columns: u16) -> Vec<String> {
    let mut lines = wrapped(&side.next, columns);
    lines.truncate(NEXT);
    lines
}

/// As many of the latest steps as there are rows, each with its row; the newest stands at the bottom.
fn latest(calls: &Interleaved, rows: u16) -> impl Iterator<Item = (u16, &(usize, String))> {
    let skipped = calls.made.len().saturating_sub(usize::from(rows));
    (0..rows).zip(&calls.made[skipped..])
}
