//! What holds, and what was used.

use crate::session::{Calls, Condition, Metric, Value};

use super::model::{Counted, Goal, Limit};

/// How many of the calls a limit is of.
#[must_use]
pub const fn used(calls: &Calls, counted: Counted) -> u64 {
    match counted {
        Counted::Allocs => calls.allocs,
        Counted::Frees => calls.frees,
        Counted::Reallocs => calls.reallocs,
        Counted::Commands => calls.commands,
    }
}

/// Whether all conditions hold, by what `value` says of each figure.
pub fn all_hold(conditions: &[Condition], value: impl Fn(Metric) -> Option<Value>) -> bool {
    conditions
        .iter()
        .all(|condition| condition.holds(value(condition.metric)))
}

/// The goals that do not hold.
pub fn unmet(
    goals: &[Goal],
    value: impl Fn(Metric) -> Option<Value>,
) -> impl Iterator<Item = &Goal> {
    goals
        .iter()
        .filter(move |goal| !goal.condition.holds(value(goal.condition.metric)))
}

/// The limits that are exceeded.
pub fn exceeded<'a>(limits: &'a [Limit], calls: &Calls) -> impl Iterator<Item = &'a Limit> {
    limits
        .iter()
        .filter(|limit| used(calls, limit.counted) > limit.most)
}
