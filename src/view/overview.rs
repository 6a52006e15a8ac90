//! The whole heap in one row of cells: committed memory only, one run behind the other.

use crate::heap::Region;
use crate::os::PAGE;

use super::cells::{Mosaic, Reading};
use super::picture::{Lens, MapPicture, MapRow, MarkedRange, Overview};
use super::rows::Layout;
use super::{Context, Reader};

/// Bytes that one word of the bitmaps tells of.
const WORD: u64 = 1024;
/// The finest cell.
const FINEST: u64 = 16;

/// A committed run, and how many committed bytes lie before it.
struct Run {
    region: Region,
    from: u64,
    to: u64,
    before: u64,
}

/// Committed memory as one line.
struct Line(Vec<Run>);

impl Line {
    fn of(layout: &Layout) -> Line {
        let mut before = 0;
        let mut line = Vec::new();
        for (region, runs) in layout {
            for &(from, to) in runs {
                line.push(Run {
                    region: *region,
                    from: region.address() + from * PAGE,
                    to: region.address() + to * PAGE,
                    before,
                });
                before += (to - from) * PAGE;
            }
        }
        Line(line)
    }

    /// All bytes.
    fn bytes(&self) -> u64 {
        self.0
            .last()
            .map_or(0, |run| run.before + run.to - run.from)
    }

    /// Committed bytes before an address.
    fn place(&self, address: u64) -> u64 {
        let nth = self.0.partition_point(|run| run.to <= address);
        self.0.get(nth).map_or(self.bytes(), |run| {
            run.before + address.saturating_sub(run.from)
        })
    }

    /// The cells that a range of addresses touches.
    fn cells(&self, from: u64, to: u64, cell: u64) -> std::ops::Range<usize> {
        let (from, to) = (self.place(from), self.place(to));
        let last = if from < to { to.div_ceil(cell) } else { 0 };
        (from / cell) as usize..last as usize
    }
}

/// Bytes of a cell: as few as show `bytes` in `cells` cells, whole words of the bitmaps or an even part of one.
fn cell_bytes(bytes: u64, cells: u64) -> u64 {
    let least = bytes.div_ceil(cells);
    if least > WORD / 2 {
        least.next_multiple_of(WORD)
    } else {
        least.next_power_of_two().max(FINEST)
    }
}

/// Takes the overview: `layout` is the committed runs of every region, in pages from its first.
pub(super) fn overview(
    core: Reader<'_>,
    layout: &Layout,
    map: &MapPicture,
    selected: Option<(u64, u64)>,
    lens: &Lens,
    context: &Context<'_>,
) -> Overview {
    let cells = lens.parts.overview;
    if cells == 0 {
        return Overview::default();
    }
    let line = Line::of(layout);
    if line.bytes() == 0 {
        return Overview::default();
    }
    let cell = cell_bytes(line.bytes(), u64::from(cells));
    let mut mosaic = Mosaic::new(cell);
    for run in &line.0 {
        let mut reading = Reading::new(core, run.region, run.from);
        mosaic.begin_run(&reading);
        for word in (run.from..run.to).step_by(WORD as usize) {
            mosaic.add(reading.masks(word), 0, u64::MAX);
        }
    }
    let mut made = Overview {
        cell_bytes: cell,
        cells: mosaic.finish(),
        shown: shown(&line, map, cell),
    };
    dress(
        &mut made,
        &line,
        selected,
        lens.parts.pins.rows > 0,
        context,
    );
    made
}

/// The cells that the rows of the map show.
fn shown(line: &Line, map: &MapPicture, cell: u64) -> (u16, u16) {
    let extents = map.rows.iter().filter_map(|row| match row {
        MapRow::Cells { address, cells, .. } => {
            Some((*address, address + cells.len() as u64 * map.cell_bytes))
        }
        MapRow::Folded { address, bytes, .. } => Some((*address, address + bytes)),
        MapRow::Title { .. } => None,
    });
    let whole = extents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let (from, to) = whole.unwrap_or_default();
    let cells = line.cells(from, to, cell);
    let narrow = |cell: usize| u16::try_from(cell).unwrap_or(u16::MAX);
    (narrow(cells.start), narrow(cells.end.max(cells.start)))
}

/// Adds what is not in the heap's bitmaps: selection, marks, pins.
fn dress(
    made: &mut Overview,
    line: &Line,
    selected: Option<(u64, u64)>,
    shows_pins: bool,
    context: &Context<'_>,
) {
    let cell = made.cell_bytes;
    if let Some((from, to)) = selected {
        for cell in made
            .cells
            .get_mut(line.cells(from, to, cell))
            .into_iter()
            .flatten()
        {
            cell.selected = true;
        }
    }
    for &MarkedRange { from, to, mark } in context.marks {
        for cell in made
            .cells
            .get_mut(line.cells(from, to, cell))
            .into_iter()
            .flatten()
        {
            cell.mark = Some(mark);
        }
    }
    let Some(survey) = context.survey.filter(|_| shows_pins) else {
        return;
    };
    for run in &line.0 {
        let mut from = run.from;
        while from < run.to {
            let nth = (run.before + from - run.from) / cell;
            let to = run.to.min(run.from + (nth + 1) * cell - run.before);
            if let Some(cell) = made.cells.get_mut(nth as usize) {
                cell.pin |= survey.pins_in(from, to);
            }
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_fine_as_the_row_allows() {
        for (bytes, cells, expected) in [
            (8192, 64, 128),
            (8192, 1000, 16),
            (8192, 1, 8192),
            (8192, 3, 3072),
            (65536, 60, 2048),
            (1 << 20, 128, 8192),
            ((1 << 20) + 4096, 128, 9216),
        ] {
            let cell = cell_bytes(bytes, cells);
            assert_eq!(cell, expected, "{bytes} bytes in {cells} cells");
            assert!(bytes.div_ceil(cell) <= cells);
        }
    }
}
