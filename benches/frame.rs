//! Drawing: one frame of heaps from a thousand to a hundred thousand blocks, at the three sizes of screen.
//!
//! A frame is drawn from a picture, so that its cost should follow the cells and not the blocks (invariant 7).

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use heapwalk::session::{Session, parse_line};
use heapwalk::tui::{Appearance, ColorDepth, GlyphSet, Theme, still};
use heapwalk::view::Lens;
use ratatui::layout::Size;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const BLOCKS: [u32; 3] = [1_000, 10_000, 100_000];

fn session(blocks: u32) -> Session {
    let mut session = Session::new().expect("addresses");
    session.without_undo();
    let line = format!(
        "run random ops={} live={blocks} sizes=8..512",
        u64::from(blocks) * 4
    );
    let command = parse_line(&line).expect("a command").expect("not blank");
    session.apply(&command);
    session
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    for blocks in BLOCKS {
        let mut session = session(blocks);
        for (width, height) in SIZES {
            let cells = if width < 140 { 64 } else { 128 };
            let lens = Lens {
                cells,
                rows: height - 11,
                ..Lens::default()
            };
            let frame = session.frame(&lens);
            let name = format!("{width}x{height}");
            let mut group = criterion.benchmark_group("frame");
            group.bench_function(
                BenchmarkId::new(format!("draw {name}"), blocks),
                |bencher| {
                    bencher.iter(|| black_box(still(&frame, &theme, Size { width, height })));
                },
            );
            group.bench_function(
                BenchmarkId::new(format!("picture {name}"), blocks),
                |bencher| {
                    bencher.iter(|| black_box(session.frame(&lens)));
                },
            );
            group.finish();
        }
    }
    criterion.final_summary();
}
