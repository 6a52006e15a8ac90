//! How fast a workload goes: how many operations are due, and how many a second there were. No clock of its own.

use std::collections::VecDeque;
use std::time::Duration;

/// The rates of the keys, in operations a second; behind the last comes flat out.
const RATES: [u64; 19] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
    200_000, 500_000, 1_000_000,
];

/// The next slower rate; `None` is flat out.
pub(super) fn slower(rate: Option<u64>) -> Option<u64> {
    let below = |&&step: &&u64| rate.is_none_or(|rate| step < rate);
    RATES.iter().rev().find(below).or(RATES.first()).copied()
}

/// The next faster rate; `None` is flat out.
pub(super) fn faster(rate: Option<u64>) -> Option<u64> {
    rate.and_then(|rate| RATES.iter().find(|&&step| step > rate).copied())
}

/// Operations that could not be made in time and are made later span at most this much: a workload that was held up
/// goes on at its rate, not in a burst.
const BACKLOG: Duration = Duration::from_millis(100);

/// Deals out operations so that there are `rate` of them a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    rate: u64,
    /// When the first operation was due, on any clock.
    since: Duration,
    /// Operations made since.
    made: u64,
}

impl Pace {
    /// Begins at `now`; the first operation is due at once.
    pub(super) fn new(rate: u64, now: Duration) -> Pace {
        Pace {
            rate: rate.max(1),
            since: now,
            made: 0,
        }
    }

    /// Operations a second.
    pub(super) fn rate(&self) -> u64 {
        self.rate
    }

    /// How many operations are due at `now`.
    pub(super) fn due(&mut self, now: Duration) -> u64 {
        let late = now.saturating_sub(self.time_of(self.made));
        if late > BACKLOG {
            self.since = now - BACKLOG;
            self.made = 0;
        }
        let passed = now.saturating_sub(self.since).as_nanos();
        let until_now = passed * u128::from(self.rate) / NANOSECONDS + 1;
        u64::try_from(until_now)
            .unwrap_or(u64::MAX)
            .saturating_sub(self.made)
    }

    /// Notes that operations were made.
    pub(super) fn made(&mut self, operations: u64) {
        self.made += operations;
    }

    /// How long there is nothing to do.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.time_of(self.made).saturating_sub(now)
    }

    /// When operation `nth`, from 0, is due.
    fn time_of(&self, nth: u64) -> Duration {
        let nanoseconds = (u128::from(nth) * NANOSECONDS).div_ceil(u128::from(self.rate));
        let nanoseconds = u64::try_from(nanoseconds).unwrap_or(u64::MAX);
        self.since.saturating_add(Duration::from_nanos(nanoseconds))
    }
}

const NANOSECONDS: u128 = 1_000_000_000;

/// Readings are at least this far apart.
const READING: Duration = Duration::from_millis(100);
/// Over how long the rate is measured where enough happens.
const WINDOW: Duration = Duration::from_secs(1);
/// And where little happens.
const LONG_WINDOW: Duration = Duration::from_secs(5);
/// Operations that are enough to tell a rate by.
const ENOUGH: u64 = 10;

/// Measures operations a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    /// Moments and the operations done then, oldest first.
    readings: VecDeque<(Duration, u64)>,
}

impl Meter {
    /// Forgets what was measured: what comes is something else.
    pub(super) fn restart(&mut self, now: Duration, operations: u64) {
        self.readings.clear();
        self.readings.push_back((now, operations));
    }

    /// Takes a reading.
    pub(super) fn read(&mut self, now: Duration, operations: u64) {
        let last = self.readings.back().map_or(Duration::ZERO, |last| last.0);
        if self.readings.is_empty() || now.saturating_sub(last) >= READING {
            self.readings.push_back((now, operations));
        }
        let old = |reading: &(Duration, u64)| now.saturating_sub(reading.0) > LONG_WINDOW;
        while self.readings.len() > 1 && self.readings.front().is_some_and(old) {
            self.readings.pop_front();
        }
    }

    /// Operations a second until the last reading; `None` until there is enough to tell by.
    pub(super) fn rate(&self) -> Option<f64> {
        let (now, operations) = *self.readings.back()?;
        let tells = |&&(at, then): &&(Duration, u64)| {
            now - at >= WINDOW && operations.saturating_sub(then) >= ENOUGH
        };
        let since = self
            .readings
            .iter()
            .rev()
            .find(tells)
            .or(self.readings.front())?;
        let passed = (now - since.0).as_secs_f64();
        (now - since.0 >= WINDOW / 2).then(|| operations.saturating_sub(since.1) as f64 / passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations made in `seconds` by a worker that takes `cost` for each and sleeps as it is told.
    fn made_in(rate: u64, seconds: u64, cost: Duration) -> u64 {
        let (mut now, mut made) = (Duration::ZERO, 0);
        let mut pace = Pace::new(rate, now);
        while now < Duration::from_secs(seconds) {
            let due = pace.due(now).min(64);
            if due == 0 {
                let wait = pace.wait(now);
                assert!(!wait.is_zero(), "busy waiting at {now:?}");
                now += wait;
                continue;
            }
            now += cost * u32::try_from(due).expect("few");
            pace.made(due);
            made += due;
        }
        made
    }

    #[test]
    fn a_workload_keeps_its_rate() {
        for rate in [1, 2, 3, 7, 10, 333, 1_000, 50_000, 1_000_000] {
            let made = made_in(rate, 10, Duration::from_nanos(200));
            assert!(
                made.abs_diff(rate * 10) <= 64 + rate / 1_000,
                "{rate}: {made}"
            );
        }
    }

    #[test]
    fn what_cannot_keep_up_goes_as_fast_as_it_can() {
        let made = made_in(1_000_000, 2, Duration::from_micros(4));
        assert!((499_000..=500_100).contains(&made), "{made}");
    }

    #[test]
    fn what_was_held_up_does_not_burst() {
        for rate in [1, 10, 1_000, 1_000_000] {
            let mut pace = Pace::new(rate, Duration::ZERO);
            assert_eq!(pace.due(Duration::ZERO), 1, "the first is due at once");
            pace.made(1);
            let due = pace.due(Duration::from_secs(3_600));
            assert!(due <= rate / 10 + 1 && due >= 1, "{rate}: {due}");
        }
    }

    #[test]
    fn keys_go_through_the_rates_and_stop_at_both_ends() {
        let mut down = vec![None];
        while down.last() != Some(&Some(1)) {
            down.push(slower(down[down.len() - 1]));
        }
        assert_eq!(down.len(), RATES.len() + 1);
        assert_eq!(slower(Some(1)), Some(1));
        let mut up = vec![Some(1)];
        while up.last() != Some(&None) {
            up.push(faster(up[up.len() - 1]));
        }
        up.reverse();
        assert_eq!(up, down);
        assert_eq!(faster(None), None);
        // A rate that was typed lies between two steps, or beyond all of them.
        for (rate, below, above) in [(3, Some(2), Some(5)), (2_000_000, Some(1_000_000), None)] {
            assert_eq!((slower(Some(rate)), faster(Some(rate))), (below, above));
        }
    }

    #[test]
    fn rates_are_measured_slow_and_fast() {
        for rate in [1_u64, 4, 100, 5_000_000] {
            let mut meter = Meter::default();
            meter.restart(Duration::ZERO, 0);
            assert_eq!(meter.rate(), None);
            for tick in 1..=200_u64 {
                let now = Duration::from_millis(33 * tick);
                meter.read(now, rate * 33 * tick / 1_000);
            }
            let measured = meter.rate().expect("enough");
            let error = (measured - rate as f64).abs() / rate as f64;
            assert!(error <= 0.2, "{rate}: {measured}");
        }
    }

    #[test]
    fn a_rate_follows_a_change_within_two_seconds() {
        let mut meter = Meter::default();
        let mut operations = 0;
        for tick in 1..=150_u64 {
            operations += if tick <= 100 { 1_000 } else { 10 };
            meter.read(Duration::from_millis(100 * tick), operations);
        }
        let measured = meter.rate().expect("enough");
        assert!((90.0..=110.0).contains(&measured), "{measured}");
    }
}
