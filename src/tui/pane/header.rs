//! The first row: which heap this is, how it is set, and what runs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::session::frame::ActorState;
use crate::tui::canvas::{Segment, joined, put_line, right_of, width};
use crate::tui::numbers::{grouped, rounded, typed_size};
use crate::tui::theme::Role;
use crate::view::{HeapKind, HeapTitle};

use super::Scene;

/// The rank of the settings that the subject is about.
const TEACHES: u8 = 1;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let progress = progress(scene);
    let progress_width = progress
        .iter()
        .map(|span| width(&span.content))
        .fold(0, u16::saturating_add);
    let left = area.width.saturating_sub(progress_width.saturating_add(2));
    put_line(
        buffer,
        Rect {
            width: left,
            ..area
        },
        &settings(scene, left),
    );
    let start = area.width.saturating_sub(progress_width);
    put_line(buffer, right_of(area, start), &Line::from(progress));
}

/// The settings, in words as long as there is room for the two that teach.
fn settings(scene: &Scene<'_>, columns: u16) -> Line<'static> {
    let longest = segments(scene, " (no lock)");
    let teaching = longest
        .iter()
        .filter(|segment| segment.rank <= TEACHES)
        .cloned()
        .collect::<Vec<_>>();
    let room = joined(teaching.clone(), &scene.bar(), columns).spans.len()
        >= joined(teaching, &scene.bar(), u16::MAX).spans.len();
    joined(
        if room { longest } else { segments(scene, "") },
        &scene.bar(),
        columns,
    )
}

fn segments(scene: &Scene<'_>, off_means: &'static str) -> Vec<Segment> {
    let heap = &scene.frame.picture.heap;
    let mut segments = vec![
        Segment::new(
            0,
            vec![
                scene.span(Role::Strong, name(heap)),
                scene.span(Role::Text, format!(" {}", kind(heap.kind))),
            ],
        ),
        switch(scene, "coalesce", heap.coalesce, ""),
        serialize(scene, heap.serialize, off_means),
        Segment::new(2, vec![scene.span(Role::Text, heap.policy.name())]),
    ];
    if !scene.frame.picture.quiet {
        segments.push(Segment::new(1, vec![scene.span(Role::Bad, "in motion")]));
    }
    // Figures in parentheses need a word on what they are compared with.
    segments.extend(scene.baseline().map(|baseline| {
        let words = format!("(+) since op {}", grouped(baseline.at));
        Segment::new(TEACHES, vec![scene.span(Role::Strong, words)])
    }));
    // Only what differs from the default is worth a place.
    let unusual = [
        (!heap.checks, 3, "checks OFF".to_owned()),
        (heap.decommit.is_some(), 4, decommit(heap)),
        (!heap.stamp, 5, "stamp OFF".to_owned()),
        (heap.tail_checking, 6, "tail check".to_owned()),
        (heap.free_checking, 6, "free check".to_owned()),
    ];
    segments.extend(
        unusual
            .into_iter()
            .filter(|(shown, ..)| *shown)
            .map(|(_, rank, text)| Segment::new(rank, vec![scene.span(Role::Strong, text)])),
    );
    segments
}

/// The switch, and who holds the lock by hand and waits for it.
fn serialize(scene: &Scene<'_>, on: bool, off_means: &'static str) -> Segment {
    let mut segment = switch(scene, "serialize", on, off_means);
    let (waits, holds): (Vec<&ActorState>, Vec<&ActorState>) = scene
        .frame
        .actors
        .iter()
        .partition(|actor| actor.waits.is_some());
    let holds = holds.iter().map(|actor| format!("{} holds it", actor.name));
    let waits = match waits.as_slice() {
        [] => None,
        [one] => Some(format!("{} waits", one.name)),
        more => Some(format!("{} wait", more.len())),
    };
    let words: Vec<String> = holds.chain(waits).collect();
    if !words.is_empty() {
        let words = format!(" ({})", words.join(", "));
        segment.spans.push(scene.span(Role::Strong, words));
    }
    segment
}

fn name(heap: &HeapTitle) -> String {
    let of = if heap.of > 1 {
        format!(" of {}", heap.of)
    } else {
        String::new()
    };
    let crt = if heap.crt { " CRT" } else { "" };
    format!("heap {}{of}{crt}", heap.number)
}

fn kind(kind: HeapKind) -> String {
    match kind {
        HeapKind::Growable => "growable".to_owned(),
        HeapKind::Fixed(bytes) => format!("fixed {}", typed_size(bytes)),
        HeapKind::Buffer(bytes) => format!("buffer {}", typed_size(bytes)),
    }
}

fn decommit(heap: &HeapTitle) -> String {
    let (block, total) = heap.decommit.unwrap_or_default();
    format!("auto decommit {}/{}", typed_size(block), typed_size(total))
}

/// A setting that teaches: OFF stands out.
fn switch(scene: &Scene<'_>, word: &str, on: bool, off_means: &str) -> Segment {
    let value = if on {
        scene.span(Role::Text, "ON")
    } else {
        scene.span(Role::Strong, format!("OFF{off_means}"))
    };
    Segment::new(
        TEACHES,
        vec![scene.span(Role::Text, format!("{word} ")), value],
    )
}

fn progress(scene: &Scene<'_>) -> Vec<Span<'static>> {
    let frame = scene.frame;
    let mut spans = Vec::new();
    if let Some(run) = &frame.run {
        let glyph = scene.theme.glyphs.run[usize::from(run.paused)];
        let state = if run.paused { " paused" } else { "" };
        let share = run.of.filter(|of| *of > 0).map_or_else(String::new, |of| {
            format!(" {} %", run.done.min(of).saturating_mul(100) / of)
        });
        spans.push(scene.span(Role::Strong, format!("{glyph}{state}{share} ")));
    }
    if let Some(measuring) = frame.measuring {
        let glyph = scene.theme.glyphs.run[0];
        let how_far = format!("{glyph} measuring {}/{} ", measuring.done, measuring.of);
        spans.push(scene.span(Role::Strong, how_far));
    }
    if let Some(rate) = frame.rate {
        let target = frame.run.as_ref().and_then(|run| run.target);
        let of = target.map_or_else(String::new, |target| format!("/{}", rounded(target as f64)));
        spans.push(scene.span(Role::Text, format!("{}{of} op/s ", rounded(rate))));
    }
    let time = &frame.time;
    if let Some(seeking) = time.seeking {
        let share = seeking.done.saturating_mul(100) / seeking.of.max(1);
        let words = format!(
            "seeking {} of {} {share} % ",
            grouped(seeking.done),
            grouped(seeking.of)
        );
        spans.push(scene.span(Role::Strong, words));
    }
    spans.push(match time.past {
        true => {
            let (at, present) = (grouped(time.at), grouped(time.present));
            scene.span(Role::Selected, format!(" PAST op {at} of {present} "))
        }
        false => scene.span(Role::Text, format!("#{}", grouped(frame.operations))),
    });
    spans
}
