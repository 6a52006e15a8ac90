//! The ledger of memory returned to the system: when, how much, why, and what the kernel says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::session::frame::Returned;
use crate::tui::canvas::{put, put_line, row, titled};
use crate::tui::numbers::{grouped, size};
use crate::tui::theme::Role;

use super::Scene;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let total = size(scene.frame.picture.memory.returned_total);
    let inner = titled(
        buffer,
        area,
        scene.theme,
        "[5] Returned to the system",
        &format!("{total} in all"),
    );
    if scene.frame.returned.is_empty() {
        put(
            buffer,
            inner,
            "nothing yet: M (_heapmin) gives wholly free pages back",
            scene.theme.style(Role::Faint),
        );
    }
    for (index, returned) in (0..inner.height).zip(scene.frame.returned.iter().rev()) {
        put_line(buffer, row(inner, index), &entry(scene, returned));
    }
}

/// The total and the last return in a few words, for screens without the pane.
pub(super) fn summary(scene: &Scene<'_>) -> Vec<Span<'static>> {
    let total = scene.frame.picture.memory.returned_total;
    let mut spans = vec![
        scene.span(Role::Text, "returned so far "),
        scene.span(Role::Strong, size(total)),
    ];
    if let Some(last) = scene.frame.returned.last() {
        spans.push(scene.span(
            Role::Faint,
            format!(
                ": {} by {} at #{}",
                size(last.bytes),
                last.cause.name(),
                grouped(last.at)
            ),
        ));
        spans.push(scene.span(
            Role::Faint,
            kernel(scene, last).map_or_else(String::new, |words| format!(", {words}")),
        ));
    }
    spans
}

fn entry(scene: &Scene<'_>, returned: &Returned) -> Line<'static> {
    Line::from(vec![
        scene.span(Role::Faint, format!("#{:<7}", grouped(returned.at))),
        scene.span(Role::Strong, format!("{:>9}", size(returned.bytes))),
        scene.span(Role::Text, format!(" {:<9}", returned.cause.name())),
        scene.span(
            Role::Text,
            kernel(scene, returned).map_or_else(String::new, |words| format!(" {words}")),
        ),
    ])
}

fn kernel(scene: &Scene<'_>, returned: &Returned) -> Option<String> {
    let (before, after) = returned.resident?;
    Some(format!(
        "kernel {} {} {}",
        size(before),
        scene.theme.glyphs.arrow,
        size(after)
    ))
}
