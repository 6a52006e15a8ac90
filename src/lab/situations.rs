//! The situations in which HEAP_NO_SERIALIZE is safe, the one in which it is not, and what each costs.
//!
//! Microsoft's documentation names three safe ones: the process has only one thread; it has several, but only one calls
//! functions on this heap; it has several, and keeps them apart itself. Each is measured on heaps of its own, with the
//! same work: sequences drawn before the clock starts, so that only calls are timed.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::heap::{Flags, Heap, LockCounts, Options};
use crate::os::CommitLimit;

use super::crew::workload_of;
use super::{Generator, Step, Workload};

/// Rounds of each situation, each on new heaps. The fastest counts: whatever else the machine does only slows it.
const ROUNDS: usize = 7;
/// Steps after which a cancelled measurement ends: far below what a person notices, far above what a clock would.
const STRIDE: usize = 4096;
/// Bytes that the heaps of a round may commit together.
const LIMIT: u64 = 1 << 30;

/// Who calls which heap, and what keeps them apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Situation {
    /// One thread, and the lock all the same: what the others are compared with.
    OneSerialized,
    /// One thread without the lock.
    One,
    /// Several threads, each with a heap of its own, without the lock.
    HeapEach,
    /// Several threads on one heap, with the lock.
    Serialized,
    /// Several threads on one heap without the lock, and a mutex of their own around each call.
    OwnMutex,
    /// Several threads on one heap without anything that keeps them apart.
    Unsafe,
}

impl Situation {
    /// Every situation, the one to compare with first.
    pub const ALL: [Situation; 6] = [
        Situation::OneSerialized,
        Situation::One,
        Situation::HeapEach,
        Situation::Serialized,
        Situation::OwnMutex,
        Situation::Unsafe,
    ];

    /// Whether several threads work.
    #[must_use]
    pub const fn many(self) -> bool {
        !matches!(self, Situation::OneSerialized | Situation::One)
    }

    /// Whether calls are given HEAP_NO_SERIALIZE.
    #[must_use]
    pub const fn skips_the_lock(self) -> bool {
        !matches!(self, Situation::OneSerialized | Situation::Serialized)
    }
}

/// What came of a situation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outcome {
    /// Which one.
    pub situation: Situation,
    /// Threads that worked.
    pub threads: usize,
    /// Operations a second, of all threads together.
    pub rate: f64,
    /// What became of the locks, in all rounds.
    pub lock: LockCounts,
    /// Operations in all rounds.
    pub operations: u64,
    /// Calls that failed, stamps that were not as they were written, and what validate found, in all rounds.
    pub damage: u64,
}

/// The work of one thread.
type Steps = Vec<Step>;

/// Measures a situation with so many threads, each with a workload of this kind. Nothing when it was cancelled.
///
/// # Errors
/// When the system gives no addresses.
pub fn measure(
    situation: Situation,
    threads: usize,
    workload: &Workload,
    cancel: &AtomicBool,
) -> io::Result<Option<Outcome>> {
    let threads = if situation.many() { threads.max(1) } else { 1 };
    let drawn = (0..threads).map(|number| draw(&workload_of(workload, number), cancel));
    let Some(work) = drawn.collect::<Option<Vec<Steps>>>() else {
        return Ok(None);
    };
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        match round(situation, &work, cancel)? {
            Some(round) => rounds.push(round),
            None => return Ok(None),
        }
    }
    let operations = work.iter().map(|steps| steps.len() as u64).sum::<u64>();
    let fastest = rounds.iter().map(|round| round.time).min();
    let seconds = fastest.unwrap_or_default().as_secs_f64();
    let sum = |of: fn(&LockCounts) -> u64| rounds.iter().map(|round| of(&round.lock)).sum();
    Ok(Some(Outcome {
        situation,
        threads,
        rate: operations as f64 / seconds.max(f64::MIN_POSITIVE),
        lock: LockCounts {
            taken: sum(|lock| lock.taken),
            contended: sum(|lock| lock.contended),
            waited: sum(|lock| lock.waited),
        },
        operations: operations * ROUNDS as u64,
        damage: rounds.iter().map(|round| round.damage).sum(),
    }))
}

/// The steps of a thread. Nothing when it was cancelled.
fn draw(workload: &Workload, cancel: &AtomicBool) -> Option<Steps> {
    let mut generator = Generator::new(workload);
    let mut steps = Steps::new();
    while !cancel.load(Relaxed) {
        let before = steps.len();
        steps.extend(generator.by_ref().take(STRIDE));
        if steps.len() == before {
            return Some(steps);
        }
    }
    None
}

struct Round {
    time: Duration,
    lock: LockCounts,
    damage: u64,
}

/// Plays the work once, on new heaps. Nothing when it was cancelled.
fn round(situation: Situation, work: &[Steps], cancel: &AtomicBool) -> io::Result<Option<Round>> {
    let limit = Arc::new(CommitLimit::new(LIMIT));
    let heaps = if situation == Situation::HeapEach {
        work.len()
    } else {
        1
    };
    let heaps = (0..heaps)
        .map(|_| Heap::new(&Options::default(), &limit).map_err(io::Error::other))
        .collect::<io::Result<Vec<Heap>>>()?;
    let guard = (situation == Situation::OwnMutex).then(Mutex::default);
    let calls = if situation.skips_the_lock() {
        Flags::NO_SERIALIZE
    } else {
        Flags::NONE
    };
    let begin = Barrier::new(work.len());
    let players: Vec<(Instant, Instant, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .iter()
            .enumerate()
            .map(|(number, steps)| {
                let player = Player {
                    heap: &heaps[number % heaps.len()],
                    calls,
                    guard: guard.as_ref(),
                    number: number as u64,
                    cancel,
                };
                let begin = &begin;
                scope.spawn(move || {
                    begin.wait();
                    player.play(steps)
                })
            })
            .collect();
        // A panic goes on here.
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    if cancel.load(Relaxed) {
        return Ok(None);
    }
    let first = players.iter().map(|player| player.0).min();
    let last = players.iter().map(|player| player.1).max();
    let found: u64 = heaps.iter().map(|heap| heap.inspect(0).1).sum();
    let counts: Vec<LockCounts> = heaps.iter().map(|heap| heap.lock().counts()).collect();
    let sum = |of: fn(&LockCounts) -> u64| counts.iter().map(of).sum();
    Ok(Some(Round {
        time: first
            .zip(last)
            .map_or(Duration::ZERO, |(first, last)| last - first),
        lock: LockCounts {
            taken: sum(|lock| lock.taken),
            contended: sum(|lock| lock.contended),
            waited: sum(|lock| lock.waited),
        },
        damage: found + players.iter().map(|player| player.2).sum::<u64>(),
    }))
}

/// A thread that plays its work.
struct Player<'a> {
    heap: &'a Heap,
    calls: Flags,
    guard: Option<&'a Mutex<()>>,
    number: u64,
    cancel: &'a AtomicBool,
}

impl Player<'_> {
    /// When it began and when it ended, and what went wrong meanwhile.
    fn play(&self, steps: &[Step]) -> (Instant, Instant, u64) {
        let mut blocks: Vec<Option<u64>> = Vec::new();
        let mut damage = 0;
        let begin = Instant::now();
        for steps in steps.chunks(STRIDE) {
            if self.cancel.load(Relaxed) {
                break;
            }
            for &step in steps {
                damage += u64::from(!self.make(step, &mut blocks));
            }
        }
        (begin, Instant::now(), damage)
    }

    /// Makes a step. Whether it went as with a careful caller.
    fn make(&self, step: Step, blocks: &mut Vec<Option<u64>>) -> bool {
        match step {
            Step::Alloc { slot, size } => {
                if blocks.len() <= slot {
                    blocks.resize(slot + 1, None);
                }
                blocks[slot] = self.alloc(size);
                self.stamp(blocks[slot], slot);
                blocks[slot].is_some()
            }
            Step::Free { slot } => {
                // What was not given cannot be freed; that was counted then.
                let block = blocks.get_mut(slot).and_then(Option::take);
                block.is_none_or(|block| self.is_mine(block, slot) & self.free(block))
            }
            Step::Realloc { slot, size } => {
                let Some(block) = blocks.get(slot).copied().flatten() else {
                    return true;
                };
                let mine = self.is_mine(block, slot);
                let resized = self.realloc(block, size);
                blocks[slot] = resized.or(Some(block));
                self.stamp(blocks[slot], slot);
                mine && resized.is_some()
            }
        }
    }

    fn alloc(&self, size: u64) -> Option<u64> {
        let _guard = self.enter();
        self.heap
            .alloc(size, self.calls)
            .ok()
            .map(|placed| placed.payload)
    }

    fn free(&self, block: u64) -> bool {
        let _guard = self.enter();
        self.heap.free(block, self.calls).is_ok()
    }

    fn realloc(&self, block: u64, size: u64) -> Option<u64> {
        let _guard = self.enter();
        let resized = self.heap.realloc(block, size, self.calls);
        resized.ok().map(|resized| resized.payload)
    }

    fn enter(&self) -> Option<std::sync::MutexGuard<'_, ()>> {
        self.guard
            .map(|guard| guard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The first word of a block: whose it is.
    fn word(&self, slot: usize) -> u64 {
        self.number << 32 | slot as u64
    }

    fn stamp(&self, block: Option<u64>, slot: usize) {
        if let Some(block) = block {
            let word = self.word(slot);
            self.heap.look(|core| core.fill_words(block, 8, word));
        }
    }

    fn is_mine(&self, block: u64, slot: usize) -> bool {
        let word = self.word(slot);
        self.heap
            .look(|core| core.other_words(block, 8, word).next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(situation: Situation) -> Outcome {
        let workload = Workload {
            ops: 20_000,
            live: 200,
            ..Workload::default()
        };
        let outcome = measure(situation, 4, &workload, &AtomicBool::new(false));
        outcome.expect("addresses").expect("not cancelled")
    }

    #[test]
    fn the_safe_situations_are_clean_and_only_the_serialised_ones_take_the_lock() {
        for situation in Situation::ALL {
            let outcome = outcome(situation);
            let threads = if situation.many() { 4 } else { 1 };
            assert_eq!(outcome.threads, threads, "{situation:?}");
            assert_eq!(
                outcome.operations,
                20_000 * ROUNDS as u64 * threads as u64,
                "{situation:?}"
            );
            assert!(outcome.rate > 0.0, "{situation:?}");
            assert_eq!(
                outcome.lock.taken == 0,
                situation.skips_the_lock(),
                "{situation:?}"
            );
            if situation != Situation::Unsafe {
                assert_eq!(outcome.damage, 0, "{situation:?}");
            }
        }
    }

    #[test]
    fn the_unsafe_one_is_not_clean() {
        assert!((0..100).any(|_| outcome(Situation::Unsafe).damage > 0));
    }

    /// The work of a minute, cancelled while it is drawn or played: it ends at once all the same.
    #[test]
    fn one_that_is_cancelled_at_any_moment_ends_soon() {
        const LONG: u64 = 2_000_000;
        for played in [0, 20, 800] {
            let workload = Workload {
                ops: LONG,
                live: 200,
                ..Workload::default()
            };
            let cancel = AtomicBool::new(false);
            let late = std::thread::scope(|scope| {
                let measured = scope.spawn(|| {
                    let outcome = measure(Situation::OwnMutex, 4, &workload, &cancel);
                    (outcome.expect("addresses"), Instant::now())
                });
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(played) {
                    std::thread::yield_now();
                }
                cancel.store(true, Relaxed);
                let cancelled = Instant::now();
                let (outcome, ended) = measured.join().expect("no panic");
                assert_eq!(outcome, None);
                ended - cancelled
            });
            assert!(late < Duration::from_millis(500), "{late:?} at {played}");
        }
    }

    #[test]
    fn one_that_is_cancelled_has_no_outcome() {
        let cancelled = measure(
            Situation::Unsafe,
            4,
            &Workload::default(),
            &AtomicBool::new(true),
        );
        assert_eq!(cancelled.expect("addresses"), None);
    }
}
