//! The checker: carries out a lesson and holds that what it says comes true.

use std::fmt;

use crate::heap::CreateError;
use crate::session::Session;

use super::attempt::{Attempt, attempt};
use super::condition::all_hold;
use super::model::{Answers, Challenge, Choice, Lesson, Line, Part, Prediction, Step};
use super::run::{Failing, run};

/// What the checker found in a lesson.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The lesson's file, as the person named it.
    pub file: String,
    /// Its title.
    pub title: String,
    /// How much was looked at.
    pub checked: Checked,
    /// What does not hold, in the order of the lines.
    pub failures: Vec<Failure>,
}

/// How much of a lesson was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Steps.
    pub steps: usize,
    /// `expect` lines.
    pub expectations: usize,
    /// Predictions.
    pub predictions: usize,
    /// Challenges.
    pub challenges: usize,
}

/// Something that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub what: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            what,
            expected,
            found,
            ..
        } = self;
        write!(f, "{what}: expected {expected}, found {found}")
    }
}

impl Report {
    /// Whether all holds.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Carries out a lesson in a session of its own.
///
/// # Errors
/// When the system does not grant a session its addresses.
pub fn check(lesson: &Lesson) -> Result<Report, CreateError> {
    let mut check = Check {
        session: Session::new()?,
        checked: Checked::default(),
        failures: Vec::new(),
    };
    for step in &lesson.steps {
        check.step(step);
    }
    Ok(Report {
        file: lesson.file.clone(),
        title: lesson.title.clone(),
        checked: check.checked,
        failures: check.failures,
    })
}

/// Carries out `lines` as a learner's attempt at a challenge, the lesson's own solutions standing for those before it.
///
/// # Errors
/// When the system does not grant a session its addresses.
pub fn grade(lesson: &Lesson, step: usize, lines: &[Line]) -> Result<Option<Attempt>, CreateError> {
    let Some(Part::Challenge(challenge)) = lesson.steps.get(step).map(|step| &step.part) else {
        return Ok(None);
    };
    let mut session = Session::new()?;
    for line in lesson.commands_before(step) {
        session.apply(&line.command);
    }
    for line in &lesson.steps[step].before {
        session.apply(&line.command);
    }
    Ok(Some(attempt(
        &mut session,
        challenge,
        lines,
        Failing::Allowed,
    )))
}

/// A check under way.
struct Check {
    session: Session,
    checked: Checked,
    failures: Vec<Failure>,
}

impl Check {
    fn step(&mut self, step: &Step) {
        self.checked.steps += 1;
        self.run(&step.before);
        match &step.part {
            Part::Words(_) => {}
            Part::Prediction(prediction) => self.prediction(step, prediction),
            Part::Challenge(challenge) => self.challenge(step, challenge),
        }
    }

    fn run(&mut self, lines: &[Line]) {
        let ran = run(&mut self.session, lines, Failing::Expected);
        self.checked.expectations += ran.expectations;
        self.failures.extend(ran.failures);
    }

    fn fail(&mut self, line: usize, what: &str, expected: &str, found: String) {
        self.failures.push(Failure {
            line,
            what: what.to_owned(),
            expected: expected.to_owned(),
            found,
        });
    }

    fn prediction(&mut self, step: &Step, prediction: &Prediction) {
        self.checked.predictions += 1;
        let holes = self.session.holes();
        self.run(&prediction.then);
        match &prediction.answers {
            Answers::Choices(choices) => self.choices(prediction, choices),
            Answers::Hole(name) => {
                let what = format!("hole of {name}");
                let expected = "a block in a hole that was free before";
                let Some(address) = self.session.address_of(name) else {
                    let found = format!("no block {name} in the heap in view");
                    return self.fail(step.line, &what, expected, found);
                };
                let within =
                    |&(begin, bytes): &(u64, u64)| (begin..begin + bytes).contains(&address);
                if !holes.iter().any(within) {
                    let found = format!("{name} at {address:#07x}, where no hole was");
                    self.fail(step.line, &what, expected, found);
                }
            }
        }
    }

    /// Exactly one answer must be true.
    fn choices(&mut self, prediction: &Prediction, choices: &[Choice]) {
        let session = &self.session;
        let is_true = |choice: &&Choice| all_hold(&choice.when, |metric| session.metric(metric));
        let right: Vec<&Choice> = choices.iter().filter(is_true).collect();
        let expected = "exactly one answer to be true";
        match right.as_slice() {
            [_] => {}
            [] => {
                let found = format!("none: {}", figures(session, choices));
                self.fail(prediction.reveal_line, "reveal", expected, found);
            }
            [first, .., last] => {
                let found = format!(
                    "{}: \"{}\" (line {}) and \"{}\" (line {})",
                    right.len(),
                    first.words,
                    first.line,
                    last.words,
                    last.line
                );
                self.fail(prediction.reveal_line, "reveal", expected, found);
            }
        }
    }

    fn challenge(&mut self, step: &Step, challenge: &Challenge) {
        self.checked.challenges += 1;
        let open = |session: &Session| {
            let mut goals = challenge.goals.iter();
            goals.any(|goal| !session.holds(&goal.condition))
        };
        if !open(&self.session) {
            let found = "every goal holds already".to_owned();
            self.fail(
                step.line,
                "challenge",
                "a goal that does not hold yet",
                found,
            );
        }
        let attempt = attempt(
            &mut self.session,
            challenge,
            &challenge.solution,
            Failing::Expected,
        );
        self.failures.extend(attempt.failures);
        for (goal, found, holds) in attempt.goals {
            if !holds {
                let found = found.map_or_else(|| "unknown here".to_owned(), |is| is.to_string());
                let expected = format!("{} after the solution", goal.condition);
                self.fail(goal.line, "goal", &expected, found);
            }
        }
        for (limit, used, kept) in attempt.limits {
            if !kept {
                let name = limit.counted.name();
                let expected = format!("{name} <= {} in the solution", limit.most);
                self.fail(limit.line, "limit", &expected, used.to_string());
            }
        }
    }
}

/// The figures that answers look at, as they are.
fn figures(session: &Session, choices: &[Choice]) -> String {
    let mut metrics = Vec::new();
    for condition in choices.iter().flat_map(|choice| &choice.when) {
        if !metrics.contains(&condition.metric) {
            metrics.push(condition.metric);
        }
    }
    let figure = |metric| match session.metric(metric) {
        Some(value) => format!("{metric} is {value}"),
        None => format!("{metric} is unknown here"),
    };
    let figures: Vec<String> = metrics.into_iter().map(figure).collect();
    figures.join(", ")
}
