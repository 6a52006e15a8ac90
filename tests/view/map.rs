//! Pictures against a walk: every cell of the map, the memory line, pins.

use heapwalk::heap::{Entry, Flags, Header, Heap, Options, Source};
use heapwalk::view::{Cell, CellState, Lens, MapRow, Target, memory_line};

use crate::support::{heap, lived, picture, seek};

/// State of each granule by the walk, and whether a block starts there.
fn granules(heap: &Heap) -> Vec<(CellState, bool)> {
    heap.look(|core| {
        let units = core.units_end() * 0x1_0000 / 16;
        let mut all = vec![(CellState::Uncommitted, false); units as usize];
        for page in 0..units / 256 {
            if core.is_committed(page) {
                all[(page * 256) as usize..][..256].fill((CellState::Control, false));
            }
        }
        for entry in core.walk() {
            let (from, granules, state) = match entry {
                Entry::Block(block, header) if header.has(Header::BUSY) => {
                    (block.0, header.size(), CellState::Busy)
                }
                Entry::Block(block, header) => (block.0, header.size(), CellState::Free),
                Entry::Large(region) => {
                    let block = core.large_block(region);
                    let end = region.address() / 16 + core.region_committed(region) * 256;
                    (block.0, end - u64::from(block.0), CellState::Busy)
                }
                _ => continue,
            };
            all[from as usize..][..granules as usize].fill((state, false));
            all[from as usize].1 = true;
        }
        all
    })
}

/// The cell that a walk makes of some granules.
fn expected(all: &[(CellState, bool)]) -> (CellState, bool, bool) {
    let count = |wanted| all.iter().filter(|(state, _)| *state == wanted).count();
    let (busy, free, control) = (
        count(CellState::Busy),
        count(CellState::Free),
        count(CellState::Control),
    );
    let state = match () {
        () if busy + free + control == 0 => CellState::Uncommitted,
        () if busy + free == 0 => CellState::Control,
        () if busy >= free => CellState::Busy,
        () => CellState::Free,
    };
    (
        state,
        all.iter().any(|(_, starts)| *starts),
        busy > 0 && free > 0,
    )
}

fn check(heap: &Heap, zoom: u64) {
    let all = granules(heap);
    let mut seen = 0;
    let mut top = 0;
    loop {
        let lens = Lens {
            rows: 50,
            zoom: Some(zoom),
            top,
            follow: false,
            ..Lens::default()
        };
        let map = picture(heap, &lens).map;
        assert_eq!(map.cell_bytes, zoom);
        // The last screenful is shown whole: what was seen already is passed over.
        let again = usize::try_from(top - map.top).expect("a few rows");
        for row in &map.rows[again..] {
            match row {
                MapRow::Cells { address, cells, .. } => {
                    for (nth, cell) in (0..).zip(cells) {
                        let from = ((address + nth * zoom) / 16) as usize;
                        let to = (from + (zoom / 16) as usize).min(all.len());
                        let Cell {
                            state,
                            starts,
                            mixed,
                            ..
                        } = *cell;
                        assert_eq!(
                            (state, starts, mixed),
                            expected(&all[from..to]),
                            "zoom {zoom}, granule {from:#x}"
                        );
                        seen += to - from;
                    }
                }
                MapRow::Folded {
                    address,
                    bytes,
                    state,
                    ..
                } => {
                    let range = (address / 16) as usize..((address + bytes) / 16) as usize;
                    seen += range.len();
                    assert!(all[range].iter().all(|(found, _)| found == state));
                }
                MapRow::Title { .. } => {}
            }
        }
        top += 50;
        if top >= map.total_rows {
            break;
        }
    }
    let reserved = heap.look(|core| core.totals().reserved / 16);
    assert!(
        seen as u64 >= reserved,
        "zoom {zoom}: {seen} of {reserved} granules are on the map"
    );
}

#[test]
fn every_cell_of_the_map_is_what_a_walk_says() {
    for seed in 1..=6 {
        println!("seed {seed}");
        for (source, largest) in [
            (Source::Fixed, 8_000),
            (Source::Growable, 60_000),
            (Source::Growable, 1_500_000),
        ] {
            let (heap, _) = lived(seed, source, seed % 2 == 0, largest);
            for zoom in [16, 32, 64, 256, 1024, 4096, 65536] {
                check(&heap, zoom);
            }
        }
    }
}

#[test]
fn the_memory_line_adds_up_and_tells_what_heapmin_returns() {
    for seed in 1..=40 {
        println!("seed {seed}");
        let (heap, _) = lived(seed, Source::Growable, true, 400_000);
        let line = memory_line(&heap, (0, 0));
        let sum = line.live
            + line.slack
            + line.headers
            + line.control
            + line.holes_returnable
            + line.holes_pinned;
        assert_eq!(sum, line.committed);
        assert_eq!(line.sum(), Some(line.committed));
        assert!(picture(&heap, &Lens::default()).counters_fit());
        let (promised, ranges) = heap.look(|core| (core.returnable(), core.totals().ranges));
        let segments = heap.look(|core| core.recount().entries);
        let done = heap.minimize(Flags::NONE).expect("undamaged");
        assert_eq!(done.pages, promised.pages);
        // Besides free bytes, the pages held descriptors of ranges and segments that are no more.
        let control = done.pages * 4096 - line.holes_returnable;
        assert!(
            control <= 80 * ranges + 64 * segments,
            "{control} bytes of control in {} pages",
            done.pages
        );
        assert_eq!(memory_line(&heap, (0, 0)).holes_returnable, 0);
    }
}

#[test]
fn moving_visits_every_block_in_both_directions() {
    let (heap, _) = lived(3, Source::Growable, true, 60_000);
    let mut blocks: Vec<u64> = heap.look(|core| {
        let address = |entry| match entry {
            Entry::Block(block, _) => Some(block.address()),
            Entry::Large(region) => Some(core.large_block(region).address()),
            _ => None,
        };
        core.walk().filter_map(address).collect()
    });
    blocks.sort_unstable();
    let mut cursor = seek(&heap, None, Target::First, 1024);
    for &block in &blocks {
        assert_eq!(cursor, Some(block));
        cursor = seek(&heap, cursor, Target::NextBlock, 1024);
    }
    assert_eq!(cursor, blocks.last().copied(), "the last block is the end");
    for &block in blocks.iter().rev() {
        assert_eq!(cursor, Some(block));
        cursor = seek(&heap, cursor, Target::PreviousBlock, 1024);
    }
}

#[test]
fn pictures_make_no_page_resident() {
    let heap = heap(&Options {
        stamp: false,
        ..Options::default()
    });
    let payload = heap.alloc(400_000, Flags::NONE).expect("room").payload;
    let resident = || heapwalk::view::resident(&heap);
    let before = resident();
    for zoom in [None, Some(16), Some(4096)] {
        for cursor in [payload - 16, 0x720, payload + 399_000] {
            picture(
                &heap,
                &Lens {
                    zoom,
                    cursor: Some(cursor),
                    rows: 60,
                    ..Lens::default()
                },
            );
        }
    }
    assert_eq!(resident(), before);
}
