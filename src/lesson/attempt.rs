//! Solving a challenge by commands: what was brought about, and with how much.

use crate::session::{Calls, Session, Value};

use super::check::Failure;
use super::condition::used;
use super::model::{Challenge, Goal, Limit, Line};
use super::run::{Failing, run_from};

/// What came of an attempt at a challenge.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Attempt {
    /// Each goal with its figure in the end (`None`: unknown here), and whether it holds.
    pub goals: Vec<(Goal, Option<Value>, bool)>,
    /// Each limit with what was used, and whether it was kept.
    pub limits: Vec<(Limit, u64, bool)>,
    /// Commands that were not done.
    pub failures: Vec<Failure>,
}

impl Attempt {
    /// All goals hold, within the limits, by commands that count.
    #[must_use]
    pub fn is_solved(&self) -> bool {
        self.failures.is_empty()
            && self.goals.iter().all(|(.., holds)| *holds)
            && self.limits.iter().all(|(.., kept)| *kept)
    }
}

/// Carries out `lines` in a session that stands at the beginning of the challenge.
pub(super) fn attempt(
    session: &mut Session,
    challenge: &Challenge,
    lines: &[Line],
    calls: Failing,
) -> Attempt {
    let begin = session.calls();
    let mut attempt = Attempt::default();
    let allowed = lines
        .iter()
        .filter(|line| match forbidden(challenge, line) {
            Some(failure) => {
                attempt.failures.push(failure);
                false
            }
            None => true,
        });
    let allowed: Vec<Line> = allowed.cloned().collect();
    attempt
        .failures
        .extend(run_from(session, &allowed, calls, begin.commands).failures);
    attempt.failures.extend(past(session, lines));
    attempt.failures.sort_by_key(|failure| failure.line);
    let calls = session.calls().since(&begin);
    attempt.goals = goals(session, challenge);
    attempt.limits = limits(challenge, &calls);
    attempt
}

/// Goals hold of the present, not of a past that is looked at in the end.
fn past(session: &Session, lines: &[Line]) -> Option<Failure> {
    let last = lines.last().filter(|_| session.is_past())?;
    Some(Failure {
        line: last.number,
        what: last.command.to_string(),
        expected: "the present in the end: `seek present` leads back".to_owned(),
        found: "the past".to_owned(),
    })
}

fn goals(session: &Session, challenge: &Challenge) -> Vec<(Goal, Option<Value>, bool)> {
    let looked = challenge.goals.iter().map(|goal| {
        let found = session.metric(goal.condition.metric);
        (*goal, found, goal.condition.holds(found))
    });
    looked.collect()
}

fn limits(challenge: &Challenge, calls: &Calls) -> Vec<(Limit, u64, bool)> {
    let counted = challenge.limits.iter().map(|limit| {
        let used = used(calls, limit.counted);
        (*limit, used, used <= limit.most)
    });
    counted.collect()
}

/// Why a command does not count in a challenge, if it does not.
fn forbidden(challenge: &Challenge, line: &Line) -> Option<Failure> {
    let verb = challenge.forbids(&line.command)?;
    Some(Failure {
        line: line.number,
        what: line.command.to_string(),
        expected: format!("a command other than {verb}: it does not count in this challenge"),
        found: verb.to_owned(),
    })
}
