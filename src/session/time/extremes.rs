//! What a person goes to look at: where the most was committed, where fragmentation was worst, what failed first.
//!
//! Each operation is looked at when it is made, so that the places are exact, however far the samples of the axis of
//! time are thinned out.

use crate::heap::Heap;
use crate::session::session::Session;

use super::SeekTo;
use super::place::Place;

/// The extremes of one entry.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::session) struct Extremes {
    /// The heap that it acted on; nothing else counts until it is known.
    heap: Option<u32>,
    /// Most bytes committed, and operations done then.
    peak: (u64, u64),
    /// The largest free block and all that was free when the one was the smallest part of the other, and operations
    /// done then.
    worst: Option<(u64, u64, u64)>,
    /// Operations done when the first call had failed.
    failure: Option<u64>,
}

/// Whether fragmentation with these two is worse: the largest free block is a smaller part of all that is free.
fn is_worse((largest, free): (u64, u64), than: (u64, u64)) -> bool {
    u128::from(largest) * u128::from(than.1) < u128::from(than.0) * u128::from(free)
}

impl Extremes {
    /// Takes in the heap after an operation.
    fn note(&mut self, number: u32, heap: &Heap, at: u64) {
        if self.heap != Some(number) {
            let failure = self.failure;
            *self = Extremes {
                heap: Some(number),
                failure,
                ..Extremes::default()
            };
        }
        let totals = heap.look(|core| core.totals());
        if totals.committed > self.peak.0 {
            self.peak = (totals.committed, at);
        }
        let now = (totals.largest_free, totals.free_bytes);
        let before = self
            .worst
            .map_or((1, 1), |(largest, free, _)| (largest, free));
        if now.1 > 0 && is_worse(now, before) {
            self.worst = Some((now.0, now.1, at));
        }
    }
}

impl Session {
    /// Looks at what a call has done to a heap.
    pub(in crate::session) fn note_call(&mut self, number: u32, failed: bool) {
        if !self.undoes || self.made_again != self.is_past() {
            return;
        }
        let at = self.operations;
        let mut extremes = self.extremes_here();
        if failed {
            extremes.failure = extremes.failure.or(Some(at));
        }
        if let Some(slot) = self.slot(number) {
            extremes.note(number, &slot.heap, at);
        }
        match &mut self.looking {
            Some(looking) => looking.extremes = extremes,
            None => self.extremes = extremes,
        }
    }

    /// The extremes of the entry that is made, or made again, up to here.
    pub(super) fn extremes_here(&self) -> Extremes {
        let looking = self.looking.as_ref();
        looking.map_or(self.extremes, |looking| looking.extremes)
    }

    /// Where something was at its utmost, in the heap that is shown.
    pub(super) fn place_of_extreme(&self, to: SeekTo) -> Result<Place, String> {
        let shown = self.shown().number;
        let entries = || {
            let done = (0..self.history.line.at).filter_map(|index| self.history.entry(index));
            let all = done.map(|entry| entry.extremes);
            all.filter(move |extremes| extremes.heap == Some(shown))
        };
        let found = match to {
            SeekTo::Peak => {
                let highest = entries().map(|extremes| extremes.peak.0).max();
                let first = entries().find(|extremes| Some(extremes.peak.0) == highest);
                first.map(|extremes| extremes.peak.1)
            }
            SeekTo::Worst => {
                let all = entries().filter_map(|extremes| extremes.worst);
                all.reduce(|worst, next| {
                    let worse = is_worse((next.0, next.1), (worst.0, worst.1));
                    if worse { next } else { worst }
                })
                .map(|worst| worst.2)
            }
            _ => entries().find_map(|extremes| extremes.failure),
        };
        found
            .map(|at| self.place_of_operation(at))
            .ok_or_else(|| match to {
                SeekTo::Failure => "no operation failed as far back as is kept".to_owned(),
                SeekTo::Worst => "no free memory was ever in more than one piece".to_owned(),
                _ => "nothing was committed as far back as is kept".to_owned(),
            })
    }
}
