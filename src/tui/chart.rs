//! Measurements over time as columns of a chart, and what a chart's cells are drawn with: pure, and bounded by the
//! columns of the screen, whatever the number of samples.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::frame::{Sample, Timeline};

use super::theme::{Glyphs, Role, Theme};

/// The least and the most of a measurement within a column, with what it was when the column began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The least.
    pub low: u64,
    /// The most.
    pub high: u64,
}

impl Extent {
    fn at(value: u64) -> Extent {
        Extent {
            low: value,
            high: value,
        }
    }

    fn with(self, value: u64) -> Extent {
        Extent {
            low: self.low.min(value),
            high: self.high.max(value),
        }
    }
}

/// What was measured within one column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Bytes of busy blocks at its end.
    pub busy: u64,
    /// Committed bytes.
    pub committed: Extent,
    /// Committed bytes at its end.
    pub committed_last: u64,
    /// Resident bytes, where the kernel tells.
    pub resident: Option<Extent>,
}

impl Column {
    fn at(sample: &Sample) -> Column {
        Column {
            busy: sample.busy,
            committed: Extent::at(sample.committed),
            committed_last: sample.committed,
            resident: sample.resident.map(Extent::at),
        }
    }

    fn add(&mut self, sample: &Sample) {
        self.busy = sample.busy;
        self.committed = self.committed.with(sample.committed);
        self.committed_last = sample.committed;
        self.resident = match (self.resident, sample.resident) {
            (Some(extent), Some(value)) => Some(extent.with(value)),
            (_, value) => value.map(Extent::at),
        };
    }
}

/// The operations that a chart shows, from its left end to its right end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Axis {
    /// The first operation.
    pub first: u64,
    /// The last.
    pub last: u64,
    columns: usize,
}

impl Axis {
    /// The axis of all that was measured, on this many columns; `None` when nothing was.
    #[must_use]
    pub fn of(timeline: &Timeline, columns: usize) -> Option<Axis> {
        let first = timeline.samples.first()?.at;
        let last = timeline.samples.last()?.at.max(first);
        (columns > 0).then_some(Axis {
            first,
            last,
            columns,
        })
    }

    /// How many columns there are.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The column of an operation.
    #[must_use]
    pub fn column(&self, at: u64) -> usize {
        let span = u128::from(self.last - self.first) + 1;
        let offset = u128::from(at.clamp(self.first, self.last) - self.first);
        // Less than `columns`, since the offset is less than the span.
        usize::try_from(offset * self.columns as u128 / span).unwrap_or(0)
    }

    /// The operation at the beginning of a column.
    #[must_use]
    pub fn operation(&self, column: usize) -> u64 {
        let span = u128::from(self.last - self.first) + 1;
        let offset = (column.min(self.columns) as u128 * span).div_ceil(self.columns as u128);
        self.first
            .saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
            .min(self.last)
    }
}

/// One column after the other; where nothing was measured, the last value holds.
#[must_use]
pub fn columns(timeline: &Timeline, axis: Axis) -> Vec<Column> {
    let mut samples = timeline.samples.iter().peekable();
    let mut last = samples.peek().copied().copied().unwrap_or_default();
    (0..axis.columns)
        .map(|index| {
            let mut column = Column::at(&last);
            while let Some(sample) = samples.next_if(|sample| axis.column(sample.at) <= index) {
                column.add(sample);
                last = *sample;
            }
            column
        })
        .collect()
}

/// The letters of events, one a column at most: the newest stands where it belongs, an older one in the same column
/// moves to a free one up to `GIVE` before it.
#[must_use]
pub fn letters(timeline: &Timeline, axis: Axis) -> Vec<Option<char>> {
    const GIVE: usize = 2;
    let mut letters = vec![None; axis.columns];
    for event in timeline.events.iter().rev() {
        let place = axis.column(event.at);
        let free = (place.saturating_sub(GIVE)..=place)
            .rev()
            .find(|&at| letters.get(at).is_some_and(Option::is_none));
        if let Some(at) = free {
            letters[at] = Some(event.letter);
        }
    }
    letters
}

/// `value` of `most` on `steps` steps: at least one for what is not nothing.
#[must_use]
pub fn steps(value: u64, most: u64, steps: u16) -> u16 {
    let share = u128::from(value) * u128::from(steps) / u128::from(most.max(1));
    u16::try_from(share)
        .unwrap_or(steps)
        .max(u16::from(value > 0))
        .min(steps)
}

/// Committed bytes of `columns` as a line of text, a character a column, with letters of events in their places.
#[must_use]
pub fn sparkline(timeline: &Timeline, glyphs: &Glyphs, columns: u16) -> String {
    let Some(axis) = Axis::of(timeline, usize::from(columns)) else {
        return String::new();
    };
    let measured = self::columns(timeline, axis);
    let most = measured.iter().map(|column| column.committed.high).max();
    let level = |column: &Column| {
        let step = steps(column.committed_last, most.unwrap_or(1), 8);
        glyphs.levels[usize::from(step.clamp(1, 8)) - 1]
    };
    measured
        .iter()
        .zip(letters(timeline, axis))
        .map(|(column, letter)| letter.unwrap_or_else(|| level(column)))
        .collect()
}

/// Fills column `x` of `area` from its bottom with `eighths` of a cell.
pub fn fill_column(
    buffer: &mut Buffer,
    area: Rect,
    x: u16,
    eighths: u16,
    (levels, style): (&[char; 8], Style),
) {
    for (row, y) in (0..area.height).zip((area.top()..area.bottom()).rev()) {
        let here = eighths.saturating_sub(row.saturating_mul(8)).min(8);
        let Some(level) = here.checked_sub(1) else {
            break;
        };
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_char(levels[usize::from(level)]).set_style(style);
        }
    }
}

/// Dots of a cell for lines: braille where there is any, else one character a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dots {
    /// Rows of dots of the line of committed bytes, left and right, from the bottom: bit 0 is the lowest.
    pub committed: [u8; 2],
    /// The same of resident bytes.
    pub resident: [u8; 2],
}

/// Rows of dots in a cell.
pub const DOT_ROWS: u16 = 4;

impl Dots {
    /// The character and style that show the lines of a cell; `None` where none runs.
    #[must_use]
    pub fn glyph(&self, theme: &Theme) -> Option<(char, Style)> {
        let any = |dots: [u8; 2]| dots[0] | dots[1] != 0;
        let (index, role) = match (any(self.committed), any(self.resident)) {
            (false, false) => return None,
            (true, false) => (0, Role::Committed),
            (false, true) => (1, Role::Resident),
            (true, true) => (2, Role::Committed),
        };
        let glyph = if theme.glyphs.braille {
            self.braille()
        } else {
            theme.glyphs.lines[index]
        };
        Some((glyph, theme.style(role)))
    }

    /// Resident bytes have dots on the left alone; a line of both is two dots thick.
    fn braille(&self) -> char {
        const LEFT: [u32; 4] = [0x40, 0x04, 0x02, 0x01];
        const RIGHT: [u32; 4] = [0x80, 0x20, 0x10, 0x08];
        let thick = |dots: u8, other: u8| {
            let both = dots & other;
            dots | if both & 0b1000 != 0 {
                both >> 1
            } else {
                both << 1
            }
        };
        let resident = self.resident[0] | self.resident[1];
        let left = thick(self.committed[0], resident) | resident;
        let right = thick(self.committed[1], resident);
        let bits = |dots: u8, places: [u32; 4]| {
            (0..4)
                .filter(|row| dots >> row & 1 != 0)
                .map(|row| places[row])
                .sum::<u32>()
        };
        char::from_u32(0x2800 + bits(left, LEFT) + bits(right, RIGHT)).unwrap_or(' ')
    }
}

/// Rows of dots, from the bottom, that a line from `low` to `high` sets in the cell `row` cells above the bottom.
#[must_use]
pub fn dots_in(row: u16, low: u16, high: u16) -> u8 {
    let base = row.saturating_mul(DOT_ROWS);
    (0..DOT_ROWS)
        .filter(|dot| (low..=high).contains(&(base.saturating_add(*dot))))
        .map(|dot| 1 << dot)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::frame::TimeEvent;
    use crate::tui::{Appearance, ColorDepth, GlyphSet};

    fn timeline(samples: &[(u64, u64)], events: &[(u64, char)]) -> Timeline {
        Timeline {
            samples: samples
                .iter()
                .map(|&(at, committed)| Sample {
                    at,
                    busy: committed / 2,
                    committed,
                    resident: Some(committed / 4),
                })
                .collect(),
            events: events
                .iter()
                .map(|&(at, letter)| TimeEvent { at, letter })
                .collect(),
        }
    }

    /// Samples, columns; the least and the most committed of each column.
    #[test]
    fn columns_show_the_extremes_of_what_they_cover() {
        for (samples, count, expected) in [
            (&[(0, 8)][..], 3, &[(8, 8), (8, 8), (8, 8)][..]),
            (&[(0, 8), (1, 16)], 2, &[(8, 8), (8, 16)]),
            // A peak inside a column is not lost.
            (&[(0, 8), (1, 90), (2, 8), (3, 4)], 2, &[(8, 90), (4, 90)]),
            // Nothing measured in between: the value holds.
            (&[(0, 8), (9, 16)], 4, &[(8, 8), (8, 8), (8, 8), (8, 16)]),
            (&[], 4, &[]),
        ] {
            let timeline = timeline(samples, &[]);
            let found = Axis::of(&timeline, count).map_or(Vec::new(), |axis| {
                columns(&timeline, axis)
                    .iter()
                    .map(|column| (column.committed.low, column.committed.high))
                    .collect()
            });
            assert_eq!(found, expected, "{samples:?}");
        }
    }

    #[test]
    fn letters_stand_in_their_columns_and_give_way_to_newer_ones() {
        for (events, expected) in [
            (&[(0, 'C'), (5, 'K'), (9, 'M')][..], "C....K...M"),
            (&[(5, 'C'), (5, 'K')], "....CK...."),
            (&[(5, 'C'), (5, 'S'), (5, 'K'), (5, 'M')], "...SKM...."),
            (&[(0, 'C'), (0, 'K')], "K........."),
            (&[(700, 'C')], ".........C"),
        ] {
            let timeline = timeline(&[(0, 1), (9, 1)], events);
            let axis = Axis::of(&timeline, 10).expect("samples");
            let found: String = letters(&timeline, axis)
                .into_iter()
                .map(|letter| letter.unwrap_or('.'))
                .collect();
            assert_eq!(found, expected, "{events:?}");
        }
    }

    #[test]
    fn a_sparkline_has_a_character_a_column() {
        let ascii = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark).glyphs;
        let unicode = Theme::new(ColorDepth::Mono, GlyphSet::Unicode, Appearance::Dark).glyphs;
        let timeline = timeline(&[(0, 1), (2, 4), (4, 8), (7, 2)], &[(3, 'C')]);
        assert_eq!(sparkline(&timeline, &ascii, 8), "__-C###_");
        assert_eq!(sparkline(&timeline, &unicode, 8), "▁▁▄C███▂");
        assert_eq!(sparkline(&timeline, &unicode, 0), "");
        assert_eq!(sparkline(&Timeline::default(), &unicode, 8), "");
    }

    #[test]
    fn the_axis_takes_the_greatest_numbers() {
        let timeline = timeline(&[(0, u64::MAX), (u64::MAX, 1)], &[(u64::MAX, 'M')]);
        let axis = Axis::of(&timeline, 3).expect("samples");
        assert_eq!(
            [0, u64::MAX / 2, u64::MAX].map(|at| axis.column(at)),
            [0, 1, 2]
        );
        assert_eq!(axis.operation(0), 0);
        assert_eq!(axis.operation(3), u64::MAX);
        assert_eq!(steps(u64::MAX, u64::MAX, 8), 8);
        assert_eq!(steps(1, u64::MAX, 8), 1);
        assert_eq!(steps(5, 0, 8), 8);
    }

    /// Dots of committed and of resident, from the bottom; the character.
    #[test]
    fn lines_are_told_apart_without_colour() {
        for (committed, resident, glyph) in [
            (0b0100, 0, '⠒'),
            (0, 0b0100, '⠂'),
            (0b0100, 0b0100, '⠛'),
            (0b0001, 0b0001, '⣤'),
            (0b1000, 0b0001, '⡉'),
        ] {
            let dots = Dots {
                committed: [committed; 2],
                resident: [resident, 0],
            };
            assert_eq!(dots.braille(), glyph, "{committed:b} {resident:b}");
        }
        assert_eq!(dots_in(0, 1, 2), 0b0110);
        assert_eq!(dots_in(1, 1, 5), 0b0011);
        assert_eq!(dots_in(2, 1, 5), 0);
    }
}
