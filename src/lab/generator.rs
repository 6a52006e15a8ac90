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
mod tests;
