//! The side that runs cases: tells each before it begins, and measures it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Where the child writes its case. Its presence makes a process the child.
pub(crate) const REPORT: &str = "HEAPWALK_FUZZ_REPORT";
/// The seed to begin with.
pub(crate) const SEED: &str = "HEAPWALK_FUZZ_SEED";
/// Bytes of a case's description.
const WIDTH: usize = 1024;
/// Processor time that one step of a case may take, which other processes do not lengthen. A debug build takes a
/// few milliseconds.
const MOST: Duration = Duration::from_millis(1500);
/// Bytes that the child may have in memory.
const MOST_RESIDENT: u64 = 700 << 20;

pub(crate) fn seed_given() -> Option<u64> {
    let text = std::env::var(SEED).ok()?;
    Some(text.parse().expect("HEAPWALK_FUZZ_SEED: a number"))
}

/// The cases of one child.
pub(crate) struct Cases {
    report: File,
    until: Instant,
    /// The seed of the case that runs.
    seed: u64,
    number: u64,
    pub(crate) random: ChaCha8Rng,
    worst: (Duration, String),
    case: String,
}

impl Cases {
    pub(crate) fn new(report: &Path, time: Duration) -> Cases {
        let seed = seed_given().unwrap_or(1);
        Cases {
            report: File::create(report).expect("the parent's folder"),
            until: Instant::now() + time,
            seed,
            number: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
            worst: (Duration::ZERO, String::new()),
            case: String::new(),
        }
    }

    /// Begins the next round, which depends on nothing but its seed. False when the time is over.
    pub(crate) fn next_round(&mut self) -> bool {
        if self.number > 0 {
            if Instant::now() >= self.until {
                println!(
                    "{} cases; the longest step took {:?} of processor time: {}",
                    self.number, self.worst.0, self.worst.1
                );
                return false;
            }
            self.seed = self.seed.wrapping_add(1);
        }
        self.random = ChaCha8Rng::seed_from_u64(self.seed);
        true
    }

    /// The seed of this round: the next round's is one more.
    pub(crate) fn seed(&self) -> usize {
        usize::try_from(self.seed).unwrap_or(0)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end.max(1))
    }

    /// Tells what is about to be done.
    pub(crate) fn tell(&mut self, case: impl Into<String>) {
        self.number += 1;
        self.case = case.into();
        let words = format!(
            "HEAPWALK_FUZZ_SEED={}, case {}: {}",
            self.seed, self.number, self.case
        );
        let mut bytes = words.into_bytes();
        bytes.resize(WIDTH, b' ');
        self.report
            .write_all_at(&bytes, 0)
            .expect("the parent's file");
    }

    /// Runs a step of the case that was told, within its time.
    pub(crate) fn step<T>(&mut self, name: &str, step: impl FnOnce() -> T) -> T {
        let before = processor_time();
        let result = step();
        let took = processor_time().saturating_sub(before);
        if took > self.worst.0 {
            self.worst = (took, format!("{name}: {}", self.case));
        }
        assert!(took < MOST, "{name} took {took:?} of processor time");
        result
    }

    /// What the child has in memory stays bounded.
    pub(crate) fn check_memory(&self) {
        let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages: u64 = text
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse().ok())
            .unwrap_or(0);
        assert!(
            pages * 4096 < MOST_RESIDENT,
            "{} MiB are resident",
            pages >> 8
        );
    }
}

/// Processor time of this thread.
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
