//! The line that adds up: where every committed byte is, and what the kernel says.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::session::frame::{Bookmark, Frame};
use crate::tui::bar::single;
use crate::tui::canvas::{Segment, clipped, joined, put, put_line, right_of, row, width};
use crate::tui::chart::{Axis, sparkline};
use crate::tui::numbers::{apportion, grouped, size, tenths};
use crate::tui::theme::{Role, Theme};
use crate::view::MemoryLine;

use super::{Scene, returned};

/// Rows of the table that adds up.
pub(super) const TABLE_ROWS: u16 = 9;

/// One part of the committed memory.
pub(super) struct Part {
    /// Its name.
    pub(super) name: &'static str,
    /// Its name where there is little room.
    pub(super) short: &'static str,
    /// What it is.
    pub(super) role: Role,
    /// Its bytes.
    pub(super) bytes: fn(&MemoryLine) -> u64,
}

const fn part(
    name: &'static str,
    short: &'static str,
    role: Role,
    bytes: fn(&MemoryLine) -> u64,
) -> Part {
    Part {
        name,
        short,
        role,
        bytes,
    }
}

/// The parts in their order; together they are what is committed.
#[rustfmt::skip]
pub(super) const PARTS: [Part; 6] = [
    part("live", "live", Role::Busy, |memory| memory.live),
    part("slack", "slack", Role::Overhead, |memory| memory.slack),
    part("headers", "hdrs", Role::Overhead, |memory| memory.headers),
    part("control", "ctl", Role::Overhead, |memory| memory.control),
    part("returnable", "returnable", Role::Returnable, |memory| memory.holes_returnable),
    part("pinned", "pinned", Role::Free, |memory| memory.holes_pinned),
];

/// Units in which the line may be written: divisor and suffix. Exact bytes first.
const UNITS: [(u64, &str); 4] = [(1, " B"), (1 << 10, "K"), (1 << 20, "M"), (1 << 30, "G")];

pub(super) fn parts(memory: &MemoryLine) -> [u64; 6] {
    PARTS.each_ref().map(|part| (part.bytes)(memory))
}

/// The parts as a bar is made of them: size, glyph, meaning.
pub(super) fn bar_parts(theme: &Theme, memory: &MemoryLine) -> Vec<(u64, char, Role)> {
    PARTS
        .iter()
        .zip(theme.glyphs.parts)
        .map(|(part, glyph)| ((part.bytes)(memory), glyph, part.role))
        .collect()
}

/// Figures that add up as shown, in the finest unit of which `fits` says yes; else in the coarsest that makes sense.
pub(super) fn figures_that_fit(
    memory: &MemoryLine,
    fits: impl Fn(&[String], &str) -> bool,
) -> (Vec<String>, String) {
    let units = UNITS
        .iter()
        .filter(|(unit, _)| *unit == 1 || memory.committed >= *unit);
    let mut coarsest = figures_in(memory, UNITS[0]);
    for unit in units {
        let (shown, total) = figures_in(memory, *unit);
        if fits(&shown, &total) {
            return (shown, total);
        }
        coarsest = (shown, total);
    }
    coarsest
}

/// Figures in one unit; the total bears the unit.
fn figures_in(memory: &MemoryLine, (unit, suffix): (u64, &str)) -> (Vec<String>, String) {
    if unit == 1 {
        let shown = parts(memory).map(grouped).to_vec();
        return (shown, format!("{}{suffix}", grouped(memory.committed)));
    }
    let (shown, total) = apportion(&parts(memory), unit);
    (
        shown.into_iter().map(tenths).collect(),
        format!("{}{suffix}", tenths(total)),
    )
}

/// The sum in one line; below it, where there is a second, time and what went back.
pub(in crate::tui) fn draw_lines(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let memory = &scene.frame.picture.memory;
    let with_kernel = if let Some(words) = scene.disbelief() {
        let words = doubt(scene, words);
        let words = clipped(&words, area.width, scene.theme.glyphs.more);
        put(buffer, row(area, 0), &words, scene.theme.style(Role::Bad));
        true
    } else {
        let mut written = sum_that_fits(memory, area.width);
        if scene.frame.time.past {
            // Nobody asks the kernel about the past: that is told where there is room for it.
            written.kernel = (area.height == 1).then(|| told_by_kernel(scene));
        }
        put_line(buffer, row(area, 0), &styled(scene, &written));
        written.kernel.is_none()
    };
    if area.height > 1 {
        draw_below(scene, with_kernel, row(area, 1), buffer);
    }
}

/// In place of a sum that would not hold.
fn doubt(scene: &Scene<'_>, words: &str) -> String {
    scene.spell(&format!(
        "{words}: they do not add up to what is committed; {{heap-validate}} checks"
    ))
}

/// The sum as it is written: figures, total, how words and signs look, what the kernel says.
struct Written {
    figures: Vec<String>,
    total: String,
    form: Form,
    kernel: Option<String>,
}

/// How words and signs of the sum look.
#[derive(Clone, Copy)]
struct Form {
    short: bool,
    plus: &'static str,
    equals: &'static str,
    behind: &'static str,
}

/// The most readable first.
const FORMS: [Form; 4] = [
    Form {
        short: false,
        plus: " + ",
        equals: " = ",
        behind: " committed",
    },
    Form {
        short: false,
        plus: " + ",
        equals: " = ",
        behind: "",
    },
    Form {
        short: false,
        plus: "+",
        equals: "=",
        behind: "",
    },
    Form {
        short: true,
        plus: "+",
        equals: "=",
        behind: "",
    },
];

impl Written {
    fn width(&self) -> u16 {
        let terms = PARTS.iter().zip(&self.figures).map(|(part, figure)| {
            width(self.name(part)) + 1 + width(figure) + width(self.form.plus)
        });
        let kernel = self.kernel.as_deref().map_or(0, |kernel| {
            width(kernel).saturating_add(width(" | kernel "))
        });
        terms
            .fold(0, u16::saturating_add)
            .saturating_sub(width(self.form.plus))
            .saturating_add(width(self.form.equals))
            .saturating_add(width(&self.total))
            .saturating_add(width(self.form.behind))
            .saturating_add(kernel)
    }

    fn name(&self, part: &Part) -> &'static str {
        if self.form.short {
            part.short
        } else {
            part.name
        }
    }

    /// Whether something that is there looks as if it were not.
    fn hides(&self, memory: &MemoryLine) -> bool {
        parts(memory)
            .iter()
            .zip(&self.figures)
            .any(|(part, shown)| *part > 0 && shown == "0")
    }
}

/// Words are shortened before figures are rounded to nothing; what the kernel says goes to the line below before either.
fn sum_that_fits(memory: &MemoryLine, columns: u16) -> Written {
    let candidates = |kernel: bool| {
        FORMS.into_iter().flat_map(move |form| {
            UNITS
                .iter()
                .filter(|(unit, _)| *unit == 1 || memory.committed >= *unit)
                .map(move |unit| {
                    let (figures, total) = figures_in(memory, *unit);
                    Written {
                        figures,
                        total,
                        form,
                        kernel: kernel.then(|| resident(memory)),
                    }
                })
        })
    };
    let fits = |written: &Written| written.width() <= columns;
    let honest = |written: &Written| fits(written) && !written.hides(memory);
    candidates(true)
        .find(honest)
        .or_else(|| candidates(false).find(honest))
        .or_else(|| candidates(true).find(fits))
        .or_else(|| candidates(false).find(fits))
        .or_else(|| candidates(false).last())
        .expect("there is a form and exact bytes")
}

fn styled(scene: &Scene<'_>, written: &Written) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (part, figure) in PARTS.iter().zip(&written.figures) {
        if !spans.is_empty() {
            spans.push(scene.span(Role::Faint, written.form.plus));
        }
        spans.push(scene.span(Role::Text, format!("{} ", written.name(part))));
        spans.push(scene.span(Role::Strong, figure.clone()));
    }
    spans.push(scene.span(Role::Faint, written.form.equals));
    spans.push(scene.span(Role::Strong, written.total.clone()));
    spans.push(scene.span(Role::Text, written.form.behind));
    if let Some(kernel) = &written.kernel {
        spans.push(scene.bar());
        spans.push(scene.span(Role::Text, format!("kernel {kernel}")));
    }
    Line::from(spans)
}

/// What stands before the line of time.
const LABEL: &str = "time ";

/// Columns of the line of time.
fn spark_columns(area: Rect) -> u16 {
    (area.width / 2).saturating_sub(width(LABEL))
}

/// Reverses the column of the moment that is looked at.
fn mark_moment(scene: &Scene<'_>, line: Rect, columns: u16, buffer: &mut Buffer) {
    let time = &scene.frame.time;
    let axis = Axis::of(&scene.frame.timeline, usize::from(columns));
    let Some(axis) = axis.filter(|_| time.past) else {
        return;
    };
    let column = u16::try_from(axis.column(time.at)).unwrap_or(0);
    if let Some(cell) = buffer.cell_mut((line.x.saturating_add(column), line.y)) {
        cell.set_style(scene.theme.style(Role::Selected));
    }
}

/// The column of the line of time at a place of the lines; what is dragged may have left it.
pub(in crate::tui) fn column_at(
    frame: &Frame,
    area: Rect,
    position: Position,
    drags: bool,
) -> Option<(Axis, usize)> {
    let below = row(area, 1);
    let columns = spark_columns(below);
    let line = Rect {
        width: columns,
        ..right_of(below, width(LABEL))
    };
    if area.height < 2 || !(drags || line.contains(position)) {
        return None;
    }
    let axis = Axis::of(&frame.timeline, usize::from(columns))?;
    let column = position
        .x
        .saturating_sub(line.x)
        .min(columns.saturating_sub(1));
    Some((axis, usize::from(column)))
}

/// Committed bytes over time, and what went back to the system so far.
fn draw_below(scene: &Scene<'_>, with_kernel: bool, area: Rect, buffer: &mut Buffer) {
    let memory = &scene.frame.picture.memory;
    let columns = spark_columns(area);
    let spark = sparkline(&scene.frame.timeline, &scene.theme.glyphs, columns);
    let drawn = width(&spark);
    let mut used = 0;
    if drawn > 0 {
        let line = Line::from(vec![
            scene.span(Role::Faint, LABEL),
            scene.span(Role::Text, spark),
        ]);
        put_line(buffer, area, &line);
        used = drawn + width(LABEL) + 2;
        mark_moment(scene, right_of(area, width(LABEL)), columns, buffer);
    }
    let mut segments: Vec<Segment> = returned::summary(scene)
        .into_iter()
        .zip([0, 2, 3])
        .map(|(spans, rank)| Segment::new(rank, spans))
        .collect();
    if with_kernel {
        let kernel = format!("kernel {}", told_by_kernel(scene));
        segments.insert(0, Segment::new(1, vec![scene.span(Role::Text, kernel)]));
    }
    let tables = format!("side tables {}", size(memory.side_tables));
    segments.push(Segment::new(9, vec![scene.span(Role::Faint, tables)]));
    let rest = right_of(area, used);
    put_line(buffer, rest, &joined(segments, &scene.bar(), rest.width));
}

/// What the kernel says is in memory; in the past, what it was told to have been.
fn told_by_kernel(scene: &Scene<'_>) -> String {
    let resident = resident(&scene.frame.picture.memory);
    match scene.frame.time.past {
        true => format!("{resident} as recorded"),
        false => resident,
    }
}

/// What the kernel says is in memory.
pub(super) fn resident(memory: &MemoryLine) -> String {
    memory
        .resident
        .map_or_else(|| "does not tell".to_owned(), size)
}

/// The sum, a part a row, exactly.
pub(super) fn draw_table(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if let Some(words) = scene.disbelief() {
        scene.say(&doubt(scene, words), area, buffer);
        return;
    }
    let memory = &scene.frame.picture.memory;
    for ((index, part), glyph) in (0..area.height).zip(&PARTS).zip(scene.theme.glyphs.parts) {
        let line = row(area, index);
        let sign = if index == 0 { ' ' } else { '+' };
        let hole = matches!(part.role, Role::Free | Role::Returnable);
        let name = if hole {
            format!("holes, {}", part.name)
        } else {
            part.name.to_owned()
        };
        let value = (part.bytes)(memory);
        let mut spans = vec![scene.span(part.role, glyph.to_string())];
        spans.extend(figure(scene, sign, &name, value, |then| {
            (part.bytes)(&then.memory)
        }));
        let behind = put_line(buffer, line, &Line::from(spans));
        let bar = right_of(line, behind.saturating_sub(line.x).saturating_add(1));
        let whole = (value, memory.committed);
        let span = single(scene.theme, (glyph, part.role), whole, bar.width);
        put_line(buffer, bar, &Line::from(span));
    }
    let line = |sign, name, value, then: fn(&Bookmark) -> u64| {
        let mut spans = vec![scene.span(Role::Text, " ")];
        spans.extend(figure(scene, sign, name, value, then));
        Line::from(spans)
    };
    let committed = line('=', "committed", memory.committed, |then| {
        then.memory.committed
    });
    let name = match scene.frame.time.past {
        true => "kernel recorded",
        false => "kernel resident",
    };
    let kernel = match memory.resident {
        Some(resident) => line(' ', name, resident, |then| {
            then.memory.resident.unwrap_or(0)
        }),
        None => Line::from(scene.span(Role::Faint, "   kernel resident: not told here")),
    };
    let tables = line(' ', "side tables", memory.side_tables, |then| {
        then.memory.side_tables
    });
    for (index, line) in (6..).zip([committed, kernel, tables]) {
        put_line(buffer, row(area, index), &line);
    }
}

fn figure(
    scene: &Scene<'_>,
    sign: char,
    name: &str,
    value: u64,
    then: impl Fn(&Bookmark) -> u64,
) -> Vec<Span<'static>> {
    let since = scene.since(value, then);
    vec![
        scene.span(Role::Faint, format!("{sign} {name:<17}")),
        scene.span(Role::Text, format!("{:>13}", grouped(value))),
        scene.span(Role::Strong, since),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sizes: [u64; 6], resident: u64) -> MemoryLine {
        let [
            live,
            slack,
            headers,
            control,
            holes_returnable,
            holes_pinned,
        ] = sizes;
        MemoryLine {
            live,
            slack,
            headers,
            control,
            holes_returnable,
            holes_pinned,
            committed: sizes.iter().sum(),
            resident: Some(resident),
            ..MemoryLine::default()
        }
    }

    fn text(memory: &MemoryLine, columns: u16) -> String {
        let written = sum_that_fits(memory, columns);
        let terms: Vec<String> = PARTS
            .iter()
            .zip(&written.figures)
            .map(|(part, figure)| format!("{} {figure}", written.name(part)))
            .collect();
        let kernel = written
            .kernel
            .as_ref()
            .map_or_else(String::new, |kernel| format!(" | kernel {kernel}"));
        format!(
            "{}{}{}{}{kernel}",
            terms.join(written.form.plus),
            written.form.equals,
            written.total,
            written.form.behind
        )
    }

    #[test]
    fn the_sum_is_written_in_the_finest_unit_that_fits() {
        let small = line([2819, 61, 256, 1824, 0, 7328], 12288);
        let grown = line([4_160_071, 14_001, 37_336, 1824, 323_584, 972_304], 5 << 20);
        for (memory, columns, expected) in [
            (
                &small,
                120,
                "live 2,819 + slack 61 + headers 256 + control 1,824 + returnable 0 + pinned 7,328 = 12,288 B committed | kernel 12 KiB",
            ),
            (
                &small,
                80,
                "live 2.7+slack .1+hdrs .2+ctl 1.8+returnable 0+pinned 7.2=12K | kernel 12 KiB",
            ),
            (
                &grown,
                80,
                "live 4,062.6+slack 13.7+hdrs 36.4+ctl 1.8+returnable 316+pinned 949.5=5,380K",
            ),
            (
                &grown,
                20,
                "live 4+slack 0+hdrs 0+ctl 0+returnable .3+pinned .9=5.2M",
            ),
        ] {
            let shown = text(memory, columns);
            assert_eq!(shown, expected);
            assert!(width(&shown) <= columns || columns < 60, "{shown}");
        }
    }

    #[test]
    fn a_sum_of_any_size_is_written() {
        for memory in [
            MemoryLine::default(),
            line([u64::MAX / 8; 6], u64::MAX),
            line([1, 0, 0, 0, 0, 0], 0),
        ] {
            for columns in [0, 1, 60, 80, 200] {
                assert!(!text(&memory, columns).is_empty());
            }
        }
    }
}
