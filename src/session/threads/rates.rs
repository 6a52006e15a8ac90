//! How fast threads are lately.

use std::time::{Duration, Instant};

use crate::lab::crew::{LaneView, Report};

/// Between two readings of the rates.
const READING: Duration = Duration::from_millis(250);

/// How fast each thread is, read from time to time.
#[derive(Default)]
pub(super) struct Rates {
    read: Option<(Instant, Vec<u64>)>,
    rates: Vec<f64>,
}

impl Rates {
    /// Operations a second of each thread, counted anew where the last count is old enough.
    pub(super) fn read(&mut self, report: &Report) -> Vec<f64> {
        let now = Instant::now();
        let done = || report.lanes.iter().map(|lane| lane.done).collect();
        match &self.read {
            Some((at, _)) if now - *at < READING => {}
            Some((at, before)) => {
                let seconds = (now - *at).as_secs_f64();
                let rate = |(lane, &before): (&LaneView, &u64)| {
                    lane.done.saturating_sub(before) as f64 / seconds
                };
                self.rates = report.lanes.iter().zip(before).map(rate).collect();
                self.read = Some((now, done()));
            }
            None => {
                self.rates = vec![0.0; report.lanes.len()];
                self.read = Some((now, done()));
            }
        }
        self.rates.clone()
    }
}
