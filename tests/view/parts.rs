//! The parts of a picture that are taken only while they are looked at.

use std::cell::Cell as Counter;

use heapwalk::heap::{Access, Block, Entry, Flags, Header, Heap, Options, Source};
use heapwalk::view::{
    BlockFacts, BlockState, Cell, CellState, Context, FreeEntry, Lens, MapRow, Overview, Parts,
    Picture, Search, Survey, Target, Wanted, Window, survey, take,
};

use crate::support::{PLAIN, heap, lived};

pub(crate) const EVERYTHING: Parts = Parts {
    overview: 60,
    fragmentation: true,
    free_list: Window { top: 0, rows: 20 },
    pins: Window { top: 0, rows: 20 },
    bytes: Window { top: 0, rows: 40 },
};

fn surveyed(heap: &Heap) -> Survey {
    let wanted = Wanted {
        pins: true,
        search: None,
    };
    survey(heap, &wanted, &|_| None)
}

fn with_survey(heap: &Heap, lens: &Lens) -> Picture {
    let survey = surveyed(heap);
    let context = Context {
        survey: Some(&survey),
        fresh: true,
        ..PLAIN
    };
    take(heap, lens, &context)
}

/// Address, bytes and header of every block of a segment, by address.
pub(crate) fn blocks(heap: &Heap) -> Vec<(Block, Header)> {
    let block = |entry| match entry {
        Entry::Block(block, header) => Some((block, header)),
        _ => None,
    };
    heap.look(|core| core.walk().filter_map(block).collect())
}

fn free_entries(heap: &Heap, top: u64, rows: u16, counted: bool) -> (u64, Vec<FreeEntry>) {
    let lens = Lens {
        parts: Parts {
            free_list: Window { top, rows },
            ..Parts::default()
        },
        ..Lens::default()
    };
    let picture = if counted {
        with_survey(heap, &lens)
    } else {
        take(heap, &lens, &PLAIN)
    };
    let list = picture.free_list.expect("asked for");
    assert_eq!(list.total, picture.figures.holes);
    (list.top, list.entries)
}

#[test]
fn the_free_list_is_what_requests_of_each_size_take_in_turn() {
    for seed in 1..=6 {
        let (heap, _) = lived(seed, Source::Growable, seed % 2 == 0, 60_000);
        let (_, all) = free_entries(&heap, 0, u16::MAX, false);
        // Asking for just the bytes of the smallest hole, again and again, takes the holes one after the other.
        for entry in &all {
            let placed = heap.alloc(entry.bytes - 8, Flags::NONE).expect("a hole");
            assert_eq!(placed.payload - 16, entry.address, "seed {seed}, {entry:?}");
        }
        assert_eq!(free_entries(&heap, 0, 10, false), (0, Vec::new()));
    }
}

#[test]
fn a_window_of_the_free_list_is_a_part_of_the_whole() {
    for seed in 1..=4 {
        let (heap, _) = lived(seed, Source::Growable, seed % 2 == 0, 60_000);
        let (_, all) = free_entries(&heap, 0, u16::MAX, false);
        for top in [0, 1, 7, 30, all.len() as u64 - 1, 1 << 40] {
            for counted in [false, true] {
                let (top, part) = free_entries(&heap, top, 9, counted);
                let from = top as usize;
                assert_eq!(
                    part,
                    all[from..from + 9],
                    "seed {seed}, from {top}, {counted}"
                );
            }
        }
    }
}

#[test]
fn lists_are_named_by_the_sizes_they_hold() {
    for (request, name) in [
        (24, "list 32 B"),
        (2024, "list 2032 B"),
        (2040, "tree 2-3 KiB"),
        (5000, "tree 4-6 KiB"),
        (7000, "tree 6-8 KiB"),
        (300_000, "tree 256-384 KiB"),
    ] {
        let heap = heap(&Options::default());
        let payload = heap.alloc(request, Flags::NONE).expect("room").payload;
        heap.alloc(0, Flags::NONE).expect("room");
        heap.free(payload, Flags::NONE).expect("live");
        let lens = Lens {
            cursor: Some(payload - 16),
            ..Lens::default()
        };
        let card = take(&heap, &lens, &PLAIN).selected.expect("a block");
        assert_eq!(card.links.expect("a free block").list, name);
    }
}

#[test]
fn links_lead_from_hole_to_hole_as_the_free_list_does() {
    for seed in 1..=4 {
        let (heap, _) = lived(seed, Source::Growable, seed % 2 == 0, 9_000);
        let (_, all) = free_entries(&heap, 0, u16::MAX, false);
        assert!(all.len() > 10, "seed {seed}: hardly a hole");
        for (nth, entry) in all.iter().enumerate() {
            let lens = Lens {
                cursor: Some(entry.address),
                ..Lens::default()
            };
            let links = take(&heap, &lens, &PLAIN)
                .selected
                .and_then(|card| card.links)
                .expect("a free block");
            let same = |other: &&FreeEntry| other.bytes == entry.bytes;
            let before = nth.checked_sub(1).and_then(|nth| all.get(nth)).filter(same);
            let behind = all.get(nth + 1).filter(same);
            let address = |entry: Option<&FreeEntry>| entry.map(|entry| entry.address);
            assert_eq!(links.before, address(before), "seed {seed}, {entry:?}");
            assert_eq!(links.behind, address(behind), "seed {seed}, {entry:?}");
            assert_eq!(links.list, entry.list);
            assert!(links.words.len() == 2 || links.words.len() == 4);
        }
    }
}

#[test]
fn a_header_is_told_field_by_field() {
    let heap = heap(&Options::default());
    let first = heap.alloc(100, Flags::NONE).expect("room").payload;
    let second = heap.alloc(20, Flags::NONE).expect("room").payload;
    let fields = |payload: u64| {
        let lens = Lens {
            cursor: Some(payload - 16),
            ..Lens::default()
        };
        let card = take(&heap, &lens, &PLAIN).selected.expect("a block");
        (card.fields, card.links)
    };
    let (told, links) = fields(second);
    assert_eq!((told.valid, told.size, told.unused), (true, 2, 12));
    assert_eq!(told.flags, ["BUSY"]);
    assert_eq!(
        told.others[0],
        ("previous size", "7 granules, 112 B".to_owned())
    );
    assert!(
        told.others[1].1.ends_with("fits the other bytes"),
        "{told:?}"
    );
    assert_eq!(links, None);
    let (told, _) = fields(first);
    assert_eq!(told.others[0].1, "0: the first of its run");
    // A flipped bit.
    let word = (second as usize - 8) / 8;
    heap.direct()
        .store(word, heap.direct().load(word) ^ 1 << 50);
    let (told, _) = fields(second);
    assert!(!told.valid);
    assert_eq!(told.raw, heap.direct().load(word));
    let (_, check) = &told.others[1];
    let found = told.raw >> 56;
    assert_eq!(
        *check,
        format!("{found:#04x}: the other bytes ask for {:#04x}", found ^ 4)
    );
}

#[test]
fn bytes_are_those_of_the_block_and_the_eight_it_borrows() {
    let heap = heap(&Options::default());
    let payload = heap.alloc(24, Flags::NONE).expect("room").payload;
    heap.look(|core| core.write_bytes(payload, &[7; 24]));
    let rows = |top, rows| {
        let lens = Lens {
            cursor: Some(payload),
            parts: Parts {
                bytes: Window { top, rows },
                ..Parts::default()
            },
            ..Lens::default()
        };
        take(&heap, &lens, &PLAIN).bytes.expect("a block")
    };
    let all = rows(0, 10);
    assert_eq!((all.block, all.top, all.total), (payload - 16, 0, 3));
    let header = heap.direct().load((payload as usize - 8) / 8);
    let shown: Vec<_> = all
        .rows
        .iter()
        .map(|row| row.bytes.clone().expect("resident"))
        .collect();
    assert_eq!(shown[0][8..], header.to_le_bytes());
    assert_eq!(shown[1], [7; 16]);
    assert_eq!(
        shown[2], [7; 8],
        "the last bytes lie before the next header"
    );
    let last = rows(9, 1);
    assert_eq!((last.top, last.rows), (2, all.rows[2..].to_vec()));
}

#[test]
fn pins_are_shown_where_they_lie_and_by_name() {
    let heap = heap(&Options::default());
    let place = |size| heap.alloc(size, Flags::NONE).expect("room").payload;
    let (hole, pin) = (place(20_000), place(100));
    let behind = place(20_000);
    place(100);
    let large = place(2 << 20);
    for payload in [hole, behind] {
        heap.free(payload, Flags::NONE).expect("live");
    }
    let survey = surveyed(&heap);
    let names = |payload: u64| (payload == pin).then(|| ("pin".to_owned(), 3));
    let context = Context {
        survey: Some(&survey),
        names: &names,
        ..PLAIN
    };
    let lens = |pins| Lens {
        zoom: Some(16),
        rows: 400,
        parts: Parts {
            pins,
            ..Parts::default()
        },
        ..Lens::default()
    };
    let picture = take(&heap, &lens(Window { top: 0, rows: 2 }), &context);
    let pins = picture.pins.expect("asked for");
    assert!(pins.total.is_some_and(|total| total >= 2), "{pins:?}");
    assert_eq!(pins.pins[0].address, large - 16);
    assert_eq!(pins.pins[0].returns, (2 << 20) + 4096);
    let second = &pins.pins[1];
    assert_eq!(
        (second.address, second.name.as_deref()),
        (pin - 16, Some("pin"))
    );
    assert_eq!(
        second.returns,
        heap.look(|core| core.pinned_by(Block((pin / 16 - 1) as u32))) * 4096
    );
    let marked = |picture: &Picture, address: u64| {
        picture.map.rows.iter().any(|row| match row {
            MapRow::Cells {
                address: from,
                cells,
                ..
            } => cells
                .get((address.wrapping_sub(*from) / 16) as usize)
                .is_some_and(|cell| cell.pin),
            _ => false,
        })
    };
    let picture = take(&heap, &lens(Window { top: 0, rows: 2 }), &context);
    assert!(marked(&picture, pin - 16) && marked(&picture, pin + 80));
    assert!(!marked(&picture, pin - 32) && !marked(&picture, pin + 96));
    let hidden = take(&heap, &lens(Window::default()), &context);
    assert!(
        !marked(&hidden, pin - 16),
        "only while the pins are looked at"
    );
    assert_eq!(hidden.pins, None);
}

#[test]
fn a_range_counts_the_blocks_that_begin_in_it() {
    for seed in 1..=4 {
        let (heap, _) = lived(seed, Source::Growable, seed % 2 == 0, 60_000);
        let all = blocks(&heap);
        let address = |nth: usize| all[nth].0.address();
        for (first, last) in [(0, 0), (0, all.len() - 1), (3, 40), (40, 41), (10, 60)] {
            for (from, to) in [
                (address(first), address(last)),
                (address(first) + 1, address(last) + 1),
            ] {
                let (from, to) = (from.min(to), from.max(to));
                let lens = Lens {
                    range: Some((from, to)),
                    ..Lens::default()
                };
                let card = take(&heap, &lens, &PLAIN).range.expect("a range");
                let within = |busy: bool| {
                    let here = |(block, header): &&(Block, Header)| {
                        (from..to).contains(&block.address()) && header.has(Header::BUSY) == busy
                    };
                    let sizes: Vec<u64> = all
                        .iter()
                        .filter(here)
                        .map(|(_, header)| header.size() * 16)
                        .collect();
                    (
                        sizes.len() as u64,
                        sizes.iter().sum::<u64>(),
                        sizes.into_iter().max().unwrap_or(0),
                    )
                };
                let (busy, busy_bytes, _) = within(true);
                assert_eq!(
                    (card.busy_blocks, card.busy_bytes),
                    (busy, busy_bytes),
                    "{card:?}"
                );
                assert_eq!(
                    (card.holes, card.free_bytes, card.largest_free),
                    within(false),
                    "{card:?}"
                );
            }
        }
    }
}

fn overview(heap: &Heap, cells: u16, lens: Lens) -> Overview {
    let lens = Lens {
        parts: Parts {
            overview: cells,
            ..Parts::default()
        },
        ..lens
    };
    take(heap, &lens, &PLAIN).overview
}

#[test]
fn the_overview_is_all_committed_memory_in_one_row() {
    for seed in 1..=4 {
        let (heap, _) = lived(seed, Source::Growable, seed % 2 == 0, 1_500_000);
        let figures = heapwalk::view::figures(&heap);
        // State by state, the granules of the finest map of the heap.
        let fine = Lens {
            zoom: Some(16),
            rows: u16::MAX,
            ..Lens::default()
        };
        let map = take(&heap, &fine, &PLAIN).map;
        let mut all: Vec<&Cell> = Vec::new();
        for row in &map.rows {
            if let MapRow::Cells { cells, .. } = row {
                all.extend(
                    cells
                        .iter()
                        .filter(|cell| cell.state != CellState::Uncommitted),
                );
            }
        }
        assert_eq!(all.len() as u64 * 16, figures.committed);
        for cells in [1, 7, 60, 200, 1000] {
            let whole = overview(&heap, cells, Lens::default());
            let granules = (whole.cell_bytes / 16) as usize;
            assert_eq!(whole.cells.len(), all.len().div_ceil(granules));
            assert!(whole.cells.len() <= usize::from(cells));
            for (nth, (cell, part)) in whole.cells.iter().zip(all.chunks(granules)).enumerate() {
                let busy = part
                    .iter()
                    .filter(|cell| cell.state == CellState::Busy)
                    .count();
                let free = part
                    .iter()
                    .filter(|cell| cell.state == CellState::Free)
                    .count();
                let told = (cell.fill, cell.mixed, cell.starts);
                let expected = (
                    (busy * 8).div_ceil(part.len()) as u8,
                    busy > 0 && free > 0,
                    part.iter().any(|cell| cell.starts),
                );
                assert_eq!(told, expected, "seed {seed}, cell {nth} of {cells}");
            }
        }
    }
}

#[test]
fn the_overview_tells_what_the_map_shows() {
    let (heap, live) = lived(2, Source::Growable, true, 400_000);
    let whole = overview(&heap, 80, Lens::default());
    assert_eq!(
        whole.shown,
        (0, whole.cells.len() as u16),
        "fitted, all is shown"
    );
    let mut last = 0;
    for top in [0, 100, 500, u64::MAX] {
        let lens = Lens {
            zoom: Some(16),
            rows: 10,
            top,
            follow: false,
            ..Lens::default()
        };
        let (from, to) = overview(&heap, 80, lens).shown;
        assert!(last <= from && from < to, "the part moves with the map");
        assert!(to - from < 5, "ten rows of {} cells", to - from);
        last = from;
    }
    let lens = Lens {
        cursor: Some(live[7] - 16),
        ..Lens::default()
    };
    let selected = overview(&heap, 80, lens).cells;
    assert_eq!(selected.iter().filter(|cell| cell.selected).count(), 1);
}

#[test]
fn a_filter_marks_cells_and_is_walked_around() {
    for (seed, cursorless) in [(1, true), (2, false), (3, false)] {
        let (heap, _) = lived(seed, Source::Growable, true, 60_000);
        let matches = |facts: &BlockFacts<'_>| facts.state == BlockState::Busy && facts.asked > 150;
        let search = Search {
            matches: &matches,
            owners: false,
            pins: false,
        };
        let wanted = Wanted {
            pins: false,
            search: Some(search),
        };
        let survey = survey(&heap, &wanted, &|_| None);
        let expected: Vec<u64> = survey
            .found()
            .expect("a search")
            .iter()
            .map(|block| block.address())
            .collect();
        assert!(expected.len() > 5);
        for listed in [None, Some(&survey)] {
            let context = Context {
                search: Some(search),
                survey: listed,
                fresh: listed.is_some(),
                ..PLAIN
            };
            let seek = |cursor, target| heapwalk::view::seek(&heap, cursor, target, 1024, &context);
            let start = (!cursorless).then(|| expected[2] + 32);
            let mut at = start;
            let from = if cursorless { 0 } else { 3 };
            for nth in from..from + expected.len() + 2 {
                at = seek(at, Target::NextFound);
                assert_eq!(at, Some(expected[nth % expected.len()]), "seed {seed}");
            }
            for nth in (0..from + expected.len() + 1).rev() {
                at = seek(at, Target::PreviousFound);
                assert_eq!(
                    at,
                    Some(expected[nth % expected.len()]),
                    "seed {seed}, back"
                );
            }
            for zoom in [16, 256, 4096] {
                let lens = Lens {
                    zoom: Some(zoom),
                    rows: u16::MAX,
                    ..Lens::default()
                };
                check_found(&heap, &take(&heap, &lens, &context), &expected);
            }
        }
        let nothing = Context {
            search: Some(Search {
                matches: &|_| false,
                ..search
            }),
            ..PLAIN
        };
        let here = Some(expected[0]);
        for target in [Target::NextFound, Target::PreviousFound] {
            let stays = heapwalk::view::seek(&heap, here, target, 1024, &nothing);
            assert_eq!(stays, here, "where nothing is found the cursor stays");
        }
    }
}

/// Every cell is marked that one of the blocks covers, and no other.
fn check_found(heap: &Heap, picture: &Picture, expected: &[u64]) {
    let extents: Vec<(u64, u64)> = expected
        .iter()
        .filter_map(|&address| heapwalk::view::extent(heap, address))
        .collect();
    for row in &picture.map.rows {
        let MapRow::Cells { address, cells, .. } = row else {
            continue;
        };
        for (nth, cell) in (0..).zip(cells) {
            let from = address + nth * picture.map.cell_bytes;
            let to = from + picture.map.cell_bytes;
            let covered = extents.iter().any(|&(begin, end)| begin < to && from < end);
            assert_eq!(
                cell.found, covered,
                "{from:#x}, {} a cell",
                picture.map.cell_bytes
            );
        }
    }
}

#[test]
fn the_cursor_finds_the_worst_pin_and_the_block_of_an_operation() {
    let (heap, live) = lived(4, Source::Growable, true, 60_000);
    let survey = surveyed(&heap);
    let worst = survey.worst_pins().next().expect("a pin").block.address();
    let asked = Counter::new(0);
    let context = Context {
        born: &|operation| {
            asked.set(operation);
            live.get(operation as usize).copied()
        },
        survey: Some(&survey),
        ..PLAIN
    };
    for fresh in [true, false] {
        let context = Context { fresh, ..context };
        let seek = |target| heapwalk::view::seek(&heap, Some(live[0]), target, 1024, &context);
        assert_eq!(seek(Target::WorstPin), Some(worst));
        assert_eq!(seek(Target::Born(5)), Some(live[5] - 16));
        assert_eq!(asked.get(), 5);
        assert_eq!(
            seek(Target::Born(1 << 40)),
            Some(live[0] - 16),
            "nobody's: it stays"
        );
    }
}

#[test]
fn no_part_makes_a_page_resident() {
    let heap = heap(&Options {
        stamp: false,
        ..Options::default()
    });
    let place = |size| heap.alloc(size, Flags::NONE).expect("room").payload;
    let blocks = [place(400_000), place(300_000), place(100), place(2 << 20)];
    heap.free(blocks[1], Flags::NONE).expect("live");
    let resident = || heapwalk::view::resident(&heap);
    let before = resident();
    for payload in blocks {
        for top in [0, 10, 300, 1 << 40] {
            let lens = Lens {
                cursor: Some(payload - 16),
                range: Some((0, payload)),
                parts: Parts {
                    bytes: Window { top, rows: 300 },
                    ..EVERYTHING
                },
                ..Lens::default()
            };
            let bytes = with_survey(&heap, &lens).bytes.expect("a block");
            let unread = bytes.rows.iter().filter(|row| row.bytes.is_none()).count();
            if payload == blocks[0] && top == 300 {
                assert_eq!(unread, 300, "nobody wrote there");
            }
        }
    }
    assert_eq!(resident(), before);
    let buffer = crate::support::heap(&Options {
        source: Source::Buffer,
        maximum: 0x2_0000,
        stamp: false,
        ..Options::default()
    });
    let payload = buffer.alloc(100_000, Flags::NONE).expect("room").payload;
    let lens = Lens {
        cursor: Some(payload),
        parts: EVERYTHING,
        ..Lens::default()
    };
    let bytes = with_survey(&buffer, &lens).bytes.expect("a block");
    assert!(
        bytes.rows.iter().all(|row| row.bytes.is_some()),
        "a buffer can be read"
    );
}
