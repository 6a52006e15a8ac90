//! Checkpoints inside long entries: how far apart they lie, and which go when there is no room.

use std::time::{Duration, Instant};

use crate::session::run::Running;
use crate::session::session::Session;

use super::line::Inner;

/// A workload goes on for so many times as long as its last checkpoint took: they slow it by a fifth at most.
const TIMES: u32 = 5;
/// As long as there is room, no more than this has to be made again on the way to a place.
const NEAR: Duration = Duration::from_millis(10);

/// When the next checkpoint of a workload is due.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::session) struct Spacing {
    /// The time that steps took since the last one.
    since: Duration,
    /// What the last one took.
    cost: Duration,
}

impl Spacing {
    /// Takes in the time that steps took, and tells whether a checkpoint is due.
    pub(in crate::session) fn is_due(&mut self, spent: Duration) -> bool {
        self.since += spent;
        self.since >= NEAR.max(self.cost * TIMES)
    }
}

impl Session {
    /// Keeps a moment inside the entry that is being made, or made again.
    pub(in crate::session) fn keep_inner(&mut self, running: &mut Running) {
        let index = match &self.looking {
            Some(looking) => Some(looking.going_to.entry),
            None => self.history.line.at.checked_sub(1),
        };
        let begin = Instant::now();
        running.spacing.since = Duration::ZERO;
        let at = self.operations;
        let room = index
            .and_then(|index| self.history.entry(index))
            .map(|entry| {
                let behind = entry.inner.partition_point(|inner| inner.at() <= at);
                let before = behind.checked_sub(1).map(|last| entry.inner[last].at());
                let after = entry.inner.get(behind).map(|next| next.at());
                let far = |other: Option<u64>| {
                    other.is_none_or(|other| other.abs_diff(at) >= entry.apart.max(1))
                };
                // What is made again leaves checkpoints as long as there is room; what is new makes room.
                let welcome = self.looking.is_none() || self.history.has_room();
                far(before) && far(after) && welcome
            });
        if let Some(index) = index.filter(|_| self.undoes && room == Some(true)) {
            self.touch(running.heap());
            let state = self.state();
            self.history
                .add_inner(index, Inner::new(state, running.clone()));
            self.history.shrink();
        }
        running.spacing.cost = begin.elapsed();
    }
}
