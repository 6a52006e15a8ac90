//! Whatever callers do and whatever bytes a heap holds, every call ends, and never panics.

use heapwalk::api::*;
use heapwalk::heap::{Flags, Options, Policy};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::bench::*;

/// A heap in bad hands.
struct Abuse {
    bench: Bench,
    rng: ChaCha8Rng,
    /// Every pointer ever handed out, freed ones too.
    pointers: Vec<usize>,
    /// Strike bytes as well, rather than only misuse calls.
    damage: bool,
}

impl Abuse {
    fn new(seed: u64, damage: bool) -> Abuse {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let flags = [0, 0x20, 0x40, 0x80, 0x6000_0060][rng.random_range(0..5)];
        let bench = Bench::with(Options {
            checks: rng.random_bool(0.3),
            decommit: rng.random(),
            policy: Policy::ALL[rng.random_range(0..4)],
            ..flagged(flags)
        });
        Abuse {
            bench,
            rng,
            pointers: Vec::new(),
            damage,
        }
    }

    fn pointer(&mut self) -> usize {
        let heap = self.bench.heap;
        match self.rng.random_range(0..20) {
            0 => heap + self.rng.random_range(0..0x2_0000usize),
            1 => heap + self.rng.random_range(0..0x2000usize) * 16,
            2 => self.rng.random::<u64>() as usize,
            _ if self.pointers.is_empty() => 0,
            _ => self.pointers[self.rng.random_range(0..self.pointers.len())],
        }
    }

    fn bytes(&mut self) -> usize {
        match self.rng.random_range(0..30) {
            0 => self.rng.random_range(0..0x20_0000),
            1 => self.rng.random::<u64>() as usize,
            2..6 => self.rng.random_range(0..0x8000),
            _ => self.rng.random_range(0..300),
        }
    }

    /// Changes a byte where the heap keeps its own.
    fn strike(&mut self) {
        let heap = self.bench.heap;
        let tables = self.bench.handle().layout();
        let address = match self.rng.random_range(0..10) {
            0 => heap + self.rng.random_range(0..0x720usize),
            1 => heap + tables.unit_map * 8 + self.rng.random_range(0..64usize),
            2 => heap + tables.bits * 8 + self.rng.random_range(0..0x400usize),
            _ => match self.pointers.is_empty() {
                true => return,
                false => {
                    let place = self.pointers[self.rng.random_range(0..self.pointers.len())];
                    place - 16 + self.rng.random_range(0..48usize)
                }
            },
        };
        let bits = self.rng.random();
        self.bench.flip(address, bits);
    }

    fn step(&mut self) {
        let (place, bytes) = (self.pointer(), self.bytes());
        let (process, heap) = (&self.bench.process, self.bench.heap);
        let flags = self.rng.random_range(0..0x20u32);
        let answer = match self.rng.random_range(0..100) {
            0..40 => process.HeapAlloc(heap, flags, bytes),
            40..70 => process.HeapFree(heap, flags, place).map(usize::from),
            70..85 => process.HeapReAlloc(heap, flags, place, bytes),
            85..90 => process.HeapSize(heap, flags, place),
            90 => Ok(process.HeapCompact(heap, flags)),
            91 => Ok(process._heapmin() as usize),
            92 => Ok(process._heapset(flags) as usize),
            93 => process._expand(place, bytes),
            94 => Ok(self.bench.handle().set_coalesce(flags % 2 == 0) as usize),
            95 => Ok(usize::from(process.HeapValidate(heap, flags, place))),
            _ if self.damage => {
                self.strike();
                Ok(0)
            }
            _ => Ok(0),
        };
        if let Ok(place) = answer
            && place > heap
            && place < heap + (1 << 36)
        {
            self.pointers.push(place);
        }
    }

    /// Walks and validates; both must end, whatever they find.
    fn look(&self) {
        let (process, heap) = (&self.bench.process, self.bench.heap);
        let mut entry = PROCESS_HEAP_ENTRY::default();
        let mut steps = 0;
        while process.HeapWalk(heap, Some(&mut entry)) {
            steps += 1;
            assert!(steps < 1_000_000, "the walk goes round and round");
        }
        let mut info = _HEAPINFO::default();
        while process._heapwalk(Some(&mut info)) == _HEAPOK {}
        let handle = self.bench.handle();
        let (findings, count) = handle.validate(Flags::NONE, 10);
        assert_eq!(findings.len(), usize::try_from(count.min(10)).unwrap());
        assert!(handle.look(|core| core.walk().count()) < 1_000_000);
    }
}

fn abuse(seeds: std::ops::Range<u64>, damage: bool) {
    for seed in seeds {
        println!("seed {seed}");
        let mut abuse = Abuse::new(seed, damage);
        for operation in 0..400 {
            abuse.step();
            if operation % 40 == 0 {
                abuse.look();
            }
        }
        abuse.look();
    }
}

#[test]
fn misuse_never_brings_the_process_down() {
    abuse(0..150, false);
}

#[test]
fn damage_never_brings_the_process_down() {
    abuse(1000..1150, true);
}

#[test]
fn races_without_the_lock_never_bring_the_process_down() {
    // Four threads on one heap that nobody serialises: what becomes of the heap is open, that the calls end is not.
    for (seed, checks) in [(1, true), (2, false), (3, true), (4, false)] {
        let bench = Bench::with(Options {
            checks,
            ..flagged(HEAP_NO_SERIALIZE)
        });
        let (process, heap) = (&bench.process, bench.heap);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    let mut rng = ChaCha8Rng::seed_from_u64(seed * 100 + thread);
                    let mut held = Vec::new();
                    for _ in 0..3000 {
                        let bytes = rng.random_range(0..500);
                        match rng.random_range(0..10) {
                            0..5 => held.extend(process.HeapAlloc(heap, 0, bytes)),
                            5..9 if !held.is_empty() => {
                                let place = held.swap_remove(rng.random_range(0..held.len()));
                                let _freed = process.HeapFree(heap, 0, place);
                            }
                            _ => drop(process.HeapCompact(heap, 0)),
                        }
                    }
                });
            }
        });
        let mut entry = PROCESS_HEAP_ENTRY::default();
        while process.HeapWalk(heap, Some(&mut entry)) {}
        let sound = process.HeapValidate(heap, 0, 0);
        assert_eq!(sound, bench.handle().validate(Flags::NONE, 0).1 == 0);
    }
}
