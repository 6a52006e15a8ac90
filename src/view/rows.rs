//! Rows of the map: regions by address, each cut into rows; runs of rows without a committed page are folded.

use crate::heap::{Heap, Region, RegionKind, UNIT_PAGES};
use crate::os::PAGE;

use super::cells::{self, RowShape};
use super::picture::{CellState, Lens, MapPicture, MapRow, RowResidency};
use super::search::Found;
use super::{Context, Reader};

/// The finest zoom: a cell a granule.
const FINEST: u64 = 16;
/// The coarsest zoom.
const COARSEST: u64 = 1 << 30;

/// Consecutive rows of one kind.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    region: Region,
    kind: Kind,
    address: u64,
    bytes: u64,
    first_row: u64,
    rows: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Title,
    Cells,
    Folded,
}

/// The whole heap as stretches at one zoom: a few for each committed run.
struct Plan {
    stretches: Vec<Stretch>,
    rows: u64,
}

impl Plan {
    fn push(&mut self, region: Region, kind: Kind, address: u64, bytes: u64, rows: u64) {
        self.stretches.push(Stretch {
            region,
            kind,
            address,
            bytes,
            first_row: self.rows,
            rows,
        });
        self.rows += rows;
    }

    /// The addresses from the first to the last byte that some rows show.
    fn addresses(&self, top: u64, last: u64, row_bytes: u64) -> (u64, u64) {
        let mut whole: Option<(u64, u64)> = None;
        for stretch in &self.stretches {
            let (from, to) = (
                stretch.first_row.max(top),
                (stretch.first_row + stretch.rows).min(last),
            );
            if stretch.kind != Kind::Cells || from >= to {
                continue;
            }
            let begin = stretch.address + (from - stretch.first_row) * row_bytes;
            let end = stretch.address + ((to - stretch.first_row) * row_bytes).min(stretch.bytes);
            whole = Some(whole.map_or((begin, end), |(a, b)| (a.min(begin), b.max(end))));
        }
        whole.unwrap_or_default()
    }
}

/// The regions of a heap by address.
fn regions(core: Reader<'_>) -> Vec<Region> {
    let mut all: Vec<Region> = core
        .regions(RegionKind::Segment)
        .chain(core.regions(RegionKind::Large))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Every region with its committed runs.
pub(super) type Layout = [(Region, Vec<(u64, u64)>)];

/// Every region by address, with its committed runs.
pub(super) fn layout(core: Reader<'_>) -> Vec<(Region, Vec<(u64, u64)>)> {
    regions(core)
        .into_iter()
        .map(|region| (region, committed_runs(core, region)))
        .collect()
}

/// The committed runs of a region, in pages from its first, end excluded.
fn committed_runs(core: Reader<'_>, region: Region) -> Vec<(u64, u64)> {
    let first = region.address() / PAGE;
    let pages = core.region_reserved(region) / PAGE;
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let mut page = 0;
    while page < pages {
        let mask = core.unit_mask((first + page) / UNIT_PAGES);
        if mask == 0 {
            page = (page / UNIT_PAGES + 1) * UNIT_PAGES;
            continue;
        }
        if mask >> ((first + page) % UNIT_PAGES) & 1 != 0 {
            match runs.last_mut() {
                Some(run) if run.1 == page => run.1 += 1,
                _ => runs.push((page, page + 1)),
            }
        }
        page += 1;
    }
    runs
}

fn plan(core: Reader<'_>, layout: &Layout, row_bytes: u64) -> Plan {
    let mut plan = Plan {
        stretches: Vec::new(),
        rows: 0,
    };
    let titled = layout.len() > 1;
    for (region, runs) in layout {
        let reserved = core.region_reserved(*region);
        if titled {
            plan.push(*region, Kind::Title, region.address(), reserved, 1);
        }
        let all_rows = reserved.div_ceil(row_bytes);
        let mut row = 0;
        let fold = |plan: &mut Plan, from: u64, to: u64| {
            if from < to {
                let address = region.address() + from * row_bytes;
                let bytes = (to * row_bytes).min(reserved) - from * row_bytes;
                plan.push(*region, Kind::Folded, address, bytes, 1);
            }
        };
        for &(from, to) in runs {
            let from = (from * PAGE / row_bytes).max(row);
            let to = (to * PAGE).div_ceil(row_bytes).min(all_rows);
            fold(&mut plan, row, from);
            if from < to {
                let bytes = (to * row_bytes).min(reserved) - from * row_bytes;
                plan.push(
                    *region,
                    Kind::Cells,
                    region.address() + from * row_bytes,
                    bytes,
                    to - from,
                );
            }
            row = row.max(to);
        }
        fold(&mut plan, row, all_rows);
    }
    plan
}

/// The zoom that shows the whole heap on the rows of the lens, or the finest if even that leaves room.
fn fitting(core: Reader<'_>, layout: &Layout, lens: &Lens) -> u64 {
    let mut cell = FINEST;
    while cell < COARSEST
        && plan(core, layout, cell * u64::from(lens.cells.max(1))).rows > u64::from(lens.rows)
    {
        cell *= 2;
    }
    cell
}

/// Takes the map.
pub(super) fn map(
    heap: &Heap,
    core: &Reader<'_>,
    lens: &Lens,
    layout: &Layout,
    context: &Context<'_>,
) -> MapPicture {
    let core = *core;
    let cells = u64::from(lens.cells.max(1)).next_power_of_two();
    let zoom = lens
        .zoom
        .map(|zoom| zoom.next_power_of_two().clamp(FINEST, COARSEST));
    let cell_bytes = zoom.unwrap_or_else(|| fitting(core, layout, lens));
    let row_bytes = cell_bytes * cells;
    let plan = plan(core, layout, row_bytes);
    let selected = lens
        .cursor
        .and_then(|cursor| super::seek::extent_in(core, cursor));
    let top = scroll(&plan, lens, selected.map(|(from, _)| from), row_bytes);
    let last = plan.rows.min(top + u64::from(lens.rows));
    let found = Found::of(&core, plan.addresses(top, last, row_bytes), context);
    let view = View {
        heap,
        core,
        cell_bytes,
        row_bytes,
        context,
        selected,
        shows_pins: lens.parts.pins.rows > 0,
        found,
    };
    let rows = (top..last).filter_map(|row| view.row(&plan, row)).collect();
    MapPicture {
        cell_bytes,
        row_bytes,
        top,
        total_rows: plan.rows,
        rows,
        fitted: zoom.is_none(),
    }
}

/// The first row to show.
fn scroll(plan: &Plan, lens: &Lens, cursor: Option<u64>, row_bytes: u64) -> u64 {
    let rows = u64::from(lens.rows.max(1));
    let mut top = lens.top.min(plan.rows.saturating_sub(rows));
    if lens.follow
        && let Some(row) = cursor.and_then(|address| row_of(plan, address, row_bytes))
    {
        top = top.min(row).max((row + 1).saturating_sub(rows));
    }
    top
}

fn row_of(plan: &Plan, address: u64, row_bytes: u64) -> Option<u64> {
    let covers = |stretch: &&Stretch| {
        stretch.kind != Kind::Title
            && (stretch.address..stretch.address + stretch.bytes).contains(&address)
    };
    let stretch = plan.stretches.iter().find(covers)?;
    let within = if stretch.kind == Kind::Cells {
        (address - stretch.address) / row_bytes
    } else {
        0
    };
    Some(stretch.first_row + within)
}

/// What rows are made with.
struct View<'a> {
    heap: &'a Heap,
    core: Reader<'a>,
    cell_bytes: u64,
    row_bytes: u64,
    context: &'a Context<'a>,
    selected: Option<(u64, u64)>,
    shows_pins: bool,
    found: Found<'a>,
}

impl View<'_> {
    fn row(&self, plan: &Plan, row: u64) -> Option<MapRow> {
        let nth = plan
            .stretches
            .partition_point(|stretch| stretch.first_row + stretch.rows <= row);
        let stretch = plan.stretches.get(nth)?;
        Some(match stretch.kind {
            Kind::Title => MapRow::Title {
                address: stretch.address,
                text: self.title(stretch.region),
            },
            Kind::Folded => MapRow::Folded {
                address: stretch.address,
                bytes: stretch.bytes,
                state: CellState::Uncommitted,
                resident: self.residency(stretch.address, stretch.bytes),
            },
            Kind::Cells => {
                let skipped = (row - stretch.first_row) * self.row_bytes;
                let address = stretch.address + skipped;
                let bytes = self.row_bytes.min(stretch.bytes - skipped);
                let shape = RowShape {
                    region: stretch.region,
                    address,
                    cell_bytes: self.cell_bytes,
                    count: bytes.div_ceil(self.cell_bytes),
                    marks: self.context.marks,
                    selected: self.selected,
                    pins: &|from, to| self.pins_in(from, to),
                    found: &|from, to| self.found.any_in(self.core, from, to),
                    bad: self.context.bad,
                    quiet: self.context.quiet,
                };
                MapRow::Cells {
                    address,
                    cells: cells::row(self.core, &shape),
                    resident: self.residency(address, bytes),
                }
            }
        })
    }

    fn pins_in(&self, from: u64, to: u64) -> bool {
        let survey = self.context.survey.filter(|_| self.shows_pins);
        survey.is_some_and(|survey| survey.pins_in(from, to))
    }

    fn title(&self, region: Region) -> String {
        let kibibytes = self.core.region_reserved(region) / 1024;
        match self.core.region_kind(region) {
            Some(RegionKind::Large) => {
                format!("large block, {kibibytes} KiB in a region of its own")
            }
            _ => {
                let number = self
                    .core
                    .regions(RegionKind::Segment)
                    .take_while(|&other| other != region)
                    .count()
                    + 1;
                format!("segment {number}, {kibibytes} KiB reserved")
            }
        }
    }

    fn residency(&self, address: u64, bytes: u64) -> RowResidency {
        let (mut resident, mut pages) = (0, 0);
        let range = address / PAGE..(address + bytes).div_ceil(PAGE);
        let told = self.heap.memory().resident(range, |_, is_resident| {
            pages += 1;
            resident += u64::from(is_resident);
        });
        match told {
            None => RowResidency::Unknown,
            Some(()) if resident == 0 => RowResidency::None,
            Some(()) if resident == pages => RowResidency::All,
            Some(()) => RowResidency::Some,
        }
    }
}
