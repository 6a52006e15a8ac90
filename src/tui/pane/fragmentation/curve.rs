//! What still fits: the part of the free memory that is of no use to a request, over the size of the request.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::canvas::{below, clipped, put, put_line, right_of, row, width};
use crate::tui::chart::fill_column;
use crate::tui::numbers::{grouped, percent, rounded, size, typed_size};
use crate::tui::theme::Role;
use crate::view::{Fit, Fragmentation};

use super::Scene;

/// Columns of `100 %`.
const GUTTER: u16 = 6;

/// Columns that a request takes at least, and those from which it is written in full.
const LEAST_STEP: u16 = 6;
const FULL_STEP: u16 = 10;

pub(super) fn draw(scene: &Scene<'_>, shapes: &Fragmentation, area: Rect, buffer: &mut Buffer) {
    if area.height < 4 || shapes.fits.is_empty() {
        return;
    }
    let title = "free, but of no use to a request of";
    let clip = clipped(title, area.width, scene.theme.glyphs.more);
    put(buffer, row(area, 0), &clip, scene.theme.style(Role::Faint));
    let rest = below(area, 1);
    let chart = Rect {
        height: rest.height.saturating_sub(2),
        ..right_of(rest, GUTTER)
    };
    let faint = scene.theme.style(Role::Faint);
    put(buffer, row(rest, 0), "100 %", faint);
    if chart.height > 1 {
        put(buffer, row(rest, chart.height - 1), "  0 %", faint);
    }
    let labels = below(rest, chart.height);
    put(buffer, row(labels, 1), "fits", faint);
    let shown = in_sight(&shapes.fits, chart.width / LEAST_STEP);
    let count = u16::try_from(shown.len()).unwrap_or(u16::MAX).max(1);
    let step = chart.width / count;
    for (index, fit) in (0..count).zip(shown) {
        let place = Rect {
            x: chart.x.saturating_add(index.saturating_mul(step)),
            width: step,
            ..chart
        };
        draw_step(scene, fit, place, labels, buffer);
    }
}

/// As many of the requests as there is room for: the ends of the curve, where nothing or everything is of use, go
/// first.
fn in_sight(fits: &[Fit], room: u16) -> &[Fit] {
    let mut shown = fits;
    while shown.len() > usize::from(room.max(1)) {
        let flat = |pair: &[Fit]| (pair[0].unusable - pair[1].unusable).abs() < f64::EPSILON;
        shown = match shown {
            [.., before, last] if flat(&[*before, *last]) && last.times == 0 => {
                &shown[..shown.len() - 1]
            }
            [_, rest @ ..] => rest,
            [] => break,
        };
    }
    shown
}

/// One step of the curve with the request and how often it fits below it.
fn draw_step(scene: &Scene<'_>, fit: &Fit, place: Rect, labels: Rect, buffer: &mut Buffer) {
    let levels = place.height.saturating_mul(8);
    let unusable = if fit.unusable.is_finite() {
        fit.unusable.clamp(0.0, 1.0)
    } else {
        0.0
    };
    // Bounded by the height of a screen, hence exact.
    let eighths = (unusable * f64::from(levels)).round() as u16;
    let style = scene.theme.style(Role::Overhead);
    let bars = place.left()..place.right().saturating_sub(u16::from(place.width > 2));
    for x in bars {
        fill_column(buffer, place, x, eighths, (&scene.theme.glyphs.area, style));
    }
    let label = percent(unusable);
    let top = place.height.saturating_sub(eighths.div_ceil(8));
    if width(&label) < place.width && top > 0 {
        put(
            buffer,
            row(place, top - 1),
            &label,
            scene.theme.style(Role::Text),
        );
    }
    let strong = if fit.times > 0 {
        Role::Strong
    } else {
        Role::Faint
    };
    let [request, times] = if place.width >= FULL_STEP {
        [size(fit.request), format!("x {}", grouped(fit.times))]
    } else {
        [short(fit.request), rounded(fit.times as f64)]
    };
    let words = [(Role::Text, request), (strong, times)];
    for (index, (role, text)) in (0..).zip(words) {
        let room = Rect {
            x: place.x,
            width: place.width.saturating_sub(1),
            ..row(labels, index)
        };
        let text = clipped(&text, room.width, scene.theme.glyphs.more);
        put_line(buffer, room, &Line::from(scene.span(role, text)));
    }
}

/// A request in at most five columns; what is no power of two is the largest that fits.
fn short(request: u64) -> String {
    if request.is_power_of_two() {
        typed_size(request)
    } else {
        "most".to_owned()
    }
}
