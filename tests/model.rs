//! Invariants 1 to 5: random operations against a shadow model, every structure checked after each. The tests below
//! make just over a million operations together.

use std::collections::BTreeMap;
use std::sync::Arc;

use heapwalk::heap::{AllocError, Flags, Heap, Options, Policy, Source};
use heapwalk::os::CommitLimit;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What the model knows of a live block: its size and the byte it is filled with.
struct Live {
    size: u64,
    fill: u8,
}

/// A heap and what it should hold.
struct Model {
    heap: Heap,
    live: BTreeMap<u64, Live>,
    rng: ChaCha8Rng,
    operations: u64,
    seed: u64,
}

/// How a run is shaped.
#[derive(Clone, Copy, Debug)]
struct Shape {
    source: Source,
    maximum: u64,
    largest: u64,
    target: usize,
    flags: Flags,
    policy: Policy,
    decommit: bool,
}

impl Model {
    fn new(shape: Shape, seed: u64, limit: &Arc<CommitLimit>) -> Model {
        let options = Options {
            source: shape.source,
            maximum: shape.maximum,
            flags: shape.flags,
            policy: shape.policy,
            decommit: shape.decommit,
            ..Options::default()
        };
        let heap = Heap::new(&options, limit).expect("the heap is small");
        Model {
            heap,
            live: BTreeMap::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            operations: 0,
            seed,
        }
    }

    fn fill(&mut self, payload: u64, size: u64) {
        let fill = self.rng.random();
        self.heap.look(|core| core.fill_bytes(payload, size, fill));
        self.live.insert(payload, Live { size, fill });
    }

    fn intact(&self, payload: u64, size: u64, fill: u8) {
        let other = self.heap.look(|core| core.find_other(payload, size, fill));
        assert_eq!(
            other, None,
            "seed {}, operation {}: payload of {payload:#x}",
            self.seed, self.operations
        );
    }

    fn pick(&mut self) -> Option<u64> {
        let nth = self.rng.random_range(0..self.live.len().max(1));
        self.live.keys().nth(nth).copied()
    }

    fn size(&mut self, shape: &Shape) -> u64 {
        match self.rng.random_range(0..20) {
            0 => 0,
            1 => self.rng.random_range(0..shape.largest),
            2..5 => self.rng.random_range(0..shape.largest.min(5000)),
            _ => self.rng.random_range(0..300),
        }
    }

    fn step(&mut self, shape: &Shape) {
        self.operations += 1;
        let grow = self.live.len() < shape.target;
        match self.rng.random_range(0..100) {
            0..40 => self.alloc(shape),
            40..45 if grow => self.alloc(shape),
            45..60 => self.realloc(shape),
            96 => self.toggle(),
            97 => self.compact(),
            98 => self.minimize(),
            99 => self.misuse(),
            _ => self.free(),
        }
        self.check();
    }

    fn alloc(&mut self, shape: &Shape) {
        let size = self.size(shape);
        let zero = self.rng.random_bool(0.2);
        let flags = if zero {
            Flags::ZERO_MEMORY
        } else {
            Flags::NONE
        };
        let before = self.image();
        match self.heap.alloc(size, flags) {
            Ok(placed) => {
                assert_eq!(placed.payload % 16, 0);
                assert_eq!(self.heap.size(placed.payload, Flags::NONE), Ok(size));
                if zero {
                    self.intact(placed.payload, size, 0);
                }
                self.fill(placed.payload, size);
            }
            Err(error) => {
                assert!(
                    !matches!(error, AllocError::Damaged(_)),
                    "seed {}: {error}",
                    self.seed
                );
                assert_eq!(
                    before,
                    self.image(),
                    "seed {}: a failed alloc left a trace",
                    self.seed
                );
                self.free();
                self.free();
            }
        }
    }

    fn realloc(&mut self, shape: &Shape) {
        let Some(payload) = self.pick() else { return };
        let size = self.size(shape);
        let Live { size: old, fill } = self.live[&payload];
        let mut flags = Flags::NONE;
        for flag in [Flags::ZERO_MEMORY, Flags::REALLOC_IN_PLACE_ONLY] {
            if self.rng.random_bool(0.3) {
                flags |= flag;
            }
        }
        let before = self.image();
        match self.heap.realloc(payload, size, flags) {
            Ok(resized) => {
                self.intact(resized.payload, old.min(size), fill);
                if flags.has(Flags::ZERO_MEMORY) && size > old {
                    self.intact(resized.payload + old, size - old, 0);
                }
                if flags.has(Flags::REALLOC_IN_PLACE_ONLY) {
                    assert_eq!(resized.payload, payload);
                }
                self.live.remove(&payload);
                self.fill(resized.payload, size);
            }
            Err(error) => {
                assert!(
                    !matches!(error, AllocError::Damaged(_)),
                    "seed {}: {error}",
                    self.seed
                );
                assert_eq!(
                    before,
                    self.image(),
                    "seed {}: a failed realloc left a trace",
                    self.seed
                );
                self.intact(payload, old, fill);
            }
        }
    }

    fn free(&mut self) {
        let Some(payload) = self.pick() else { return };
        let Live { size, fill } = self.live[&payload];
        self.intact(payload, size, fill);
        let freed = self
            .heap
            .free(payload, Flags::NONE)
            .unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        assert_eq!(freed.requested, size);
        self.live.remove(&payload);
    }

    fn toggle(&mut self) {
        match self.rng.random_range(0..4) {
            0 => {
                let on = self.rng.random();
                self.heap.set_coalesce(on);
            }
            1 => {
                let policy = Policy::ALL[self.rng.random_range(0..4)];
                self.heap
                    .change_settings(|settings| settings.policy = policy);
            }
            2 => {
                let on = self.rng.random();
                self.heap.change_settings(|settings| {
                    settings.flags = settings.flags.with(Flags::NO_SERIALIZE, on);
                });
            }
            _ => {
                let on = self.rng.random();
                self.heap.change_settings(|settings| settings.decommit = on);
            }
        }
    }

    fn compact(&mut self) {
        let before = self.heap.look(|core| core.recount());
        let done = self.heap.compact(Flags::NONE).expect("undamaged");
        let after = self.heap.look(|core| core.recount());
        assert_eq!(done.merged, before.free.0 - after.free.0);
        assert_eq!(before.unmerged, done.merged);
        assert_eq!(before.free.1, after.free.1, "compacting moves nothing");
        assert_eq!(
            before.committed, after.committed,
            "compacting gives nothing back"
        );
    }

    fn minimize(&mut self) {
        let before = self.heap.look(|core| core.recount());
        let can = self.heap.memory().can_return();
        let done = self.heap.minimize(Flags::NONE);
        assert_eq!(done.is_ok(), can);
        let Ok(done) = done else { return };
        let after = self.heap.look(|core| core.recount());
        assert_eq!(
            before.committed - after.committed,
            done.pages,
            "seed {}",
            self.seed
        );
        assert_eq!(
            self.heap.minimize(Flags::NONE).expect("undamaged").pages,
            0,
            "seed {}",
            self.seed
        );
    }

    fn misuse(&mut self) {
        let before = self.image();
        let wild = self.rng.random_range(0..0x40_0000u64);
        if !self.live.contains_key(&wild) {
            assert!(self.heap.free(wild, Flags::NONE).is_err());
            assert!(self.heap.realloc(wild, 10, Flags::NONE).is_err());
            assert!(self.heap.size(wild, Flags::NONE).is_err());
        }
        assert_eq!(
            before,
            self.image(),
            "seed {}: misuse left a trace",
            self.seed
        );
    }

    /// A hash of all words that are not zero, read without touching pages that are not resident.
    fn image(&self) -> Option<u64> {
        // Costly: every hundredth operation does.
        if !self.operations.is_multiple_of(100) {
            return None;
        }
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let words = self.heap.memory().words();
        let pages = words.len() as u64 / 512;
        let mut mix = |page: u64, resident: bool| {
            if resident {
                for at in page * 512..(page + 1) * 512 {
                    let word = words[at as usize].load(std::sync::atomic::Ordering::Relaxed);
                    if word != 0 {
                        hash = (hash ^ word ^ at).wrapping_mul(0x100_0000_01b3);
                    }
                }
            }
        };
        let layout = self.heap.layout();
        let used = self.heap.look(|core| core.units_end()) * 16;
        let bits = layout.bits as u64 / 512;
        for range in [
            0..used,
            layout.space / 4096..layout.space / 4096 + 1,
            bits..(bits + used / 64 + 1).min(pages),
        ] {
            if self
                .heap
                .memory()
                .resident(range.clone(), &mut mix)
                .is_none()
            {
                range.for_each(|page| mix(page, true));
            }
        }
        Some(hash)
    }

    fn check(&self) {
        let (findings, total) = self.heap.validate(Flags::NO_SERIALIZE, 3);
        assert_eq!(
            total, 0,
            "seed {}, operation {}: {findings:?}",
            self.seed, self.operations
        );
        let count = self.heap.look(|core| core.recount());
        assert_eq!(count.busy.0 + count.large.0, self.live.len() as u64);
        assert_eq!(
            count.requested,
            self.live.values().map(|live| live.size).sum::<u64>()
        );
    }
}

fn run(shape: Shape, seed: u64, operations: u64) {
    let limit = Arc::new(CommitLimit::new(1 << 30));
    let mut model = Model::new(shape, seed, &limit);
    for _ in 0..operations {
        model.step(&shape);
    }
    let Model { heap, live, .. } = model;
    for (payload, Live { size, fill }) in live {
        assert_eq!(heap.look(|core| core.find_other(payload, size, fill)), None);
        heap.free(payload, Flags::NONE).expect("a live block");
    }
    assert_eq!(heap.validate(Flags::NONE, 3), (vec![], 0));
    drop(heap);
    assert_eq!(limit.used(), 0, "a dropped heap ends its charge");
}

/// Seeds run in CI; printed so that a failure can be repeated.
fn seeds(count: u64) -> impl Iterator<Item = u64> {
    (1..=count).inspect(|seed| println!("seed {seed}"))
}

const SMALL: Shape = Shape {
    source: Source::Growable,
    maximum: 0,
    largest: 20_000,
    target: 60,
    flags: Flags::NONE,
    policy: Policy::Best,
    decommit: false,
};

#[test]
fn growable_heaps_of_every_policy() {
    for policy in Policy::ALL {
        for seed in seeds(4) {
            run(Shape { policy, ..SMALL }, seed, 20_000);
        }
    }
}

#[test]
fn fixed_heaps_that_run_full() {
    for policy in Policy::ALL {
        for seed in seeds(4) {
            run(
                Shape {
                    source: Source::Fixed,
                    maximum: 0x1_0000,
                    policy,
                    ..SMALL
                },
                seed,
                20_000,
            );
        }
    }
}

#[test]
fn buffers_that_cannot_return_pages() {
    for seed in seeds(3) {
        run(
            Shape {
                source: Source::Buffer,
                maximum: 0x2_0000,
                ..SMALL
            },
            seed,
            20_000,
        );
    }
}

#[test]
fn decommit_on_free_with_and_without_coalescing() {
    for flags in [Flags::NONE, Flags::DISABLE_COALESCE_ON_FREE] {
        for seed in seeds(4) {
            run(
                Shape {
                    decommit: true,
                    flags,
                    target: 100,
                    ..SMALL
                },
                seed,
                20_000,
            );
        }
    }
}

#[test]
fn tail_and_free_checking() {
    for flags in [
        Flags::TAIL_CHECKING,
        Flags::FREE_CHECKING,
        Flags::TAIL_CHECKING | Flags::FREE_CHECKING,
    ] {
        for seed in seeds(2) {
            run(
                Shape {
                    flags,
                    largest: 3000,
                    ..SMALL
                },
                seed,
                20_000,
            );
        }
    }
}

#[test]
fn large_blocks_and_many_segments() {
    for seed in seeds(4) {
        run(
            Shape {
                largest: 0x18_0000,
                target: 30,
                ..SMALL
            },
            seed,
            10_000,
        );
    }
}
