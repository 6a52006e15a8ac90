//! The second row: what is free, what still fits, and what HeapFree left apart.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::canvas::{Segment, joined, put_line};
use crate::tui::numbers::{bytes, counted, grouped, percent};
use crate::tui::theme::Role;

use super::Scene;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    put_line(
        buffer,
        area,
        &joined(segments(scene), &scene.bar(), area.width),
    );
}

fn segments(scene: &Scene<'_>) -> Vec<Segment> {
    let figures = &scene.frame.picture.figures;
    let text = |text: String| scene.span(Role::Text, text);
    let strong = |text: String| scene.span(Role::Strong, text);
    let free = if figures.holes == 0 {
        vec![text("nothing is free".to_owned())]
    } else {
        vec![
            text("free ".to_owned()),
            strong(bytes(figures.free_bytes)),
            text(format!(" in {}", counted(figures.holes, "hole"))),
        ]
    };
    let biggest = vec![
        text("biggest request ".to_owned()),
        strong(bytes(figures.largest_request)),
    ];
    let mut segments = vec![Segment::new(0, free), Segment::new(0, biggest)];
    if figures.largest_free > 0 {
        let words = format!("HeapCompact {}", grouped(figures.largest_free));
        segments.push(Segment::new(2, vec![scene.span(Role::Faint, words)]));
    }
    if figures.unmerged_pairs > 0 {
        segments.push(Segment::new(
            1,
            vec![strong(counted(figures.unmerged_pairs, "unmerged pair"))],
        ));
    }
    segments.push(Segment::new(
        3,
        vec![text(format!(
            "ext. fragmentation {}",
            percent(figures.external_fragmentation)
        ))],
    ));
    segments.push(Segment::new(
        4,
        vec![text(format!("{} busy", grouped(figures.busy_blocks)))],
    ));
    if figures.large_blocks > 0 {
        segments.push(Segment::new(
            5,
            vec![text(counted(figures.large_blocks, "large block"))],
        ));
    }
    if figures.segments > 1 {
        segments.push(Segment::new(
            6,
            vec![text(counted(figures.segments, "segment"))],
        ));
    }
    segments.push(Segment::new(
        7,
        vec![text(format!("reserved {}", bytes(figures.reserved)))],
    ));
    segments.push(Segment::new(
        8,
        vec![text(format!(
            "peak committed {}",
            bytes(figures.peak_committed)
        ))],
    ));
    segments.push(Segment::new(
        9,
        vec![text(format!(
            "lock taken {}, skipped {}, contended {}",
            grouped(figures.lock_taken),
            grouped(figures.lock_skipped),
            grouped(figures.lock_contended)
        ))],
    ));
    segments
}
