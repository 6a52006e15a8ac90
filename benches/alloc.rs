//! heapwalk's heap against other allocators, on seeded workloads and recorded traces.
//!
//! `cargo bench --bench alloc` measures everything and prints a table at the end; `cargo bench --bench alloc -- table`
//! prints the table alone. With `HEAPWALK_TRACES=DIRECTORY` the traces there take part.
//!
//! All subjects run on one thread, on memory of the same kind, and do the same work: each block is touched where it
//! begins. Heaps are warm, so that no page is fetched in the timed part (but for large blocks of heapwalk, which go
//! back to the system when they are freed, as Windows' do).

mod support;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use support::{SUBJECTS, Script, print_table, scripts};

fn bench(criterion: &mut Criterion, script: &Script) {
    let mut group = criterion.benchmark_group(&script.name);
    group.throughput(Throughput::Elements(script.calls.len() as u64));
    for (name, warm) in SUBJECTS {
        let mut player = None;
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            let player = player.get_or_insert_with(|| warm(script));
            bencher.iter_custom(|times| (0..times).map(|_| player.play()).sum());
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let scripts = scripts();
    for script in &scripts {
        bench(&mut criterion, script);
    }
    criterion.final_summary();
    // `cargo test --benches` wants to know that all of this runs, not how fast; a profiler watches one thing.
    let asked = |wanted: &str| std::env::args().any(|arg| arg == wanted);
    if asked("--bench") && !asked("--profile-time") {
        print_table(&scripts);
    }
}
