//! How fast one thread is with the same work on a heap like this one, by itself: what several are compared with.

use std::sync::Arc;
use std::time::Duration;

use crate::heap::{CreateError, Flags, Heap, Options, Source};
use crate::os::CommitLimit;

use super::{Crew, Plan};

/// Operations that are enough to tell.
const OPERATIONS: u64 = 50_000;
/// Bytes that the heap may commit.
const LIMIT: u64 = 256 << 20;

/// An empty heap with the settings of this one, of a session of its own.
///
/// # Errors
/// As [`Heap::new`].
pub(super) fn like(heap: &Heap) -> Result<Heap, CreateError> {
    let settings = heap.settings();
    let growable = settings.flags.has(Flags::GROWABLE);
    let source = match heap.memory().can_return() {
        _ if growable => Source::Growable,
        true => Source::Fixed,
        false => Source::Buffer,
    };
    let options = Options {
        source,
        maximum: heap.look(|core| core.totals().reserved),
        initial: 0,
        flags: settings.flags,
        policy: settings.policy,
        stamp: settings.stamp,
        checks: settings.checks,
        decommit: settings.decommit,
    };
    Heap::new(&options, &Arc::new(CommitLimit::new(LIMIT)))
}

/// Operations a second that one worker of this plan makes alone, on an empty heap like this one. Takes no longer than
/// `most`; nothing where there is no room for a second heap, or no time.
#[must_use]
pub fn alone(heap: &Heap, plan: &Plan, most: Duration) -> Option<f64> {
    let mut plan = Plan {
        workers: 1,
        ..*plan
    };
    plan.workload.ops = plan.workload.ops.min(OPERATIONS);
    let mut crew = Crew::start(Arc::new(like(heap).ok()?), plan).ok()?;
    crew.go();
    let _ = crew.wait(most);
    crew.stop();
    let report = crew.report();
    let seconds = report.active.as_secs_f64();
    (report.done() > 0 && seconds > 0.0).then(|| report.done() as f64 / seconds)
}
