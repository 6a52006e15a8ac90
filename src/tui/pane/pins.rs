//! Where the committed memory is, and which blocks keep pages from being returned.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::bar::stacked;
use crate::tui::canvas::{below, put_cut, put_line, row, width};
use crate::tui::numbers::{address, counted, size};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;
use crate::view::{Pin, PinsPicture};

use super::{Scene, memory};

/// Heights of a pane from which it has figures in its legend, a line of its own for the kernel, and the whole table.
const WITH_FIGURES: u16 = 8;
const WITH_KERNEL: u16 = 9;
const WITH_TABLE: u16 = 20;

/// Columns that a legend with figures takes in one row.
const ONE_ROW: u16 = 96;

/// Rows of the parts of a pane above its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Rows {
    table: u16,
    legend: u16,
    kernel: u16,
    heading: u16,
}

impl Rows {
    fn of(area: Rect) -> Rows {
        let table = area.height >= WITH_TABLE;
        let figures = area.height >= WITH_FIGURES;
        Rows {
            table: if table { memory::TABLE_ROWS } else { 0 },
            legend: match (table, figures) {
                (true, _) => 0,
                (false, true) if area.width < ONE_ROW => 2,
                _ => 1,
            },
            kernel: u16::from(!table && area.height >= WITH_KERNEL),
            heading: u16::from(area.height >= WITH_KERNEL),
        }
    }

    /// All rows that are not the list's, the title and the bar among them.
    fn above(self) -> u16 {
        2 + self.table + self.legend + self.kernel + self.heading
    }
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let picture = &scene.frame.picture;
    let line = &picture.memory;
    let right = match &picture.pins {
        Some(pins) => count(pins),
        None => String::new(),
    };
    let inner = scene.titled(Pane::Pins, area, &right, buffer);
    let rows = Rows::of(area);
    let bar = match scene.disbelief() {
        Some(words) => Line::from(scene.span(Role::Bad, words)),
        None => stacked(
            scene.theme,
            &memory::bar_parts(scene.theme, line),
            inner.width,
        ),
    };
    put_line(buffer, row(inner, 0), &bar);
    let mut rest = below(inner, 1);
    if rows.table > 0 {
        memory::draw_table(
            scene,
            Rect {
                height: rows.table.min(rest.height),
                ..rest
            },
            buffer,
        );
        rest = below(rest, rows.table);
    }
    for (index, legend) in (0..rows.legend).zip(legend(scene, inner.width, area.height)) {
        put_line(buffer, row(rest, index), &legend);
    }
    rest = below(rest, rows.legend);
    if rows.kernel > 0 {
        let words = format!(
            "= committed {}, kernel resident {}",
            size(line.committed),
            memory::resident(line)
        );
        put_line(
            buffer,
            row(rest, 0),
            &Line::from(scene.span(Role::Text, words)),
        );
        rest = below(rest, rows.kernel);
    }
    if rows.heading > 0 {
        let words = "what keeps pages, and what freeing it alone returns";
        put_cut(
            buffer,
            row(rest, 0),
            &Line::from(scene.span(Role::Faint, words)),
            scene.theme.glyphs.more,
        );
        rest = below(rest, rows.heading);
    }
    draw_list(scene, rest, buffer);
}

/// Rows of the list of pins that fit into `area`.
pub(super) fn rows_in(area: Rect) -> u16 {
    area.height.saturating_sub(Rows::of(area).above())
}

fn count(pins: &PinsPicture) -> String {
    pins.total
        .map_or_else(|| "counting pins".to_owned(), |total| counted(total, "pin"))
}

/// What the parts of the bar are: with figures that add up where there is room.
fn legend(scene: &Scene<'_>, columns: u16, height: u16) -> Vec<Line<'static>> {
    let entry = |at: usize, words: String| {
        let part = &memory::PARTS[at];
        vec![
            scene.span(part.role, scene.theme.glyphs.parts[at].to_string()),
            scene.span(Role::Text, format!(" {words}  ")),
        ]
    };
    if height < WITH_FIGURES {
        let short = columns < 60;
        let names = memory::PARTS.iter().enumerate().map(|(at, part)| {
            let mut spans = entry(at, String::new());
            let name = if short { NAMES[at] } else { part.name };
            spans[1] = scene.span(Role::Text, format!("{name} "));
            spans
        });
        return vec![Line::from(names.flatten().collect::<Vec<Span<'static>>>())];
    }
    let per_row = if columns < ONE_ROW { 3 } else { 6 };
    let words = |shown: &[String]| -> Vec<String> {
        memory::PARTS
            .iter()
            .zip(shown)
            .map(|(part, figure)| format!("{} {figure}", part.name))
            .collect()
    };
    let fits = |shown: &[String], _: &str| {
        words(shown)
            .chunks(per_row)
            .all(|row| row.iter().map(|words| width(words) + 4).sum::<u16>() <= columns)
    };
    if scene.disbelief().is_some() {
        return Vec::new();
    }
    let (shown, _) = memory::figures_that_fit(&scene.frame.picture.memory, fits);
    let words = words(&shown);
    (0..memory::PARTS.len())
        .collect::<Vec<_>>()
        .chunks(per_row)
        .map(|row| {
            let spans = row.iter().flat_map(|&at| entry(at, words[at].clone()));
            Line::from(spans.collect::<Vec<_>>())
        })
        .collect()
}

/// Names of the parts where all of them share 34 columns.
const NAMES: [&str; 6] = ["live", "slk", "hdr", "ctl", "ret", "pin"];

fn draw_list(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(pins) = &scene.frame.picture.pins else {
        return;
    };
    if pins.pins.is_empty() {
        return scene.say(nothing(scene, pins), area, buffer);
    }
    for (index, pin) in (0..area.height).zip(&pins.pins) {
        let number = pins.top.saturating_add(u64::from(index));
        put_line(buffer, row(area, index), &entry(scene, pin, number));
    }
}

fn nothing(scene: &Scene<'_>, pins: &PinsPicture) -> &'static str {
    let memory = &scene.frame.picture.memory;
    if pins.total.is_none() {
        "the blocks that keep pages are being counted"
    } else if memory.holes_pinned == 0 {
        "no block keeps a page: no free byte is stuck"
    } else {
        "no block alone keeps a page: where holes are pinned, two or more blocks share the page, or the heap's own does"
    }
}

/// `b3 0x01230 80 B: keeps 4 KiB`
fn entry(scene: &Scene<'_>, pin: &Pin, number: u64) -> Line<'static> {
    let (mark, role) = scene.row_mark(Pane::Pins, number);
    let strong = if role == Role::Selected {
        role
    } else {
        Role::Strong
    };
    let name = pin
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("{name} "));
    Line::from(vec![
        scene.span(role, format!("{mark} ")),
        scene.span(strong, name),
        scene.span(
            role,
            format!("{} {}: keeps ", address(pin.address), size(pin.bytes)),
        ),
        scene.span(strong, size(pin.returns)),
    ])
}
