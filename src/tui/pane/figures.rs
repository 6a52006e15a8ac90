//! The second row: what is free, what still fits, and what HeapFree left apart.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::Bookmark;
use crate::tui::canvas::{Segment, joined, put_line};
use crate::tui::numbers::{bytes, counted, grouped, percent};
use crate::tui::theme::Role;

use super::Scene;

/// Ranks up to this one say more than a comparison with the baseline does.
const BEFORE_DIFFERENCES: u8 = 1;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if let Some(words) = scene.disbelief() {
        let line = joined(unbelieved(scene, words), &scene.bar(), area.width);
        put_line(buffer, area, &line);
        return;
    }
    let mut needed = segments(scene, true);
    needed.retain(|segment| segment.rank <= BEFORE_DIFFERENCES);
    let room = joined(needed, &scene.bar(), u16::MAX).width() <= usize::from(area.width);
    let line = joined(segments(scene, room), &scene.bar(), area.width);
    put_line(buffer, area, &line);
}

/// Where counters do not fit each other: that they do not, and what a check found or would find.
fn unbelieved(scene: &Scene<'_>, words: &str) -> Vec<Segment> {
    let found = found(scene);
    let advice = match found {
        Some(_) => String::new(),
        None => scene.spell(": {heap-validate} checks"),
    };
    let words = vec![
        scene.span(Role::Bad, words.to_owned()),
        scene.span(Role::Text, advice),
    ];
    std::iter::once(Segment::new(0, words))
        .chain(found)
        .collect()
}

fn segments(scene: &Scene<'_>, differences: bool) -> Vec<Segment> {
    let since = |now, then: fn(&Bookmark) -> u64| match differences {
        true => scene.since(now, then),
        false => String::new(),
    };
    let figures = &scene.frame.picture.figures;
    let text = |text: String| scene.span(Role::Text, text);
    let strong = |text: String| scene.span(Role::Strong, text);
    let free = if figures.holes == 0 {
        vec![text("nothing is free".to_owned())]
    } else {
        vec![
            text("free ".to_owned()),
            strong(bytes(figures.free_bytes)),
            strong(since(figures.free_bytes, |then| then.figures.free_bytes)),
            text(format!(" in {}", counted(figures.holes, "hole"))),
            strong(since(figures.holes, |then| then.figures.holes)),
        ]
    };
    let biggest = vec![
        text("biggest request ".to_owned()),
        strong(bytes(figures.largest_request)),
        strong(since(figures.largest_request, |then| {
            then.figures.largest_request
        })),
    ];
    let mut segments = vec![Segment::new(0, free), Segment::new(0, biggest)];
    segments.extend(found(scene));
    if figures.largest_free > 0 {
        let words = format!("HeapCompact {}", grouped(figures.largest_free));
        segments.push(Segment::new(2, vec![scene.span(Role::Faint, words)]));
    }
    if figures.unmerged_pairs > 0 {
        segments.push(Segment::new(
            1,
            vec![
                strong(counted(figures.unmerged_pairs, "unmerged pair")),
                strong(since(figures.unmerged_pairs, |then| {
                    then.figures.unmerged_pairs
                })),
            ],
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
        vec![
            text(format!("{} busy", grouped(figures.busy_blocks))),
            strong(since(figures.busy_blocks, |then| then.figures.busy_blocks)),
        ],
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

/// What the last check found, or what the filter finds: whichever was looked for last.
fn found(scene: &Scene<'_>) -> Option<Segment> {
    if let Some(check) = scene.frame.check.as_ref().filter(|check| check.sought) {
        let count = counted(check.findings.total, "finding");
        let words = scene.spell("{heap-validate} lists, {next-match} next");
        return Some(Segment::new(
            0,
            vec![
                scene.span(Role::Bad, count),
                scene.span(Role::Text, format!(": {words}")),
            ],
        ));
    }
    let found = scene.frame.found.as_ref()?;
    let count = found
        .count
        .map_or_else(|| "counting".to_owned(), |count| counted(count, "block"));
    let at = found
        .position
        .map_or_else(String::new, |position| format!("{} of ", grouped(position)));
    let words = vec![
        scene.span(Role::Found, format!("{at}{count}")),
        scene.span(Role::Text, format!(" match {}", found.filter)),
    ];
    Some(Segment::new(0, words))
}
