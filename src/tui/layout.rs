//! One rule from the size of the screen to the places of its panes.
//!
//! Header, figures, the line that adds up, answers and footer are always there. The map takes a power of two of cells
//! and what room is left stands beside it (block, fragmentation, pins, free lists) and below it (time, log, returned,
//! pins), the most needed first. A pane without a place is one number key away: it then stands in the map's place.

use ratatui::layout::Rect;

use super::panes::{PANES, Pane};

/// The least width and height that hold a useful picture.
pub const LEAST: (u16, u16) = (60, 16);

/// Rows that the words of a lesson leave for all else: the lines that are always there, and some of the map.
const LEAST_WITHOUT_LESSON: u16 = 12;

/// Rows beside those of a lesson below which the map needs them more than a second line of answers.
const TIGHT: u16 = 19;

/// Rows that a presented caption leaves for what it is about.
const LEAST_PRESENTED: u16 = 6;

/// Columns beside the cells of a row: `0x123456789 ` on the left, ` C R` on the right.
const GUTTERS: u16 = 16;

/// The least width and height of a screen part beside the map.
const LEAST_SIDE: (u16, u16) = (34, 21);

/// Rows of the screen from which panes stand below the map.
const LEAST_BELOW: u16 = 34;

/// Columns of the screen from which the ledger stands beside the log, and from which the pins do as well.
const LOG_SHARES: (u16, u16) = (100, 170);

/// Panes beside the map, the most needed first: rows of its title and content at least, and as many as it has use for.
/// [`GUESTS`] have a place only while there is something to see of them.
const BESIDE: [(Pane, u16, u16); 6] = [
    (Pane::Threads, 9, 18),
    (Pane::Play, 12, 26),
    (Pane::Block, 8, 20),
    (Pane::Fragmentation, 10, 16),
    (Pane::Pins, 6, 9),
    (Pane::FreeList, 5, 20),
];

/// Panes of which at most one has a place at a time.
const GUESTS: [Pane; 2] = [Pane::Threads, Pane::Play];
/// Rows of a guest where nothing stands beside the map, and the least that is left for the map then.
const GUEST: (u16, u16) = (7, 7);
/// What it shows is about the map: where there is room it takes that of the panes beside the map, not the map's.
const WITH_MAP: Pane = Pane::Interleave;

/// Where everything is. Areas that have no room are empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// The heap and its settings: one row.
    pub header: Rect,
    /// What is free: one row.
    pub figures: Rect,
    /// The line that adds up; below it, where they have no pane, time and what was returned.
    pub memory: Rect,
    /// The selected block in two lines, where it has no pane.
    pub block_lines: Rect,
    /// The words of a lesson, while one is played.
    pub lesson: Rect,
    /// Answers without a title, where the log has no pane.
    pub answers: Rect,
    /// Hints: one row.
    pub footer: Rect,
    /// Where the prompt goes when it is open: over the row above the footer and the footer.
    pub prompt: Rect,
    /// Cells in a row of the map.
    pub cells: u16,
    panes: [Rect; PANES.len()],
    /// All that is beside the map.
    column: Rect,
}

/// A pane somewhere else than the size of the screen would put it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Arrangement {
    /// Each pane in its place.
    #[default]
    Usual,
    /// This pane stands in the map's place, or, if it is about the map, beside it where there is room.
    InMapsPlace(Pane),
    /// This pane takes all but the lines that are always there.
    Whole(Pane),
}

impl Layout {
    /// The layout of a screen, or `None` where it is too small.
    #[must_use]
    pub fn of(area: Rect, arrangement: Arrangement) -> Option<Layout> {
        Layout::with_guest(area, arrangement, None)
    }

    /// The same with a place for a pane that has one only while there is something to see of it.
    #[must_use]
    pub fn with_guest(area: Rect, arrangement: Arrangement, guest: Option<Pane>) -> Option<Layout> {
        Layout::with_lesson(area, arrangement, guest, 0)
    }

    /// The same with so many rows for the words of a lesson, or as many as there are.
    #[must_use]
    pub fn with_lesson(
        area: Rect,
        arrangement: Arrangement,
        guest: Option<Pane>,
        lesson: u16,
    ) -> Option<Layout> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        let mut layout = Layout::default();
        let mut rows = Rows { area };
        layout.header = rows.take_top(1);
        layout.figures = rows.take_top(1);
        layout.footer = rows.take_bottom(1);
        layout.prompt = prompt_over(layout.footer);
        layout.cells = power_of_two_within(area.width - GUTTERS);
        let lesson = lesson.min(area.height - LEAST_WITHOUT_LESSON);
        match arrangement {
            Arrangement::Whole(pane) => layout.place_whole(pane, rows, lesson),
            Arrangement::Usual => layout.place_all(area, rows, guest, lesson),
            Arrangement::InMapsPlace(pane) => {
                layout.place_all(area, rows, guest, lesson);
                if pane == WITH_MAP && !layout.column.is_empty() {
                    layout.place_in_column(pane);
                } else if layout.pane(pane).is_empty() {
                    let map = std::mem::take(&mut layout.panes[Pane::Map as usize]);
                    layout.panes[pane as usize] = map;
                }
            }
        }
        Some(layout)
    }

    /// A pane as large as it goes, and below it the caption of a lesson: what an audience is to look at.
    #[must_use]
    pub fn presenting(area: Rect, pane: Pane, caption: u16) -> Option<Layout> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        let mut rows = Rows { area };
        let mut layout = Layout {
            cells: power_of_two_within(area.width - GUTTERS),
            ..Layout::default()
        };
        // The words come first; keys are named where there is a row left for them.
        if caption.saturating_add(LEAST_PRESENTED) < area.height {
            layout.footer = rows.take_bottom(1);
            layout.prompt = prompt_over(layout.footer);
        }
        layout.lesson = rows.take_bottom(caption.min(area.height - LEAST_PRESENTED));
        layout.set(pane, rows.area);
        Some(layout)
    }

    /// The place of a pane; empty where it is not on the screen.
    #[must_use]
    pub fn pane(&self, pane: Pane) -> Rect {
        self.panes[pane as usize]
    }

    /// The panes on the screen, by number.
    pub fn shown(&self) -> impl Iterator<Item = Pane> {
        PANES
            .iter()
            .map(|row| row.pane)
            .filter(|pane| !self.pane(*pane).is_empty())
    }

    /// Rows of memory that the map shows: all but its title, the overview and the legend.
    #[must_use]
    pub fn map_rows(&self) -> u16 {
        self.pane(Pane::Map)
            .height
            .saturating_sub(2 + self.overview_rows())
    }

    /// Rows of the whole heap above the map's own: where there is plenty of room.
    #[must_use]
    pub fn overview_rows(&self) -> u16 {
        overview_rows(self.pane(Pane::Map).height)
    }

    fn set(&mut self, pane: Pane, area: Rect) {
        self.panes[pane as usize] = area;
    }

    /// A pane takes the place of all that are beside the map.
    fn place_in_column(&mut self, pane: Pane) {
        let column = self.column;
        for area in &mut self.panes {
            if column.intersects(*area) {
                *area = Rect::default();
            }
        }
        self.set(pane, column);
    }

    fn place_whole(&mut self, pane: Pane, mut rows: Rows, lesson: u16) {
        self.answers = rows.take_bottom(2);
        self.lesson = rows.take_bottom(lesson);
        self.memory = rows.take_bottom(1);
        self.set(pane, rows.area);
    }

    fn place_all(&mut self, area: Rect, mut rows: Rows, guest: Option<Pane>, lesson: u16) {
        let below = area.height >= LEAST_BELOW;
        if below {
            let extra = area.height - LEAST_BELOW;
            let log = rows.take_bottom(6 + extra / 7);
            self.place_log(log);
        } else {
            let tight = lesson > 0 && area.height - lesson < TIGHT;
            let answers = if tight { 1 } else { 2 };
            self.answers = rows.take_bottom(answers + area.height.saturating_sub(LEAST.1 + 8) / 4);
        }
        self.lesson = rows.take_bottom(lesson);
        self.memory = rows.take_bottom(if below || lesson > 0 { 1 } else { 2 });
        if below {
            let time = rows.take_bottom(5 + (area.height - LEAST_BELOW) / 10);
            self.set(Pane::Time, time);
        }
        let map_width = self.cells + GUTTERS;
        let side_width = area.width.saturating_sub(map_width + 1);
        // A lesson whose words change from step to step does not make panes come and go.
        if side_width >= LEAST_SIDE.0 && rows.area.height + lesson >= LEAST_SIDE.1 {
            self.place_beside(rows, map_width, guest);
        } else {
            self.place_stacked(rows, guest);
        }
    }

    /// The log, and what stands beside it.
    fn place_log(&mut self, area: Rect) {
        let columns = |share: u16| {
            u16::try_from(u32::from(area.width) * u32::from(share) / 100).unwrap_or(area.width)
        };
        let widths = if area.width >= LOG_SHARES.1 {
            vec![
                (Pane::Log, columns(42)),
                (Pane::Returned, columns(28)),
                (Pane::Pins, area.width),
            ]
        } else if area.width >= LOG_SHARES.0 {
            vec![(Pane::Log, columns(58)), (Pane::Returned, area.width)]
        } else {
            vec![(Pane::Log, area.width)]
        };
        let mut x = area.x;
        for (pane, width) in widths {
            let width = width.min(area.right() - x);
            self.set(pane, Rect { x, width, ..area });
            x = (x + width + 1).min(area.right());
        }
    }

    fn place_stacked(&mut self, mut rows: Rows, guest: Option<Pane>) {
        // A tall and narrow screen has room for a pane or two, side by side, once the map has plenty.
        if rows.area.height >= 30 {
            let row = rows.take_bottom(9 + (rows.area.height - 30) / 4);
            let half = row.width / 2;
            self.set(Pane::Fragmentation, Rect { width: half, ..row });
            self.set(
                Pane::Pins,
                Rect {
                    x: row.x + half + 1,
                    width: row.width - half - 1,
                    ..row
                },
            );
        }
        let (height, left) = GUEST;
        // Two rows are for the selected block.
        if let Some(guest) = guest
            && rows.area.height >= height + left + 2
        {
            let place = rows.take_bottom(height);
            self.set(guest, place);
        }
        self.block_lines = rows.take_bottom(2);
        self.set(Pane::Map, rows.area);
    }

    fn place_beside(&mut self, rows: Rows, map_width: u16, guest: Option<Pane>) {
        self.set(
            Pane::Map,
            Rect {
                width: map_width,
                ..rows.area
            },
        );
        let mut column = Rows {
            area: Rect {
                x: rows.area.x + map_width + 1,
                width: rows.area.width - map_width - 1,
                ..rows.area
            },
        };
        self.column = column.area;
        let mut room = column.area.height;
        let mut chosen: Vec<(Pane, u16, u16)> = Vec::new();
        for (pane, least, most) in BESIDE {
            let none = GUESTS.contains(&pane) && guest != Some(pane);
            if none || !self.pane(pane).is_empty() {
                continue;
            }
            // Rather than a pane less needed, those that fit get its room.
            if least > room {
                break;
            }
            room -= least;
            chosen.push((pane, least, most));
        }
        let last = chosen.len().saturating_sub(1);
        for (index, (pane, least, most)) in chosen.into_iter().enumerate() {
            let more = if index == last {
                room
            } else {
                room.min(most - least)
            };
            room -= more;
            self.set(pane, column.take_top(least + more));
        }
    }
}

/// Sizes of screens that the table names.
const SIZES: [(u16, u16); 7] = [
    (60, 16),
    (80, 24),
    (80, 50),
    (120, 30),
    (120, 40),
    (200, 60),
    (400, 120),
];

/// Which panes stand on screens of some sizes, as a table in Markdown.
#[must_use]
pub fn table() -> String {
    let mut text = "| screen | cells in a row | rows of the map | panes on the screen | one number key away |\n\
                    |---|---|---|---|---|\n"
        .to_owned();
    for (width, height) in SIZES {
        let Some(layout) = Layout::of(Rect::new(0, 0, width, height), Arrangement::Usual) else {
            continue;
        };
        let numbers = |on_screen: bool| {
            let chosen = PANES
                .iter()
                .filter(|row| layout.pane(row.pane).is_empty() != on_screen);
            let numbers: Vec<String> = chosen.map(|row| row.number.to_string()).collect();
            numbers.join(" ")
        };
        text += &format!(
            "| {width}x{height} | {} | {} | {} | {} |\n",
            layout.cells,
            layout.map_rows(),
            numbers(true),
            numbers(false)
        );
    }
    text
}

/// Rows of the whole heap in a map of this height.
#[must_use]
pub fn overview_rows(height: u16) -> u16 {
    match height {
        0..23 => 0,
        23..34 => 1,
        34.. => 2,
    }
}

/// The place of an open prompt: the footer and the row above it.
fn prompt_over(footer: Rect) -> Rect {
    Rect {
        y: footer.y - 1,
        height: 2,
        ..footer
    }
}

/// What is left of an area while rows are taken from both ends.
#[derive(Clone, Copy)]
struct Rows {
    area: Rect,
}

impl Rows {
    fn take_top(&mut self, height: u16) -> Rect {
        let height = height.min(self.area.height);
        let taken = Rect {
            height,
            ..self.area
        };
        self.area.y += height;
        self.area.height -= height;
        taken
    }

    fn take_bottom(&mut self, height: u16) -> Rect {
        let height = height.min(self.area.height);
        self.area.height -= height;
        Rect {
            y: self.area.y + self.area.height,
            height,
            ..self.area
        }
    }
}

fn power_of_two_within(columns: u16) -> u16 {
    match columns.checked_ilog2() {
        Some(exponent) => 1 << exponent.min(9),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the panes on the screen.
    fn numbers(layout: &Layout) -> String {
        layout.shown().map(|pane| pane.row().number).collect()
    }

    /// The usual layout of a screen that is large enough.
    fn usual((width, height): (u16, u16), guest: Option<Pane>) -> Layout {
        let area = Rect::new(0, 0, width, height);
        Layout::with_guest(area, Arrangement::Usual, guest).expect("large enough")
    }

    /// Width, height; cells, rows of the map, panes on the screen. The README shows the same table.
    #[test]
    fn sizes_give_the_layouts_that_were_drawn() {
        let rows = [
            ((60, 16), (32, 5, "1")),
            ((80, 24), (64, 13, "1")),
            ((80, 50), (64, 19, "13468")),
            ((120, 30), (64, 20, "123")),
            ((120, 40), (64, 22, "1234568")),
            ((160, 40), (128, 20, "1456")),
            ((200, 60), (128, 36, "12345678")),
            ((400, 120), (256, 81, "12345678")),
        ];
        for (size, expected) in rows {
            let layout = usual(size, None);
            let panes = numbers(&layout);
            let found = (layout.cells, layout.map_rows(), panes.as_str());
            assert_eq!(found, expected, "{size:?}");
        }
    }

    /// While threads work: rows of the map, panes on the screen.
    #[test]
    fn threads_have_a_place_while_there_are_some() {
        for (size, expected) in [
            ((60, 16), (5, "1")),
            ((80, 24), (6, "1T")),
            ((80, 50), (12, "13468T")),
            ((120, 30), (20, "12T")),
            ((120, 40), (22, "12456T")),
            ((200, 60), (36, "12345678T")),
        ] {
            let layout = usual(size, Some(Pane::Threads));
            let found = (layout.map_rows(), numbers(&layout));
            assert_eq!((found.0, found.1.as_str()), expected, "{size:?}");
        }
    }

    fn arrangements() -> impl Iterator<Item = Arrangement> {
        let panes = || PANES.iter().map(|row| row.pane);
        std::iter::once(Arrangement::Usual)
            .chain(panes().map(Arrangement::InMapsPlace))
            .chain(panes().map(Arrangement::Whole))
    }

    fn check(layout: &Layout, area: Rect, case: &str) {
        let Layout {
            header,
            figures,
            memory,
            block_lines,
            lesson,
            answers,
            footer,
            panes,
            ..
        } = *layout;
        let mut areas = vec![
            header,
            figures,
            memory,
            block_lines,
            lesson,
            answers,
            footer,
        ];
        areas.extend(panes);
        for (at, one) in areas.iter().enumerate() {
            assert_eq!(one.intersection(area), *one, "{case}: {at}");
            for other in &areas[at + 1..] {
                assert!(!one.intersects(*other), "{case}: {one} {other}");
            }
        }
    }

    /// Rows of a lesson's words; rows of the map beside them.
    #[test]
    fn the_words_of_a_lesson_have_room_beside_the_map() {
        for ((width, height), lesson, rows) in [
            ((60, 16), 4, 3),
            ((80, 24), 3, 11),
            ((80, 24), 4, 10),
            ((80, 24), 7, 8),
            ((120, 40), 4, 19),
            ((200, 60), 4, 32),
        ] {
            let area = Rect::new(0, 0, width, height);
            let layout =
                Layout::with_lesson(area, Arrangement::Usual, None, lesson).expect("large enough");
            let case = format!("{width}x{height} {lesson}");
            assert_eq!(
                (layout.lesson.height, layout.map_rows()),
                (lesson, rows),
                "{case}"
            );
        }
    }

    #[test]
    fn a_lesson_never_overlaps_and_never_leaves_the_screen() {
        for (width, height) in [
            (60, 16),
            (61, 19),
            (80, 24),
            (80, 33),
            (80, 50),
            (120, 40),
            (200, 60),
        ] {
            let area = Rect::new(0, 0, width, height);
            for lesson in 0..30 {
                for arrangement in arrangements() {
                    let case = format!("{width}x{height} {arrangement:?} lesson {lesson}");
                    let layout = Layout::with_lesson(area, arrangement, None, lesson);
                    check(&layout.expect("large enough"), area, &case);
                }
                for row in &PANES {
                    let case = format!("{width}x{height} {:?} presented {lesson}", row.pane);
                    let layout = Layout::presenting(area, row.pane, lesson).expect("large enough");
                    check(&layout, area, &case);
                    assert!(!layout.pane(row.pane).is_empty(), "{case}");
                }
            }
        }
    }

    #[test]
    fn areas_never_overlap_and_never_leave_the_screen() {
        for width in 1..=220 {
            for height in 1..=80 {
                let area = Rect::new(0, 0, width, height);
                let guests = [None, Some(Pane::Threads), Some(Pane::Play)];
                for (arrangement, guest) in
                    arrangements().flat_map(|one| guests.map(|guest| (one, guest)))
                {
                    let case = format!("{width}x{height} {arrangement:?} guest {guest:?}");
                    let Some(layout) = Layout::with_guest(area, arrangement, guest) else {
                        assert!(width < LEAST.0 || height < LEAST.1, "{case}");
                        continue;
                    };
                    check(&layout, area, &case);
                    match arrangement {
                        Arrangement::Usual => {
                            assert!(layout.map_rows() >= 5, "{case}");
                            let map = layout.pane(Pane::Map);
                            assert!(map.width >= layout.cells + GUTTERS, "{case}");
                        }
                        Arrangement::InMapsPlace(pane) | Arrangement::Whole(pane) => {
                            assert!(!layout.pane(pane).is_empty(), "{case}");
                        }
                    }
                }
            }
        }
    }
}
