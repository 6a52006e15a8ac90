//! How long it takes to get to any moment of a session of a million operations.
//!
//! `cargo bench --bench seek -- table` prints, for heaps of several sizes, how long seeks to random operations took: the
//! median, the 95th percentile and the longest, the first ones included, which leave checkpoints behind for the later.
//! Beside them stands what keeping the way back cost while the operations were made.

use std::time::{Duration, Instant};

use heapwalk::session::{Session, parse_line};
use heapwalk::view::Lens;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Seeks for each row.
const SEEKS: usize = 400;

/// A session to seek in.
struct Subject {
    name: &'static str,
    lines: Vec<String>,
}

/// One workload of a million operations, with so many live blocks.
fn one(name: &'static str, live: u32) -> Subject {
    Subject {
        name,
        lines: vec![format!("run random ops=1000000 live={live} seed=5")],
    }
}

/// Workloads with many commands between them, a million operations in all. Each of the eight leaves its live blocks.
fn many(name: &'static str, live: u32) -> Subject {
    let mut lines = Vec::new();
    for round in 0..8 {
        lines.push(format!(
            "run random ops=122500 live={live} seed={round} realloc=5"
        ));
        for nth in 0..500 {
            lines.push(format!("alloc p{nth} {}", 16 + nth % 300));
        }
        lines.push("alloc q[0:1000] 100".to_owned());
        lines.push("free q[::2]".to_owned());
        for nth in 0..500 {
            lines.push(format!("free p{nth}"));
        }
        lines.push("heapmin".to_owned());
    }
    Subject { name, lines }
}

fn subjects() -> Vec<Subject> {
    vec![
        one("1 MiB, one workload", 3_700),
        one("16 MiB, one workload", 60_000),
        one("64 MiB, one workload", 240_000),
        many("16 MiB, 8,000 commands", 7_500),
        one("100 MiB, one workload", 370_000),
    ]
}

fn apply(session: &mut Session, line: &str) {
    let command = parse_line(line).expect("a command").expect("not blank");
    session.apply(&command);
}

/// Makes what a subject has in a session, and tells how long it took.
fn make(subject: &Subject, keeps: bool) -> (Session, Duration) {
    let mut session = Session::new().expect("addresses");
    if !keeps {
        session.without_undo();
    }
    let begin = Instant::now();
    for line in &subject.lines {
        apply(&mut session, line);
    }
    (session, begin.elapsed())
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    let last = sorted.len() - 1;
    sorted[last * percent / 100].as_secs_f64() * 1e3
}

fn measure(subject: &Subject, seeks: usize) {
    let (_, without) = make(subject, false);
    let (mut session, with) = make(subject, true);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let operations = session.frame(&Lens::default()).operations;
    let mut times: Vec<Duration> = (0..seeks)
        .map(|_| {
            let to = random.next_u64() % (operations + 1);
            let begin = Instant::now();
            apply(&mut session, &format!("seek {to}"));
            begin.elapsed()
        })
        .collect();
    let first = times[..times.len().min(20)]
        .iter()
        .max()
        .map_or(0.0, |time| time.as_secs_f64() * 1e3);
    times.sort_unstable();
    let time = session.frame(&Lens::default()).time;
    println!(
        "{:<26} {:>9} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>9.2} {:>9.2} {:>8}",
        subject.name,
        operations,
        at(&times, 50),
        at(&times, 95),
        at(&times, 100),
        first,
        without.as_secs_f64(),
        with.as_secs_f64(),
        time.kept >> 20,
    );
}

fn main() {
    // `cargo test --benches` wants to know that all of this runs, not how fast.
    let whole = std::env::args().any(|arg| arg == "table" || arg == "--bench");
    println!(
        "{:<26} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8}",
        "", "ops", "p50 ms", "p95 ms", "max ms", "first 20", "s without", "s with", "MiB kept"
    );
    // Any other words choose subjects by their names.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "table" && !arg.starts_with("--"))
        .collect();
    let is_wanted = |subject: &Subject| {
        wanted.is_empty() || wanted.iter().any(|part| subject.name.contains(&**part))
    };
    if whole {
        for subject in subjects().iter().filter(|subject| is_wanted(subject)) {
            measure(subject, SEEKS);
        }
    } else {
        let small = Subject {
            name: "small",
            lines: vec!["run random ops=2000 live=100".to_owned()],
        };
        measure(&small, 20);
    }
}
