//! What a screen wants to know of the heap in view beside its picture: figures by name, and how many calls were made.

use crate::heap::{Block, Entry, GRANULE};

use super::metric::Metric;
use super::name::Name;
use super::session::Session;
use super::{Condition, Value};

/// What is watched.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Watch {
    /// Figures.
    pub metrics: Vec<Metric>,
    /// A block, by its name.
    pub block: Option<Name>,
}

/// Calls that succeeded, in all heaps together, and commands that can be taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Calls {
    /// HeapAlloc.
    pub allocs: u64,
    /// HeapFree.
    pub frees: u64,
    /// HeapReAlloc.
    pub reallocs: u64,
    /// Commands.
    pub commands: u64,
}

impl Calls {
    /// Those that came since `begin`.
    #[must_use]
    pub const fn since(&self, begin: &Calls) -> Calls {
        Calls {
            allocs: self.allocs.saturating_sub(begin.allocs),
            frees: self.frees.saturating_sub(begin.frees),
            reallocs: self.reallocs.saturating_sub(begin.reallocs),
            commands: self.commands.saturating_sub(begin.commands),
        }
    }
}

/// The answers to what is watched.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Watched {
    /// Each figure that was asked for; `None` where the kernel is asked and does not tell.
    pub figures: Vec<(Metric, Option<Value>)>,
    /// Where the block is that was asked for, if there is one of that name.
    pub block: Option<u64>,
    /// Calls made so far.
    pub calls: Calls,
    /// All of this is of the past, which is looked at or on the way.
    pub past: bool,
}

impl Watched {
    /// The value of a figure; `None` where it is unknown or not watched.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<Value> {
        let of =
            |(watched, value): &(Metric, Option<Value>)| (*watched == metric).then_some(*value);
        self.figures.iter().find_map(of).flatten()
    }
}

impl Session {
    /// How many calls have succeeded so far. Undo takes them back.
    #[must_use]
    pub fn calls(&self) -> Calls {
        let commands = self.depths().0 as u64;
        let begin = Calls {
            commands,
            ..Calls::default()
        };
        self.slots.iter().fold(begin, |calls, slot| {
            let stats = slot.heap.stats();
            Calls {
                allocs: calls.allocs + stats.allocs,
                frees: calls.frees + stats.frees,
                reallocs: calls.reallocs + stats.reallocs,
                ..calls
            }
        })
    }

    /// Whether a condition holds now.
    #[must_use]
    pub fn holds(&self, condition: &Condition) -> bool {
        condition.holds(self.metric(condition.metric))
    }

    /// The address of the block of this name in the heap in view.
    #[must_use]
    pub fn address_of(&self, name: &Name) -> Option<u64> {
        let payload = self.shown().names.payload(name)?;
        Block::of_payload(payload).map(Block::address)
    }

    /// The free blocks of the heap in view by address: where each begins, and its bytes.
    #[must_use]
    pub fn holes(&self) -> Vec<(u64, u64)> {
        let free = |entry: Entry| match entry {
            Entry::Block(block, header) if header.is_free() => {
                Some((block.address(), header.size() * GRANULE))
            }
            _ => None,
        };
        let heap = &self.shown().heap;
        heap.look(|core| core.walk().filter_map(free).collect())
    }

    /// The answers to what is watched.
    #[must_use]
    pub fn watched(&self, watch: &Watch) -> Watched {
        let figure = |&metric: &Metric| (metric, self.metric(metric));
        Watched {
            figures: watch.metrics.iter().map(figure).collect(),
            block: watch.block.as_ref().and_then(|name| self.address_of(name)),
            calls: self.calls(),
            past: self.is_past(),
        }
    }
}
