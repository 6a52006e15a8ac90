//! What is measured over time: a heap's samples and events, few enough to be kept with every step of undo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::view::{self, Figures};

use super::command::Command;
use super::frame::{Sample, TimeEvent, Timeline};
use super::radix::{shared_bytes, vec_bytes};
use super::session::Session;

/// Samples of a heap, and events, at most.
const MOST: usize = 512;
/// The latest of them, which stay as they are: what a person did just now is never thinned out.
const LATEST: usize = 64;
/// So many samples at once become older ones.
const MOVED: usize = 32;

/// What is measured of a heap over time. Every moment of the past has it: copies share all but the latest samples.
#[derive(Clone, Default, Debug)]
pub(super) struct Measured {
    older: Arc<Vec<Sample>>,
    latest: Vec<Sample>,
    events: Arc<Vec<TimeEvent>>,
}

impl Measured {
    /// As screens have it.
    pub(super) fn shown(&self) -> Timeline {
        Timeline {
            samples: self.older.iter().chain(&self.latest).copied().collect(),
            events: self.events.to_vec(),
        }
    }

    /// Bytes that it takes beside what it shares with an earlier moment.
    pub(super) fn bytes_beside(&self, old: Option<&Measured>) -> u64 {
        let older = old.is_some_and(|old| Arc::ptr_eq(&old.older, &self.older));
        let events = old.is_some_and(|old| Arc::ptr_eq(&old.events, &self.events));
        let own = |shared: bool, bytes: u64| if shared { 0 } else { bytes };
        shared_bytes::<Measured>()
            + vec_bytes(&self.latest)
            + own(older, vec_bytes(&self.older))
            + own(events, vec_bytes(&self.events))
    }

    /// Adds a sample. Of many at one operation the first and the last stay, so that a sudden change is seen as one.
    fn add(&mut self, sample: Sample) {
        if self.latest.last() == Some(&sample) {
            return;
        }
        if let [.., first, second] = self.latest[..]
            && first.at == sample.at
            && second.at == sample.at
        {
            self.latest.pop();
        }
        if self.latest.capacity() == self.latest.len() {
            self.latest.reserve_exact(MOVED);
        }
        self.latest.push(sample);
        if self.latest.len() > LATEST + MOVED {
            self.move_on();
        }
    }

    /// Makes older samples of the first of the latest, and thins those out.
    fn move_on(&mut self) {
        let mut older = Vec::with_capacity(self.older.len() + MOVED);
        older.extend_from_slice(&self.older);
        older.extend(self.latest.drain(..MOVED));
        while older.len() > MOST - LATEST - MOVED {
            let at = closest(older.len() - 1, |index| older[index].at);
            let is_lower = peak(&older[at]) <= peak(&older[at + 1]);
            older.remove(if is_lower { at } else { at + 1 });
        }
        older.shrink_to_fit();
        self.older = Arc::new(older);
    }

    /// Adds an event; the same letter at the same operation stands once.
    fn tell(&mut self, event: TimeEvent) {
        if self.events.last() == Some(&event) {
            return;
        }
        let events = Arc::make_mut(&mut self.events);
        events.push(event);
        if events.len() > MOST {
            let at = closest(events.len() - LATEST - 1, |index| events[index].at);
            events.remove(at);
        }
    }
}

/// What makes one of two neighbours the one to keep: peaks are what a person looks for.
fn peak(sample: &Sample) -> (u64, Option<u64>, u64) {
    (sample.committed, sample.resident, sample.busy)
}

/// The entry before `end` without which the widest gap left around it is the least; never the first.
fn closest(end: usize, at: impl Fn(usize) -> u64) -> usize {
    (1..end)
        .min_by_key(|&index| at(index + 1).saturating_sub(at(index - 1)))
        .unwrap_or(1)
}

/// How much of the time may be spent on asking the kernel what is resident: one part in this many.
const SHARE: u32 = 33;
/// Time for asking that is saved up at most, and there is from the start.
const SAVED: Duration = Duration::from_millis(20);

/// Time that may still be spent on asking the kernel: it comes in slowly, and is spent as it was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    left: Duration,
    /// What was spent beyond it, to be earned first.
    owed: Duration,
    since: Duration,
}

impl Default for Allowance {
    fn default() -> Allowance {
        Allowance {
            left: SAVED,
            owed: Duration::ZERO,
            since: Duration::ZERO,
        }
    }
}

impl Allowance {
    /// Whether something may be spent at `now`, counted from any one moment.
    fn may_spend(&mut self, now: Duration) -> bool {
        let earned = now.saturating_sub(self.since) / SHARE;
        self.since = now;
        let paid = earned.min(self.owed);
        self.owed -= paid;
        self.left = (self.left + (earned - paid)).min(SAVED);
        self.owed.is_zero() && !self.left.is_zero()
    }

    fn spend(&mut self, cost: Duration) {
        self.owed += cost.saturating_sub(self.left);
        self.left = self.left.saturating_sub(cost);
    }
}

/// The letter of a command on the axis of time, if it deserves one.
pub(super) fn letter(command: &Command) -> Option<char> {
    match command {
        Command::Coalesce(_) => Some('C'),
        Command::Serialize(_) => Some('S'),
        Command::Compact { .. } => Some('K'),
        Command::Heapmin | Command::Minimize => Some('M'),
        _ => None,
    }
}

impl Session {
    /// Samples the heap that `command` acted on, and sets its letter if it deserves one.
    pub(super) fn sample_after(&mut self, command: &Command, done: bool) {
        let acted = match command {
            Command::Heapmin | Command::Heapset(_) | Command::Expand { .. } => self.crt,
            _ => None,
        };
        let number = acted.unwrap_or(self.shown().number);
        if let Some(letter) = letter(command).filter(|_| done) {
            self.letter(number, letter);
        }
        self.sample(number);
        if number != self.shown().number {
            self.sample(self.shown().number);
        }
    }

    /// Sets a letter on the axis of a heap's time.
    pub(super) fn letter(&mut self, number: u32, letter: char) {
        let at = self.operations;
        if let Some(slot) = self.slot_mut(number) {
            Arc::make_mut(&mut slot.timeline).tell(TimeEvent { at, letter });
        }
    }

    /// Samples a heap. The kernel is asked as long as that takes little of the time.
    pub(super) fn sample(&mut self, number: u32) {
        let Some(heap) = self.slot(number).map(|slot| Arc::clone(&slot.heap)) else {
            return;
        };
        let begin = Instant::now();
        let mut resident = None;
        if self.asking.may_spend(begin.duration_since(self.begun)) {
            resident = view::resident(&heap);
            self.asking.spend(begin.elapsed());
        }
        self.add_sample(number, &view::figures(&heap), resident);
    }

    /// Adds a sample of figures that were read for something else.
    pub(super) fn add_sample(&mut self, number: u32, figures: &Figures, resident: Option<u64>) {
        let sample = Sample {
            at: self.operations,
            busy: figures.busy_bytes,
            committed: figures.committed,
            resident,
        };
        if let Some(slot) = self.slot_mut(number)
            && slot.timeline.latest.last() != Some(&sample)
        {
            Arc::make_mut(&mut slot.timeline).add(sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(at: u64, committed: u64) -> Sample {
        Sample {
            at,
            committed,
            ..Sample::default()
        }
    }

    fn line(samples: impl IntoIterator<Item = Sample>) -> Timeline {
        let mut line = Measured::default();
        samples.into_iter().for_each(|sample| line.add(sample));
        line.shown()
    }

    #[test]
    fn a_sudden_change_keeps_both_its_ends() {
        for (given, kept) in [
            (&[(1, 5), (1, 5)][..], &[(1, 5)][..]),
            (&[(1, 9), (2, 9), (2, 4)], &[(1, 9), (2, 9), (2, 4)]),
            (&[(2, 9), (2, 7), (2, 4)], &[(2, 9), (2, 4)]),
            (&[(2, 9), (2, 4), (2, 9)], &[(2, 9), (2, 9)]),
            (&[(2, 9), (2, 4), (3, 4)], &[(2, 9), (2, 4), (3, 4)]),
        ] {
            let samples = |pairs: &[(u64, u64)]| -> Vec<Sample> {
                pairs
                    .iter()
                    .map(|&(at, committed)| sample(at, committed))
                    .collect()
            };
            assert_eq!(line(samples(given)).samples, samples(kept), "{given:?}");
        }
    }

    #[test]
    fn the_whole_past_stays_visible_and_evenly_so() {
        let line = line((0..100_000).map(|at| sample(at, at)));
        let samples = &line.samples;
        assert!((MOST - MOVED..=MOST).contains(&samples.len()));
        assert_eq!((samples[0].at, samples[samples.len() - 1].at), (0, 99_999));
        let (past, latest) = samples.split_at(samples.len() - LATEST);
        let gaps = past.windows(2).map(|pair| pair[1].at - pair[0].at);
        let even = 100_000 / past.len() as u64;
        assert!(gaps.max() <= Some(3 * even), "a hole in the past");
        assert!(latest.windows(2).all(|pair| pair[1].at == pair[0].at + 1));
    }

    #[test]
    fn a_single_peak_is_never_thinned_out() {
        let height = |at| if at == 4_321 { 1 << 30 } else { at % 7 };
        let line = line((0..50_000).map(|at| sample(at, height(at))));
        assert!(line.samples.contains(&sample(4_321, 1 << 30)));
    }

    #[test]
    fn letters_are_bounded_and_stand_once() {
        let mut line = Measured::default();
        for at in 0..2_000 {
            for letter in ['C', 'C', 'K'] {
                line.tell(TimeEvent { at, letter });
            }
        }
        let line = line.shown();
        assert_eq!(line.events.len(), MOST);
        assert_eq!(line.events[0], TimeEvent { at: 0, letter: 'C' });
        assert_eq!(
            line.events[MOST - 1],
            TimeEvent {
                at: 1_999,
                letter: 'K'
            }
        );
        let mut pairs = line.events.windows(2);
        assert!(pairs.all(|pair| pair[0].at <= pair[1].at && pair[0] != pair[1]));
    }

    #[test]
    fn asking_takes_one_part_in_thirty_three() {
        for cost in [1, 50, 400, 3_000, 30_000].map(Duration::from_micros) {
            let (mut allowance, mut now, mut spent) =
                (Allowance::default(), Duration::ZERO, Duration::ZERO);
            while now < Duration::from_secs(60) {
                now += Duration::from_micros(100);
                if allowance.may_spend(now) {
                    allowance.spend(cost);
                    spent += cost;
                    now += cost;
                }
            }
            assert!(spent <= now / SHARE + SAVED + cost, "{cost:?}: {spent:?}");
            // A cheap question is not limited by its cost but by how often it comes here.
            let wanted = (now / SHARE).min(cost * 500_000);
            assert!(spent >= wanted * 9 / 10, "{cost:?}: {spent:?}");
        }
    }

    proptest! {
        #[test]
        fn samples_are_in_order_bounded_and_all_were_measured(
            steps in proptest::collection::vec((0_u64..4, 0_u64..1_000), 1..3_000)
        ) {
            let mut at = 0;
            let given: Vec<Sample> = steps
                .iter()
                .map(|&(step, committed)| {
                    at += step;
                    sample(at, committed)
                })
                .collect();
            let line = line(given.iter().copied());
            prop_assert!(line.samples.len() <= MOST);
            prop_assert!(line.samples.windows(2).all(|pair| pair[0].at <= pair[1].at));
            prop_assert!(line.samples.iter().all(|sample| given.contains(sample)));
            prop_assert_eq!(line.samples.last(), given.last());
            prop_assert_eq!(line.samples[0].at, given[0].at);
        }
    }
}
