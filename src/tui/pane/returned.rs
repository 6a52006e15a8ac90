//! The ledger of memory returned to the system: when, how much, why, and what the kernel says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::session::frame::Returned;
use crate::tui::canvas::{put_line, row};
use crate::tui::numbers::{grouped, size};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;

use super::Scene;

/// Columns from which an entry also shows its operation.
const WITH_OPERATION: u16 = 52;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let right = format!("{} in all", size(scene.frame.picture.memory.returned_total));
    let inner = scene.titled(Pane::Returned, area, &right, buffer);
    if scene.frame.returned.is_empty() {
        let words = "nothing yet: {heapmin} (_heapmin) gives wholly free pages back";
        return scene.say(words, inner, buffer);
    }
    let top = usize::try_from(scene.state.lists[Pane::Returned as usize].top).unwrap_or(usize::MAX);
    let newest_first = scene.frame.returned.iter().rev().skip(top);
    for (index, returned) in (0..inner.height).zip(newest_first) {
        put_line(
            buffer,
            row(inner, index),
            &entry(scene, returned, inner.width),
        );
    }
}

/// The total, the last return, and what the kernel says of it, for screens without the pane.
pub(super) fn summary(scene: &Scene<'_>) -> Vec<Vec<Span<'static>>> {
    let total = scene.frame.picture.memory.returned_total;
    let mut parts = vec![vec![
        scene.span(Role::Text, "returned so far "),
        scene.span(Role::Strong, size(total)),
    ]];
    if let Some(last) = scene.frame.returned.last() {
        let words = format!(
            "last {} by {} at #{}",
            size(last.bytes),
            last.cause.name(),
            grouped(last.at)
        );
        parts.push(vec![scene.span(Role::Text, words)]);
        parts.extend(
            kernel(scene, last)
                .map(|words| vec![scene.span(Role::Text, format!("kernel {words}"))]),
        );
    }
    parts
}

/// A narrow pane leaves out the operation before it cuts what the kernel says.
fn entry(scene: &Scene<'_>, returned: &Returned, columns: u16) -> Line<'static> {
    let at = if columns < WITH_OPERATION {
        String::new()
    } else {
        format!("#{:<8}", grouped(returned.at))
    };
    let word = if columns < WITH_OPERATION {
        ""
    } else {
        "kernel "
    };
    let kernel =
        kernel(scene, returned).map_or_else(String::new, |words| format!(" {word}{words}"));
    Line::from(vec![
        scene.span(Role::Faint, at),
        scene.span(Role::Strong, format!("{:>8}", size(returned.bytes))),
        scene.span(Role::Text, format!(" {:<9}", returned.cause.name())),
        scene.span(Role::Text, kernel),
    ])
}

/// From here on sizes are rounded to tenths of a unit, which may hide what was returned.
const ROUNDED: u64 = 1 << 20;

/// What the kernel held before and after; of much memory, what it holds now and by how much that differs.
fn kernel(scene: &Scene<'_>, returned: &Returned) -> Option<String> {
    let (before, after) = returned.resident?;
    if before.max(after) < ROUNDED {
        let arrow = scene.theme.glyphs.arrow;
        return Some(format!("{} {arrow} {}", size(before), size(after)));
    }
    let sign = if after > before { '+' } else { '-' };
    let change = size(after.abs_diff(before));
    Some(format!("{} ({sign}{change})", size(after)))
}
