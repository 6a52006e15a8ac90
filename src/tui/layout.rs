//! One rule from the size of the screen to the places of its panes.

use ratatui::layout::Rect;

/// The least width and height that hold a useful picture.
pub const LEAST: (u16, u16) = (60, 16);

/// Columns beside the cells of a row: `0x123456789 ` on the left, ` C R` on the right.
const GUTTERS: u16 = 16;

/// The least width and height of a screen part beside the map.
const LEAST_SIDE: (u16, u16) = (34, 23);

/// Where everything is. Areas that have no room are empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// The heap and its settings: one row.
    pub header: Rect,
    /// What is free: one row.
    pub free: Rect,
    /// The map with its title and legend.
    pub map: Rect,
    /// The selected block: two lines without a title, or a titled card.
    pub block: Rect,
    /// The line that adds up: two lines without a title, or a titled table.
    pub memory: Rect,
    /// The ledger of returned memory; empty where `memory` tells of the last return.
    pub returned: Rect,
    /// Answers, the newest at the bottom.
    pub log: Rect,
    /// Hints: one row.
    pub footer: Rect,
    /// Where the prompt goes when it is open: over the last row of the log and the footer.
    pub prompt: Rect,
    /// Cells in a row of the map.
    pub cells: u16,
    /// Panes stand beside the map and have titles.
    pub side: bool,
}

impl Layout {
    /// The layout of a screen, or `None` where it is too small.
    #[must_use]
    pub fn of(area: Rect) -> Option<Layout> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        let cells = power_of_two_within(area.width - GUTTERS);
        let map_width = cells + GUTTERS;
        let extra = area.height.saturating_sub(24);
        let log_height = 2 + extra / 5 + u16::from(extra > 0);
        let side_width = area.width.saturating_sub(map_width + 1);
        let main_height = area.height - 3 - log_height;
        let side = side_width >= LEAST_SIDE.0 && main_height >= LEAST_SIDE.1;

        let mut rows = Rows { area };
        let header = rows.take_top(1);
        let free = rows.take_top(1);
        let footer = rows.take_bottom(1);
        let log = rows.take_bottom(log_height);
        let prompt = Rect {
            y: footer.y - 1,
            height: 2,
            ..footer
        };
        let fixed = Layout {
            header,
            free,
            footer,
            log,
            prompt,
            cells,
            side,
            ..Layout::default()
        };
        Some(if side {
            beside(fixed, rows, map_width)
        } else {
            stacked(fixed, rows, extra)
        })
    }

    /// Rows of memory that the map shows: all but its title and legend.
    #[must_use]
    pub fn map_rows(&self) -> u16 {
        self.map.height.saturating_sub(2)
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

fn stacked(fixed: Layout, mut rows: Rows, extra: u16) -> Layout {
    let returned = rows.take_bottom(if extra >= 8 { (extra / 4).min(6) } else { 0 });
    let memory = rows.take_bottom(2);
    let block = rows.take_bottom(2);
    Layout {
        returned,
        memory,
        block,
        map: rows.area,
        ..fixed
    }
}

fn beside(fixed: Layout, rows: Rows, map_width: u16) -> Layout {
    let map = Rect {
        width: map_width,
        ..rows.area
    };
    let column = Rect {
        x: map.right() + 1,
        width: rows.area.width - map_width - 1,
        ..rows.area
    };
    let mut rest = Rows { area: column };
    let block = rest.take_top(10);
    let memory = rest.take_top(10);
    Layout {
        map,
        block,
        memory,
        returned: rest.area,
        ..fixed
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

    /// Width, height; cells, rows of the map, rows of the log, beside.
    #[test]
    fn sizes_give_the_layouts_that_were_drawn() {
        let rows = [
            ((60, 16), (32, 5, 2, false)),
            ((80, 24), (64, 13, 2, false)),
            ((80, 50), (64, 27, 8, false)),
            ((120, 40), (64, 29, 6, true)),
            ((160, 40), (128, 21, 6, false)),
            ((200, 60), (128, 45, 10, true)),
            ((400, 120), (256, 93, 22, true)),
        ];
        for ((width, height), expected) in rows {
            let layout = Layout::of(Rect::new(0, 0, width, height)).expect("large enough");
            let found = (
                layout.cells,
                layout.map_rows(),
                layout.log.height,
                layout.side,
            );
            assert_eq!(found, expected, "{width}x{height}");
        }
    }

    #[test]
    fn areas_never_overlap_and_never_leave_the_screen() {
        for width in 1..=220 {
            for height in 1..=80 {
                let area = Rect::new(0, 0, width, height);
                let Some(layout) = Layout::of(area) else {
                    assert!(width < LEAST.0 || height < LEAST.1, "{width}x{height}");
                    continue;
                };
                let Layout {
                    header,
                    free,
                    map,
                    block,
                    memory,
                    returned,
                    log,
                    footer,
                    ..
                } = layout;
                let areas = [header, free, map, block, memory, returned, log, footer];
                for (at, one) in areas.iter().enumerate() {
                    assert_eq!(one.intersection(area), *one, "{width}x{height}: {at}");
                    for other in &areas[at + 1..] {
                        assert!(!one.intersects(*other), "{width}x{height}: {one} {other}");
                    }
                }
                assert!(layout.map_rows() >= 5, "{width}x{height}");
                assert!(map.width >= layout.cells + GUTTERS, "{width}x{height}");
            }
        }
    }
}
