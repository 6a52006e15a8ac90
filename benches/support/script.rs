//! Scripts: allocation patterns with everything decided beforehand, so that replaying one measures allocators only.

use std::path::{Path, PathBuf};

use heapwalk::session::{Distribution, Generator, Lifetime, Step, Workload};
use heapwalk::trace::samples::SAMPLES;
use heapwalk::trace::{Op, Trace};

/// A directory with further traces (`.rep`, `.rep.gz`).
const TRACES: &str = "HEAPWALK_TRACES";

/// Requests from here up would fail in some subject; they are left out for all.
const TOO_LARGE: u64 = 1 << 30;

/// One call. A free or reallocated slot has a block, an allocated one has none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    /// malloc into a slot. Sizes are never 0, which some subjects do not take.
    Alloc { slot: u32, size: u32 },
    /// realloc of a slot's block.
    Realloc { slot: u32, size: u32 },
    /// free of a slot's block.
    Free { slot: u32 },
}

/// Where a script comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Made by a seeded generator.
    Seeded,
    /// A trace that heapwalk ships.
    Sample,
    /// A file of the directory that `HEAPWALK_TRACES` names.
    File,
}

/// A named list of calls.
#[derive(Debug)]
pub(crate) struct Script {
    /// What it is called in reports.
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) kind: Kind,
    /// The calls, in order.
    pub(crate) calls: Vec<Call>,
    /// Slots are below this: the most blocks that live at one time.
    pub(crate) slots: usize,
    /// Most bytes that live at one time, as asked for.
    pub(crate) peak_payload: u64,
}

/// All scripts of this run.
pub(crate) fn scripts() -> Vec<Script> {
    let seeded = SEEDED
        .iter()
        .map(|(name, workload)| Script::of_workload(name, workload));
    let shipped = SAMPLES.iter().map(|sample| {
        let trace = sample.read().expect("a shipped trace reads");
        Script::of_trace(sample.name, Kind::Sample, &trace)
    });
    let files = trace_files().into_iter().map(|path| {
        let trace = Trace::open(&path).unwrap_or_else(|error| panic!("{error}"));
        Script::of_trace(&stem(&path), Kind::File, &trace)
    });
    seeded.chain(shipped).chain(files).collect()
}

const SMALL: Workload = Workload {
    ops: 200_000,
    size_min: 8,
    size_max: 256,
    distribution: Distribution::Uniform,
    lifetime: Lifetime::Random,
    live: 2_000,
    realloc: 0,
    seed: 1,
    from: 0,
    until: None,
    heap: None,
};

/// The seeded scripts.
const SEEDED: [(&str, Workload); 5] = [
    ("small-churn", SMALL),
    (
        "exponential",
        Workload {
            size_max: 32 * 1024,
            distribution: Distribution::Exponential,
            live: 4_000,
            seed: 2,
            ..SMALL
        },
    ),
    (
        "lifo",
        Workload {
            size_max: 1024,
            lifetime: Lifetime::Lifo,
            seed: 3,
            ..SMALL
        },
    ),
    (
        "fifo",
        Workload {
            size_max: 1024,
            lifetime: Lifetime::Fifo,
            seed: 4,
            ..SMALL
        },
    ),
    (
        "realloc",
        Workload {
            size_max: 8 * 1024,
            distribution: Distribution::Exponential,
            live: 500,
            realloc: 60,
            seed: 5,
            ..SMALL
        },
    ),
];

fn trace_files() -> Vec<PathBuf> {
    let Some(directory) = std::env::var_os(TRACES) else {
        return Vec::new();
    };
    let is_trace = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".rep") || name.ends_with(".rep.gz")
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{TRACES}={}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry of the directory").path())
        .filter(is_trace)
        .collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split(".rep").next().unwrap_or_default().to_owned()
}

impl Script {
    fn of_workload(name: &str, workload: &Workload) -> Script {
        let mut writer = Writer::default();
        for step in Generator::new(workload) {
            match step {
                Step::Alloc { slot, size } | Step::Realloc { slot, size } => {
                    writer.resize(slot, size);
                }
                Step::Free { slot } => writer.free(slot),
            }
        }
        writer.finish(name, Kind::Seeded)
    }

    fn of_trace(name: &str, kind: Kind, trace: &Trace) -> Script {
        let mut writer = Writer::default();
        for op in &trace.ops {
            match *op {
                Op::Realloc { id, size: 0 } | Op::Free { id } => writer.free(id as usize),
                Op::Alloc { id, size } | Op::Realloc { id, size } => {
                    writer.resize(id as usize, size);
                }
                Op::FreeNull => {}
            }
        }
        writer.finish(name, kind)
    }
}

/// Turns operations on ids into calls on slots. The slot freed last is used first: the table of slots stays as small
/// as it can be, and out of the way of what is measured.
#[derive(Default)]
struct Writer {
    calls: Vec<Call>,
    /// Slot and size of each id's block.
    held: Vec<Option<(u32, u32)>>,
    spare: Vec<u32>,
    slots: u32,
    payload: u64,
    peak: u64,
}

impl Writer {
    /// Allocates for `id`, or reallocates its block.
    fn resize(&mut self, id: usize, size: u64) {
        if size >= TOO_LARGE {
            return;
        }
        let size = (size as u32).max(1);
        if self.held.len() <= id {
            self.held.resize(id + 1, None);
        }
        let slot = match self.held[id] {
            Some((slot, old)) => {
                self.payload -= u64::from(old);
                self.calls.push(Call::Realloc { slot, size });
                slot
            }
            None => {
                let slot = self.spare.pop().unwrap_or_else(|| {
                    self.slots += 1;
                    self.slots - 1
                });
                self.calls.push(Call::Alloc { slot, size });
                slot
            }
        };
        self.held[id] = Some((slot, size));
        self.payload += u64::from(size);
        self.peak = self.peak.max(self.payload);
    }

    /// Frees the block of `id`, if it has one.
    fn free(&mut self, id: usize) {
        if let Some((slot, size)) = self.held.get_mut(id).and_then(Option::take) {
            self.calls.push(Call::Free { slot });
            self.spare.push(slot);
            self.payload -= u64::from(size);
        }
    }

    fn finish(self, name: &str, kind: Kind) -> Script {
        Script {
            name: name.to_owned(),
            kind,
            calls: self.calls,
            slots: self.slots as usize,
            peak_payload: self.peak,
        }
    }
}
