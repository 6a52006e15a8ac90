//! Reading a heap: walks, validation and pictures of heaps from a thousand to a million blocks.
//!
//! Walks, surveys and validation are measured in blocks a second; a picture costs what it shows, so that is measured in
//! time.
//! Every second block is free, as far as chance leaves it: the heaps are full of holes, and blocks lie in memory in
//! another order than they were made in.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use heapwalk::heap::{Entry, Flags, Heap, Options, RegionKind};
use heapwalk::os::CommitLimit;
use heapwalk::session::{Distribution, Generator, Step, Workload};
use heapwalk::view::{Context, Lens, Parts, Search, Survey, Wanted, Window, survey, take};

/// Numbers of live blocks.
const BLOCKS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// A heap that held twice as many blocks as are left.
fn heap_of(blocks: u32) -> Heap {
    let options = Options {
        flags: Flags::NO_SERIALIZE,
        stamp: false,
        checks: false,
        ..Options::default()
    };
    let limit = Arc::new(CommitLimit::new(u64::MAX));
    let heap = Heap::new(&options, &limit).expect("a growable heap");
    let workload = Workload {
        ops: u64::from(blocks) * 6,
        size_min: 8,
        size_max: 512,
        distribution: Distribution::Exponential,
        live: blocks * 2,
        ..Workload::default()
    };
    let mut held: Vec<Option<u64>> = Vec::new();
    for step in Generator::new(&workload) {
        match step {
            Step::Alloc { slot, size } => {
                held.resize(held.len().max(slot + 1), None);
                let placed = heap.alloc(size, Flags::NONE).expect("room in 64 GiB");
                held[slot] = Some(placed.payload);
            }
            Step::Free { slot } => free(&heap, held[slot].take()),
            Step::Realloc { .. } => unreachable!("the workload asks for none"),
        }
    }
    held.into_iter()
        .step_by(2)
        .for_each(|payload| free(&heap, payload));
    heap
}

fn free(heap: &Heap, payload: Option<u64>) {
    if let Some(payload) = payload {
        heap.free(payload, Flags::NONE)
            .expect("a block of this heap");
    }
}

/// Blocks by their headers, one behind the other.
fn walk(heap: &Heap) -> u64 {
    heap.look(|core| {
        let is_block = |entry: &Entry| matches!(entry, Entry::Block(..));
        core.walk().filter(is_block).count() as u64
    })
}

/// Blocks by the bits of their starts.
fn count_bits(heap: &Heap) -> u64 {
    heap.look(|core| {
        let mut blocks = 0;
        for segment in core.regions(RegionKind::Segment) {
            let (mut from, end) = (
                segment.address() / 16,
                (segment.address() + core.region_reserved(segment)) / 16,
            );
            while from < end {
                let (starts, _) = core.mark_words(heapwalk::heap::Block(from as u32));
                blocks += u64::from(starts.count_ones());
                from += 64;
            }
        }
        blocks
    })
}

fn picture(heap: &Heap, zoom: Option<u64>, survey: Option<&Survey>) -> usize {
    let parts = if survey.is_some() {
        ALL_PARTS
    } else {
        Parts::default()
    };
    let lens = Lens {
        parts,
        cells: 128,
        rows: 38,
        zoom,
        top: 0,
        cursor: None,
        follow: false,
        ..Lens::default()
    };
    let context = Context {
        number: 1,
        of: 1,
        crt: true,
        marks: &[],
        others: &|_| Vec::new(),
        bad: &[],
        names: &|_| None,
        returned: (0, 0),
        born: &|_| None,
        search: None,
        survey,
        fresh: true,
        quiet: true,
    };
    take(heap, &lens, &context).map.rows.len()
}

const ALL_PARTS: Parts = Parts {
    overview: 128,
    fragmentation: true,
    free_list: Window { top: 0, rows: 20 },
    pins: Window { top: 0, rows: 20 },
    bytes: Window { top: 0, rows: 20 },
};

fn surveyed(heap: &Heap, pins: bool, search: Option<Search<'_>>) -> Survey {
    survey(heap, &Wanted { pins, search }, &|_| None)
}

/// What no counter tells, found in one sweep over all blocks.
fn bench_survey(criterion: &mut Criterion, heap: &Heap, blocks: u32, there: u64) {
    let search = Search {
        matches: &|facts| facts.asked > 256,
        owners: false,
        pins: false,
    };
    let mut group = criterion.benchmark_group("survey");
    group.throughput(Throughput::Elements(there));
    for (what, pins, search) in [
        ("sizes", false, None),
        ("sizes and pins", true, None),
        ("sizes and a filter", false, Some(search)),
    ] {
        group.bench_function(BenchmarkId::new(what, blocks), |b| {
            b.iter(|| surveyed(black_box(heap), pins, search));
        });
    }
    group.finish();
}

fn bench(criterion: &mut Criterion, blocks: u32) {
    let heap = heap_of(blocks);
    let there = walk(&heap);
    let mut group = criterion.benchmark_group("blocks");
    group.throughput(Throughput::Elements(there));
    let id = |what| BenchmarkId::new(what, blocks);
    group.bench_function(id("walk headers"), |b| {
        b.iter(|| walk(black_box(&heap)));
    });
    group.bench_function(id("count bits"), |b| {
        b.iter(|| count_bits(black_box(&heap)));
    });
    group.bench_function(id("validate"), |b| {
        b.iter(|| heap.validate(Flags::NONE, 1));
    });
    group.finish();
    bench_survey(criterion, &heap, blocks, there);
    let mut group = criterion.benchmark_group("picture");
    group.bench_function(id("whole heap"), |b| {
        b.iter(|| picture(black_box(&heap), None, None));
    });
    let survey = surveyed(&heap, true, None);
    group.bench_function(id("whole heap, all parts"), |b| {
        b.iter(|| picture(black_box(&heap), None, Some(&survey)));
    });
    group.bench_function(id("16 bytes a cell"), |b| {
        b.iter(|| picture(black_box(&heap), Some(16), None));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    for blocks in BLOCKS {
        bench(&mut criterion, blocks);
    }
    criterion.final_summary();
}
