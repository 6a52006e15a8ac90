//! A challenge being worked at.

use crate::session::{Calls, Command, Value, Watched};

use crate::lesson::condition::{exceeded, unmet, used};
use crate::lesson::model::{Challenge, Counted, leads_out};

/// How far a learner has come with a challenge.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trial {
    /// What had been called when it began; unknown until the heap is ready.
    begin: Option<Calls>,
    /// What was called since.
    calls: Calls,
    /// Each goal's figure (`None`: not known), and whether it holds.
    pub goals: Vec<(Option<Value>, bool)>,
    /// Hints that are shown.
    pub hints: usize,
    /// Something was tried that did not do.
    pub failed: bool,
    /// The solution is shown.
    pub shown: bool,
}

impl Trial {
    /// A challenge at its beginning.
    pub(super) fn of(challenge: &Challenge) -> Trial {
        Trial {
            goals: vec![(None, false); challenge.goals.len()],
            ..Trial::default()
        }
    }

    /// The same at its beginning again; what was learned stays.
    pub(super) fn again(&self) -> Trial {
        Trial {
            begin: None,
            calls: Calls::default(),
            goals: vec![(None, false); self.goals.len()],
            failed: true,
            ..self.clone()
        }
    }

    /// How many of these were used.
    #[must_use]
    pub fn used(&self, counted: Counted) -> u64 {
        used(&self.calls, counted)
    }

    /// Whether a limit is exceeded.
    #[must_use]
    pub fn is_over(&self, challenge: &Challenge) -> bool {
        exceeded(&challenge.limits, &self.calls).next().is_some()
    }

    /// Why a command does not count, if it does not. `undoing` commands are about to be taken back already.
    #[must_use]
    pub fn refuses(
        &self,
        challenge: &Challenge,
        command: &Command,
        undoing: u64,
    ) -> Option<String> {
        let own = self.calls.commands.saturating_sub(undoing);
        if let Some(words) = leads_out(command, own) {
            return Some(words.to_owned());
        }
        let verb = challenge.forbids(command)?;
        Some(format!("{verb} does not count in this challenge"))
    }

    /// Takes in what the heap is like; tells whether the challenge is solved.
    pub(super) fn see(&mut self, challenge: &Challenge, watched: &Watched, settled: bool) -> bool {
        // What was is only looked at: nothing is solved by it, and nothing is used.
        if watched.past {
            self.look(challenge, watched);
            return false;
        }
        let Some(begin) = self.begin else {
            // What the lesson itself does to prepare the task is no call of the learner's.
            self.begin = settled.then_some(watched.calls);
            self.look(challenge, watched);
            return false;
        };
        self.calls = watched.calls.since(&begin);
        self.look(challenge, watched);
        let over = self.is_over(challenge);
        self.failed |= over;
        let met = unmet(&challenge.goals, |metric| watched.value(metric))
            .next()
            .is_none();
        settled && met && !over
    }

    /// Takes in the figures of the goals alone.
    pub(super) fn look(&mut self, challenge: &Challenge, watched: &Watched) {
        let goals = challenge.goals.iter().map(|goal| {
            let found = watched.value(goal.condition.metric);
            (found, goal.condition.holds(found))
        });
        self.goals = goals.collect();
    }
}
