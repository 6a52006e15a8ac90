//! What still fits, and holes and blocks by size.

mod curve;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::session::frame::Frame;
use crate::tui::bar::single;
use crate::tui::canvas::{Segment, below, joined, put_line, row};
use crate::tui::numbers::{bytes, grouped, percent, size};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;
use crate::view::{Bucket, Fragmentation};

use super::{Opened, Scene};

/// Columns from which the curve stands beside the bars instead of above them, and from which holes and blocks stand
/// side by side.
const BESIDE: u16 = 76;
const THREE: u16 = 150;

/// Columns from which a bar also has its bytes.
const WITH_BYTES: u16 = 46;

/// The least room for the curve, and how much of it is enough above the bars.
const LEAST_CURVE: u16 = 5;
const MOST_CURVE: u16 = 9;

/// Lines of bars that stay in sight below a curve.
const LEAST_BARS: u16 = 5;

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let figures = &scene.frame.picture.figures;
    let right = format!("external {}", percent(figures.external_fragmentation));
    let inner = scene.titled(Pane::Fragmentation, area, &right, buffer);
    let Some(shapes) = &scene.frame.picture.fragmentation else {
        return;
    };
    let places = Places::of(inner, shapes);
    put_line(buffer, places.summary, &summary(scene, inner.width));
    put_line(buffer, places.metrics, &metrics(scene, shapes, inner.width));
    curve::draw(scene, shapes, places.curve, buffer);
    let chosen = scene.state.lists[Pane::Fragmentation as usize].chosen;
    for part in places.bars {
        for (index, line) in part.shown(shapes, chosen) {
            let place = row(part.area, index);
            match line {
                ListLine::Heading(kind) => {
                    put_line(buffer, place, &heading(scene, kind, place.width));
                }
                ListLine::Bar(number) => draw_bar(scene, shapes, number, place, buffer),
                ListLine::Nothing(words) => {
                    put_line(buffer, place, &Line::from(scene.span(Role::Faint, words)));
                }
            }
        }
    }
}

/// The bars: holes first, then blocks.
pub(super) fn rows_of(frame: &Frame) -> u64 {
    let bars = frame.picture.fragmentation.as_ref();
    bars.map_or(0, |bars| (bars.holes.len() + bars.blocks.len()) as u64)
}

/// The bar at `position` of a pane in `area`, where `chosen` is the chosen one.
pub(super) fn row_at(frame: &Frame, area: Rect, position: Position, chosen: u64) -> Option<u64> {
    let shapes = frame.picture.fragmentation.as_ref()?;
    let places = Places::of(below(area, 1), shapes);
    let part = places
        .bars
        .into_iter()
        .find(|part| part.area.contains(position))?;
    let row = position.y - part.area.y;
    part.shown(shapes, chosen)
        .find_map(|(index, line)| match line {
            ListLine::Bar(number) if index == row => Some(number),
            _ => None,
        })
}

/// The filter that a bar stands for.
pub(super) fn opened(frame: &Frame, chosen: u64) -> Option<Opened> {
    let shapes = frame.picture.fragmentation.as_ref()?;
    let (kind, bucket) = bar(shapes, chosen)?;
    let state = match kind {
        Kind::Holes => "free",
        Kind::Blocks => "busy",
    };
    Some(Opened::Line(format!(
        "filter {state} size>={} size<{}",
        bucket.from, bucket.to
    )))
}

/// What a histogram counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Holes,
    Blocks,
}

fn buckets(shapes: &Fragmentation, kind: Kind) -> &[Bucket] {
    match kind {
        Kind::Holes => &shapes.holes,
        Kind::Blocks => &shapes.blocks,
    }
}

/// The bar with this number: holes first, then blocks.
fn bar(shapes: &Fragmentation, number: u64) -> Option<(Kind, &Bucket)> {
    let number = usize::try_from(number).ok()?;
    match number.checked_sub(shapes.holes.len()) {
        None => Some((Kind::Holes, shapes.holes.get(number)?)),
        Some(number) => Some((Kind::Blocks, shapes.blocks.get(number)?)),
    }
}

/// A line of a list of bars.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ListLine {
    Heading(Kind),
    Bar(u64),
    Nothing(&'static str),
}

/// The lines of one histogram, or of both.
fn lines_of(shapes: &Fragmentation, kinds: &[Kind]) -> Vec<ListLine> {
    let mut lines = Vec::new();
    for kind in kinds {
        let first = match kind {
            Kind::Holes => 0,
            Kind::Blocks => shapes.holes.len() as u64,
        };
        let count = buckets(shapes, *kind).len() as u64;
        lines.push(ListLine::Heading(*kind));
        lines.extend((first..first + count).map(ListLine::Bar));
        if count == 0 {
            lines.push(ListLine::Nothing(match kind {
                Kind::Holes => "  nothing is free",
                Kind::Blocks => "  nothing is busy",
            }));
        }
    }
    lines
}

/// Where a list of bars stands, and which.
struct Bars {
    area: Rect,
    kinds: &'static [Kind],
}

impl Bars {
    /// The lines in sight: the chosen bar is among them, with the heading above it where that is possible.
    fn shown(
        &self,
        shapes: &Fragmentation,
        chosen: u64,
    ) -> impl Iterator<Item = (u16, ListLine)> + use<> {
        let lines = lines_of(shapes, self.kinds);
        let height = usize::from(self.area.height);
        let at = lines
            .iter()
            .position(|line| *line == ListLine::Bar(chosen))
            .unwrap_or(0);
        let top = (at + 1)
            .saturating_sub(height)
            .min(lines.len().saturating_sub(height));
        (0..self.area.height).zip(lines.into_iter().skip(top))
    }
}

/// Where the parts of the pane stand.
struct Places {
    summary: Rect,
    metrics: Rect,
    curve: Rect,
    bars: Vec<Bars>,
}

const BOTH: &[Kind] = &[Kind::Holes, Kind::Blocks];

impl Places {
    fn of(inner: Rect, shapes: &Fragmentation) -> Places {
        let metrics = if inner.height >= 9 { 1 } else { 0 };
        let empty = Rect { height: 0, ..inner };
        let rest = below(inner, 1 + metrics);
        let (curve, bars) = if inner.width >= BESIDE && rest.height >= LEAST_CURVE {
            beside(rest)
        } else {
            let needed = u16::try_from(lines_of(shapes, BOTH).len()).unwrap_or(u16::MAX);
            let spare = rest.height.saturating_sub(needed.min(LEAST_BARS + 3));
            let height = spare.min(MOST_CURVE.max(rest.height.saturating_sub(needed)));
            let height = if height < LEAST_CURVE { 0 } else { height };
            let area = below(rest, height);
            (Rect { height, ..rest }, vec![Bars { area, kinds: BOTH }])
        };
        Places {
            summary: row(inner, 0),
            metrics: if metrics > 0 { row(inner, 1) } else { empty },
            curve,
            bars,
        }
    }
}

/// The curve and the lists in columns.
fn beside(area: Rect) -> (Rect, Vec<Bars>) {
    let columns = if area.width >= THREE { 3 } else { 2 };
    let width = area.width / columns;
    let column = |index: u16| Rect {
        x: area.x + index * width,
        width: width.saturating_sub(u16::from(index + 1 < columns)),
        ..area
    };
    let list = |index: u16, kinds| Bars {
        area: column(index),
        kinds,
    };
    let bars = if columns == 3 {
        vec![list(1, &BOTH[..1]), list(2, &BOTH[1..])]
    } else {
        vec![list(1, BOTH)]
    };
    (column(0), bars)
}

/// The largest request beside HeapCompact's number: they differ by the header.
fn summary(scene: &Scene<'_>, columns: u16) -> Line<'static> {
    if let Some(words) = scene.disbelief() {
        return Line::from(scene.span(Role::Bad, words));
    }
    let figures = &scene.frame.picture.figures;
    let since = scene.since(figures.largest_request, |then| then.figures.largest_request);
    joined(
        vec![
            Segment::new(
                0,
                vec![
                    scene.span(Role::Text, "biggest request "),
                    scene.span(
                        Role::Strong,
                        format!("{}{since}", bytes(figures.largest_request)),
                    ),
                ],
            ),
            Segment::new(
                1,
                vec![scene.span(
                    Role::Faint,
                    format!("HeapCompact {} with header", grouped(figures.largest_free)),
                )],
            ),
            Segment::new(
                2,
                vec![scene.span(
                    Role::Text,
                    format!(
                        "free {} in {} holes",
                        size(figures.free_bytes),
                        grouped(figures.holes)
                    ),
                )],
            ),
        ],
        &scene.bar(),
        columns,
    )
}

/// Each metric by its own name.
fn metrics(scene: &Scene<'_>, shapes: &Fragmentation, columns: u16) -> Line<'static> {
    let segment = |rank, name: &str, value: f64| {
        Segment::new(
            rank,
            vec![
                scene.span(Role::Faint, format!("{name} ")),
                scene.span(Role::Text, percent(value)),
            ],
        )
    };
    let external = scene.frame.picture.figures.external_fragmentation;
    let wide = columns >= 72;
    let name = |long: &'static str, short: &'static str| if wide { long } else { short };
    joined(
        vec![
            segment(if wide { 0 } else { 3 }, "external", external),
            segment(0, "L2", shapes.l2),
            segment(1, name("internal (slack)", "slack"), shapes.internal),
            segment(2, name("overhead (headers)", "headers"), shapes.overhead),
        ],
        &scene.bar(),
        columns,
    )
}

/// Columns of the parts of a bar's row.
struct Columns {
    bar: u16,
    bytes: bool,
    fits: bool,
}

/// Columns of the size, the count, the bytes, the fits, and the mark of a row.
const SIZE: u16 = 8;
const COUNT: u16 = 7;
const BYTES: u16 = 10;
const FITS: u16 = 9;
const MARK: u16 = 2;

impl Columns {
    fn of(width: u16, kind: Kind) -> Columns {
        let bytes = width >= WITH_BYTES;
        let fits = kind == Kind::Holes;
        let used =
            MARK + SIZE + COUNT + if bytes { BYTES } else { 0 } + if fits { FITS } else { 0 };
        Columns {
            bar: width.saturating_sub(used + 1),
            bytes,
            fits,
        }
    }
}

fn heading(scene: &Scene<'_>, kind: Kind, width: u16) -> Line<'static> {
    let columns = Columns::of(width, kind);
    let word = match kind {
        Kind::Holes => "holes",
        Kind::Blocks => "blocks",
    };
    let room = usize::from(columns.bar + 1);
    let bar = if room >= 13 { "by size, from" } else { "" };
    let mut text = format!("  {word:<8}{bar:<room$}{:>7}", "count");
    if columns.bytes {
        text.push_str(&format!("{:>10}", "bytes"));
    }
    if columns.fits {
        text.push_str(&format!("{:>9}", "fits"));
    }
    Line::from(scene.span(Role::Faint, text))
}

fn draw_bar(
    scene: &Scene<'_>,
    shapes: &Fragmentation,
    number: u64,
    place: Rect,
    buffer: &mut Buffer,
) {
    let Some((kind, bucket)) = bar(shapes, number) else {
        return;
    };
    let columns = Columns::of(place.width, kind);
    let most = buckets(shapes, kind)
        .iter()
        .map(|bucket| bucket.count)
        .max();
    let role = match kind {
        Kind::Holes => Role::Free,
        Kind::Blocks => Role::Busy,
    };
    let (mark, words) = scene.row_mark(Pane::Fragmentation, number);
    let whole = (bucket.count, most.unwrap_or(1));
    let glyph = scene.theme.bar_glyph(role);
    let bar = single(scene.theme, (glyph, role), whole, columns.bar);
    let rest = usize::from(columns.bar + 1).saturating_sub(bar.content.chars().count());
    let mut spans = vec![
        scene.span(words, format!("{mark} {:<8}", size(bucket.from))),
        bar,
        Span::raw(" ".repeat(rest)),
        scene.span(words, format!("{:>7}", grouped(bucket.count))),
    ];
    if columns.bytes {
        spans.push(scene.span(words, format!("{:>10}", size(bucket.bytes))));
    }
    if columns.fits {
        spans.push(scene.span(Role::Strong, format!("{:>9}", fits(shapes, bucket.from))));
    }
    put_line(buffer, place, &Line::from(spans));
}

/// How many requests of this size the holes hold: `x 49`.
fn fits(shapes: &Fragmentation, request: u64) -> String {
    shapes
        .fits
        .iter()
        .find(|fit| fit.request == request)
        .map_or_else(String::new, |fit| format!("x {}", grouped(fit.times)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture::{checkerboard, heaps};

    /// Whatever is chosen is in sight, at every size.
    #[test]
    fn the_chosen_bar_is_in_sight() {
        for (name, model) in heaps() {
            let frame = model.frame();
            let shapes = frame.picture.fragmentation.as_ref().expect("asked for");
            for (width, height) in [(34, 8), (40, 15), (80, 16), (110, 20), (190, 50)] {
                let area = Rect::new(3, 2, width, height);
                for chosen in 0..rows_of(&frame) {
                    let shown = (area.top()..area.bottom())
                        .flat_map(|y| (area.left()..area.right()).map(move |x| Position { x, y }))
                        .any(|at| row_at(&frame, area, at, chosen) == Some(chosen));
                    assert!(
                        shown,
                        "{name}: bar {chosen} of {} at {area}",
                        shapes.holes.len()
                    );
                }
            }
        }
    }

    #[test]
    fn bars_filter_by_what_they_count() {
        let frame = checkerboard().frame();
        let shapes = frame.picture.fragmentation.as_ref().expect("asked for");
        let holes = shapes.holes.len() as u64;
        for (chosen, kind, bucket) in [
            (0, "free", &shapes.holes[0]),
            (holes, "busy", &shapes.blocks[0]),
        ] {
            let line = format!("filter {kind} size>={} size<{}", bucket.from, bucket.to);
            assert_eq!(opened(&frame, chosen), Some(Opened::Line(line)));
        }
        assert_eq!(opened(&frame, rows_of(&frame)), None);
        assert_eq!(opened(&frame, u64::MAX), None);
    }
}
