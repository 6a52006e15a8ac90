//! Real threads that race on one heap without its lock, for a while: they damage the heap and nothing else.
//!
//! `HEAPWALK_SOAK_SECONDS` says for how long; a few seconds where it does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use heapwalk::heap::{Flags, Heap, Options, Policy};
use heapwalk::lab::Workload;
use heapwalk::lab::crew::{Crew, Doing, Guard, Kind, Plan, Report};
use heapwalk::os::CommitLimit;
use heapwalk::view::{self, Context, Lens, Parts, Wanted, Window};

/// Bytes that a heap may commit.
const LIMIT: u64 = 64 << 20;
/// Bytes that the process may grow by beside what heaps commit: books of blocks, pictures, stacks of threads.
const BESIDE: u64 = 192 << 20;
/// How long one heap is worked on; the time is for many, each with other settings.
const ROUND: Duration = Duration::from_secs(4);
/// How long a worker may take for its last operation.
const PROMPT: Duration = Duration::from_secs(10);

fn soak() -> Duration {
    let asked = std::env::var("HEAPWALK_SOAK_SECONDS").ok();
    let seconds = asked.and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(6))
}

/// What the kernel gave this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("the kernel's word");
    let pages: u64 = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("pages");
    pages * 4096
}

fn options(round: u64) -> Options {
    Options {
        flags: Flags::NONE.with(Flags::DISABLE_COALESCE_ON_FREE, round % 3 == 2),
        policy: Policy::ALL[round as usize % Policy::ALL.len()],
        stamp: round % 4 != 1,
        checks: round.is_multiple_of(2),
        decommit: round % 5 == 3,
        ..Options::default()
    }
}

fn plan(workers: usize, round: u64) -> Plan {
    Plan {
        workers,
        workload: Workload {
            ops: u64::MAX,
            size_max: [512, 64, 20_000, 700_000][round as usize % 4],
            live: [200, 1_000, 100, 10][round as usize % 4],
            realloc: (round % 3 * 10) as u8,
            seed: round,
            ..Workload::default()
        },
        calls: Flags::NO_SERIALIZE,
        guard: Guard::Heap,
    }
}

/// Looks at a heap as a screen does, while it is worked on.
fn look(heap: &Heap, cursor: u64) {
    let wanted = Wanted {
        pins: true,
        search: None,
    };
    let survey = view::survey(heap, &wanted, &|_| None);
    let context = Context {
        number: 1,
        of: 1,
        crt: false,
        marks: &[],
        names: &|_| None,
        others: &|_| Vec::new(),
        bad: &[],
        returned: (0, 0),
        born: &|_| None,
        search: None,
        survey: Some(&survey),
        fresh: false,
        quiet: false,
    };
    let window = Window { top: 0, rows: 20 };
    let lens = Lens {
        cursor: Some(cursor),
        parts: Parts::all(64, window),
        ..Lens::default()
    };
    let map = view::take(heap, &lens, &context).map;
    assert!(map.rows.len() <= usize::from(lens.rows));
}

/// Four workers race on a new heap for a while.
fn race(round: u64, most: Duration) -> Report {
    let limit = Arc::new(CommitLimit::new(LIMIT));
    let heap = Arc::new(Heap::new(&options(round), &limit).expect("addresses"));
    let mut crew = Crew::start(Arc::clone(&heap), plan(4, round)).expect("threads");
    let mut cursor = 0x720_u64;
    let begun = Instant::now();
    crew.go();
    while begun.elapsed() < most {
        cursor = cursor.wrapping_mul(5).wrapping_add(0x730) % (1 << 20) / 16 * 16;
        look(&heap, cursor);
        assert!(limit.used() <= LIMIT);
        assert!(!crew.wait(Duration::from_millis(30)), "all are gone");
        let lanes = crew.report().lanes;
        assert!(
            lanes.iter().all(|lane| lane.doing != Doing::Crashed),
            "round {round}"
        );
    }
    let before = crew.done();
    assert!(!crew.wait(Duration::from_millis(1)));
    let end = Instant::now();
    crew.stop();
    assert!(end.elapsed() < PROMPT, "{:?} to stop", end.elapsed());
    crew.park().audit();
    let report = crew.report();
    assert!(report.lanes.iter().all(|lane| lane.doing == Doing::Stopped));
    assert!(report.done() >= before);
    // Ends, whatever it meets; and says what is wrong.
    let (_, found) = heap.validate(Flags::NONE, 16);
    let structures = [Kind::Link, Kind::Cycle, Kind::Counter, Kind::Structure];
    let of = |kind: Kind| report.totals[kind as usize];
    assert!(found == 0 || structures.into_iter().any(|kind| of(kind) > 0));
    report
}

/// A heap made afterwards knows nothing of it.
fn a_new_heap_is_clean() {
    let limit = Arc::new(CommitLimit::new(LIMIT));
    let heap = Arc::new(Heap::new(&Options::default(), &limit).expect("addresses"));
    let mut plan = plan(4, 0);
    plan.workload.ops = 5_000;
    plan.calls = Flags::NONE;
    let crew = Crew::start(Arc::clone(&heap), plan).expect("threads");
    crew.go();
    assert!(crew.wait(Duration::from_secs(60)));
    crew.park().audit();
    assert_eq!(crew.report().found(), 0);
    assert_eq!(heap.validate(Flags::NONE, 1).1, 0);
}

#[test]
fn unserialised_workers_damage_their_heap_and_never_the_process() {
    let before = resident();
    let begun = Instant::now();
    let (mut operations, mut round, mut totals) = (0, 0, [0; Kind::ALL.len()]);
    let mut damaged = 0;
    while begun.elapsed() < soak() {
        let report = race(round, ROUND.min(soak() / 3));
        round += 1;
        operations += report.done();
        damaged += u64::from(report.found() > 0);
        if report.found() == 0 {
            println!("round {} did no damage", round - 1);
        }
        for (sum, count) in totals.iter_mut().zip(report.totals) {
            *sum += count;
        }
        let grown = resident().saturating_sub(before);
        assert!(
            grown < LIMIT + BESIDE,
            "{grown} bytes more behind round {round}"
        );
    }
    let found: Vec<String> = Kind::ALL
        .iter()
        .zip(totals)
        .map(|(kind, count)| format!("{} {count}", kind.name()))
        .collect();
    println!(
        "{round} heaps, {damaged} damaged, {operations} operations in {:?}: {}; {} KiB more than before",
        begun.elapsed(),
        found.join(", "),
        resident().saturating_sub(before) / 1024
    );
    // A heap whose few large blocks hardly ever meet may get away with it; most do not.
    assert!(
        damaged * 2 > round,
        "{damaged} of {round} heaps were damaged"
    );
    a_new_heap_is_clean();
}
