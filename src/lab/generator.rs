//! Unfolds a [`Workload`] into steps over abstract slots.
//!
//! The steps depend on nothing but the workload, and on which allocations
//! were reported as failed: not on the heap, the machine or a library's way
//! of drawing numbers. Only the bits of ChaCha8 and basic arithmetic are used,
//! so that a seed in a saved session means the same everywhere and for good.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::roster::Roster;

mod kept;

use super::workload::{Distribution, Lifetime, Workload};
pub(crate) use kept::KeptGenerator;

/// One step of a workload. A slot is a place for one live block: a small
/// number from 0, used again after it was freed, always below the largest
/// number of blocks that lived at one time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Allocate `size` bytes into an empty slot.
    Alloc {
        /// The slot.
        slot: usize,
        /// Bytes.
        size: u64,
    },
    /// Free the block in a slot.
    Free {
        /// The slot.
        slot: usize,
    },
    /// Give the block in a slot a new size.
    Realloc {
        /// The slot.
        slot: usize,
        /// Bytes.
        size: u64,
    },
}

/// The steps of a workload, each in constant time and memory for `live` slots.
///
/// A clone goes on exactly as the original does.
#[derive(Clone, Debug)]
pub struct Generator {
    workload: Workload,
    random: ChaCha8Rng,
    live: Roster,
    done: u64,
    /// In a sawtooth: the number of live blocks is falling.
    falling: bool,
}

impl Generator {
    /// The steps from the first. Where `size_min` is above `size_max`, all requests are of `size_min`.
    #[must_use]
    pub fn new(workload: &Workload) -> Generator {
        // Spelt out rather than seed_from_u64, whose expansion the library may change.
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&workload.seed.to_le_bytes());
        Generator {
            workload: *workload,
            random: ChaCha8Rng::from_seed(seed),
            live: Roster::new(matches!(workload.lifetime, Lifetime::Lifo | Lifetime::Fifo)),
            done: 0,
            falling: false,
        }
    }

    /// Tells that the allocation into `slot` failed: the slot is empty and
    /// will not be freed. A failed reallocation leaves its block where it was
    /// and needs no telling. Does nothing for an empty slot.
    pub fn failed(&mut self, slot: usize) {
        self.live.remove(slot);
    }

    /// Blocks that live now.
    #[must_use]
    pub fn live(&self) -> usize {
        self.live.len()
    }

    /// Steps taken so far.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// The workload whose steps these are, without its bounds.
    #[must_use]
    pub fn workload(&self) -> Workload {
        self.workload.whole()
    }

    fn grows(&mut self) -> bool {
        let live = self.live.len() as u64;
        let target = u64::from(self.workload.live);
        match self.workload.lifetime {
            _ if live == 0 => true,
            Lifetime::Random | Lifetime::Lifo | Lifetime::Fifo => {
                self.towards(target, (target / 8).max(1))
            }
            Lifetime::Ramp => self.towards(ramp(self.done, &self.workload), 1),
            Lifetime::Sawtooth => {
                self.falling = if self.falling {
                    live > target / 4
                } else {
                    live >= target
                };
                !self.falling && self.below(4) < 3
            }
        }
    }

    /// Whether to allocate so that the number of live blocks wanders about
    /// `target`: surely when `band` or more are missing, never when `band` or
    /// more are too many, half of the time at the target, evenly between.
    fn towards(&mut self, target: u64, band: u64) -> bool {
        let missing = (target + band).saturating_sub(self.live.len() as u64);
        self.below(2 * band) < missing
    }

    fn victim(&mut self) -> usize {
        let by_age = match self.workload.lifetime {
            Lifetime::Lifo => self.live.newest(),
            Lifetime::Fifo => self.live.oldest(),
            Lifetime::Random | Lifetime::Ramp | Lifetime::Sawtooth => None,
        };
        by_age.unwrap_or_else(|| self.any())
    }

    /// Any live slot; there must be one.
    fn any(&mut self) -> usize {
        let n = self.below(self.live.len() as u64);
        self.live.nth(n as usize)
    }

    fn size(&mut self) -> u64 {
        let min = self.workload.size_min;
        let range = self.workload.size_max.saturating_sub(min);
        let above = match self.workload.distribution {
            Distribution::Uniform => self.up_to(range),
            Distribution::Exponential => {
                let share = self.exponential() / CUT;
                ((share * (range as f64 + 1.0)) as u64).min(range)
            }
            Distribution::Bimodal => {
                let small = self.below(5) < 4;
                let above = self.up_to(range / 8);
                if small { above } else { range - above }
            }
        };
        min + above
    }

    /// A whole number from 0 to `most`.
    fn up_to(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(end) => self.below(end),
            None => self.random.next_u64(),
        }
    }

    /// A whole number below `end`; 0 when `end` is 0. Uniform up to 2^-64 of `end`.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.random.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// An exponentially distributed number of mean 1, cut at [`CUT`].
    fn exponential(&mut self) -> f64 {
        /// `1 - exp(-CUT)`
        const REACHED: f64 = 0.999_664_537_372_097_5;
        let uniform = (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        -ln(1.0 - uniform * REACHED)
    }
}

impl Iterator for Generator {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.done >= self.workload.ops {
            return None;
        }
        self.done += 1;
        let resizes =
            self.workload.realloc > 0 && self.below(100) < u64::from(self.workload.realloc);
        if resizes && self.live.len() > 0 {
            let slot = self.any();
            return Some(Step::Realloc {
                slot,
                size: self.size(),
            });
        }
        if self.grows() {
            let size = self.size();
            return Some(Step::Alloc {
                slot: self.live.insert(),
                size,
            });
        }
        let slot = self.victim();
        self.live.remove(slot);
        Some(Step::Free { slot })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.workload.ops - self.done);
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

/// Where the exponential distribution is cut, in means: the range is this many.
const CUT: f64 = 8.0;

/// How many blocks of a ramp should live after `done` steps.
fn ramp(done: u64, workload: &Workload) -> u64 {
    let ops = workload.ops;
    let half = ops / 2;
    let moving = u128::from(half) * u128::from(100 - workload.realloc.min(100)) / 100;
    let top = u128::from(workload.live).min(moving);
    let (part, whole) = if done <= half {
        (done, half)
    } else {
        (ops - done, ops - half)
    };
    (top * u128::from(part) / u128::from(whole.max(1))) as u64
}

/// The natural logarithm of a number from 2^-60 to 1, to about 13 digits. Unlike
/// `f64::ln`, which is the platform's, it gives the same bits everywhere.
fn ln(x: f64) -> f64 {
    let mut mantissa = x;
    let mut halvings = 0.0;
    while mantissa < 1.0 {
        mantissa *= 2.0;
        halvings += 1.0;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), by its power series.
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..14)
        .rev()
        .fold(0.0, |sum, n| sum * z * z + 1.0 / f64::from(2 * n + 1));
    2.0 * z * series - halvings * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn workload(distribution: Distribution, lifetime: Lifetime) -> Workload {
        Workload {
            distribution,
            lifetime,
            ..Workload::default()
        }
    }

    fn lifetime(lifetime: Lifetime) -> Workload {
        workload(Distribution::Uniform, lifetime)
    }

    /// The number of live blocks after each step.
    fn levels(workload: &Workload) -> Vec<usize> {
        let mut generator = Generator::new(workload);
        let mut levels = Vec::new();
        while generator.next().is_some() {
            levels.push(generator.live());
        }
        levels
    }

    fn sizes(distribution: Distribution) -> Vec<u64> {
        let workload = Workload {
            ops: 200_000,
            ..workload(distribution, Lifetime::Random)
        };
        Generator::new(&workload)
            .filter_map(|step| match step {
                Step::Alloc { size, .. } => Some(size),
                _ => None,
            })
            .collect()
    }

    fn mean(sizes: &[u64]) -> f64 {
        sizes.iter().sum::<u64>() as f64 / sizes.len() as f64
    }

    /// Follows the steps of a workload and holds what is true of all of them.
    fn follow(workload: &Workload, fails: impl Fn(u64) -> bool) -> Result<(), TestCaseError> {
        let mut generator = Generator::new(workload);
        let mut order: Vec<usize> = Vec::new();
        let mut most = 0;
        let (mut steps, mut resized) = (0, 0_u64);
        while let Some(step) = generator.next() {
            steps += 1;
            if let Step::Alloc { size, .. } | Step::Realloc { size, .. } = step {
                prop_assert!((workload.size_min..=workload.size_max).contains(&size));
            }
            match step {
                Step::Alloc { slot, .. } => {
                    prop_assert!(!order.contains(&slot), "slot {} is taken", slot);
                    order.push(slot);
                    most = most.max(order.len());
                    prop_assert!(slot < most, "slot {} of {}", slot, most);
                    if fails(steps) {
                        generator.failed(slot);
                        order.pop();
                    }
                }
                Step::Free { slot } => {
                    let at = order.iter().position(|&live| live == slot);
                    prop_assert!(at.is_some(), "slot {} is empty", slot);
                    match workload.lifetime {
                        Lifetime::Lifo => prop_assert_eq!(at, Some(order.len() - 1)),
                        Lifetime::Fifo => prop_assert_eq!(at, Some(0)),
                        _ => {}
                    }
                    order.remove(at.unwrap());
                }
                Step::Realloc { slot, .. } => {
                    prop_assert!(order.contains(&slot));
                    resized += 1;
                }
            }
            prop_assert_eq!(generator.live(), order.len());
            prop_assert_eq!(generator.done(), steps);
        }
        prop_assert_eq!(steps, workload.ops);
        prop_assert!(workload.realloc > 0 || resized == 0);
        Ok(())
    }

    proptest! {
        #[test]
        fn steps_are_possible_whatever_the_workload(
            ops in 0_u64..600,
            (size_min, size_max) in prop_oneof![
                (0_u64..5000, 0_u64..5000).prop_map(|(a, b)| (a.min(b), a.max(b))),
                Just((0, u64::MAX)),
                Just((u64::MAX, u64::MAX)),
            ],
            distribution in prop::sample::select(Distribution::ALL.to_vec()),
            lifetime in prop::sample::select(Lifetime::ALL.to_vec()),
            live in prop_oneof![1_u32..80, Just(u32::MAX)],
            realloc in 0_u8..=100,
            seed: u64,
            failing in 1_u64..20,
        ) {
            let workload =
                Workload { ops, size_min, size_max, distribution, lifetime, live, realloc, seed, ..Workload::default() };
            follow(&workload, |step| failing > 1 && step % failing == 0)?;
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_steps_for_good() {
        let steps = |seed| {
            Generator::new(&Workload {
                seed,
                ..Workload::default()
            })
        };
        assert!(steps(7).eq(steps(7)));
        assert!(!steps(7).eq(steps(8)));
        let mut half = steps(7);
        half.by_ref().take(5000).for_each(drop);
        assert!(half.clone().eq(steps(7).skip(5000)));
    }

    /// Sessions on disk rely on these very numbers.
    #[test]
    fn seeds_mean_the_same_for_good() {
        let drawn = Distribution::ALL.map(|distribution| sizes(distribution)[..6].to_vec());
        assert_eq!(drawn, DRAWN);
        let digests = Lifetime::ALL
            .map(|kind| {
                digest(&Workload {
                    realloc: 10,
                    ..lifetime(kind)
                })
            })
            .map(|digest| format!("{digest:016x}"));
        assert_eq!(digests, DIGESTS);
    }

    /// All that the steps of a workload say, in one number.
    fn digest(workload: &Workload) -> u64 {
        let parts = |step| match step {
            Step::Alloc { slot, size } => [1, slot as u64, size],
            Step::Free { slot } => [2, slot as u64, 0],
            Step::Realloc { slot, size } => [3, slot as u64, size],
        };
        let mix = |digest: u64, part: u64| (digest ^ part).wrapping_mul(0x0100_0000_01b3);
        Generator::new(workload).flat_map(parts).fold(0, mix)
    }

    const DRAWN: [[u64; 6]; 3] = [
        [205, 412, 441, 380, 217, 435],
        [45, 115, 136, 98, 48, 131],
        [34, 459, 65, 69, 63, 77],
    ];
    const DIGESTS: [&str; 5] = [
        "2bfdf6191713a1da",
        "792585f70ae667ba",
        "49ab1a90d37c7a05",
        "47e6a626e2937501",
        "97122d4ac850beea",
    ];

    #[test]
    fn uniform_sizes_are_all_equally_frequent() {
        let sizes = sizes(Distribution::Uniform);
        let mut counts: HashMap<u64, u32> = HashMap::new();
        sizes
            .iter()
            .for_each(|&size| *counts.entry(size).or_default() += 1);
        assert_eq!(counts.len(), 512 - 16 + 1);
        let each = sizes.len() as f64 / counts.len() as f64;
        for (size, count) in counts {
            assert!(
                (f64::from(count) - each).abs() < each * 0.5,
                "{size}: {count} times"
            );
        }
        assert!((mean(&sizes) - 264.0).abs() < 2.0);
    }

    #[test]
    fn exponential_sizes_halve_evenly() {
        let sizes = sizes(Distribution::Exponential);
        let eighth = (512.0 - 16.0) / 8.0;
        assert!(
            (mean(&sizes) - (16.0 + eighth)).abs() < 1.0,
            "{}",
            mean(&sizes)
        );
        // Beyond each further mean there is 1/e of what was there before.
        for means in 1..4 {
            let beyond = |means: i32| {
                let least = 16.0 + f64::from(means) * eighth;
                sizes.iter().filter(|&&size| size as f64 >= least).count() as f64
            };
            let ratio = beyond(means + 1) / beyond(means);
            assert!((ratio - (-1.0_f64).exp()).abs() < 0.03, "{means}: {ratio}");
        }
    }

    #[test]
    fn bimodal_sizes_leave_the_middle_empty() {
        let sizes = sizes(Distribution::Bimodal);
        let small = sizes.iter().filter(|&&size| size <= 16 + 62).count();
        let large = sizes.iter().filter(|&&size| size >= 512 - 62).count();
        assert_eq!(small + large, sizes.len());
        let share = small as f64 / sizes.len() as f64;
        assert!((share - 0.8).abs() < 0.01, "{share}");
        for end in [16, 78, 450, 512] {
            assert!(sizes.contains(&end), "{end}");
        }
    }

    #[test]
    fn the_number_of_live_blocks_is_held() {
        for kind in [Lifetime::Random, Lifetime::Lifo, Lifetime::Fifo] {
            for live in [1, 10, 1000] {
                let levels = levels(&Workload {
                    live,
                    ..lifetime(kind)
                });
                let live = live as usize;
                let band = (live / 8).max(1);
                let held = &levels[2 * live..];
                let (least, most) = (held.iter().min().unwrap(), held.iter().max().unwrap());
                let place = format!("{} live={live}: {least} to {most}", kind.name());
                assert!(*least >= live - band && *most <= live + band, "{place}");
                assert!(least < most, "{place}");
                assert!(
                    levels[..live - band]
                        .iter()
                        .enumerate()
                        .all(|(at, &n)| n == at + 1),
                    "{place}"
                );
            }
        }
    }

    #[test]
    fn random_frees_young_and_old_alike() {
        let workload = Workload {
            ops: 50_000,
            live: 100,
            ..lifetime(Lifetime::Random)
        };
        let mut born = HashMap::new();
        let mut ages = Vec::new();
        for (at, step) in Generator::new(&workload).enumerate() {
            match step {
                Step::Alloc { slot, .. } => {
                    born.insert(slot, at);
                }
                Step::Free { slot } => ages.push((at - born[&slot]) as f64),
                Step::Realloc { .. } => {}
            }
        }
        // The chance to die is the same at any age, so ages are geometric with a
        // mean of two steps a live block; 1 - exp(-1) of them are below the mean.
        let mean = ages.iter().sum::<f64>() / ages.len() as f64;
        assert!((mean - 200.0).abs() < 10.0, "{mean}");
        let young = ages.iter().filter(|&&age| age < mean).count() as f64 / ages.len() as f64;
        assert!((young - 0.632).abs() < 0.02, "{young}");
    }

    #[test]
    fn a_ramp_climbs_and_falls_once() {
        let levels = levels(&lifetime(Lifetime::Ramp));
        for (at, level) in levels.iter().enumerate() {
            let expected = if at < 5000 { at / 5 } else { (10_000 - at) / 5 };
            assert!(
                level.abs_diff(expected) <= 3,
                "step {at}: {level}, expected about {expected}"
            );
        }
        assert!(*levels.last().unwrap() <= 1);
    }

    #[test]
    fn a_short_ramp_turns_early_and_still_ends_empty() {
        for (realloc, peak, noise) in [(0, 500, 1), (40, 300, 40)] {
            let short = Workload {
                ops: 1000,
                realloc,
                ..lifetime(Lifetime::Ramp)
            };
            let levels = levels(&short);
            let (most, last) = (*levels.iter().max().unwrap(), *levels.last().unwrap());
            assert!(most.abs_diff(peak) <= noise, "{realloc}: {most}");
            assert!(last <= noise, "{realloc}: {last}");
        }
    }

    #[test]
    fn a_sawtooth_has_teeth() {
        let levels = levels(&lifetime(Lifetime::Sawtooth));
        let peaks = levels
            .windows(2)
            .filter(|pair| pair == &[1000, 999])
            .count();
        let troughs = levels.windows(2).filter(|pair| pair == &[251, 250]).count();
        assert_eq!(*levels.iter().max().unwrap(), 1000);
        assert!((3..=5).contains(&peaks), "{peaks} peaks");
        assert!((3..=5).contains(&troughs), "{troughs} troughs");
        // While it falls nothing is allocated.
        let peak = levels.iter().position(|&level| level == 1000).unwrap();
        assert!(
            levels[peak..=peak + 750]
                .windows(2)
                .all(|pair| pair[1] == pair[0] - 1)
        );
    }

    #[test]
    fn reallocations_take_their_share() {
        let workload = Workload {
            realloc: 30,
            ..Workload::default()
        };
        let resized = Generator::new(&workload).filter(|step| matches!(step, Step::Realloc { .. }));
        let resized = resized.count();
        assert!(resized.abs_diff(3000) < 150, "{resized}");
    }

    #[test]
    fn a_heap_that_always_fails_is_asked_to_the_end() {
        let mut generator = Generator::new(&Workload::default());
        let mut asked = 0;
        while let Some(step) = generator.next() {
            let Step::Alloc { slot, .. } = step else {
                panic!("{step:?} of nothing")
            };
            generator.failed(slot);
            generator.failed(slot);
            asked += 1;
        }
        assert_eq!((asked, generator.live()), (10_000, 0));
    }

    #[test]
    fn the_logarithm_is_one() {
        for n in 1..=10_000 {
            let x = f64::from(n) / 10_000.0;
            assert!((ln(x) - x.ln()).abs() < 1e-12, "{x}");
        }
    }
}
